r"""Ends of adaptive methods: AdaGrad, RMSProp and Adam tend to :math:`sign(X^Ty)/c`.

From 0, with epsilon 0, if most labels are 1 (c = 4) or none is (c = 8), and rates fall so that they
converge.

Method: real steps, with rates that halve the residual at each.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.systems.adaptive_methods import adaptive_problem
from sgdmem.numeric.systems.adaptive_steps import adaptive_run
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Ends of adaptive methods",
    "arXiv 1705.08292, the lemma on adaptive methods",
    tolerance=1e-12,
    reason="rounding of 60 steps in floats",
)


def claim(ones: int, others: int) -> float:
    """Return c."""
    return 4 if ones > others else 8


def check(claim: Claim = claim) -> list[Case]:
    """Compare for three methods, and labels of which all or most are 1, or none is."""
    cases = []
    for ones, others in ((1, 0), (2, 1), (5, 2), (9, 3), (0, 3)):
        problem = adaptive_problem([1] * ones + [-1] * others)
        end = np.sign(problem.transposed(problem.y)) / claim(ones, others)
        for method in ("adagrad", "rmsprop", "adam"):
            rates = halving_rates(method, 4 if ones else 8)
            run = adaptive_run(problem, method, rates, betas=("0.5", "0.9"))
            label = f"{method}, {ones} labels 1 and {others} -1"
            cases.append(Case(label, float(np.abs(run[-1] - end).max()), 0.0))
    return cases


def halving_rates(method: str, c: int, steps: int = 60) -> Array:
    """Return rates with which a method, of betas 0.5 and 0.9, halves the residual on its ray."""
    squares = mean = 0.0
    rates = []
    for t in range(steps):
        g = 0.5**t
        mean = (mean + g) / 2 if method == "adam" else g
        kept, added = (1.0, 1.0) if method == "adagrad" else (0.9, 0.1)
        squares = kept * squares + added * g**2
        first, second = (1 - 0.5 ** (t + 1), 1 - 0.9 ** (t + 1)) if method == "adam" else (1.0, 1.0)
        rates.append(g / (2 * c) * np.sqrt(squares / second) / (mean / first))
    return np.array(rates)


PERTURBED: dict[str, Claim] = {
    "c = 4 always": lambda ones, others: 4,
    "c = n": lambda ones, others: ones + others,
    "c = 3, the number of shared features": lambda ones, others: 3,
}
