"""What stands around axes, kept inside a figure of any size: title, labels, legend, colour bar."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

_GAP = 3.0  # points between what is written at the x axis and a legend below it
_SIDES = 16.0  # points of a figure's width that a legend leaves free
_TIGHT = {"columnspacing": 1.0, "handlelength": 1.5, "handletextpad": 0.5}
_LONGER = 1.0  # a vertical label over its axes, at most
_LEAST = 60.0  # points of a vertical label


def new_axes() -> Any:
    """Return axes of a figure of their own, with room for labels and a legend."""
    from matplotlib.figure import Figure

    return Figure(figsize=(6.4, 4.8), layout="constrained").add_subplot()


def write_title(ax: Any, text: str, size: str = "medium") -> None:
    """Write a title that goes on in a new line where the figure ends, not within an equation."""
    ax.set_title(
        text.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"), fontsize=size, wrap=True
    )


def write_legend(ax: Any, handles: Any = None, *, most_columns: int = 3, **options: Any) -> None:
    """Write a legend below the axis label, in as many columns as there is room for.

    The distance is measured, not a share of the axes: those may be low.

    Parameters
    ----------
    ax
        Axes with their final x label.
    handles : list of artists, optional
        Those of the axes by default.
    most_columns
        At most.
    **options
        Of ``ax.legend``.
    """
    from matplotlib.transforms import ScaledTranslation

    if handles is None:
        handles, _ = ax.get_legend_handles_labels()
    figure = ax.get_figure()
    written = ax.xaxis.get_tightbbox()
    deep = 0.0 if written is None else max(0.0, ax.bbox.y0 - written.y0) / figure.dpi
    below = ScaledTranslation(0, -deep - _GAP / 72, figure.dpi_scale_trans)
    room = _room(ax) - _SIDES / 72 * figure.dpi
    most = max(1, min(len(handles), most_columns))
    for columns, spacing in product(range(most, 0, -1), ({}, _TIGHT)):
        legend = ax.legend(
            handles=handles,
            loc="upper center",
            bbox_to_anchor=(0.5, 0),
            bbox_transform=ax.transAxes + below,
            frameon=False,
            fontsize="small",
            borderaxespad=0,
            ncols=columns,
            **spacing,
            **options,
        )
        if legend.get_window_extent().width <= room:
            break


def _room(ax: Any) -> float:
    """Return how wide something below axes may be, in pixels, that has the same middle.

    Beside a colour bar the axes are not in the middle of their part of the figure.
    """
    _lay_out(ax)
    low, high = 0.0, float(ax.get_figure().bbox.width)
    place = ax.get_subplotspec()
    if place is not None:
        ratios, span = place.get_gridspec().get_width_ratios(), place.colspan
        width = high / sum(ratios)
        low, high = sum(ratios[: span.start]) * width, sum(ratios[: span.stop]) * width
    box = ax.get_window_extent()
    middle = (box.x0 + box.x1) / 2 - ax.get_figure().bbox.x0
    room: float = 2 * min(middle - low, high - middle)
    return room


def _lay_out(ax: Any) -> bool:
    """Run the layout engine of the figure; return whether there is one."""
    figure = ax.get_figure(root=True)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    return engine is not None


def settle(ax: Any) -> None:
    """Give axes the place that they will have in the picture, so that it can be measured.

    Labels of vertical axes that are longer than those are broken into lines, those of second
    scales and of colour bars too.
    """
    if _lay_out(ax) and any([_break(one) for one in (*ax.get_figure().axes, *ax.child_axes)]):
        _lay_out(ax)


def _break(ax: Any) -> bool:
    """Break the vertical label of axes into lines that are no longer than those; return whether."""
    label = ax.yaxis.label
    text = label.get_text()
    room = max(_LONGER * ax.get_window_extent().height, _LEAST / 72 * ax.figure.dpi)
    lines: list[str] = []
    for word in re.findall(r"(?:\$[^$]*\$|[^\s$])+", text):
        longer = f"{lines[-1]} {word}" if lines else word
        label.set_text(longer)
        if lines and label.get_window_extent().height <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    label.set_text("\n".join(lines))
    return len(lines) > 1 and lines != text.split("\n")
