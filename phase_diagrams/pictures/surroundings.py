"""What stands around axes, kept inside a figure of any size: title, labels, legend, colour bar."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import product
from typing import Any

from sgdmem.numeric.arithmetic.scales import Scale, to_places, to_values
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, in_points, read_size

_USUAL = (6.4, 4.8)  # inches
_GAP = 3.0  # points between what is written at the x axis and a legend below it
_SIDES = 16.0  # points of a figure's width that a legend leaves free
_TIGHT = {"columnspacing": 1.0, "handlelength": 1.5, "handletextpad": 0.5}
_STROKE = 3.0  # sizes of the font that a dash and a dot of a curve need, with their gaps
_DECADES = 13  # of a scale of 1 - x
_LONGER = 1.0  # a vertical label over its axes, at most
_LEAST = 60.0  # points of a vertical label
_NARROWER = 0.95  # room, tried for lines that are more alike


def new_axes(size: FigureSize = None) -> Any:
    """Return axes of a figure of their own, of some size, with room for a legend.

    What is drawn is fitted into it: another size later would cut titles and legends.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=read_size(size) or _USUAL, layout="constrained").add_subplot()


def set_scale(ax: Any, axis: str, scale: Scale) -> None:
    """Set the scale of an axis; that of 1 - x has numbers at 0, 0.9, 0.99, ...."""
    from matplotlib.ticker import FixedFormatter, FixedLocator

    if scale != "log1m":
        ax.set(**{f"{axis}scale": scale})
        return
    functions = partial(to_places, scale=scale), partial(to_values, scale=scale)
    getattr(ax, f"set_{axis}scale")("function", functions=functions)
    steps = [share * 10.0**-decade for decade in range(_DECADES) for share in range(9, 0, -1)]
    numbers = [10.0**-decade for decade in range(_DECADES)]
    one = getattr(ax, f"{axis}axis")
    one.set_major_locator(FixedLocator([1 - step for step in numbers]))
    one.set_major_formatter(FixedFormatter([f"{1 - step:.15g}" for step in numbers]))
    one.set_minor_locator(FixedLocator([1 - step for step in steps]))


def keep_canvas(ax: Any) -> None:
    """Give a figure without one a canvas to measure texts in, or each would make its own."""
    figure = ax.get_figure(root=True)
    if not hasattr(figure.canvas, "get_renderer"):
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        FigureCanvasAgg(figure)


def write_title(ax: Any, text: str, size: str = "medium") -> None:
    """Write a title that goes on in a new line where the figure ends, not within an equation."""
    ax.set_title(_unbroken(text), fontsize=size, wrap=True)


def write_legend(ax: Any, handles: Any = None, *, most_columns: int = 3, **options: Any) -> None:
    """Write a legend below the axis label, in as many columns as there is room for.

    That of the only axes of a figure may be as wide as the figure. Of others it is below the
    middle of the axes; the distance is measured, not a share of the axes: those may be low.

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
    figure, place = ax.get_figure(), ax.get_subplotspec()
    alone = place is not None and place.get_gridspec().get_geometry() == (1, 1)
    if alone and figure.get_layout_engine() is not None:
        write_figure_legend(figure, handles, most_columns=most_columns, **options)
        return
    keep_canvas(ax)
    written = ax.xaxis.get_tightbbox()
    deep = 0.0 if written is None else max(0.0, ax.bbox.y0 - written.y0) / figure.dpi
    below = ScaledTranslation(0, -deep - in_points(_GAP) / 72, figure.dpi_scale_trans)
    _lay_out(ax)
    where = {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "borderaxespad": 0, **options}
    where["bbox_transform"] = ax.transAxes + below
    _fit_legend(ax, handles, most_columns, _room(ax), **where)


def write_figure_legend(
    figure: Any, handles: list[Any], *, most_columns: int = 3, **options: Any
) -> None:
    """Write a legend below all axes of a figure, in as many columns as there is room for."""
    keep_canvas(figure.axes[0])
    place = {"loc": "outside lower center", **options}
    _fit_legend(figure, handles, most_columns, figure.bbox.width, **place)


def _fit_legend(
    owner: Any, handles: list[Any], most_columns: int, room: float, **options: Any
) -> None:
    """Write a legend of axes or of a figure in place of its former one."""
    room -= in_points(_SIDES) / 72 * owner.get_figure(root=True).dpi
    most = max(1, min(len(handles), most_columns))
    stroke = {"handlelength": _stroke(handles)}
    spacings = (stroke, _TIGHT | stroke, _TIGHT)  # rather short lines than another row
    for columns, spacing in product(range(most, 0, -1), spacings):
        for former in [*getattr(owner, "legends", [])]:
            former.remove()
        style = {"frameon": False, "fontsize": "small", "ncols": columns, **spacing}
        legend = owner.legend(handles=handles, **style, **options)
        if legend.get_window_extent().width <= room:
            break


def _stroke(handles: list[Any]) -> float:
    """Return how long a legend's lines must be, in sizes of its font, to show thick strokes."""
    strokes = [line for line in handles if hasattr(line, "is_dashed") and line.is_dashed()]
    widths = [float(line.get_linewidth()) for line in strokes]
    return max(2.0, _STROKE * max(widths, default=0.0) / in_points(2.0))


def write_figure_title(figure: Any, text: str) -> None:
    """Write a title above all axes of a figure, broken into lines where the figure ends."""
    keep_canvas(figure.axes[0])
    drawn = figure.suptitle(_unbroken(text), fontsize="medium")
    _break_lines(drawn, figure.bbox.width - in_points(_SIDES) / 72 * figure.dpi)


def _unbroken(text: str) -> str:
    """Return a text whose equations are not broken into lines, and have signs of minus."""
    whole = text.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")
    return whole.replace("=\N{NO-BREAK SPACE}-", "=\N{NO-BREAK SPACE}\N{MINUS SIGN}")


def _room(ax: Any) -> float:
    """Return how wide something around laid-out axes may be, in pixels, with the same middle.

    Beside a colour bar the axes are not in the middle of their part of the figure.
    """
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
    keep_canvas(ax)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    return engine is not None


def settle(ax: Any) -> None:
    """Give axes the place that they will have in the picture, so that it can be measured.

    Titles that do not fit into the figure, and labels of vertical axes that are longer than those,
    of second scales and of colour bars too, are broken into lines.
    """
    if not _lay_out(ax):
        return
    broken = []
    for one in (*ax.get_figure().axes, *ax.child_axes):
        height = _LONGER * one.get_window_extent().height
        room = max(height, in_points(_LEAST) / 72 * one.figure.dpi)
        broken.append(_break(one.yaxis.label, lambda box: box.height, room))
    if any(broken):
        _lay_out(ax)
    if _break_title(ax):
        _lay_out(ax)


def _break_title(ax: Any) -> bool:
    """Break the title of axes, line by line; return whether.

    Where matplotlib wraps text itself depends on the resolution, and the layout may not know.
    """
    if not ax.title.get_wrap():
        return False
    ax.title.set_wrap(False)
    return _break_lines(ax.title, _room(ax) - in_points(_SIDES) / 72 * ax.get_figure().dpi)


def _break_lines(text: Any, room: float) -> bool:
    """Break the lines of a text where they are wider than there is room; return whether.

    What a semicolon parts comes apart first.
    """
    lines, done = text.get_text().split("\n"), []
    for line in lines:
        text.set_text(line)
        whole = text.get_window_extent().width <= room
        for part in [line] if whole else line.split("; "):
            text.set_text(part)
            _break(text, lambda box: box.width, room)
            done.append(text.get_text())
    text.set_text("\n".join(done))
    return bool(done != lines)


def _break(label: Any, length: Callable[[Any], float], room: float) -> bool:
    """Break a text into few lines, as even as they can be, where it is too long; return whether.

    After commas, if that is enough.
    """
    text = label.get_text()
    words = re.findall(r"(?:\$[^$]*\$|[^ \n$])+", text)

    @cache
    def long(line: str) -> float:
        label.set_text(line)
        return length(label.get_window_extent())

    phrases = _phrases(words)
    words = phrases if max(map(long, phrases), default=0) <= room else words
    lines = _lines(words, long, room)
    while 1 < len(lines) < len(words):  # else there is nothing to make even
        narrower = _lines(words, long, room * _NARROWER)
        if len(narrower) > len(lines):
            break
        lines, room = narrower, room * _NARROWER
    label.set_text("\n".join(lines))
    return len(lines) > 1 and lines != text.split("\n")


def _phrases(words: Sequence[str]) -> list[str]:
    """Return words together up to commas and semicolons."""
    found: list[str] = []
    for word in words:
        if found and found[-1][-1] not in ",;":
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found


def _lines(words: Sequence[str], long: Callable[[str], float], room: float) -> list[str]:
    """Return lines of words that are each as full as there is room."""
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and long(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
