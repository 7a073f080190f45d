r"""Orthogonal embeddings: N = d items, and either rule recovers all of them.

.. math:: v_i^TWu_i-\max_{j\ne i}v_j^TWu_i=p_i\quad(\text{SGD}),\qquad
    \approx\frac{p_i}{\sqrt{p_i^2+\lambda^2}}\quad(\text{Muon}),

the latter up to terms of the order of 1/N, which the mean of outputs adds. So no noise stops either
rule: what Muon gains are equal margins, and capacity is a question only where embeddings overlap.

Method: margins of memories with random orthonormal inputs and outputs, all N^2 scores.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.systems.associative_memory.memory import AssociativeMemory
from sgdmem.numeric.systems.associative_memory.spectral_step import spectral_step
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Orthogonal embeddings",
    "of our own, about arXiv 2603.26554",
    tolerance=0.04,
    reason="terms of the order of log(N) / N, with N = 200; single precision",
)
_ITEMS = 200


def claim(p: Array, regularization: float | None) -> Array:
    """Return the margins; with None those of SGD."""
    return p if regularization is None else p / np.hypot(p, regularization)


def check(claim: Claim = claim) -> list[Case]:
    """Compare numbers of recovered items, and margins of the first, a middle and the last."""
    cases = []
    for alpha in (1.25, 2.0):
        memory = AssociativeMemory(_ITEMS, alpha, orthogonal=True)
        p, G = memory.frequencies, memory.step()
        for size in (None, p[-1], p[20]):
            W = G if size is None else spectral_step(G, size)
            scores = memory.outputs() @ W @ memory.inputs().T
            own = scores.diagonal().copy()
            np.fill_diagonal(scores, -np.inf)
            margins, theory = own - scores.max(0), claim(p, size)
            rule = "SGD" if size is None else f"Muon, {size:.2g}"
            label = f"{rule}, alpha = {alpha:g}"
            recovered = len(memory.recovery(W).items)
            cases.append(Case(f"recovered, {label}", recovered, int((theory > 0).sum())))
            for i in (0, 99, 199):
                cases.append(Case(f"margin {i + 1}, {label}", float(margins[i]), float(theory[i])))
    return cases


PERTURBED: dict[str, Claim] = {
    "as SGD for Muon": lambda p, size: p,
    "1 for all of Muon": lambda p, size: p if size is None else np.ones_like(p),
    "none beyond the first sqrt(N)": lambda p, size: (
        claim(p, size) * (np.arange(len(p)) < len(p) ** 0.5)
    ),
    "squares in place of the root": lambda p, size: p if size is None else p**2 / (p**2 + size**2),
}
