"""The picture of a proved region: its boxes, alone or over a map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.shares import percent
from sgdmem.phase_diagrams.maps.labelled_arrays import Labelled
from sgdmem.phase_diagrams.pictures.artists import named
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, in_points, sized
from sgdmem.phase_diagrams.pictures.labels import axis_label, title
from sgdmem.phase_diagrams.pictures.naming import name_or_explain
from sgdmem.phase_diagrams.pictures.palette import (
    BLACK,
    GREEN,
    LIGHT_GREY,
    SKY,
)
from sgdmem.phase_diagrams.pictures.surroundings import (
    new_axes,
    set_scale,
    write_legend,
    write_title,
)
from sgdmem.symbolic.errors import InputError

BOXES = ("box_x_low", "box_x_high", "box_y_low", "box_y_high", "proved")
_MANY = 2000  # boxes that a file of lines can hold
_FAINT = 0.3


class _Look(NamedTuple):
    """How boxes of a kind are shown: alone, and over a map by their outlines.

    Legends of both have the same colours, which are some of those that maps have there.
    """

    verdict: int
    name: str
    label: str
    colour: str
    outline: str  # over a map


_LOOKS = (
    _Look(1, "stable", "proved stable", GREEN, "white"),
    _Look(0, "unstable", "proved unstable", LIGHT_GREY, BLACK),
    _Look(-1, "open", "open", SKY, SKY),
)


@sized
def draw_region(
    data: Labelled,
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
    for look in _LOOKS:
        chosen = rectangles[verdicts == look.verdict]
        if len(chosen):
            edge = look.colour if look.verdict == -1 else "white"
            style = {"facecolor": look.colour, "edgecolor": edge, "linewidth": in_points(0.3)}
            _add(ax, chosen, look.name, **style)
            handles[look.label] = _patch(look, about, facecolor=look.colour, linewidth=0)
    for axis in "xy":
        set_scale(ax, axis, about[f"{axis}_scale"])
        ax.set(**{f"{axis}lim": _ends(data, axis), f"{axis}label": axis_label(about[axis], data)})
    write_title(ax, title(data, [about["x"], about["y"]]))
    notes: dict[str, Any] = {"title": "\n".join(_left_out(data)), "title_fontsize": "small"}
    name_or_explain(
        ax,
        handles,
        lambda below: [],
        annotate=annotate,
        explained=explained,
        legend=lambda some: write_legend(ax, some, **notes),
    )
    return ax


def notes_on_boxes(diagram: Labelled) -> str:
    """Return what is to be said above the legend of a region over its map."""
    lines = [
        "Proved: each box as a whole, stable or not.",
        "Computed at points: noise sums, why it diverges.",
    ]
    return "\n".join([*lines, *_left_out(diagram)])


def _left_out(data: Labelled) -> list[str]:
    """Return a line on the values at which a method is another one."""
    values = str(data.proved.attrs.get("nothing_said_of", ""))
    return [f"Nothing is said of {values}."] if values else []


def draw_boxes(diagram: Labelled, ax: Any) -> dict[str, Any]:
    """Draw the boxes of a proved region over its map; return what a legend says of them.

    The axes end where the region does, since the cells of a map reach half a cell beyond.

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
    for axis in "xy":
        (low, high), (first, last) = getattr(ax, f"get_{axis}lim")(), _ends(diagram, axis)
        ax.set(**{f"{axis}lim": (max(low, first), min(high, last))})
    rectangles, handles = _rectangles(diagram), {}
    for look in _LOOKS:
        chosen = rectangles[diagram.proved.values == look.verdict]
        if not len(chosen):
            continue
        style: dict[str, Any] = {"edgecolor": look.outline, "linewidth": in_points(0.3)}
        if look.verdict == -1:
            _add(ax, chosen, look.name, facecolor=look.outline, **style)
            handles[look.label] = _patch(look, about, facecolor=look.outline, linewidth=0)
        else:
            _add(ax, chosen, f"proved-{look.name}", facecolor="none", alpha=_FAINT, **style)
            shown = {"facecolor": look.colour, "hatch": "++", "edgecolor": look.outline}
            handles[look.label] = _patch(look, about, linewidth=0, **shown)
    return handles


def _ends(data: Labelled, axis: str) -> tuple[float, float]:
    """Return where a region ends."""
    return (
        float(data[f"box_{axis}_low"].values.min()),
        float(data[f"box_{axis}_high"].values.max()),
    )


def _rectangles(data: Labelled) -> Array:
    """Return the corners of all boxes, shape (n, 4, 2)."""
    left, right, bottom, top = (data[name].values for name in BOXES[:4])
    corners = [(left, bottom), (right, bottom), (right, top), (left, top)]
    return np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1)


def _add(ax: Any, rectangles: Array, name: str, **style: Any) -> None:
    from matplotlib.collections import PolyCollection

    many = len(rectangles) > _MANY
    drawn = PolyCollection([*rectangles], rasterized=many, zorder=1.5, **style)
    named(name, ax.add_collection(drawn, autolim=False))


def _patch(look: _Look, about: Mapping[str, Any], **style: Any) -> Any:
    from matplotlib.patches import Patch

    return Patch(label=f"{look.label}: {percent(float(about[f'{look.name}_share']))}", **style)
