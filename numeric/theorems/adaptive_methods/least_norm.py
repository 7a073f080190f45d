r"""Least norm without test error: gradient descent errs on no new point, if both labels occurred.

With one label alone it always answers that label.

Method: :math:`X^T(XX^T)^{-1}y` by dense exact rational algebra, for every sequence of up to 7
labels; new points with their own features, answered one by one.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

from flint import fmpq, fmpq_mat

from sgdmem.numeric.systems.adaptive_methods import adaptive_problem
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Least norm without test error",
    "arXiv 1705.08292, the constructed problem",
    tolerance=0.0,
    reason="labels are counted",
)


def claim(ones: int, others: int) -> tuple[bool, bool]:
    """Return whether new points of the labels 1 and -1 are answered wrongly."""
    return ones == 0, others == 0


def check(claim: Claim = claim) -> list[Case]:
    """Count, over all sequences of n labels, the new points that are answered wrongly."""
    cases = []
    for n in range(1, 8):
        computed = theory = 0
        for labels in itertools.product((1, -1), repeat=n):
            computed += _errors(labels)
            theory += sum(claim(labels.count(1), labels.count(-1)))
        cases.append(Case(f"all sequences of {n} labels", computed, theory))
    return cases


def _errors(labels: tuple[int, ...]) -> int:
    problem = adaptive_problem(labels)
    rows = fmpq_mat([[fmpq(int(x)) for x in row] for row in problem.X])
    y = fmpq_mat([[fmpq(label)] for label in labels])
    w = rows.transpose() * (rows * rows.transpose()).solve(y)
    weights = [Fraction(int(x.p), int(x.q)) for x in (w[i, 0] for i in range(w.nrows()))]
    wrong = 0
    for label, x in zip((1, -1), problem.test_points([1, -1]), strict=True):
        score = sum((int(a) * b for a, b in zip(x, weights, strict=False)), Fraction(0))
        wrong += label * score <= 0
    return wrong


PERTURBED: dict[str, Claim] = {
    "one label alone is enough": lambda ones, others: (False, False),
    "more 1 than -1 needed": lambda ones, others: (ones == 0, others == 0 or ones <= others),
    "as adaptive methods": lambda ones, others: (ones == 0, ones > others),
}
