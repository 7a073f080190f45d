"""Muon's step: singular values of a gradient, levelled."""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import EPS, real_array
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number
from sgdmem.symbolic.errors import InputError, shown


def spectral_step(gradient: Any, regularization: Any = 0) -> Array:
    r"""Return :math:`h_\lambda(G)=G(G^TG+\lambda^2I)^{-1/2}`, Muon's step, by singular values.

    They become :math:`\sigma/\sqrt{\sigma^2+\lambda^2}`; with :math:`\lambda=0` all that are
    not 0 become 1. What is 0 but for rounding, beside the largest, stays 0.

    Parameters
    ----------
    gradient : array, shape (m, n)
        G.
    regularization : number
        :math:`\lambda\ge0`.

    Raises
    ------
    InputError
        For what is no matrix of finite numbers, and a negative number.

    Examples
    --------
    >>> spectral_step([[3, 0], [0, 0.5]], 4)
    array([[0.6       , 0.        ],
           [0.        , 0.12403473]])
    """
    G = finite_matrix(gradient, "gradient")
    floor = number(regularization, "regularization")
    if floor < 0:
        raise InputError(f"regularization must not be negative, got {shown(regularization)}")
    left, values, right = np.linalg.svd(G, full_matrices=False)
    known = values > max(G.shape) * EPS * values[0]
    moved = np.divide(
        values, np.hypot(values, float(floor)), out=np.zeros_like(values), where=known
    )
    step: Array = (left * moved) @ right
    return step


def finite_matrix(values: Any, name: str) -> Array:
    """Return a matrix of finite numbers, or refuse what is none."""
    found = real_array(values, name)
    if found.ndim != 2 or not found.size:
        raise InputError(f"{name} must be a matrix, got the shape {found.shape}")
    if not np.isfinite(found).all():
        raise InputError(f"{name} must have finite entries")
    return found
