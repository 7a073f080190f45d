r"""Four loss curves: which powers of the time a loss of SGD falls by, one after another.

In powers of d at the times :math:`\tau=\gamma t=d^x` twice the risk is the largest of the labels
that are not learned yet, :math:`-\zeta x`, those that W hands to small eigenvalues,
:math:`-1-(1-\frac1{2\alpha})x` for :math:`2\alpha,2\beta>1`, noise,
:math:`\log_d\gamma-(2-\frac1{2\alpha})x` for :math:`\alpha>1/4`, and the floor,
:math:`-2\alpha+\max(0,1-2\beta)`. Those that are ever the largest make four curves: the first and
the floor; with leakage (II); with noise and leakage (III); with noise (IV).

Method: local slopes of exact risks of the deterministic equivalent, at times at which one part
should be larger than all others by :math:`d^{0.15}`, before the floor.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.systems.deterministic_features import (
    DeterministicFeatures,
    deterministic_features,
)
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Four loss curves",
    "arXiv 2505.16098, its abstract, of SGD",
    tolerance=0.05,
    reason="parts are one another's corrections, at d = 10^14, and change over slowly",
)
_WIDTH, _TIMES, _AHEAD = 10**14, 25, 0.15
_KINDS = {  # alpha, beta, and the last x that is looked at, before the floor
    **{"I": (1.0, 0.2, 1.7), "II": (1.0, 0.7, 1.7)},
    **{"III": (0.8, 1.6, 1.3), "IV": (0.45, 0.9, 0.5)},
}


def claim(alpha: float, beta: float, log_rate: float) -> dict[str, tuple[float, float]]:
    """Return each part, in powers of d: at the time 1, and its slope."""
    half = 1 / (2 * alpha)
    parts = {"first labels": (0.0, -1 - (2 * beta - 1) * half)}
    if alpha > 0.5 and beta > 0.5:
        parts["leakage"] = (-1.0, half - 1)
    if alpha > 0.25:
        parts["noise"] = (log_rate, half - 2)
    return {**parts, "floor": (-2 * alpha + max(0.0, 1 - 2 * beta), 0.0)}


def check(claim: Claim = claim) -> list[Case]:
    """Compare slopes where one part is larger than all others by a part of a power of d."""
    cases = []
    for kind, (alpha, beta, last) in _KINDS.items():
        features, rate = _features(alpha, beta)
        parts = claim(alpha, beta, math.log(rate, _WIDTH))
        for x in np.linspace(0.05, last, _TIMES):
            sizes = sorted(((start + slope * x, name) for name, (start, slope) in parts.items()))
            (second, _), (first, name) = sizes[-2:]
            if first - second > _AHEAD:
                found = _slope(features, rate, _WIDTH ** float(x) / rate)
                cases.append(Case(f"{kind}, {name}, x = {x:.2f}", found, parts[name][1]))
    return cases


@cache
def _features(alpha: float, beta: float) -> tuple[DeterministicFeatures, float]:
    features = deterministic_features(alpha, beta, _WIDTH, 4 * _WIDTH)
    return features, features.stable_rate(1) / 2


def _slope(features: DeterministicFeatures, rate: float, t: float) -> float:
    risks: Array = features.risks(rate, 1, [t / 1.2, t * 1.2])
    return float(np.log(risks[1] / risks[0]) / np.log(1.44))


def _without(*names: str) -> Claim:
    return lambda *given: {k: x for k, x in claim(*given).items() if k not in names}


PERTURBED: dict[str, Claim] = {
    "without noise": _without("noise"),
    "without leakage": _without("leakage"),
    "one curve": _without("noise", "leakage"),
    "noise alone": _without("first labels", "leakage"),
}
