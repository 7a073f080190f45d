"""Memory 1 without noise: matrices, and parameters near where stability ends."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sgdmem.numeric.theorems.instances import Array, Dynamics
from sgdmem.symbolic.zoo.named_algorithms import memory_one

Parameters = tuple[float, float, float]  # alpha_eff, q0, damping

_DRAWS = 100  # near each end
_NEAR = 1e-5


def random_parameters(rng: np.random.Generator, lam: float) -> Parameters:
    """Draw parameters about half of which are stable on (0, lam]."""
    damping = float(rng.uniform(-0.3, 2.3))
    rate = float(rng.uniform(-0.3, 4.5)) / (abs(damping) * lam)
    return rate, float(rng.uniform(-1.2 * abs(damping), 2.2)) / lam, damping


def near_the_ends(rng: np.random.Generator) -> dict[str, list[tuple[Parameters, float]]]:
    """Draw parameters, with a largest eigenvalue, anywhere and within 1e-5 of each of five ends."""

    def draws() -> Iterator[tuple[float, float, float, float, float]]:
        for _ in range(_DRAWS):
            lam = float(10 ** rng.uniform(-2, 1))
            damping = float(rng.uniform(0.1, 1.9))
            rate = float(rng.uniform(0.1, 3.9)) / (damping * lam)
            # inside the conditions: q0 between their two ends
            low, high = -damping / lam, (4 - 2 * damping) / (2 * lam) - damping * rate / 2
            q0 = low + (high - low) * float(rng.uniform(0.1, 0.9))
            yield lam, rate, q0, damping, float(rng.choice([-1, 1]) * _NEAR)

    near: dict[str, list[tuple[Parameters, float]]] = {
        "anywhere": [(random_parameters(rng, 2.0), 2.0) for _ in range(4 * _DRAWS)],
        "delta near 0": [((a, abs(q) + 0.01, e), x) for x, a, q, _, e in draws()],
        "delta near 2": [((0.5 / x, -1.5 / x, 2 + e), x) for x, _, _, _, e in draws()],
        "alpha_eff near 0": [((e, q, d), x) for x, _, q, d, e in draws()],
        "q0 near its lower end": [((a, -d / x * (1 + e), d), x) for x, a, _, d, e in draws()],
    }
    near["q0 near its upper end"] = [
        ((a, ((4 - 2 * d) / x - d * a) / 2 + e / x, d), x) for x, a, _, d, e in draws()
    ]
    return near


def matrices(parameters: Parameters, lam: Array) -> Array:
    """Return S of eq. (7) at several eigenvalues."""
    return Dynamics.of(memory_one(*parameters)).matrix(lam)


def complex_ends(parameters: Parameters) -> Array:
    """Return the two zeros of trace^2 - 4 det of S in lambda > 0, or none."""
    places = np.arange(3.0)
    S = matrices(parameters, places)
    values = np.trace(S, axis1=1, axis2=2) ** 2 - 4 * np.linalg.det(S)
    zeros = np.roots(np.polyfit(places, values, 2))
    return np.sort(zeros.real) if np.isreal(zeros).all() and zeros.real.max() > 0 else np.array([])
