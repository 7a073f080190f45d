"""The verb `draw`: the picture of any dataset, or of its file, without computing it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.phase_diagrams.maps.dataset_check import require_drawable
from sgdmem.phase_diagrams.maps.labelled_arrays import Labelled
from sgdmem.phase_diagrams.maps.map_file import read_map_file
from sgdmem.phase_diagrams.pictures.boundary_picture import draw_boundary
from sgdmem.phase_diagrams.pictures.figure_size import FigureSize, sized
from sgdmem.phase_diagrams.pictures.map_picture import draw_map
from sgdmem.phase_diagrams.pictures.noise_picture import draw_summand
from sgdmem.phase_diagrams.pictures.region_picture import draw_region
from sgdmem.phase_diagrams.pictures.series_picture import draw_series
from sgdmem.phase_diagrams.pictures.surroundings import new_axes, settle
from sgdmem.phase_diagrams.systems.curves import explain
from sgdmem.phase_diagrams.systems.diagram_names import DIAGRAMS, MAPS, drawn_by
from sgdmem.phase_diagrams.systems.named_diagram_data import from_dataset
from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    import xarray


# of drawing what is not as it should be
_FAILURES = LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError


def draw(
    data: Labelled | str | PathLike[str],
    ax: Any = None,
    *,
    quantity: str | None = None,
    annotate: bool = True,
    explained: bool = True,
    size: FigureSize = None,
) -> Any:
    """Draw a phase diagram, a boundary, a proved region, a noise summand, or a named diagram.

    The verdict is shown by the noise sum where it is stable and by the cause where it is not,
    another quantity by its values with a line where stability ends. Axes are logarithmic whose
    values are in a geometric progression, or are 1 minus those of one.

    Parameters
    ----------
    data : xarray.Dataset or path
        From `phase_diagram`, `stability_boundary`, `diagram_data` or `ProvedRegion.to_dataset`, the
        last also merged with its map; or the path of a written one (.nc, .zarr).
    ax : matplotlib axes, optional
        Where to draw; a new figure otherwise, always for a series of maps.
    quantity : str, optional
        A variable of a map, by default "stable"; of that of a named diagram, drawn alone. Of maps
        with more than 2000 points along an axis every k-th one is read and drawn.
    annotate : bool
        Whether regions and boundaries have their names where there is room.
    explained : bool
        Whether a colour bar is added, and a legend of what has no name in the picture.
    size : str or (float, float), optional
        "column", "page", "slide", or width and height in inches: of the figure, and of letters and
        lines.

    Returns
    -------
    matplotlib axes
        With `artists`: those of a map are ``map`` (colours of numbers), ``kinds`` (colours of
        causes or reasons), ``edge`` (the line where stability ends) and ``region-name``; the figure
        of a series.

    Raises
    ------
    InputError
        If there is no such file, it is of another kind, has no such variable, or ``quantity`` or
        ``ax`` is given where there is no choice.

    Examples
    --------
    >>> import sgdmem
    >>> diagram = sgdmem.phase_diagram(
    ...     "heavy-ball",
    ...     sgdmem.Spectrum([1, 0.5]),
    ...     8,
    ...     x=("learning_rate", [0.1, 1, 10]),
    ...     y=("momentum", [0, 0.9]),
    ... )
    >>> axes = draw(diagram)
    >>> axes.get_xscale()
    'log'
    >>> axes.figure.savefig("heavy-ball.png")  # doctest: +SKIP
    >>> draw(sgdmem.systems.diagram_data("kaczmarz", steps=10)).get_xlabel()
    'steps $t$'
    """
    found: Any = read_map_file(data) if isinstance(data, str | PathLike) else data
    given, diagram = (
        set(getattr(found, "data_vars", ())),
        getattr(found, "attrs", {}).get("diagram"),
    )
    if not given & {"stable", "condition", "summand", "proved"} and diagram is None:
        raise InputError(
            "data must be what phase_diagram, stability_boundary or diagram_data returns, or the "
            f"path of its file, got a {type(data).__name__}"
        )
    if diagram is not None and diagram not in DIAGRAMS:
        raise InputError(
            f"data are of the diagram {shown(diagram)}; there are {', '.join(DIAGRAMS)}"
        )
    if quantity is not None and "stable" not in given:
        raise InputError(f"quantity belongs to maps, got {shown(quantity)}")
    _require_axes(ax)
    options: dict[str, Any] = {"annotate": annotate, "explained": explained, "size": size}
    with drawable("data" if diagram is None else f"data of the diagram {diagram}"):
        require_drawable(found)  # reads values, which may be those of other chunks
        return _draw(with_plain_text(found), ax, quantity, options)


def _require_axes(ax: Any) -> None:
    from matplotlib.axes import Axes

    if ax is not None and not isinstance(ax, Axes):
        raise InputError(
            f"ax must be matplotlib Axes, in which to draw, got {shown(ax)}; a picture is saved by "
            'draw(data).figure.savefig("picture.png")'
        )


@contextmanager
def drawable(what: str) -> Iterator[None]:
    """Turn whatever fails in drawing a dataset that may be anybody's into a line."""
    try:
        with np.errstate(all="ignore"):
            yield
    except InputError:
        raise
    except _FAILURES as error:
        said = str(error.args[0] if error.args else error).partition(". ")[0].partition("\n")[0]
        if isinstance(error, AttributeError) and error.name:
            said = f"there is no {error.name}"
        elif isinstance(error, KeyError) and " " not in said:
            said = f"there is no {said}"
        raise InputError(f"{what} cannot be drawn: {said}") from error


def with_plain_text(found: Labelled) -> Labelled:
    """Return a dataset in whose attributes dollar signs are those of formulas, or plain ones."""
    own = {key: _plain_text(value) for key, value in found.attrs.items()}
    return found if own == found.attrs else found.assign_attrs(own)


def _plain_text(text: Any) -> Any:
    from matplotlib.mathtext import MathTextParser

    if not isinstance(text, str) or "$" not in text:
        return text
    try:
        MathTextParser("path").parse(text)
    except ValueError:
        return text.replace("$", r"\$")
    return text


def _draw(found: Any, ax: Any, quantity: str | None, options: dict[str, Any]) -> Any:
    diagram = found.attrs.get("diagram")
    if diagram in MAPS:
        named = from_dataset(found)
        if quantity is None:
            return named.draw(ax, **options)
        found = named.map
    annotate, explained, size = options.values()
    if "stable" in found:
        quantity = quantity or "stable"
        if found.stable.ndim == 2:
            return draw_map(found, ax, quantity=quantity, **options)
        if ax is not None:
            raise InputError("ax must be None for a series of maps, which has several")
        return draw_series(found, quantity=quantity, annotate=annotate, size=size)
    if "condition" in found:
        return draw_boundary(found, ax, **options)
    if "proved" in found:
        return draw_region(found, ax, **options)
    if "summand" in found:
        return draw_summand(found, ax, explained=explained, size=size)
    return _draw_curves(found, ax, explained=explained, size=size)


@sized
def _draw_curves(
    data: xarray.Dataset, ax: Any = None, *, explained: bool = True, size: FigureSize = None
) -> Any:
    ax = new_axes(size) if ax is None else ax
    others = drawn_by(data.attrs["diagram"])(data, ax)
    if explained:
        explain(ax, others)
    settle(ax)
    return ax
