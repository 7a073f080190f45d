"""What pictures of several curves have in common: their values, problem, looks and legend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Number
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number, whole
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.systems.stochastic_edge import isotropic_features
from sgdmem.phase_diagrams.maps.axes import range_of
from sgdmem.phase_diagrams.pictures.figure_size import dashed, in_points
from sgdmem.phase_diagrams.pictures.palette import BLACK, CURVES, GREY, STROKES
from sgdmem.phase_diagrams.pictures.surroundings import write_legend
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError, shown

if TYPE_CHECKING:
    import xarray

_DIMENSION = 200
Legend: TypeAlias = dict[str, dict[str, Any]]  # what is no labelled curve, with its look


def alike_features(problem: Any) -> Problem:
    """Return the problem; 200 Gaussian features of one variance if none is given."""
    return isotropic_features(1, _DIMENSION) if problem is None else as_problem(problem)


def require_none(problem: Any, name: str, subject: str) -> None:
    """Refuse a problem where a diagram has its own."""
    if problem is not None:
        raise InputError(f"problem is chosen by the diagram: {name} is of {subject}")


def read_list(values: Any, name: str) -> list[Any]:
    """Return the values of a curve each, one or more; InputError unless there are some."""
    if isinstance(values, str | Number):
        return [values]
    if not is_list(values) or not len(values):
        raise InputError(f"{name} must be a list of numbers, got {shown(values)}")
    return list(values)


def numbers(values: Sequence[Any], name: str) -> Array:
    """Return exact numbers as floats, for a coordinate."""
    return np.array([float(number(value, name)) for value in values])


def curves_of(data: xarray.Dataset, name: str) -> Iterator[xarray.Dataset]:
    """Yield the part of a dataset that belongs to each value of a dimension."""
    return (data.isel({name: place}) for place in range(data.sizes[name]))


def pair_within(name: str, ends: Any, least: float, most: float) -> tuple[float, float]:
    """Return the ends of a range; InputError unless they are in order and within both numbers."""
    _, low, high = range_of(name, ends)
    if not least <= low < high <= most:
        raise InputError(
            f"{name} must be a pair within {least:g} and {most:g}, low < high, got {shown(ends)}"
        )
    return low, high


def told(letter: str, value: Any) -> str:
    r"""Return what a curve is called, by the value of its parameter.

    Examples
    --------
    >>> told(r"\beta", 0.9)
    '$\\beta = 0.9$'
    """
    return f"${letter.strip('$')} = {float(value):.12g}$"


def batch_sizes(ends: tuple[float, float], points: int) -> Array:
    """Return so many batch sizes, the first and the last at the ends."""
    _, low, high = range_of("batch_size", ends)
    return np.geomspace(low, high, whole(points, "points", 2))


def look(place: int) -> dict[str, Any]:
    """Return colour and stroke of a curve, by its place among the others."""
    return {"color": CURVES[place % len(CURVES)], "linestyle": STROKES[place % len(STROKES)]}


def thick() -> dict[str, Any]:
    """Return the width of a curve."""
    return {"linewidth": in_points(2.0)}


def thin(color: str = GREY) -> dict[str, Any]:
    """Return the look of a line that is no curve."""
    return {"color": color, "linewidth": in_points(0.8)}


def dotted(color: str = BLACK) -> dict[str, Any]:
    """Return the look of a dotted line that is no curve."""
    return {**thin(color), "linestyle": ":"}


def dot(color: str = GREY) -> dict[str, Any]:
    """Return the look of a point on a curve."""
    return {"marker": "o", "linestyle": "none", "color": color, "markersize": in_points(4)}


def theory() -> dict[str, Any]:
    """Return the look of what curves are compared with."""
    return dashed(BLACK, 0)


def explain(ax: Any, others: Legend) -> None:
    """Write a legend: of the labelled curves, then of other things by their looks."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles, _ = ax.get_legend_handles_labels()
    for label, given in others.items():
        area = "facecolor" in given
        handles.append(
            Patch(label=label, **given) if area else Line2D([], [], label=label, **given)
        )
    write_legend(ax, handles)
