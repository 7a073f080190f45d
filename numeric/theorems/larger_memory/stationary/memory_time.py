r"""Memory time and learning rates: the sum of all :math:`1/|1-d_i|`, whatever the memory.

With :math:`\Theta=\max(1,\sum_i1/|1-d_i|)` and eigenvalues :math:`k^{-\nu}`,

.. math:: |\alpha_{\mathrm{eff}}|\le\frac e\Theta\bigl((1+8C)(2\Theta+1)\bigr)^\nu,\qquad
    |\alpha_{\mathrm{eff}}|\le16e\,\Theta

where all :math:`P-\lambda_kQ` are strictly Schur and the noise sum is C, and where
:math:`P-\lambda Q` is strictly Schur for all :math:`\lambda\in(0,1]`.

Method: random methods of memory up to 6, real and complex; barely stable heavy balls; methods of
theorem D with optimised shapes, up to horizons of 10^15. Computed is the largest violation; theory
is that there is none.
"""

from __future__ import annotations

from math import e

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement, larger
from sgdmem.numeric.theorems.larger_memory.stationary.methods import (
    HORIZONS,
    NOISE_SUM,
    fast_methods,
    heavy_balls,
    law_noise_sum,
    memory_time,
    random_methods,
)

STATEMENT = Statement(
    "Memory time and learning rates",
    "docs/theory/larger-memory-stationary, theorems A and B",
    tolerance=1e-9,
    reason="rounding of noise sums",
)


def claim(theta: float, noise: float, exponent: float) -> tuple[float, float]:
    """Return the bounds by the noise sum and by stability."""
    return e / theta * ((1 + 8 * noise) * (2 * theta + 1)) ** exponent, 16 * e * theta


def check(claim: Claim = claim) -> list[Case]:
    """Compare for methods of three kinds."""
    by_noise, by_stability = random_ratios(60, 4, claim)
    cases = [
        Case.within("noise, random methods", by_noise),
        Case.within("stability, random methods", by_stability),
    ]
    ratio = 0.0
    for ball in heavy_balls():
        theta = memory_time(ball)
        ratio = larger(ratio, float(ball.effective_learning_rate) / claim(theta, 0.0, 2.0)[1])
    cases.append(Case.within("stability, heavy balls", ratio))
    for nu in (1.5, 2.0, 3.0):
        ratio = 0.0
        for fast in fast_methods(nu, (1, 2), HORIZONS):
            ratio = larger(ratio, fast.rate / claim(fast.memory_time, NOISE_SUM, nu)[0])
        cases.append(Case.within(f"noise, fast methods, nu = {nu:g}", ratio))
    return cases


def random_ratios(count: int, seed: int, claim: Claim = claim) -> tuple[float, float]:
    """Return the largest learning rates of random methods over both bounds."""
    rng = np.random.default_rng(seed)
    by_noise = by_stability = 0.0
    for algorithm in random_methods(rng, count):
        theta, rate = max(1.0, memory_time(algorithm)), float(algorithm.effective_learning_rate)
        nu = float(rng.choice([1.3, 1.7, 2.0, 3.0]))
        first, second = claim(theta, law_noise_sum(algorithm, nu), nu)
        by_noise, by_stability = larger(by_noise, rate / first), larger(by_stability, rate / second)
    return by_noise, by_stability


PERTURBED: dict[str, Claim] = {
    "a third of the power of memory time": lambda theta, noise, exponent: (
        claim(theta, noise, exponent)[0] * theta ** (-(exponent - 1) * 2 / 3),
        claim(theta, noise, exponent)[1],
    ),
    "3 in place of 16 e": lambda theta, noise, exponent: (
        claim(theta, noise, exponent)[0],
        3 * theta,
    ),
    "the square root of memory time": lambda theta, noise, exponent: claim(
        theta**0.5, noise, exponent
    ),
}
