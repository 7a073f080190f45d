"""Data matrices: validation, and the eigenvectors of their second moments."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import unmasked
from sgdmem.symbolic.errors import InputError


def read_rows(X: Any, name: str = "data") -> Array:
    """Validate a data matrix: two-dimensional, real, finite, not empty, not all zero."""
    try:
        X = unmasked(X, name)
        if np.iscomplexobj(X):
            raise TypeError
        rows: Array = X.astype(np.float64)
    except InputError:
        raise
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} must be a (dense) matrix of real numbers") from None
    if rows.ndim != 2 or rows.size == 0:
        raise InputError(f"{name} must be a matrix, one sample a row, got shape {rows.shape}")
    if not np.isfinite(rows).all():
        row, column = np.argwhere(~np.isfinite(rows))[0]
        raise InputError(f"{name} must be finite, but row {row}, column {column} is not")
    if not rows.any():
        raise InputError(f"{name} must not be all zero")
    return rows


def principal_axes(X: Array) -> tuple[Array, Array]:
    """Return the non-zero eigenvalues of X^T X / n, largest first, and unit vectors as rows."""
    n, d = X.shape
    # X and R share singular values and right vectors; R is small when there are many samples
    _, singular, directions = np.linalg.svd(np.linalg.qr(X, mode="r"), full_matrices=False)
    kept = singular > max(n, d) * np.finfo(float).eps * singular.max()
    with np.errstate(over="ignore", under="ignore"):
        return singular[kept] ** 2 / n, directions[kept]
