"""The picture of a boundary of stability."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.scales import Scale
from sgdmem.numeric.judges.reason import Reason
from sgdmem.phase_diagrams.maps.labelled_arrays import Labelled
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, in_points, sized
from sgdmem.phase_diagrams.pictures.labels import axis_label, noise_measure, title
from sgdmem.phase_diagrams.pictures.naming import name_or_explain
from sgdmem.phase_diagrams.pictures.palette import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    STROKES,
)
from sgdmem.phase_diagrams.pictures.placement import name_curves, name_regions
from sgdmem.phase_diagrams.pictures.stable_side import stable_side
from sgdmem.phase_diagrams.pictures.surroundings import (
    new_axes,
    set_scale,
    write_legend,
    write_title,
)

# Colour-blind safe (Okabe-Ito), and told apart in print by their strokes.
_STYLES: dict[str, tuple[str, Any]] = {
    Reason.NOISE_SUM.value: (RED, STROKES[0]),
    Reason.ROOT_AT_MINUS_1.value: (BLUE, STROKES[1]),
    Reason.COMPLEX_ROOTS.value: (SKY, STROKES[2]),
    Reason.ROOT_AT_1.value: (GREEN, STROKES[3]),
    Reason.TRACE_DIVERGES.value: (ORANGE, STROKES[4]),
    Reason.SQUARES_DIVERGE.value: (ORANGE, STROKES[5]),
    Reason.MODE_NOISE.value: (PURPLE, STROKES[6]),
    **{reason.value: (BLACK, ":") for reason in Reason if reason.is_open},
}


@sized
def draw_boundary(
    boundary: Labelled,
    ax: Any = None,
    *,
    annotate: bool = True,
    explained: bool = True,
    size: FigureSize = None,
) -> Any:
    """Draw curves of `stability_boundary`, each piece by the condition that binds, and the cusps.

    Parameters
    ----------
    boundary : xarray.Dataset
    ax : matplotlib axes, optional
        Where to draw; a new figure otherwise.
    annotate : bool
        Whether the conditions are named along the curves, and where it is stable, where there is
        room.
    explained : bool
        Whether a legend is added, of what has no name in the picture.
    size : str or (float, float), optional
        "column", "page", "slide", or width and height in inches: of the figure, and of letters and
        lines.

    Returns
    -------
    matplotlib axes
        With the `artists` ``boundary`` (one for each piece), ``cusp``, ``curve-name`` and
        ``region-name``.

    Examples
    --------
    >>> import sgdmem
    >>> edge = sgdmem.stability_boundary(
    ...     "heavy-ball",
    ...     sgdmem.Spectrum([1]),
    ...     x=("learning_rate", 0.1, 5),
    ...     y=("momentum", 0, 0.9),
    ...     resolution=10,
    ... )
    >>> axes = draw_boundary(edge)
    >>> [line.get_label() for line in axes.lines]
    ['a root at x = -1']
    """
    ax = new_axes(size) if ax is None else ax
    x_name, y_name = boundary.attrs["x"], boundary.attrs["y"]
    x, y = boundary[x_name].values, boundary[y_name].values
    curve, condition = boundary.curve.values, boundary.condition.values
    measure, drawn = noise_measure(boundary), dict[str, list[Any]]()
    handles: dict[str, Any] = {}
    for number in np.unique(curve):
        (places,) = np.nonzero(curve == number)
        for start, stop in _pieces(condition[places]):
            name = str(condition[places[start]])
            words = Reason(name).label.replace("noise sum", measure)
            colour, stroke = _STYLES[name]
            piece = places[start:stop]
            label = "_nolegend_" if words in drawn else words
            (line,) = ax.plot(x[piece], y[piece], color=colour, ls=stroke, label=label)
            handles.setdefault(words, named("boundary", line))
            drawn.setdefault(words, []).append((x[piece], y[piece]))
    corners = boundary[f"cusp_{x_name}"].values, boundary[f"cusp_{y_name}"].values
    if corners[0].size:
        style = {"color": BLACK, "markersize": in_points(4), "label": "cusp", "zorder": 3}
        named("cusp", *ax.plot(*corners, "o", **style))
    show_window(ax, boundary)
    write_title(ax, title(boundary, (x_name, y_name)))
    colours = {words: line.get_color() for words, line in handles.items()}

    def write_names(below: Collection[str]) -> list[tuple[str, Any]]:
        texts, taken = name_curves(ax, drawn, colours, below)
        if f"stable_{x_name}" not in boundary or f"unstable_{x_name}" not in boundary:
            return list(texts.items())  # by others: nothing says which side is stable
        edges, stable = stable_side(ax, boundary)
        return [*texts.items(), *name_regions(ax, edges, {"stable": stable}, taken).items()]

    name_or_explain(
        ax,
        handles,
        write_names,
        annotate=annotate,
        explained=explained,
        legend=lambda some: write_legend(
            ax, some, most_columns=4, title="stability ends by", title_fontsize="small"
        ),
    )
    return ax


def show_window(ax: Any, boundary: Labelled) -> None:
    """Show the window in which a boundary was traced, on its scales, and name its axes."""
    for axis in "xy":
        name = boundary.attrs[axis]
        scales: dict[str, Scale] = {"logarithmic": "log", "log1m": "log1m"}
        for attribute, scale in scales.items():
            if name in boundary.attrs.get(attribute, "").split(", "):
                set_scale(ax, axis, scale)
        ends = boundary[name].attrs["low"], boundary[name].attrs["high"]
        ax.set(**{f"{axis}lim": ends, f"{axis}label": axis_label(name, boundary)})


def _pieces(conditions: Any) -> list[tuple[int, int]]:
    """Return where each run of one condition starts and stops; runs share their end points."""
    changes = (np.flatnonzero(conditions[1:] != conditions[:-1]) + 1).tolist()
    starts = [0, *changes]
    return list(zip(starts, [*(c + 1 for c in changes), len(conditions)], strict=True))
