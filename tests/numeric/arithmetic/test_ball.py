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
    # the quotient underflows, the division by a room that is smaller than a divisor does not
    small, wide = Ball(1e-315), Ball(1e10, 1e10 * (1 - 1e-6))
    farthest = Fraction(1e-315) / (Fraction(1e10) - Fraction(float(wide.rad)))
    assert (small / wide).contains(farthest)
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


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
def test_floats_are_exact(values: list[float]) -> None:
    ball = Ball.exactly(map(Fraction, values))
    assert ball.mid.tolist() == values and not ball.rad.any()


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
    assert ball.rad >= 0
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


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("signs", [(1, 1), (1, -1), (-1, 1), (-1, -1)])
def test_wide_balls_hold_their_corners_and_little_more(
    operation: Callable[[Any, Any], Any], signs: tuple[int, int]
) -> None:
    """Exact numbers: nothing is rounded, and the radius is that of the corners."""
    for mid_a, rad_a, mid_b, rad_b in ((3, 2, 5, 1), (1, 1, 2, 0.5), (0, 1, 4, 2), (6, 0, 3, 1)):
        a, b = signs[0] * mid_a, signs[1] * mid_b
        ball = operation(Ball(float(a), rad_a), Ball(float(b), rad_b))
        corners = [
            operation(Fraction(x), Fraction(y))
            for x in (a - rad_a, a + rad_a)
            for y in (b - rad_b, b + rad_b)
        ]
        assert all(ball.contains(corner) for corner in corners)
        farthest = max(abs(corner - Fraction(float(ball.mid))) for corner in corners)
        assert float(ball.rad) <= float(farthest) * (1 + 1e-14) + 1e-15


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_is_exact_stays_sharp(operation: Callable[[Any, Any], Any]) -> None:
    """Of exact numbers the radius is that of one rounding, a few of complex numbers."""
    rng = np.random.default_rng(0)
    for x, y in rng.uniform(0.5, 2, (50, 2)):
        real = operation(Ball(x), Ball(y))
        assert real.rad <= 1.01 * 2**-53 * abs(real.mid)
        assert real.contains(operation(Fraction(x), Fraction(y)))
        turned = operation(Ball(x * (1 + 2j)), Ball(y * (2 - 1j)))
        assert turned.rad <= 12.01 * 2**-53 * abs(turned.mid)


def test_radii_far_below_their_numbers() -> None:
    """Subnormal radii, and products that underflow, are held."""
    for ball, value in (
        (Ball(1e-200) * Ball(1e-200), Fraction(1e-200) ** 2),
        (Ball(1e-200, 1e-200) * Ball(0.0, 1e-200), Fraction(2e-200) * Fraction(1e-200)),
        (Ball(1e-300) / Ball(1e300), Fraction(1e-300) / Fraction(1e300)),
        (Ball(0.0, 5e-324) / Ball(2.0), Fraction(5e-324) / 2),
    ):
        assert ball.contains(value)
        assert ball.rad < 1e-300


def test_mixed_operands() -> None:
    half = Ball(0.5, 0.25)
    for ball, mid, rad in (
        (1 - half, 0.5, 0.25),
        (half - 1, -0.5, 0.25),
        (1 + half, 1.5, 0.25),
        (half + 1, 1.5, 0.25),
        (2 * half, 1, 0.5),
        (half * 2, 1, 0.5),
        (half / 2, 0.25, 0.125),
        (1 / half, 2, 2),
        (-half, -0.5, 0.25),
    ):
        assert float(ball.mid) == mid
        assert rad <= float(ball.rad) <= rad * (1 + 1e-14) + 3e-16
    third = Ball(np.array([1.0, 2.0])) * Fraction(1, 3)
    assert all(third[i].contains(Fraction(i + 1, 3)) for i in range(2))
    assert (np.array([1.0, 2.0]) - half).mid.tolist() == [0.5, 1.5]
    assert repr(half) == "Ball(array(0.5), array(0.25))"


@pytest.mark.parametrize("whole", [2**53 + 1, -(2**62) - 1, 10**100 + 1])
def test_long_integers_are_no_floats(whole: int) -> None:
    third = Fraction(0.1)
    for found, exact in (
        (Ball(0.1) * whole, third * whole),
        (whole / Ball(0.1), whole / third),
        (Ball(0.1) + whole, third + whole),
    ):
        assert found.mid.dtype == float and found.contains(exact)
        assert float(found.rad) < 1e-15 * abs(float(found.mid))


def test_integers_are_not_cut_at_64_bits() -> None:
    for ball, exact in (
        (Ball(2**40) * 2**40, 2**80),
        (Ball(np.array([3**33]))[0] * 3**33, 3**66),
        (Ball(2**52) + 2**52 * Ball(2**11), 2**52 + 2**63),
    ):
        assert ball.contains(Fraction(exact)) and ball.rad < 1e-14 * exact
    assert (Ball(1.0) * 2**1100).lower == -np.inf  # no float is near


def test_bounds_of_entries() -> None:
    ball = Ball(np.array([1.0, -2.0, np.nan, 5.0]), np.array([0.5, 0.25, 1.0, np.nan]))
    assert ball.lower.tolist() == [np.nextafter(0.5, 0), np.nextafter(-2.25, -3), -np.inf, -np.inf]
    assert ball.upper.tolist() == [np.nextafter(1.5, 2), np.nextafter(-1.75, 0), np.inf, np.inf]
    assert ball.magnitude[:2].tolist() == pytest.approx([1.5, 2.25], rel=1e-14)
    assert (ball.magnitude[:2] > [1.5, 2.25]).all()
    assert ball.magnitude[2:].tolist() == [np.inf, np.inf]
    assert ball.nonzero.tolist() == [True, True, False, False]
    assert Ball(np.array([1.0, 1.0, -1.0]), np.array([0.999, 1.0, 1.001])).nonzero.tolist() == [
        True, False, False
    ]  # fmt: skip
    assert not Ball(1.0, 1 - 2.0**-51).nonzero  # a midpoint may be rounded
    assert Ball(1.0, 1 - 2.0**-50).nonzero
    assert Ball(3.0, 2.0).contains(Fraction(5))
    assert Ball(3.0, 2.0).contains(Fraction(1))
    assert not Ball(3.0, 2.0).contains(Fraction(5) + Fraction(1, 10**20))
    assert not Ball(3.0, 2.0).contains(Fraction(1) - Fraction(1, 10**20))


def test_enclosures_of_exact_numbers() -> None:
    values = [Fraction(1, 2), Fraction(1, 3), Fraction(10) ** 400, Fraction(0)]
    ball = Ball.exactly(values)
    assert ball.rad[0] == ball.rad[3] == 0
    assert 0 < ball.rad[1] < 2**-54
    assert ball.rad[2] == np.inf
    within = Ball.exactly([Fraction(1, 2), Fraction(1, 3)], [Fraction(1, 4), Fraction(1, 3)])
    assert within.rad.tolist() == [np.nextafter(0.25, 1), pytest.approx(1 / 3)]
    assert within[1].contains(Fraction(0))
    assert within[1].contains(Fraction(2, 3))


def test_sums_of_rows() -> None:
    """Rounding errors of sums are held, along the last axis, also of broadcast radii."""
    rng = np.random.default_rng(1)
    for size in (1, 2, 100, 1000):
        values = rng.normal(size=(2, size)) * 10.0 ** rng.integers(-8, 8, (2, size))
        total = Ball(values, 1e-3).sum()
        for row in range(2):
            exactly = sum(map(Fraction, values[row].tolist()), Fraction(0))
            assert total[row].contains(exactly + size * Fraction(1e-3))
            assert total[row].contains(exactly - size * Fraction(1e-3))
            assert not total[row].contains(exactly + size * Fraction(1.01e-3) + Fraction(1, 10**3))
    radii = rng.uniform(size=(20, 300))
    held = Ball(np.zeros((20, 300)), radii).sum()
    for row in range(20):  # the sum of radii is rounded, too
        assert held[row].contains(sum(map(Fraction, radii[row].tolist()), Fraction(0)))
    large = Ball(np.full(20_000, 0.1)).sum()  # no error of one addition grows with all of them
    assert large.contains(20_000 * Fraction(0.1))
    assert large.rad < 700 * 2**-53 * 2000


def test_divisors_at_the_edge_of_their_radius() -> None:
    for mid, rad in ((1.0, 1.0), (1.0, 1 - 2**-53), (np.nan, 0.0), (np.inf, 0.0)):
        assert (1 / Ball(mid, rad)).rad == np.inf
    near = 1 / Ball(1.0, 1 - 1e-6)
    assert near.contains(1 / Fraction(2))
    assert near.upper >= 1e6
    assert near.rad < 1.001e6
