r"""Small batches of Muon: one step recovers all that a batch has seen, some :math:`B^{1/\alpha}`.

.. math:: \sum_i\bigl(1-(1-p_i)^B\bigr)\;\approx\;\Gamma(1-1/\alpha)\,(p_1B)^{1/\alpha}

different items are expected in B samples with replacement; the paper has the power.

Method: mean numbers of items that were seen and are recovered, every output compared, for batches
of at most half as many samples as dimensions. Others are recovered by chance, fewer than one.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.systems.associative_memory.memory import AssociativeMemory
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Small batches of Muon",
    "arXiv 2603.26554; the number is of our own",
    tolerance=0.07,
    reason="means of 250 batches, each of its own memory",
)
_DIMENSION, _ITEMS = 32, 300


def claim(frequencies: Array, batch_size: int) -> float:
    """Return the expected number of different items."""
    return float(-np.expm1(batch_size * np.log1p(-frequencies)).sum())


def check(claim: Claim = claim) -> list[Case]:
    """Compare for three exponents and two batch sizes."""
    return [
        Case(
            f"alpha = {alpha:g}, B = {batch_size}",
            _recovered(alpha, batch_size),
            claim(AssociativeMemory(_DIMENSION, alpha, _ITEMS).frequencies, batch_size),
        )
        for alpha in (1.25, 1.5, 2.0)
        for batch_size in (8, 16)
    ]


@cache
def _recovered(alpha: float, batch_size: int) -> float:
    counts = []
    for seed in range(250):
        memory = AssociativeMemory(_DIMENSION, alpha, _ITEMS, seed=seed)
        W = memory.muon(memory.step(batch_size), batch_size)
        found = memory.recovery(W).items
        counts.append((memory.shares(batch_size)[found] > 0).sum())
    return float(np.mean(counts))


PERTURBED: dict[str, Claim] = {
    "all samples are of different items": lambda p, B: float(B),
    "without replacement of the most frequent": lambda p, B: claim(p, B) - 1,
    "items with p B above 1": lambda p, B: float((p * B > 1).sum()),
    "twice as many samples": lambda p, B: claim(p, 2 * B),
}
