"""Linear methods that are given by their kernels: exact losses, and examples near the bound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.problems.target import ListedTarget
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.numeric.spectra.spectrum import Spectrum


def kernel_losses(
    K: Array, eigenvalues: Array, squares: Array, tau2: float, B: Any, counts: Any = 1.0
) -> Array:
    """Return exact losses at all points of a linear method with the kernel K and batches B.

    ``counts`` are multiplicities of the eigenvalues.
    """
    t = K.shape[0]
    sizes = np.broadcast_to(B, t - 1)
    means, answers = responses(K, eigenvalues)
    moments = np.zeros((eigenvalues.size, t))
    for r in range(t):
        before = moments[:, :r]
        errors = np.outer(eigenvalues, (counts * eigenvalues) @ before)
        errors -= tau2 * (eigenvalues**2)[:, None] * before
        errors /= sizes[:r]
        moments[:, r] = squares * means[:, r] ** 2
        moments[:, r] += (answers[:, r, :r] ** 2 * errors).sum(axis=1)
    found: Array = (counts * eigenvalues) @ moments / 2
    return found


def responses(K: Array, eigenvalues: Array) -> tuple[Array, Array]:
    """Return means of points without noise, and responses of points to errors, by eigenvalue."""
    inverse = np.linalg.inv(np.eye(K.shape[0]) + eigenvalues[:, None, None] * K)
    return inverse.sum(axis=2), inverse @ K


def losses_of(problem: Problem, K: Array, batches: Array) -> Array:
    """Return exact losses of a linear method for a problem."""
    h, counts, squares, tau2 = listed(problem)
    return kernel_losses(K, h, squares, tau2, batches, counts)


def listed(problem: Problem) -> tuple[Array, Array, Array, float]:
    """Return eigenvalues, their numbers, squares of coefficients, and tau2."""
    spectrum, target = problem.spectrum, problem.target
    assert isinstance(target, ListedTarget)
    return spectrum.eigenvalues, spectrum.weights, target.squares, float(problem.noise.tau2_values)


def kernel_of(rule: Schedule, steps: int) -> Array:
    """Return the kernel of a schedule with a = 0: less what w answers to unit gradients."""
    entries = rule.steps(0, steps)
    state, K = np.zeros((rule.memory + 1, steps + 1)), np.zeros((steps + 1, steps + 1))
    for t in range(steps):
        w, u = state[0] + entries.b[t] @ state[1:], entries.D[t] @ state[1:]
        w[t] -= entries.alpha[t]
        u[:, t] += entries.c[t]
        state = np.vstack([w, u])
        K[t + 1] = -w
    return K


def example_methods() -> Iterator[tuple[Problem, Array, Array]]:
    """Yield problems with methods: random ones, copies and shares of modes, and long lists."""
    rng = np.random.default_rng(1)
    h = np.arange(1.0, 31) ** -1.5
    for place in range(30):
        tau2 = float(rng.choice([-1.0, 0.0, 0.5]))
        counts = np.ones(30) if place % 3 else rng.choice([0.6, 1.0, 2.5, 40.0], 30)
        problem = Problem(Spectrum(h, weights=counts), Noise(tau2=tau2), target=rng.random(30))
        t = int(rng.integers(1, 12)) if place > 4 else 2
        batches = rng.integers(1, 6, t)
        K = np.tril(rng.uniform(0, 1, size=(t + 1, t + 1)) ** rng.uniform(0.2, 3), -1)
        yield problem, K, batches
        if place <= 4:
            yield problem, _descended(problem, K, batches), batches
    for count, share in ((0.3, 1.0), (0.5, 1.0), (0.5, 0.9), (3.0, 0.9)):
        noise = Noise(tau2=share * min(count, 1))
        yield _best_step(Problem(Spectrum([1], weights=[count]), noise, target=[1]))
    long = np.array([1.0001] * 1199 + [1.0099, 1.0202])
    for heavy, light in ((1199, 1200), (0, 1200), (1200, 0)):
        masses = np.zeros(1201)
        masses[[heavy, light]] = 1.0, 1.002 / 1200  # more than the heavy one's share of 1200
        yield _best_step(Problem(Spectrum(long), Noise(tau2=-1), target=masses / long))


def _best_step(problem: Problem) -> tuple[Problem, Array, Array]:
    """Return the single step of least loss, which is quadratic in its rate."""
    batches = np.ones(1, dtype=int)
    once = np.array([[0.0, 0.0], [1.0, 0.0]])
    first, middle, last = (losses_of(problem, rate * once, batches)[-1] for rate in (0, 0.5, 1))
    rate = 0.25 + 0.5 * (first - middle) / (first - 2 * middle + last)
    return problem, rate * once, batches


def _descended(problem: Problem, K: Array, batches: Array) -> Array:
    """Return the kernel of a method that a descent leads to."""
    from scipy.optimize import minimize

    below = np.tril_indices(K.shape[0], -1)

    def kernel(values: Array) -> Array:
        found = np.zeros(K.shape)
        found[below] = values
        return found

    def last(values: Array) -> float:
        return float(losses_of(problem, kernel(values), batches)[-1])

    return kernel(minimize(last, K[below], method="Powell").x)
