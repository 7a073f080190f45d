r"""Heavy ball's noise sum: one fraction for each eigenvalue, whatever tau2.

.. math:: U'_\Sigma=\frac{\tau_1}B\sum_k
    \frac{\lambda_k}
    {2/\alpha_{\rm eff}-\lambda_k\left(\frac{1-\beta}{1+\beta}-\frac{\tau_2}B\right)}

with :math:`\alpha_{\rm eff}=\eta/(1-\beta)`.

Method: the summands are stationary second moments, solved as linear equations, for random
eigenvalues, momenta, noise and batch sizes.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import Array, Dynamics
from sgdmem.symbolic.zoo.named_algorithms import heavy_ball

STATEMENT = Statement(
    "Noise sum of the heavy ball",
    "sgdmem, docs/systems/stochastic-edge.md; eq. (25) of arXiv 2410.04228 at q0 = 0",
    tolerance=1e-10,
    reason="linear equations of 3 unknowns in floats",
)

_CASES = 20


def claim(
    rate: float, momentum: float, eigenvalues: Array, tau1: float, tau2: float, batch_size: float
) -> float:
    """Return U'_Sigma."""
    bend = (1 - momentum) / (1 + momentum) - tau2 / batch_size
    below = 2 * (1 - momentum) / rate - eigenvalues * bend
    return float(tau1 / batch_size * (eigenvalues / below).sum())


def check(claim: Claim = claim) -> list[Case]:
    """Compare with sums of stationary moments."""
    rng = np.random.default_rng(14108)
    cases = []
    for _ in range(_CASES):
        momentum, rate = rng.uniform(-0.5, 0.95), rng.uniform(0.01, 1)
        eigenvalues = rng.uniform(0.01, 0.9, 6) * 2 * (1 + momentum) / rate
        tau1, tau2, batch_size = rng.uniform(0.5, 2), rng.uniform(-1, 0.5), rng.uniform(1, 64)
        s = Dynamics.of(heavy_ball(rate, momentum)).noise_summand(eigenvalues)
        total = tau1 / batch_size * (s / (1 + tau2 / batch_size * s)).sum()
        theory = claim(rate, momentum, eigenvalues, tau1, tau2, batch_size)
        label = f"eta {rate:.3f}, beta {momentum:.3f}, tau2 {tau2:.2f}, B {batch_size:.1f}"
        cases.append(Case(label, float(total), theory))
    return cases


PERTURBED: dict[str, Claim] = {
    "tau2 with the other sign": lambda eta, beta, lam, tau1, tau2, B: claim(
        eta, beta, lam, tau1, -tau2, B
    ),
    "the learning rate for the effective one": lambda eta, beta, lam, tau1, tau2, B: float(
        tau1 / B * (lam / (2 / eta - lam * ((1 - beta) / (1 + beta) - tau2 / B))).sum()
    ),
    "the slope at 0 alone": lambda eta, beta, lam, tau1, tau2, B: float(
        tau1 / B * (lam * eta / (2 * (1 - beta))).sum()
    ),
}
