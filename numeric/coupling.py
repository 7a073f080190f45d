"""The spectral radius of a nonnegative matrix, with rigorous bounds.

For a nonnegative matrix K and any positive vector x, the radius lies between the smallest and the
largest (Kx)_i / x_i (Collatz and Wielandt). With x close to the Perron vector of an irreducible K
the two meet; a reducible K is treated one strongly connected component at a time.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sgdmem.numeric.ball import Array, Ball

_STEPS = 200
_GOAL = 1e-15


def coupled_radius(shares: Ball, weights: Array, blocks: Iterable[Array]) -> tuple[float, float]:
    """Return lower and upper bounds of the radius of ``diag(shares) T diag(weights)``.

    Parameters
    ----------
    shares
        f_i / B, one nonnegative ball for each mode.
    weights
        Multiplicities.
    blocks
        Diagonal blocks of T, in order.
    """
    lower = upper = 0.0
    start = 0
    for block in blocks:
        piece = slice(start, start + len(block))
        start += len(block)
        matrix = shares[piece][:, None] * block * weights[piece]
        for component in _components(matrix.mid > 0):
            low, high = _bounds(matrix[np.ix_(component, component)])
            lower, upper = max(lower, low), max(upper, high)
    return lower, upper


def _components(connected: Array) -> list[Array]:
    """Return the strongly connected components of a directed graph (adjacency matrix)."""
    if connected.all():
        return [np.arange(len(connected))]
    from scipy.sparse.csgraph import connected_components

    count, labels = connected_components(connected, connection="strong")
    return [np.flatnonzero(labels == label) for label in range(count)]


def _bounds(matrix: Ball) -> tuple[float, float]:
    mid = matrix.mid
    x = np.ones(len(mid))
    shift = float(mid.sum(axis=1).max()) / 2  # keeps periodic matrices from oscillating
    low, high = 0.0, np.inf
    for step in range(_STEPS):
        if step == _STEPS // 4 and len(mid) <= 1000:
            x = _perron_vector(mid)
        image = mid @ x
        ratio = image / x
        if ratio.max() - ratio.min() <= _GOAL * ratio.max() or step == _STEPS - 1:
            break
        x = image + shift * x
        x = np.maximum(x / x.max(), 1e-300)
    quotient = (matrix * x).sum() / x
    low, high = float(quotient.lower.min()), float(quotient.upper.max())
    return max(low, 0.0), high


def _perron_vector(matrix: Array) -> Array:
    values, vectors = np.linalg.eig(matrix)
    vector = np.abs(vectors[:, np.argmax(values.real)])
    return np.asarray(np.maximum(vector / vector.max(), 1e-300))
