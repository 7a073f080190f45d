"""Recorded programs, and their source text on floats and with error bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import copysign, inf, isfinite
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgdmem.numeric.arithmetic.rounding import INFLATE
from sgdmem.numeric.compilation.lowering import (
    ball_lines,
    plain_lines,
    plain_outputs,
    radius_of,
    variable,
)
from sgdmem.symbolic.algebra.routh import HalfPlaneForm
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.programs.program import trace
from sgdmem.symbolic.programs.summand_program import (
    coefficient_names,
    summand_program,
)
from sgdmem.symbolic.stability.noise_fraction import noise_fraction
from tests import draws, naive

NAMES = ["x", "y", "z"]
FRACTIONS = st.fractions(-20, 20, max_denominator=1000)


@st.composite
def expressions(draw: st.DrawFn, divide: bool = True) -> Callable[..., list[Any]]:
    """Draw a function of three numbers: a list of operations on earlier results."""
    kinds = "+-*/" if divide else "+-*"
    steps = [
        (draw(st.sampled_from(kinds)), draw(st.integers(0, 3 + k)), draw(st.integers(0, 3 + k)))
        for k in range(draw(st.integers(1, 12)))
    ]
    constant = Fraction(draw(st.sampled_from(["0", "1", "-2", "1/3"])))

    def function(*numbers: Any) -> list[Any]:
        values = [*numbers, constant]
        for sign, left, right in steps:
            x, y = values[left], values[right]
            if sign == "/":
                values.append(x / (y * y + 1))
            else:
                values.append(x + y if sign == "+" else x - y if sign == "-" else x * y)
        return values[-2:]

    return function


@given(function=expressions(), numbers=st.lists(FRACTIONS, min_size=3, max_size=3))
def test_a_program_computes_what_its_function_does(
    function: Callable[..., list[Any]], numbers: list[Fraction]
) -> None:
    program = trace(function, NAMES)
    assert list(program.run(dict(zip(NAMES, numbers, strict=True)))) == function(*numbers)
    assert len(set(program.steps)) == len(program.steps)  # nothing is computed twice


def test_operations_that_do_nothing_are_left_out() -> None:
    program = trace(lambda x: [(x + 0) * 1 + 0 * x - 0, x / 1, (1 * x) + (x * 1)], ["x"])
    assert program.counts() == {"+": 1}


def test_what_depends_on_an_input() -> None:
    program = trace(lambda x, y: [(x * x) * y], ["x", "y"])
    assert program.depends_on("y") == [False, True, False, True]


@pytest.mark.parametrize("memory", range(9))
def test_divisions_of_the_recursion(memory: int) -> None:
    counts = summand_program(memory).counts()
    assert counts["/"] == max(2, memory) if memory == 0 else memory


@pytest.mark.parametrize("memory", range(7))
def test_the_recursion_and_the_fraction_are_exact(memory: int, rng: np.random.Generator) -> None:
    names = coefficient_names(memory)
    program = summand_program(memory)
    for _ in range(10):
        row = [Fraction(int(x), 7) for x in rng.integers(-30, 30, len(names))]
        lam = Fraction(int(rng.integers(1, 50)), 13)
        top, bottom = (
            sum(c * lam**k for k, c in enumerate(part))
            for part in noise_fraction(HalfPlaneForm.of_row(row, memory))
        )
        try:
            share, *_ = program.run({"lam": lam, **dict(zip(names, row, strict=True))})
        except ZeroDivisionError:
            continue
        assert share * bottom == top


@pytest.mark.slow
@pytest.mark.parametrize("memory", [*range(6), pytest.param(6, marks=pytest.mark.exhaustive)])
def test_the_recursion_against_impulse_responses(memory: int, rng: np.random.Generator) -> None:
    for _ in range(20):
        alg = draws.random_algorithm(rng, memory, numbers="fraction")._replace(a=[0] * memory)
        lam = Fraction(int(rng.integers(1, 40)), 20)
        row = Algorithm(*alg).half_plane_form.row
        values = dict(zip(coefficient_names(memory), row, strict=True))
        if not naive.is_schur(alg, lam):
            continue
        share, *pivots = summand_program(memory).run({"lam": lam, **values})
        assert lam * share == naive.noise_summand_exact(alg, lam)
        assert min(pivots) > 0


# Source text --------------------------------------------------------------------------------------


def execute(
    lines: Sequence[str],
    results: Sequence[str],
    values: dict[str, float],
    radii: Mapping[str, float] = MappingProxyType({}),
) -> list[float]:
    given = {variable(name): value for name, value in values.items()}
    scope: dict[str, Any] = {
        "copysign": copysign,
        "inf": inf,
        **given,
        **{radius_of(x): r for x, r in radii.items()},
    }
    exec("\n".join(lines), scope)
    return [eval(result or "0.0", scope) for result in results]


@given(function=expressions(), numbers=st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3))
def test_plain_text(function: Callable[..., list[Any]], numbers: list[float]) -> None:
    program = trace(function, NAMES)
    lines = plain_lines(program, range(len(program.steps)))
    values = dict(zip(NAMES, numbers, strict=True))
    floats = [float(x) for x in program.run(values)]
    assert execute(lines, plain_outputs(program), values) == pytest.approx(floats, rel=1e-9)


def ends(value: float, radius: float, share: Fraction) -> Fraction:
    return Fraction(value) + share * Fraction(radius)


@given(
    function=expressions(),
    numbers=st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3),
    radii=st.lists(st.floats(0, 1e-2), min_size=3, max_size=3),
    shares=st.lists(st.fractions(-1, 1, max_denominator=8), min_size=3, max_size=3),
)
def test_text_with_radii_encloses_the_exact_result(
    function: Callable[..., list[Any]],
    numbers: list[float],
    radii: list[float],
    shares: list[Fraction],
) -> None:
    program = trace(function, NAMES)
    lines, names = ball_lines(program, range(len(program.steps)))
    pairs = [names[step] for step in program.outputs]
    values, spreads = (dict(zip(NAMES, x, strict=True)) for x in (numbers, radii))
    found = execute(lines, [part for pair in pairs for part in pair], values, spreads)
    points = [ends(x, r, s) for x, r, s in zip(numbers, radii, shares, strict=True)]
    exact = program.run(dict(zip(NAMES, points, strict=True)))
    for mid, rad, value in zip(found[::2], found[1::2], exact, strict=True):
        if isfinite(mid) and isfinite(rad):
            assert abs(Fraction(mid) - value) <= Fraction(INFLATE) * Fraction(rad)


def test_products_with_powers_of_two_are_exact() -> None:
    factors = [Fraction(x) for x in ("2", "-1", "1/2", "-4", "3")]
    program = trace(lambda x: [x * factor for factor in factors], ["x"])
    lines, names = ball_lines(program, range(len(program.steps)))
    radii = [names[step][1] for step in program.outputs]
    *exact, rounded = execute(lines, radii, {"x": 0.7}, {"x": 0.0})
    assert max(exact) < 1e-50 and rounded > 1e-16
    found = execute(lines, radii, {"x": 0.7}, {"x": 0.25})
    assert found == pytest.approx([0.25 * abs(float(factor)) for factor in factors])
    beyond = execute(lines, radii, {"x": 1e308}, {"x": 0.0})
    assert [isfinite(radius) for radius in beyond] == [False, True, True, False, False]
    assert execute(lines, radii, {"x": 5e-324}, {"x": 0.0})[2] >= 5e-324  # it underflows


def test_a_divisor_that_may_be_zero_has_no_bound() -> None:
    program = trace(lambda x, y: [x / y], ["x", "y"])
    lines, names = ball_lines(program, range(len(program.steps)))
    _, radius = names[program.outputs[0]]
    (found,) = execute(lines, [radius], {"x": 1.0, "y": 1e-3}, {"x": 0.0, "y": 1e-3})
    assert not isfinite(found)
