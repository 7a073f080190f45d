r"""Passage times under SGD: those of gradient flow, and in the mean a delay of first order.

The mean time to come from :math:`s_0` to s is longer by

.. math:: \int_{s_0}^s\frac{\eta D(z)}{2\lambda^2(s^*-z)^2}\Big(\frac{1-1/L}z-\frac1{s^*-z}\Big)dz
          +O(\eta^2),

without label noise :math:`\frac{\eta(\kappa-1)}{2B}\big((1-\frac1L)\log\frac s{s_0}-\log
\frac{s^*-s_0}{s^*-s}\big)`, whatever :math:`\lambda`: as many steps for all learning rates.

Method: mean times by quadrature of the diffusion's own equation, less those of gradient flow, over
the learning rate, extrapolated to 0.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

from sgdmem.numeric.systems.deep_linear.mode import DeepLinearMode
from sgdmem.numeric.systems.deep_linear.passages import mode_passage
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Passage times under SGD",
    "of our own, about arXiv 2604.06366",
    tolerance=3e-5,
    reason="what is left of three learning rates, from 0.0005 on",
)


def claim(mode: DeepLinearMode, start: float, end: float) -> float:
    """Return the delay over the learning rate."""
    from scipy.integrate import quad

    def integrand(z: float) -> float:
        left = mode.target - z
        noise = (mode.kurtosis - 1) * mode.eigenvalue**2 * left**2
        noise = (noise + mode.eigenvalue * mode.label_variance) / mode.batch_size
        shape = (1 - 1 / mode.depth) / z - 1 / left
        return noise / (2 * mode.eigenvalue**2 * left**2) * shape

    if mode.label_variance:
        pieces = [start * (end / start) ** (k / 8) for k in range(9)]
        return sum(float(quad(integrand, a, b)[0]) for a, b in pairwise(pieces))
    grown = (1 - 1 / mode.depth) * math.log(end / start)
    neared = math.log((mode.target - start) / (mode.target - end))
    return (mode.kurtosis - 1) / (2 * mode.batch_size) * (grown - neared)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for three depths and three kinds of noise."""
    cases = []
    for depth in (2, 3, 5):
        for variance, kurtosis in ((0.0, 3), (0.3, 3), (0.5, 1)):
            mode = DeepLinearMode(depth, 1.5, 0.8, 1, 4, variance, kurtosis)
            slopes = []
            for rate in (0.002, 0.001, 0.0005):
                found = mode_passage(replace(mode, learning_rate=rate), 0.01, 1.2)
                slopes.append((found.mean - found.flow_time) / rate)
            label = f"L = {depth}, label variance {variance:g}, kurtosis {kurtosis}"
            limit = (slopes[0] - 6 * slopes[1] + 8 * slopes[2]) / 3
            cases.append(Case(label, limit, claim(mode, 0.01, 1.2)))
    return cases


PERTURBED: dict[str, Claim] = {
    "no delay": lambda mode, start, end: 0.0,
    "one layer more": lambda mode, start, end: claim(
        replace(mode, depth=mode.depth + 1), start, end
    ),
    "the labels' noise alone": lambda mode, start, end: claim(
        replace(mode, kurtosis=1), start, end
    ),
    "half of it": lambda mode, start, end: claim(mode, start, end) / 2,
}
