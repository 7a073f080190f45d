r"""Last iterate of Kaczmarz: the bound for all instances is :math:`O(t^{-a})`, and a exceeds 3/4.

For relaxation :math:`\eta` the exponent is the root a of

.. math:: \frac{\eta x}{1-a}\,{}_1F_1(1;2-a;-2x)=1,\qquad x=\frac a{2-\eta},

0.75217 for the greedy step, which gives the paper's rate :math:`O(t^{-3/4})`.

Method: the eigenvalue equation itself, step by step over all h from 0 to 1; the slope of its
logarithm over the last octave of 8,000 steps.
"""

from __future__ import annotations

import math
from functools import cache

from sgdmem.numeric.systems.kaczmarz_guarantee import guaranteed_exponent, guaranteed_losses
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Last iterate of Kaczmarz",
    "arXiv 2604.09909, with the exponent of our reconstruction",
    tolerance=5e-4,
    reason="what is left is of the order 1/T",
)

_STEPS = 8_000


def claim(rate: float) -> float:
    """Return the exponent."""
    return guaranteed_exponent(rate)


def check(claim: Claim = claim) -> list[Case]:
    """Compare at five rates."""
    cases = []
    for rate in (0.2, 0.5, 1.0, 1.3, 1.6):
        cases.append(Case(f"rate {rate}", _slope(rate), claim(rate)))
    return cases


@cache
def _slope(rate: float) -> float:
    bound = guaranteed_losses(_STEPS, rate)
    return math.log2(bound[_STEPS // 2] / bound[_STEPS])


PERTURBED: dict[str, Claim] = {
    "3/4": lambda rate: 0.75 * claim(rate) / claim(1.0),
    "1 - rate / 4": lambda rate: 1 - rate / 4,
    "that of averages, 1": lambda rate: 1.0,
    "1/2": lambda rate: 0.5,
}
