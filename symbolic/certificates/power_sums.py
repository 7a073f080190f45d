r"""Bounds of sums of powers of integers, in whole numbers alone.

A number x is held as bounds ``(low, high)`` of :math:`2^{bits}x`; each division is rounded down for
the one and up for the other. Sums to infinity are Euler and Maclaurin's formula, for :math:`s>1`
and :math:`m=a+n`

.. math::
    \sum_{k\ge a}k^{-s}=\sum_{k=a}^{m-1}k^{-s}+m^{-s}\Bigl(\frac m{s-1}+\frac12
    +\sum_{j=1}^J\frac{B_{2j}}{(2j)!}s(s+1)\cdots(s+2j-2)\,m^{1-2j}+R\Bigr),

where R is between 0 and the first term that is left out. Of two such values the difference is a
finite sum, for every :math:`s>0`; at :math:`s=1` with :math:`-\log m` in the place of the integral.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache, lru_cache
from math import ceil, comb, floor
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
        low, high = sorted((factor * self.low, factor * self.high))
        return Bounds(floor(low), ceil(high), self.bits)

    def rounded(self, bits: int) -> Bounds:
        """Return bounds of fewer bits."""
        down = self.bits - bits
        return Bounds(_shifted(self.low, down, False), _shifted(self.high, down, True), bits)

    @property
    def ends(self) -> tuple[Fraction, Fraction]:
        """The bounds as numbers."""
        return Fraction(self.low, 1 << self.bits), Fraction(self.high, 1 << self.bits)


def _divided(x: int, y: int, up: bool) -> int:
    """Return a quotient rounded down, or up."""
    return -(-x // y) if up else x // y


def _shifted(x: int, bits: int, up: bool) -> int:
    """Return a quotient by 2^bits rounded down, or up."""
    return -(-x >> bits) if up else x >> bits


def power(base: Fraction, exponent: Fraction, bits: int) -> Bounds:
    r"""Return bounds of a positive rational number to a rational power.

    Examples
    --------
    >>> low, high = power(Fraction(2), Fraction(1, 2), 64).ends
    >>> low**2 < 2 < high**2, high - low < Fraction(1, 2**62)
    (True, True)
    """
    size = ceil(abs(exponent)).bit_length()
    exact = _log(base, bits + 16 + size - size % -8).scaled(exponent)  # of few lengths, to be kept
    spare = max(0, -(exact.high >> exact.bits))  # bits that a small power has not
    return _exp(exact.rounded(max(exact.bits - spare, min(exact.bits, 64 + size))), bits)


@lru_cache(maxsize=4096)
def _log(x: Fraction, bits: int) -> Bounds:
    shift = x.numerator.bit_length() - x.denominator.bit_length()
    if x < Fraction(2) ** shift:
        shift -= 1
    rest = x / Fraction(2) ** shift  # from 1 to 2
    found = _two_atanh((rest - 1) / (rest + 1), bits + 16)
    return (found + _log_two(bits + 16).scaled(Fraction(shift))).rounded(bits)


@lru_cache
def _log_two(bits: int) -> Bounds:
    return _two_atanh(Fraction(1, 3), bits)


def _two_atanh(y: Fraction, bits: int) -> Bounds:
    """Return bounds of log((1 + y) / (1 - y)), 0 <= y <= 1/3."""
    return Bounds(_odd_powers(y, bits, False), _odd_powers(y, bits, True), bits)


def _odd_powers(y: Fraction, bits: int, up: bool) -> int:
    """Return the sum of 2 y^n / n, n = 1, 3, ..., rounded down, or up."""
    term = _divided(y.numerator << (bits + 1), y.denominator, up)
    square = _divided(y.numerator**2 << bits, y.denominator**2, up)
    total, n = 0, 1
    while term > up:
        total += _divided(term, n, up)
        term = _shifted(term * square, bits, up)
        n += 2
    return total + 2 * up  # of terms up to 1 the sum is at most 1 + 1/9 + ...


def _exp(x: Bounds, bits: int) -> Bounds:
    """Return bounds of the exponential, in units of their own."""
    two = _log_two(x.bits)
    shift = min(x.low // two.low, x.low // two.high)
    rest = x.minus(two.scaled(Fraction(shift)))
    unit = Fraction(2) ** (shift + bits - x.bits)
    low, high = _exp_series(rest.low, x.bits, False), _exp_series(rest.high, x.bits, True)
    return Bounds(floor(low * unit), ceil(high * unit), bits)


def _exp_series(x: int, bits: int, up: bool) -> int:
    """Return the exponential of x, from 0 to 1 in units of 2^-bits, in the same, rounded."""
    total, term, n = 0, 1 << bits, 1
    while term > up:
        total += term
        term = _divided(_shifted(term * x, bits, up), n, up)
        n += 1
    return total + 2 * up  # of terms up to 1 the sum is at most 1 + 1/2 + 1/6 + ...


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
    return bits // 4 + ceil(exponent)


def _direct(exponent: Fraction, indices: range, bits: int) -> Bounds:
    total = Bounds(0, 0, bits)
    for k in indices:
        total = total + power(Fraction(k), -exponent, bits)
    return total


def _beyond(s: Fraction, first: int, bits: int) -> Bounds:
    """Return the sum from ``first`` on; for s <= 1 what differences do not see is left out."""
    start = max(first, _few(s, bits))
    total = _direct(s, range(first, start), bits)
    low, high = _beyond_integral(s, start, bits)
    if s == 1:
        total = total.minus(_log(Fraction(start), bits))
    else:
        low, high = low + start / (s - 1), high + start / (s - 1)
    end = power(Fraction(start), -s, bits + start.bit_length())
    rest = Bounds(end.scaled(low).low, end.scaled(high).high, end.bits)
    return total + rest.rounded(bits)


def _beyond_integral(s: Fraction, m: int, bits: int) -> tuple[Fraction, Fraction]:
    """Return bounds, closer than 2^-bits, of what follows m / (s - 1) in brackets."""
    total, factor, n = Fraction(1, 2), s / m / 2, 2
    while abs(term := factor * _bernoulli(n)) >= Fraction(1, 1 << bits):
        total += term
        factor *= (s + n - 1) * (s + n) / ((n + 1) * (n + 2) * m**2)
        n += 2
    return min(total, total + term), max(total, total + term)


@cache
def _bernoulli(n: int) -> Fraction:
    """Return Bernoulli's number of an even n > 0."""
    before = (comb(n + 1, k) * _bernoulli(k) for k in range(2, n, 2))
    return -sum(before, Fraction(1 - n, 2)) / (n + 1)
