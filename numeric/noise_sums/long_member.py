"""One algorithm of long memory, whatever the factor of its gradients: intervals and poles."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.noise_sums.summand_poles import SummandPoles
from sgdmem.symbolic.algebra.polynomials import TransferPolynomials
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, half_plane_form, summands
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.stability.poles import intervals_of_form

MOST_COEFFICIENTS = 32  # with which the recursion in floats says something
_SHARP, _OF_DISKS = 1e-12, 1.0  # relative errors that poles may leave: of a mode, on a disk
_CACHED = 64


@dataclass(frozen=True)
class LongMember:
    """One algorithm of long memory, up to a factor of Q.

    Attributes
    ----------
    intervals : tuple
        Of the drift, in which it is strictly Schur: enclosures of both ends.
    summand : SummandPoles or None
        None where two poles coincide, or do not tell all of the summand.
    form : HalfPlaneForm
        For modes of which the poles do not tell.
    """

    intervals: tuple[Any, ...]
    summand: SummandPoles | None
    form: HalfPlaneForm

    @cached_property
    def in_floats(self) -> HalfPlaneForm:
        """The form in plain floats."""
        return self.form.map(to_float)

    @cached_property
    def _in_balls(self) -> HalfPlaneForm:
        return self.form.map(lambda x: Ball.exactly([x]))

    @cached_property
    def float_intervals(self) -> Array:
        """The ends of the intervals as floats, in one ascending row."""
        ends = [to_float(end) for lower, upper in self.intervals for end in (lower[0], upper[1])]
        return np.array(ends)

    @cached_property
    def certain(self) -> tuple[Array, Array]:
        """Floats within the ends of intervals, and beyond them: rows of lower and upper ones."""
        rows: list[list[float]] = [[], [], [], []]
        for lower, upper in self.intervals:
            ends = (lower[1], upper[0], lower[0], upper[1])
            for row, value, up in zip(rows, ends, (True, False, False, True), strict=True):
                row.append(_rounded(value, up))
        return np.array(rows[:2]), np.array(rows[2:])

    def schur(self, drift: Ball) -> Array:
        """Return 1 where P - mu Q certainly is strictly Schur, -1 where it certainly is not."""
        low, high = drift.lower[:, None], drift.upper[:, None]
        (lows, highs), (far_lows, far_highs) = self.certain
        inside = ((low > lows) & (high < highs)).any(axis=1)
        outside = ((high <= far_lows) | (low >= far_highs)).all(axis=1) & (low[:, 0] > 0)
        return np.where(inside, 1, np.where(outside, -1, 0)).astype(np.int8)

    def responses(self, lam: Ball, drift: Ball, weight: Ball | None) -> list[Ball]:
        """Return the weight, by default ``lam``, times the sums of squares, at both points."""
        by_poles = [] if self.summand is None else self.summand.responses(lam, drift, weight)
        least = _SHARP if (drift.rad <= _SHARP * drift.mid).all() else _OF_DISKS
        hopeless = len(self.form.Q) > MOST_COEFFICIENTS
        if by_poles and (hopeless or all(is_sharp(ball, least).all() for ball in by_poles)):
            return by_poles
        # where weights of close poles cancel
        _, *recursive = summands(self._in_balls, drift, lam if weight is None else weight)
        if not by_poles:
            return recursive
        return [_closer(x, y) for x, y in zip(by_poles, recursive, strict=True)]

    def is_schur(self, drift: Array) -> Array:
        """Return where it is strictly Schur, without error bounds."""
        return np.asarray(np.searchsorted(self.float_intervals, drift) % 2 == 1)


@lru_cache(_CACHED)
def long_member(polynomials: TransferPolynomials, shrink: Fraction) -> LongMember:
    """Return the member of exact polynomials, where w shrinks or not."""
    form = half_plane_form(polynomials, shrink)
    intervals = intervals_of_form(polynomials.P, polynomials.Q, form)
    return LongMember(intervals, SummandPoles.of(polynomials), form)


def is_sharp(ball: Ball, least: float = _SHARP) -> Array:
    """Return which entries are known to a relative error."""
    return np.asarray(ball.rad <= least * np.abs(ball.mid))


def _closer(left: Ball, right: Ball) -> Ball:
    """Return the closer one of two enclosures of each entry."""
    better = ~(left.rad <= right.rad)
    return Ball(np.where(better, right.mid, left.mid), np.where(better, right.rad, left.rad))


def _rounded(value: Fraction, up: bool) -> float:
    """Return a float on one side of a number."""
    found = to_float(value)
    if np.isinf(found) or (found >= value if up else found <= value):
        return found
    return float(np.nextafter(found, np.inf if up else -np.inf))
