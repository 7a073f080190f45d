r"""Everything about the noise sum sits in M + 1 poles.

1. :math:`s_\lambda/\lambda` is a rational function of lambda with a numerator of degree at most M
   and the denominator :math:`\chi(-1,\lambda)\prod_{i<j}(1-x_ix_j)` of degree M + 1, the x_i being
   the roots of :math:`\chi = P - \lambda Q`.
2. If D is strictly stable and alpha_eff > 0, its first positive pole is where noiseless stability
   ends (there is one).
3. :math:`s_\lambda/\lambda = \sum_i R_i/(\lambda-z_i)` gives
   :math:`\sum_k s_k = \sum_i(-R_i/z_i)T(-1/z_i)` with
   :math:`T(\omega)=\sum_k\lambda_k/(1+\omega\lambda_k)`.

Method: 1. M + 1 values of s, from the stationary second moments in fractions, fix the numerator; it
must then predict s elsewhere. 2. The spectral radius of S on a grid, and bisection of where it
passes 1. 3. The summands of 3,000 eigenvalues of a power law added up.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy.optimize import brentq

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import (
    MEMORIES,
    Array,
    Dynamics,
    random_algorithm,
    spectral_radius,
)
from sgdmem.numeric.theorems.noise_summands import exact_noise_summand
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.stability.poles import boundary_polynomial

STATEMENT = Statement(
    "M + 1 poles",
    "sgdmem, theory page on the poles",
    tolerance=1e-10,
    reason="partial fractions lose digits where poles come near each other; rounding otherwise",
)

_ALGORITHMS = 4  # of each memory
_MODES = 3000


def claim(algorithm: Algorithm) -> Array:
    """Return the M + 1 poles of s / lambda."""
    return np.roots(np.array(boundary_polynomial(algorithm)[::-1], float))


def check(claim: Claim = claim) -> list[Case]:
    """Compare predicted summands, ends of stability and sums over a spectrum."""
    rng = np.random.default_rng(11)
    cases = []
    for memory in MEMORIES:
        for draw in range(_ALGORITHMS):
            algorithm = random_algorithm(rng, memory)
            if algorithm.effective_learning_rate < 0:
                algorithm = algorithm.scaled(-1)
            poles = claim(algorithm)
            label = f"memory {memory}, draw {draw}"
            end = _end_of_stability(algorithm)
            real = poles.real[(abs(poles.imag) <= 1e-9 * abs(poles)) & (poles.real > 0)]
            cases.append(Case(f"{label}: first pole", end, float(real.min(initial=np.inf))))
            cases += _predictions(algorithm, poles, end, label)
    return cases


def _predictions(algorithm: Algorithm, poles: Array, end: float, label: str) -> list[Case]:
    """Return what the partial fractions that fit s at M + 1 eigenvalues say about others."""
    places = [Fraction(place) for place in end * np.linspace(0.1, 0.9, algorithm.memory + 1)]
    known = [float(exact_noise_summand(algorithm, lam) / lam) for lam in places]
    differences = np.array(places, float)[:, None] - poles
    residues = np.linalg.solve(1 / differences, known)
    other = Fraction(end * 0.37)
    predicted = float((other * (residues / (float(other) - poles)).sum()).real)
    cases = [Case(f"{label}: s elsewhere", float(exact_noise_summand(algorithm, other)), predicted)]
    eigenvalues = 0.8 * end * np.arange(1.0, _MODES + 1) ** -1.5
    coupling = (eigenvalues / (1 - eigenvalues / poles[:, None])).sum(axis=1)
    total = float((-residues / poles * coupling).sum().real)
    summed = float(Dynamics.of(algorithm).noise_summand(eigenvalues).sum())
    return [*cases, Case(f"{label}: sum over a spectrum", summed, total)]


def _end_of_stability(algorithm: Algorithm) -> float:
    """Return the first eigenvalue at which a root of P - lambda Q lies on the unit circle."""
    dynamics = Dynamics.of(algorithm)
    grid = np.geomspace(1e-4, 1e4, 4000)
    first = int(np.argmax(spectral_radius(dynamics.matrix(grid)) >= 1))
    low, high = grid[first - 1], grid[first]
    return float(
        brentq(lambda lam: float(spectral_radius(dynamics.matrix(lam))) - 1, low, high, xtol=1e-14)
    )


def _without_the_real_crossing(algorithm: Algorithm) -> Array:
    """Return the poles other than the zero of chi(-1, lambda)."""
    _, P, Q, _ = algorithm.polynomials
    at_minus_one = [sum((-1) ** n * x for n, x in enumerate(part)) for part in (P, Q)]
    poles, zero = claim(algorithm), float(at_minus_one[0] / at_minus_one[1])
    return np.where(np.arange(len(poles)) == abs(poles - zero).argmin(), 2 * zero, poles)


def _one_pole_fewer(algorithm: Algorithm) -> Array:
    poles = claim(algorithm)
    poles[abs(poles).argmax()] = 1e9
    return poles


PERTURBED: dict[str, Claim] = {
    "chi(-1) does not count": _without_the_real_crossing,
    "only M poles, the largest is at infinity": _one_pole_fewer,
    "the opposite sign": lambda algorithm: -claim(algorithm),
    "0.01% larger": lambda algorithm: 1.0001 * claim(algorithm),
}
