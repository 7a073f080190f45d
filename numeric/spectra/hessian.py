"""The eigenvalues of a Hessian."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import EPS, precision
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.spectra.data_matrix import read_rows
from sgdmem.symbolic.errors import InputError

_ROUNDING = 1e-12  # of entries and eigenvalues, relative to the largest
_ROUNDINGS = 128  # of entries, in the precision they came in


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
