"""What the functions that draw return: axes whose artists have names.

A function that draws one picture takes ``ax`` and returns these axes, or those of a new figure;
`draw_series` returns its figure. Every artist that shows something has a name as its ``gid``:
``boundary``, and ``boundary-2``, ``boundary-3`` for further ones in a figure. `artists` finds them,
and an SVG file keeps the names as ``id`` (but those of maps, which are pixels there).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

_given: WeakKeyDictionary[Any, Counter[str]] = WeakKeyDictionary()


def artists(drawn: Any) -> dict[str, list[Any]]:
    """Return the artists of a picture by their names.

    Parameters
    ----------
    drawn : matplotlib axes or figure
        What a function that draws returned. Axes that share the place of ``drawn``, such as those
        with a second scale at the right, belong to it.

    Returns
    -------
    dict from str to list of matplotlib artists
        In the order in which they were drawn.

    Examples
    --------
    >>> import sgdmem
    >>> axes = sgdmem.pictures.draw_root_locus(sgdmem.sgd("0.5"), sgdmem.Spectrum([1]))
    >>> sorted(artists(axes))
    ['branch', 'real-axis', 'root-of-P', 'unit-circle']
    >>> artists(axes)["branch"][0].set_linewidth(4)
    """
    found: dict[str, list[tuple[int, Any]]] = {}
    for part in _parts(drawn):
        for artist in part.findobj(lambda one: one.get_gid() is not None):
            name, number = re.fullmatch(r"(.*?)(?:-(\d+))?", artist.get_gid()).groups()  # type: ignore[union-attr]
            found.setdefault(name, []).append((int(number or 1), artist))
    return {
        name: [artist for _, artist in sorted(some, key=lambda pair: pair[0])]
        for name, some in found.items()
    }


def named(name: str, *drawn: Any) -> Any:
    """Give artists a name; return the (first) artist."""
    for artist in drawn:
        figure = artist.figure.canvas.figure  # also of an artist in a subfigure
        count = _given.setdefault(figure, Counter())
        count[name] += 1
        artist.set_gid(name if count[name] == 1 else f"{name}-{count[name]}")
    return drawn[0]


def _parts(drawn: Any) -> Iterable[Any]:
    if not hasattr(drawn, "get_subplotspec"):  # a figure
        return [drawn]
    same_place = drawn.get_position(original=True).bounds
    return [
        ax for ax in drawn.figure.axes if ax.get_position(original=True).bounds == same_place
    ] or [drawn]
