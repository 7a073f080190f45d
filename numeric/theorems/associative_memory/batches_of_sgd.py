r"""Batches of SGD: what a batch recovers is a function of :math:`B/\sqrt d` alone, in the limit.

.. math:: \#\text{recovered}\approx d^{1/(2\alpha)}F(X),\qquad
    F(X)=X^{1/\alpha}\sum_{c\ge1}\frac{\Gamma(c-1/\alpha)}{\alpha\,c!}
    \prod_{j\ge1}\Phi\Bigl(\frac{c\,j^\alpha}X\Bigr),\qquad X=\frac{p_1B}{\sqrt d}

About :math:`X^{1/\alpha}\Gamma(c-1/\alpha)/(\alpha\,c!)` times :math:`d^{1/(2\alpha)}` items are
seen c times; such an item has the score c/B, and the heaviest items have
:math:`p_jz_j/\sqrt d` against it. Small X: all that was seen,
:math:`\Gamma(1-1/\alpha)X^{1/\alpha}`. Large X: the population's constant. In between F is larger
than that: batches know a few rare items far better than their frequencies allow.

Method: reduced scores with Poisson numbers of items in the batch, at :math:`d=2^{18}`, N = d^2.
Derived here for large d; our own.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from scipy.special import gammaln, log_ndtr, zeta

from sgdmem.numeric.systems.associative_memory.reduced_sgd import reduced_sgd
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Batches of SGD",
    "of our own, about arXiv 2603.26554",
    tolerance=0.09,
    reason="sqrt(2 log N / d) is 0.014; 8,000 draws",
)
_DIMENSION = 2**18


def claim(alpha: float, x: float) -> float:
    """Return F."""
    return float(sum(_seen(alpha, x)) * x ** (1 / alpha))


def _seen(alpha: float, x: float) -> tuple[float, float]:
    """Return the parts of items that are seen once, and more often."""
    most = 200 + 10 * math.ceil(x)
    c, j = np.arange(1.0, most + 1), np.arange(1.0, 2000)
    numbers = np.exp(gammaln(c - 1 / alpha) - gammaln(c + 1)) / alpha
    won = numbers * np.exp(log_ndtr(c[:, None] * j**alpha / x).sum(1))
    rest = math.exp(gammaln(most + 1 - 1 / alpha) - gammaln(most + 1))  # all of them are recovered
    return float(won[0]), float(won[1:].sum() + rest)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for two exponents and batches from few samples to many."""
    return [
        Case(f"alpha = {alpha:g}, X = {x:g}", _reduced(alpha, x), claim(alpha, x))
        for alpha in (1.5, 2.0)
        for x in (0.1, 0.3, 1.0, 3.0, 10.0)
    ]


@cache
def _reduced(alpha: float, x: float) -> float:
    batch_size = x * math.sqrt(_DIMENSION) * float(zeta(alpha))
    found = reduced_sgd(_DIMENSION, alpha, batch_size=batch_size)
    return found / math.pow(_DIMENSION, 1 / (2 * alpha))


PERTURBED: dict[str, Claim] = {
    "all that was seen": lambda alpha, x: math.gamma(1 - 1 / alpha) * x ** (1 / alpha),
    "of items that were seen more than once": lambda alpha, x: (
        claim(alpha, x) - _seen(alpha, x)[0] * x ** (1 / alpha)
    ),
    "twice the batch": lambda alpha, x: claim(alpha, 2 * x),
    "the smaller of what was seen and 2": lambda alpha, x: min(
        math.gamma(1 - 1 / alpha) * x ** (1 / alpha), 2.0
    ),
}
