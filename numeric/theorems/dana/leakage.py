r"""Leakage of random features: W hands a d-th part of the labels to small eigenvalues.

.. math::
    F_{ac}=\frac{\Gamma(1-1/2\alpha)}{2\alpha d}\Bigl(\sum_jj^{-2\beta}\Bigr)
    (2\gamma t)^{-1+1/2\alpha},\qquad 2\alpha>1,\ 2\beta>1,

added to :math:`F_{pp}` in twice the risk, between :math:`1\ll\gamma t\ll d^{2\alpha}`.

Method: the signal of gradient flow on realised features of d = 200, its mean over 40 W.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems.target import ListedTarget
from sgdmem.numeric.systems.random_features import random_features
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Leakage of random features",
    "arXiv 2505.16098, F_ac",
    tolerance=0.09,
    reason="the leading terms for large d, at d = 200; the mean over 40 W varies by some .05",
)
_WIDTH, _DRAWS = 200, 40
_TIMES = np.array([30.0, 55.0, 100.0])


def claim(alpha: float, beta: float, d: int, passed: Array) -> Array:
    """Return twice the risk, F_pp + F_ac."""
    return _first_features(alpha, beta, passed) + _leaked(alpha, beta, d, passed)


def _first_features(alpha: float, beta: float, passed: Array) -> Array:
    zeta = 1 + (beta - 0.5) / alpha
    return np.asarray(math.gamma(zeta) / (2 * alpha) * passed**-zeta)


def _leaked(alpha: float, beta: float, d: int, passed: Array) -> Array:
    from scipy.special import zeta as riemann

    inverse = 1 / (2 * alpha)
    return np.asarray(
        math.gamma(1 - inverse) * inverse / d * riemann(2 * beta) * passed ** (inverse - 1)
    )


def check(claim: Claim = claim) -> list[Case]:
    """Compare where both parts count, and where the leakage alone does."""
    cases = []
    for alpha, beta in ((1.0, 1.5), (1.25, 1.2), (1.5, 1.0)):
        risks = _measured(alpha, beta)
        theory = claim(alpha, beta, _WIDTH, _TIMES)
        cases += [
            Case(f"alpha = {alpha}, beta = {beta}, 2 gamma t = {t:g}", float(x), float(y))
            for t, x, y in zip(_TIMES, risks, theory, strict=True)
        ]
    return cases


@cache
def _measured(alpha: float, beta: float) -> Array:
    return np.asarray(np.mean([_signal(alpha, beta, seed) for seed in range(_DRAWS)], axis=0))


def _signal(alpha: float, beta: float, seed: int) -> Array:
    features = random_features(alpha, beta, _WIDTH, seed=seed)
    problem = features.problem
    assert isinstance(problem.target, ListedTarget)
    lam = problem.spectrum.eigenvalues
    return np.asarray(
        np.exp(-np.outer(_TIMES, lam)) @ (lam * problem.target.squares) + 2 * features.floor
    )


PERTURBED: dict[str, Claim] = {
    "without leakage": lambda alpha, beta, d, passed: _first_features(alpha, beta, passed),
    "half of it": lambda alpha, beta, d, passed: claim(alpha, beta, 2 * d, passed),
    "a part of 1 / d^2": lambda alpha, beta, d, passed: (
        _first_features(alpha, beta, passed) + _leaked(alpha, beta, d**2, passed)
    ),
    "leakage alone": lambda alpha, beta, d, passed: _leaked(alpha, beta, d, passed),
}
