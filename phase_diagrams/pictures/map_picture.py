"""The picture of a phase diagram."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial
from os import PathLike
from typing import Any, cast

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.scales import scale_of, to_places, to_values
from sgdmem.phase_diagrams.maps.edges import EDGES, edge_curves
from sgdmem.phase_diagrams.maps.labelled_arrays import Labelled
from sgdmem.phase_diagrams.maps.map_file import read_map_file
from sgdmem.phase_diagrams.maps.quantities import BOUNDS, SUMS, VERDICTS
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import (
    FigureSize,
    in_points,
    sized,
)
from sgdmem.phase_diagrams.pictures.labels import axis_label, title
from sgdmem.phase_diagrams.pictures.map_colours import Shown, coarse, least_shown, noise_sums, paint
from sgdmem.phase_diagrams.pictures.naming import name_or_explain
from sgdmem.phase_diagrams.pictures.placement import name_regions
from sgdmem.phase_diagrams.pictures.region_picture import BOXES, draw_boxes, notes_on_boxes
from sgdmem.phase_diagrams.pictures.surroundings import (
    new_axes,
    set_scale,
    write_legend,
    write_title,
)
from sgdmem.symbolic.errors import InputError, shown

_MOST_CELLS = 2000  # along an axis of a picture
_GUESSED = "edge, guessed between points"


@sized
def draw_map(
    diagram: Labelled,
    ax: Any = None,
    *,
    quantity: str = "stable",
    annotate: bool = True,
    explained: bool = True,
    size: FigureSize = None,
) -> Any:
    """Draw one map; see `sgdmem.draw`.

    Raises
    ------
    InputError
        If it is no phase diagram, has no such variable, or is a series.
    """
    diagram = thinned(diagram, quantity)
    if diagram.stable.ndim != 2:
        raise InputError("diagram must be one map: a series is drawn by draw_series")
    ax = new_axes(size) if ax is None else ax
    shown = draw_colours(diagram, ax, quantity, explained=explained)
    boxes: dict[str, Any] = {}
    notes: dict[str, Any] = {}
    if "proved" in diagram:
        boxes = draw_boxes(diagram, ax)
        notes = {"title": notes_on_boxes(diagram), "title_fontsize": "small"}
    name_or_explain(
        ax,
        {**shown.kinds, **boxes},
        lambda below: name_cells(diagram, ax, shown, below),
        annotate=annotate,
        explained=explained,
        legend=lambda some: write_legend(ax, some, **notes),
    )
    return ax


def draw_colours(
    diagram: Labelled, ax: Any, quantity: str, *, explained: bool, edge: bool = True
) -> Shown:
    """Draw a map with its title and colour bar, and the edge of stability, without any names."""
    shown = draw_cells(diagram, ax, quantity, least_shown(diagram), edge)
    if explained and shown.mesh is not None:
        draw_colour_bar(shown, ax)
    write_title(ax, title(diagram, [str(name) for name in diagram.stable.dims]))
    return shown


def read_diagram(diagram: Any) -> Labelled:
    """Return a phase diagram, from its file if a path was given."""
    found = read_map_file(diagram) if isinstance(diagram, str | PathLike) else diagram
    names = getattr(found, "data_vars", ())
    if "stable" in names:
        return cast("Labelled", found)
    boundary = "condition" in names
    kind = "a boundary: sgdmem.draw draws it"
    raise InputError(
        "diagram must be what phase_diagram returns, or the path of its file, got "
        + (kind if boundary else f"a {type(diagram).__name__}")
    )


def thinned(diagram: Labelled, quantity: str) -> Labelled:
    """Return what a picture can show of a diagram, in memory: of large maps every k-th point."""
    if quantity not in diagram.data_vars:
        names = ", ".join(map(str, diagram.data_vars))
        raise InputError(f"quantity must be among {names}, got {shown(quantity)}")
    for name in diagram.stable.dims[-2:]:
        values = diagram[name].values
        if not np.isfinite(values).all():
            raise InputError(
                f"{name} = {values[~np.isfinite(values)][0]:g} has no place on an axis; "
                "leave it out, or make it one of the panels"
            )
        if (np.diff(values) <= 0).any():
            diagram = diagram.isel({name: np.unique(values, return_index=True)[1]})
    steps = {name: -(-diagram.sizes[name] // _MOST_CELLS) for name in diagram.stable.dims[-2:]}
    parts = {name: slice((step - 1) // 2, None, step) for name, step in steps.items() if step > 1}
    needed = [name for name in (*VERDICTS, *SUMS, *BOUNDS, *EDGES, *BOXES) if name in diagram]
    return diagram[[*dict.fromkeys([*needed, quantity])]].isel(parts).load()


def draw_cells(
    diagram: Labelled, ax: Any, quantity: str, least: float | None, edge: bool = True
) -> Shown:
    """Draw a map without title, colour bar, legend and names."""
    y_name, x_name = map(str, diagram.stable.dims)
    x, y = diagram[x_name].values, diagram[y_name].values
    edges = cell_edges(x), cell_edges(y)
    shown = paint(diagram, ax, quantity, edges, least)
    stable = diagram.stable.values == 1
    to_plane = _interpolated(x, y) + ax.transData
    plane: dict[str, Any] = {"colors": "black", "transform": to_plane}
    curves = edge_curves(diagram) or []
    for points in curves:
        line = {"color": "black", "linewidth": in_points(1.2)}
        named("edge", *ax.plot(*points, scalex=False, scaley=False, **line))
    if min(stable.shape) > 1 and stable.any():
        steps = {name: slice(None, None, coarse(n)) for name, n in diagram.stable.sizes.items()}
        diagram = diagram.isel(steps)
        stable = diagram.stable.values == 1
        places = _spaced(x)[steps[x_name]], _spaced(y)[steps[y_name]]
        if shown.levels and least is not None:
            sums = np.ma.masked_where(~stable, np.log10(np.maximum(noise_sums(diagram), least)))
            thin = {"levels": np.log10(shown.levels), "linewidths": in_points(0.6), **plane}
            thin["linestyles"] = ":"
            named("level", ax.contour(*places, sums, **thin))
        if edge and not curves and "edge_curve" not in diagram and not stable.all():
            zero = {"levels": [0.0], "linewidths": in_points(1.2), "linestyles": "--", **plane}
            for excess in _excess_by_cause(diagram):
                if np.ma.min(excess) < 0 < np.ma.max(excess):
                    named("edge", ax.contour(*places, excess, corner_mask=False, **zero))
                    shown.kinds[_GUESSED] = _guessed_line()
    for axis, values in (("x", x), ("y", y)):
        set_scale(ax, axis, scale_of(values))
    ax.set(xlabel=axis_label(x_name, diagram), ylabel=axis_label(y_name, diagram))
    return shown


def _spaced(values: Array) -> Array:
    """Return places of points that are as far apart on paper as they are in the picture."""
    return to_places(values, scale_of(values))


def _interpolated(x: Array, y: Array) -> Any:
    """Return the transform from such places to values."""
    from matplotlib.scale import FuncTransform
    from matplotlib.transforms import blended_transform_factory

    scales = [scale_of(values) for values in (x, y)]
    return blended_transform_factory(
        *(FuncTransform(*(partial(f, scale=s) for f in (to_values, to_places))) for s in scales)
    )


def _guessed_line() -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], color="black", linestyle="--", linewidth=in_points(1.2), label=_GUESSED)


def _excess_by_cause(diagram: Labelled) -> tuple[Any, Any]:
    """Return what is positive where it diverges without noise, and where by noise.

    Nothing is said at points of the other kind, so that no line joins the edges of both.
    """
    excess = _excess(diagram)
    quiet = (diagram.stable.values == 0) & (diagram.noiseless.values == 0)
    noisy = (diagram.stable.values != 1) & ~quiet
    return np.ma.masked_where(noisy, excess), np.ma.masked_where(quiet, excess)


def _excess(diagram: Labelled) -> Array:
    """Return what is positive where it is not stable, and smoother than the verdicts if it can."""
    if "margin" not in diagram:
        return np.where(diagram.stable.values == 1, -1.0, 1.0)
    drawn = {*BOUNDS} <= {*diagram}
    radius = diagram.noise_sum_estimate.values if drawn else 1 - diagram.margin.values
    with np.errstate(divide="ignore", invalid="ignore"):  # logarithms of powers are straight
        excess = np.clip(np.log(radius), -3, 3)
    if not drawn:
        return np.asarray(excess)
    found = np.where(diagram.stable.values == 1, np.fmin(excess, 0), np.fmax(excess, 0))
    return np.asarray(found)


def draw_colour_bar(shown: Shown, places: Any, **options: Any) -> None:
    """Add a colour bar; that of noise sums has the lines of the map."""
    bar = np.ravel(places)[0].figure.colorbar(shown.mesh, ax=places, label=shown.label, **options)
    if shown.levels:
        low, high = shown.mesh.get_clim()
        decades = 10.0 ** np.arange(round(np.log10(low)), 0)
        ticks = sorted({*decades, *shown.levels, high})
        bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
        bar.ax.minorticks_off()
        bar.add_lines(shown.levels, ["black"] * len(shown.levels), in_points(0.6))


def name_cells(
    diagram: Labelled, ax: Any, shown: Shown, below: Collection[str]
) -> Iterable[tuple[str, Any]]:
    """Write the names of regions into a map that has its final place, but those in the legend."""
    if min(diagram.stable.shape) < 2:
        return []
    y, x = (diagram[name].values for name in diagram.stable.dims)
    regions = {name: mask for name, mask in shown.regions.items() if name not in below}
    return name_regions(ax, (cell_edges(x), cell_edges(y)), regions).items()


def cell_edges(values: Array) -> Array:
    """Return the edges of cells centred (on the axis's scale) at the values."""
    scale = scale_of(values)
    points = to_places(values, scale)
    if len(points) == 1:
        ends = np.array([points[0] - 0.5, points[0] + 0.5])
    else:
        middle = (points[1:] + points[:-1]) / 2
        ends = np.concatenate([[2 * points[0] - middle[0]], middle, [2 * points[-1] - middle[-1]]])
    return to_values(ends, scale)
