r"""Critical batches: SGD saturates at batches of :math:`d^{1/2}`, Muon of :math:`d^{\alpha+1/2}`.

A batch of B samples has some :math:`B^{1/\alpha}` different items; that is the capacity
:math:`d^{1/(2\alpha)}` of SGD where :math:`B\asymp d^{1/2}`, and that of Muon,
:math:`d^{1+1/(2\alpha)}`, where :math:`B\asymp d^{\alpha+1/2}`. Here: the batch that recovers half
of what the population's step does.

Method: exponents between two dimensions of reduced scores, which other statements compare with
memories drawn in full: :math:`d=2^{14}` and :math:`2^{20}` (SGD), :math:`2^{20}` and
:math:`2^{26}` (Muon). That the paper has these exponents is reconstructed from its capacities.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

from sgdmem.numeric.systems.associative_memory.reduced_muon import ReducedMuon
from sgdmem.numeric.systems.associative_memory.reduced_sgd import reduced_sgd
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Critical batches",
    "arXiv 2603.26554, critical batch sizes",
    tolerance=0.09,
    reason="Muon's critical batch has 1 / sqrt(log d) besides; sqrt(2 log N / d) of SGD is 0.05",
)


def claim(rule: str, alpha: float) -> float:
    """Return the exponent."""
    return 0.5 if rule == "SGD" else alpha + 0.5


def check(claim: Claim = claim) -> list[Case]:
    """Compare the exponents of both rules."""
    cases = [
        Case(f"SGD, reduced, alpha = {alpha:g}", _sgd(alpha), claim("SGD", alpha))
        for alpha in (1.5, 2.0)
    ]
    for alpha in (1.25, 1.5, 2.0):
        cases.append(Case(f"Muon, reduced, alpha = {alpha:g}", _muon(alpha), claim("Muon", alpha)))
    return cases


def _exponent(half: Callable[[int], float], small: int, large: int) -> float:
    return math.log(half(large) / half(small)) / math.log(large / small)


def _half(recovered: Callable[[float], float], high: float) -> float:
    """Return the batch size that recovers half; begins with one that recovers less."""
    goal = recovered(math.inf) / 2
    above = recovered(high)
    if above >= goal:
        raise ValueError(f"half of the items are recovered by {high} samples already")
    while above < goal:
        low, below = high, above
        high = 2 * low
        above = recovered(high)
    return low * 2 ** (math.log(goal / below) / math.log(above / below))


@cache
def _sgd(alpha: float) -> float:
    return _exponent(
        lambda d: _half(lambda B: reduced_sgd(d, alpha, batch_size=B), math.sqrt(d) / 4),
        2**14,
        2**20,
    )


@cache
def _muon(alpha: float) -> float:
    return _exponent(
        lambda d: _half(
            lambda B: ReducedMuon(d, alpha, batch_size=B).recovered, d ** (alpha + 0.5) / 2**9
        ),
        2**20,
        2**26,
    )


PERTURBED: dict[str, Claim] = {
    "d^(1/2) for both": lambda rule, alpha: 0.5,
    "d^alpha for Muon": lambda rule, alpha: 0.5 if rule == "SGD" else alpha,
    "d^(alpha + 1) for Muon": lambda rule, alpha: 0.5 if rule == "SGD" else alpha + 1,
    "d^(2 alpha - 1) for Muon": lambda rule, alpha: 0.5 if rule == "SGD" else 2 * alpha - 1,
    "d for SGD": lambda rule, alpha: 1.0 if rule == "SGD" else alpha + 0.5,
    "d^(1 / alpha) for SGD": lambda rule, alpha: 1 / alpha if rule == "SGD" else alpha + 0.5,
}
