r"""When signs solve the problem: if and only if more labels are 1 than -1, or none is 1.

That is, :math:`X\,\mathrm{sign}(X^Ty)` is then, and only then, a multiple of y; of 4 y in the first
case, of 8 y in the second.

Method: the dense X, in integers, of all sequences of up to 9 labels.
"""

from __future__ import annotations

import itertools

import numpy as np

from sgdmem.numeric.systems.adaptive_methods import adaptive_problem
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "When signs solve the problem",
    "arXiv 1705.08292, the constructed problem; our converse",
    tolerance=0.0,
    reason="integers",
)


def claim(ones: int, others: int) -> int:
    """Return the multiple, 0 where it is none."""
    return 4 if ones > others else 8 * (ones == 0)


def check(claim: Claim = claim) -> list[Case]:
    """Count the sequences on which multiples agree."""
    cases = []
    for n in range(1, 10):
        agree = 0
        for labels in itertools.product((1, -1), repeat=n):
            y, X = np.array(labels), adaptive_problem(labels).X
            moved = X @ np.sign(X.T @ y) * y
            found = moved[0] if (moved == moved[0]).all() else 0
            agree += found == claim(labels.count(1), labels.count(-1))
        cases.append(Case(f"all sequences of {n} labels", float(agree), 2.0**n))
    return cases


PERTURBED: dict[str, Claim] = {
    "as many are enough": lambda ones, others: 4 if ones >= others else 8 * (ones == 0),
    "always": lambda ones, others: 4,
    "only if more are 1": lambda ones, others: 4 * (ones > others),
    "a multiple of 3": lambda ones, others: 3 if ones > others else 8 * (ones == 0),
}
