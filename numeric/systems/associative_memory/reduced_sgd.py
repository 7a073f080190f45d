r"""What one step of SGD recovers of an associative memory, from the frequencies alone.

Problem
    That of `AssociativeMemory`, in large dimensions.
Algorithm
    Products of embeddings are drawn as Gaussian numbers. In units of :math:`|u_i|`, with standard
    normal :math:`z` and lengths :math:`a^2,b^2` that are :math:`\chi_d^2/d`, the own score of item
    i and the scores of the others are

    .. math:: q_iab^2+\frac{b\,R}{\sqrt d}z',\qquad
        \frac{q_jz_j}{\sqrt d}+\sqrt{\frac{(q_iab)^2+R^2}d}\,z_j'',\qquad
        R^2=\frac1d\sum_{k\ne i}q_k^2z_k^2,

    with the shares q of items. Of the heaviest items the interference :math:`q_jz_j/\sqrt d`
    counts: it is why SGD's capacity is where :math:`p_i\sqrt d` is of the order of :math:`p_1`.
Guarantee
    None at a finite d. Derived here, not proved; a statement compares it with memories drawn in
    full. The mean is one over 8,000 reduced items, with an error of some 1%; batches have Poisson
    numbers.

References
----------
    J. Kim, E. Nichani, D. Wu, A. Bietti and J. D. Lee, Sharp capacity scaling of spectral
    optimizers in learning associative memory, arXiv 2603.26554 (2026).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.inputs import positive_float, whole
from sgdmem.numeric.problems.batch_size import is_infinite
from sgdmem.numeric.systems.associative_memory.reduced_muon import read_exponent, sampled_items
from sgdmem.symbolic.errors import InputError, shown

_ROUNDS, _EACH = 20, 400  # reduced items
_OFTEN = 100  # items expected so often are in the batch, but for rounding
_MOST_NEAR, _MOST_SAMPLES = 20_000, 1e15


def reduced_sgd(
    dimension: Any, exponent: Any, items: Any = None, *, batch_size: Any = math.inf
) -> float:
    r"""Return the mean number of items that one step of SGD recovers, in large dimensions.

    Parameters
    ----------
    dimension : int
        d, up to 10^9, where :math:`32d^{1/2\alpha}` is at most 20,000.
    exponent : number
        :math:`\alpha` of the frequencies, above 1/2.
    items : int, optional
        N, by default :math:`d^2`.
    batch_size : number or infinity
        Samples, expected, up to 10^15; infinite for the population.

    Raises
    ------
    InputError
        For numbers out of their range.

    Examples
    --------
    >>> print(round(reduced_sgd(512, "1.5"), 1))  # the mean of 6 memories drawn in full is 17.0
    16.8
    >>> [round(reduced_sgd(512, "1.5", batch_size=B)) for B in (1, 100, 10**4)]
    [1, 22, 17]
    """
    d = whole(dimension, "dimension", 1, 10**9)
    alpha = read_exponent(exponent)
    size = math.inf if is_infinite(batch_size) else positive_float(batch_size, "batch_size")
    if not (1 <= size <= _MOST_SAMPLES or size == math.inf):
        raise InputError(f"batch_size must be from 1 to 1e15, or infinite, got {shown(batch_size)}")
    count = max(d**2, 2) if items is None else whole(items, "items", 2, 10**18)
    return mean_recovered(alpha, d, count, size)


def mean_recovered(
    alpha: float,
    d: int,
    items: int,
    batch_size: float = math.inf,
    *,
    heavy: float = 1,
    light: float = 1,
    own: float = 1,
) -> float:
    """Return the mean number; the keywords are factors on the parts of scores, 1 as they are."""
    from scipy.special import log_ndtr, ndtr
    from scipy.stats import poisson

    population = math.isinf(batch_size)
    size = d ** (1 / (2 * alpha))
    near = math.ceil(min(16 * size, items))  # items with interference of their own
    if near > _MOST_NEAR:
        raise InputError(f"dimension must be smaller for the exponent {alpha:g}, got {d:,}")
    rng = np.random.default_rng(0)
    every, weights = sampled_items(0, items)
    total = float(weights @ every**-alpha)
    rare = batch_size / total < 100 * math.sqrt(d)  # items that are seen once may be recovered
    last = math.ceil(min((1000 if rare else 32) * size, items))
    p = np.arange(1.0, near + 1) ** -alpha / total
    rest = 0.0
    if items > near:
        far, weights = sampled_items(near, items)
        light_shares = far**-alpha / total
        rest = float(weights @ light_shares**2)
        rest += 0 if population else float(weights @ light_shares) / batch_size

    total_won = 0.0
    for _ in range(_ROUNDS):
        u = (np.arange(_EACH) + rng.random(_EACH)) / _EACH
        i = (size * np.expm1(u * math.log1p(last / size))).astype(int)  # as often as 1 / (i + size)
        i = np.minimum(i + 1, last)
        a, b = np.sqrt(rng.chisquare(d, (2, _EACH)) / d)
        q, mine, seen = np.tile(p, (_EACH, 1)), i.astype(float) ** -alpha / total, np.ones(_EACH)
        if not population:
            q = rng.poisson(batch_size * q) / batch_size
            mean = batch_size * mine
            seen = -np.expm1(-mean)  # only those are asked that are in the batch
            quantile = 1 - seen * rng.random(_EACH)
            few = np.maximum(poisson.ppf(quantile, np.minimum(mean, _OFTEN)), 1)
            mine = np.where(mean > _OFTEN, rng.poisson(mean), few) / batch_size
        among = np.flatnonzero(i <= near)
        own_place = among, i[among] - 1
        q[own_place] = 0
        interference = q * rng.standard_normal(q.shape) / math.sqrt(d)
        R = np.sqrt((interference**2).sum(1) + rest / d)
        score = own * (mine * a * b**2) + b * R / math.sqrt(d) * rng.standard_normal(_EACH)
        spread = light * np.hypot(mine * a * b, R) / math.sqrt(d)
        with np.errstate(divide="ignore", invalid="ignore"):
            # the mean over all signs of z, on which R does not depend
            signal, by = (score / spread)[:, None], heavy * interference / spread[:, None]
            won = (ndtr(signal - by) + ndtr(signal + by)) / 2
            won[own_place] = 1
            chance = won.prod(1) * np.exp((items - near) * log_ndtr(score / spread))
        total_won += float((seen * chance / np.log1p(1 / (i - 1 + size))).sum())
    return total_won * math.log1p(last / size) / (_ROUNDS * _EACH)
