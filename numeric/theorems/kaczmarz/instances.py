"""Random systems of equations, and the mean of all sequences of their rows, literally."""

from __future__ import annotations

import itertools
import math

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array

SHAPES = ((2, 2), (3, 2), (3, 3), (4, 2))


def random_system(place: int) -> tuple[Array, Array]:
    """Return rows of all lengths and probabilities."""
    rng = np.random.default_rng(place)
    n, d = SHAPES[place % len(SHAPES)]
    return rng.normal(size=(n, d)) + 2 * (place % 2), rng.dirichlet(np.ones(n))


def worst_of_all_sequences(A: Array, p: Array, steps: int, rate: float) -> float:
    """Return the mean loss from the worst start, by products of projections."""
    X = A / np.linalg.norm(A, axis=1, keepdims=True)
    step = np.eye(X.shape[1]) - rate * X[:, :, None] * X[:, None, :]
    H = np.einsum("n,ni,nj->ij", p, X, X)
    total = np.zeros_like(H)
    for drawn in itertools.product(range(len(p)), repeat=steps):
        product = np.eye(len(H))
        for i in drawn:
            product = step[i] @ product
        total += math.prod(p[i] for i in drawn) * product.T @ H @ product
    return float(np.linalg.eigvalsh(total)[-1]) / 2
