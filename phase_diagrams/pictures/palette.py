"""The looks of all pictures: colours that colour-blind people tell apart, strokes for print."""

from __future__ import annotations

from typing import Any

# Those of Okabe and Ito.
BLACK, GREY = "#000000", "#8c8c94"
ORANGE, SKY, GREEN, YELLOW = "#e69f00", "#56b4e9", "#009e73", "#f0e442"
BLUE, RED, PURPLE = "#0072b2", "#d55e00", "#cc79a7"
LIGHT_GREY, LIGHT_BLUE, LIGHT_ORANGE = "#b0b0b8", "#cfe6f5", "#fbe3c0"  # of areas
# One after the other; what two curves share in print is told apart by their strokes or marks.
CURVES = (BLUE, RED, GREEN, ORANGE, PURPLE, SKY, BLACK)
STROKES: tuple[Any, ...] = (
    "-",
    (0, (7, 1.5)),
    (0, (7, 1.5, 1, 1.5)),
    (0, (1, 1)),
    (0, (3, 1)),
    (0, (7, 1.5, 1, 1.5, 1, 1.5)),
    (0, (3, 1, 1, 1)),
)
MARKS = "os^vDPX"
_INK = 4.5  # contrast with white that text needs (WCAG 2.1, 1.4.3)


def ink(colour: Any) -> tuple[float, float, float]:
    """Return a colour, darker where text of it could not be read on white.

    Examples
    --------
    >>> ink(BLACK), ink(SKY)[0] < 0.3
    ((0.0, 0.0, 0.0), True)
    """
    from matplotlib.colors import to_rgb

    red, green, blue = (float(share) for share in to_rgb(colour))
    while 1.05 / (_luminance(red, green, blue) + 0.05) < _INK:
        red, green, blue = 0.95 * red, 0.95 * green, 0.95 * blue
    return red, green, blue


def _luminance(*shares: float) -> float:
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
