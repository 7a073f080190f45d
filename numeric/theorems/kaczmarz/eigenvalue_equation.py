r"""Eigenvalue equation of Kaczmarz: it bounds the mean loss of every instance, step by step.

With the eigenvalues h of H, :math:`b_0(h)=h`, and the greedy step or another rate
:math:`\eta<2`,

.. math:: L_t\le\tfrac12\mu_t|w_0-w_*|^2,\quad\mu_t=\max_hb_t(h),\quad
    b_{t+1}(h)=(1-2\eta h)b_t(h)+\eta^2\mu_th,

where :math:`b_t(h)` may be raised to :math:`\mu_t`. A reconstruction: the paper's abstract names
such an equation.

Method: exact losses from the worst start, of random rows, of rows that are nearly parallel, of
blocks and of other quadratics; what the largest ratio exceeds 1 by.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.systems.kaczmarz_guarantee import guaranteed_losses
from sgdmem.numeric.systems.kaczmarz_start import worst_losses
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.kaczmarz.instances import systems

STATEMENT = Statement(
    "Eigenvalue equation of Kaczmarz",
    "of our own, about arXiv 2604.09909",
    tolerance=1e-12,
    reason="an inequality, in floats: what counts is the excess",
)

_STEPS = 60


def claim(h: Array, rate: float) -> Array:
    """Return the bounds."""
    return guaranteed_losses(_STEPS, rate, h)


def check(claim: Claim = claim) -> list[Case]:
    """Look for an excess, at three rates."""
    cases = []
    for label, problem in systems():
        for rate in (0.5, 1.0, 1.6):
            exact = worst_losses(problem, _STEPS, rate).losses
            bound = claim(np.minimum(problem.spectrum.eigenvalues, 1), rate)
            excess = float((exact / np.maximum(bound, 1e-300)).max()) - 1
            cases.append(Case(f"{label}, rate {rate}", max(excess, 0.0), 0.0))
    return cases


def _changed(h: Array, rate: float, kept: Array, fed: Array) -> Array:
    b, found = h, []
    for _ in range(_STEPS + 1):
        found.append(b.max() / 2)
        b = kept * b + fed * found[-1] * 2
    return np.array(found)


PERTURBED: dict[str, Claim] = {
    "0.6 of it from the first step on": lambda h, rate: np.where(
        np.arange(_STEPS + 1), 0.6 * claim(h, rate), claim(h, rate)
    ),
    "without the last term": lambda h, rate: _changed(h, rate, (1 - rate * h) ** 2, 0 * h),
    "half of the last term": lambda h, rate: _changed(h, rate, 1 - 2 * rate * h, rate**2 * h / 2),
}
