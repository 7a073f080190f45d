"""Curves through the boundary of a region of the unit square, traced and refined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compiled_maps.crossings import Crossings, Judging, crossings

_ROUNDS = 8  # of inserting points where a curve bends
_MOST_HALVINGS = 60  # on the way to a cusp
_SHORTEST = 1e-4  # of a piece between others, in the unit square
# Of a search across a curve, over the distance of its neighbours.
_REACHES = (0.5, 1.0, 2.0, 4.0, 0.2, 0.05)

# From points just outside, shape (n, 2), to the name of the condition that binds at each.
Labelling = Callable[[Array], list[str]]


@dataclass(frozen=True)
class Cusp:
    """Where two pieces of a curve meet at which different conditions bind."""

    point: Array
    conditions: tuple[str, str]


@dataclass
class Curve:
    """A part of the boundary.

    Attributes
    ----------
    enclosed : Crossings
        Its points, in order.
    conditions : list of str
        Which condition binds at each point.
    """

    enclosed: Crossings
    conditions: list[str]

    @property
    def points(self) -> Array:
        """Its points, shape (n, 2)."""
        return self.enclosed.points

    def insert(self, before: Sequence[int], found: Crossings, conditions: Sequence[str]) -> None:
        """Put new points in front of those with the given numbers."""
        where = np.asarray(before, dtype=int)
        pairs = zip(self.enclosed, found, strict=True)
        self.enclosed = Crossings(*(np.insert(old, where, new, axis=0) for old, new in pairs))
        for shift, (place, condition) in enumerate(zip(before, conditions, strict=True)):
            self.conditions.insert(place + shift, condition)


class Tracer:
    """Traces the boundary of where points of the unit square are stable.

    Parameters
    ----------
    judge, label : callable
        Judge points, and say which condition binds at points that are not stable.
    tolerance : float
        How closely points are enclosed.
    flatness : float
        How far a curve may leave the straight line between two of its points.
    """

    def __init__(self, judge: Judging, label: Labelling, tolerance: float, flatness: float) -> None:
        self._judge, self._label = judge, label
        self._tolerance, self._flatness = tolerance, flatness

    def trace(self, stable: Array) -> tuple[list[Curve], list[Cusp]]:
        """Return all curves and cusps.

        Parameters
        ----------
        stable : ndarray of bool, shape (m, n)
            Verdicts on a regular grid of the square, y by x: what is finer is not seen.
        """
        curves: list[Curve] = []
        cusps: list[Cusp] = []
        for line in _lines(stable):
            inside, outside = _ends(line, stable)
            found = crossings(self._judge, inside, outside, self._tolerance)
            known = ~np.isnan(found.unstable).any(axis=1)
            enclosed = Crossings(found.stable[known], found.unstable[known])
            curve = Curve(enclosed, self._label(enclosed.unstable))
            self._refine(curve)
            cusps += self._cusps(curve)
            curves.append(curve)
        return curves, cusps

    def _refine(self, curve: Curve) -> None:
        """Insert points until the curve is flat between them."""
        rough = set(range(1, len(curve.conditions)))  # points before which it may bend
        for _ in range(_ROUNDS):
            before = sorted(rough)
            if not before:
                return
            ends = np.array(before)
            found = self._between(curve, ends - 1, ends)
            known = ~np.isnan(found.points).any(axis=1)
            points = curve.points
            chord = points[ends] - points[ends - 1]
            length = np.linalg.norm(chord, axis=1)
            away = found.points - points[ends - 1]
            distance = np.abs(chord[:, 0] * away[:, 1] - chord[:, 1] * away[:, 0])
            bent = known & (distance > self._flatness * np.maximum(length, self._tolerance))
            chosen = Crossings(found.stable[bent], found.unstable[bent])
            new = ends[bent].tolist()
            curve.insert(new, chosen, self._label(chosen.unstable))
            rough = {start + k for k, first in enumerate(new) for start in (first, first + 1)}

    def _between(self, curve: Curve, left: Array, right: Array) -> Crossings:
        """Return points of the curve on the lines that halve the distance of two of its points.

        NaN where none is found.
        """
        p, q = curve.points[left], curve.points[right]
        across = _normals(p, q)
        middle, length = (p + q) / 2, np.linalg.norm(q - p, axis=1)[:, None]
        stable, unstable = np.full(p.shape, np.nan), np.full(p.shape, np.nan)
        for reach in _REACHES:
            left_over = np.flatnonzero(np.isnan(stable[:, 0]))
            if not left_over.size:
                break
            step = (reach * length * across)[left_over]
            one, other = (np.clip(middle[left_over] + sign * step, 0, 1) for sign in (1, -1))
            flags, _ = self._judge(np.concatenate([one, other]))
            first, second = np.split(flags == 1, 2)
            ready = first != second
            if ready.any():
                one_is_stable = first[ready][:, None]
                good = np.where(one_is_stable, one[ready], other[ready])
                bad = np.where(one_is_stable, other[ready], one[ready])
                found = crossings(self._judge, good, bad, self._tolerance)
                stable[left_over[ready]], unstable[left_over[ready]] = found
        return Crossings(stable, unstable)

    def _cusps(self, curve: Curve) -> list[Cusp]:
        """Close in on the places where the binding condition changes, and return them."""
        place = 1
        while place < len(curve.conditions):
            if curve.conditions[place] != curve.conditions[place - 1]:
                place = self._close_in(curve, place)
            place += 1
        _absorb_short_pieces(curve)
        names = curve.conditions
        changes = [k for k in range(1, len(names)) if names[k] != names[k - 1]]
        return [
            Cusp(curve.points[k - 1 : k + 1].mean(axis=0), (names[k - 1], names[k]))
            for k in changes
        ]

    def _close_in(self, curve: Curve, place: int) -> int:
        """Halve the distance of two points with different conditions until they are one.

        Returns the number of the second one. Where a third condition turns up between them the
        first change counts, the other one comes next.
        """
        for _ in range(_MOST_HALVINGS):
            gap = np.subtract(*curve.points[place - 1 : place + 1])
            if np.linalg.norm(gap) <= self._tolerance:
                break
            ends = np.array([place])
            found = self._between(curve, ends - 1, ends)
            if np.isnan(found.points).any():
                break
            (condition,) = self._label(found.unstable)
            curve.insert([place], found, [condition])
            if condition == curve.conditions[place - 1]:
                place += 1
        return place


def _absorb_short_pieces(curve: Curve) -> None:
    """Give very short pieces between others to the one before.

    Where several conditions meet in a point, which of them is lost first just beside it is a
    matter of the last digits.
    """
    points, names = curve.points, curve.conditions
    starts = [0, *(k for k in range(1, len(names)) if names[k] != names[k - 1]), len(names)]
    for start, stop in list(pairwise(starts))[1:-1]:
        if np.linalg.norm(np.diff(points[start:stop], axis=0), axis=1).sum() < _SHORTEST:
            names[start:stop] = [names[start - 1]] * (stop - start)


def _lines(stable: Array) -> list[Array]:
    """Return lines that separate stable points of a grid from the others, in grid units."""
    from contourpy import contour_generator

    lines: Any = contour_generator(z=np.where(stable, 1.0, -1.0)).lines(0.0)
    return list(lines)


def _ends(line: Array, stable: Array) -> tuple[Array, Array]:
    """Return the two grid points at the ends of the edge that each vertex halves, as shares."""
    low, high = np.floor(line).astype(int), np.ceil(line).astype(int)
    first = stable[low[:, 1], low[:, 0]][:, None]
    ticks = [np.linspace(0, 1, size) for size in stable.shape[::-1]]  # where they were judged
    ends = np.where(first, low, high), np.where(first, high, low)
    inside, outside = (
        np.stack([values[places] for values, places in zip(ticks, end.T, strict=True)], axis=1)
        for end in ends
    )
    return inside, outside


def _normals(p: Array, q: Array) -> Array:
    """Return unit vectors across the lines from p to q."""
    along = (q - p) / np.maximum(np.linalg.norm(q - p, axis=1), np.finfo(float).tiny)[:, None]
    return np.stack([-along[:, 1], along[:, 0]], axis=1)
