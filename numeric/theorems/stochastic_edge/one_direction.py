r"""Edge in one direction: relative variances of the curvature bound the rate as sharpness does.

Where batches have the curvature a in the mean, with the variance :math:`\sigma_B^2=\kappa a^2/B`,
the heavy ball is stable in mean square exactly up to the learning rate :math:`\eta_{\max}`,

.. math:: \frac1{\eta_{\max}} = \frac a{2(1+\beta)} + \frac{\sigma_B^2}{2a(1-\beta)}.

Method: the spectral radius of the 3 by 3 matrix of second moments reaches 1, by bisection.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import Dynamics
from sgdmem.numeric.theorems.stochastic_edge.measured_edge import LETTERS, edge_of_operator
from sgdmem.symbolic.zoo.named_algorithms import heavy_ball

STATEMENT = Statement(
    "Edge in one direction",
    "arXiv 2604.14108, linear stability; sgdmem, docs/systems/stochastic-edge.md",
    tolerance=1e-9,
    reason="radii of 3 by 3 matrices, near a double eigenvalue where there is no noise",
)


def claim(curvature: float, momentum: float, relative_variance: float, batch_size: float) -> float:
    """Return the largest learning rate."""
    noise = relative_variance * curvature**2 / batch_size
    return 1 / (curvature / (2 * (1 + momentum)) + noise / (2 * curvature * (1 - momentum)))


def check(claim: Claim = claim) -> list[Case]:
    """Compare with the radius of the map of second moments."""
    cases = []
    for k, (rate, momentum) in enumerate(LETTERS):
        dynamics = Dynamics.of(heavy_ball(rate, momentum))
        for variance, batch_size in ((0.01, 1.0), (0.3, 4.0), (1.0, 1.0), (2.0, 32.0), (10.0, 1.0)):
            found = edge_of_operator(dynamics, np.ones(1), variance, 0.0, batch_size)
            # a curvature so much larger asks for a rate so much smaller
            curvature = 3.0 ** (k - 2)
            theory = claim(curvature, momentum, variance, batch_size)
            label = f"a {curvature:.3g}, beta {momentum}, kappa {variance}, B {batch_size:g}"
            cases.append(Case(label, rate * found / curvature, theory))
    return cases


PERTURBED: dict[str, Claim] = {
    "1 + beta under the noise, too": lambda a, beta, kappa, B: (
        1 / (a / (2 * (1 + beta)) + kappa * a / B / (2 * (1 + beta)))
    ),
    "a variance that grows like the curvature": lambda a, beta, kappa, B: (
        1 / (a / (2 * (1 + beta)) + kappa / (2 * B * (1 - beta)))
    ),
    "without noise": lambda a, beta, kappa, B: claim(a, beta, 0.0, B),
    "the smaller of both bounds": lambda a, beta, kappa, B: min(
        2 * (1 + beta) / a, 2 * (1 - beta) * B / (kappa * a)
    ),
}
