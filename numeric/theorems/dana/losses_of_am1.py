r"""Losses of DANA-decaying and of AM1 with a damping exponent of 1 fall with one exponent.

It is :math:`\min(\zeta,2-1/\nu)(2-1/\nu)`. Where the signal dominates, :math:`\zeta<2-1/\nu`, and
the constants are those of "DANA is AM1", their ratio tends to 1. (Where noise dominates it does
not: what noise leaves behind depends on all of the signal, from the first step on.)

Method: exact losses on the infinite spectrum with Gaussian noise up to t = 2 10^5; local exponents
and ratios are extrapolated in powers of :math:`t^{-(1-1/\nu)}`, by which the methods differ.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sgdmem.numeric.acceleration.dana_schedule import Dana
from sgdmem.numeric.acceleration.memory_one import memory_one_rule
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.extrapolation import expand, late_times

STATEMENT = Statement(
    "Losses of DANA and AM1",
    "arXiv 2505.16098 and 2410.04228, eq. (27) with a damping exponent of 1",
    tolerance=0.01,
    reason="corrections by third powers of t^-(1 - 1/nu), slow for nu near 1",
)

_CASES = (  # nu, zeta
    *((1.25, 0.5), (1.25, 1.0), (1.5, 0.5), (1.5, 0.9), (2.0, 0.25), (2.0, 0.5), (2.0, 0.8)),
    *((2.0, 1.2), (3.0, 0.25), (3.0, 0.5), (3.0, 1.08), (4.0, 0.5), (2.0, 2.2), (1.5, 2.0)),
)
_LAST, _BATCH_SIZE = 200_000, 16


def claim(nu: float, zeta: float, scale: float) -> tuple[float, float]:
    """Return the exponent of both losses, and gamma_3 / gamma_2 at which their ratio tends to 1."""
    return min(zeta, 2 - 1 / nu) * (2 - 1 / nu), scale ** (1 / nu)


def check(claim: Claim = claim) -> list[Case]:
    """Compare exponents in both phases, and constants where the signal dominates."""
    cases = []
    for nu, zeta in _CASES:
        scale = 1.5 + (1 - 1 / nu) + (2 - 1 / nu) * (min(zeta, 2 - 1 / nu) - 0.5)
        exponent, velocity = claim(nu, zeta, scale)
        times = late_times(_LAST // 2, 1.7)
        powers = [1 - 1 / nu, 2 - 2 / nu]
        curves = {name: _losses(nu, zeta, scale, v) for name, v in (("AM1", 0), ("DANA", velocity))}
        for name, loss in curves.items():
            local = np.log2(loss[times] / loss[2 * times])
            found = float(expand(times, local, powers)[0])
            cases.append(Case(f"nu {nu:g}, zeta {zeta:g}: exponent of {name}", found, exponent))
        if zeta < 2 - 1 / nu:
            ratio = float(expand(times, (curves["AM1"] / curves["DANA"])[times], powers)[0])
            cases.append(Case(f"nu {nu:g}, zeta {zeta:g}: AM1 / DANA", ratio, 1.0))
    return cases


@cache
def _losses(nu: float, zeta: float, scale: float, velocity: float) -> Array:
    """Return losses of DANA with gamma_3 / gamma_2 = velocity, or for 0 of AM1."""
    problem = Problem.power_law(nu, zeta, noise=Noise(tau2=-1))
    rate = 1 / (1 + scale ** (1 / nu))  # so that the first step of DANA is at most 1
    am1 = memory_one_rule(nu, rate, 1.0, scale)
    rule = Dana.of(rate, rate * velocity, 1 / nu, scale) if velocity else am1
    return losses(rule, problem, _BATCH_SIZE, _LAST)


PERTURBED: dict[str, Claim] = {
    "the exponent of SGD": lambda nu, zeta, d: (min(zeta, 2 - 1 / nu), d ** (1 / nu)),
    "gamma_3 = gamma_2": lambda nu, zeta, d: (claim(nu, zeta, d)[0], 1.0),
    "a damping exponent of 0.95": lambda nu, zeta, d: (
        min(zeta, 2 - 1 / nu) * (1 + 0.95 * (1 - 1 / nu)),
        d ** (1 / nu),
    ),
    "no phase with noise": lambda nu, zeta, d: (zeta * (2 - 1 / nu), d ** (1 / nu)),
}
