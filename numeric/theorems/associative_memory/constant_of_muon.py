r"""Constant of Muon: its capacity in the limit, with the logarithm that slows it down.

.. math:: \#\text{recovered}\approx\Bigl(\frac A{\sqrt{1-LM(L)}}\Bigr)^{1/\alpha}
    \frac{d^{1+1/(2\alpha)}}{b^{1/\alpha}},\qquad\Phi(-b)=\frac1N,\qquad N=d^2

with :math:`\lambda=Lp_d`, :math:`b\approx\sqrt{4\log d}`, and

.. math:: \frac1{M(S)}=S+\kappa M(S)^{1/\alpha-1},\qquad
    \kappa=\frac{\pi/2\alpha}{\sin(\pi/2\alpha)},\qquad A=\frac2\pi\int_0^\infty M(S)^2\,dT,\qquad
    S^2=L^2+T^2

The paper has the power of d, up to logarithms; that :math:`(\log d)^{-1/(2\alpha)}`, the largest of
N normal numbers, is the whole of it, and the constant, are our own. It takes 0.05 off the exponent
of :math:`\alpha=1.5` at d = 500, which is what simulations lack.

Method: reduced scores of Muon, which another statement compares with memories drawn in full, at
:math:`d=2^{20}` and :math:`2^{28}`: numbers, and exponents between these dimensions.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri

from sgdmem.numeric.systems.associative_memory.reduced_muon import ReducedMuon
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Constant of Muon",
    "arXiv 2603.26554; constant and logarithm are our own",
    tolerance=0.01,
    reason="own scores vary, too, by 1 / b^2 of the number",
)
_DIMENSIONS = 2**20, 2**28


def claim(alpha: float, scale: float) -> tuple[float, float, float]:
    """Return the exponent of d, that of b, and the constant, for so many times lambda."""
    return 1 + 1 / (2 * alpha), -1 / alpha, constant(alpha, scale)


@cache
def constant(alpha: float, scale: float, *, kappa: float | None = None) -> float:
    """Return the constant; kappa is what it is, unless it is given."""
    angle = math.pi / (2 * alpha)
    bulk = angle / math.sin(angle) if kappa is None else kappa

    def trace(S: float) -> float:
        found = brentq(
            lambda y: math.exp(y) * S + bulk * math.exp(y / alpha) - 1, -40, 40, xtol=1e-13
        )
        return math.exp(found)

    y = np.linspace(math.log(1e-4 * scale), math.log(1e4), 400)
    squares = np.array([trace(math.hypot(scale, T)) ** 2 for T in np.exp(y)])
    area = np.trapezoid(squares * np.exp(y), y) + squares[0] * math.exp(y[0])
    amplified = 2 / math.pi * (area + squares[-1] * math.exp(y[-1]))
    return float((amplified / math.sqrt(1 - scale * trace(scale))) ** (1 / alpha))


def check(claim: Claim = claim) -> list[Case]:
    """Compare numbers and exponents for several alpha and lambda."""
    cases = []
    for alpha, scale in ((1.25, 1.0), (1.5, 1.0), (1.5, 0.25), (2.0, 1.0), (3.0, 2.0)):
        exponent, power, factor = claim(alpha, scale)
        numbers = [_recovered(alpha, scale, d) for d in _DIMENSIONS]
        theory = [factor * d**exponent * _largest(d) ** power for d in _DIMENSIONS]
        label = f"alpha = {alpha:g}, {scale:g} p_d"
        cases.append(Case(f"recovered, {label}", numbers[1], theory[1]))
        cases.append(Case(f"exponent, {label}", _slope(numbers), _slope(theory)))
    return cases


def _slope(numbers: list[float]) -> float:
    small, large = _DIMENSIONS
    return math.log(numbers[1] / numbers[0]) / math.log(large / small)


def _largest(d: float) -> float:
    return -float(ndtri(d**-2.0))


@cache
def _recovered(alpha: float, scale: float, d: int) -> float:
    usual = ReducedMuon(d, alpha).regularization
    return ReducedMuon(d, alpha, regularization=scale * usual).recovered


PERTURBED: dict[str, Claim] = {
    "without the logarithm": lambda alpha, L: (1 + 1 / (2 * alpha), 0.0, claim(alpha, L)[2]),
    "the logarithm to the power 1 / (2 alpha)": lambda alpha, L: (
        1 + 1 / (2 * alpha),
        -1 / (2 * alpha),
        claim(alpha, L)[2],
    ),
    "kappa = 1": lambda alpha, L: (*claim(alpha, L)[:2], constant(alpha, L, kappa=1.0)),
    "1 + 1 / alpha": lambda alpha, L: (1 + 1 / alpha, *claim(alpha, L)[1:]),
    "of twice lambda": lambda alpha, L: claim(alpha, 2 * L),
}
