"""The spectral radius of a nonnegative matrix: rigorous bounds, and a quick float.

For a nonnegative matrix K and any positive vector x, the radius lies between the smallest and the
largest (Kx)_i / x_i (Collatz and Wielandt). With x close to the Perron vector of an irreducible K
the two meet; a reducible K is treated one strongly connected component at a time.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball

_STEPS = 60
_LARGEST_DENSE = 1000  # size up to which LAPACK is asked when the iteration is slow
_SHARP = 1e-14  # relative distance of the bounds at which the iteration stops
QUICK = 1e-12  # the same where a float will do
_SHIFT = 0.25  # of the iteration, over the radius
_SMALLEST = 1e-300


def radius_bounds(matrix: Ball, connected: Array) -> tuple[float, float]:
    """Return lower and upper bounds of the radius of a nonnegative matrix.

    Parameters
    ----------
    matrix
        Balls of shape (n, n).
    connected
        Where the exact entries may differ from zero, shape (n, n).

    Examples
    --------
    >>> low, high = radius_bounds(Ball(np.array([[0.0, 2.0], [2.0, 0.0]])), ~np.eye(2, dtype=bool))
    >>> low <= 2 <= high, high - low < 1e-14
    (True, True)
    """
    lower = upper = 0.0
    for component in strong_components(connected):
        low, high = _irreducible_bounds(matrix[np.ix_(component, component)])
        lower, upper = max(lower, low), max(upper, high)
    return lower, upper


def strong_components(connected: Array) -> list[Array]:
    """Return the strongly connected components of a directed graph (adjacency matrix)."""
    if connected.all():
        return [np.arange(len(connected))]
    from scipy.sparse.csgraph import connected_components

    count, labels = connected_components(connected, connection="strong")
    return [np.flatnonzero(labels == label) for label in range(count)]


def perron_vector(
    matrix: Array, start: Array | None = None, goal: float = _SHARP
) -> tuple[float, Array]:
    """Return radius and Perron vector of an irreducible matrix, as floats.

    Parameters
    ----------
    matrix
        Nonnegative, shape (n, n).
    start
        A positive vector near the solution, for example that of a neighbouring problem.
    goal
        Relative distance of the bounds at which the iteration stops.
    """
    if len(matrix) == 1:
        return float(matrix[0, 0]), np.ones(1)
    x = np.ones(len(matrix)) if start is None else start
    largest = float(matrix.sum(axis=1).max())
    if not 0 < largest < np.inf:
        return largest, np.ones(len(matrix))
    for _ in range(_STEPS):
        image = matrix @ x
        ratio = image / x
        if ratio.max() - ratio.min() <= goal * ratio.max():
            break
        # a shift keeps periodic matrices from oscillating
        x = _positive(image + _SHIFT * float(x @ image / (x @ x)) * x)
    else:
        if len(matrix) <= _LARGEST_DENSE:
            values, vectors = np.linalg.eig(matrix)
            x = _positive(np.abs(vectors[:, np.argmax(values.real)]))
    ratio = (matrix @ x) / x
    return float((ratio.max() + ratio.min()) / 2), x


def _positive(x: Array) -> Array:
    return np.asarray(np.maximum(x / x.max(), _SMALLEST))


def _irreducible_bounds(matrix: Ball) -> tuple[float, float]:
    _, x = perron_vector(matrix.mid)
    quotient = (matrix * x).sum() / x
    return max(float(quotient.lower.min()), 0.0), float(quotient.upper.max())
