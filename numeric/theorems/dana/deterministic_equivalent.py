r"""Deterministic equivalent of random features: risks and kernels are those of the mean over W.

Method: 24 matrices W of each kind, their eigenvalues, and sums over these; means of the risk of
SGD at half of the largest stable rate, of its kernel, and of the least risk.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.losses.sgd_risks import ListedSgdRisks
from sgdmem.numeric.systems.deterministic_features import (
    DeterministicFeatures,
    deterministic_features,
)
from sgdmem.numeric.systems.random_features import random_features
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Deterministic equivalent",
    "arXiv 2405.15074, the deterministic equivalent of its Volterra equation",
    tolerance=0.04,
    reason="three standard errors of means over 24 matrices of 200 features",
)

_POINTS = (("0.75", "0.4"), ("0.35", "0.35"), ("0.4", "0.8"), ("0.27", "1.2"), ("0.2", "0.8"))
_WIDTH, _SEEDS = 200, 24
_STEPS = np.array([10, 100, 1000])


def claim(alpha: str, beta: str, width: int, ambient: int) -> DeterministicFeatures:
    """Return what stands for all W."""
    return deterministic_features(alpha, beta, width, ambient)


def check(claim: Claim = claim) -> list[Case]:
    """Compare risks and kernels after several numbers of steps, and floors."""
    cases = []
    for alpha, beta in _POINTS:
        found, rate = _drawn(alpha, beta)
        told = _answers(claim(alpha, beta, _WIDTH, 4 * _WIDTH), rate)
        names = [*(f"risk at {t}" for t in _STEPS), *(f"kernel at {t}" for t in _STEPS[:2])]
        for name, computed, value in zip([*names, "floor"], found, told, strict=True):
            cases.append(Case(f"alpha {alpha}, beta {beta}: {name}", computed, float(value)))
    return cases


@cache
def _drawn(alpha: str, beta: str) -> tuple[list[float], float]:
    drawn = [
        ListedSgdRisks.of(random_features(alpha, beta, _WIDTH, seed=s).problem)
        for s in range(_SEEDS)
    ]
    rate = float(np.mean([features.stable_rate() for features in drawn])) / 2
    return np.mean([_answers(features, rate) for features in drawn], 0).tolist(), rate


def _answers(features: DeterministicFeatures | ListedSgdRisks, rate: float) -> Array:
    kernel = features.kernel(rate, 1, _STEPS[:2])
    return np.array([*features.risks(rate, 1, _STEPS), *kernel, features.floor])


PERTURBED: dict[str, Claim] = {
    "a tenth fewer features": lambda alpha, beta, width, ambient: claim(
        alpha, beta, 0.9 * width, ambient
    ),
    "twice the inputs": lambda alpha, beta, width, ambient: claim(alpha, beta, width, 2 * ambient),
}
