r"""An optimiser that looks for the system on which Kaczmarz loses most after a number of steps.

It climbs :math:`\log\lambda_{\max}(A_t)` over all rows and probabilities, by its exact gradient.
With the worst start, :math:`\lambda_{\max}(A_t)=\langle H,M_t\rangle` for the second moments M of
its run; a change of the step's map counts by M before it and A after it, summed over the steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.systems.kaczmarz_worst import SlowSystem


def search_slow_system(
    dimension: Any, rows: Any, steps: Any, *, seed: Any = 0, iterations: Any = 500
) -> SlowSystem:
    """Climb from a random system to one whose loss from the worst start is a local maximum.

    Parameters
    ----------
    dimension, rows, steps : int
        d and n, from 2 on (otherwise one step leaves no loss), and t.
    seed : int
        Of the first system.
    iterations : int
        Of L-BFGS, at most.

    Raises
    ------
    InputError
        For anything but whole numbers.

    Examples
    --------
    >>> from sgdmem.systems import kaczmarz, worst_losses
    >>> found = search_slow_system(3, 4, 10)
    >>> problem = kaczmarz(found.A, probabilities=found.probabilities)
    >>> print(round(2 * 10 * worst_losses(problem, 10).losses[-1], 3))
    0.398
    """
    from scipy.optimize import minimize

    d, n, t = whole(dimension, "dimension", 2), whole(rows, "rows", 2), whole(steps, "steps", 1)
    rng = np.random.default_rng(whole(seed, "seed", 0))
    first = np.concatenate([rng.normal(size=n * d), 2 * rng.normal(size=n)])

    def descent(z: Array) -> tuple[float, Array]:
        value, of_rows, of_logits = loss_and_gradient(z[: n * d].reshape(n, d), z[n * d :], t)
        return -np.log(value), -np.concatenate([of_rows.ravel(), of_logits]) / value

    most = {"maxiter": whole(iterations, "iterations", 1)}
    found = minimize(descent, first, jac=True, method="L-BFGS-B", options=most).x
    A = found[: n * d].reshape(n, d)
    return SlowSystem(A / np.linalg.norm(A, axis=1, keepdims=True), _softmax(found[n * d :]))


def loss_and_gradient(A: Array, logits: Array, steps: int) -> tuple[float, Array, Array]:
    """Return the loss from the worst start, and its gradient by rows and logits of probabilities.

    Of the shapes (n, d) and (n,).
    """
    norms, p = np.linalg.norm(A, axis=1, keepdims=True), _softmax(logits)
    X = A / norms
    H = (X.T * p) @ X
    back = _moments(X, p, H, steps)
    values, vectors = np.linalg.eigh(back[-1])
    start = vectors[:, -1]
    forth = _moments(X, p, np.outer(start, start), steps)
    B, M, last = back[-2::-1], forth[:-1], forth[-1]
    BX, MX = X @ B, X @ M  # (steps, n, d)
    of_B, of_M = (BX * X).sum(axis=2), (MX * X).sum(axis=2)
    both = np.einsum("tij,tjk->ik", M, B)
    mixed = X @ (both + both.T)
    repeated = np.einsum("tni,tn->ni", MX, of_B) + np.einsum("tni,tn->ni", BX, of_M)
    of_rows = p[:, None] * (X @ last - mixed + repeated)
    of_p = ((X @ last - mixed) * X).sum(axis=1) + np.trace(both) + (of_B * of_M).sum(axis=0)
    of_rows -= X * (of_rows * X).sum(axis=1, keepdims=True)
    return float(values[-1]) / 2, of_rows / norms, p * (of_p - p @ of_p) / 2


def _moments(X: Array, p: Array, M: Array, steps: int) -> Array:
    """Return second moments before and after every step, shape (steps + 1, d, d)."""
    H, found = (X.T * p) @ X, [M]
    for _ in range(steps):
        M, moved = found[-1], H @ found[-1]
        forms = ((X @ M) * X).sum(axis=1)
        found.append(M - moved - moved.T + (X.T * (p * forms)) @ X)
    return np.array(found)


def _softmax(logits: Array) -> Array:
    weights = np.exp(logits - logits.max())
    return np.asarray(weights / weights.sum())
