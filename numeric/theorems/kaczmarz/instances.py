"""Random systems of equations, and the mean of all sequences of their rows, literally."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.systems.kaczmarz import greedy_quadratics, kaczmarz

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


def systems() -> Iterator[tuple[str, Problem]]:
    """Return problems of several kinds: rows, blocks and quadratics."""
    rng = np.random.default_rng(3)
    for n, d in ((1, 1), (2, 2), (6, 4), (12, 8)):
        yield f"{n} rows of {d}", kaczmarz(rng.normal(size=(n, d)))
    for angle in (1.2, 0.3, 0.03):
        yield f"two rows, angle {angle}", kaczmarz([[1.0, 0], [np.cos(angle), np.sin(angle)]])
    nearly = np.hstack([np.ones((8, 1)), 0.1 * rng.normal(size=(8, 6))])
    yield "8 rows, nearly parallel", kaczmarz(nearly)
    yield "blocks of 2", kaczmarz(rng.normal(size=(10, 6)), blocks=2)
    Z = rng.normal(size=(5, 4, 2))
    H = Z @ np.swapaxes(Z, 1, 2)
    yield "5 quadratics", greedy_quadratics(H / np.linalg.norm(H, 2, axis=(1, 2)).max())
