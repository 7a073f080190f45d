r"""Worst start of Kaczmarz: the mean loss is at most that of a matrix, which a recursion makes.

With unit rows x and relaxation :math:`\eta`, :math:`A_0=H=E xx^T` and

.. math:: A_{t+1}=E(1-\eta xx^T)A_t(1-\eta xx^T),\qquad
    \max_{|w_0-w_*|=1}E L(w_t)=\tfrac12\lambda_{\max}(A_t).

Method: products of the steps of all sequences of rows, and the largest eigenvalue of their mean.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.systems.kaczmarz import kaczmarz
from sgdmem.numeric.systems.kaczmarz_start import worst_losses
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.kaczmarz.instances import random_system, worst_of_all_sequences
from sgdmem.symbolic.zoo.named_algorithms import sgd

STATEMENT = Statement(
    "Worst start of Kaczmarz",
    "arXiv 2604.09909",
    tolerance=1e-12,
    reason="both are exact, in floats",
)


def claim(A: Array, p: Array, steps: int, rate: float) -> float:
    """Return the largest mean loss."""
    return float(worst_losses(kaczmarz(A, probabilities=p), steps, rate).losses[-1])


def check(claim: Claim = claim) -> list[Case]:
    """Compare for random systems, rates and numbers of steps."""
    cases = []
    for place in range(8):
        A, p = random_system(place)
        for steps, rate in ((1, 1.0), (4, 1.0), (3, 0.5), (2, 1.7)):
            found = worst_of_all_sequences(A, p, steps, rate)
            label = f"system {place}, {steps} steps, rate {rate}"
            cases.append(Case(label, found, claim(A, p, steps, rate)))
    return cases


def _of_the_mean(A: Array, p: Array, steps: int, rate: float) -> float:
    h = kaczmarz(A, probabilities=p).spectrum.eigenvalues
    return float((h * (1 - rate * h) ** (2 * steps)).max()) / 2


def _first_start(A: Array, p: Array, steps: int, rate: float) -> float:
    first = worst_losses(kaczmarz(A, probabilities=p), 0).start
    again = kaczmarz(A, probabilities=p, start=first)
    return float(losses(sgd(rate), again, 1, steps)[-1])


PERTURBED: dict[str, Claim] = {
    "gradient descent on the mean": _of_the_mean,
    "the start that is worst at once": _first_start,
    "rows by their norms": lambda A, p, steps, rate: claim(
        A, (A**2).sum(axis=1) / np.sum(A**2), steps, rate
    ),
    "without the 1/2": lambda A, p, steps, rate: 2 * claim(A, p, steps, rate),
}
