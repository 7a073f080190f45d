"""The picture of a named diagram: its map, its boundaries, and the lines of theory."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.maps.labelled_arrays import Labelled
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.boundary_picture import show_window
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, dashed, sized
from sgdmem.phase_diagrams.pictures.labels import title
from sgdmem.phase_diagrams.pictures.map_colours import colour_cells, hatch
from sgdmem.phase_diagrams.pictures.map_picture import cell_edges, draw_colours
from sgdmem.phase_diagrams.pictures.naming import name_or_explain
from sgdmem.phase_diagrams.pictures.palette import (
    BLACK,
    GREEN,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    STROKES,
)
from sgdmem.phase_diagrams.pictures.placement import name_curves, name_regions
from sgdmem.phase_diagrams.pictures.surroundings import new_axes, write_title

if TYPE_CHECKING:
    import xarray

_COLOURS = (RED, GREEN, SKY, PURPLE, ORANGE)
_MOST_LISTED = 4  # batch sizes
_LIGHTEST, _DARKEST = 1.0, 0.62  # greys of what is stable at none, and at all, of the batch sizes


@dataclass(frozen=True)
class TheoryLine:
    """A line that theory predicts, in the units of the axes."""

    x: Array
    y: Array
    colour: str = BLACK


@dataclass(frozen=True)
class NamedDiagram:
    """What a named diagram consists of.

    Attributes
    ----------
    map : xarray.Dataset or LabelledArrays
        From `phase_diagram`: a series over batch sizes, or one map.
    boundaries : dict from str to xarray.Dataset
        From `stability_boundary`.
    theory : dict from str to TheoryLine
        By their names in the picture.
    accelerated : ndarray of bool or None
        Points of the map where memory 1 has all three ranges of eq. (26) and is stable with an
        effective learning rate beyond that of any stable SGD, at the largest finite batch size.
    zones : dict from str to ndarray of bool
        Points of the map by the ranges of eq. (26) that the spectrum reaches.
    quantity : str
        What of a single map is drawn.
    """

    map: Labelled
    boundaries: dict[str, xarray.Dataset]
    theory: dict[str, TheoryLine] = field(default_factory=dict)
    accelerated: Array | None = None
    zones: dict[str, Array] = field(default_factory=dict)
    quantity: str = "stable"

    @sized
    def draw(
        self,
        ax: Any = None,
        *,
        annotate: bool = True,
        explained: bool = True,
        size: FigureSize = None,
    ) -> Any:
        """Draw it; see `named_diagram`."""
        ax = new_axes(size) if ax is None else ax
        handles: dict[str, Any] = {}
        if self.map.stable.ndim == 2:
            exact = not self.boundaries  # which are the edge of stability
            shown = draw_colours(self.map, ax, self.quantity, explained=explained, edge=exact)
            handles |= shown.kinds
            regions = dict(shown.regions)
        else:
            regions = self._draw_series(ax, handles)
        ax.autoscale_view()  # matplotlib would do so only when it draws
        ax.autoscale(False)
        curves = self._draw_boundaries(ax, handles)
        for place, (name, line) in enumerate(self.theory.items()):
            style = dashed(line.colour, place)
            drawn = ax.plot(line.x, line.y, **style, label=name, zorder=4)
            handles[name] = named("theory", *drawn)
            curves[name] = [_inside(ax, line)], line.colour
        curves = {name: found for name, found in curves.items() if len(found[0][0][0])}

        def write(below: Collection[str]) -> Iterable[tuple[str, Any]]:
            pieces = {name: pieces for name, (pieces, _) in curves.items()}
            colours = {name: colour for name, (_, colour) in curves.items()}
            texts, taken = name_curves(ax, pieces, colours, {"", *below})
            inside = {name: mask for name, mask in regions.items() if name not in below}
            return [*texts.items(), *name_regions(ax, self._edges(), inside, taken).items()]

        name_or_explain(ax, handles, write, annotate=annotate, explained=explained)
        return ax

    def _edges(self) -> tuple[Array, Array]:
        """Return the edges of the map's cells, in x and in y."""
        *_, y_name, x_name = self.map.stable.dims
        return cell_edges(self.map[x_name].values), cell_edges(self.map[y_name].values)

    def _draw_series(self, ax: Any, handles: dict[str, Any]) -> dict[str, Array]:
        """Draw at how many of the batch sizes each point is stable, in greys."""
        from matplotlib.patches import Patch

        panels, y_name, x_name = map(str, self.map.stable.dims)
        sizes = self.map[panels].values
        stable = self.map.stable.values == 1
        count = stable.sum(axis=0)
        shades = [str(value) for value in np.linspace(_LIGHTEST, _DARKEST, sizes.size + 1)]
        named("map", colour_cells(ax, self._edges(), count, shades))
        ax.set(xscale="linear", yscale="linear")
        show_window(ax, next(iter(self.boundaries.values())))
        write_title(ax, title(self.map, (x_name, y_name, panels)))
        where = _of_sizes(sizes)
        diverges = (self.map.stable.values == 0).all(axis=0)
        regions = {f"stable{where}": count == sizes.size, f"diverges{where}": diverges}
        if self.accelerated is not None:
            name = f"accelerated{_of_sizes(sizes[np.isfinite(sizes)][-1:])} (Theorem 7)"
            pattern = hatch(ax, self._edges(), self.accelerated, "////", GREEN)
            if pattern is not None:
                named("accelerated", pattern)
                handles[name] = Patch(label=name, fc="none", ec=GREEN, hatch="////", lw=0)
            regions = {name: self.accelerated, **regions}
        for name, mask in self.zones.items():
            regions[name] = mask & (count > 0)
        return regions

    def _draw_boundaries(
        self, ax: Any, handles: dict[str, Any]
    ) -> dict[str, tuple[list[tuple[Array, Array]], str]]:
        """Draw every boundary in a look of its own; return pieces and colours by their names."""
        curves = {}
        several = len(self.boundaries) > 1
        for place, (name, edge) in enumerate(self.boundaries.items()):
            colour = _COLOURS[place % len(_COLOURS)] if several else BLACK
            x, y = (edge[edge.attrs[axis]].values for axis in ("x", "y"))
            pieces: list[tuple[Array, Array]] = []
            for number in np.unique(edge.curve.values):
                there = edge.curve.values == number
                label = f"_{name}" if pieces else name
                style = {"color": colour, "linestyle": STROKES[place % len(STROKES)]}
                (line,) = ax.plot(x[there], y[there], label=label, zorder=3, **style)
                named("boundary", line)
                if several:
                    handles.setdefault(name, line)
                pieces.append((x[there], y[there]))
            if pieces:
                curves[name if several else ""] = pieces, colour
        return curves


def _of_sizes(sizes: Array) -> str:
    r"""Return at which batch sizes something holds: no others are known.

    Examples
    --------
    >>> print(_of_sizes(np.array([8, np.inf])))
     at $B = 8, \infty$
    """
    if len(sizes) > _MOST_LISTED:
        return rf" at all {len(sizes)} $B$"
    numbers = ", ".join(f"{size:g}" if np.isfinite(size) else r"\infty" for size in sizes)
    return f" at $B = {numbers}$"


def _inside(ax: Any, line: TheoryLine) -> tuple[Array, Array]:
    """Return the part of a line that the axes show."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    seen = (line.x >= left) & (line.x <= right) & (line.y >= low) & (line.y <= high)
    return line.x[seen], line.y[seen]
