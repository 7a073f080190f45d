r"""Newton's method: it recovers of the order of :math:`d^{1+1/(2\alpha)}` items, as Muon does.

.. math:: \frac{f_i}\rho=q_i\sqrt{d\,\frac{1-g^2K}K},\qquad
    \frac1g=\frac1d\sum_i\frac{q_i}{1+q_ig},\qquad K=\frac1d\sum_i\frac{q_i^2}{(1+q_ig)^2}

are own scores over the standard deviation of scores with others' outputs, after the step
:math:`C^{-1}GS^{-1}` from 0; C is the covariance of all outputs, and
:math:`S=\sum_iq_iu_iu_i^T`. Items with a signal above some :math:`\sqrt{4\log d}` are recovered.

Method: mean numbers of recovered items, of embeddings drawn in full; exponents of the formula
between :math:`d=2^{20}` and :math:`2^{28}`, beside those of the reduced scores of Muon.
That Muon matches Newton's method is in a later version of the abstract; the formula is derived here
for large d.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from scipy.optimize import brentq

from sgdmem.numeric.systems.associative_memory.memory import AssociativeMemory
from sgdmem.numeric.systems.associative_memory.newton import newton_step
from sgdmem.numeric.systems.associative_memory.reduced_muon import ReducedMuon, chances
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Newton's method and Muon",
    "arXiv 2603.26554, a later version of the abstract; the formula is of our own",
    tolerance=0.09,
    reason="means of 4 memories, d = 64 and 96; no logarithms differ in exponents",
)
_LARGE = 2**20, 2**28


def claim(alpha: float, d: int) -> tuple[float, float]:
    """Return the expected number after a step of Newton, and the exponent that Muon has."""
    small, large = (_muon(alpha, size) for size in _LARGE)
    return newton(alpha, d), math.log(large / small) / math.log(_LARGE[1] / _LARGE[0])


@cache
def newton(alpha: float, d: int, *, shrunk: bool = True) -> float:
    """Return the expected number; without `shrunk`, that of a variance without 1 - g^2 K."""
    reduced = ReducedMuon(d, alpha)
    shares, numbers = reduced.shares
    weights = numbers / d

    def excess(y: float) -> float:
        return float(weights @ (shares / (math.exp(-y) + shares))) - 1

    g = math.exp(brentq(excess, -60, 60, xtol=1e-13))
    K = float(weights @ (shares / (1 + shares * g)) ** 2)
    signal = shares * math.sqrt(d * ((1 - g**2 * K) if shrunk else 1) / K)
    return float(numbers @ chances(signal, 1.0, d, reduced.items))


@cache
def _muon(alpha: float, d: int) -> float:
    return ReducedMuon(d, alpha).recovered


def check(claim: Claim = claim) -> list[Case]:
    """Compare numbers and exponents."""
    cases = []
    for alpha, d in ((1.25, 64), (1.25, 96), (1.5, 64), (1.5, 96), (2.0, 96)):
        cases.append(Case(f"alpha = {alpha:g}, d = {d}", _drawn(alpha, d), claim(alpha, d)[0]))
    for alpha in (1.25, 1.5, 2.0):
        small, large = (newton(alpha, d) for d in _LARGE)
        found = math.log(large / small) / math.log(_LARGE[1] / _LARGE[0])
        cases.append(Case(f"exponent, alpha = {alpha:g}", found, claim(alpha, 64)[1]))
    return cases


@cache
def _drawn(alpha: float, d: int) -> float:
    memories = (AssociativeMemory(d, alpha, seed=seed) for seed in range(4))
    return float(np.mean([len(memory.recovery(newton_step(memory)).items) for memory in memories]))


PERTURBED: dict[str, Claim] = {
    "as SGD": lambda alpha, d: (d ** (1 / (2 * alpha)), 1 / (2 * alpha)),
    "d, as of orthogonal embeddings": lambda alpha, d: (float(d), 1.0),
    "without 1 - g^2 K": lambda alpha, d: (newton(alpha, d, shrunk=False), claim(alpha, d)[1]),
    "in twice as many dimensions": lambda alpha, d: (newton(alpha, 2 * d), claim(alpha, d)[1]),
}
