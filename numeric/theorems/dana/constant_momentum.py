r"""SGD-M: momentum that stays as it is has the exponents of SGD, whatever it is.

.. math:: L_t\sim t^{-\min(\zeta,\,2-1/\nu)}

Method: slopes of exact losses of the heavy ball over the last of 200,000 steps, of one sample each
on the population. Factors do differ: where noise decides, the loss with a momentum of .99 is up to
15 times that of SGD with the same effective rate.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.systems.random_features import population
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.symbolic.zoo.named_algorithms import heavy_ball

STATEMENT = Statement(
    "Constant momentum",
    "arXiv 2505.16098, its abstract: SGD-M yields the exponents of SGD",
    tolerance=0.02,
    reason="exponents are limits for many steps; it takes 200,000",
)
_STEPS, _RATE = 200_000, 0.2


def claim(nu: float, zeta: float, momentum: float) -> float:
    """Return the exponent."""
    return min(zeta, 2 - 1 / nu)


def check(claim: Claim = claim) -> list[Case]:
    """Compare exponents of three momenta where signal decides, and where noise does."""
    cases = []
    t = np.unique(np.geomspace(_STEPS / 10, _STEPS, 20).round()).astype(int)
    for alpha, beta in ((1.0, 0.3), (0.7, 0.3), (0.7, 1.2), (1.0, 1.5)):
        for momentum in (0.0, 0.5, 0.9, 0.99):
            method = heavy_ball(_RATE * (1 - momentum), momentum)
            found = losses(method, population(alpha, beta), 1, _STEPS)
            slope = -float(np.polyfit(np.log(t), np.log(found[t]), 1)[0])
            theory = claim(2 * alpha, 1 + (beta - 0.5) / alpha, momentum)
            label = f"alpha = {alpha}, beta = {beta}, momentum = {momentum}"
            cases.append(Case(label, slope, theory))
    return cases


PERTURBED: dict[str, Claim] = {
    "that of DANA": lambda nu, zeta, momentum: (2 - 1 / nu) * min(zeta, 2 - 1 / nu),
    "faster with momentum": lambda nu, zeta, momentum: min(zeta, 2 - 1 / nu) * (1 + momentum / 10),
    "without noise": lambda nu, zeta, momentum: zeta,
}
