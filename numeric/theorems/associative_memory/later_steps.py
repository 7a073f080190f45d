r"""Later steps of Muon and SGD: from d items on both are equally fast, up to :math:`d^2`.

.. math:: n=d^a\mapsto d^{a'},\qquad a'=\frac1\alpha+\Bigl(1-\frac1{2\alpha}\Bigr)a,\qquad a\ge1

after a step with the thresholded gradient, in which the n most frequent items have none. So the
gap 2 - a falls by the factor :math:`1-1/2\alpha` with every step, for either rule. Muon's first
step, which levels d items, is such a step from a = 1, hence :math:`a_t=2-(1-1/2\alpha)^t` as in the
paper; SGD has to come there first, :math:`1/2\alpha` a step.

Method: reduced scores between :math:`d=2^{20}` and :math:`2^{28}`; SGD is Muon with a
:math:`\lambda` far above all singular values. What earlier steps add to scores is left out: the
statement is reconstructed, and heuristic.
"""

from __future__ import annotations

import math
from functools import cache

from sgdmem.numeric.systems.associative_memory.reduced_muon import ReducedMuon
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Later steps of Muon and SGD",
    "arXiv 2603.26554, several steps; reconstructed",
    tolerance=0.03,
    reason="1 / (log d) of the logarithm, and of n + d items",
)
_DIMENSIONS = 2**20, 2**28


def claim(alpha: float, a: float, rule: str) -> float:
    """Return the exponent after the step."""
    return 1 / alpha + (1 - 1 / (2 * alpha)) * a


def check(claim: Claim = claim) -> list[Case]:
    """Compare exponents of both rules."""
    return [
        Case(
            f"{rule}, alpha = {alpha:g}, from d^{a:g}",
            _measured(alpha, a, rule),
            claim(alpha, a, rule),
        )
        for alpha in (1.25, 1.5, 2.0)
        for rule, starts in {"SGD": (1.25, 1.5, 1.75), "Muon": (1.0, 1.25, 1.5, 1.75)}.items()
        for a in starts
    ]


@cache
def _measured(alpha: float, a: float, rule: str) -> float:
    numbers = []
    for d in _DIMENSIONS:
        n = round(d**a)
        plain = 1e3 if rule == "SGD" else None
        found = ReducedMuon(d, alpha, learned=n, regularization=plain)
        numbers.append(n + found.recovered)
    small, large = _DIMENSIONS
    return math.log(numbers[1] / numbers[0]) / math.log(large / small)


PERTURBED: dict[str, Claim] = {
    "nothing more": lambda alpha, a, rule: a,
    "1 / (2 alpha) more": lambda alpha, a, rule: a + 1 / (2 * alpha),
    "as at first for SGD": lambda alpha, a, rule: (
        1 / (2 * alpha) if rule == "SGD" else claim(alpha, a, rule)
    ),
    "d^2 at once": lambda alpha, a, rule: 2.0,
    "half of the gap": lambda alpha, a, rule: 1 + a / 2,
}
