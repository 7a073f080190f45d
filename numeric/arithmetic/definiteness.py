"""Proofs that a symmetric matrix is positive definite."""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.rounding import UNIT


def is_definite(S: Array, slack: float) -> bool:
    """Whether S and whatever is within ``slack`` of it, in norm, is proved positive definite.

    By the success of a Cholesky decomposition (S. M. Rump, BIT 46 (2006)).
    """
    size = len(S)
    shift = slack + 2 * (size + 3) * UNIT * float(np.abs(np.diag(S)).sum()) + 1e-300
    try:
        root = np.linalg.cholesky(S - shift * np.eye(size))
    except np.linalg.LinAlgError:
        return False
    return bool(np.isfinite(root).all())  # some libraries let NaN pass
