r"""Pieces of SGD: the first features fall by a power law, and so does the kernel of its noise.

.. math::
    F_{pp}=\frac{\Gamma(\zeta)}{2\alpha}(2\gamma t)^{-\zeta},\qquad
    K_{pp}=\frac{\gamma^2}B\frac{\Gamma(2-1/2\alpha)}{2\alpha}(2\gamma t)^{-2+1/2\alpha},\qquad
    \zeta=1+\frac{\beta-1/2}\alpha,

of twice the risk. The paper adds the gradients of a batch up: its :math:`\gamma B` is
:math:`\gamma` here. The kernel needs :math:`\alpha>1/4`.

Method: signal and noise propagators of SGD on the population, all inputs seen and infinitely many
of them, after 200,000 steps.
"""

from __future__ import annotations

import math
from typing import Any

from sgdmem.numeric.losses.propagators import propagators
from sgdmem.numeric.systems.random_features import population
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.symbolic.zoo.named_algorithms import sgd

STATEMENT = Statement(
    "Pieces of SGD",
    "arXiv 2505.16098, F_pp and K_pp",
    tolerance=2e-4,
    reason="they are limits for many steps; it takes 200,000",
)
_STEPS, _RATE = 200_000, 0.4


def claim(alpha: float, beta: float, B: float, t: float) -> tuple[float, float]:
    """Return the signal and the kernel."""
    nu, passed = 2 * alpha, 2 * _RATE * t
    signal = first_features(alpha, beta, passed)
    kernel = _RATE**2 / B * math.gamma(2 - 1 / nu) / nu * passed ** (1 / nu - 2)
    return signal, kernel


def first_features(alpha: float, beta: float, passed: Any) -> Any:
    """Return F_pp where 2 gamma t is ``passed``."""
    zeta = 1 + (beta - 0.5) / alpha
    return math.gamma(zeta) / (2 * alpha) * passed**-zeta


def check(claim: Claim = claim) -> list[Case]:
    """Compare at several exponents and batch sizes."""
    cases = []
    for alpha, beta, B in ((1.0, 0.7, 1), (0.7, 0.3, 1), (0.7, 1.2, 8), (0.35, 0.4, 1)):
        found = propagators(sgd(str(_RATE)), population(alpha, beta), B, _STEPS)
        theory = claim(alpha, beta, B, _STEPS)
        computed = (float(found.V[-1]), float(found.U_prime[-1]))
        for name, x, y in zip(("signal", "kernel"), computed, theory, strict=True):
            cases.append(Case(f"alpha = {alpha}, beta = {beta}, B = {B}, {name}", x, y))
    return cases


def _changed(signal: float, kernel: float) -> Claim:
    return lambda *given: tuple(x * y for x, y in zip(claim(*given), (signal, kernel), strict=True))


PERTURBED: dict[str, Claim] = {
    "the risk, not twice it": _changed(0.5, 1),
    "half the kernel": _changed(1, 0.5),
    "another exponent": lambda alpha, beta, B, t: claim(alpha + 0.01, beta, B, t),
    "gradients that are added up": lambda alpha, beta, B, t: claim(alpha, beta, B, t * B),
}
