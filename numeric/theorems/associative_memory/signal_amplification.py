r"""Signal amplification of Muon: rare items gain :math:`d^{\alpha-1/2}` against the noise.

Own scores of items beyond the first d, over the root mean square of scores with others' outputs:
:math:`f'(0)q/\rho` after a step of Muon, :math:`qd/\lVert G\rVert_F` after one of SGD. Their
quotient is the amplification; see the scores of Muon.

Method: own scores of items 2d to 8d, of memories drawn in full, and the exponent between
:math:`d=2^{20}` and :math:`2^{28}`. Derived here for large d; the paper has "signal amplification"
without this number.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from sgdmem.numeric.systems.associative_memory.memory import AssociativeMemory
from sgdmem.numeric.systems.associative_memory.reduced_muon import ReducedMuon
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Signal amplification of Muon",
    "of our own, about arXiv 2603.26554",
    tolerance=0.09,
    reason="means of 12 memories, d = 64 and 96",
)
_LARGE = 2**20, 2**28


def claim(alpha: float, d: int) -> tuple[float, float]:
    """Return the amplification, and its exponent."""
    return ReducedMuon(d, alpha).amplification, alpha - 0.5


def check(claim: Claim = claim) -> list[Case]:
    """Compare numbers and exponents."""
    cases = []
    for alpha, d in ((1.25, 64), (1.25, 96), (1.5, 64), (1.5, 96)):
        cases.append(Case(f"alpha = {alpha:g}, d = {d}", _drawn(alpha, d), claim(alpha, d)[0]))
    for alpha in (1.25, 1.5, 2.0):
        small, large = (ReducedMuon(d, alpha).amplification for d in _LARGE)
        found = math.log(large / small) / math.log(_LARGE[1] / _LARGE[0])
        cases.append(Case(f"exponent, alpha = {alpha:g}", found, claim(alpha, 2)[1]))
    return cases


@cache
def _drawn(alpha: float, d: int) -> float:
    found = []
    for seed in range(12):
        memory = AssociativeMemory(d, alpha, seed=seed)
        G = memory.step()
        W = memory.muon(G)
        asked = 2 * d, 8 * d
        own = np.einsum("ia,ab,ib->i", memory.outputs(*asked), W, memory.inputs(*asked))
        p = memory.frequencies[slice(*asked)]
        found.append(own @ p / (p @ p) * np.linalg.norm(G) / np.linalg.norm(W))
    return float(np.mean(found))


PERTURBED: dict[str, Claim] = {
    "none": lambda alpha, d: (1.0, 0.0),
    "d^alpha": lambda alpha, d: (d**alpha, alpha),
    "p_1 / p_d in numbers": lambda alpha, d: (d**alpha, alpha - 0.5),
    "d^(1/2)": lambda alpha, d: (claim(alpha, d)[0], 0.5),
}
