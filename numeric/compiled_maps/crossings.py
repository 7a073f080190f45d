"""Where stability changes on segments between parameters: enclosed, for many segments at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array

_SLACK = 4  # iterations more than bisection would take, at most
_PUSH = 0.2  # share of the squared bracket by which a step stays away from the estimate
_OFFSET = 0.3  # share of the tolerance by which it stays away at least
_WIDENINGS = 20  # of a bracket whose unstable end is undecided

# From points, shape (n, 2), to flags (1 stable, 0 not, -1 undecided) and margins, shape (n,).
Judging = Callable[[Array], tuple[Array, Array]]


class Crossings(NamedTuple):
    """Enclosures of points of the boundary, arrays of shape (n, 2).

    Attributes
    ----------
    stable, unstable : ndarray
        Proved to be stable, and proved not to be, no further apart than was asked; NaN where that
        could not be reached.
    """

    stable: Array
    unstable: Array

    @property
    def points(self) -> Array:
        """The points between."""
        middle: Array = (self.stable + self.unstable) / 2
        return middle


def crossings(
    judge: Judging,
    inside: Array,
    outside: Array,
    tolerance: float,
    margins: tuple[Array, Array] | None = None,
) -> Crossings:
    """Enclose where stability ends on segments from stable points to points that are not.

    By the method of Oliveira and Takahashi (2021, "An enhancement of the bisection method average
    performance preserving minmax optimality"): on the margin it converges like a secant method, and
    takes hardly more steps than bisection where the margin says nothing: beyond the end of
    noiseless stability, where it is infinite, segments are halved.

    Parameters
    ----------
    judge : callable
        Judges points; a margin is positive where they are stable.
    inside, outside : ndarray, shape (n, 2)
        Ends of the segments.
    tolerance : float
        How far apart, at most, the two ends of an enclosure are.
    margins : pair of ndarray, shape (n,), optional
        Those at the ends inside and outside, if they are known.
    """
    length = np.linalg.norm(outside - inside, axis=1)
    low, high = np.zeros(len(inside)), np.ones(len(inside))  # shares of the segments
    at_low, at_high = np.ones(len(inside)), -np.ones(len(inside))
    if margins is not None:
        at_low, at_high = np.maximum(_level(margins[0]), 0), np.minimum(_level(margins[1]), 0)
    proved = np.zeros(len(inside), dtype=bool)  # whether the upper end is proved not to be stable
    share = tolerance / np.maximum(length, tolerance)
    most = np.ceil(np.log2(1 / share)).astype(int) + _SLACK

    def along(places: Array, which: Array) -> Array:
        points: Array = inside[which] + places[:, None] * (outside - inside)[which]
        return points

    for step in range(int(most.max(initial=0)) + 1):
        open_ = np.flatnonzero((high - low > share) & (length > 0))
        if not open_.size:
            break
        a, b, fa, fb = low[open_], high[open_], at_low[open_], at_high[open_]
        radius = share[open_] / 2 * 2.0 ** (most[open_] - step) - (b - a) / 2
        t = _next(a, b, fa, fb, radius, _OFFSET * share[open_])
        flags, found = judge(along(t, open_))
        good, levels = flags == 1, _level(found)
        low[open_] = np.where(good, t, a)
        at_low[open_] = np.where(good, np.maximum(levels, 0), fa)
        high[open_] = np.where(good, b, t)
        at_high[open_] = np.where(good, fb, np.minimum(levels, 0))
        proved[open_] = np.where(good, proved[open_], flags == 0)
    _prove(judge, along, high, proved, share)
    stable, unstable = along(low, np.arange(len(low))), along(high, np.arange(len(low)))
    unstable[~proved] = np.nan
    return Crossings(stable, unstable)


def _level(margins: Array) -> Array:
    """Return margins on a scale from -1 to 1, on which steps are taken: 1 / U - 1 for sums U > 1.

    Noise sums have poles, at which their inverses are smooth. Where nothing is known it is -1.
    """
    low = np.where(margins < 0, margins, -np.inf)
    with np.errstate(invalid="ignore"):
        beyond = np.where(np.isinf(low), -1.0, low / (1 - low))
    return np.where(margins >= 0, np.minimum(margins, 1), beyond)


def _next(a: Array, b: Array, fa: Array, fb: Array, radius: Array, least: Array) -> Array:
    """Return the next points to look at, from brackets and the margins at their ends.

    They stay away by ``least`` from where the edge is supposed to be: nearer, error bounds do not
    decide.
    """
    middle = (a + b) / 2
    spread = fa - fb
    with np.errstate(invalid="ignore", divide="ignore"):
        secant = np.where((spread > 0) & (fb > -1), (fa * b - fb * a) / spread, middle)
    side = np.sign(middle - secant)
    push = np.maximum(_PUSH * (b - a) ** 2, least)
    pushed = np.where(push <= np.abs(middle - secant), secant + side * push, middle)
    radius = np.maximum(radius, 0)
    return np.where(np.abs(pushed - middle) <= radius, pushed, middle - side * radius)


def _prove(
    judge: Judging,
    along: Callable[[Array, Array], Array],
    high: Array,
    proved: Array,
    share: Array,
) -> None:
    """Widen brackets until their upper end is not only undecided."""
    for widening in range(_WIDENINGS):
        left = np.flatnonzero(~proved)
        if not left.size:
            return
        further = np.minimum(high[left] + share[left] * 2.0 ** (widening - 4), 1)
        flags, _ = judge(along(further, left))
        high[left], proved[left] = further, flags == 0
