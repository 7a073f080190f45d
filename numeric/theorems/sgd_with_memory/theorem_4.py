r"""Theorem 4: the leading eigenvalue of the second-moment map for small lambda.

For D strictly stable it is

.. math:: \mu(\lambda) = 1 - 2\alpha_{\rm eff}\lambda
    + [\alpha_{\rm eff}^2(1-\tau_2/B) - 2\alpha_{\rm eff}\rho]\lambda^2 + O(\lambda^3),\quad
    \rho = \alpha_{\rm eff}\frac{P''(1)}{2P'(1)} + \frac{Q'(1)}{P'(1)},

so :math:`A_\lambda` is strictly stable for small lambda if alpha_eff > 0, and unstable if
alpha_eff < 0. (The paper states the first-order term; the second is this library's.)

Method: :math:`A_\lambda M = SMS^T - (\tau_2/B)\lambda^2\langle rr^T, M\rangle vv^T` as a matrix,
polynomial in lambda, for random algorithms of memory 0 to 4. Its eigenvalue next to 1 is simple and
so analytic: Cauchy's integral over a small circle in the plane of lambda gives the coefficients.
Stability is the spectral radius at a small positive lambda.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import (
    MEMORIES,
    Array,
    Dynamics,
    random_algorithm,
    spectral_radius,
)
from sgdmem.symbolic.algebra.polynomials import derivative, evaluate
from sgdmem.symbolic.algorithms.algorithm import Algorithm

STATEMENT = Statement(
    "Theorem 4",
    "arXiv 2410.04228, Theorem 4; theory page for the second order",
    tolerance=2e-9,
    reason="rounding of the eigenvalues, 1e-15, divided by the square of the radius of the circle",
)

_NOISE = ((0.0, 1.0), (1.0, 2.0), (-1.0, 1.0), (0.5, 8.0))  # tau2 and batch size
_POINTS = 32
_RELATIVE_RADIUS = 0.15  # of the circle, in units of what keeps the eigenvalue apart from others
_ALGORITHMS = 100


def claim(algorithm: Algorithm, tau2_per_sample: float) -> tuple[float, float]:
    """Return the coefficients of lambda and lambda^2 in the leading eigenvalue."""
    _, P, Q, _ = algorithm.polynomials
    slope = evaluate(derivative(P), 1)
    rate = -evaluate(Q, 1) / slope
    bend = evaluate(derivative(derivative(P)), 1) / (2 * slope)
    rho = rate * bend + evaluate(derivative(Q), 1) / slope
    return float(-2 * rate), float(rate**2) * (1 - tau2_per_sample) - float(2 * rate * rho)


def check(claim: Claim = claim) -> list[Case]:
    """Compare both coefficients, and count wrong signs of the first, over the memories."""
    cases = []
    for memory, (expanded, judged) in _instances().items():
        for (tau2, batch_size), (algorithm, found) in zip(_NOISE, expanded, strict=True):
            predicted = claim(algorithm, tau2 / batch_size)
            for order in (1, 2):
                label = f"memory {memory}, tau2 {tau2:g}, B {batch_size:g}, order {order}"
                cases.append(Case(label, float(found[order]), predicted[order - 1]))
        wrong = sum(stable != (claim(algorithm, 0.0)[0] < 0) for algorithm, stable in judged)
        cases.append(Case(f"memory {memory}, stability of {_ALGORITHMS} algorithms", wrong, 0))
    return cases


@cache
def _instances() -> dict[int, tuple[list[tuple[Algorithm, Array]], list[tuple[Algorithm, bool]]]]:
    """Return algorithms with their Taylor coefficients, and others with their stability."""
    rng = np.random.default_rng(4)
    found = {}
    for memory in MEMORIES:
        drawn = [random_algorithm(rng, memory) for _ in range(len(_NOISE) + _ALGORITHMS)]
        expanded = [
            (algorithm, _taylor_coefficients(algorithm, tau2 / batch_size))
            for algorithm, (tau2, batch_size) in zip(drawn, _NOISE, strict=False)
        ]
        judged = [
            (algorithm, bool(spectral_radius(Dynamics.of(algorithm).moment_map(1e-6)) < 1))
            for algorithm in drawn[len(_NOISE) :]
        ]
        found[memory] = expanded, judged
    return found


def _taylor_coefficients(algorithm: Algorithm, tau2_per_sample: float) -> Array:
    dynamics = Dynamics.of(algorithm)
    values, vectors = np.linalg.eig(dynamics.still)
    gap = np.sort(np.abs(1 - values))[1] if algorithm.memory else 1.0
    size = np.linalg.norm(dynamics.v) * np.linalg.norm(dynamics.r) * np.linalg.cond(vectors)
    radius = _RELATIVE_RADIUS * gap / size  # F. L. Bauer and C. T. Fike (1960)
    circle = radius * np.exp(2j * np.pi * np.arange(_POINTS) / _POINTS)
    eigenvalues = np.linalg.eigvals(dynamics.moment_map(circle, tau2_per_sample))
    nearest = np.abs(eigenvalues - 1).argmin(axis=-1)
    leading = eigenvalues[np.arange(_POINTS), nearest]
    coefficients = np.fft.fft(leading) / _POINTS
    return np.asarray((coefficients / radius ** np.arange(_POINTS)).real)


def _without_the_shape(algorithm: Algorithm, tau2_per_sample: float) -> tuple[float, float]:
    slope, _ = claim(algorithm, tau2_per_sample)
    return slope, slope**2 / 4 * (1 - tau2_per_sample)


PERTURBED: dict[str, Claim] = {
    "alpha_eff in place of 2 alpha_eff": lambda *x: (claim(*x)[0] / 2, claim(*x)[1]),
    "tau2 / B forgotten": lambda algorithm, _: claim(algorithm, 0.0),
    "rho forgotten": _without_the_shape,
    "the opposite sign of alpha_eff": lambda *x: (-claim(*x)[0], claim(*x)[1]),
}
