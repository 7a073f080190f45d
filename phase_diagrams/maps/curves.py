"""The tracing of curves through the boundary of a region of the unit square."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compiled_maps.crossings import Crossings, Judging, crossings
from sgdmem.phase_diagrams.maps.curve import Curve, Labelling, crossings_on_lines, normals
from sgdmem.phase_diagrams.maps.following import followed, true_parts

_ROUNDS = 8  # of inserting points where a curve bends
_ROUGHLY = 0.01  # of the flatness: how closely it is known whether one does
_MOST_HALVINGS = 60  # on the way to a cusp
_MOST_PASSES = 8  # one for each condition that may come up between two others
_SHORTEST = 1e-4  # of a piece between others, in the unit square
# Of a search across a curve, over the distance of its neighbours.
_REACHES = (0.5, 1.0, 2.0, 4.0, 0.2, 0.05)


@dataclass(frozen=True)
class Cusp:
    """Where two pieces of a curve meet at which different conditions bind."""

    point: Array
    conditions: tuple[str, str]


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

    def trace(self, stable: Array, margins: Array | None = None) -> tuple[list[Curve], list[Cusp]]:
        """Return all curves and cusps.

        Parameters
        ----------
        stable : ndarray of bool, shape (m, n)
            Verdicts on a regular grid of the square, y by x: what is finer is not seen.
        margins : ndarray, shape (m, n), optional
            What is known of margins there.
        """
        lines = _lines(stable)
        if not lines:
            return [], []
        inside, outside = _ends(np.concatenate(lines), stable)
        ticks = [np.linspace(0, 1, size) for size in stable.shape[::-1]]  # where they were judged
        first, second = (
            np.stack([values[column] for values, column in zip(ticks, places.T, strict=True)], 1)
            for places in (inside, outside)
        )
        known = None
        if margins is not None:
            known = margins[tuple(inside.T[::-1])], margins[tuple(outside.T[::-1])]
        found = crossings(self._judge, first, second, self._tolerance, known)
        curves = self._as_curves(found, np.cumsum([len(line) for line in lines]))
        self._refine(curves)
        curves = self._followed(curves)
        return curves, [cusp for curve in curves for cusp in self._cusps(curve)]

    def _as_curves(self, found: Crossings, stops: Array) -> list[Curve]:
        """Return crossings as one curve up to each of some numbers, without those not found."""
        known = ~np.isnan(found.unstable).any(axis=1)
        enclosed = Crossings(found.stable[known], found.unstable[known])
        whole = Curve(enclosed, self._label(enclosed.unstable))
        ends = [0, *np.cumsum(known)[stops - 1].tolist()]
        return [whole.part(start, stop) for start, stop in pairwise(ends)]

    def _followed(self, curves: Sequence[Curve]) -> list[Curve]:
        """Return curves without chords that no edge follows, and followed on from there."""
        divided = [true_parts(self._judge, curve, self._flatness) for curve in curves]
        found = [curve for curve, parts in zip(curves, divided, strict=True) if parts is None]
        cut = [part for parts in divided if parts is not None for part in parts]
        longer = followed(self._judge, self._label, cut, found, self._tolerance, self._flatness)
        self._refine(longer)
        for curve in longer:
            parts = true_parts(self._judge, curve, self._flatness)
            found += [curve] if parts is None else parts
        return found

    def _refine(self, curves: Sequence[Curve]) -> None:
        """Insert points until all curves are flat between them."""
        # points before which they may bend
        rough = [np.arange(1, len(curve.conditions)) for curve in curves]
        for _ in range(_ROUNDS):
            sizes = [len(ends) for ends in rough]
            if not sum(sizes):
                return
            pairs = zip(curves, rough, strict=True)
            p, q = np.concatenate(
                [[curve.points[ends - 1], curve.points[ends]] for curve, ends in pairs], axis=1
            )
            found = self._between(p, q, max(self._tolerance, _ROUGHLY * self._flatness))
            known = ~np.isnan(found.points).any(axis=1)
            chord, away = q - p, found.points - p
            length = np.linalg.norm(chord, axis=1)
            distance = np.abs(chord[:, 0] * away[:, 1] - chord[:, 1] * away[:, 0])
            bent = known & (distance > self._flatness * np.maximum(length, self._tolerance))
            chosen = crossings(
                self._judge, found.stable[bent], found.unstable[bent], self._tolerance
            )
            sharp = ~np.isnan(chosen.unstable).any(axis=1)
            bent[bent] = sharp
            chosen = Crossings(chosen.stable[sharp], chosen.unstable[sharp])
            counts = [int(some.sum()) for some in np.split(bent, np.cumsum(sizes)[:-1])]
            stops = np.cumsum(counts).tolist()
            labels = self._label(chosen.unstable)
            for k, (curve, some) in enumerate(
                zip(curves, np.split(bent, np.cumsum(sizes)[:-1]), strict=True)
            ):
                new = rough[k][some]
                own = slice(stops[k] - counts[k], stops[k])
                part = Crossings(chosen.stable[own], chosen.unstable[own])
                curve.insert(new.tolist(), part, labels[own])
                rough[k] = np.unique(np.add.outer(new + np.arange(len(new)), [0, 1]))

    def _between(self, p: Array, q: Array, tolerance: float) -> Crossings:
        """Return points of the curve on the lines that halve the distances of points p and q of it.

        NaN where none is found.
        """
        middle, length = (p + q) / 2, np.linalg.norm(q - p, axis=1)[:, None]
        across = length * normals(q - p)
        return crossings_on_lines(self._judge, middle, across, _REACHES, tolerance)

    def _cusps(self, curve: Curve) -> list[Cusp]:
        """Close in on the places where the binding condition changes, and return them."""
        for _ in range(_MOST_PASSES):
            changes = np.array(_changes(curve.conditions), dtype=int)
            gaps = np.linalg.norm(curve.points[changes] - curve.points[changes - 1], axis=1)
            if not self._close_in(curve, changes[gaps > self._tolerance]):
                break
        _absorb_short_pieces(curve)
        names = curve.conditions
        return [
            Cusp(curve.points[k - 1 : k + 1].mean(axis=0), (names[k - 1], names[k]))
            for k in _changes(names)
        ]

    def _close_in(self, curve: Curve, places: Array) -> bool:
        """Halve the distances to the points before these until each pair is as good as one.

        The pairs are inserted; returns whether there are any, since none is where no point was
        found between two. Where a third condition turns up the first change counts; the other one
        is left.
        """
        enclosed = curve.enclosed
        before = Crossings(*(points[places - 1] for points in enclosed))
        after = Crossings(*(points[places] for points in enclosed))
        names = [curve.conditions[place - 1 : place + 1] for place in places.tolist()]
        stuck, moved = np.zeros((2, len(places)), dtype=bool)
        for _ in range(_MOST_HALVINGS):
            gaps = np.linalg.norm(after.points - before.points, axis=1)
            rest = np.flatnonzero((gaps > self._tolerance) & ~stuck)
            if not rest.size:
                break
            found = self._between(before.points[rest], after.points[rest], self._tolerance)
            missed = np.isnan(found.points).any(axis=1)
            stuck[rest[missed]] = moved[rest[~missed]] = True
            labels = self._label(found.unstable[~missed])
            middles = zip(*(points[~missed] for points in found), labels, strict=True)
            for k, (stable, unstable, label) in zip(rest[~missed], middles, strict=True):
                side = before if label == names[k][0] else after
                side.stable[k], side.unstable[k] = stable, unstable
                names[k][1] = names[k][1] if side is before else label
        pairs = Crossings(
            *(
                np.stack(ends, axis=1)[moved].reshape(-1, 2)
                for ends in zip(before, after, strict=True)
            )
        )
        named = [name for k in np.flatnonzero(moved) for name in names[k]]
        curve.insert(np.repeat(places[moved], 2).tolist(), pairs, named)
        return bool(moved.any())


def _changes(names: Sequence[str]) -> list[int]:
    """Return the places of the names that differ from the ones before."""
    return [place for place, (one, other) in enumerate(pairwise(names), 1) if one != other]


def _absorb_short_pieces(curve: Curve) -> None:
    """Give very short pieces between others to the one before.

    Where several conditions meet in a point, which of them is lost first just beside it is a
    matter of the last digits.
    """
    points, names = curve.points, curve.conditions
    starts = [0, *_changes(names), len(names)]
    for start, stop in list(pairwise(starts))[1:-1]:
        if np.linalg.norm(np.diff(points[start:stop], axis=0), axis=1).sum() < _SHORTEST:
            names[start:stop] = [names[start - 1]] * (stop - start)


def _lines(stable: Array) -> list[Array]:
    """Return lines that separate stable points of a grid from the others, in grid units."""
    from contourpy import contour_generator

    lines: Any = contour_generator(z=np.where(stable, 1.0, -1.0)).lines(0.0)
    return list(lines)


def _ends(line: Array, stable: Array) -> tuple[Array, Array]:
    """Return the two grid points, stable and not, at the ends of the edge that a vertex halves."""
    low, high = np.floor(line).astype(int), np.ceil(line).astype(int)
    first = stable[low[:, 1], low[:, 0]][:, None]
    return np.where(first, low, high), np.where(first, high, low)
