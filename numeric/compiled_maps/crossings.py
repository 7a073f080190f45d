"""Where stability changes on segments between parameters: enclosed, for many segments at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array

_SLACK = 4  # iterations more than bisection would take, at most
_PUSH = 0.2  # share of the squared bracket by which a step stays away from the estimate
_OFFSET = 0.3  # share of the tolerance by which it stays away at least
_WIDENINGS = 20  # of a bracket whose unstable end is undecided
_ESTIMATED = 0.05  # share of the tolerance to which estimates find an edge
_FURTHER = 8  # times that distance, if they are on one side
_BESIDE = 0.45  # share of it at which verdicts are asked then, on both sides

# From points, shape (n, 2), to flags (1 stable, 0 not, -1 undecided) and margins, shape (n,).
Judging = Callable[[Array], tuple[Array, Array]]


@dataclass(frozen=True)
class WithEstimates:
    """What judges points, and margins in plain floats that take less time than verdicts.

    Attributes
    ----------
    verdicts : callable
    margins : callable
        From points, shape (n, 2), to margins, shape (n,); NaN where none is known.
    """

    verdicts: Judging
    margins: Callable[[Array], Array]

    def __call__(self, points: Array) -> tuple[Array, Array]:
        """Judge points."""
        return self.verdicts(points)


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

    def put(which: Array, t: Array, flags: Array, levels: Array) -> None:
        """Narrow brackets to points within that were judged."""
        good = flags == 1
        for side, at, places, some in (
            (low, at_low, which[good], good),
            (high, at_high, which[~good], ~good),
        ):
            side[places] = t[some]
            at[places] = np.maximum(levels[some], 0) if side is low else np.minimum(levels[some], 0)
        proved[which[~good]] = flags[~good] == 0

    if isinstance(judge, WithEstimates):
        known = np.flatnonzero(length > tolerance)
        edge = _estimated(judge.margins, along, known, (low, high, at_low, at_high), share)
        for sign in (-1, 1):
            left, reach = np.arange(len(known)), _BESIDE
            while left.size:
                places, t = known[left], edge[left] + sign * reach * share[known[left]]
                beside = (low[places] < t) & (t < high[places])  # and not NaN
                left, places, t = left[beside], places[beside], t[beside]
                if not left.size:
                    break
                flags, found = judge(along(t, places))
                put(places, t, flags, _level(found))
                left = left[(flags == 1) == (sign == 1)]  # estimates were off by more than that
                reach *= _FURTHER
    for step in range(int(most.max(initial=0)) + 1):
        open_ = np.flatnonzero((high - low > share) & (length > 0))
        if not open_.size:
            break
        a, b, fa, fb = low[open_], high[open_], at_low[open_], at_high[open_]
        radius = share[open_] / 2 * 2.0 ** (most[open_] - step) - (b - a) / 2
        t = _next(a, b, fa, fb, radius, _OFFSET * share[open_])
        flags, found = judge(along(t, open_))
        put(open_, t, flags, _level(found))
    _prove(judge, along, high, proved, share)
    stable, unstable = along(low, np.arange(len(low))), along(high, np.arange(len(low)))
    unstable[~proved] = np.nan
    return Crossings(stable, unstable)


def _estimated(
    margins: Callable[[Array], Array],
    along: Callable[[Array, Array], Array],
    places: Array,
    brackets: tuple[Array, Array, Array, Array],
    share: Array,
) -> Array:
    """Return about where stability ends on some segments, by margins alone; NaN if these fail."""
    a, b, fa, fb = (part[places] for part in brackets)
    wanted = _ESTIMATED * share[places]
    most = np.ceil(np.log2(1 / wanted)).astype(int) + _SLACK
    for step in range(int(most.max(initial=0)) + 1):
        open_ = np.flatnonzero(b - a > wanted)  # not where they are NaN
        if not open_.size:
            break
        ends = a[open_], b[open_], fa[open_], fb[open_]
        radius = wanted[open_] / 2 * 2.0 ** (most[open_] - step) - (ends[1] - ends[0]) / 2
        t = _next(*ends, radius, _OFFSET * wanted[open_])
        found = margins(along(t, places[open_]))
        levels, good = _level(found), found > 0
        a[open_], b[open_] = np.where(good, t, ends[0]), np.where(good, ends[1], t)
        fa[open_] = np.where(good, levels, ends[2])
        fb[open_] = np.where(good, ends[3], np.minimum(levels, 0))
        b[open_[np.isnan(found)]] = np.nan
    return np.asarray((a + b) / 2)


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
