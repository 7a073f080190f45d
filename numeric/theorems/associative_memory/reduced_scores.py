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

import math
from functools import cache

import numpy as np
from scipy.special import ndtri, zeta
from scipy.stats import poisson

from sgdmem.numeric.systems.associative_memory import AssociativeMemory
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Reduced scores of SGD",
    "of our own, about arXiv 2603.26554",
    tolerance=0.09,
    reason="means of 60 memories and of 4,000 reduced items, d from 64 on",
)


def claim(
    alpha: float,
    d: float,
    items: float,
    batch_size: float = math.inf,
    *,
    heavy: float = 1,
    light: float = 1,
    own: float = 1,
) -> float:
    """Return the mean number of items that one step of SGD recovers, by 4,000 reduced ones.

    The keywords are factors on the parts of scores: 1 is what they are.
    """
    population = math.isinf(batch_size)
    size = d ** (1 / (2 * alpha))
    last = math.ceil(min((8 if population else 1000) * size, items))
    near = math.ceil(min(32 * size, items))  # items with interference of their own
    rng = np.random.default_rng(0)
    total = _power_sum(alpha, 0, items)
    p = np.arange(1.0, near + 1) ** -alpha / total
    rest = _power_sum(2 * alpha, near, items) / total**2
    rest += 0 if population else _power_sum(alpha, near, items) / total / batch_size

    won = 0.0
    for _ in range(10):
        u = (np.arange(400) + rng.random(400)) / 400
        i = (size * np.expm1(u * math.log1p(last / size))).astype(int)  # as often as 1 / (i + size)
        i = np.minimum(i + 1, last)
        a, b = np.sqrt(rng.chisquare(d, (2, i.size)) / d)
        z = rng.standard_normal((i.size, near))
        among = np.flatnonzero(i <= near)
        own_place = among, i[among] - 1
        z[own_place] = 0
        q, mine, seen = np.broadcast_to(p, z.shape), i.astype(float) ** -alpha / total, np.ones(400)
        if not population:
            q = rng.poisson(batch_size * q) / batch_size
            mean = batch_size * mine
            seen = -np.expm1(-mean)  # only those are asked that are in the batch
            quantile = 1 - seen * rng.random(400)
            mine = np.maximum(poisson.ppf(quantile, mean), 1) / batch_size
        R = np.sqrt(((q * z) ** 2).sum(1) / d + rest / d)
        spread = light * np.sqrt(((mine * a * b) ** 2 + R**2) / d)
        score = own * (mine * a * b**2) + b * R / math.sqrt(d) * rng.standard_normal(i.size)
        others = heavy * z * q / math.sqrt(d) + spread[:, None] * rng.standard_normal(z.shape)
        others[own_place] = -np.inf
        best = others.max(1)
        if items > near:
            # the largest of so many normals, by the upper tail, which keeps its digits
            tail = -np.expm1(np.log(rng.random(i.size)) / (items - near))
            best = np.maximum(best, -spread * ndtri(tail))
        won += float((seen * (score > best) / np.log1p(1 / (i - 1 + size))).sum())
    return won * math.log1p(last / size) / 4000


def _power_sum(exponent: float, first: float, last: float) -> float:
    """Return the sum of i^-exponent for first < i <= last."""
    return float(zeta(exponent, first + 1) - zeta(exponent, last + 1))


def check(claim: Claim = claim) -> list[Case]:
    """Compare for several exponents and dimensions."""
    questions = [(1.25, 64, 1000), (1.5, 64, 1000), (1.5, 128, 500), (1.5, 64, 4096), (2, 64, 1000)]
    return [
        Case(f"alpha = {alpha:g}, d = {d}, N = {items}", _simulated(alpha, d, items), found)
        for alpha, d, items in questions
        for found in (claim(alpha, d, items),)
    ]


@cache
def _simulated(alpha: float, d: int, items: int) -> float:
    memories = (AssociativeMemory(d, alpha, items, seed=seed) for seed in range(60))
    return float(np.mean([len(memory.recovery(memory.step()).items) for memory in memories]))


PERTURBED: dict[str, Claim] = {
    "without the interference of heavy items": lambda *question: claim(*question, heavy=0),
    "without the noise of the others": lambda *question: claim(*question, light=0),
    "half of the own score": lambda *question: claim(*question, own=0.5),
}
