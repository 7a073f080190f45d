"""The picture of a named diagram: its map, its boundaries, and the lines of theory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.boundary_picture import show_window
from sgdmem.phase_diagrams.pictures.labels import title
from sgdmem.phase_diagrams.pictures.map_colours import colour_cells, verdict_regions
from sgdmem.phase_diagrams.pictures.map_picture import cell_edges, draw
from sgdmem.phase_diagrams.pictures.palette import BLACK, DASHED, GREEN, ORANGE, PURPLE, RED, SKY
from sgdmem.phase_diagrams.pictures.placement import MapRegion, name_curves, name_regions
from sgdmem.phase_diagrams.pictures.surroundings import (
    new_axes,
    settle,
    write_legend,
    write_title,
)

if TYPE_CHECKING:
    import xarray

_COLOURS = (RED, GREEN, SKY, PURPLE, ORANGE)
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
    map : xarray.Dataset
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

    map: xarray.Dataset
    boundaries: dict[str, xarray.Dataset]
    theory: dict[str, TheoryLine] = field(default_factory=dict)
    accelerated: Array | None = None
    zones: dict[str, Array] = field(default_factory=dict)
    quantity: str = "stable"

    def draw(self, ax: Any = None, *, annotate: bool = True, explained: bool = True) -> Any:
        """Draw it; see `named_diagram`."""
        from matplotlib.patches import Patch

        ax = new_axes() if ax is None else ax
        if self.map.stable.ndim == 2:
            is_verdict = self.quantity == "stable"  # its regions are named beside the curves
            own = annotate and not is_verdict
            draw(self.map, ax, quantity=self.quantity, annotate=own, explained=explained)
            regions = verdict_regions(self.map) if is_verdict else {}
        else:
            regions = self._draw_series(ax)
        ax.autoscale_view()  # matplotlib would do so only when it draws
        ax.autoscale(False)
        curves = self._draw_boundaries(ax)
        for name, line in self.theory.items():
            drawn = ax.plot(line.x, line.y, **{**DASHED, "color": line.colour}, zorder=4)
            named("theory", *drawn)
            curves[name] = [_inside(ax, line)], line.colour
        if explained and self.map.stable.ndim == 3:
            handles, _ = ax.get_legend_handles_labels()
            if self.accelerated is not None:
                patch = Patch(
                    label="accelerated (Theorem 7)", fc="none", ec=GREEN, hatch="///", lw=0
                )
                handles.append(patch)
            write_legend(ax, handles)
        settle(ax)
        if annotate:
            taken = name_curves(
                ax,
                {name: pieces for name, (pieces, _) in curves.items() if len(pieces[0][0])},
                {name: colour for name, (_, colour) in curves.items()},
            )
            name_regions(ax, self._edges(), regions, taken)
        return ax

    def _edges(self) -> tuple[Array, Array]:
        """Return the edges of the map's cells, in x and in y."""
        *_, y_name, x_name = self.map.stable.dims
        return cell_edges(self.map[x_name].values), cell_edges(self.map[y_name].values)

    def _draw_series(self, ax: Any) -> dict[str, MapRegion]:
        """Draw at how many of the batch sizes each point is stable, in greys."""
        panels, y_name, x_name = map(str, self.map.stable.dims)
        sizes = self.map[panels].size
        count = (self.map.stable.values == 1).sum(axis=0)
        shades = [str(value) for value in np.linspace(_LIGHTEST, _DARKEST, sizes + 1)]
        named("map", colour_cells(ax, self._edges(), count, shades))
        ax.set(xscale="linear", yscale="linear")
        show_window(ax, next(iter(self.boundaries.values())))
        write_title(ax, title(self.map, (x_name, y_name, panels)))
        regions = {
            "stable at every $B$": MapRegion(count == sizes, shades[-1]),
            "diverges at every $B$": MapRegion(count == 0, shades[0]),
        }
        if sizes == 1:
            regions = {"stable": MapRegion(count == 1, shades[-1])}
        if self.accelerated is not None:
            values = [self.map[name].values for name in (x_name, y_name)]
            inside = self.accelerated.astype(float)
            style: dict[str, Any] = {"colors": "none", "hatches": ["///"]}
            hatched = ax.contourf(*values, inside, levels=[0.5, 1.5], **style)
            hatched.set(edgecolor=GREEN, linewidth=0)
            named("accelerated", hatched)
            regions = {"accelerated": MapRegion(self.accelerated, "white"), **regions}
        for name, mask in self.zones.items():
            regions[name] = MapRegion(mask & (count > 0), shades[1])
        return regions

    def _draw_boundaries(self, ax: Any) -> dict[str, tuple[list[tuple[Array, Array]], str]]:
        """Draw every boundary in a colour of its own; return pieces and colours by their names."""
        curves = {}
        for place, (name, edge) in enumerate(self.boundaries.items()):
            colour = _COLOURS[place % len(_COLOURS)] if len(self.boundaries) > 1 else BLACK
            x, y = (edge[edge.attrs[axis]].values for axis in ("x", "y"))
            pieces = []
            label = name
            for number in np.unique(edge.curve.values):
                there = edge.curve.values == number
                named("boundary", *ax.plot(x[there], y[there], color=colour, label=label, zorder=3))
                pieces.append((x[there], y[there]))
                label = f"_{name}"
            if pieces:
                curves[name if len(self.boundaries) > 1 else ""] = pieces, colour
        return curves


def _inside(ax: Any, line: TheoryLine) -> tuple[Array, Array]:
    """Return the part of a line that the axes show."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    seen = (line.x >= left) & (line.x <= right) & (line.y >= low) & (line.y <= high)
    return line.x[seen], line.y[seen]
