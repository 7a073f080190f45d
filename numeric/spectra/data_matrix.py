"""Data matrices: validation, and the eigenvectors of their second moments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import EPS, read_reals
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.symbolic.errors import InputError

_INDEPENDENT = 1e-6  # the least eigenvalue over the largest


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
    pieces: Iterable[Array], count: int, eps: float = EPS
) -> tuple[Array, Array] | None:
    """Return the same from the products of the columns, four times faster; None where they blur.

    They square the ratio of singular values: eigenvalues err by rounding of the largest one. So
    that is for columns that are far from dependent.
    """
    products = np.asarray(sum(piece.T @ piece for piece in pieces))
    if not np.isfinite(products).all():
        return None
    values, vectors = np.linalg.eigh(products)
    if not values[0] > _INDEPENDENT * values[-1]:
        return None
    singular = np.sqrt(values[::-1])
    if not singular[-1] > rounding_bound(singular, max(count, len(values)), eps):
        return None
    return values[::-1] / count, vectors.T[::-1]


def rounding_bound(singular: Array, size: int, eps: float) -> float:
    """Return below which the singular values of a matrix cannot be told from zero.

    The decomposition errs by ``size * 2**-52`` of the largest, at most. Entries rounded to eps move
    each by at most the Frobenius norm of their errors (Weyl), eps times that of the matrix.
    """
    largest = float(singular.max())
    return largest * max(size * EPS, eps * float(np.linalg.norm(singular / (largest or 1.0))))
