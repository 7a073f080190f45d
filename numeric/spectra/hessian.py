"""The eigenvalues of a Hessian."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import EPS, precision
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.spectra.data_matrix import read_rows
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError

_MATRIX = 2  # dimensions
_ROUNDING = 1e-12  # of entries and eigenvalues, relative to the largest
_ASKED = 4096  # rows of data, at most, that are looked at
_ROUNDINGS = 128  # of entries, in the precision they came in


def refuse_hessian(data: Any) -> None:
    """Raise InputError for data that look like a Hessian: the two are easily taken for each other.

    Examples
    --------
    >>> refuse_hessian([[2.0, 1], [1, 2]])
    Traceback (most recent call last):
    ...
    sgdmem.symbolic.errors.InputError: data is a symmetric matrix: a Hessian is for ...
    """
    shape = tuple(data.shape) if hasattr(data, "shape") and hasattr(data, "__array__") else ()
    if isinstance(data, (list, tuple)) and all(map(is_list, data)):  # others are read by slices
        rows = [list(row) for row in data]
        if not any(map(is_list, rows[0] if rows else ())):
            shape = (len(rows), *{len(row) for row in rows})
    if len(shape) != _MATRIX or not 1 < shape[0] == shape[1] <= _ASKED:
        return
    matrix = read_rows(data)
    if np.array_equal(matrix, matrix.T):
        raise InputError(
            "data is a symmetric matrix: a Hessian is for Problem.from_hessian; rows of samples "
            "that happen to be one are data of one output each, X[:, None, :]"
        )


def hessian_eigenvalues(H: Any, positive_part: bool) -> Array:
    """Return the eigenvalues, largest first; what cannot be told from zero, or is negative, is 0.

    Raises what `Problem.from_hessian` says.
    """
    matrix = read_rows(H, "H")
    if matrix.shape[0] != matrix.shape[1]:
        raise InputError(f"H must be a square matrix, got shape {matrix.shape}")
    with np.errstate(over="ignore"):
        asymmetry = np.abs(matrix - matrix.T).max()
    eps = precision(H)
    if asymmetry > max(_ROUNDING, _ROUNDINGS * eps) * np.abs(matrix).max():
        raise InputError("H must be symmetric: give (H + H.T) / 2")
    found = np.linalg.eigvalsh(matrix / 2 + matrix.T / 2)[::-1]
    largest = float(np.abs(found).max())
    if not math.isfinite(largest):
        raise InputError("H must have eigenvalues within the range of floats")
    # products of rounded numbers err by eps times their size, which adds up to the trace
    bound = largest * max(len(matrix) * EPS, eps * float(np.abs(found / largest).sum()))
    if found[-1] < -max(bound, _ROUNDING * largest) and not positive_part:
        raise InputError(
            f"H must be positive semidefinite, but its smallest eigenvalue is "
            f"{float(found[-1]):.6g}; to judge the positive part alone is an option, "
            f"positive_part"
        )
    found[found <= bound] = 0
    return np.asarray(found)
