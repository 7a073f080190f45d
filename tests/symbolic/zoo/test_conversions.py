"""One method in the parameters of another: the textbook conversions, and that all are verified."""

from __future__ import annotations

import importlib.util
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings

from sgdmem.numeric.acceleration.unit_rate import am1, dana
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.equivalence import equivalent
from sgdmem.symbolic.algorithms.printing import value_text
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.tracing.method import method
from sgdmem.symbolic.zoo import named_algorithms as named
from sgdmem.symbolic.zoo.averaging import averaged_sgd
from sgdmem.symbolic.zoo.conversions import convert
from sgdmem.symbolic.zoo.families_by_name import FAMILIES, USUAL_FAMILIES
from sgdmem.symbolic.zoo.general_algorithm import general
from tests.strategies import ENTRIES

ETA, BETA, TAU, NU, A1, A2 = sympy.symbols("eta beta tau nu alpha_1 alpha_2", positive=True)
RATE, Q0, DELTA = sympy.symbols("alpha_eff q_0 delta", real=True)

TEXTBOOK: list[tuple[Algorithm, str, dict[str, Any]]] = [
    # PyTorch's dampening only rescales the learning rate.
    (named.torch_sgd(ETA, BETA, TAU), "heavy-ball",
     {"learning_rate": ETA * (1 - TAU), "momentum": BETA}),
    (named.torch_sgd(ETA, BETA, TAU), "sgdm",
     {"learning_rate": ETA * (1 - TAU) / (1 - BETA), "momentum": BETA}),
    # Averaging the gradient or adding it up: a factor 1 - beta.
    (named.sgdm(ETA, BETA), "heavy-ball",
     {"learning_rate": ETA * (1 - BETA), "momentum": BETA}),
    (named.heavy_ball(ETA, BETA), "sgdm",
     {"learning_rate": ETA / (1 - BETA), "momentum": BETA}),
    (named.heavy_ball(ETA, BETA), "torch-sgd",
     {"learning_rate": ETA, "momentum": BETA, "dampening": 0, "nesterov": False}),
    (named.nesterov(ETA, BETA), "torch-sgd",
     {"learning_rate": ETA, "momentum": BETA, "dampening": 0, "nesterov": True}),
    # Two learning rates hold all of memory 1 (arXiv 2410.04228, section 6).
    (named.qhm(ETA, BETA, NU), "two-rate",
     {"velocity_rate": ETA * NU * (1 - BETA), "gradient_rate": ETA * (1 - NU), "momentum": BETA}),
    (named.nesterov(ETA, BETA), "two-rate",
     {"velocity_rate": ETA * BETA, "gradient_rate": ETA, "momentum": BETA}),
    (named.heavy_ball(ETA, BETA), "two-rate",
     {"velocity_rate": ETA, "gradient_rate": 0, "momentum": BETA}),
    # Nesterov's method is quasi-hyperbolic momentum with nu = beta (arXiv 1810.06801).
    (named.nesterov(ETA, BETA), "qhm",
     {"learning_rate": ETA / (1 - BETA), "momentum": BETA, "nu": BETA}),
    (named.two_rate(A1, A2, BETA), "memory-one",
     {"effective_learning_rate": A2 + A1 / (1 - BETA), "q0": A2 * BETA, "damping": 1 - BETA}),
    (named.qhm(ETA, BETA, NU), "memory-one",
     {"effective_learning_rate": ETA, "q0": ETA * BETA * (1 - NU), "damping": 1 - BETA}),
    (named.nesterov(ETA, BETA), "memory-one",
     {"effective_learning_rate": ETA / (1 - BETA), "q0": ETA * BETA, "damping": 1 - BETA}),
    (named.memory_one(RATE, Q0, DELTA), "two-rate",
     {"velocity_rate": DELTA * (RATE - Q0 / (1 - DELTA)), "gradient_rate": Q0 / (1 - DELTA),
      "momentum": 1 - DELTA}),
    (named.aggmo(ETA, [BETA]), "heavy-ball", {"learning_rate": ETA, "momentum": BETA}),
    # Common factors of P and Q cancel.
    (named.aggmo(ETA, [BETA, BETA]), "heavy-ball", {"learning_rate": ETA, "momentum": BETA}),
    (averaged_sgd(ETA, NU), "sgd", {"learning_rate": ETA}),
    (named.sgd(ETA), "heavy-ball", {"learning_rate": ETA, "momentum": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("algorithm", "family", "expected"), TEXTBOOK)
def test_textbook(algorithm: Algorithm, family: str, expected: dict[str, Any]) -> None:
    found = convert(algorithm, family)
    assert list(found) == list(expected)
    for key, value in expected.items():
        if isinstance(value, bool):
            assert found[key] is value
        else:
            assert sympy.cancel(sympy.sympify(found[key]) - value) == 0, key
    assert equivalent(FAMILIES[family](**found), algorithm)


@pytest.mark.parametrize("name", sorted(USUAL_FAMILIES))
def test_every_family_converts_to_itself(name: str) -> None:
    values = [Fraction(1, 10), Fraction(3, 10), Fraction(7, 10)]
    family = FAMILIES[name]
    if name == "aggmo":
        arguments: dict[str, Any] = {"learning_rate": values[0], "momenta": tuple(values[1:])}
    else:
        required = family.missing([])
        arguments = dict(zip(required, values, strict=False))
    if name == "averaged-sgd":  # its rate cannot be seen in P and Q
        with pytest.raises(InputError, match=r"several averaged-sgd .* fix rate"):
            convert(Algorithm(*values[:1]), family)
    found = convert(family(**arguments), name)
    assert {key: found[key] for key in arguments} == arguments


@pytest.mark.slow
@settings(max_examples=25)
@given(ENTRIES, ENTRIES, ENTRIES)
def test_there_and_back(rate: Fraction, momentum: Fraction, nu: Fraction) -> None:
    assume(rate != 0 and momentum not in (0, 1) and nu not in (0, 1))
    start = named.qhm(rate, momentum, nu)
    two = convert(start, named.two_rate)
    one = convert(named.two_rate(**two), named.memory_one)
    back = convert(named.memory_one(**one), named.qhm)
    assert back == {"learning_rate": rate, "momentum": momentum, "nu": nu}


def test_fixed_parameters() -> None:
    heavy = named.heavy_ball("0.1", "0.9")
    damped = convert(heavy, "torch-sgd", dampening="0.5")
    assert damped["learning_rate"] == Fraction(1, 5)
    assert convert(named.sgd("0.5"), "qhm", momentum="0.5")["nu"] == 0
    with pytest.raises(InputError, match="no torch-sgd has the recurrence"):
        convert(heavy, "torch-sgd", nesterov=True)
    with pytest.raises(InputError, match="no heavy-ball has the recurrence"):
        convert(heavy, "heavy-ball", momentum="0.8")
    assert convert(heavy, "heavy-ball", momentum="0.9")["learning_rate"] == Fraction(1, 10)


def test_impossible_and_ambiguous() -> None:
    with pytest.raises(InputError, match="no heavy-ball has the recurrence"):
        convert(named.nesterov(ETA, BETA), "heavy-ball")
    with pytest.raises(InputError, match="no sgd has"):
        convert(general(1), "sgd")
    with pytest.raises(InputError, match=r"several qhm .* fix momentum"):
        convert(named.sgd("0.5"), "qhm")
    with pytest.raises(InputError, match="unknown algorithm 'adam'"):
        convert(named.sgd("0.5"), "adam")
    with pytest.raises(InputError, match="unknown parameter 'beta'"):
        convert(named.sgd("0.5"), "heavy-ball", beta=1)
    with pytest.raises(InputError, match="nesterov must be True or False"):
        convert(named.sgd("0.5"), "torch-sgd", nesterov="yes")
    # Complex momenta are no parameters: D has the eigenvalues +- i/2.
    turning = Algorithm.from_recurrence(["0.25", "-0.25", 1], [0, 0, -1])
    with pytest.raises(InputError, match="no aggmo has"):
        convert(turning, "aggmo")


def test_floats_come_back_as_floats() -> None:
    found = convert(named.heavy_ball(0.1, 0.9), "sgdm")
    assert found == {"learning_rate": pytest.approx(1), "momentum": 0.9}
    assert all(isinstance(value, float) for value in found.values())


def test_ones_own_family() -> None:
    def lion(rate: Any, decay: Any, extra: Any = 0) -> Algorithm:
        return Algorithm(rate + extra, b=decay, c=-rate, D=decay)

    found = convert(named.heavy_ball("0.1", "0.9"), lion)
    assert found == {"rate": Fraction(1, 10), "decay": Fraction(9, 10), "extra": 0}
    found = convert(named.two_rate("0.1", "0.2", "0.5"), lion)
    assert found["extra"] != 0
    assert equivalent(lion(**found), named.two_rate("0.1", "0.2", "0.5"))


# In words ----------------------------------------------------------------------------------------


def page() -> Any:
    """Return the script that writes the dictionary."""
    path = Path(__file__).parents[3] / "docs" / "dictionary_page.py"
    spec = importlib.util.spec_from_file_location("dictionary_page", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_dictionary_has_every_method() -> None:
    script = page()
    written = script.PAGE.read_text()
    for name in FAMILIES:
        assert f"\n`{name}`" in written
    for name in ("storm", "schedule-free", "torch-sgd"):
        found = script.entry(name)
        assert f"\n{found.row}\n" in written and f"\n\n{found.text}\n\n" in written


def test_options_are_put_into_updates() -> None:
    script = page()
    nesterov, dampened = map(script.special_entry, ("with `nesterov=True`", "with dampening"))
    assert r"u \leftarrow \beta u + \nabla L(w)$; " in nesterov.update
    assert nesterov.update.endswith(r"$w \leftarrow w - \alpha (\nabla L(w) + \beta u)$")
    assert dampened.update.endswith(r"(1 - \tau) \nabla L(w)$; $w \leftarrow w - \alpha u$")
    assert dampened.values == r"`learning_rate` = $\alpha (1 - \tau)$, `momentum` = $\beta$"
    plain = script.entry("torch-sgd").update
    assert plain == r"$u \leftarrow \nabla L(w)$; $w \leftarrow w - \alpha u$"


def test_averages_in_the_dictionary_are_those_of_the_update() -> None:
    @method
    def averaged(w, z, gradient, *, learning_rate, rate):  # type: ignore[no-untyped-def]
        z = z - learning_rate * gradient(z)
        return (1 - rate) * w + rate * z, z

    cells = [cell.strip("` ") for cell in page().average_row("sgd").strip("| ").split("|")[1:]]
    letters = {str(x): x for x in averaged.symbolic().free_symbols}
    shown = Algorithm(*(sympy.sympify(cell, locals=letters) for cell in cells))
    assert equivalent(shown, averaged.symbolic(), "all") and shown.a == (1,)


def test_dana_is_am1_a_step_earlier_but_for_a_factor() -> None:
    """The closed form of the dictionary, against the schedules that the library has of both."""
    text = page().two_papers()
    assert r"times $1 - \Delta_t^{1 - \frac{1}{\nu}}$" in text
    assert r"$v = \frac{1}{\gamma_1} y$" in text and "`gamma_1*gamma_3`" in text
    for nu, scale in ((2.0, 4.0), (1.5, 2.5), (3.0, 7.0)):
        one = am1(nu, damping_exponent=1, damping_scale=scale).steps(0, 200)
        other = dana(nu, damping_scale=scale, velocity_scale=scale ** (1 / nu)).steps(0, 200)
        damping = 1 - other.D[:-1, 0, 0]
        kept = damping < 1
        assert np.allclose(1 - one.D[1:, 0, 0], damping)
        velocity = (other.alpha[:-1] - 1) * (1 - damping ** (1 - 1 / nu))
        assert np.allclose(one.alpha[1:][kept] - 1, velocity[kept], rtol=1e-12, atol=0)


@pytest.mark.exhaustive
def test_the_dictionary_is_current() -> None:
    script = page()
    assert script.page() == script.PAGE.read_text()


X, Y, Z = sympy.symbols("x y z", real=True)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-X / (Y - 1), "x/(1 - y)"),
        (-X, "-x"),
        (X - 1, "x - 1"),
        (-X - 1, "-1 - x"),
        ((X - 1) * Y, "-y*(1 - x)"),
        ((Y - X) / (1 - X), "(y - x)/(1 - x)"),
        (X / 2 - Y, "(x - 2*y)/2"),
        (-((X - 1) ** 2) / ((Y - 1) * (Z - 2)), "-(1 - x)**2/((1 - y)*(2 - z))"),
        (2 * sympy.sqrt(X), "2*sqrt(x)"),
        (1 / X, "1/x"),
        (sympy.Integer(0), "0"),
    ],
)
def test_values_as_people_write_them(value: Any, text: str) -> None:
    assert value_text(value) == text
    assert sympy.simplify(sympy.sympify(text, locals={"x": X, "y": Y, "z": Z}) - value) == 0


def test_long_memories_are_reduced_before_equations_are_solved() -> None:
    import sgdmem

    with pytest.raises(InputError, match="no memory-one has"):
        sgdmem.methods.convert(sgdmem.methods.delayed_sgd.symbolic({"delay": 60}), "memory-one")
    hidden = sgdmem.Algorithm(
        "0.1",
        b=["0.9", *[0] * 9],
        c=["-0.1", *[1] * 9],
        D=np.diag([9, *range(9)]) * Fraction(1, 10),
    )
    found = sgdmem.methods.convert(hidden, "heavy-ball")
    assert found == {"learning_rate": Fraction(1, 10), "momentum": Fraction(9, 10)}
