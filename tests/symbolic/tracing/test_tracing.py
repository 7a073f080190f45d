"""Methods from update functions: what is traced is what the function does."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest
import sympy

import sgdmem
from sgdmem import Algorithm, InputError
from sgdmem.methods import equivalent
from sgdmem.symbolic.algorithms.family import Family
from sgdmem.symbolic.algorithms.parameters import Range
from sgdmem.symbolic.algorithms.update_notation import Publication
from sgdmem.symbolic.derivations.documents.text import derivation_text
from sgdmem.symbolic.tracing.update_lines import update_lines
from tests.symbolic.zoo.published_steps import PUBLISHED, Published

X, LAM = sympy.symbols("x lambda")


def flat(state: Any) -> list[Any]:
    return [x for entry in state for x in (entry if isinstance(entry, tuple) else (entry,))]


def shaped(numbers: list[Any], like: tuple[Any, ...]) -> list[Any]:
    """Return numbers as the arguments of a function, tuples where the state has tuples."""
    left, found = list(numbers), []
    for entry in like:
        size = len(entry) if isinstance(entry, tuple) else None
        found.append(left.pop(0) if size is None else tuple(left.pop(0) for _ in range(size)))
    return found


def jacobian(step: Published, values: dict[str, Any], lam: Any) -> list[list[Any]]:
    """Return the matrix of one step on an eigenvector, by running the function itself on units."""
    size = len(flat(step.state))
    columns = []
    for k in range(size):
        unit = [int(i == k) for i in range(size)]
        new = step.function(*shaped(unit, step.state), lambda point: lam * point, **values)
        columns.append(flat(new if isinstance(new, tuple) else (new,)))
    return [list(row) for row in zip(*columns, strict=True)]


def symbols_of(family: Family[...]) -> dict[str, Any]:
    return {
        name: x.default if x.kind == "whole" else sympy.Symbol(name, real=True)
        for name, x in family.parameters.items()
    }


FAMILIES = {name: sgdmem.method(**step.options)(step.function) for name, step in PUBLISHED.items()}


@pytest.mark.parametrize("name", PUBLISHED)
def test_polynomials_are_the_determinant_of_the_step(name: str) -> None:
    family, step = FAMILIES[name], PUBLISHED[name]
    matrix = sympy.Matrix(jacobian(step, symbols_of(family), LAM))
    determinant = (X * sympy.eye(matrix.rows) - matrix).det(method="berkowitz")
    P, Q = determinant.subs(LAM, 0), -sympy.diff(determinant, LAM)
    algorithm = family.symbolic()
    found = algorithm.polynomials
    mine = [sum(sympy.sympify(c) * X**k for k, c in enumerate(p)) for p in (found.P, found.Q)]
    # what is read by nothing, or follows from the rest, is a common factor of both
    assert sympy.simplify(P * mine[1] - Q * mine[0]) == 0
    assert sympy.simplify(sympy.diff(determinant, LAM, 2)) == 0
    ratio = sympy.cancel(P / mine[0])
    assert sympy.simplify(ratio * mine[1] - Q) == 0
    if ratio == 1:
        expected = -Q.subs(X, 1) / sympy.diff(P, X).subs(X, 1)
    else:
        expected = sympy.limit(-(X - 1) * Q / P, X, 1)
    assert sympy.simplify(algorithm.effective_learning_rate - expected) == 0


def check_radii(name: str, count: int, rng: np.random.Generator) -> int:
    """Compare roots and verdicts with the eigenvalues of the step; return how many are stable."""
    family, step = FAMILIES[name], PUBLISHED[name]
    stable = 0
    for _ in range(count):
        values: dict[str, Any] = {
            key: x.default if x.kind == "whole" else float(rng.uniform(0.01, 1.2))
            for key, x in family.parameters.items()
        }
        lam = float(rng.uniform(0.01, 3))
        matrix = np.array(jacobian(step, values, lam), dtype=float)
        radius = float(max(abs(np.linalg.eigvals(matrix))))
        algorithm = family(**values)
        _, P, Q, _ = algorithm.polynomials
        chi = [float(p - Fraction(lam) * q) for p, q in zip(P, (*Q, 0), strict=True)]
        assert max(abs(np.roots(chi[::-1]))) == pytest.approx(radius, rel=1e-5)
        if abs(radius - 1) > 1e-6:
            verdict = sgdmem.stability(algorithm, sgdmem.Spectrum([lam]))
            assert verdict.stable is (radius < 1)
            stable += radius < 1
    return stable


@pytest.mark.parametrize("name", PUBLISHED)
def test_verdicts_are_those_of_the_eigenvalues(name: str, rng: np.random.Generator) -> None:
    check_radii(name, 12, rng)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", PUBLISHED)
def test_verdicts_at_many_points(name: str, rng: np.random.Generator) -> None:
    assert check_radii(name, 300, rng) > 10


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_iterates_are_those_of_the_function(name: str, rng: np.random.Generator) -> None:
    """On one eigenvector, exactly: what is left out changes no iterate."""
    family, step = FAMILIES[name], PUBLISHED[name]
    values: dict[str, Any] = {
        key: x.default if x.kind == "whole" else Fraction(int(rng.integers(1, 20)), 21)
        for key, x in family.parameters.items()
    }
    lam, algorithm = Fraction(3, 2), family(**values)
    start = [Fraction(x) for x in flat(step.state)]
    state: Any = shaped(start, step.state)
    w, u = Fraction(1), [Fraction(0)] * algorithm.memory
    for _ in range(7):
        new = step.function(*state, lambda point: lam * point, **values)
        state = list(new) if isinstance(new, tuple) else [new]
        g = lam * (w + sum(x * y for x, y in zip(algorithm.a, u, strict=True)))
        w, u = (
            w - algorithm.alpha * g + sum(x * y for x, y in zip(algorithm.b, u, strict=True)),
            [
                c * g + sum(x * y for x, y in zip(row, u, strict=True))
                for c, row in zip(algorithm.c, algorithm.D, strict=True)
            ],
        )
        assert w == state[0]


def test_textbook_methods_are_those_that_have_a_name() -> None:
    for name in ("heavy_ball", "nesterov", "qhm"):
        named: Family[...] = getattr(sgdmem, name)
        assert FAMILIES[name].symbolic() == named.symbolic()
        assert FAMILIES[name].parameters == named.parameters
    assert FAMILIES["triple_momentum"].symbolic().memory == 1
    assert FAMILIES["window_mean"].symbolic().memory == 2
    rate = sympy.Symbol("learning_rate", real=True)
    assert equivalent(FAMILIES["storm"].symbolic(), sgdmem.sgd(rate))


def test_long_buffers() -> None:
    family = FAMILIES["delayed"]
    for delay in (0, 1, 8):
        algorithm = family(learning_rate="0.1", delay=delay)
        assert algorithm.memory == delay
        assert (Fraction(-1, 10), *[0] * delay) == algorithm.polynomials.Q
    assert family(learning_rate=1, delay="2") == family(learning_rate=1, delay=Fraction(2))
    with pytest.raises(InputError, match=r"delay must be a whole number >= 0, got 1\.5"):
        family(learning_rate=1, delay=1.5)
    mine = sgdmem.method(lengths={"v": "momenta"})(_aggmo)
    assert equivalent(mine.symbolic(), sgdmem.aggmo.symbolic())
    assert mine(learning_rate="0.1", momenta=["0.5", "0.9"]) == sgdmem.aggmo("0.1", ["0.5", "0.9"])
    assert mine(learning_rate=1, momenta="0.5") == sgdmem.aggmo(1, ["0.5"])


def test_whole_numbers_have_no_symbols() -> None:
    @sgdmem.method(lengths={"past": "delay"})
    def late(w, past, gradient, *, learning_rate, delay):  # type: ignore[no-untyped-def]
        return w - learning_rate * gradient((w, *past)[-1]), (w, *past)[:-1]

    assert late.parameters["delay"].kind == "whole"  # as it is a length
    with pytest.raises(InputError, match="late needs a value for delay, a whole number"):
        late.symbolic()
    assert late.symbolic({"delay": 2}).memory == late.fix(delay="2").symbolic().memory == 2
    varying = late.varying(["delay"], {"learning_rate": "0.1"})
    assert varying(delay=Fraction(3)).memory == 3


def _aggmo(w, v, gradient, *, learning_rate, momenta):  # type: ignore[no-untyped-def]
    g = gradient(w)
    v = tuple(m * x - g for m, x in zip(momenta, v, strict=True))
    return w + learning_rate / len(v) * sum(v), v


# What is refused ---------------------------------------------------------------------------------

STEPS: list[int] = []
DRAWN = np.random.default_rng(0)
WRONG: dict[str, tuple[str, str]] = {
    "two points": (
        "w - lr * gradient(w) - lr * gradient(w + v), v", "line 2: gradients are taken at two diff"
    ),
    "product": ("w - lr * gradient(w) * v, v", "two vectors are multiplied"),
    "not called": ("w - lr * gradient, v", "the gradient is used without being called, as in"),
    "no gradient": ("w, v", "takes no gradient: it never calls gradient"),
    "gradient unused": ("w + 0 * gradient(w), v", "does not use its gradient"),
    "division": ("w - gradient(w) / v, v", "divided by a vector"),
    "branch on a vector": ("w - lr * gradient(w) if v > 0 else w, v", "a vector decides"),
    "branch on a parameter": ("w - lr * gradient(w) if lr > 1 else w, v", "a parameter decides"),
    "largest": ("w - max(lr, 1) * gradient(w), v", "a parameter decides"),
    "NumPy": ("w - np.sign(gradient(w)), v", "function of math, NumPy"),
    "NumPy of a parameter": ("w - np.exp(lr) * gradient(w), v", "function of math, NumPy"),
    "math": ("w - math.sqrt(lr) * gradient(w), v", "function of math, NumPy"),
    "size": ("w - gradient(w) / abs(gradient(w)), v", "not only added and multiplied"),
    "entries": ("w - lr * gradient(w)[0], v", "the entries of a vector are asked for"),
    "random": ("w - DRAWN.random() * gradient(w), v", "another step when it is run again"),
    "side effect": ("w - (STEPS.append(1) or len(STEPS)) * gradient(w), v", "run again"),
    "count": ("w - lr * gradient(w)", r"must return the new w, v, 2 in number, got 1"),
    "no vector": ("w - lr * gradient(w), 'v'", "for v it returns 'v'"),
    "constant": ("w + 1 - lr * gradient(w), v", "the number 1 is added to a vector"),
    "row sums": ("(1 - lr) * w + 2 * lr * v, v - lr * gradient(v)", "does not keep the minimum"),
    "point": ("w - lr * gradient(2 * w), v", "v becomes v; the gradient is taken at 2 w"),
    "forgotten": ("0 * w, v - lr * gradient(v)", "w becomes 0"),
    "inner gradient": ("w - lr * gradient(w - lr * gradient(w)), v", "another gradient of"),
    "whole number": ("w - lr * gradient(w) * sum(range(lr)), v", "give it the annotation int"),
    "mistyped": ("w - lr * gradint(w), v", "NameError: name 'gradint' is not defined"),
    "called": ("w - v(w), gradient(w)", "a vector is called like a function"),
    "in place": ("w.add_(gradient(w), alpha=-lr), v", "add_ changes a vector in place"),
    "norm": ("w - gradient(w) / gradient(w).norm(), v", "a vector is asked for its norm"),
    "item": ("w - lr.item() * gradient(w), v", "a parameter is asked for its item"),
    "dictionary": ("w - lr * gradient(w), v['buffer']", "buffers are arguments of their own"),
    "list": ("w - lr[0] * gradient(w), v", "its annotation or its default must be one"),
    "two points at once": ("w - lr * gradient(w, v), v", "the gradient is taken at one point"),
    "other types": ("w - ''.join([lr]) * gradient(w), v", "str instance, a parameter found"),
    "counter": ("w - lr * gradient(w), v + 1", "what counts steps is a schedule"),
    "array": ("w - np.array([1, 2]) * gradient(w), v", "must be a real number"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_step(name: str) -> None:
    body, message = WRONG[name]
    code = f"def own(w, v, gradient, *, lr):\n    return {body}"
    scope: dict[str, Any] = {"np": np, "math": math, "STEPS": STEPS, "DRAWN": DRAWN}
    exec(code, scope)
    with pytest.raises(InputError, match=message) as raised:
        sgdmem.method(scope["own"])
    assert "\n" not in str(raised.value) and str(raised.value).startswith("own")


class Ball:
    """A step of an object."""

    def __init__(self, momentum: Any) -> None:
        self.momentum = momentum

    @property
    def left(self) -> Any:
        return 1 - self.momentum

    def step(self, w, v, gradient, *, learning_rate):  # type: ignore[no-untyped-def]
        v = self.momentum * v - learning_rate * (self.left + self.momentum) * gradient(w)
        return w + v, v

    __call__ = step


def heavy(w, v, gradient, learning_rate, momentum):  # type: ignore[no-untyped-def]
    v = momentum * v - learning_rate * gradient(w)
    return w + v, v


def as_pytorch_users_write(w, v, grad, *, learning_rate: float, momentum: float = 0.9):  # type: ignore[no-untyped-def]
    """The step of an optimizer, out of place."""
    g = grad(w.detach().clone())
    v = v.mul(momentum).sub(g, alpha=learning_rate)
    return w.lerp(w.add(v), 1).neg().neg().div(1), v.copy()


def as_numpy_users_write(w, v, grad, *, learning_rate, momentum):  # type: ignore[no-untyped-def]
    v = np.subtract(np.multiply(momentum, v), np.sqrt(learning_rate) ** 2 * grad(w))
    w += np.float64(1) * v
    return [w, v]


def as_in_a_list(w, v, grad, *, learning_rate, momentum):  # type: ignore[no-untyped-def]
    coefficients, each = np.array([1.0, -1.0]), [momentum * v, learning_rate * grad(w)]
    v = sum(c * x for c, x in zip(coefficients, each, strict=True))
    if learning_rate == 0:
        v = 0 * v
    return sum([w, v]), v


@pytest.mark.parametrize(
    "step",
    [
        heavy, as_pytorch_users_write, as_numpy_users_write, as_in_a_list,
        partial(heavy, momentum="0.9"), Ball(Fraction(9, 10)), Ball(Fraction(9, 10)).step,
        lambda w, v, gradient, *, learning_rate, momentum: (
            w + momentum * v - learning_rate * gradient(w),
            momentum * v - learning_rate * gradient(w),
        ),
    ],
)  # fmt: skip
def test_ways_to_write_heavy_ball(step: Any) -> None:
    family = sgdmem.method(step)
    assert family.name in ("heavy", "Ball", "step", "update") or family.name.startswith("as-")
    values = {"learning_rate": "0.1", "momentum": "0.9"}
    found = family(**{key: values[key] for key in family.parameters})
    assert found == sgdmem.heavy_ball("0.1", "0.9")


def test_members_are_made_by_position_or_by_name() -> None:
    mine = sgdmem.method(heavy)
    assert mine("0.1", "0.9") == mine("0.1", momentum="0.9") == sgdmem.heavy_ball("0.1", "0.9")
    with pytest.raises(TypeError, match=r"heavy\(\): missing a required argument: 'momentum'"):
        mine("0.1")
    with pytest.raises(TypeError, match=r"heavy\(\): too many positional arguments"):
        mine(1, 2, 3)

    @sgdmem.method
    def own(w, gradient, *, decay=0, rate):  # type: ignore[no-untyped-def]
        return (1 - decay) * w - rate * gradient(w)

    assert own(rate=1) == own(0, rate=1)
    with pytest.raises(TypeError, match="too many positional"):
        own(0, 1)


def test_numbers_around_a_function_are_written_out() -> None:
    beta, table = 0.5, [1]

    @sgdmem.method
    def own(w, v, gradient, *, rate):  # type: ignore[no-untyped-def]
        v = beta * v - rate * gradient(w)
        return w + v, v

    @sgdmem.method
    def other(w, gradient, *, rate):  # type: ignore[no-untyped-def]
        return w - rate * len(table) * gradient(w)

    assert str(own.update) == "v <- 0.5 v - rate gradient(w); w <- w + v"
    assert str(other.update) == "g <- gradient(w); w <- w - rate g"


def test_parameters_among_the_vectors() -> None:
    def first(learning_rate: Any, w: Any, gradient: Any) -> Any:
        return w - learning_rate * gradient(w)

    def default(w: Any, v: Any = 0, gradient: Any = None, *, rate: Any) -> Any: ...

    def named(w: Any, gradient: Any, lr: Any, *, nesterov: bool = False) -> Any:
        return w - lr * gradient(w)

    def text(w: Any, gradient: Any, *, mode: str = "plain") -> Any: ...

    for wrong, message in (
        (first, r"multiplied: .* \(its vectors are learning_rate, w; parameters go after a \*\)"),
        (default, r"v has a default, as parameters do: they go after a \*"),
        (named, r"its vectors are w, lr; parameters go after a \*"),
        (text, "text: the default of mode must be a number, .* got 'plain'"),
        (Ball.step, r"make a family of the method of an object, sgdmem.method\(an_object.step\)"),
    ):
        with pytest.raises(InputError, match=message):
            sgdmem.method(wrong)


def test_buffers_that_are_tuples_do_not_change() -> None:
    def appends(w: Any, past: Any, gradient: Any, *, rate: Any) -> Any:
        past.append(gradient(w))
        return w - rate * past[0], past[1:]

    def assigns(w: Any, past: Any, gradient: Any, *, rate: Any) -> Any:
        past[0] = gradient(w)
        return w - rate * past[0], past

    for wrong in (appends, assigns):
        with pytest.raises(InputError, match=r"is a tuple, which does not change: return a new"):
            sgdmem.method(lengths={"past": 2})(wrong)


def test_what_is_no_function_of_a_step() -> None:
    def no_vectors(*, lr: Any) -> None: ...
    def others(w: Any, gradient: Any, **rest: Any) -> None: ...

    for wrong, message in (
        (no_vectors, "must take the iterate, its buffers and the gradient"),
        (others, "must take the iterate, its buffers and the gradient"),
        (3, "method makes a family of a function, got 3"),
        (Ball, "method makes a family of a function, got <class"),
    ):
        with pytest.raises(InputError, match=message):
            sgdmem.method(wrong)  # type: ignore[arg-type]
    for options, message in (
        ({"lengths": {"v": "speed"}}, "lengths names 'speed', but _aggmo has learning_rate"),
        ({"lengths": {"u": 2}}, "lengths names 'u', but _aggmo has v"),
        ({"letters": {"speed": "s"}}, "letters names 'speed'"),
        ({"ranges": {"momenta": 3}}, r"ranges: momenta must have \(low, high\)"),
        ({"losses": "some"}, "losses must be"),
    ):
        with pytest.raises(InputError, match=message):
            sgdmem.method(**options)(_aggmo)


def test_values_at_which_there_is_no_step() -> None:
    @sgdmem.method
    def own(w, gradient, *, rate):  # type: ignore[no-untyped-def]
        return w - gradient(w) / rate

    with pytest.raises(InputError, match=r"own, line \d+: it divides by 0"):
        own(rate=0)


def test_printing_is_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    @sgdmem.method
    def own(w, gradient, *, rate):  # type: ignore[no-untyped-def]
        print(w, rate)  # noqa: T201
        return w - rate * gradient(w)

    assert "a vector rate" in capsys.readouterr().out
    assert str(own.update) == "w <- w - rate gradient(w)"


# What is published, and exact numbers -----------------------------------------------------------


@pytest.mark.slow
def test_the_update_is_that_of_the_source() -> None:
    update = FAMILIES["nesterov"].update
    assert update is not None and update.lines == (
        "v <- momentum v - learning_rate gradient(w + momentum v)",
        "w <- w + v",
    )
    assert sgdmem.nesterov.update is not None and update.lines == sgdmem.nesterov.update.lines
    update = FAMILIES["qhm"].update
    assert update is not None and update.latex[0] == r"g \leftarrow \nabla L(w)"
    update = FAMILIES["triple_momentum"].update
    assert update is not None and update.lines[-3:] == (  # xi is read before it is changed
        "x <- (1 + delta) new - delta xi",
        "xi_last <- xi",
        "xi <- new",
    )
    assert r"\xi_{\text{last}}" in update.latex[-2]
    update = FAMILIES["delayed"].update  # of the run, where the source has no words
    assert update is not None and update.lines == (
        "g <- gradient(past_3)",
        *("past_3 <- past_2", "past_2 <- past_1", "past_1 <- w", "w <- w - learning_rate g"),
    )

    @sgdmem.method(lengths={"past": "window"})
    def latest(mean, w, past, gradient, *, speed, window: int = 3):  # type: ignore[no-untyped-def]
        w = w - speed * gradient(w)
        past = (w, *past[:-1])
        return sum(past) / window, w, past

    assert latest.update is not None and latest.update.lines == (  # nothing reads past_3
        "g <- gradient(w)",
        "mean <- 1 / 3 w + 1 / 3 past_1 + 1 / 3 past_2 - speed / 3 g",
        *("past_2 <- past_1", "past_1 <- w - speed g", "w <- w - speed g"),
    )

    @sgdmem.method
    def late(w, g, gradient, *, eta, first=False):  # type: ignore[no-untyped-def]
        new = gradient(w)
        return (w - eta * new if first else w - eta / (2 + eta) * g / 2), new

    assert late.update is not None and late.update.lines == (  # g is the last one's
        "h <- gradient(w)",
        *("w <- w - eta / (2 (2 + eta)) g", "g <- h"),
    )
    assert r"\frac{\eta}{2 (2 + \eta)} g" in sgdmem.derive(late).latex()

    @sgdmem.method
    def numbers(w, v, gradient, *, eta):  # type: ignore[no-untyped-def]
        v = v * (2 * eta) - gradient(w)
        return w + 2 * (3 * v), v

    assert numbers.update is not None and "2 3" not in str(numbers.update)


def test_numbers_come_first_in_products() -> None:
    def own(w, v, gradient, *, eta):  # type: ignore[no-untyped-def]
        return w + v * (2 * eta), v - gradient(w)

    found = update_lines(own, ["w", "v"], "gradient", ["eta"])
    assert found is not None
    assert found[0] == ["w, v <- w + 2 eta v, v - gradient(w)"]  # each reads the other


def test_what_is_told_of_a_method() -> None:
    @sgdmem.method(
        display_name="my ball",
        reference=Publication("Somebody", 2025, "a talk"),
        letters={"speed": r"\eta"},
        ranges={"speed": (0.01, 1, "log"), "beta": (0, 1)},
    )
    def ball(w, v, gradient, *, speed, beta="0.9", damped=False):  # type: ignore[no-untyped-def]
        """Mine."""
        v = beta * v - (1 - beta if damped else 1) * gradient(w)
        return w + speed * v, v

    assert repr(ball) == "<Family my ball: speed, beta, damped>"
    assert (ball.name, ball.summary) == ("ball", "Mine.")
    assert [x.letter for x in ball.parameters.values()] == [r"\eta", r"\beta", ""]
    assert ball.parameters["speed"].usual == Range(0.01, 1, 0.1, log=True)
    assert "By Somebody, a talk (2025)." in (ball.__doc__ or "")
    assert ((Fraction(9, 10),),) == ball(speed=1).D
    assert ball(speed=1, damped=True).c == (Fraction(-1, 10),)
    assert ball(speed=0.5, beta=0.5).label == "my ball"
    with pytest.raises(InputError, match="damped must be True or False, got 1"):
        ball(speed=1, damped=1)


def test_numbers_in_the_source_stay_exact() -> None:
    @sgdmem.method
    def own(w, v, gradient, *, learning_rate, momentum):  # type: ignore[no-untyped-def]
        v = momentum * v - np.float64(0.5) * learning_rate * (1 - 0.5 * momentum) * gradient(w)
        return w + v / 3, v * 1

    member = own(learning_rate="1/3", momentum="1/3")
    assert member.alpha == Fraction(1, 3) * Fraction(1, 2) * Fraction(5, 6) / 3
    assert ((Fraction(0.1),),) == own(learning_rate="0.1", momentum=0.1).D  # the binary value

    @sgdmem.method
    def mixed(w, last, z, gradient, *, learning_rate):  # type: ignore[no-untyped-def]
        g = gradient(z)
        moved = z - learning_rate * g - last
        return moved + (moved - z) / 3, g, moved

    entries = mixed(learning_rate="0.3").entries  # where it rests is found by exact divisions
    assert max(x.denominator for x in entries) == 10


def test_roots_of_parameters() -> None:
    @sgdmem.method
    def own(w, gradient, *, kappa):  # type: ignore[no-untyped-def]
        return w - 4 / (sympy.sqrt(kappa) + 1) ** 2 * gradient(w)

    assert own(kappa=4).alpha == Fraction(4, 9)


def test_the_triple_momentum_method_by_its_condition_number() -> None:
    @sgdmem.method
    def triple(w, w_last, gradient, kappa, L):  # type: ignore[no-untyped-def]
        rho = 1 - 1 / np.sqrt(kappa)
        beta, gamma = rho**2 / (2 - rho), rho**2 / ((1 + rho) * (2 - rho))
        new = w + beta * (w - w_last) - (1 + rho) / L * gradient(w + gamma * (w - w_last))
        return new, w

    assert triple.update is not None and triple.update.lines[0] == "rho <- 1 - 1 / kappa^0.5"
    verdict = sgdmem.stability(triple(100, 1), sgdmem.Spectrum([1, "0.01"]))
    assert verdict.rate.noiseless == pytest.approx(0.9)  # 1 - 1 / sqrt(kappa)
    for derived in (sgdmem.derive, lambda family: derivation_text(family.symbolic())):
        with pytest.raises(InputError, match="let the root be a parameter of its own"):
            derived(triple)


def test_weight_decay_in_the_gradient_is_the_problems() -> None:
    def decayed(w, v, gradient, *, lr, momentum, weight_decay=0):  # type: ignore[no-untyped-def]
        v = momentum * v + gradient(w) + weight_decay * w
        return w - lr * v, v

    with pytest.raises(
        InputError, match=r"belongs to the problem: Problem\(..., weight_decay=...\)"
    ):
        sgdmem.method(decayed)


def test_decoupled_weight_decay() -> None:
    @sgdmem.method
    def adam_like(w, m, gradient, *, learning_rate, momentum, decay):  # type: ignore[no-untyped-def]
        m = momentum * m + gradient(w)
        return (1 - learning_rate * decay) * w - learning_rate * m, m

    assert adam_like(learning_rate="0.1", momentum="0.9", decay="0.5").shrink == Fraction(1, 20)
    assert adam_like(learning_rate="0.1", momentum="0.9", decay=0) == sgdmem.torch_sgd("0.1", "0.9")


def test_state_spaces() -> None:
    ball = sgdmem.heavy_ball("0.1", "0.9")
    by_last = Algorithm.from_state([["1.9", "-0.9"], [1, 0]], ["-0.1", 0], [1, 0])
    assert equivalent(by_last, ball, losses="all")
    own = Algorithm.from_state([[1, "0.9"], [0, "0.9"]], ["-0.1", "-0.1"], [1, 0])
    assert own == ball
    beta = sympy.Symbol("beta", real=True)
    symbolic = Algorithm.from_state([[1 + beta, -beta], [1, 0]], [-1, 0], [1 + beta, -beta])
    assert equivalent(symbolic, sgdmem.nesterov(1, beta))
    assert Algorithm.from_state([[0.5]], [1], [1]).shrink == Fraction(1, 2)
    for arguments, message in (
        (([[1, 0]], [1, 0], [1, 0]), r"S0\[0\] must have length 1"),
        (([[1]], [1], [1, 0]), "r must have length 1"),
        (([[1]], [1], [2]), "must keep the minimum"),
        (([[1, 1], [1, 1]], [1, 0], [1, 0]), "must keep the minimum"),
        ((3, 1, 1), "S0 must be a list of rows"),
    ):
        with pytest.raises(InputError, match=message):
            Algorithm.from_state(*arguments)


def test_traced_methods_are_compiled(rng: np.random.Generator) -> None:
    x, y = ("learning_rate", np.linspace(0.01, 4, 15)), ("momentum", np.linspace(0, 0.9, 15))
    spectrum = sgdmem.Spectrum([1, 0.5])
    mine = sgdmem.phase_diagram(FAMILIES["qhm"], spectrum, 4, x=x, y=y, nu=0.7)
    known = sgdmem.phase_diagram("qhm", spectrum, 4, x=x, y=y, nu=0.7)
    assert np.array_equal(mine.stable.values, known.stable.values)
    assert np.allclose(mine.noise_sum.values, known.noise_sum.values)


def test_weights_that_floats_round_are_told() -> None:
    def kept(w: Any, u: Any, gradient: Any, *, lr: Any) -> Any:
        return 0.3 * w + 0.7 * u - lr * gradient(w), w

    def shrunk(w: Any, gradient: Any, *, lr: Any) -> Any:
        return 0.1 * w + 0.2 * w + 0.7 * w - lr * gradient(w)

    for step in (kept, shrunk):
        with pytest.raises(InputError, match=r"a float is its exact binary value, .* write one"):
            sgdmem.method(step)

    def decays(w: Any, gradient: Any, *, lr: Any, decay: Any) -> Any:
        return (1 - lr * decay) * w - lr * gradient(w)

    assert sgdmem.method(decays)("1e-6", "1e-6").shrink == Fraction(1, 10**12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"letters": ["lr"]}, "letters must be a dict from names, got"),
        ({"letters": {"lr": 3}}, "letters: lr must have LaTeX, got 3"),
        ({"lengths": {"v": 1.5}}, "lengths: v must have a whole number or the name"),
        ({"ranges": {"lr": (1, 0)}}, "ranges: lr must have low < high, got"),
        ({"ranges": {"lr": (-1, 1, "log")}}, "ranges: lr must have 0 < low < high, got"),
        ({"ranges": {"lr": (float("nan"), 0)}}, "ranges: lr must have .low, high., "),
        ({"display_name": 3}, "display_name must be a text, got 3"),
        ({"update": "w <- w"}, "update must be a list of lines, got 'w <- w'"),
    ],
)
def test_options_of_other_kinds(options: dict[str, Any], message: str) -> None:
    def step(w: Any, v: Any, gradient: Any, *, lr: Any) -> Any:
        return w - lr * gradient(w), v

    with pytest.raises(InputError, match=message):
        sgdmem.method(**options)(step)


def test_division_by_0_beside_a_symbol() -> None:
    def step(w: Any, gradient: Any, *, lr: Any) -> Any:
        return w - lr * gradient(w) / 0

    with pytest.raises(InputError, match=r"step, line .*: it divides by 0"):
        sgdmem.method(step)


def test_names_in_greek_letters() -> None:
    def step(θ: Any, ν_: Any, gradient: Any, *, λ: Any, β1: Any) -> Any:
        ν_ = β1 * ν_ + gradient(θ)
        return θ - λ * ν_, ν_

    family = sgdmem.method(step)
    assert [x.label for x in family.parameters.values()] == [r"$\lambda$", r"$\beta_1$"]
    assert family.update is not None and [*family.update.latex] == [
        r"\nu \leftarrow \beta_1 \nu + \nabla L(\theta)",
        r"\theta \leftarrow \theta - \lambda \nu",
    ]
