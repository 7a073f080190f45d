"""The picture of a series of phase diagrams, side by side on one scale of colours."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from os import PathLike
from typing import Any

import numpy as np

from sgdmem.phase_diagrams.maps.edges import panel_of
from sgdmem.phase_diagrams.maps.labelled_arrays import Labelled
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, letters_of, read_size, sized
from sgdmem.phase_diagrams.pictures.labels import axis_label, title
from sgdmem.phase_diagrams.pictures.map_colours import Shown, least_shown
from sgdmem.phase_diagrams.pictures.map_picture import (
    draw_cells,
    draw_colour_bar,
    name_cells,
    read_diagram,
    thinned,
)
from sgdmem.phase_diagrams.pictures.naming import name_or_explain
from sgdmem.phase_diagrams.pictures.surroundings import write_figure_legend, write_figure_title
from sgdmem.symbolic.errors import InputError

_MOST_COLUMNS = 3
_PANEL = 14.0  # letters that a map is wide, at least


@sized
def draw_series(
    diagram: Labelled | str | PathLike[str],
    *,
    quantity: str = "stable",
    annotate: bool = True,
    size: FigureSize = None,
) -> Any:
    """Draw a series of maps side by side.

    Parameters
    ----------
    diagram : xarray.Dataset or path
        From `phase_diagram` with ``panels``, or where that was written.
    quantity, annotate, size
        See `draw`. A named size says how wide the figure is; it is as high as its rows need.

    Returns
    -------
    matplotlib figure
        Its axes have the `artists` of `draw`.

    Examples
    --------
    >>> import sgdmem
    >>> series = sgdmem.phase_diagram(
    ...     "heavy-ball",
    ...     sgdmem.Spectrum([1, 0.5]),
    ...     x=("learning_rate", [0.1, 1, 10]),
    ...     y=("momentum", [0, 0.9]),
    ...     panels=("batch_size", [1, 8]),
    ... )
    >>> [ax.get_title() for ax in draw_series(series).axes[:2]]
    ['batch size $B$ = 1', 'batch size $B$ = 8']
    """
    diagram = thinned(read_diagram(diagram), quantity)
    if diagram.stable.ndim != 3:
        raise InputError("diagram must be a series: a single map is drawn by draw")
    panels, y_name, x_name = map(str, diagram.stable.dims)
    values = diagram[panels].values
    figure, places = _panels(len(values), size)
    kinds: dict[str, Any] = {}
    drawn = []
    least = least_shown(diagram)
    for place, (ax, value) in enumerate(zip(places, values, strict=False)):
        drawn.append(draw_cells(panel_of(diagram, place), ax, quantity, least))
        kinds |= drawn[-1].kinds
        full = panels == "batch_size" and not np.isfinite(value)
        words = "full batches" if full else f"{axis_label(panels, diagram)} = {value:g}"
        ax.set_title(words, fontsize="medium")
        ax.label_outer()
    for ax in places[len(values) :]:
        ax.set_axis_off()
    meshes = [shown.mesh for shown in drawn if shown.mesh is not None]
    if meshes:
        from matplotlib.colors import LogNorm

        ends = [end for mesh in meshes for end in mesh.get_clim()]
        norms = [mesh.norm for mesh in meshes]  # full batches have noise sums of 0
        norm = next((one for one in norms if not isinstance(one, LogNorm)), norms[0])
        for mesh in meshes:
            mesh.set_norm(norm)
            mesh.set_clim(min(ends), max(ends))
        barred = [one for one in drawn if one.mesh is not None]
        draw_colour_bar(max(barred, key=_goes_below), list(places), shrink=0.8)
    write_figure_title(figure, title(diagram, (x_name, y_name, panels)))

    def write(below: Collection[str]) -> Iterable[tuple[str, Any]]:
        for place, (ax, colours) in enumerate(zip(places, drawn, strict=False)):
            yield from name_cells(panel_of(diagram, place), ax, colours, below)

    name_or_explain(
        places[0],
        kinds,
        write,
        annotate=annotate,
        legend=lambda handles: write_figure_legend(figure, handles),
    )
    return figure


def _panels(count: int, size: FigureSize) -> tuple[Any, Any]:
    """Return a figure for a number of maps, and their axes; a named size says its width."""
    from matplotlib.figure import Figure

    letters, given = letters_of(size), read_size(size)
    fitting = _MOST_COLUMNS
    if letters is not None and given is not None:
        fitting = min(fitting, max(1, int(given[0] * 72 / (_PANEL * letters))))
    rows = -(-count // fitting)
    columns = -(-count // rows)
    if letters is None or given is None:
        given = 1 + 3.6 * columns, 0.6 + 3.4 * rows
    elif isinstance(size, str):
        line = letters / 72
        width = given[0] / columns - 3 * line
        given = given[0], rows * (0.85 * width + 3 * line) + 8 * line
    figure = Figure(figsize=given, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()


def _goes_below(shown: Shown) -> bool:
    """Whether a colour stands for smaller numbers too."""
    return bool(shown.mesh.cmap.colorbar_extend == "min")
