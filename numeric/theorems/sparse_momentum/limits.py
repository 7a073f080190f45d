r"""Limits of sparse momentum: what is left in high dimensions of p, B and beta as powers of d.

With :math:`p=d^{-\kappa},\ B=d^\sigma,\ 1-\beta=d^{-\gamma}` and shared activity, let
:math:`\theta=\eta p/(1-\beta)`, twice of which is retention over learning, and
:math:`q=\eta d/B`, twice the share of the largest stable rate where noise bounds it. In the time
:math:`\tau=(1-\beta)\cdot` steps the mean square error R is that of

.. math:: Y'=-2Y+2C+\tfrac q\theta R,\qquad C'=R-C-\theta Y,\qquad R'=-2\theta C

on the *resonance line* :math:`\gamma=1-\sigma+\kappa`. Above it :math:`q\to0` at any finite
:math:`\theta`: :math:`R=x^2` of the heavy ball :math:`x''+x'+\theta x=0` (A for
:math:`\kappa\le\sigma`, B for :math:`\kappa>\sigma`). Below it :math:`\theta\to0` at any stable
rate: :math:`R=e^{-(2-q)\eta p\cdot\text{steps}}`, as SGD (C for :math:`\kappa\le\sigma`), which is
:math:`e^{-q(2-q)t/d}` after t active updates where batches hold one active sample at most (D).

Method: exact second moments in :math:`10^8` dimensions, by powers of the matrix of a step.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from scipy.linalg import expm

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import Dynamics
from sgdmem.symbolic.zoo.named_algorithms import sgdm

STATEMENT = Statement(
    "Limits of sparse momentum",
    "arXiv 2605.28961, high-dimensional limits",
    tolerance=0.01,
    reason="powers of d that are left at d = 10^8",
)

_DIMENSION = 1e8
_ABOVE = {"A": [(0.25, 1.5, 0.5), (0.5, 1.4, 0.5)], "B": [(0.3, 0.2, 1.6), (0.05, 0.0, 1.55)]}
_ON = [(0.5, 0.7, 0.8), (0.5, 0.5, 1.0), (0.6, 0.3, 1.3), (0.2, 0.0, 1.2)]
_BELOW = {"C": [(1.0, 1.2, 0.3), (0.8, 0.8, 0.5)], "D": [(0.6, 0.3, 0.6), (0.4, 0.0, 0.9)]}


def claim(limit: str, theta: float, q: float, time: float) -> float:
    """Return the mean square error.

    The time is (1 - beta) steps; below the line eta p steps, and active updates over d in D.
    """
    if limit == "C":
        return math.exp(-(2 - q) * time)
    if limit == "D":
        return math.exp(-q * (2 - q) * time)
    drive = q / theta if limit == "line" else 0.0
    generator = np.array([[-2, 2, drive], [-theta, -1, 1], [0, -2 * theta, 0]])
    return float(expm(generator * time)[2, 2])


def check(claim: Claim = claim) -> list[Case]:
    """Compare in the four regions and on the line, oscillating and not."""
    cases = []
    for limit, exponents in {**_ABOVE, "line": _ON}.items():
        for powers in exponents:
            for theta, q, time in ((0.2, 0.5, 2.0), (2.0, 1.0, 2.0), (10.0, 1.5, 0.3)):
                p, B, ε = _scales(*powers)
                if limit == "line":
                    ε = q * B / _DIMENSION * p / theta  # d^-gamma times a constant
                found = _error(p, B, ε, theta * ε / p, time / ε)
                label = f"{limit}, (kappa, sigma, gamma) {powers}, theta {theta}, q {q}"
                cases.append(Case(label, found, claim(limit, theta, q, time)))
    for limit, exponents in _BELOW.items():
        for powers in exponents:
            for q in (0.3, 1.0, 1.7):
                p, B, ε = _scales(*powers)
                rate = q * B / _DIMENSION
                steps = 0.7 / (rate * p)
                active = -math.expm1(B * math.log1p(-p)) * steps
                time = active / _DIMENSION if limit == "D" else rate * p * steps
                found = _error(p, B, ε, rate, steps)
                label = f"{limit}, (kappa, sigma, gamma) {powers}, q {q}"
                cases.append(Case(label, found, claim(limit, rate * p / ε, q, time)))
    return cases


def _scales(kappa: float, sigma: float, gamma: float) -> tuple[float, float, float]:
    return _DIMENSION**-kappa, _DIMENSION**sigma, _DIMENSION**-gamma


@cache
def _error(p: float, batch_size: float, damping: float, rate: float, steps: float) -> float:
    """Return E |w|^2 / d, d modes of one eigenvalue p feeding each other alike."""
    dynamics = Dynamics.of(sgdm(rate, 1 - damping))
    own = dynamics.moment_map(p, (1 - 2 / p) / batch_size)
    step = own + _DIMENSION * p / batch_size * dynamics.injection
    return float(np.linalg.matrix_power(step, round(steps))[0, 0])


PERTURBED: dict[str, Claim] = {
    "SGD also on the line": lambda limit, theta, q, time: claim(
        *(("C", theta, q, theta * time) if limit == "line" else (limit, theta, q, time))
    ),
    "the heavy ball also on the line": lambda limit, theta, q, time: claim(
        "A" if limit == "line" else limit, theta, q, time
    ),
    "SGD everywhere": lambda limit, theta, q, time: (
        claim("C", theta, 0.0, theta * time) if limit in "AB" else claim(limit, theta, q, time)
    ),
    "rates without noise": lambda limit, theta, q, time: (
        math.exp(-2 * time) if limit == "C" else claim(limit, theta, q, time)
    ),
    "steps that are idle count": lambda limit, theta, q, time: (
        claim("C", theta, q, time) if limit == "D" else claim(limit, theta, q, time)
    ),
}
