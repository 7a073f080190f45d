r"""Information-theoretic limit: no d x d matrix can store any more than some :math:`2d^2` items.

Which output has the largest score is decided by the signs of :math:`m=KN(N-1)/2` linear forms
:math:`(v_j-v_k)^TWu_i` of W, for K items. These have

.. math:: R=2\sum_{k<n}\binom{m-1}k\le2\Bigl(\frac{em}n\Bigr)^n,\qquad n=d\min(d,N-1)

patterns of signs at most, while there are :math:`N^K` ways to give outputs to items. All of them
can be stored only if :math:`N^K\le R`, that is, with :math:`N=d^2`, for :math:`K\lesssim2d^2`.

Method: with two outputs R is attained: all assignments that linear programs find feasible are
counted. With three none of them may be above it. And the largest K of the inequality, by
bisection.
The argument is of our own; the paper names the limit :math:`d^2`, up to logarithms.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import product

import numpy as np
from scipy.optimize import linprog

from sgdmem.numeric.systems.associative_memory.memory import AssociativeMemory
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Information-theoretic limit",
    "arXiv 2603.26554; counted here",
    tolerance=0.03,
    reason="numbers of patterns are exact; the limit has 1 / log N besides, at d = 2^20 and more",
)


def claim(d: int, items: int) -> tuple[int, float]:
    """Return how many assignments of two outputs are possible, and the limit of items."""
    return 2 * sum(math.comb(items - 1, k) for k in range(min(d, items))), 2.0 * d**2


def check(claim: Claim = claim) -> list[Case]:
    """Compare numbers of assignments, and limits."""
    cases = []
    for d, items in ((2, 3), (2, 5), (3, 4), (3, 6)):
        label = f"assignments of 2 outputs, d = {d}, {items} items"
        cases.append(Case(label, _feasible(d, items, 2), claim(d, items)[0]))
    for items in (3, 4):
        most = 2 * sum(math.comb(3 * items - 1, k) for k in range(4))
        label = f"assignments of 3 outputs above their limit, d = 2, {items} items"
        cases.append(Case(label, max(_feasible(2, items, 3) - most, 0), 0))
    cases += [
        Case(f"items, d = 2^{power}", _most_items(2**power), claim(2**power, 1)[1])
        for power in (20, 24, 28)
    ]
    return cases


@cache
def _feasible(d: int, items: int, outputs: int) -> int:
    """Return how many assignments of outputs to items some matrix has."""
    u = AssociativeMemory(d, 1, max(items, 2), seed=1).inputs().astype(float)[:items]
    v = AssociativeMemory(d, 1, outputs, seed=2).outputs().astype(float)
    found = 0
    for chosen in product(range(outputs), repeat=items):
        rows = [
            np.outer(other - v[j], x).ravel()
            for x, j in zip(u, chosen, strict=True)
            for other in np.delete(v, j, 0)
        ]
        bounds = -np.ones(len(rows))
        answer = linprog(np.zeros(d * d), A_ub=rows, b_ub=bounds, bounds=(None, None))
        found += answer.status == 0
    return found


def _most_items(d: int) -> float:
    """Return the largest K for which as many signs as assignments are possible, N = d^2."""
    n, N = float(d) ** 2, float(d) ** 2
    low, high = n / 10, 100 * n
    for _ in range(100):
        K = (low + high) / 2
        m = K * N * (N - 1) / 2
        possible = math.log(2) + n * (1 + math.log(m / n))
        low, high = (K, high) if K * math.log(N) <= possible else (low, K)
    return low


PERTURBED: dict[str, Claim] = {
    "as many as all assignments": lambda d, items: (2**items, claim(d, items)[1]),
    "d^2": lambda d, items: (claim(d, items)[0], float(d) ** 2),
    "d": lambda d, items: (claim(d, items)[0], float(d)),
    "d^3": lambda d, items: (claim(d, items)[0], float(d) ** 3),
    "as in d + 1 dimensions": lambda d, items: (claim(d + 1, items)[0], claim(d, items)[1]),
}
