r"""Capacity of SGD: one step recovers of the order of :math:`d^{1/(2\alpha)}` items.

.. math:: \#\text{recovered}\approx C_\alpha d^{1/(2\alpha)},\qquad
    C_\alpha=\int_0^\infty\prod_{j\ge1}\Phi\bigl((j/x)^\alpha\bigr)\,dx,\qquad N=d^2

The exponent is the paper's. The constant is our own, derived for large d: of an item beyond
:math:`d^{1/(2\alpha)}` the scores of the heaviest others are what matters, and for item
:math:`xd^{1/(2\alpha)}` that of item j is :math:`(x/j)^\alpha` times a normal number, in units of
its own.

Method: reduced scores, which are compared with memories drawn in full by another statement, from
which d up to :math:`2^{23}` can be reached; numbers of recovered items, and exponents fitted to
them, from :math:`2^{18}` on.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from scipy.integrate import quad
from scipy.special import log_ndtr

from sgdmem.numeric.systems.associative_memory.reduced_sgd import reduced_sgd
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Capacity of SGD",
    "arXiv 2603.26554; the constant is of our own",
    tolerance=0.06,
    reason="sqrt(2 log N / d) is 0.014 at the smaller d; 8,000 draws",
)
_FIRST, _LAST = 2**18, 2**23


def claim(alpha: float) -> tuple[float, float]:
    """Return the exponent and the constant."""
    return 1 / (2 * alpha), constant(alpha)


@cache
def constant(alpha: float) -> float:
    """Return C."""
    j = np.arange(1.0, 2000)
    return float(quad(lambda x: math.exp(log_ndtr((j / x) ** alpha).sum()), 0, 60, limit=200)[0])


def check(claim: Claim = claim) -> list[Case]:
    """Compare exponents and numbers."""
    cases = []
    for alpha in (1.5, 1.75, 2.0):
        exponent, factor = claim(alpha)
        small, large = (_recovered(alpha, d) for d in (_FIRST, _LAST))
        found = math.log(large / small) / math.log(_LAST / _FIRST)
        cases.append(Case(f"exponent, alpha = {alpha:g}", found, exponent))
        label = f"recovered, alpha = {alpha:g}, d = 2^23"
        cases.append(Case(label, large, factor * _LAST**exponent))
    return cases


@cache
def _recovered(alpha: float, d: float) -> float:
    return reduced_sgd(d, alpha)


PERTURBED: dict[str, Claim] = {
    "1 / alpha, as by the number of samples": lambda alpha: (1 / alpha, claim(alpha)[1]),
    "1 / (2 alpha + 1)": lambda alpha: (1 / (2 * alpha + 1), claim(alpha)[1]),
    "1 / (2 alpha - 1)": lambda alpha: (1 / (2 * alpha - 1), claim(alpha)[1]),
    "constant 1": lambda alpha: (claim(alpha)[0], 1.0),
}
