r"""A wrong kappa_3: DANA-decaying falls like t^-zeta(2 - kappa_3) if it is too large.

That is so where the signal dominates, for :math:`1/\nu\le\kappa_3<1`. Too small a one makes the
noise sum grow, see "Slowest decay of DANA".

Method: exact losses up to t = 2 10^5 with Gaussian noise, their local exponents extrapolated.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sgdmem.numeric.acceleration.dana_schedule import Dana
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.extrapolation import expand, late_times

STATEMENT = Statement(
    "A wrong kappa_3",
    "arXiv 2505.16098, which sweeps kappa_3; exponents by the effective rate t^(1 - kappa_3)",
    tolerance=0.005,
    reason="corrections by fourth powers of t^-(1 - kappa_3)",
)

_LOSSES = (  # nu, zeta, kappa_3
    *((2.0, 0.5, 0.5), (2.0, 0.5, 0.6), (2.0, 0.5, 0.7), (2.0, 0.8, 0.6)),
    *((3.0, 0.5, 0.5), (3.0, 0.8, 0.6), (1.5, 0.5, 0.7), (1.5, 0.3, 0.75)),
)
_LAST, _BATCH_SIZE = 200_000, 64
_GAMMA_2, _GAMMA_3, _DELTA = 0.1, 0.1, 4.0


def claim(nu: float, zeta: float, kappa: float) -> float:
    """Return the exponent of the loss."""
    return zeta * (2 - kappa)


def check(claim: Claim = claim) -> list[Case]:
    """Compare exponents of losses."""
    return [
        Case(
            f"nu {nu:g}, zeta {zeta:g}, kappa_3 {kappa:g}",
            _loss_exponent(nu, zeta, kappa),
            claim(nu, zeta, kappa),
        )
        for nu, zeta, kappa in _LOSSES
    ]


@cache
def _loss_exponent(nu: float, zeta: float, kappa: float) -> float:
    problem = Problem.power_law(nu, zeta, noise=Noise(tau2=-1))
    found = losses(Dana.of(_GAMMA_2, _GAMMA_3, kappa, _DELTA), problem, _BATCH_SIZE, _LAST)
    times = late_times(_LAST // 2, 1.7)
    local = np.log2(found[times] / found[2 * times])
    return float(expand(times, local, [1 - kappa, 2 - 2 * kappa, 3 - 3 * kappa])[0])


PERTURBED: dict[str, Claim] = {
    "the exponent of SGD": lambda nu, zeta, kappa: zeta,
    "the exponent of the right one": lambda nu, zeta, kappa: zeta * (2 - 1 / nu),
    "2 - 2 kappa_3": lambda nu, zeta, kappa: zeta * (2 - 2 * kappa),
}
