r"""Bounds of sums of powers of integers, in whole numbers alone.

A number x is held as bounds ``(low, high)`` of :math:`2^{bits}x`. Sums to infinity are Euler and
Maclaurin's formula, for :math:`s>1` and :math:`m=a+n`

.. math::
    \sum_{k\ge a}k^{-s}=\sum_{k=a}^{m-1}k^{-s}+\frac{m^{1-s}}{s-1}+\frac{m^{-s}}2
    +\sum_{j=1}^J\frac{B_{2j}}{(2j)!}s(s+1)\cdots(s+2j-2)\,m^{-s-2j+1}+R,

where R is between 0 and the first term that is left out. Of two such values the difference is a
finite sum, for every :math:`s>0`; at :math:`s=1` with :math:`-\log m` in the place of the integral.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache, lru_cache
from math import comb
from typing import NamedTuple


class Bounds(NamedTuple):
    """Bounds of a number in units of 2^-bits."""

    low: int
    high: int
    bits: int

    def __add__(self, other: Bounds) -> Bounds:  # type: ignore[override]
        return Bounds(self.low + other.low, self.high + other.high, self.bits)

    def minus(self, other: Bounds) -> Bounds:
        """Return the difference."""
        return Bounds(self.low - other.high, self.high - other.low, self.bits)

    def scaled(self, factor: Fraction) -> Bounds:
        """Return the product with a rational number."""
        ends = [factor.numerator * end for end in (self.low, self.high)]
        if factor < 0:
            ends.reverse()
        below, above = ends[0] // factor.denominator, -(-ends[1] // factor.denominator)
        return Bounds(below, above, self.bits)

    @property
    def ends(self) -> tuple[Fraction, Fraction]:
        """The bounds as numbers."""
        return Fraction(self.low, 1 << self.bits), Fraction(self.high, 1 << self.bits)


def rounded(x: Bounds, bits: int) -> Bounds:
    """Return bounds of fewer bits."""
    down = x.bits - bits
    return Bounds(x.low >> down, -(-x.high >> down), bits)


def power(base: Fraction, exponent: Fraction, bits: int) -> Bounds:
    r"""Return bounds of a positive rational number to a rational power.

    Examples
    --------
    >>> low, high = power(Fraction(2), Fraction(1, 2), 64).ends
    >>> low**2 < 2 < high**2, high - low < Fraction(1, 2**55)
    (True, True)
    """
    logarithm = _log(base, bits + 16 + abs(exponent.numerator // exponent.denominator).bit_length())
    return _exp(logarithm.scaled(exponent), bits)


def _log(x: Fraction, bits: int) -> Bounds:
    shift = x.numerator.bit_length() - x.denominator.bit_length()
    rest = x / Fraction(2) ** shift  # between 1/2 and 2
    return _two_atanh((rest - 1) / (rest + 1), bits) + _log_two(bits).scaled(Fraction(shift))


@lru_cache
def _log_two(bits: int) -> Bounds:
    return _two_atanh(Fraction(1, 3), bits)


def _two_atanh(y: Fraction, bits: int) -> Bounds:
    """Return bounds of log((1 + y) / (1 - y)), |y| <= 1/3, by its series."""
    extra = bits + 16
    first = (abs(y.numerator) << extra) // y.denominator  # at most one unit below
    square = (first * first) >> extra
    total, term, n = 0, first, 1
    while term:
        total += term // n
        term = (term * square) >> extra
        n += 2
    # each of the n / 2 terms is at most 4 units below, and what is left out is below 2
    low, high = 2 * total, 2 * total + 4 * n + 8
    low, high = low >> 16, -(-high >> 16)
    return Bounds(-high, -low, bits) if y < 0 else Bounds(low, high, bits)


def _exp(x: Bounds, bits: int) -> Bounds:
    """Return bounds of the exponential, to ``bits`` below 1; x has more bits than that."""
    two = _log_two(x.bits)
    shift = x.low // two.high
    rest = x.minus(two.scaled(Fraction(shift)))
    ends = [_exp_series(end, x.bits) for end in (rest.low, rest.high)]
    down = x.bits - bits - shift
    if down < 0:
        return Bounds(ends[0][0] << -down, ends[1][1] << -down, bits)
    return Bounds(ends[0][0] >> down, -(-ends[1][1] >> down), bits)


def _exp_series(x: int, bits: int) -> tuple[int, int]:
    """Return bounds of exp(x) for x of units 2^-bits, in the same units."""
    total, term, n = 0, 1 << bits, 0
    while term not in (0, -1):
        total += term
        n += 1
        term = ((term * x) >> bits) // n
    # a term is below its value by at most 2 units and what it inherits; the rest is below 4
    return total - 2 * n - 4, total + 3 * n + 8


def power_sum(exponent: Fraction, first: int, last: int | None, bits: int) -> Bounds:
    r"""Return bounds of :math:`\sum_{k=first}^{last}k^{-s}`; to infinity if ``last`` is None.

    Examples
    --------
    >>> low, high = power_sum(Fraction(2), 1, None, 80).ends
    >>> round(float(low), 12), high - low < Fraction(1, 2**60)
    (1.644934066848, True)
    """
    if last is not None and last - first < _few(exponent, bits):
        return _direct(exponent, range(first, last + 1), bits)
    found = _beyond(exponent, first, bits)
    return found if last is None else found.minus(_beyond(exponent, last + 1, bits))


def _few(exponent: Fraction, bits: int) -> int:
    """Return how far beyond 0 the formula converges to the bits."""
    return bits // 4 + int(exponent) + 8


def _direct(exponent: Fraction, indices: range, bits: int) -> Bounds:
    total = Bounds(0, 0, bits)
    for k in indices:
        total = total + power(Fraction(k), -exponent, bits)
    return total


def _beyond(s: Fraction, first: int, bits: int) -> Bounds:
    """Return the sum from ``first`` on; for s <= 1 what differences do not see is left out."""
    start = max(first, _few(s, bits))
    total = _direct(s, range(first, start), bits)
    end = power(Fraction(start), -s, bits + start.bit_length())
    if s == 1:
        total = total.minus(_log(Fraction(start), bits))
    else:
        total = total + rounded(end.scaled(start / (s - 1)), bits)
    end = rounded(end, bits)
    total = total + end.scaled(Fraction(1, 2))
    factor, unit = s / start / 2, Fraction(1, 1 << bits)
    for j in range(1, bits + 1):
        term = factor * _bernoulli(2 * j)
        if abs(term) * end.ends[1] < unit:
            reach = abs(end.scaled(term).low) + abs(end.scaled(term).high) + 1
            return total + Bounds(-reach, reach, bits)
        total = total + end.scaled(term)
        factor *= (s + 2 * j - 1) * (s + 2 * j) / ((2 * j + 1) * (2 * j + 2) * start**2)
    raise AssertionError("Euler and Maclaurin's formula begins far enough")


@cache
def _bernoulli(n: int) -> Fraction:
    if n == 0:
        return Fraction(1)
    if n > 1 and n % 2:
        return Fraction(0)
    return -sum((comb(n + 1, k) * _bernoulli(k) for k in range(n)), Fraction(0)) / (n + 1)
