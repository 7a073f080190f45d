"""What the tests of pictures look at: pixels, boxes of texts, files."""

from __future__ import annotations

import io
from functools import cache
from typing import Any
from xml.etree import ElementTree

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.legend import Legend
from matplotlib.text import Text

import sgdmem


@cache
def plane_edge() -> Any:
    """Return the boundary of heavy ball with eigenvalue 1: a triangle in the plane of its rates."""
    x, y = ("learning_rate", -0.5, 5), ("momentum", -1.3, 1.3)
    return sgdmem.stability_boundary("heavy-ball", sgdmem.Spectrum([1]), x=x, y=y, resolution=20)


def canvas_of(figure: Any) -> Any:
    """Return the pixels of a figure, drawn again only after a change."""
    if figure.stale or not isinstance(figure.canvas, FigureCanvasAgg):
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
    return figure.canvas


def colour_at(axes: Any, x: float, y: float) -> Any:
    """Return the colour of a picture at a point of its axes."""
    pixels = np.asarray(canvas_of(axes.figure).buffer_rgba())
    column, row = axes.transData.transform((x, y))
    return pixels[pixels.shape[0] - int(row), int(column), :3] / 255


def is_colour(found: Any, name: str) -> bool:
    return bool(np.abs(found - to_rgb(name)).max() < 0.02)


def texts_outside(figure: Any) -> list[str]:
    """Return the texts that the edge of the figure cuts."""
    canvas = canvas_of(figure)
    edge, hidden = figure.bbox.padded(2), _hidden(figure)  # pixels: layouts are not exact
    found = []
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip() and text not in hidden:
            box = text.get_window_extent(canvas.get_renderer())
            inside = edge.x0 <= box.x0 and box.x1 <= edge.x1 and edge.y0 <= box.y0
            if not (inside and box.y1 <= edge.y1):
                found.append(text.get_text())
    return found


def _hidden(figure: Any) -> set[Any]:
    """Return the labels of ticks beyond the ends of their axes: they exist, but are not drawn."""
    hidden = set()
    for axes in figure.findobj(Axes):
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
                if not low <= tick.get_loc() <= high:
                    hidden |= {tick.label1, tick.label2}
    return hidden


def legend_words(axes: Any) -> list[str]:
    """Return what the legends of a picture say."""
    legends = axes.figure.findobj(Legend)
    return [text.get_text() for legend in legends for text in legend.get_texts()]


def crowded(figure: Any) -> list[str]:
    """Return what is wrong with the places of texts: cut by the figure, or over one another.

    Every text counts that is drawn, those of legends and colour bars too, and every legend as a
    whole; names along curves as the rotated rectangles that they are.
    """
    canvas = canvas_of(figure)
    renderer, hidden = canvas.get_renderer(), _hidden(figure)
    legends = [part for part in figure.findobj(Legend) if part.get_visible()]
    inner = {text for legend in legends for text in legend.findobj(Text)}
    texts = [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and text not in hidden
    ]
    shapes = {text: _corners(text, renderer) for text in texts}
    whole = {legend: _corners(legend, renderer) for legend in legends}
    edge = figure.bbox.padded(1)
    found = [
        f"{_words(one)} is cut"
        for one, corners in {**shapes, **whole}.items()
        if not all(edge.contains(*corner) for corner in corners)
    ]
    apart = [*whole.items(), *((text, box) for text, box in shapes.items() if text not in inner)]
    for groups in (apart, [(text, box) for text, box in shapes.items() if text in inner]):
        for i, (one, first) in enumerate(groups):
            for other, second in groups[:i]:
                if _touch(first, second):
                    found.append(f"{_words(one)} is over {_words(other)}")
    return found


def _words(part: Any) -> str:
    return repr(part.get_text()) if isinstance(part, Text) else "the legend"


def _corners(part: Any, renderer: Any) -> Any:
    """Return the corners of what a text or a legend covers, in pixels."""
    box = part.get_window_extent(renderer)
    angle = part.get_rotation() if isinstance(part, Text) else 0.0
    if angle % 90 == 0:
        return box.corners()[[0, 1, 3, 2]]
    width, height, _ = renderer.get_text_width_height_descent(
        part.get_text(), part.get_fontproperties(), "$" in part.get_text()
    )
    turn = np.radians(angle)
    along = np.array([np.cos(turn), np.sin(turn)]) * width / 2
    up = np.array([-np.sin(turn), np.cos(turn)]) * height / 2
    middle = np.array([box.x0 + box.x1, box.y0 + box.y1]) / 2
    return np.array([middle + s * along + t * up for s, t in ((-1, -1), (1, -1), (1, 1), (-1, 1))])


def _touch(first: Any, second: Any, least: float = 0.5) -> bool:
    """Whether two rectangles overlap by more than some pixels: no line lies between them."""
    for one in (first, second):
        for side in (one[1] - one[0], one[2] - one[1]):
            length = np.linalg.norm(side)
            across = np.array([-side[1], side[0]]) / (length if length else 1.0)
            spans = [(part @ across).min() for part in (first, second)]
            ends = [(part @ across).max() for part in (first, second)]
            if min(ends) - max(spans) <= least:
                return False
    return True


def alike_in_print(figure: Any) -> list[set[str]]:
    """Return the names of curves that only colour tells apart: same strokes, marks and width."""
    looks: dict[tuple[Any, ...], set[str]] = {}
    for ax in figure.axes:
        for line in ax.lines:
            name = str(line.get_label()).removeprefix("_")
            gid = str(line.get_gid() or "")
            more = name.startswith("child") or name == "nolegend_" or gid.startswith("prediction")
            if more or len(line.get_xdata()) < 2:
                continue  # pieces of the same curve, or a law along its own curve
            offset, dashes = line._unscaled_dash_pattern
            strokes = None if line.get_linestyle() == "None" else (offset, tuple(dashes or ()))
            look = strokes, line.get_marker(), round(line.get_linewidth(), 3)
            looks.setdefault(look, set()).add(name)
    return [names for names in looks.values() if len(names) > 1]


def strokes_cut_short(figure: Any) -> list[str]:
    """Return what a legend's lines, of thick strokes, are too short to show two of."""
    found = []
    for legend in figure.legends:
        for line, text in zip(legend.get_lines(), legend.get_texts(), strict=False):
            _, dashes = line._unscaled_dash_pattern
            if dashes and line.get_linewidth() > 1.2:
                two = dashes[0] * line.get_linewidth() * 1.5
                if np.ptp(line.get_xdata()) < two:
                    found.append(text.get_text())
    return found


def overlapping(texts: list[Any]) -> list[tuple[str, str]]:
    """Return the pairs of texts, not rotated, whose boxes overlap."""
    canvas = canvas_of(texts[0].figure.canvas.figure)
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in texts]
    return [
        (texts[i].get_text(), texts[j].get_text())
        for i in range(len(texts))
        for j in range(i)
        if boxes[i].overlaps(boxes[j])
    ]


def svg_ids(figure: Any) -> list[str]:
    """Return the ids in a figure's SVG file, which must be well-formed."""
    file = io.BytesIO()
    figure.savefig(file, format="svg")
    root = ElementTree.fromstring(file.getvalue())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    return [element.attrib["id"] for element in root.iter() if "id" in element.attrib]


def pdf_bytes(figure: Any) -> bytes:
    """Return the beginning and the end of a figure's PDF file."""
    file = io.BytesIO()
    figure.savefig(file, format="pdf")
    return file.getvalue()[:5] + file.getvalue().strip()[-5:]
