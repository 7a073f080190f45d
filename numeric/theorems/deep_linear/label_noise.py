r"""Stationary law with label noise: the density is :math:`s^{-3(1-1/L)}e^{-\Phi(s)/T}`.

:math:`\Phi'=(s-s^*)s^{-2+2/L}/L` and :math:`T=\eta\sigma^2/(2B)`. That is with
:math:`D=\lambda\sigma^2/B`, of inputs with kurtosis 1; of two layers it is the Gamma law of shape
:math:`s^*/(2T)-\frac12` and scale 2T. With the data's noise, too, density falls as
:math:`s^{-5+3/L}` for large s, however small the noise.

Method: the Fokker-Planck equation, step by step from a start far away, for a long time; three
quantiles of what is claimed. For the tail, the slope of the law's density.
"""

from __future__ import annotations

import math

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.systems.deep_linear.evolution import mode_law
from sgdmem.numeric.systems.deep_linear.laws import mode_stationary_law
from sgdmem.numeric.systems.deep_linear.mode import DeepLinearMode
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Stationary law with label noise",
    "arXiv 2604.06366, the stationary distribution; its exact form is our own",
    tolerance=2e-3,
    reason="finite volumes; the refinement that they state",
)


def claim(depth: int, target: float, T: float, s: Array) -> tuple[Array, float]:
    """Return the logarithm of the density, but for a constant, and the power of its tail."""
    if depth == 2:
        phi = (s - target * np.log(s)) / 2
    else:
        q = 1 - 2 / depth
        phi = (s ** (2 / depth) * depth / 2 + target * s**-q / q) / depth
    return -3 * (1 - 1 / depth) * np.log(s) - phi / T, -5 + 3 / depth


def check(claim: Claim = claim) -> list[Case]:
    """Compare for three depths and two sizes of noise; tails for four depths."""
    cases = []
    for depth in (2, 3, 5):
        for rate in (0.1, 0.4):
            mode = DeepLinearMode(depth, 1.2, 0.8, rate, 2, 1.5, 1)
            law = mode_law(mode, 0.3, [60.0])
            log_s = np.linspace(-30, 6, 400_001) if depth == 2 else np.linspace(-6, 6, 200_001)
            density, _ = claim(depth, 1.2, rate * 1.5 / 4, np.exp(log_s))
            masses = np.exp(density + log_s - (density + log_s).max()).cumsum()
            for q in (0.1, 0.5, 0.9):
                s = math.exp(float(np.interp(q, masses / masses[-1], log_s)))
                label = f"L = {depth}, learning rate {rate}, quantile of {q}"
                cases.append(Case(label, float(law.cdf(s)[0, 0]), q))
    for depth in (2, 3, 5, 20):
        full = mode_stationary_law(DeepLinearMode(depth, 1.2, 0.8, 0.1, 2, 1.5))
        near, far = np.log(full.pdf([1e5, 1e6]))
        power = (far - near) / math.log(10)
        _, theory = claim(depth, 1.2, 1.0, np.ones(1))
        cases.append(Case(f"L = {depth}, tail with Gaussian inputs", float(power), theory))
    return cases


PERTURBED: dict[str, Claim] = {
    "no volume factor": lambda depth, target, T, s: (
        claim(depth, target, T, s)[0] + 3 * (1 - 1 / depth) * np.log(s),
        claim(depth, target, T, s)[1],
    ),
    "twice the temperature": lambda depth, target, T, s: claim(depth, target, 2 * T, s),
    "the Boltzmann law of the loss": lambda depth, target, T, s: (
        -((s - target) ** 2) / (2 * T * depth * target ** (2 - 2 / depth)),
        claim(depth, target, T, s)[1],
    ),
    "the tail of two layers always": lambda depth, target, T, s: (
        claim(depth, target, T, s)[0],
        -3.5,
    ),
}
