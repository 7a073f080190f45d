r"""A positive definite matrix that the operator shrinks, but for its part along the leading one.

With x the leading vector of the symmetric operator A, of value :math:`\mu`, and b the diagonal base
of `ritz_pair`, the matrix of :math:`(\mu-A)^{-1}(b-xx^Tb)` is made less by b. Near the leading
matrix the diagonal itself may be made more: samples that are nearly a group of their own then hold
bounds far from the radius, however near to it the Ritz value is. What a preview tells of A is
enough, since any matrix between has a proved image after one pass.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems.previews import SHORT

_LEFT, _MOST_STEPS = 0.1, 12  # part of the base, in its scale, that may be left, and steps


def shrunk_matrix(
    covariance: Callable[[Array], Array], products: Array, leading: Array, value: float
) -> Array:
    """Return about the matrix N, by conjugate gradients.

    Parameters
    ----------
    covariance : callable
        Near to that of the samples, of and in short floats.
    products : ndarray, shape (N, N)
        p of pairs of modes.
    leading : ndarray, shape (N, N)
        The matrix N of the Ritz value.
    value : float
        The Ritz value.

    Examples
    --------
    Two independent halves, of which the operator makes 2 and 1 times as much:

    >>> halves = np.diag([2.0, 1.0])
    >>> found = shrunk_matrix(lambda N: halves * N, np.ones((2, 2)), np.diag([1.0, 0]), 2.0)
    >>> found.round(6).tolist()
    [[0.0, 0.0], [0.0, 1.0]]
    """
    largest = float(products.max())
    p, value = products / largest, value / largest
    roots, scale = np.sqrt(p), np.sqrt(np.diag(p))
    scaled = scale * scale[:, None] / roots  # to coordinates in which the base is 1
    x = leading / roots
    x /= np.linalg.norm(x)

    def rest(v: Array) -> Array:
        return np.asarray(v - np.vdot(x, v) * x)

    left = rest(np.diag(1 / scale))
    found, step, square = np.zeros_like(left), left, float(np.vdot(left, left))
    for _ in range(_MOST_STEPS):
        image = roots * covariance((roots * step).astype(SHORT))
        change = rest(value * step - image)
        slope = float(np.vdot(step, change))
        if not slope > 0:  # beyond the digits of the preview
            break
        found = found + (square / slope) * step
        left = left - (square / slope) * change
        if np.linalg.norm(scaled * left) <= _LEFT:
            break
        last, square = square, float(np.vdot(left, left))
        step = left + (square / last) * step
    N = roots * found
    return np.asarray((N + N.T) / 2)
