"""Bounds of powers and of their sums, to the last unit, against mpmath."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from mpmath import bernoulli, mp, mpf, zeta

from sgdmem.symbolic.certificates.power_sums import (
    Bounds,
    _bernoulli,
    _beyond_integral,
    _exp,
    _exp_series,
    _log,
    _odd_powers,
    power,
    power_sum,
)

PRECISE = 500  # bits


def real(x: Any) -> mpf:
    return mpf(Fraction(x).numerator) / Fraction(x).denominator


def room(bounds: Bounds, value: mpf) -> float:
    """Return the width in units, of bounds that hold the value."""
    low, high = map(real, bounds.ends)
    assert low <= value <= high
    return float((high - low) * 2**bounds.bits)


def test_products_are_rounded_outward() -> None:
    x = Bounds(-3, 5, 4)
    assert x.scaled(Fraction(1, 2)) == Bounds(-2, 3, 4)
    assert x.scaled(Fraction(-1, 2)) == Bounds(-3, 2, 4)
    assert x.scaled(Fraction(0)) == Bounds(0, 0, 4)
    assert x.minus(Bounds(1, 4, 4)) == Bounds(-7, 4, 4)
    assert x + Bounds(1, 4, 4) == Bounds(-2, 9, 4)
    assert x.rounded(2) == Bounds(-1, 2, 2)
    assert Bounds(-8, 12, 4).rounded(2) == Bounds(-2, 3, 2)
    assert x.ends == (Fraction(-3, 16), Fraction(5, 16))


def test_series_are_rounded_outward() -> None:
    """Of all numbers of few bits, where a unit that is left out shows."""
    with mp.workprec(PRECISE):
        for bits in range(1, 9):
            for k in range(2**bits + 1):
                low, high = (_exp_series(k, bits, up) for up in (False, True))
                assert low <= mp.exp(mpf(k) / 2**bits) * 2**bits <= high <= low + 2 + bits + 3
                if 3 * k <= 2**bits:
                    y = Fraction(k, 2**bits)
                    low, high = (_odd_powers(y, bits, up) for up in (False, True))
                    assert low <= 2 * mp.atanh(real(y)) * 2**bits <= high <= low + 2 + bits
        assert [_exp_series(0, 9, up) for up in (False, True)] == [512, 514]
        assert [_exp_series(1, 9, up) for up in (False, True)] == [513, 514]
        assert [_odd_powers(Fraction(0), 9, up) for up in (False, True)] == [0, 2]
        assert [_odd_powers(Fraction(1, 999), 9, up) for up in (False, True)] == [1, 4]


def test_exponentials_and_logarithms_are_enclosed_closely() -> None:
    with mp.workprec(PRECISE):
        for bits in (5, 9, 40):
            for x in range(-60, 60):
                exact = mp.exp(mpf(x) / 2**bits)
                lost = (4 + bits) * (1 + abs(x) / 2**bits) * exact  # in units of x
                for more in (-bits, 0, 7):
                    found = _exp(Bounds(x, x, bits), bits + more)
                    assert room(found, exact) <= 2 + lost * 2.0**more
            for p, q in ((1, 1), (2, 1), (1, 2), (1, 4), (3, 1), (1, 3), (7, 8), (9, 8),
                         (10**40, 7), (2**64 - 1, 2**64), (2**64, 2**64 - 1),
                         (5, 10**30)):  # fmt: skip
                assert room(_log(Fraction(p, q), bits), mp.log(mpf(p) / q)) <= 2


@pytest.mark.parametrize("bits", [20, 64, 200])
def test_powers_are_enclosed_within_two_units(bits: int) -> None:
    rng = np.random.default_rng(0)
    cases = [
        (Fraction(int(rng.integers(1, 10**6)), int(rng.integers(1, 10**4))),
         Fraction(int(rng.integers(-300, 300)), int(rng.integers(1, 60))))
        for _ in range(20)
    ]  # fmt: skip
    cases += [(Fraction(10**40), Fraction(-(10**5), 3)), (Fraction(1, 9), Fraction(40, 3))]
    near = 1 + Fraction(1, 10**12)
    cases += [(near, Fraction(10**12)), (near, Fraction(-(10**12)) - Fraction(1, 3))]
    with mp.workprec(PRECISE):
        for base, exponent in cases:
            exact = mp.power(real(base), real(exponent))
            assert room(power(base, exponent, bits), exact) <= 2 + exact / 100


@pytest.mark.parametrize("bits", [20, 64])
def test_bounds_of_powers_that_almost_are_units_are_outward(bits: int) -> None:
    """Of a number a millionth of a unit beside a whole count of units."""
    for count in (3, 5, 7, 1 << bits, 3 << bits):
        for side in (-1, 1):
            value = (count + Fraction(side, 10**6)) / 2**bits
            found = power(value * value, Fraction(1, 2), bits)
            assert found.ends[0] <= value <= found.ends[1]
            assert found.high - found.low <= 2 + 2 * value


def test_bernoulli_numbers() -> None:
    assert all(mpf(bernoulli(n)).ae(real(_bernoulli(n))) for n in range(2, 40, 2))


def test_the_formula_for_what_is_beyond_is_enclosed_closely() -> None:
    with mp.workprec(PRECISE):
        for s in (Fraction(1, 3), Fraction(3, 2), Fraction(2), Fraction(7, 3), Fraction(40)):
            for m in (20, 45, 1000):
                exact = zeta(real(s), m) * mp.power(m, real(s)) - m / (real(s) - 1)
                for bits in range(8, 40):
                    low, high = _beyond_integral(s, m, bits)
                    assert real(low) < exact < real(high)
                    assert high - low < Fraction(1, 2**bits)
    low, high = _beyond_integral(Fraction(3), 1, 2)  # whose first term is 1/4, and the second -1/12
    assert (low, high) == (Fraction(2, 3), Fraction(3, 4))


def test_sums_to_infinity_are_enclosed() -> None:
    with mp.workprec(PRECISE):
        for s, first in ((Fraction(3, 2), 1), (Fraction(17, 10), 100), (Fraction(7), 10**6),
                         (Fraction(99), 1), (Fraction(1001, 1000), 1)):  # fmt: skip
            for bits in (8, 120):
                width = room(power_sum(s, first, None, bits), zeta(real(s), first))
                assert width <= 5 + 1 / (s - 1) + max(Fraction(0), bits // 4 + s + 1 - first)
        assert power_sum(Fraction(99), 1, None, 8).high <= 256 + 102


def test_finite_sums_are_enclosed() -> None:
    """By adding, and as the difference of two sums to infinity."""
    with mp.workprec(PRECISE):
        for s in (Fraction(1, 2), Fraction(1), Fraction(3, 2)):
            exact, terms = mpf(0), {2: mpf(0)}
            for k in range(3, 200):
                exact += mp.power(k, -real(s))
                terms[k] = exact
            for last in (3, 4, 26, 27, 28, 29, 30, 199):
                width = room(power_sum(s, 3, last, 100), terms[last])
                assert width <= min(last - 2, 30) * 2 + 10
