r"""Clock of active updates: what momentum retains, how fast the loss falls, and how fast it may.

With :math:`P=1-(1-p)^B` a momentum holds :math:`1+P\beta/(1-\beta)` active updates; at small rates
the loss falls by a factor e in :math:`P/(2\eta p)` of them; and SGDM is stable exactly where that
is more than

.. math:: \frac P{4p}\Bigl[\frac{d+2-p}B+p\,\frac{1-\beta}{1+\beta}\Bigr],

with shared activity: a bound by the dimension. Retention has no part in it but the second term.

Method: the mean weight of older updates summed over all patterns of activity of the last steps,
with the rest of a geometric series; exact losses of small rates, extrapolated; and
`largest_learning_rate`.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.systems.sparse_momentum import SparseInputs
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.verdicts.learning_rate import largest_learning_rate
from sgdmem.symbolic.zoo.named_algorithms import sgdm

STATEMENT = Statement(
    "Clock of active updates",
    "arXiv 2605.28961, abstract; sgdmem, docs/systems/sparse-momentum.md",
    tolerance=1e-5,
    reason="of the second order in the rate",
)

_LETTERS = [(0.01, 16, 0.9, 8), (0.2, 4, 0.5, 3), (0.05, 1, 0.99, 20)]  # p, B, beta, d
_RATE = 1e-4


def claim(kind: str, p: float, batch_size: float, momentum: float, dimension: int) -> float:
    """Return a number of active updates; of learning that of the rate 1."""
    activity: float = 1 - (1 - p) ** batch_size
    if kind == "retention":
        return 1 + activity * momentum / (1 - momentum)
    if kind == "learning":
        return activity / (2 * p)
    noise = (dimension + 2 - p) / batch_size
    return activity / (4 * p) * (noise + p * (1 - momentum) / (1 + momentum))


def check(claim: Claim = claim) -> list[Case]:
    """Compare all three for several letters."""
    return [
        Case(
            f"{kind}, p {p}, B {B}, beta {momentum}, d {d}",
            measured(p, B, momentum, d),
            claim(kind, p, B, momentum, d),
        )
        for kind, measured in _MEASURED.items()
        for p, B, momentum, d in _LETTERS
    ]


def _activity(p: float, batch_size: int) -> float:
    """Return the probability of one active sample or more."""
    return sum(
        math.comb(batch_size, k) * p**k * (1 - p) ** (batch_size - k)
        for k in range(1, batch_size + 1)
    )


@cache
def _retention(p: float, batch_size: int, momentum: float, dimension: int) -> float:
    """Return the mean weight of active updates over all patterns, relative to the present one."""
    steps = 10
    patterns = (np.arange(2**steps)[:, None] >> np.arange(steps)) & 1
    P = _activity(p, batch_size)
    chances = np.where(patterns, P, 1 - P).prod(axis=1)
    weights = patterns @ momentum ** np.arange(1.0, steps + 1)
    # what is older weighs beta^steps times as much as all of it
    return 1 + float(chances @ weights) / (1 - momentum**steps)


@cache
def _learning(p: float, batch_size: int, momentum: float, dimension: int) -> float:
    problem = SparseInputs(p, dimension).problem
    steps = round(50 / (1 - momentum))  # after which momentum has settled
    times = []
    for rate in (_RATE, 2 * _RATE):
        found = losses(sgdm(rate, momentum), problem, batch_size, steps)
        per_step = -math.log(found[-1] / found[-2])
        times.append(rate * _activity(p, batch_size) / per_step)
    return 2 * times[0] - times[1]


@cache
def _fastest(p: float, batch_size: int, momentum: float, dimension: int) -> float:
    problem = SparseInputs(p, dimension).problem
    rate = float(largest_learning_rate("sgdm", problem, batch_size, momentum=momentum))
    return _activity(p, batch_size) / (2 * rate * p)


_MEASURED = {"retention": _retention, "learning": _learning, "fastest stable learning": _fastest}

PERTURBED: dict[str, Claim] = {
    "steps in place of active updates": lambda kind, p, B, beta, d: (
        claim(kind, p, B, beta, d) / (1 if kind == "retention" else 1 - (1 - p) ** B)
    ),
    "as if every step were active": lambda kind, p, B, beta, d: claim(kind, 1.0, B, beta, d),
    "not faster than retention": lambda kind, p, B, beta, d: claim(
        "retention" if kind == "fastest stable learning" else kind, p, B, beta, d
    ),
}
