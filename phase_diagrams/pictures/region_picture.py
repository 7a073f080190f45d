"""The picture of a proved region: its boxes, alone or over a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, in_points, sized
from sgdmem.phase_diagrams.pictures.labels import axis_label, title
from sgdmem.phase_diagrams.pictures.naming import name_or_explain
from sgdmem.phase_diagrams.pictures.palette import BLACK, LIGHT_BLUE, LIGHT_GREY, SKY
from sgdmem.phase_diagrams.pictures.surroundings import new_axes, set_scale, write_title
from sgdmem.symbolic.errors import InputError

if TYPE_CHECKING:
    import xarray

BOXES = ("box_x_low", "box_x_high", "box_y_low", "box_y_high", "proved")
_LOOKS = ((1, "proved stable", LIGHT_BLUE), (0, "proved unstable", LIGHT_GREY), (-1, "open", BLACK))
_MANY = 2000  # boxes that a file of lines can hold
_FAINT = 0.25


@sized
def draw_region(
    data: xarray.Dataset,
    ax: Any = None,
    *,
    annotate: bool = True,
    explained: bool = True,
    size: FigureSize = None,
) -> Any:
    """Draw a proved region by itself; see `sgdmem.draw`."""
    ax = new_axes(size) if ax is None else ax
    verdicts, about = data.proved.values, data.proved.attrs
    rectangles = _rectangles(data)
    handles = {}
    for verdict, name, colour in _LOOKS:
        chosen = rectangles[verdicts == verdict]
        if len(chosen):
            edge = colour if verdict == -1 else "white"
            style = {"facecolor": colour, "edgecolor": edge, "linewidth": in_points(0.3)}
            _add(ax, chosen, {1: "stable", 0: "unstable", -1: "open"}[verdict], **style)
            share = float(about[f"{name.removeprefix('proved ')}_share"])
            handles[name] = _patch(f"{name}: {share:.1%}", colour)
    for axis in "xy":
        set_scale(ax, axis, about[f"{axis}_scale"])
        ends = data[f"box_{axis}_low"].values.min(), data[f"box_{axis}_high"].values.max()
        ax.set(**{f"{axis}lim": ends, f"{axis}label": axis_label(about[axis], data)})
    write_title(ax, title(data, [about["x"], about["y"]]))
    name_or_explain(ax, handles, lambda below: [], annotate=annotate, explained=explained)
    return ax


def draw_boxes(diagram: xarray.Dataset, ax: Any) -> dict[str, Any]:
    """Draw the boxes of a proved region over its map; return what a legend says of them.

    Raises
    ------
    InputError
        If the region is one of other parameters than the map.
    """
    about = diagram.proved.attrs
    axes = [about.get("y"), about.get("x")]
    if axes != [*map(str, diagram.stable.dims)]:
        raise InputError(
            f"the proved region is over {axes[1]} and {axes[0]}, and the map over "
            f"{diagram.stable.dims[1]} and {diagram.stable.dims[0]}"
        )
    rectangles, is_open = _rectangles(diagram), diagram.proved.values == -1
    lines = {"facecolor": "none", "edgecolor": "white", "linewidth": in_points(0.3)}
    _add(ax, rectangles[~is_open], "proved-boxes", alpha=_FAINT, **lines)
    if is_open.any():
        style = {"facecolor": SKY, "edgecolor": SKY, "linewidth": in_points(0.3)}
        _add(ax, rectangles[is_open], "open", **style)
    share = float(about["open_share"])
    return {"open": _patch(f"open: {share:.1%}; elsewhere proved", SKY)}


def _rectangles(data: xarray.Dataset) -> Array:
    """Return the corners of all boxes, shape (n, 4, 2)."""
    left, right, bottom, top = (data[name].values for name in BOXES[:4])
    corners = [(left, bottom), (right, bottom), (right, top), (left, top)]
    return np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1)


def _add(ax: Any, rectangles: Array, name: str, **style: Any) -> None:
    from matplotlib.collections import PolyCollection

    many = len(rectangles) > _MANY
    drawn = PolyCollection([*rectangles], rasterized=many, zorder=1.5, **style)
    named(name, ax.add_collection(drawn, autolim=False))


def _patch(label: str, colour: str) -> Any:
    from matplotlib.patches import Patch

    return Patch(facecolor=colour, linewidth=0, label=label)
