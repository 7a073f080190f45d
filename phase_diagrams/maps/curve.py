"""A curve through the boundary of a region of the unit square, and the search for its points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compiled_maps.crossings import Crossings, Judging, crossings

# From points just outside, shape (n, 2), to the name of the condition that binds at each.
Labelling = Callable[[Array], list[str]]


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

    @property
    def backwards(self) -> Curve:
        """The same in the opposite order."""
        return Curve(Crossings(*(x[::-1] for x in self.enclosed)), self.conditions[::-1])

    def part(self, start: int, stop: int | None = None) -> Curve:
        """Return the points from one number on, to before another one."""
        return Curve(
            Crossings(*(x[start:stop] for x in self.enclosed)), self.conditions[start:stop]
        )

    def followed_by(self, other: Curve) -> Curve:
        """Return both as one curve."""
        pairs = zip(self.enclosed, other.enclosed, strict=True)
        return Curve(Crossings(*map(np.concatenate, pairs)), self.conditions + other.conditions)

    def insert(self, before: Sequence[int], found: Crossings, conditions: Sequence[str]) -> None:
        """Put new points in front of those with the given numbers."""
        where = np.asarray(before, dtype=int)
        pairs = zip(self.enclosed, found, strict=True)
        self.enclosed = Crossings(*(np.insert(old, where, new, axis=0) for old, new in pairs))
        for shift, (place, condition) in enumerate(zip(before, conditions, strict=True)):
            self.conditions.insert(place + shift, condition)


def crossings_on_lines(
    judge: Judging, centres: Array, steps: Array, reaches: Sequence[float], tolerance: float
) -> Crossings:
    """Enclose points of the boundary on lines through some points; NaN where none is found.

    Parameters
    ----------
    judge : callable
    centres, steps : ndarray, shape (n, 2)
        Where to look, and which way: each line from centre - reach * step to centre + reach * step,
        as far as it is in the square.
    reaches : sequence of float
        One after the other, until the verdicts at both ends differ.
    tolerance : float
        How closely points are enclosed.
    """
    inside, outside = np.full(centres.shape, np.nan), np.full(centres.shape, np.nan)
    margins = np.full((2, len(centres)), np.nan)
    for reach in reaches:
        left_over = np.flatnonzero(np.isnan(inside[:, 0]))
        if not left_over.size:
            break
        step = reach * steps[left_over]
        one, other = (np.clip(centres[left_over] + sign * step, 0, 1) for sign in (1, -1))
        flags, known = judge(np.concatenate([one, other]))
        first, second = np.split(flags[:, None] == 1, 2)
        ready = (first != second)[:, 0]
        inside[left_over[ready]] = np.where(first, one, other)[ready]
        outside[left_over[ready]] = np.where(first, other, one)[ready]
        both = known.reshape(2, -1)
        margins[:, left_over[ready]] = np.where(first[:, 0], both, both[::-1])[:, ready]
    met = ~np.isnan(inside[:, 0])
    found = crossings(
        judge, inside[met], outside[met], tolerance, (margins[0, met], margins[1, met])
    )
    inside[met], outside[met] = found
    return Crossings(inside, outside)


def normals(ways: Array) -> Array:
    """Return unit vectors across some others, shape (n, 2)."""
    along = ways / np.maximum(np.linalg.norm(ways, axis=1), np.finfo(float).tiny)[:, None]
    return np.stack([-along[:, 1], along[:, 0]], axis=1)
