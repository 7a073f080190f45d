r"""Kernel of SGD: a power law of exponent :math:`2-1/2\alpha` for :math:`\alpha>1/4`, flat below.

For :math:`2\alpha<1` and :math:`t\ll d,\ \gamma t\gg1`, as :math:`d\to\infty`. For
:math:`\alpha<1/4` the kernel is :math:`K_0\phi(t/d)` with :math:`\phi(0)=1`: its mass is in the
bulk of the spectrum, all of it near :math:`d^{-2\alpha}`, so it neither falls before
:math:`t\sim d` nor has a power law; then, as for every :math:`\alpha`, it falls exponentially, as
:math:`t^{-3/2}e^{-2\gamma\lambda_-t}` at the lower end :math:`\lambda_-` of the spectrum.

Method: local slopes of the kernel on the deterministic equivalent of :math:`10^{15}` features,
v = 4 d, at :math:`t=10^{-6}d`, :math:`\gamma` half of the largest stable rate; and, at t = d and
2 d, those for :math:`10^6` against those for :math:`10^{12}` features.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sgdmem.numeric.systems.deterministic_features import deterministic_features
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Kernel of SGD",
    "an open question of arXiv 2505.16098, from the model of arXiv 2405.15074",
    tolerance=0.04,
    reason="next terms are of the relative order (t/d)^(1/2 alpha - 1)",
)


def claim(alpha: str) -> float:
    """Return the slope of log K over log t before t is of the order d."""
    return min(0.0, 1 / (2 * float(alpha)) - 2)


def check(claim: Claim = claim) -> list[Case]:
    """Compare slopes below and above 1/4, and both widths."""
    cases = [
        Case(f"alpha {alpha}: slope", _slope(alpha, 1e15, 1e-6), claim(alpha))
        for alpha in ("0.05", "0.1", "0.15", "0.2", "0.3", "0.35", "0.4", "0.45")
    ]
    for alpha in ("0.1", "0.2"):
        for place in (1.0, 2.0):
            few, many = (_slope(alpha, d, place) for d in (1e6, 1e12))
            cases.append(Case(f"alpha {alpha}: slope at t = {place:g} d", few, many))
    return cases


@cache
def _slope(alpha: str, width: float, place: float) -> float:
    features = deterministic_features(alpha, 1, width)
    rate = features.stable_rate() / 2
    values = features.kernel(rate, 1, place * width * np.array([1, 1.1]))
    return float(np.log(values[1] / values[0]) / np.log(1.1))


PERTURBED: dict[str, Claim] = {
    "a power law for every alpha": lambda alpha: 1 / (2 * float(alpha)) - 2,
    "flat for every alpha": lambda alpha: 0.0,
    "-(2 - 1/2 alpha) / 2": lambda alpha: claim(alpha) / 2,
    "1 / t": lambda alpha: -1.0,
}
