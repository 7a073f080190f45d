"""Families: what is known of a method, its update as published, and functions as families."""

from __future__ import annotations

import copy
import functools
import inspect
import pickle
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.constructors import as_family, family
from sgdmem.symbolic.algorithms.family import Family
from sgdmem.symbolic.algorithms.parameters import Parameter, Range, known_parameter
from sgdmem.symbolic.algorithms.update_notation import Publication, Update
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo import named_algorithms as named
from sgdmem.symbolic.zoo.families_by_name import FAMILIES, USUAL_FAMILIES, find_family

EVERY_FAMILY = list(FAMILIES.values())
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "torch-sgd": [
        {"momentum": Fraction(1, 3), "dampening": Fraction(1, 4)},
        {"momentum": Fraction(1, 3), "nesterov": True},
    ],
    "aggmo": [{"momenta": (Fraction(1, 5), Fraction(2, 3), Fraction(-1, 4))}],
}


def own(learning_rate: Any, weights: Sequence[Any], keep: Any = "1/2") -> Algorithm:
    """Mine."""
    return Algorithm(learning_rate, b=keep, c=-sum(weights), D=keep, name="AdEMAMix (SGD)")


# What was published ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", EVERY_FAMILY, ids=str)
def test_everything_is_known_of_named_families(method: Family[...]) -> None:
    assert find_family(method.name) is method
    assert method.display_name and method.summary and method.update and method.reference
    assert method.reference.authors and 1900 < method.reference.year < 2100
    for name, parameter in method.parameters.items():
        assert parameter.name == name
        assert parameter.text.endswith(".")
        if parameter.kind != "flag":
            assert parameter.letter
            assert parameter.usual.low <= parameter.usual.start <= parameter.usual.high
            assert parameter.usual != Parameter("x").usual
        assert f"{name} : " in (method.__doc__ or "")
    assert str(method.update) in (method.__doc__ or "")
    written = " ".join(method.update.latex)
    for parameter in method.parameters.values():
        assert (parameter.letter or parameter.name) in written
    words = set(re.findall(r"[A-Za-z]{2,}", re.sub(r"\\\w+", "", written)))
    assert words <= {"eff", "if", "else", "nesterov", "last", "new"}


def executed(update: Update, values: dict[str, Any], start: Fraction, steps: int) -> list[Any]:
    """Run the lines of an update as Python, on the loss 3/2 w^2 - w."""

    def gradient(w: Fraction) -> Fraction:
        return 3 * w - 1

    scope: dict[str, Any] = {**values, "gradient": gradient, "w": start, "z": start}
    scope |= dict.fromkeys("vum", Fraction(0))
    if "momenta" in values:
        velocities = [Fraction(0)] * len(values["momenta"])
    found = []
    for _ in range(steps):
        scope["g"] = gradient(scope["w"])
        for line in update.lines:
            left, _, right = line.partition(" <- ")
            right = re.sub(r"(?<=[\w)]) (?=[\w(])(?!if |else )", " * ", right)
            right = re.sub(r"\b(if|else) \*", r"\1", right)
            if left == "v_i":
                velocities = [
                    eval(right, {**scope, "momenta_i": momentum, "v_i": velocity})
                    for momentum, velocity in zip(values["momenta"], velocities, strict=True)
                ]
                continue
            if "sum(v_i)" in right:
                scope |= {"v_i": velocities, "K": len(velocities)}
            exec(f"{left} = {right}", scope)
        found.append(scope["w"])
    return found


def iterated(algorithm: Algorithm, start: Fraction, steps: int) -> list[Any]:
    w, u, found = start, [Fraction(0)] * algorithm.memory, []
    for _ in range(steps):
        g = 3 * (w + sum(x * y for x, y in zip(algorithm.a, u, strict=True))) - 1
        w, u = (
            w - algorithm.alpha * g + sum(x * y for x, y in zip(algorithm.b, u, strict=True)),
            [
                c * g + sum(x * y for x, y in zip(row, u, strict=True))
                for c, row in zip(algorithm.c, algorithm.D, strict=True)
            ],
        )
        found.append(w)
    return found


@pytest.mark.parametrize("method", USUAL_FAMILIES.values(), ids=str)
def test_the_published_update_is_the_algorithm(method: Family[...]) -> None:
    assert method.update is not None
    numbers = [Fraction(1, 7), Fraction(2, 5), Fraction(3, 4)]
    required = dict(zip(method.parameters, numbers, strict=False))
    for settings in SETTINGS.get(method.name, [{}]):
        values = {**required, **settings}
        values |= {
            name: parameter.default
            for name, parameter in method.parameters.items()
            if name not in settings and not parameter.is_required
        }
        expected = iterated(method(**values), Fraction(1), 5)
        assert executed(method.update, values, Fraction(1), 5) == expected


def latex(method: Family[...]) -> tuple[str, ...]:
    assert method.update is not None
    return method.update.latex


def test_latex() -> None:
    assert latex(named.heavy_ball) == (
        r"v \leftarrow \beta v - \alpha \nabla L(w)",
        r"w \leftarrow w + v",
    )
    assert latex(named.nesterov)[0].endswith(r"\nabla L(w + \beta v)")
    assert latex(named.aggmo) == (
        r"v_i \leftarrow \beta_i v_i - \nabla L(w)",
        r"w \leftarrow w + \alpha / K \sum_i v_i",
    )
    mine = Update.of(["w <- w - slow_rate g"], [Parameter("slow_rate")])
    assert mine.latex == (r"w \leftarrow w - \mathit{slow\_rate} \nabla L(w)",)


# Like a function ---------------------------------------------------------------------------------


def test_a_family_is_a_function() -> None:
    assert str(inspect.signature(named.heavy_ball)) == (
        "(learning_rate: 'Any', momentum: 'Any') -> 'Algorithm'"
    )
    assert getattr(named.heavy_ball, "__name__") == "heavy_ball"  # noqa: B009
    assert named.heavy_ball.__module__ == named.__name__
    assert (named.heavy_ball.__doc__ or "").startswith("Polyak's heavy ball.")
    with pytest.raises(TypeError, match="momentum"):
        named.heavy_ball(1)  # type: ignore[call-arg]
    with pytest.raises(AttributeError, match="name"):
        named.heavy_ball.name = "light ball"  # type: ignore[misc]
    with pytest.raises(TypeError):
        named.heavy_ball.parameters["x"] = Parameter("x")  # type: ignore[index]


@pytest.mark.parametrize("method", EVERY_FAMILY, ids=str)
def test_pickles_of_named_families_are_these(method: Family[...]) -> None:
    assert pickle.loads(pickle.dumps(method)) is method
    assert copy.deepcopy(method) is method


def test_pickles_of_others() -> None:
    fixed = named.heavy_ball.fix(momentum="0.9")
    there = pickle.loads(pickle.dumps(fixed))
    assert list(there.parameters) == ["learning_rate"]
    assert there(learning_rate=1) == fixed(learning_rate=1) == named.heavy_ball(1, "0.9")
    mine = pickle.loads(pickle.dumps(as_family(own).fix(weights=[1, 2])))
    assert mine(learning_rate=1) == own(1, [1, 2], Fraction(1, 2))
    assert mine.parameters == as_family(own).fix(weights=1).parameters
    spread = pickle.loads(pickle.dumps(named.aggmo.spread(3)))
    assert spread(learning_rate=1, momentum_1=0, momentum_2=1, momentum_3=2).memory == 3


# Fewer parameters, and symbols -------------------------------------------------------------------


def test_fix_is_exact() -> None:
    half = named.heavy_ball.fix(momentum="0.1")
    assert ((Fraction(1, 10),),) == half(learning_rate="0.2").D
    assert not half(learning_rate="0.2").floats
    assert half.fix(learning_rate=1)() == named.heavy_ball(1, "0.1")
    assert str(inspect.signature(half)) == "(*, learning_rate)"
    assert as_family(own).fix(keep="0.3", weights=())(learning_rate=1).b == (Fraction(3, 10),)
    with pytest.raises(InputError, match="unknown parameter 'beta' of heavy-ball"):
        named.heavy_ball.fix(beta=1)
    with pytest.raises(InputError, match="momentum"):
        named.heavy_ball.fix(momentum="much")


def test_fixed_floats_are_exact() -> None:
    """What is computed of floats is rounded: members were no longer one rational function."""

    def shared(learning_rate: Any, momentum: Any, nu: Any) -> Algorithm:
        return Algorithm(learning_rate * (1 - nu * momentum), b=nu, c=1 - momentum, D=momentum)

    fixed = as_family(shared).varying(["learning_rate", "momentum"], {"nu": 0.7})
    third = Fraction(1, 3)
    assert fixed(learning_rate=1, momentum=third).alpha == 1 - Fraction(0.7) * third
    rate, momentum = (sympy.Symbol(name, real=True) for name in ("learning_rate", "momentum"))
    assert fixed.symbolic().substitute({rate: 1, momentum: third}).alpha == (
        fixed(learning_rate=1, momentum=third).alpha
    )
    several = as_family(own).fix(weights=[0.1, 1])(learning_rate=1)
    assert several.c == (-1 - Fraction(0.1),)

    def rooted(learning_rate: Any, momentum: Any) -> Algorithm:
        return Algorithm(learning_rate, b=1, c=-1, D=np.sqrt(momentum))  # takes no fractions

    assert ((Fraction(1, 2),),) == as_family(rooted).fix(momentum=0.25)(learning_rate=1).D


def test_symbols() -> None:
    rate, momentum = (sympy.Symbol(name, real=True) for name in ("learning_rate", "momentum"))
    assert named.heavy_ball.symbolic() == named.heavy_ball(rate, momentum)
    assert named.torch_sgd.symbolic() == named.sgd(rate)  # the others have defaults
    assert named.torch_sgd.symbolic({"momentum": "0.5"}) == named.torch_sgd(rate, "0.5")
    pushed = named.torch_sgd.varying(["learning_rate", "momentum"], {"dampening": "0.5"})
    assert pushed.symbolic() == named.torch_sgd(rate, momentum, "0.5")
    assert {str(x) for x in named.aggmo.symbolic(length=3).free_symbols} == {
        *("learning_rate", "momentum_1", "momentum_2", "momentum_3")
    }
    assert as_family(own).symbolic({"weights": [1]}).alpha == rate


@pytest.mark.parametrize("error", [TypeError, AttributeError, ZeroDivisionError, KeyError])
def test_constructors_that_take_no_symbols(error: type[Exception]) -> None:
    def strange(learning_rate: Any) -> Algorithm:
        raise error("so it is")

    with pytest.raises(InputError, match=r"strange does not take symbols: .*so it is"):
        as_family(strange).symbolic()


def test_spread() -> None:
    numbers = named.torch_sgd.spread()
    assert list(numbers.parameters) == ["learning_rate", "momentum", "dampening"]  # without flags
    assert all(parameter.is_required for parameter in numbers.parameters.values())
    assert len(numbers.symbolic().free_symbols) == 3
    assert list(as_family(own).spread(1).parameters) == ["learning_rate", "weights_1", "keep"]


# One's own functions -----------------------------------------------------------------------------


def test_ones_own_function() -> None:
    mine = as_family(own)
    assert as_family(mine) is find_family(mine) is mine
    assert (mine.name, mine.display_name, mine.summary) == ("own", "own", "Mine.")
    assert mine.update is None and mine.reference is None
    kinds = {name: parameter.kind for name, parameter in mine.parameters.items()}
    assert kinds == {"learning_rate": "number", "weights": "list", "keep": "number"}
    assert mine.parameters["learning_rate"].letter == r"\alpha"
    assert mine.parameters["keep"].default == "1/2"
    assert mine(1, [2]) == own(1, [2])
    assert mine(1, [2]).label == "AdEMAMix (SGD)"


def test_kinds() -> None:
    def many(a: list[float], b: "tuple[float, ...]", c: bool = False, d: Any = (1, 2)) -> Algorithm:  # noqa: UP037
        return Algorithm(1)

    kinds = {name: parameter.kind for name, parameter in as_family(many).parameters.items()}
    assert kinds == {"a": "list", "b": "list", "c": "flag", "d": "list"}

    def unknown(a: "Sequence[Nowhere]", b: "Nowhere", momenta):  # type: ignore[name-defined,no-untyped-def]  # noqa
        return Algorithm(1)

    kinds = {name: parameter.kind for name, parameter in as_family(unknown).parameters.items()}
    assert kinds == {"a": "list", "b": "number", "momenta": "list"}


def test_strange_functions() -> None:
    assert list(as_family(functools.partial(named.heavy_ball, momentum=0)).parameters) == [
        *("learning_rate", "momentum")
    ]
    any_names = as_family(lambda **values: named.sgd(next(iter(values.values()))))
    assert any_names.varying(["speed"], {}).symbolic() == named.sgd(
        sympy.Symbol("speed", real=True)
    )
    with pytest.raises(InputError, match="'rate' of positional is positional only"):

        def positional(rate: Any, /) -> Algorithm:
            return named.sgd(rate)

        as_family(positional)
    with pytest.raises(InputError, match="what <lambda> returns must be an Algorithm, got 3"):
        as_family(lambda: 3)()  # type: ignore[arg-type,return-value]


def test_a_method_of_ones_own() -> None:
    @family(
        "AdEMAMix (SGD)",
        update=["w <- w - speed g"],
        reference=Publication("Somebody", 2024, "a talk"),
    )
    def mine(speed: Any) -> Algorithm:
        """Mine.

        Examples
        --------
        """
        return Algorithm(speed)

    assert mine("0.1").name == "mine(speed=0.1)"
    assert mine("0.1").label == mine.display_name == "AdEMAMix (SGD)"
    assert "By Somebody, a talk (2024)." in (mine.__doc__ or "")


def test_what_is_known_by_name() -> None:
    assert known_parameter("own_learning_rate").usual == known_parameter("learning_rate").usual
    assert known_parameter("own_effective_learning_rate").usual.high == 100
    assert known_parameter("speed") == Parameter("speed", usual=Range(-2, 2, 0.5))
    labels = {
        name: known_parameter(name).label for name in ("nu", "q0", "momentum", "my_rate", "eta_2")
    }
    assert labels == {
        "eta_2": r"$\eta_{2}$",
        "nu": r"$\nu$",
        "q0": "$q_0$",
        "momentum": r"momentum $\beta$",
        "my_rate": "my rate",
    }
