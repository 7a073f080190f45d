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
    lower, upper = bounds_of_radii(matrix[None], connected)
    return float(lower[0]), float(upper[0])


def bounds_of_radii(matrices: Ball, connected: Array) -> tuple[Array, Array]:
    """Return the same for balls of shape (A, n, n), all connected alike; of shape (A,)."""
    lower, upper = np.zeros((2, len(matrices.mid)))
    for component in strong_components(connected):
        whole = component.size == len(connected)
        inner = matrices if whole else matrices[:, component[:, None], component]
        _, x = perron_vectors(inner.mid)
        quotient = (inner * x[:, None]).sum() / x
        np.maximum(lower, quotient.lower.min(axis=1), out=lower)
        np.maximum(upper, quotient.upper.max(axis=1), out=upper)
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
    radii, vectors = perron_vectors(matrix[None], None if start is None else start[None], goal)
    return float(radii[0]), vectors[0]


def perron_vectors(
    matrices: Array, start: Array | None = None, goal: float = _SHARP
) -> tuple[Array, Array]:
    """Return radii, shape (A,), and Perron vectors, shape (A, n), of matrices of shape (A, n, n).

    What one is given does not depend on the others.
    """
    size = matrices.shape[1]
    x = np.ones(matrices.shape[:2]) if start is None else start.copy()
    if size == 1:
        return matrices[:, 0, 0], np.ones_like(x)
    largest = matrices.sum(axis=2).max(axis=1)
    usable = (largest > 0) & (largest < np.inf)
    left = np.flatnonzero(usable)
    some = matrices if usable.all() else matrices[left]
    for _ in range(_STEPS):
        if not left.size:
            break
        y = x[left]
        image = _images(some, y)
        ratio = image / y
        most = ratio.max(axis=1)
        slow = ~(most - ratio.min(axis=1) <= goal * most)
        if not slow.all():
            left, some, y, image = left[slow], some[slow], y[slow], image[slow]
        # a shift keeps periodic matrices from oscillating
        shift = _SHIFT * (y * image).sum(axis=1) / (y * y).sum(axis=1)
        x[left] = _positive(image + shift[:, None] * y)
    if size <= _LARGEST_DENSE:
        for k in left.tolist():
            values, vectors = np.linalg.eig(matrices[k])
            x[k] = _positive(np.abs(vectors[:, np.argmax(values.real)])[None])[0]
    x[~usable] = 1.0
    with np.errstate(all="ignore"):
        ratio = _images(matrices, x) / x
        middle = (ratio.max(axis=1) + ratio.min(axis=1)) / 2
    return np.where(usable, middle, largest), x


def _images(matrices: Array, x: Array) -> Array:
    return np.asarray(np.matmul(matrices, x[:, :, None])[:, :, 0])


def _positive(x: Array) -> Array:
    return np.asarray(np.maximum(x / x.max(axis=1, keepdims=True), _SMALLEST))
