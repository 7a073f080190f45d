"""Products of samples with symmetric results: half of them is computed, in blocks that fit a cache.

Blocks are written over each other: a fresh array of many megabytes for each product would take
longer than the product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array

_CACHED, _LEAST = 2**16, 1024  # numbers of a block, and rows where these are long
_FEW, _NARROW, _WIDE = 32, 64, 256  # columns up to which all is computed, in two parts, in many,
_PARTS = 8  # and from which on a routine of BLAS is faster


def blocks(rows: int, columns: int) -> Iterator[slice]:
    """Yield slices of rows that stay in a cache while they are worked on."""
    step = _block(columns)
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def _block(columns: int) -> int:
    return max(_LEAST, _CACHED // columns)


def fourth_moments(
    Z: Array,
    N: Array,
    weights: Array,
    beside: Array | None = None,
    kind: type[np.floating[Any]] = np.float64,
) -> Array:
    """Return the sum of w (z^T N z + b) z z^T over the rows, for a symmetric N.

    Parameters
    ----------
    Z : array of shape (n, d)
    N : array of shape (d, d)
    weights, beside : array of shape (n,)
        w, of any sign, and b, by default 0.
    kind
        Of floats in which blocks of rows are multiplied.

    Examples
    --------
    >>> fourth_moments(np.array([[1.0, 2.0]]), np.eye(2), np.array([2.0]))
    array([[10., 20.],
           [20., 40.]])
    """
    forms, squares = _forms(len(Z), N.astype(kind, copy=False)), _Squares(Z, kind)
    for rows in blocks(*Z.shape):
        z = Z[rows].astype(kind, copy=False)
        found = forms(z)
        if beside is not None:
            found += beside[rows]
        squares.add(z, (found * weights[rows]).astype(kind, copy=False))
    return squares.total


def weighted_squares(Z: Array, weights: Array) -> Array:
    """Return the sum of the weights, of any sign, times z z^T over the rows.

    >>> weighted_squares(np.array([[1.0, 2.0]]), np.array([-1.0]))
    array([[-1., -2.],
           [-2., -4.]])
    """
    squares = _Squares(Z, np.float64)
    for rows in blocks(*Z.shape):
        squares.add(Z[rows], weights[rows])
    return squares.total


def _forms(n: int, N: Array) -> Callable[[Array], Array]:
    """Return what makes z^T N z of a block of n rows: z^T N z is twice that of one half of N."""
    d = len(N)
    room = np.empty((min(n, _block(d)), d), N.dtype)
    if d >= _WIDE:
        from scipy.linalg.blas import dtrmm, strmm  # slow to import

        multiply = strmm if N.dtype == np.float32 else dtrmm

        upper = np.triu(N)
        upper[np.diag_indices(d)] /= 2

        def turned(z: Array) -> Array:
            room[: len(z)] = z
            found: Array = multiply(2.0, upper.T, room[: len(z)].T, lower=1, overwrite_b=1).T
            return found
    else:
        count = 1 if d <= _FEW else 2 if d <= _NARROW else _PARTS
        step = -(-d // count)
        parts = [slice(start, min(start + step, d)) for start in range(0, d, step)]
        lower = np.array(N)
        for part in parts:
            lower[part.stop :, part] *= 2

        def turned(z: Array) -> Array:
            found = room[: len(z)]
            for part in parts:
                np.matmul(z[:, part.start :], lower[part.start :, part], out=found[:, part])
            return found

    def forms(z: Array) -> Array:
        return np.asarray(np.einsum("nd,nd->n", turned(z), z))

    return forms


class _Squares:
    """The sum of weights times z z^T, block by block."""

    def __init__(self, Z: Array, kind: type[np.floating[Any]]) -> None:
        n, d = Z.shape
        self.total = np.zeros((d, d))
        self._room = np.empty((min(n, _block(d)), d), kind)

    def add(self, z: Array, weights: Array) -> None:
        """Add those of a block; NumPy sees a product of a matrix with itself, and halves it."""
        room = self._room[: len(z)]
        if z.shape[1] <= _FEW:
            self.total += z.T @ np.multiply(z, weights[:, None], out=room)
            return
        roots, above = np.sqrt(np.abs(weights)), weights >= 0
        if above.all():
            scaled = np.multiply(z, roots[:, None], out=room)
            self.total += scaled.T @ scaled
            return
        for sign, chosen in ((1, np.flatnonzero(above)), (-1, np.flatnonzero(~above))):
            scaled = np.take(z, chosen, axis=0, out=room[: chosen.size], mode="clip")
            scaled *= roots[chosen, None]
            self.total += sign * (scaled.T @ scaled)
