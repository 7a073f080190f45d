"""Algorithm 1 of arXiv 1809.07599 with rand-k, literally: the mean over all masks."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array


def all_masks(
    rate: float,
    k: int,
    eigenvalues: Array,
    noise: tuple[float, float],
    batch_size: float,
    decay: float = 0,
) -> tuple[Any, Any]:
    """Return the map of all second moments of (w, m), and what label noise of variance 1 adds.

    ``noise`` is (tau1, tau2) of eq. (15) of arXiv 2410.04228, a covariance that is not diagonal
    where moments are not; ``decay`` is the weight decay.
    """
    H, one = np.diag(eigenvalues), np.eye(len(eigenvalues))
    drift = H + decay * one
    seen = np.kron(*[np.hstack([one, 0 * one])] * 2)
    covariance = noise[0] * np.outer(H, H) - noise[1] * np.kron(H, H)
    covariance = covariance @ seen / batch_size
    masks = list(itertools.combinations(range(len(one)), k))
    move: Any = 0.0
    labels: Any = 0.0
    for chosen in masks:
        Z = np.zeros_like(one)
        Z[chosen, chosen] = 1
        left = one - Z
        A = np.block([[one - rate * Z @ drift, -Z], [rate * left @ drift, left]])
        V = rate**2 * np.kron(*[np.vstack([-Z, left])] * 2)
        move = move + (np.kron(A, A) + V @ covariance) / len(masks)
        labels = labels + V @ H.ravel() / batch_size / len(masks)
    return move, labels
