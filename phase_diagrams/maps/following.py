"""Curves cut where there is no boundary, and followed on from there.

A coarse grid joins edges that it cannot tell apart: where two of them draw near each other, the
line around what is between them is closed by a chord that no edge follows. So chords are looked at,
and left out where verdicts beside them are the same. From the ends which that leaves the boundary
is followed step by step: to the border of the square, to another curve, or to where two edges are
closer than a line is wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compiled_maps.crossings import Crossings, Judging
from sgdmem.phase_diagrams.maps.curve import Curve, Labelling, crossings_on_lines, normals

NEAR = 1e-3  # of the square: less than half of the width of a line in a picture
_SAMPLED, _MOST_SAMPLES = 0.02, 5  # of the square, how often chords are looked at
_WIDTHS = (1 / 16, 1 / 4, 1.0)  # how far beside it, over NEAR or what flatness allows
_BESIDE = 1.5  # of the flatness: it is tested in the middle of a chord alone
_FIRST, _LONGEST, _SHORTEST = 0.02, 0.05, NEAR / 2  # steps
_GROWTH = 1.5
_LEAST_GAIN = 0.25  # of a step, over its length
_REACHES = (0.25, 1.0, 0.05)  # of a search across the way, over the step
_BENT = 0.1  # of a step, how far the edge may be from it
_MOST_STEPS = 400


def true_parts(judge: Judging, curve: Curve, flatness: float) -> list[Curve] | None:
    """Return what is left of a curve without those chords beside which verdicts do not change.

    An edge may leave a chord by its ``flatness``.

    None where there are no such chords.
    """
    points = curve.points
    chords = np.diff(points, axis=0)
    long = np.flatnonzero(np.linalg.norm(chords, axis=1) > NEAR)
    cuts = long[~are_edges(judge, points[long], points[long + 1], flatness)] + 1
    if not cuts.size:
        return None
    stops = [0, *cuts.tolist(), len(points)]
    parts = [curve.part(start, stop) for start, stop in pairwise(stops)]
    if np.linalg.norm(points[0] - points[-1]) <= NEAR / 16:
        parts = [parts[-1].followed_by(parts[0].part(1)), *parts[1:-1]]
    return [part for part in parts if np.ptp(part.points, axis=0).max() > NEAR]


def are_edges(judge: Judging, starts: Array, ends: Array, flatness: float) -> Array:
    """Whether stability changes all along chords of the square, shape (n,), or beside them."""
    chords = ends - starts
    counts = np.ceil(np.linalg.norm(chords, axis=1) / _SAMPLED).astype(int)
    counts = np.clip(counts, 1, _MOST_SAMPLES)
    which = np.repeat(np.arange(len(chords)), counts)
    number = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = (number + 0.5) / counts[which]
    points = starts[which] + share[:, None] * chords[which]
    fits = np.ones(len(chords), dtype=bool)
    reach = max(NEAR, _BESIDE * flatness)
    fits[which[~_are_on_edges(judge, points, normals(chords)[which], reach)]] = False
    return fits


def _are_on_edges(judge: Judging, points: Array, across: Array, reach: float) -> Array:
    """Whether verdicts on both sides of points differ, looked at in two directions."""
    found = np.zeros(len(points), dtype=bool)
    for way, width in product((across, normals(across)), _WIDTHS):
        left = np.flatnonzero(~found)
        if not left.size:
            break
        sides = [points[left] + sign * width * reach * way[left] for sign in (1, -1)]
        flags, _ = judge(np.clip(np.concatenate(sides), 0, 1))
        one, other = np.split(flags == 1, 2)
        found[left] = one != other
    return found


def followed(
    judge: Judging,
    label: Labelling,
    parts: Sequence[Curve],
    others: Sequence[Curve],
    tolerance: float,
    flatness: float,
) -> list[Curve]:
    """Return parts of curves, followed on from their ends until they meet something.

    Parameters
    ----------
    judge, label : callable
        As in `Tracer`.
    parts, others : sequence of Curve
        What is followed, and what else it may meet.
    tolerance, flatness : float
        As in `Tracer`.
    """
    parts = _apart(parts)
    fronts = [
        _Front(number, [*curve.points])
        for number, part in enumerate(parts)
        for curve in (part, part.backwards)
    ]
    standing = [_Front(-1, [*curve.points]) for curve in others]
    for _ in range(_MOST_STEPS):
        moving = [front for front in fronts if front.step > _SHORTEST]
        if not moving:
            break
        _take_step(judge, moving, [*standing, *fronts], tolerance, flatness)
    return _joined(
        back.found(label).backwards.followed_by(part).followed_by(on.found(label))
        for part, on, back in zip(parts, fronts[::2], fronts[1::2], strict=True)
    )


def _apart(parts: Sequence[Curve]) -> list[Curve]:
    """Return parts without what others have, too: between two edges points may be found on both."""
    found: list[Curve] = []
    for place, part in enumerate(parts):
        others = [other.points for other in (*found, *parts[place + 1 :])]
        own = [
            all(_distances(x, y[:-1], y[1:]).min() >= NEAR / 2 for y in others) for x in part.points
        ]
        if sum(own) > 1:
            found.append(part.part(own.index(True), len(own) - own[::-1].index(True)))
    return found


def _joined(curves: Iterable[Curve]) -> list[Curve]:
    """Return curves as one where one begins about where another ends, as at a corner."""
    found: list[Curve] = []
    for curve in curves:
        apart = []
        for other in found:
            if _is_continued(other, curve):
                curve = other.followed_by(curve)
            elif _is_continued(curve, other):
                curve = curve.followed_by(other)
            else:
                apart.append(other)
        found = [*apart, curve]
    return [x.followed_by(x.part(0, 1)) if _is_continued(x, x) else x for x in found]


def _is_continued(curve: Curve, other: Curve) -> bool:
    gap = np.linalg.norm(other.points[0] - curve.points[-1])
    return bool(gap <= 2 * NEAR < np.ptp(curve.points, axis=0).max() / 2)


@dataclass
class _Front:
    """An open end of a curve that is followed on.

    Attributes
    ----------
    number : int
        Of the curve.
    points : list of ndarray
        Of the curve, the open end last.
    steps : list of pairs of ndarray
        Enclosures of those that were found.
    step : float
        How far the next one is looked for.
    """

    number: int
    points: list[Array]
    steps: list[tuple[Array, Array]] = field(default_factory=list)
    step: float = _FIRST

    @property
    def way(self) -> Array:
        """A unit vector, where it leads to."""
        ways = self.points[-1] - np.array(self.points[:-1])
        lengths = np.linalg.norm(ways, axis=1)
        far = np.flatnonzero(lengths > _SHORTEST)
        last = far[-1] if far.size else 0
        return np.asarray(ways[last] / max(lengths[last], np.finfo(float).tiny))

    def meets(self, point: Array, fronts: Sequence[_Front]) -> bool:
        """Whether a next point is on a curve already, or beyond where another one has come to."""
        end = self.points[-1]
        wide = max(NEAR / 2, _BENT * float(np.linalg.norm(point - end)))
        for front in fronts:
            points = np.array(front.points)
            distances = _distances(point, points[:-1], points[1:])
            if front.number == self.number:  # it starts there
                near = np.linalg.norm(points - end, axis=1) < 4 * NEAR
                distances = distances[~(near[:-1] | near[1:])]
            passed = front is not self and _distances(points[-1], end[None], point[None]) < wide
            if passed or distances.min(initial=np.inf) < NEAR / 2:
                return True
        return False

    def go_on(self, stable: Array, unstable: Array) -> None:
        """Take a step."""
        self.points.append((stable + unstable) / 2)
        self.steps.append((stable, unstable))
        self.step = min(_GROWTH * self.step, _LONGEST)

    def found(self, label: Labelling) -> Curve:
        """Return the new points as a curve."""
        stable, unstable = np.asarray(self.steps, dtype=float).reshape(-1, 2, 2).swapaxes(0, 1)
        return Curve(Crossings(stable, unstable), label(unstable))


def _take_step(
    judge: Judging,
    moving: Sequence[_Front],
    fronts: Sequence[_Front],
    tolerance: float,
    flatness: float,
) -> None:
    """Let open ends go on by a step, or halve it."""
    ends = np.array([front.points[-1] for front in moving])
    steps = np.array([front.step * front.way for front in moving])
    length = np.linalg.norm(steps, axis=1)
    across = normals(steps) * length[:, None]
    aims = np.clip(ends + steps, 0, 1)
    found = crossings_on_lines(judge, aims, across, _REACHES, tolerance)
    good = np.linalg.norm(found.points - ends, axis=1) > _LEAST_GAIN * length  # nan: none found
    good[good] = are_edges(judge, ends[good], found.points[good], flatness)
    for front, enclosed, fits in zip(moving, zip(*found, strict=True), good, strict=True):
        if fits and not front.meets(sum(enclosed) / 2, fronts):
            front.go_on(*enclosed)
        else:
            front.step /= 2


def _distances(point: Array, starts: Array, ends: Array) -> Array:
    """Return how far a point is from chords."""
    chords, away = ends - starts, point - starts
    squares = np.maximum((chords**2).sum(axis=1), np.finfo(float).tiny)
    share = np.clip((chords * away).sum(axis=1) / squares, 0, 1)
    return np.asarray(np.linalg.norm(away - share[:, None] * chords, axis=1))
