"""The scales of axes: equal steps, equal ratios, or equal ratios of what is missing to 1.

The last one is for momenta: 0.9, 0.99 and 0.999 are as far apart as the times that they remember.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.symbolic.errors import InputError

Scale: TypeAlias = Literal["linear", "log", "log1m"]
_NO_STEP = 1e-6  # relative
_NEXT_TO_1 = 1e-15  # what is beyond is nowhere on such an axis


def scale_of(values: Array) -> Scale:
    """Return the scale on which values are equally far apart, "linear" where there is none.

    Examples
    --------
    >>> [scale_of(np.array(values)) for values in ([1, 2, 3], [1, 10, 100], [0, 0.9, 0.99])]
    ['linear', 'log', 'log1m']
    """
    if len(values) < 3 or not np.isfinite(values).all():
        return "linear"
    if _is_geometric(values):
        return "log"
    return "log1m" if _is_geometric(1 - values) else "linear"


def _is_geometric(values: Array) -> bool:
    if not (values > 0).all():
        return False
    ratios = values[1:] / values[:-1]
    return bool(abs(ratios[0] - 1) > _NO_STEP and np.ptp(ratios) < _NO_STEP * ratios.max())


def to_places(values: Array, scale: Scale) -> Array:
    """Return where values are on an axis."""
    values = np.asarray(values, dtype=float)
    if scale == "log":
        return np.log(np.maximum(values, np.finfo(float).tiny))
    return values if scale == "linear" else -np.log(np.maximum(1 - values, _NEXT_TO_1))


def to_values(places: Array, scale: Scale) -> Array:
    """Return the values at places of an axis.

    Examples
    --------
    >>> print(to_values(to_places(np.array([0, 0.9, 0.99]), "log1m"), "log1m"))
    [0.   0.9  0.99]
    """
    places = np.asarray(places, dtype=float)
    if scale == "log":
        return np.exp(places)
    return places if scale == "linear" else -np.expm1(-places)


def evenly(low: float, high: float, count: int, scale: Scale) -> Array:
    """Return values that are equally far apart on a scale, with the ends as they are."""
    if scale == "log":
        return np.geomspace(low, high, count)
    first, last = to_places(np.array([low, high]), scale).tolist()
    values = to_values(np.linspace(first, last, count), scale)
    if count > 1:
        values[[0, -1]] = low, high
    return values


def require_scale(name: str, low: float, high: float, scale: Scale) -> None:
    """Raise InputError unless a range has a place on a scale."""
    if scale == "log" and low <= 0:
        raise InputError(f"a logarithmic {name} must start above 0, got {low:g}")
    if scale == "log1m" and high >= 1:
        raise InputError(f"{name} on the scale of log(1 - {name}) must end below 1, got {high:g}")
