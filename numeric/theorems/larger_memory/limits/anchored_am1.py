r"""Exponents of anchored AM1: what a decay towards the start makes of them. Numerics, not a proof.

Under a decay of :math:`C/(t+t_0)` towards the start in each step the loss of AM1, with a damping
that falls like 1 / t, falls like :math:`t^{-\varpi}`,

.. math:: \varpi=\min\big(\theta_1\zeta,\ 2\theta_1,\ \theta_1(2-\tfrac1\nu)+2C\big),\qquad
    \theta_1=2-\frac1\nu:

by the signal, by the bias of the decay, or by noise. For SGD, :math:`\theta_0=1` in place of
:math:`\theta_1`, this is proved (Theorem J0 of the same page); for AM1 it is observed.

Method: exact losses on the infinite spectrum, with noise, between 10,000 and 100,000 steps.
"""

from __future__ import annotations

import math
from functools import partial

from sgdmem.numeric.acceleration.accelerated import accelerated
from sgdmem.numeric.acceleration.anchored import anchored
from sgdmem.numeric.acceleration.real_root_algorithms import rate_exponent
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Exponents of anchored AM1",
    "docs/theory/larger-memory-limits, section 10: an observation",
    tolerance=0.02,
    reason="corrections to power laws at a hundred thousand steps",
)
_BATCH_SIZE, _STEPS = 10, 100_000
CASES = (  # nu, zeta and C: signal; noise; bias
    *((2.0, 0.5, 0.5), (3.0, 0.5, 0.1)),
    *((2.0, 3.0, 0.1), (2.0, 3.0, 0.25), (3.0, 3.0, 0.1), (1.5, 3.0, 0.25)),
    *((2.0, 3.0, 0.5), (3.0, 3.0, 0.5), (1.5, 3.0, 0.5)),
)


def claim(
    nu: float,
    zeta: float,
    decay: float,
    *,
    per_decay: float = 2.0,
    saturation: float | None = None,
) -> float:
    """Return the exponent; ``saturation`` is that of the bias, theta times 2 if not given."""
    theta = 1 + rate_exponent(nu, 1)
    bias = 2 * theta if saturation is None else saturation
    return min(theta * zeta, bias, theta * (2 - 1 / nu) + per_decay * decay)


def check(claim: Claim = claim) -> list[Case]:
    """Compare local exponents of losses."""
    cases = []
    for nu, zeta, decay in CASES:
        problem = Problem.power_law(nu, zeta)
        rule = accelerated(problem, _BATCH_SIZE, damping_exponent=1, noise_level=0.25)
        found = losses(anchored(rule, decay), problem, _BATCH_SIZE, _STEPS)
        measured = math.log10(found[_STEPS // 10] / found[_STEPS])
        label = f"nu = {nu:g}, zeta = {zeta:g}, C = {decay:g}"
        cases.append(Case(label, measured, claim(nu, zeta, decay)))
    return cases


PERTURBED: dict[str, Claim] = {
    "noise gains nothing": partial(claim, per_decay=0.0),
    "noise gains C": partial(claim, per_decay=1.0),
    "noise gains 3 C": partial(claim, per_decay=3.0),
    "the decay has no bias": partial(claim, saturation=math.inf),
    "the bias of SGD": partial(claim, saturation=2.0),
}
