r"""Leakage of random features: W hands a d-th part of the labels to small eigenvalues.

.. math::
    F_{ac}=\frac{\Gamma(1-1/2\alpha)}{2\alpha d}\Bigl(\sum_jj^{-2\beta}\Bigr)
    (2\gamma t)^{-1+1/2\alpha},\qquad 2\alpha>1,\ 2\beta>1,

added to :math:`F_{pp}` in twice the risk, between :math:`1\ll\gamma t\ll d^{2\alpha}`.

Method: SGD with batches of :math:`10^{15}` on the deterministic equivalent of :math:`d=10^8`, which
"Deterministic equivalent" compares with realised W; around the time at which both parts are one.
"""

from __future__ import annotations

import math

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.systems.deterministic_features import deterministic_features
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.dana.pieces_of_sgd import first_features

STATEMENT = Statement(
    "Leakage of random features",
    "arXiv 2505.16098, F_ac",
    tolerance=0.01,
    reason="the leading terms for large d and t, at d = 10^8",
)
_WIDTH, _RATE, _BATCH = 10**8, 0.5, 1e15


def claim(alpha: float, beta: float, d: int, passed: Array) -> Array:
    """Return twice the risk, F_pp + F_ac."""
    return np.asarray(first_features(alpha, beta, passed) + _leaked(alpha, beta, d, passed))


def _leaked(alpha: float, beta: float, d: int, passed: Array) -> Array:
    from scipy.special import zeta as riemann

    inverse = 1 / (2 * alpha)
    return np.asarray(
        math.gamma(1 - inverse) * inverse / d * riemann(2 * beta) * passed ** (inverse - 1)
    )


def check(claim: Claim = claim) -> list[Case]:
    """Compare where the first features count, where both parts do, and where leakage alone does."""
    cases = []
    for alpha, beta in ((1.0, 1.5), (1.25, 1.2), (1.5, 1.0), (0.75, 1.5)):
        features = deterministic_features(alpha, beta, _WIDTH, 4 * _WIDTH)
        crossing = _WIDTH ** (1 / ((beta - 0.5) / alpha + 1 / (2 * alpha)))
        times = crossing * np.array([0.1, 1, 10])
        risks = 2 * features.risks(_RATE, _BATCH, times)
        theory = claim(alpha, beta, _WIDTH, 2 * _RATE * times)
        cases += [
            Case(f"alpha = {alpha}, beta = {beta}, t = {t:.3g}", float(x), float(y))
            for t, x, y in zip(times, risks, theory, strict=True)
        ]
    return cases


PERTURBED: dict[str, Claim] = {
    "without leakage": lambda alpha, beta, d, passed: first_features(alpha, beta, passed),
    "half of it": lambda alpha, beta, d, passed: claim(alpha, beta, 2 * d, passed),
    "a part of 1 / d^2": lambda alpha, beta, d, passed: (
        first_features(alpha, beta, passed) + _leaked(alpha, beta, d**2, passed)
    ),
    "leakage alone": lambda alpha, beta, d, passed: _leaked(alpha, beta, d, passed),
}
