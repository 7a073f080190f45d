"""Arrays of numbers with rigorous error bounds (midpoint-radius balls in double precision).

A `Ball` holds an array of midpoints, real or complex, and an array of radii; the exact value of
every entry lies within its radius of its midpoint. Each operation adds the rounding error of its
own result to the radii it propagates, so a statement read off a ball is a theorem about the exact
input. An overflow or a division by a ball that contains zero gives an infinite radius, for which
every comparison is false: it can make an answer undecided but never wrong.

The bounds used (u = 2**-53): a real operation errs by at most ``u |result|``, a complex product by
``sqrt(5) u |result|`` (R. Brent, C. Percival and P. Zimmermann, Math. Comp. 76 (2007)), a complex
quotient by Smith's method by less than ``10 u |result|``; underflow adds the smallest subnormal. A
radius is itself computed in floating point, at most ten operations deep, from a quotient that may
err by 10 u, hence the factor 1 + 32 u.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sgdmem.numeric.arithmetic.rounding import OPERATION_INFLATE, OPERATION_TINY, UNIT
from sgdmem.symbolic.algebra.scalars import to_float

Array: TypeAlias = NDArray[Any]
_MOST_WHOLE = 2**53  # up to it all integers are floats
_MOST_BELOW = 2**62  # a denominator
# The C library of Linux gives memory back when it is freed, and each page of the next array is
# cleared anew, which takes longer than what is computed; once so much was freed it keeps it.
np.empty(2**21)


class Ball:
    """An array of enclosures; supports ``+ - * /`` with balls, arrays, ints and floats.

    Parameters
    ----------
    mid : array_like
        Midpoints, real or complex; integers must be floats, too.
    rad : array_like
        Radii >= 0, broadcast against the midpoints.

    Examples
    --------
    >>> third = 1 / Ball(3.0)
    >>> third.contains(Fraction(1, 3)), float(third.rad) < 1e-16
    (True, True)
    """

    __slots__ = ("mid", "rad")
    __array_ufunc__ = None  # arrays leave mixed operations to us

    def __init__(self, mid: Any, rad: Any = 0.0) -> None:
        self.mid: Array = np.asarray(mid)
        if self.mid.dtype.kind not in "fc":
            self.mid = self.mid.astype(float)  # products of NumPy's integers are cut at 64 bits
        self.rad: Array = np.asarray(rad, dtype=np.float64)

    @classmethod
    def exactly(cls, values: Iterable[Fraction], radii: Iterable[Fraction] | None = None) -> Ball:
        """Enclose a list of rational numbers, or of numbers within ``radii`` of them."""
        values = list(values)
        if radii is None and all(type(value) is Fraction for value in values):
            exact = _short_floats(values)
            if exact is not None:
                return cls(exact, np.zeros(exact.size))
        extra = [Fraction(0)] * len(values) if radii is None else list(radii)
        mid = np.array([to_float(value) for value in values], dtype=np.float64)
        rad = [_distance(*entry) for entry in zip(values, mid, extra, strict=True)]
        return cls(mid, np.array(rad, dtype=np.float64))

    # Arithmetic ---------------------------------------------------------------------------------

    def __neg__(self) -> Ball:
        return Ball(-self.mid, self.rad)

    def __add__(self, other: Any) -> Ball:
        other = _as_ball(other)
        with np.errstate(all="ignore"):
            mid = self.mid + other.mid
            return Ball(mid, OPERATION_INFLATE * (self.rad + other.rad + UNIT * np.abs(mid)))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Ball:
        return self + -_as_ball(other)

    def __rsub__(self, other: Any) -> Ball:
        return _as_ball(other) - self

    def __mul__(self, other: Any) -> Ball:
        other = _as_ball(other)
        with np.errstate(all="ignore"):
            mid = self.mid * other.mid
            spread = np.abs(self.mid) * other.rad + self.rad * (np.abs(other.mid) + other.rad)
            rounding = _rounding(mid, 3.0) * np.abs(mid)
            return Ball(mid, OPERATION_INFLATE * (spread + rounding + OPERATION_TINY))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Ball:
        other = _as_ball(other)
        with np.errstate(all="ignore"):
            mid = self.mid / other.mid
            # |a'/b' - a/b| <= (r_a + |a/b| r_b) / (|b| - r_b)
            room = np.abs(other.mid) * (1 - 4 * UNIT) - other.rad
            quotient = np.abs(mid) + OPERATION_TINY
            # the product may underflow before it is divided by a small room
            spread = (self.rad + (quotient * other.rad + OPERATION_TINY)) / room
            rad = OPERATION_INFLATE * (spread + _rounding(mid, 12.0) * np.abs(mid) + OPERATION_TINY)
            return Ball(mid, np.where((room > 0) & np.isfinite(room), rad, np.inf))

    def __rtruediv__(self, other: Any) -> Ball:
        return _as_ball(other) / self

    # Views --------------------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> Ball:
        alike = self.rad.shape == self.mid.shape
        rad = self.rad if alike else np.broadcast_to(self.rad, self.mid.shape)
        return Ball(self.mid[index], rad[index])

    def where(self, mask: Array) -> Ball:
        """Return the entries where a mask holds, and exactly 0 elsewhere."""
        return Ball(np.where(mask, self.mid, 0.0), np.where(mask, self.rad, 0.0))

    def sum(self) -> Ball:
        """Sum along the last axis."""
        with np.errstate(all="ignore"):
            mid = np.ascontiguousarray(self.mid)
            rad = np.ascontiguousarray(np.broadcast_to(self.rad, mid.shape)).sum(axis=-1)
            # NumPy adds halves of contiguous rows, fewer than 64 times, down to 128 entries
            depth = min(mid.shape[-1], 192)
            rounding = 2 * depth * UNIT * (np.abs(mid).sum(axis=-1) + rad)
            return Ball(mid.sum(axis=-1), rad + rounding)

    # What can be said for sure ------------------------------------------------------------------

    @property
    def lower(self) -> Array:
        """A lower bound of every (real) entry; -inf where nothing is known."""
        with np.errstate(all="ignore"):
            bound = np.nextafter(self.mid - self.rad, -np.inf)
        return np.where(np.isnan(bound), -np.inf, bound)

    @property
    def upper(self) -> Array:
        """An upper bound of every (real) entry; inf where nothing is known."""
        with np.errstate(all="ignore"):
            bound = np.nextafter(self.mid + self.rad, np.inf)
        return np.where(np.isnan(bound), np.inf, bound)

    @property
    def magnitude(self) -> Array:
        """An upper bound of the absolute value of every entry; inf where nothing is known."""
        with np.errstate(all="ignore"):
            bound = OPERATION_INFLATE * (np.abs(self.mid) + self.rad)
        return np.where(np.isnan(bound), np.inf, bound)

    @property
    def nonzero(self) -> Array:
        """Where the ball certainly does not contain zero."""
        with np.errstate(all="ignore"):
            return np.abs(self.mid) * (1 - 4 * UNIT) > self.rad

    def contains(self, value: Fraction) -> bool:
        """Whether a single real ball contains an exact value."""
        return abs(Fraction(float(self.mid)) - value) <= Fraction(float(self.rad))

    def __repr__(self) -> str:
        return f"Ball({self.mid!r}, {self.rad!r})"


def _as_ball(value: Any) -> Ball:
    if isinstance(value, Ball):
        return value
    is_long = isinstance(value, int) and abs(value) > _MOST_WHOLE
    if is_long or isinstance(value, Fraction):
        return Ball.exactly([Fraction(value)])[0]
    return Ball(value)


def _short_floats(values: list[Fraction]) -> Array | None:
    """Return numbers that are floats, none of them tiny, at once; None for others.

    A map has thousands, of which each is asked in every chunk.
    """
    tops, bottoms = [x.numerator for x in values], [x.denominator for x in values]
    if not values or max(bottoms) > _MOST_BELOW or max(map(abs, tops)) > _MOST_WHOLE:
        return None
    below = np.array(bottoms, dtype=np.int64)
    return None if (below & (below - 1)).any() else np.array(tops, dtype=float) / below


def _distance(value: Fraction, center: float, extra: Fraction) -> float:
    if not math.isfinite(center):
        return math.inf
    if not extra and center.as_integer_ratio() == value.as_integer_ratio():
        return 0.0  # at once: a map has thousands of floats
    gap = abs(Fraction(value) - Fraction(float(center))) + extra
    return math.nextafter(float(gap), math.inf)


def _rounding(mid: Array, complex_units: float) -> float:
    return complex_units * UNIT if np.iscomplexobj(mid) else UNIT
