"""Arguments of an evaluator as arrays of floats, balls, exact or mpmath numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import as_array
from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.inputs import enclose
from sgdmem.symbolic.algebra.scalars import as_scalar, is_symbolic, to_float
from sgdmem.symbolic.errors import InputError, shown

MOST_POINTS = 10**9  # in one call


def broadcast(values: Sequence[Any], names: Sequence[str]) -> Sequence[Array]:
    """Return arrays of floats of one shape."""
    arrays = [floats(value, name) for value, name in zip(values, names, strict=True)]
    shapes = ", ".join(f"{n} {x.shape}" for n, x in zip(names, arrays, strict=True))
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
    except ValueError:
        raise InputError(f"the arrays cannot be broadcast together: {shapes}") from None
    if np.prod(shape, dtype=float) > MOST_POINTS:
        raise InputError(f"at most {MOST_POINTS:,} points in one call, got {shapes}")
    return [np.broadcast_to(array, shape) for array in arrays]


def floats(value: Any, name: str) -> Array:
    """Return real numbers as float64: an array, a number, or a list of numbers of any kind."""
    array = as_array(value, name)
    if array.dtype.kind in "iuf":
        return array.astype(np.float64)
    if array.dtype.kind not in "OU":
        raise InputError(f"{name} must be a real number or an array of them, got {shown(value)}")
    numbers = [to_float(as_scalar(x, name)) for x in array.ravel().tolist()]
    return np.array(numbers).reshape(array.shape)


def mpmath_number(value: Any, name: str) -> Any:
    """Return a number in mpmath's present precision."""
    import mpmath

    if isinstance(value, mpmath.mpf):
        return value
    exact = as_scalar(value, name)
    if is_symbolic(exact):
        return mpmath.mpf(exact.evalf(mpmath.mp.dps + 5))
    return mpmath.mpf(exact.numerator) / exact.denominator


def ball(value: Any, name: str) -> Ball:
    """Return a ball that encloses a number, or the numbers of an array."""
    if isinstance(value, Ball):
        return value
    if isinstance(value, np.ndarray):
        return Ball(floats(value, name))
    middle, radius = enclose(as_scalar(value, name))
    return Ball.exactly([middle], [radius])[0]
