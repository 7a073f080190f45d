"""Names in a picture where they have room, and a legend of what has none: nothing is said twice."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from sgdmem.phase_diagrams.pictures.surroundings import settle, write_legend

# From the names that a legend has to those that were written into the picture, with their texts.
NameWriting = Callable[[Collection[str]], Iterable[tuple[str, Any]]]


def name_or_explain(
    ax: Any,
    handles: Mapping[str, Any],
    write: NameWriting,
    *,
    annotate: bool = True,
    explained: bool = True,
    legend: Callable[[list[Any]], None] | None = None,
) -> None:
    """Name what is in a picture, in it if there is room and in a legend below it otherwise.

    A legend makes the axes lower, so that a name may lose its place: then it comes into the legend
    as well, until all have one.

    Parameters
    ----------
    ax
        Axes with all but names and legend.
    handles
        What a legend would show, by its name.
    write
        Writes names, but those in the legend, into axes that have their final place.
    annotate, explained
        Whether there are names, and a legend, at all.
    legend
        What writes it, by default `write_legend`.
    """
    explain = legend or (lambda some: write_legend(ax, some))
    below = set() if annotate else set(handles)
    while True:
        if explained and below:
            explain([handle for name, handle in handles.items() if name in below])
        settle(ax)
        if not annotate:
            return
        written = list(write(below))
        missed = handles.keys() - below - {name for name, _ in written}
        if not missed or not explained:
            return
        for _, text in written:
            text.remove()
        below |= missed
