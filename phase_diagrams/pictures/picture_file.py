"""Pictures as files that a paper takes: letters are letters in them, not outlines."""

from __future__ import annotations

from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from sgdmem.symbolic.files.marks import SIGNATURE, marked_page
from sgdmem.symbolic.files.whole_files import write_bytes

DOTS = 300  # an inch
# Type 3 fonts, matplotlib's own choice, are refused by many journals
_FONTS: dict[Any, Any] = {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "none"}
_HATCHING = 0.5  # points
# of formulas, which matplotlib takes from a font of TeX that readers of SVG have not
_PRIME = r"""y="(\S+)" style="font-size: (\S+)px; font-family: 'cmsy10'">0<"""
_RAISED = 0.28  # of their size: how much higher primes are in other fonts
_MARKS: dict[str, dict[str, Any]] = {  # in the words of each kind
    ".png": {"Comment": SIGNATURE},
    ".pdf": {"Keywords": SIGNATURE},
}


def save(drawn: Any, path: str | PathLike[str], *, dots: float = DOTS) -> None:
    """Write a picture to a file (.png, .pdf, .svg, or another kind that matplotlib knows).

    Fonts in PDF are of Type 42 (TrueType), and texts in SVG are texts that can be searched and
    edited; the settings of matplotlib stay as they are. The file says that sgdmem wrote it.

    Parameters
    ----------
    drawn : matplotlib axes or figure
        What a function that draws returned.
    path : path
    dots : float
        Pixels an inch, of maps in PDF and SVG too.

    Examples
    --------
    >>> import sgdmem
    >>> axes = sgdmem.pictures.draw_root_locus(
    ...     sgdmem.sgd("0.5"), sgdmem.Spectrum([1]), size="column"
    ... )
    >>> save(axes, "locus.pdf")  # doctest: +SKIP
    """
    import logging

    from matplotlib import rc_context, rcParams

    logging.getLogger("fontTools").setLevel(logging.ERROR)  # it wonders at the age of a font
    figure = drawn.figure.canvas.figure  # also of axes in a subfigure
    target, data = Path(path), BytesIO()
    if not target.suffix:  # as matplotlib does
        target = target.with_name(f"{target.name}.{rcParams['savefig.format']}")
    kind = target.suffix.lower()
    with rc_context({**_FONTS, "hatch.linewidth": _HATCHING}):
        # in memory: a full disk makes some of matplotlib's writers stumble over themselves
        if kind == ".png":
            _write_png(figure, data, dots)
        else:
            figure.savefig(data, format=kind[1:], dpi=dots, metadata=_MARKS.get(kind))
    drawing = data.getvalue()
    write_bytes(target, marked_page(_with_primes(drawing)) if kind == ".svg" else drawing)


def _with_primes(drawing: bytes) -> bytes:
    """Return an SVG whose primes are those of the font of its letters."""
    import re

    def prime(found: re.Match[str]) -> str:
        height, size = map(float, found.groups())
        style = f"font-size: {size:g}px; font-family: 'DejaVu Sans'"
        return f'y="{height + _RAISED * size:g}" style="{style}">\N{PRIME}<'

    return re.sub(_PRIME, prime, drawing.decode()).encode()


def _write_png(figure: Any, data: BytesIO, dots: float) -> None:
    """Write a figure as pixels, as ``savefig`` does, which lays it out and draws it twice."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    usual, known = figure.canvas, figure.dpi
    try:
        canvas: Any = FigureCanvasAgg(figure)
        figure.dpi = dots
        canvas.draw()
        pixels = np.asarray(canvas.buffer_rgba())
    finally:
        figure.set_canvas(usual)
        figure.dpi = known
    opaque = (pixels[..., 3] == 255).all()
    about = PngInfo()
    for key, text in _MARKS[".png"].items():
        about.add_text(key, text)
    image = Image.fromarray(pixels[..., :3] if opaque else pixels)
    image.save(data, "png", dpi=(dots, dots), pnginfo=about)
