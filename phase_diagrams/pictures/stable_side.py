"""On which side of the curves of a boundary it is stable, for a name there."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.maps.labelled_arrays import Labelled

_CELLS = 60  # along each side of the picture
_SAME = 1e-6  # pixels between points that are one


def stable_side(ax: Any, boundary: Labelled) -> tuple[tuple[Array, Array], Array]:
    """Return edges of cells of the axes, and in which of them it is stable by the nearest curve.

    The sides of a curve are those of the two algorithms that enclose each of its points.
    """
    x, y = boundary.attrs["x"], boundary.attrs["y"]
    box = ax.get_window_extent()
    size = np.array([box.width, box.height])
    to_share = ax.transData + ax.transAxes.inverted()

    def places(kind: str) -> Array:
        columns = [boundary[f"{kind}{name}"].values for name in (x, y)]
        found: Array = to_share.transform(np.column_stack(columns)) * size
        return found

    points, curve = places(""), boundary.curve.values
    inwards = places("stable_") - places("unstable_")
    inwards /= np.maximum(np.linalg.norm(inwards, axis=1, keepdims=True), 1e-300)
    joined = (curve[1:] == curve[:-1]) & (np.diff(points, axis=0) != 0).any(axis=1)
    starts, steps = points[:-1][joined], np.diff(points, axis=0)[joined]
    across = np.column_stack([-steps[:, 1], steps[:, 0]])
    across *= np.sign((across * (inwards[:-1] + inwards[1:])[joined]).sum(axis=1))[:, None]
    ticks = np.linspace(0, 1, _CELLS + 1)
    edges = (to_share.inverted()).transform(np.column_stack([ticks, ticks])).T
    stable = np.zeros((_CELLS, _CELLS), dtype=bool)
    if not len(starts):
        return (edges[0], edges[1]), stable
    lengths = np.linalg.norm(steps, axis=1)
    middles = (ticks[1:] + ticks[:-1]) / 2
    for row, height in enumerate(middles):
        cells = np.column_stack([middles, np.full(_CELLS, height)]) * size
        from_start = cells[:, None] - starts
        along = np.clip((from_start * steps).sum(axis=2) / lengths**2, 0, 1)
        apart = np.linalg.norm(from_start - along[..., None] * steps, axis=2)
        inside = (from_start * across).sum(axis=2) / lengths
        # Of two pieces that meet at the nearest point, the one of which the cell is more beside.
        nearest = apart <= apart.min(axis=1, keepdims=True) + _SAME
        chosen = np.where(nearest, abs(inside), -1).argmax(axis=1)
        stable[row] = np.take_along_axis(inside, chosen[:, None], axis=1)[:, 0] > 0
    return (edges[0], edges[1]), stable
