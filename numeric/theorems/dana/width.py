r"""Width of random features: what d of them leave falls by a power of d.

.. math:: 2P_\infty\asymp d^{-2\alpha+\max(0,1-2\beta)},\qquad v/d\ \text{fixed}.

Method: of large d the least risk is near a deterministic equivalent,
:math:`\sum_j b_j^2D_j\kappa/(D_j+\kappa)` with :math:`\sum_jD_j/(D_j+\kappa)=d`. Its slope when d
doubles, at d = 100,000; the tests compare it with realised W.
"""

from __future__ import annotations

import math

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Width of random features",
    "arXiv 2505.16098, F_0",
    tolerance=0.02,
    reason="exponents are limits for large d; it takes 100,000",
)
_WIDTH, _RATIO = 100_000, 4


def claim(alpha: float, beta: float) -> float:
    """Return the exponent."""
    return -2 * alpha + max(0.0, 1 - 2 * beta)


def check(claim: Claim = claim) -> list[Case]:
    """Compare at pairs of exponents on both sides of 1/2."""
    cases = []
    for alpha, beta in ((0.7, 0.3), (1.0, 0.7), (0.35, 0.9), (0.35, 0.3), (1.0, 1.5), (1.5, 0.2)):
        least, most = (
            deterministic_floor(alpha, beta, d, _RATIO * d) for d in (_WIDTH, 2 * _WIDTH)
        )
        slope = math.log2(most / least)
        cases.append(Case(f"alpha = {alpha}, beta = {beta}", slope, claim(alpha, beta)))
    return cases


def deterministic_floor(alpha: float, beta: float, width: int, ambient: int) -> float:
    """Return the deterministic equivalent of the least risk."""
    from scipy.optimize import brentq

    j = np.arange(1.0, ambient + 1)
    D = j ** (-2 * alpha)

    def excess(log: float) -> float:
        return float((D / (D + math.exp(log))).sum()) - width

    log = brentq(excess, math.log(D[-1]) - 10, 10, xtol=1e-13)
    kappa = math.exp(float(log))
    return float((D * j ** (-2 * beta) * kappa / (D + kappa)).sum()) / 2


PERTURBED: dict[str, Claim] = {
    "-2 alpha always": lambda alpha, beta: -2 * alpha,
    "1 - 2 beta always": lambda alpha, beta: 1 - 2 * alpha - 2 * beta,
    "without the square": lambda alpha, beta: claim(alpha, beta) / 2,
}
