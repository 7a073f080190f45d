r"""Boltzmann law of the loss: the stationary law is :math:`e^{-loss/T}` up to :math:`\sqrt\eta`.

With :math:`T=\frac\eta2D(s^*)Ls^{*2-2/L}`, so the deviation of s is :math:`\sqrt{T/\lambda}`, the
total variation between them is :math:`\frac{5+8e^{-9/4}}{3\sqrt{2\pi}}(1-\frac1L)
\sqrt{T/\lambda}/s^*+O(\eta)`, and the mean of s is below :math:`s^*` by
:math:`(1-\frac1L)T/(\lambda s^*)+O(\eta^2)`; in full by :math:`\frac{L-1}{2\lambda}\eta\,E[D(s)
s^{1-2/L}]`.

Method: both laws by quadrature, at falling learning rates, extrapolated.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.systems.deep_linear.laws import mode_stationary_law
from sgdmem.numeric.systems.deep_linear.mode import DeepLinearMode
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Boltzmann law of the loss",
    'arXiv 2604.06366, "approximates a Boltzmann distribution"; how well is our own',
    tolerance=1e-3,
    reason="the next order but one, at learning rates of 0.001 and a fourth of it",
)


def claim(mode: DeepLinearMode, noise: float) -> tuple[float, float, float]:
    """Return distance and shift over root T and T, and the full shift for a mean of noise."""
    share, lam = 1 - 1 / mode.depth, mode.eigenvalue
    constant = (5 + 8 * math.exp(-9 / 4)) / (3 * math.sqrt(2 * math.pi))
    return (
        constant * share / math.sqrt(lam) / mode.target,
        share / lam / mode.target,
        mode.depth * share / (2 * lam) * noise,
    )


def check(claim: Claim = claim) -> list[Case]:
    """Compare for three depths, and inputs of two kinds."""
    cases = []
    for depth in (2, 3, 5):
        for kurtosis in (1, 3):
            mode = DeepLinearMode(depth, 1.3, 0.7, 0.001, 2, 1.5, kurtosis)
            distances, shifts = [], []
            for rate in (0.001, 0.00025):
                law = mode_stationary_law(replace(mode, learning_rate=rate))
                T = law.boltzmann_temperature
                distances.append(law.boltzmann_distance() / math.sqrt(T))
                shifts.append((mode.target - law.mean()) / T)
            label = f"L = {depth}, kurtosis {kurtosis}"
            distance, shift, _ = claim(mode, 0.0)
            cases.append(Case(f"{label}, distance", 2 * distances[1] - distances[0], distance))
            cases.append(Case(f"{label}, shift", (4 * shifts[1] - shifts[0]) / 3, shift))
            wide = replace(mode, learning_rate=0.3)
            law = mode_stationary_law(wide)
            noise = 0.3 * law.mean(partial(_noise, wide))
            full = claim(mode, noise)[2]
            cases.append(Case(f"{label}, shift at 0.3", mode.target - law.mean(), full))
    return cases


def _noise(mode: DeepLinearMode, s: Array) -> Array:
    return mode.gradient_variance(s) * s ** (1 - 2 / mode.depth)


PERTURBED: dict[str, Claim] = {
    "no dependence on depth": lambda mode, noise: claim(replace(mode, depth=2), noise),
    "equal in the mean": lambda mode, noise: (claim(mode, noise)[0], 0.0, 0.0),
    "twice as near": lambda mode, noise: (claim(mode, noise)[0] / 2, *claim(mode, noise)[1:]),
    "a mean above the target": lambda mode, noise: (
        claim(mode, noise)[0],
        -claim(mode, noise)[1],
        -claim(mode, noise)[2],
    ),
}
