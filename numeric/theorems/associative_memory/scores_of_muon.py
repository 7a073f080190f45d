r"""Scores of Muon: what it recovers follows from frequencies alone, without a matrix.

.. math:: \frac1{m(s)}=s+\frac1d\sum_i\frac{q_i^2m}{1+q_i^2m^2},\qquad
    f(q)=\frac2\pi\int_0^\infty\frac{q\,m^2}{1+q^2m^2}\,dt,\qquad
    \rho^2=\frac{1-\lambda m(\lambda)}d

for the shares :math:`q_i` of items in the population or a batch, and
:math:`s^2=\lambda^2+t^2`. An item has the score f(q) with its own output, and normal ones with the
others, with the standard deviation :math:`\rho`.

Method: mean numbers of recovered items, of embeddings drawn in full, every output compared.
Derived here for large d by the means of free probability: our own, and not proved.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from sgdmem.numeric.systems.associative_memory.memory import AssociativeMemory
from sgdmem.numeric.systems.associative_memory.reduced_muon import ReducedMuon
from sgdmem.numeric.systems.associative_memory.spectral_step import spectral_step
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Scores of Muon",
    "of our own, about arXiv 2603.26554",
    tolerance=0.09,
    reason="means of 8 memories; d = 64 and 96 are not large",
)
_SEEDS = 8


def claim(alpha: float, d: int, batch_size: float, scale: float) -> float:
    """Return the expected number, with so many times the usual lambda."""
    usual = ReducedMuon(d, alpha, batch_size=batch_size)
    return ReducedMuon(
        d, alpha, batch_size=batch_size, regularization=scale * usual.regularization
    ).recovered


def check(claim: Claim = claim) -> list[Case]:
    """Compare for exponents, batches and several lambda."""
    questions = [
        (1.25, 64, math.inf, 1.0),
        (1.5, 64, math.inf, 1.0),
        (1.5, 96, math.inf, 1.0),
        (2.0, 96, math.inf, 1.0),
        (1.5, 96, math.inf, 0.25),
        (1.5, 96, math.inf, 4.0),
        (1.5, 96, 100, 1.0),
        (1.5, 96, 1000, 1.0),
        (2.0, 96, 1000, 1.0),
    ]
    return [
        Case(
            f"alpha = {question[0]:g}, d = {question[1]}, B = {question[2]:g}, "
            f"{question[3]:g} lambda",
            _simulated(*question),
            claim(*question),
        )
        for question in questions
    ]


@cache
def _simulated(alpha: float, d: int, batch_size: float, scale: float) -> float:
    counts = []
    for seed in range(_SEEDS):
        memory = AssociativeMemory(d, alpha, seed=seed)
        size = scale * memory.regularization(batch_size)
        W = spectral_step(memory.step(batch_size), size)
        counts.append(len(memory.recovery(W).items))
    return float(np.mean(counts))


def _linear(alpha: float, d: int, batch_size: float, scale: float) -> float:
    """Return the number of items above the noise, with scores that do not level off."""
    usual = ReducedMuon(d, alpha, batch_size=batch_size)
    size = scale * usual.regularization
    found = ReducedMuon(d, alpha, batch_size=batch_size, regularization=size)
    shares, numbers = found.shares
    return float(numbers @ (shares * 1e9 * found.own_scores(1e-9)[0] > found.noise))


PERTURBED: dict[str, Claim] = {
    "without the largest of N normal numbers": _linear,
    "twice the lambda": lambda alpha, d, B, scale: claim(alpha, d, B, 2 * scale),
    "the population's, of a batch": lambda alpha, d, B, scale: claim(alpha, d, math.inf, scale),
    "twice the batch": lambda alpha, d, B, scale: claim(alpha, d, 2 * B, scale),
    "as in d + 10 dimensions": lambda alpha, d, B, scale: claim(alpha, d + 10, B, scale),
}
