r"""Equation (27): the loss of AM1, memory 1 with a damping that falls like a power of the step.

With :math:`\delta_t = d_0t^{-\bar\delta}` and
:math:`\alpha_{\mathrm{eff},t} \propto t^{\bar\alpha}`,
:math:`\bar\alpha = \bar\delta(1-1/\nu)`,

.. math:: L_t = O\bigl(t^{-\min(\zeta,\,2-1/\nu)(1+\bar\alpha)}\bigr),

:math:`\zeta(1+\bar\alpha)` in the signal-dominated phase. (The paper states this phase; the other
one is numerical.)

Method: exact losses on the infinite spectrum with Gaussian noise, and their exponent over the last
decade up to t = 2 10^5.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sgdmem.numeric.acceleration.accelerated import accelerated
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Equation (27)",
    "arXiv 2410.04228, eq. (27)",
    tolerance=0.03,
    reason="slow corrections to a power law of the last decade up to 2 10^5",
)

_CASES = (  # nu, zeta, exponent of the damping
    (1.5, 0.5, 0.95),
    (2.0, 0.5, 0.95),
    (3.0, 0.5, 0.95),
    (2.0, 0.25, 0.95),
    (2.0, 0.5, 0.6),
    (3.0, 0.8, 0.5),
    (2.0, 2.2, 0.8),
    (1.5, 2.0, 0.8),
)
_LAST, _BATCH_SIZE = 200_000, 16


def claim(nu: float, zeta: float, damping_exponent: float) -> float:
    """Return the exponent of the loss."""
    return min(zeta, 2 - 1 / nu) * (1 + damping_exponent * (1 - 1 / nu))


def check(claim: Claim = claim) -> list[Case]:
    """Compare exponents in both phases."""
    return [
        Case(
            f"nu {nu:g}, zeta {zeta:g}, damping t^-{power:g}",
            _exponent(nu, zeta, power),
            claim(nu, zeta, power),
        )
        for nu, zeta, power in _CASES
    ]


@cache
def _exponent(nu: float, zeta: float, power: float) -> float:
    problem = Problem.power_law(nu, zeta, noise=Noise(tau2=-1))
    rule = accelerated(problem, _BATCH_SIZE, damping_exponent=power)
    found = losses(rule, problem, _BATCH_SIZE, _LAST)
    return float(np.log10(found[_LAST // 10] / found[_LAST]))


PERTURBED: dict[str, Claim] = {
    "the exponent of SGD": lambda nu, zeta, power: min(zeta, 2 - 1 / nu),
    "alpha_eff like 1 / damping": lambda nu, zeta, power: min(zeta, 2 - 1 / nu) * (1 + power),
    "damping exponent 1 throughout": lambda nu, zeta, power: claim(nu, zeta, 1.0),
    "no phase with noise": lambda nu, zeta, power: zeta * (1 + power * (1 - 1 / nu)),
}
