"""Data matrices: validation, and the eigenvectors of their second moments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import EPS, read_reals
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.symbolic.errors import InputError

_INDEPENDENT = 1e-6  # an eigenvalue over the largest
_LEAST = 1e-280  # square below which rounding is not relative
_FEW = 8  # one over the part of directions with smaller ones, at most


def read_rows(X: Any, name: str = "data") -> Array:
    """Validate a data matrix: two-dimensional, real, finite, not empty, not all zero."""
    rows = read_reals(X, name)
    if rows.ndim != 2 or rows.size == 0:
        raise InputError(f"{name} must be a matrix, one sample a row, got shape {rows.shape}")
    if not rows.any():
        raise InputError(f"{name} must not be all zero")
    return rows


def principal_axes(X: Array, eps: float = EPS) -> tuple[Array, Array]:
    """Return the non-zero eigenvalues of X^T X / n, largest first, and unit vectors as rows.

    Parameters
    ----------
    X : array of shape (n, d)
        In double precision.
    eps : float
        See `axes_of_factor`.
    """
    return axes_of_factor(triangular_factor([X]), len(X), eps)


def triangular_factor(pieces: Iterable[Array]) -> Array:
    """Return R of the QR decomposition of the rows of some matrices, one after the other."""
    found: Array = np.empty((0, 0))
    for piece in pieces:
        rows = np.concatenate([found, piece]) if found.size else piece
        found = np.asarray(np.linalg.qr(rows, mode="r"))
    return found


def axes_of_factor(factor: Array, count: int, eps: float = EPS) -> tuple[Array, Array]:
    """Return the eigenvalues and axes of `principal_axes` of a matrix of ``count`` rows.

    Parameters
    ----------
    factor : array
        Its `triangular_factor`: both share singular values and right vectors.
    count : int
    eps : float
        The `precision` that the entries came in: singular values that its rounding can make of
        nothing are left out, as those that the decomposition itself can.
    """
    if not np.isfinite(factor).all():  # a column whose length is no float
        return np.array([np.inf]), np.zeros((1, factor.shape[1]))
    _, singular, directions = np.linalg.svd(factor, full_matrices=False)
    kept = singular > rounding_bound(singular, max(count, factor.shape[1]), eps)
    with np.errstate(over="ignore", under="ignore"):
        return singular[kept] ** 2 / count, directions[kept]


def axes_of_products(
    pieces: Callable[[], Iterable[Array]], count: int, eps: float = EPS
) -> tuple[Array, Array] | None:
    """Return the same from the products of the columns, four times faster; None where they blur.

    They square the ratio of singular values: eigenvalues err by rounding of the largest one. So
    that is for columns that are far from dependent, but for a few directions, which the rows
    themselves are asked about.

    Examples
    --------
    >>> rows = np.array([[1.0, 0, 2], [1, 0, 2], [0, 0, 1], [0, 0, 1]])
    >>> eigenvalues, axes = axes_of_products(lambda: [rows[:3], rows[3:]], 4)
    >>> eigenvalues.round(6), axes.shape  # the second column is zero, as is one direction
    (array([2.914214, 0.085786]), (2, 3))
    """
    products = np.asarray(sum(piece.T @ piece for piece in pieces()))
    if not np.isfinite(products).all():
        return None
    values, vectors = np.linalg.eigh(products)
    if not values[-1] > _LEAST:
        return None
    blurred = int(np.count_nonzero(values <= _INDEPENDENT * values[-1]))
    if blurred > max(1, len(values) // _FEW):
        return None
    singular, vectors = np.sqrt(values[blurred:]), vectors.T
    if blurred:
        least, few = _least_axes(pieces, values[blurred:], vectors[blurred:], vectors[:blurred])
        # first-order changes, by far less than the root of rounding, leave unit vectors such
        leading = vectors[blurred:] - (vectors[blurred:] @ few.T) @ few
        singular, vectors = np.concatenate([least, singular]), np.concatenate([few, leading])
    order = np.argsort(-singular)
    kept = order[singular[order] > rounding_bound(singular, max(count, len(values)), eps)]
    return singular[kept] ** 2 / count, vectors[kept]


def _least_axes(
    pieces: Callable[[], Iterable[Array]], values: Array, leading: Array, others: Array
) -> tuple[Array, Array]:
    """Return singular values, and axes, of rows in few directions beside the leading ones."""
    across = sum(piece.T @ (piece @ others.T) for piece in pieces())
    others = others - (leading @ across / values[:, None]).T @ leading
    others = np.linalg.qr(others.T)[0].T
    factor = triangular_factor(piece @ others.T for piece in pieces())
    _, singular, turn = np.linalg.svd(factor)
    return singular[::-1], (turn @ others)[::-1]


def rounding_bound(singular: Array, size: int, eps: float) -> float:
    """Return below which the singular values of a matrix cannot be told from zero.

    The decomposition errs by ``size * 2**-52`` of the largest, at most. Entries rounded to eps move
    each by at most the Frobenius norm of their errors (Weyl), eps times that of the matrix.
    """
    largest = float(singular.max())
    return largest * max(size * EPS, eps * float(np.linalg.norm(singular / (largest or 1.0))))
