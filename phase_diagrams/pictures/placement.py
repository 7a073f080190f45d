"""Where a name has room in a picture: inside a region, or along a curve.

Places are found in points (1/72 inch) of the axes as they are: a layout engine has to have moved
them before (`lay_out` in ``surroundings``), with all that stands around them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import in_points
from sgdmem.phase_diagrams.pictures.palette import ink
from sgdmem.phase_diagrams.pictures.room import Region

LETTERS = 8.5  # points, beside others of 10
BOX: dict[str, Any] = {"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.75}
_RASTER = 240  # samples along each side of a region's picture
_PAD = 3.0  # points around a name
_ALONG = 25  # places along a curve that are tried
_GAP = 5.0  # points between a curve and its name, at least


class _Frame:
    """The axes as a rectangle in points."""

    def __init__(self, ax: Any) -> None:
        self.ax = ax
        box = ax.get_window_extent()
        self.size = np.array([box.width, box.height]) * 72 / ax.figure.dpi

    def points(self, x: Any, y: Any) -> Array:
        """Return data as points of the rectangle, shape (n, 2)."""
        to_share = self.ax.transData + self.ax.transAxes.inverted()
        points: Array = to_share.transform(np.column_stack([x, y])) * self.size
        return points


def name_regions(
    ax: Any,
    edges: tuple[Array, Array],
    regions: Mapping[str, Array],
    avoid: Sequence[Array] = (),
) -> dict[str, Any]:
    """Write the names of regions where they have most room; not those that have too little.

    Parameters
    ----------
    ax
        Axes with their final scales and limits.
    edges
        Of the cells of the map, in x and in y, both monotonic.
    regions
        By their names; masks of shape (number of cells in y, in x), which may overlap.
    avoid
        Samples of what is there already, as `name_curves` returns them.

    Returns
    -------
    dict from str to matplotlib text
        Those that were written.
    """
    frame = _Frame(ax)
    cells = _cells(frame, edges)
    free = np.ones((_RASTER, _RASTER), dtype=bool)
    for box in avoid:
        box = box[np.isfinite(box).all(axis=1)]
        columns, rows = np.clip(box / frame.size * _RASTER, 0, _RASTER - 1).astype(int).T
        free[rows, columns] = False
    texts = {}
    for name, region in regions.items():
        mask = np.pad(region, ((0, 1), (0, 1)))[cells] & free  # outside of the map: none
        found = Region(mask, frame.size)
        for words, rotation in ((name, 0), (_in_two_lines(name), 0), (name, 90)):
            width, height = _text_size(words)
            if rotation:
                width, height = height, width
            place = found.roomiest(width, height)
            if place is not None:
                share = np.array([width, height]) / frame.size / 2
                low, high = (
                    np.clip((place + side * share) * _RASTER, 0, _RASTER).astype(int)
                    for side in (-1, 1)
                )
                free[low[1] : high[1], low[0] : high[0]] = False
                texts[name] = _write(ax, place, words, rotation)
                break
    return texts


def _cells(frame: _Frame, edges: tuple[Array, Array]) -> tuple[Array, Array]:
    """Return which cells lie under the samples of the axes; one beyond the last outside."""
    share = (np.arange(_RASTER) + 0.5) / _RASTER
    back = frame.ax.transAxes + frame.ax.transData.inverted()
    data = back.transform(np.column_stack([share, share]))
    places = []
    for values, ends in zip(data.T, edges, strict=True):
        rising = ends if ends[0] < ends[-1] else ends[::-1]
        found = np.searchsorted(rising, values) - 1
        count = ends.size - 1
        inside = (found >= 0) & (found < count)
        found = found if rising is ends else count - 1 - found
        places.append(np.where(inside, found, count))
    return np.ix_(places[1], places[0])  # type: ignore[return-value]


def _in_two_lines(name: str) -> str:
    """Return a name broken at its middle space or hyphen, not within a formula."""
    words = re.findall(r"(?:\$[^$]*\$|[^ $])+", name)
    parts = [part for word in words for part in re.split(r"(?<=[a-z]-)(?=[a-z])", word)]
    ends = list(accumulate(len(part) for part in parts))
    if len(parts) < 2:
        return name
    first = min(range(1, len(parts)), key=lambda count: abs(ends[count - 1] - ends[-1] / 2))
    lines = (re.sub(r"(?<=[a-z]-) ", "", " ".join(some)) for some in (parts[:first], parts[first:]))
    return "\n".join(lines)


def _text_size(words: str) -> tuple[float, float]:
    """Return width and height of some lines in points, with a border."""
    letters, border = in_points(LETTERS), 2 * in_points(_PAD)
    lines = words.split("\n")
    width = max(_width(line, letters) for line in lines)
    return width + border, 1.3 * letters * len(lines) + border


@lru_cache(maxsize=256)
def _width(line: str, letters: float) -> float:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=letters)
    return float(text_to_path.get_text_width_height_descent(line, font, "$" in line)[0])


def _write(ax: Any, place: tuple[float, float], words: str, rotation: float) -> Any:
    text = ax.text(
        *place,
        words,
        transform=ax.transAxes,
        rotation=rotation,
        ha="center",
        va="center",
        fontsize=in_points(LETTERS),
        zorder=6,
        bbox=BOX,
    )
    return named("region-name", text)


# Along curves -----------------------------------------------------------------------------------


def name_curves(
    ax: Any,
    curves: Mapping[str, Sequence[tuple[Array, Array]]],
    colours: Mapping[str, str],
    unnamed: Collection[str] = ("",),
) -> tuple[dict[str, Any], list[Array]]:
    """Write the names of curves beside them, where they are furthest from everything else.

    Parameters
    ----------
    ax
        Axes with their final scales and limits.
    curves
        By their names, the pieces of each.
    colours
        Of the curves; their names are darker where they could not be read.
    unnamed
        Curves that are only kept free.

    Returns
    -------
    dict from str to matplotlib text
        The names that were written: one that has no room is left out.
    list of ndarray, shape (n, 2)
        Samples of the curves and of the boxes of the names, for `name_regions`.
    """
    frame = _Frame(ax)
    pieces = {
        name: [_densely(frame.points(*piece)) for piece in some] for name, some in curves.items()
    }
    boxes: list[Array] = []
    texts: dict[str, Any] = {}
    for name, some in pieces.items():
        if name in unnamed:
            continue
        width, height = _text_size(name)
        others = [piece for other in pieces if other != name for piece in pieces[other]]
        rest = np.concatenate([np.empty((0, 2)), *others, *boxes])
        found = _beside(max(some, key=_length), some, rest, frame.size, (width, height))
        if found is None:
            continue
        centre, along, box = found
        boxes.append(box)
        x, y = centre / frame.size
        across, up = along / frame.size
        text = ax.text(
            x,
            y,
            name,
            transform=ax.transAxes,
            rotation=math.degrees(math.atan2(up, across)),
            rotation_mode="anchor",
            transform_rotates_text=True,  # so that a layout engine may change the proportions
            ha="center",
            va="center",
            color=ink(colours[name]),
            fontsize=in_points(LETTERS),
            zorder=6,
            bbox=BOX,
        )
        texts[name] = named("curve-name", text)
    return texts, [*boxes, *(piece for some in pieces.values() for piece in some)]


def _beside(
    piece: Array, own: Sequence[Array], others: Array, size: Array, sides: tuple[float, float]
) -> tuple[Array, Array, Array] | None:
    """Return centre, direction and samples of the box with most room beside a piece.

    The box is nearer to its own curve than to others.
    """
    width, height = sides
    gap = in_points(_GAP)
    drawn = [points[np.isfinite(points).all(axis=1)] for points in (np.concatenate(own), others)]
    best, found = 0.0, None
    for place in np.linspace(0.06, 0.94, _ALONG):
        middle = int(place * (len(piece) - 1))
        reach = np.linalg.norm(piece - piece[middle], axis=1) < width / 2
        near = piece[reach]
        if len(near) < 2:
            continue
        along = near[-1] - near[0]
        if not along.any():
            continue
        along = along / np.linalg.norm(along) * (1 if along[0] >= 0 else -1)
        across = np.array([-along[1], along[0]])
        for side in (1, -1):
            # beside the part of the curve that the box is longest as
            offset = np.max(side * (near - piece[middle]) @ across)
            centre = piece[middle] + side * (offset + gap + height / 2) * across
            u, v = (
                part.ravel()
                for part in np.meshgrid(np.linspace(-0.5, 0.5, 15), np.linspace(-0.5, 0.5, 5))
            )
            box = centre + u[:, None] * width * along + v[:, None] * height * across
            border = min(float(box.min()), float((size - box).min()))
            near_own, near_others = (_nearest(box, points) for points in drawn)
            room = min(border, near_own, near_others)
            if room > best and near_others > near_own:
                best = room
                found = centre, along, box
    return found if best >= gap / 2 else None


def _nearest(box: Array, points: Array) -> float:
    """Return how far the nearest two of some points are, infinity if there are none."""
    across, up = box[:, :1] - points[:, 0], box[:, 1:] - points[:, 1]
    return float(np.sqrt((across * across + up * up).min(initial=np.inf)))


def _densely(points: Array) -> Array:
    """Return the points of a polyline, no further than a few points of type apart."""
    if len(points) < 2:
        return points
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    length = np.append(0, np.cumsum(steps))
    places = np.linspace(0, length[-1], max(2, int(length[-1] / 3)))
    return np.column_stack([np.interp(places, length, values) for values in points.T])


def _length(points: Array) -> float:
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
