"""Where a rectangle has most room in a region of a picture.

A distance from the edge changes by no more than one moves. So most of a region is ruled out by few
distances, block by block, and what is left is found as exactly as by a distance transform (that of
SciPy takes longer to import than a map to draw).
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array

# A rectangle of sides 1 fits around a point that is 1/sqrt 2 away from the edges; and a border.
_ROOM = 0.5**0.5 * 1.15
_AS_GOOD = 0.97  # of the room at the best place
_BLOCKS = (16, 4, 1)  # cells of a side


class Region:
    """A region of the axes, and what rectangles of all kinds ask of it.

    Parameters
    ----------
    mask : ndarray of bool
        Of samples of the axes, shape (n, n), from below.
    size
        Width and height of the axes, whose border is an edge as well.
    """

    def __init__(self, mask: Array, size: Array) -> None:
        self._mask, self._cell = mask, size[::-1] / mask.shape

    def roomiest(self, width: float, height: float) -> tuple[float, float] | None:
        """Return the place, as shares of the axes, in which a rectangle has most room.

        Among places that are as good, the middle of the region.

        Examples
        --------
        >>> mask = np.zeros((20, 20), dtype=bool)
        >>> mask[:10] = True
        >>> region = Region(mask, np.array([100.0, 100.0]))
        >>> region.roomiest(20, 20), region.roomiest(20, 60)
        ((0.225, 0.225), None)
        """
        scaled = self._cell / np.array([height, width])
        most = np.minimum(*(step * run for step, run in zip(scaled, self._along, strict=True)))
        if most.max() < _ROOM:
            return None
        cells, away = self._farthest(most, scaled)
        if away.max(initial=0) < _ROOM:
            return None
        good = cells[away > _AS_GOOD * away.max()]
        row, column = good[int(self._distances(good, self._cell).argmax())]
        rows, columns = self._mask.shape
        return (float(column) + 0.5) / columns, (float(row) + 0.5) / rows

    @cached_property
    def _along(self) -> list[Array]:
        """How many cells away the edge is along columns, and along rows; 0 outside."""
        found = []
        for axis, length in enumerate(self._mask.shape):
            count = np.expand_dims(np.arange(1, length + 1), 1 - axis)
            outside = ~self._mask
            before = np.maximum.accumulate(outside * count, axis=axis)
            behind = np.flip(outside, axis) * count
            behind = length + 1 - np.flip(np.maximum.accumulate(behind, axis=axis), axis)
            found.append(np.minimum(count - before, behind - count))
        return found

    @cached_property
    def _edge(self) -> Array:
        """The cells outside that touch the region, shape (n, 2)."""
        inside = np.pad(self._mask, 2)
        near = inside[2:, 1:-1] | inside[:-2, 1:-1] | inside[1:-1, 2:] | inside[1:-1, :-2]
        return np.argwhere(near & ~inside[1:-1, 1:-1]) - 1

    @cached_property
    def _squares(self) -> list[Array]:
        """Squared distances of columns, and rows, from those of the edge, in cells."""
        rows, columns = (
            (np.arange(length)[:, None] - self._edge[:, k]).astype(float) ** 2
            for k, length in enumerate(self._mask.shape)
        )
        return [rows, columns]

    def _farthest(self, most: Array, cell: Array) -> tuple[Array, Array]:
        """Return cells with how far from the edge they are: all that are nearly as far as any.

        ``most`` is what the distances are at most.
        """
        rows, columns = most.shape
        corners = _grid(rows, columns, _BLOCKS[0])
        best = 0.0
        for side, smaller in zip(_BLOCKS, (*_BLOCKS[1:], 1), strict=True):
            at_most = _largest(most, side)[tuple(corners.T // side)]
            corners = corners[at_most >= max(best, _AS_GOOD * _ROOM)]
            middle = np.minimum(corners + side // 2, np.array(most.shape) - 1)
            away = self._distances(middle, cell) * (most[tuple(middle.T)] > 0)
            best = max(best, _AS_GOOD * float(away.max(initial=0)))
            reach = float(np.linalg.norm(cell * (side // 2)))
            kept = corners[away + reach >= best]
            if side > 1:
                corners = (kept[:, None] + _grid(side, side, smaller)).reshape(-1, 2)
                corners = corners[(corners < most.shape).all(axis=1)]
        order = np.lexsort(middle.T[::-1])
        return middle[order], away[order]

    def _distances(self, cells: Array, cell: Array) -> Array:
        """Return how far each of some cells is from the nearest one of the edge."""
        found = np.empty(len(cells))
        if not len(cells):
            return found
        rows, columns = (
            step**2 * squares for step, squares in zip(cell, self._squares, strict=True)
        )
        for row in np.unique(cells[:, 0]):
            there = cells[:, 0] == row
            found[there] = (rows[row] + columns[cells[there, 1]]).min(axis=1)
        return np.sqrt(found)


def _grid(rows: int, columns: int, step: int) -> Array:
    """Return the corners of blocks, shape (n, 2)."""
    places = np.meshgrid(np.arange(0, rows, step), np.arange(0, columns, step), indexing="ij")
    return np.stack(places, axis=-1).reshape(-1, 2)


def _largest(values: Array, side: int) -> Array:
    """Return the largest value in each block."""
    rows, columns = (np.arange(0, length, side) for length in values.shape)
    found: Array = np.maximum.reduceat(np.maximum.reduceat(values, rows, 0), columns, 1)
    return found
