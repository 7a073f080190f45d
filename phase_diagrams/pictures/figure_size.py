"""The sizes of figures, with the letters and the lines that go with them.

A picture for a column of a paper is not one for a screen made smaller: its letters would be too
small to read, and with letters as large as before nothing would have room. So a size has letters of
its own, and lines, marks and gaps are as long as those letters say.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, Literal, TypeAlias, TypeVar, cast

from sgdmem.symbolic.errors import InputError, shown

FigureSize: TypeAlias = Literal["column", "page", "slide"] | tuple[float, float] | None
_F = TypeVar("_F", bound=Callable[..., Any])

SIZES: dict[str, tuple[float, float]] = {  # width and height in inches
    "column": (3.25, 2.5),
    "page": (6.75, 4.5),
    "slide": (10.0, 5.625),
}
_LETTERS = {"column": 7.5, "page": 9.0, "slide": 18.0}  # points
_USUAL_LETTERS = 10.0  # points, for which the lengths below are made
_TITLE_ABOVE = 8.0  # points
_SMALLEST, _LARGEST = 1, 50  # inches
_DASHES = (4, 3), (9, 2, 2, 2), (1.5, 2)  # of thin lines, beside `STROKES` of curves
_LENGTHS: tuple[Any, ...] = (  # settings of matplotlib that follow the letters
    *("lines.linewidth", "lines.markersize", "patch.linewidth", "hatch.linewidth"),
    *("axes.linewidth", "axes.labelpad"),
    *("figure.constrained_layout.h_pad", "figure.constrained_layout.w_pad"),
    *(
        f"{axis}tick.{kind}.{what}"
        for axis in "xy"
        for kind in ("major", "minor")
        for what in ("size", "width", "pad")
    ),
)


def read_size(size: Any) -> tuple[float, float] | None:
    """Return width and height in inches; None where none is given.

    Raises
    ------
    InputError
        For anything else than a name or two numbers from 1 to 50.

    Examples
    --------
    >>> read_size("column")
    (3.25, 2.5)
    """
    if size is None:
        return None
    if isinstance(size, str) and size in SIZES:
        return SIZES[size]
    try:
        width, height = (0.0, 0.0) if isinstance(size, str) else map(float, size)
    except (TypeError, ValueError):
        width = height = 0.0
    if not all(_SMALLEST <= side <= _LARGEST for side in (width, height)):
        raise InputError(
            f"size must be {', '.join(SIZES)} or (width, height) in inches from {_SMALLEST} to "
            f"{_LARGEST}, got {shown(size)}"
        )
    return width, height


def letters_of(size: Any) -> float | None:
    """Return the size of letters in points; None for figures of the usual size.

    A width of one's own has the letters of the named size that is next to it.

    Examples
    --------
    >>> letters_of((3.3, 4)), letters_of("slide")
    (7.5, 18.0)
    """
    read = read_size(size)
    if read is None:
        return None
    nearest = min(SIZES, key=lambda name: abs(SIZES[name][0] - read[0]))
    return _LETTERS[nearest]


def lettered(size: Any) -> AbstractContextManager[Any]:
    """Return a context in which what is drawn has the letters and the lines of a size."""
    from matplotlib import rc_context, rcParamsDefault

    points = letters_of(size)
    if points is None:
        return rc_context({})
    scale = points / _USUAL_LETTERS
    lengths: dict[Any, Any] = {name: scale * rcParamsDefault[name] for name in _LENGTHS}
    # a number at the end of the vertical axis reaches as high
    return rc_context({"font.size": points, **lengths, "axes.titlepad": scale * _TITLE_ABOVE})


def sized(draw: _F) -> _F:
    """Let a function that draws have the letters and the lines of its argument ``size``."""

    @wraps(draw)
    def drawn(*arguments: Any, **options: Any) -> Any:
        with lettered(options.get("size")):
            return draw(*arguments, **options)

    return cast(_F, drawn)


def in_points(length: float) -> float:
    """Return a length that is as long beside the present letters as this one beside usual ones."""
    from matplotlib import rcParams

    return length * float(rcParams["font.size"]) / _USUAL_LETTERS


def dashed(colour: str = "#000000", place: int = 0) -> dict[str, Any]:
    """Return the style of thin dashed lines, the first one or a later one of a picture."""
    stroke = _DASHES[place % len(_DASHES)]
    return {"color": colour, "linestyle": (0, stroke), "linewidth": in_points(0.9)}
