"""Arguments of an evaluator as arrays of floats, balls, exact or mpmath numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import real_array
from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.inputs import enclosure
from sgdmem.symbolic.algebra.scalars import as_scalar, is_symbolic
from sgdmem.symbolic.errors import InputError

MOST_POINTS = 10**9  # in one call


def broadcast(values: Sequence[Any], names: Sequence[str]) -> Sequence[Array]:
    """Return arrays of floats of one shape."""
    arrays = [real_array(value, name) for value, name in zip(values, names, strict=True)]
    shapes = ", ".join(f"{n} {x.shape}" for n, x in zip(names, arrays, strict=True))
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
    except ValueError:
        raise InputError(f"the arrays cannot be broadcast together: {shapes}") from None
    if np.prod(shape, dtype=float) > MOST_POINTS:
        raise InputError(f"at most {MOST_POINTS:,} points in one call, got {shapes}")
    return [x if x.shape == shape else np.broadcast_to(x, shape) for x in arrays]


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
        return Ball(real_array(value, name))
    middle, radius = enclosure(value, name)
    return Ball.exactly([middle], [radius])[0]
