"""The axes of diagrams and boundaries, as they are given: names with values, or with ranges."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sgdmem.numeric.arithmetic.ball import Ball
from sgdmem.numeric.arithmetic.inputs import number, whole
from sgdmem.numeric.arithmetic.scales import Scale, evenly, require_scale
from sgdmem.numeric.problems.batch_size import is_infinite
from sgdmem.symbolic.algebra.scalars import is_list, to_float
from sgdmem.symbolic.algorithms.parameters import known_parameter
from sgdmem.symbolic.errors import InputError, shown

# What an axis may vary of every problem; a function of other axes may vary all the rest.
PROBLEM_PARAMETERS = ("batch_size", "tau1", "tau2")
_UNITS = {"batch_size": "samples", "tau1": "1", "tau2": "1", "zeta": "1"}  # of the problem

Axis = tuple[str, Iterable[Any]]
Range = tuple[str, Any, Any]


def own_parameters(axes: Iterable[str], others: Iterable[str] = ()) -> list[str]:
    """Return the axes that are neither of every problem nor named as others: the family's own."""
    taken = {*PROBLEM_PARAMETERS, *others}
    return [name for name in axes if name not in taken]


def read_axes(
    x: Axis, y: Axis, panels: Axis | None, results: Collection[str]
) -> dict[str, list[Any]]:
    """Return the values of all axes by name, the last one running fastest.

    Raises
    ------
    InputError
        If two are of one name, one has that of a result, or `read_axis` does.
    """
    given = [("panels", panels), ("y", y), ("x", x)]
    read = [(label, *read_axis(label, axis)) for label, axis in given if axis is not None]
    for place, (label, name, _) in enumerate(read):
        for other, known, _ in read[place + 1 :]:
            if name == known:
                raise InputError(
                    f"{other} and {label} must be different parameters, both are {name!r}"
                )
        if name in results:
            raise InputError(f"no parameter of a diagram can be called {name!r}: a result is")
    return {name: values for _, name, values in read}


def read_axis(label: str, axis: Axis) -> tuple[str, list[Any]]:
    """Return the name and the exact values of an axis.

    Raises
    ------
    InputError
        If it is no such pair, or a value is no number.

    Examples
    --------
    >>> read_axis("x", ("momentum", ["0.5", 1]))
    ('momentum', [Fraction(1, 2), Fraction(1, 1)])
    """
    try:
        name, values = axis
        values = list(values)
    except (TypeError, ValueError):
        raise InputError(
            f"{label} must be a pair (parameter name, values), got {shown(axis)}"
        ) from None
    if not isinstance(name, str) or not values or not is_list(axis[1]):
        raise InputError(
            f"{label} needs a parameter name and at least one value, got {shown(axis)}"
        )
    said = f"{name:.80}"  # in a message
    if name == "batch_size":
        return name, [math.inf if is_infinite(v) else number(v, name) for v in values]
    return name, [number(value, said) for value in values]


def axis_attributes(name: str) -> dict[str, str]:
    """Return what a dataset says of an axis; the units of a family's own parameters are unknown."""
    known = {"long_name": name.replace("_", " ")}
    units = _UNITS.get(name) or known_parameter(name).unit
    return {**known, "units": units} if units else known


def coordinates(axes: Mapping[str, Sequence[Any]]) -> dict[str, tuple[Any, ...]]:
    """Return the coordinates of a dataset over axes."""
    return {
        name: (name, Ball.exactly(values).mid, axis_attributes(name))
        for name, values in axes.items()
    }


def read_range(label: str, given: Range) -> tuple[str, float, float]:
    """Return the name and the ends of a range.

    Raises
    ------
    InputError
        If it is no such triple, or the ends are not finite and in order.
    """
    try:
        name, low, high = given
    except (TypeError, ValueError):
        raise InputError(
            f"{label} must be (parameter name, low, high), got {shown(given)}"
        ) from None
    if not isinstance(name, str):
        raise InputError(f"{label} must start with a parameter's name, got {shown(given)}")
    low, high = (to_float(number(end, name)) for end in (low, high))
    if not low < high or not math.isfinite(high - low):
        raise InputError(
            f"{label} must have its low end below its high end, got {low:g} and {high:g}"
        )
    return name, low, high


def range_of(name: str, ends: Any) -> tuple[str, float, float]:
    """Return the range of a parameter from its ends.

    Raises
    ------
    InputError
        If they are no pair, or as `read_range`.
    """
    if not is_list(ends) or len(list(ends)) != 2:
        raise InputError(f"{name} must be a pair (low, high), got {shown(ends)}")
    return read_range(name, (name, *ends))


def spread(
    given: Range, points: Any, log: Sequence[str] = (), log1m: Sequence[str] = ()
) -> tuple[str, list[float]]:
    """Return an axis of that many values over a range, in equal steps or ratios, or those of 1 - x.

    Raises
    ------
    InputError
        For a range that is none, fewer than two points, or a logarithm of what is not positive.

    Examples
    --------
    >>> spread(("learning_rate", 1, 100), 3, log=["learning_rate"])
    ('learning_rate', [1.0, 10.0, 100.0])
    """
    name, low, high = read_range(str(given[0]), given)
    scale: Scale = "log" if name in log else "log1m" if name in log1m else "linear"
    require_scale(name, low, high, scale)
    return name, evenly(low, high, whole(points, "points", 2), scale).tolist()
