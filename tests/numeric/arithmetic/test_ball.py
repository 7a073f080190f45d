"""A ball must contain the exact result, whatever is computed."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sgdmem.numeric.arithmetic.ball import Ball

FLOATS = st.floats(-1e100, 1e100, allow_subnormal=True)
SMALL = st.floats(0, 1e-3)
OPERATIONS = [operator.add, operator.sub, operator.mul, operator.truediv]


def test_quotients_at_the_ends_of_the_range() -> None:
    # the product of a quotient and a radius underflows, the square of a divisor overflows
    tiny = Ball(5e-324) / Ball(1e-300, 4e-301)
    assert tiny.contains(Fraction(5e-324) / Fraction(6e-301))
    with np.errstate(all="ignore"):
        large = Ball(np.array([1e308 + 0j])) / Ball(np.array([1.5e308 * (1 + 1j)]))
    assert not np.abs(large.mid - (1 - 1j) / 3) <= large.rad or np.isinf(large.rad)


@given(a=FLOATS, b=FLOATS, ra=SMALL, rb=SMALL, ta=st.floats(-1, 1), tb=st.floats(-1, 1))
@pytest.mark.parametrize("operation", OPERATIONS)
def test_operations_contain_the_exact_result(
    operation: Callable[[Any, Any], Any],
    a: float,
    b: float,
    ra: float,
    rb: float,
    ta: float,
    tb: float,
) -> None:
    ball = operation(Ball(a, abs(a) * ra), Ball(b, abs(b) * rb))
    x = Fraction(a) + Fraction(abs(a) * ra) * Fraction(ta)
    y = Fraction(b) + Fraction(abs(b) * rb) * Fraction(tb)
    assume(not (operation is operator.truediv and y == 0))
    if np.isfinite(ball.rad) and np.isfinite(ball.mid):
        assert ball.contains(operation(x, y))


@given(values=st.lists(st.fractions(max_denominator=10**30), min_size=1, max_size=300))
def test_sums_and_exact_conversion(values: list[Fraction]) -> None:
    ball = Ball.exactly(values)
    assert all(ball[i].contains(value) for i, value in enumerate(values))
    assert ball.sum().contains(sum(values, Fraction(0)))


@given(
    a=st.complex_numbers(max_magnitude=1e50),
    b=st.complex_numbers(min_magnitude=1e-50, max_magnitude=1e50),
)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_complex_operations(operation: Callable[[Any, Any], Any], a: complex, b: complex) -> None:
    ball = operation(Ball(a), Ball(b))
    x, y = (Fraction(a.real), Fraction(a.imag)), (Fraction(b.real), Fraction(b.imag))
    if operation is operator.truediv:
        # ball * b must contain a: |mid b - a| <= rad |b|
        product = _times(_parts(ball.mid), y)
        gap = [p - q for p, q in zip(product, x, strict=True)]
        room = Fraction(float(ball.rad)) ** 2 * (y[0] ** 2 + y[1] ** 2)
    else:
        exact = _times(x, y) if operation is operator.mul else tuple(map(operation, x, y))
        gap = [p - q for p, q in zip(_parts(ball.mid), exact, strict=True)]
        room = Fraction(float(ball.rad)) ** 2
    assert gap[0] ** 2 + gap[1] ** 2 <= room


def test_division_by_a_ball_with_zero_says_nothing() -> None:
    ball = 1 / Ball(1e-3, 2e-3)
    assert ball.lower == -np.inf
    assert ball.upper == np.inf
    assert not ball.nonzero


def test_overflow_is_never_a_statement() -> None:
    ball = Ball(1e300) * Ball(1e300) - Ball(1e300) * Ball(1e300)
    assert not ball.lower > 0
    assert not ball.upper < 0


def test_dependent_rounding_is_covered() -> None:
    third = Ball.exactly([Fraction(1, 3)])[0]
    assert (third * 3 - 1).contains(Fraction(0))
    assert not (third * 3 - 1).nonzero


def _parts(value: Any) -> tuple[Fraction, Fraction]:
    return Fraction(float(np.real(value))), Fraction(float(np.imag(value)))


def _times(x: tuple[Fraction, ...], y: tuple[Fraction, ...]) -> tuple[Fraction, Fraction]:
    return x[0] * y[0] - x[1] * y[1], x[0] * y[1] + x[1] * y[0]
