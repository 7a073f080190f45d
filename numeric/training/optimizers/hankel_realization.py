"""From an impulse response to the fewest auxiliary vectors that have it."""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array

_RANK = 1e-11  # of singular values; responses are known to rounding errors


def realization(response: Array) -> tuple[Array, Array, Array] | None:
    """Return b, c and D of the smallest size M with b^T D^j c = response[j], or None.

    It is balanced (Ho and Kalman): from the singular value decomposition of the Hankel matrix of
    the response. None if its rank is not below its size, so that M cannot be told.

    Examples
    --------
    >>> b, c, D = realization(3 * 0.5 ** np.arange(9.0))
    >>> b * c, D
    (array([3.]), array([[0.5]]))
    >>> realization(np.arange(9.0) ** 0.5) is None
    True
    """
    half = response.size // 2
    if not response.any():
        return np.zeros(0), np.zeros(0), np.zeros((0, 0))
    places = np.arange(half)
    hankel, shifted = (response[places[:, None] + places + k] for k in (0, 1))
    left, sizes, right = np.linalg.svd(hankel)
    M = int((sizes > _RANK * sizes[0]).sum())
    if half == M:
        return None
    if M == 1:  # exactly, without roots of the sizes
        first = float(response[:-1] @ response[1:] / (response[:-1] @ response[:-1]))
        return response[:1], np.ones(1), np.array([[first]])
    root = np.sqrt(sizes[:M])
    observed, reached = left[:, :M] * root, (right[:M].T * root).T
    D = (left[:, :M] / root).T @ shifted @ (right[:M].T / root)
    return observed[0], reached[:, 0], D
