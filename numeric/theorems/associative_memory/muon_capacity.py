r"""Capacity of Muon: one step recovers of the order of :math:`d^{1+1/(2\alpha)}` items.

With :math:`h_\lambda(G)=G(G^TG+\lambda^2I)^{-1/2}`, :math:`N=d^2`, and here :math:`\lambda=p_d`:
the paper's has powers of log d besides.

Method: exponents fitted to mean numbers of recovered items at d = 24 and 96, every output compared.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from sgdmem.numeric.systems.associative_memory.memory import AssociativeMemory
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Capacity of Muon",
    "arXiv 2603.26554",
    tolerance=0.09,
    reason="logarithms at small dimensions; the largest d of the documentation is 1024",
)
_SEEDS = {24: 24, 96: 4}  # how many, by dimension


def claim(alpha: float) -> float:
    """Return the exponent."""
    return 1 + 1 / (2 * alpha)


def check(claim: Claim = claim) -> list[Case]:
    """Compare exponents."""
    return [
        Case(f"alpha = {alpha:g}", _fitted(alpha), claim(alpha)) for alpha in (1.25, 1.5, 2, 2.5, 3)
    ]


@cache
def _fitted(alpha: float) -> float:
    (small, few), (large, many) = ((d, _recovered(alpha, d)) for d in _SEEDS)
    return math.log(many / few) / math.log(large / small)


def _recovered(alpha: float, d: int) -> float:
    memories = (AssociativeMemory(d, alpha, seed=seed) for seed in range(_SEEDS[d]))
    return float(np.mean([len(m.recovery(m.muon(m.step())).items) for m in memories]))


PERTURBED: dict[str, Claim] = {
    "1 / (2 alpha), as SGD": lambda alpha: 1 / (2 * alpha),
    "1 + 1 / alpha": lambda alpha: 1 + 1 / alpha,
    "1, as of orthogonal embeddings": lambda alpha: 1.0,
    "2, all that d x d numbers can hold": lambda alpha: 2.0,
}
