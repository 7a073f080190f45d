"""Products of samples with symmetric results, of which only one half is computed."""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array

_WIDE = 128  # columns from which on that is faster


def quadratic_forms(Z: Array, N: Array) -> Array:
    """Return z^T N z of each row, for a symmetric N.

    >>> quadratic_forms(np.array([[1.0, 2.0]]), np.array([[1.0, 3.0], [3.0, 0.0]]))
    array([13.])
    """
    if len(N) < _WIDE:
        turned = Z @ N
    else:  # z^T N z is twice that of the upper half
        from scipy.linalg.blas import dtrmm  # slow to import

        upper = np.triu(N)
        upper[np.diag_indices(len(N))] /= 2
        turned = dtrmm(2.0, upper.T, Z.T, lower=1).T
    return np.asarray(np.einsum("nd,nd->n", turned, Z))


def weighted_squares(Z: Array, weights: Array) -> Array:
    """Return the sum of the weights times z z^T over the rows.

    >>> weighted_squares(np.array([[1.0, 2.0]]), np.array([-1.0]))
    array([[-1., -2.],
           [-2., -4.]])
    """
    if Z.shape[1] < _WIDE:
        return np.asarray(Z.T @ (weights[:, None] * Z))
    roots = np.sqrt(np.abs(weights))[:, None] * Z
    positive = weights >= 0
    if positive.all():
        return np.asarray(roots.T @ roots)  # NumPy sees that this is a square
    above, below = roots[positive], roots[~positive]
    return np.asarray(above.T @ above - below.T @ below)
