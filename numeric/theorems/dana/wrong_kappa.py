r"""A wrong kappa_3: DANA-decaying falls like t^-zeta(2 - kappa_3) if it is too large.

That is so where the signal dominates, for :math:`1/\nu\le\kappa_3<1`. Too small a one makes the
noise sum grow: as the method is at step t, what it has beyond its limit without y is of the order
:math:`t^{1/\nu-\kappa_3}`, so that no batch is large enough for ever.

Method: exact losses up to t = 2 10^5 with Gaussian noise, their local exponents extrapolated; and
noise sums of the method frozen at steps up to 10^14, by verdicts on the infinite spectrum.
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
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.zoo.several_momenta import dana_step

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
_SUMS = ((2.0, 0.4), (2.0, 0.3), (3.0, 0.2), (1.5, 0.5), (1.4, 0.6), (1.2, 0.5))  # nu, kappa_3
_LAST, _BATCH_SIZE = 200_000, 64
_GAMMA_2, _GAMMA_3, _DELTA = 0.1, 0.1, 4.0


def claim(nu: float, zeta: float, kappa: float) -> tuple[float, float]:
    """Return the exponents of the loss, and of the noise sum."""
    return zeta * (2 - kappa), 1 / nu - kappa


def check(claim: Claim = claim) -> list[Case]:
    """Compare exponents of losses and of noise sums."""
    cases = []
    for nu, zeta, kappa in _LOSSES:
        label = f"nu {nu:g}, zeta {zeta:g}, kappa_3 {kappa:g}: exponent of the loss"
        cases.append(Case(label, _loss_exponent(nu, zeta, kappa), claim(nu, zeta, kappa)[0]))
    for nu, kappa in _SUMS:
        label = f"nu {nu:g}, kappa_3 {kappa:g}: exponent of the noise sum"
        cases.append(Case(label, _noise_exponent(nu, kappa), claim(nu, 0, kappa)[1]))
    return cases


@cache
def _loss_exponent(nu: float, zeta: float, kappa: float) -> float:
    problem = Problem.power_law(nu, zeta, noise=Noise(tau2=-1))
    found = losses(Dana.of(_GAMMA_2, _GAMMA_3, kappa, _DELTA), problem, _BATCH_SIZE, _LAST)
    times = late_times(_LAST // 2, 1.7)
    local = np.log2(found[times] / found[2 * times])
    return float(expand(times, local, [1 - kappa, 2 - 2 * kappa, 3 - 3 * kappa])[0])


@cache
def _noise_exponent(nu: float, kappa: float) -> float:
    """Return it from differences of three noise sums, in which what is constant drops out."""
    problem = Problem.power_law(nu, noise=Noise(tau2=0))
    sums = []
    for t in (1e10, 1e12, 1e14):
        rates = {"gamma_1": 1, "gamma_2": _GAMMA_2, "gamma_3": _GAMMA_3 * t**-kappa}
        sums.append(stability(dana_step(**rates, damping=_DELTA / t), problem, 1e9).noise_sum)
    return float(np.log((sums[2] - sums[1]) / (sums[1] - sums[0])) / np.log(100))


PERTURBED: dict[str, Claim] = {
    "the exponent of SGD": lambda nu, zeta, kappa: (zeta, 1 / nu - kappa),
    "the exponent of the right one": lambda nu, zeta, kappa: (zeta * (2 - 1 / nu), 1 / nu - kappa),
    "noise that grows like the rate": lambda nu, zeta, kappa: (zeta * (2 - kappa), 1 - kappa),
}
