r"""Width of random features: what d of them leave falls by a power of d.

.. math:: 2P_\infty\asymp d^{-2\alpha+\max(0,1-2\beta)},\qquad v/d\ \text{fixed}.

Method: the slope of the floor of the deterministic equivalent when d doubles, at
:math:`d=10^{12}`; "Deterministic equivalent" compares it with realised W.
"""

from __future__ import annotations

import math

from sgdmem.numeric.systems.deterministic_features import deterministic_features
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Width of random features",
    "arXiv 2505.16098, F_0",
    tolerance=1e-4,
    reason="exponents are limits for large d; it takes 10^12",
)
_WIDTH, _RATIO = 10**12, 4


def claim(alpha: float, beta: float) -> float:
    """Return the exponent."""
    return -2 * alpha + max(0.0, 1 - 2 * beta)


def check(claim: Claim = claim) -> list[Case]:
    """Compare at pairs of exponents on both sides of 1/2."""
    cases = []
    for alpha, beta in ((0.7, 0.3), (1.0, 0.7), (0.35, 0.9), (0.35, 0.3), (1.0, 1.5), (1.5, 0.2)):
        least, most = (
            deterministic_features(alpha, beta, d, _RATIO * d).floor for d in (_WIDTH, 2 * _WIDTH)
        )
        slope = math.log2(most / least)
        cases.append(Case(f"alpha = {alpha}, beta = {beta}", slope, claim(alpha, beta)))
    return cases


PERTURBED: dict[str, Claim] = {
    "-2 alpha always": lambda alpha, beta: -2 * alpha,
    "1 - 2 beta always": lambda alpha, beta: 1 - 2 * alpha - 2 * beta,
    "without the square": lambda alpha, beta: claim(alpha, beta) / 2,
}
