r"""Signal of stationary methods: small eigenvalues have not moved at any horizon.

With :math:`u_0=0` and without noise, the point where the gradient is taken keeps half of its
coordinate, :math:`a_t\ge\frac12`, at eigenvalues up to

.. math:: \frac1{62(t+1)^2}\quad\text{and}\quad\frac1{8(2N(t+1))^\nu},\qquad N=1+8C,

where :math:`P-\lambda Q` is strictly Schur for all :math:`\lambda\in(0,1]`, and where all
:math:`P-\lambda_kQ` are, :math:`\lambda_k=k^{-\nu}`, and the noise sum is C.

Method: powers of the matrix of one step, at these eigenvalues, a half and a tenth of them, for up
to 10^6 steps, of random methods of memory up to 6, barely stable heavy balls, and methods of
theorem D. Computed is how far the least :math:`a_t` is below 1/2; theory is not at all.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement, larger
from sgdmem.numeric.theorems.instances import Dynamics
from sgdmem.numeric.theorems.larger_memory.stationary.methods import (
    HORIZONS,
    NOISE_SUM,
    fast_methods,
    heavy_balls,
    law_noise_sum,
    random_methods,
)
from sgdmem.symbolic.algorithms.algorithm import Algorithm

STATEMENT = Statement(
    "Signal of stationary methods",
    "docs/theory/larger-memory-stationary, corollary 2",
    tolerance=1e-9,
    reason="rounding of matrix powers",
)
_TIMES = (1, 3, 10, 100, 1000, 10**4, 10**6)


def claim(t: int, noise: float, exponent: float) -> tuple[float, float]:
    """Return the eigenvalues by stability and by the noise sum."""
    return 1 / (62 * (t + 1) ** 2), 1 / (8 * (2 * (1 + 8 * noise) * (t + 1)) ** exponent)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for methods of three kinds."""
    rng = np.random.default_rng(7)
    cases = []
    for nu in (1.3, 2.0, 3.0):
        drawn = [(method, law_noise_sum(method, nu)) for method in random_methods(rng, 30)]
        left = least_left(drawn, nu, claim)
        cases.append(Case(f"random methods, nu = {nu:g}", larger(0.0, 0.5 - left), 0.0))
    for nu in (1.5, 2.0):
        fast = [(x.algorithm, NOISE_SUM) for x in fast_methods(nu, (1, 2), HORIZONS)]
        left = least_left(fast, nu, claim)
        cases.append(Case(f"fast methods, nu = {nu:g}", larger(0.0, 0.5 - left), 0.0))
    balls = [(ball, np.inf) for ball in heavy_balls()]  # their noise sums are not needed
    cases.append(Case("heavy balls", larger(0.0, 0.5 - least_left(balls, 2.0, claim)), 0.0))
    return cases


def least_left(
    methods: Iterable[tuple[Algorithm, float]], exponent: float, claim: Claim = claim
) -> float:
    """Return the least a_t of methods with these noise sums."""
    least = 1.0
    for method, noise in methods:
        dynamics = Dynamics.of(method)
        for t in _TIMES:
            lam = np.outer((1.0, 0.5, 0.1), claim(t, noise, exponent)).ravel()
            powers = np.linalg.matrix_power(dynamics.matrix(lam), t)
            least = float(np.minimum(least, (powers[..., 0] @ dynamics.r).min()))
    return least


PERTURBED: dict[str, Claim] = {
    "1 / (t + 1)^2": lambda t, noise, exponent: (62 * claim(t, noise, exponent)[0], 0.0),
    "the power 3/2": lambda t, noise, exponent: (
        claim(t, noise, exponent)[0] * (t + 1) ** 0.5,
        0.0,
    ),
    "without the power nu": lambda t, noise, exponent: (0.0, claim(t, noise, 1.0)[1]),
}
