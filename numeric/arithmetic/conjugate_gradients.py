"""Conjugate gradients for a symmetric positive definite map of matrices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array

_MOST_STEPS = 1000


def conjugate_gradients(
    applied: Callable[[Array], Array], right: Array, small: float, start: Array | None = None
) -> tuple[Array, float]:
    """Solve a symmetric positive definite system; return the norm of what is left over too.

    Parameters
    ----------
    applied
        The map, of arrays of one shape.
    right : ndarray
    small : float
        What may be left over, relative to the right side; rounding may leave more.
    start : ndarray, optional
        A guess; 0 without one.

    Examples
    --------
    >>> solution, rest = conjugate_gradients(lambda x: np.array([2.0, 4.0]) * x, np.ones(2), 1e-14)
    >>> solution.tolist(), rest
    ([0.5, 0.25], 0.0)
    """
    if start is None:
        solution, rest = np.zeros_like(right), right.copy()
    else:
        solution, rest = start, right - applied(start)
    direction, before = rest, float(np.vdot(rest, rest))
    goal = small**2 * float(np.vdot(right, right))
    for _ in range(_MOST_STEPS):
        if not before > goal:
            break
        image = applied(direction)
        curvature = float(np.vdot(direction, image))
        if not curvature > 0:  # not positive definite to rounding
            break
        length = before / curvature
        solution, rest = solution + length * direction, rest - length * image
        after = float(np.vdot(rest, rest))
        direction, before = rest + (after / before) * direction, after
    return solution, float(np.linalg.norm(right - applied(solution)))
