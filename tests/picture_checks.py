"""What the tests of pictures look at: pixels, boxes of texts, files."""

from __future__ import annotations

import io
from functools import cache
from typing import Any
from xml.etree import ElementTree

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
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
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
                if not low <= tick.get_loc() <= high:
                    hidden |= {tick.label1, tick.label2}
    return hidden


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
