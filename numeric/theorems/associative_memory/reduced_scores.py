r"""Reduced scores of SGD: what recovers an item, with d-dimensional products drawn as Gaussians.

In units of :math:`|u_i|`, with standard normal :math:`z` and lengths :math:`a^2,b^2` that are
:math:`\chi_d^2/d`, the own score of item i and the scores of the others are

.. math:: p_iab^2+\frac{b\,R}{\sqrt d}z',\qquad
    \frac{p_jz_j}{\sqrt d}+\sqrt{\frac{(p_iab)^2+R^2}d}\,z_j'',\qquad
    R^2=\frac1d\sum_{k\ne i}p_k^2z_k^2.

Of the heaviest items the interference :math:`p_jz_j/\sqrt d` counts: it is why SGD's capacity is
where :math:`p_i\sqrt d` is of the order of :math:`p_1`.

Method: mean numbers of recovered items, of embeddings drawn in full, every output compared.
Derived here for large d; our own.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sgdmem.numeric.systems.associative_memory.memory import AssociativeMemory
from sgdmem.numeric.systems.associative_memory.reduced_sgd import mean_recovered
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Reduced scores of SGD",
    "of our own, about arXiv 2603.26554",
    tolerance=0.09,
    reason="means of 60 memories and of 8,000 reduced items, d from 64 on",
)


def claim(alpha: float, d: int, items: int) -> float:
    """Return the mean number of items that one step of SGD recovers, by 8,000 reduced ones."""
    return mean_recovered(alpha, d, items)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for several exponents and dimensions."""
    questions = [(1.25, 64, 1000), (1.5, 64, 1000), (1.5, 128, 500), (1.5, 64, 4096), (2, 64, 1000)]
    return [
        Case(
            f"alpha = {alpha:g}, d = {d}, N = {items}",
            _simulated(alpha, d, items),
            claim(alpha, d, items),
        )
        for alpha, d, items in questions
    ]


@cache
def _simulated(alpha: float, d: int, items: int) -> float:
    memories = (AssociativeMemory(d, alpha, items, seed=seed) for seed in range(60))
    return float(np.mean([len(memory.recovery(memory.step()).items) for memory in memories]))


PERTURBED: dict[str, Claim] = {
    "without the interference of heavy items": lambda *question: mean_recovered(*question, heavy=0),
    "without the noise of the others": lambda *question: mean_recovered(*question, light=1e-9),
    "half of the own score": lambda *question: mean_recovered(*question, own=0.5),
}
