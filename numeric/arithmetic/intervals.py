"""Where a function of one variable is positive: every interval found by scanning and bisection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sgdmem.numeric.arithmetic.arrays import distinct
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.bisection import bisect, multisect
from sgdmem.numeric.arithmetic.roots import smooth_root

Interval = tuple[float, float]

_GRID = 257
_GOLDEN = (5**0.5 - 1) / 2
_SECTIONS, _STEPS = np.linspace(0, 1, 9), 21  # of which each leaves a quarter
_FEW, _FEW_STEPS, _ROOT = 12, 10, 1e-11  # of costly functions
_NEARLY_ZERO = 1e-6  # at a root; what is larger there was of a function that changed
_REACH = 4.0
_CLOSER = 10.0 ** np.arange(-280, 0)
_SAMPLES = np.array([1e-6, 0.1, 0.5, 0.9, 1 - 1e-9])
_CONFIRMING = 40  # halvings with the slower predicate


def positive_intervals(
    function: Callable[[Array], Array],
    lower: float,
    upper: float,
    *,
    logarithmic: bool = True,
    grid: int = _GRID,
    costly: bool = False,
) -> list[Interval]:
    """Return the maximal intervals inside (lower, upper) on which ``function`` is positive.

    The function is sampled on a grid that crowds at both ends; sign changes are bisected to
    the last bit, and between them every local extremum of the samples is followed, so that a short
    interval is missed only if it leaves no trace in the samples.

    Parameters
    ----------
    function
        Maps an array of points to values; NaN counts as not positive.
    lower, upper
        Ends, 0 <= lower < upper < inf.
    logarithmic
        Space the grid by ratios (lower > 0 or the smallest sample is upper * 1e-12).
    grid
        Points of each of its two evenly spaced parts, at most the default.
    costly
        Whether a call takes longer the more points it has: then few are asked for, and ends are
        found as roots of a smooth function, to 1e-11.
    """

    def value(points: Array) -> Array:
        with np.errstate(all="ignore"):
            values = function(points)
        return np.where(np.isnan(values), -np.inf, values)

    points = _grid(lower, upper, logarithmic, min(grid, _FEW if costly else _GRID))
    if points.size == 0:  # no float lies between the ends
        return []
    values = value(points)
    if lower == 0 and logarithmic and values[0] <= 0:  # it may be positive close to 0 only
        closer = points[0] * _CLOSER
        points, values = np.append(closer, points), np.append(value(closer), values)
    points, values = _with_extrema(value, points, values, _golden if costly else _sectioned)
    positive = values > 0
    known = dict(zip(points.tolist(), values.tolist(), strict=True))

    def one(point: float) -> float:
        return max(float(value(np.array([point]))[0]), -1.0)  # it may be -inf

    def end(low: float, high: float, at_low: bool) -> float:
        if costly:
            return _learnt_root(one, known, low, high)
        return multisect(lambda points: (value(points) > 0) == at_low, low, high)[not at_low]

    marks = [positive[0], *positive, positive[-1]]
    return _runs([lower, *points, upper], marks, end)


def _learnt_root(
    function: Callable[[float], float], known: dict[float, float], low: float, high: float
) -> float:
    """Return a root of a costly function that may know better after other points were asked."""
    root, asked = low, dict[float, float]()

    def one(point: float) -> float:
        asked[point] = max(known[point], -1.0) if point in known else function(point)
        return asked[point]

    for _ in range(_FEW):
        asked.clear()
        root = smooth_root(one, low, high, _ROOT)
        sides = [[x for x in asked if (asked[x] > 0) == sign] for sign in (True, False)]
        if abs(asked.get(root, 1.0)) <= _NEARLY_ZERO or not all(sides):
            break
        nearest = [min(side, key=lambda x: abs(x - root)) for side in sides]
        if all((function(x) > 0) == (asked[x] > 0) for x in nearest):  # it jumps there
            break
        known = {}
        if (one(low) > 0) == (one(high) > 0):
            break
    return root


def _runs(
    points: Sequence[float],
    marks: Sequence[bool],
    end_between: Callable[[float, float, bool], float],
) -> list[Interval]:
    """Return the maximal intervals between points that are marked.

    ``end_between`` finds the last point that would be marked between two neighbours, of which the
    first is marked or, as it is told, the second.
    """
    found: list[Interval] = []
    start = points[0] if marks[0] else None
    for i in range(len(points) - 1):
        if marks[i] == marks[i + 1]:
            continue
        end = float(end_between(points[i], points[i + 1], bool(marks[i])))
        if marks[i + 1]:
            start = end
        elif start is not None:
            found.append((start, end))
            start = None
    if start is not None:
        found.append((start, points[-1]))
    return found


def _grid(lower: float, upper: float, logarithmic: bool, size: int) -> Array:
    share = (np.arange(size) + 0.5) / size
    ends = np.geomspace(1e-12, 0.1, max(4, size * 3 // 16))
    crowded = (1 - np.cos(np.pi * share)) / 2
    near_upper = upper - (upper - lower) * ends
    if logarithmic:
        first = max(lower, upper * 1e-12) or upper  # the product may underflow
        inner = first * (upper / first) ** share
        if lower > 0:
            inner = np.concatenate([inner, lower + (upper - lower) * ends])
    else:
        inner = lower + (upper - lower) * ends
    points = np.concatenate([inner, lower + (upper - lower) * crowded, near_upper])
    return distinct(points[(points > lower) & (points < upper)])


def _with_extrema(
    value: Callable[[Array], Array],
    points: Array,
    values: Array,
    follow: Callable[[Callable[[Array], Array], Array, Array], Array],
) -> tuple[Array, Array]:
    """Add the local maxima below zero and the local minima above zero of the samples."""
    inner = np.arange(1, len(points) - 1)
    left, middle, right = values[:-2], values[1:-1], values[2:]
    with np.errstate(invalid="ignore"):
        # An extremum between samples is worth following if their variation could carry it to zero.
        near = np.abs(middle) <= _REACH * np.maximum(np.abs(left - middle), np.abs(right - middle))
        peaks = inner[near & (middle <= 0) & (middle >= left) & (middle >= right)]
        dips = inner[near & (middle > 0) & (middle <= left) & (middle <= right)]
    new = np.concatenate(
        [
            follow(value, points[peaks - 1], points[peaks + 1]),
            follow(lambda x: -value(x), points[dips - 1], points[dips + 1]),
        ]
    )
    points = np.concatenate([points, new])
    values = np.concatenate([values, value(new)])
    order = np.argsort(points, kind="stable")
    return points[order], values[order]


def _golden(value: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Follow local maxima of a costly function by golden section, all at once."""
    if not low.size:
        return low
    width = _GOLDEN * (high - low)
    inner = high - width, low + width
    first, second = np.split(value(np.concatenate(inner)), 2)
    for _ in range(_FEW_STEPS):
        go_left = first >= second
        low, high = np.where(go_left, low, inner[0]), np.where(go_left, inner[1], high)
        kept = np.where(go_left, inner[0], inner[1])
        width = _GOLDEN * (high - low)
        new = np.where(go_left, high - width, low + width)
        inner = np.where(go_left, new, kept), np.where(go_left, kept, new)
        old, found = np.maximum(first, second), value(new)  # what is kept is the larger one
        first, second = np.where(go_left, found, old), np.where(go_left, old, found)
    return np.asarray((low + high) / 2)


def _sectioned(value: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Follow local maxima of a quick function, all at once, with many points in each call."""
    rows = np.arange(low.size)
    for _ in range(_STEPS if low.size else 0):
        points = low[:, None] + (high - low)[:, None] * _SECTIONS
        best = value(points[:, 1:-1].ravel()).reshape(low.size, -1).argmax(axis=1)
        low, high = points[rows, best], points[rows, best + 2]
    return (low + high) / 2


def confirmed(intervals: Sequence[Interval], holds: Callable[[float], bool]) -> list[Interval]:
    """Return what is left of intervals when samples of each are tested by a slower predicate.

    Where a sample fails, the interval is cut between it and the next one that holds.
    """
    found: list[Interval] = []
    for low, high in intervals:
        points = [low + (high - low) * share for share in _SAMPLES]
        flags = [holds(float(point)) for point in points]
        if all(flags):
            found.append((low, high))
            continue

        def end(left: float, right: float, at_left: bool) -> float:
            ends = bisect(lambda x: holds(x) == at_left, left, right, _CONFIRMING)
            return float(ends[not at_left])

        marks = [flags[0], *flags, flags[-1]]
        found.extend(_runs([low, *points, high], marks, end))
    return found
