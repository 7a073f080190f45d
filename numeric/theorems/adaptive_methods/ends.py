r"""Ends of adaptive methods: AdaGrad, RMSProp and Adam tend to :math:`sign(X^Ty)/c`.

From 0, with epsilon 0, if most labels are 1 (c = 4) or none is (c = 8), and rates fall so that they
converge.

Method: real steps, with rates that make the residual smaller by one share at each: a half, or less
where labels nearly balance.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.systems.adaptive_methods import AdaptiveProblem, adaptive_problem
from sgdmem.numeric.systems.adaptive_steps import adaptive_run
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Ends of adaptive methods",
    "arXiv 1705.08292, the lemma on adaptive methods",
    tolerance=1e-12,
    reason="rounding of up to 500 steps in floats",
)


def claim(ones: int, others: int) -> float:
    """Return c."""
    return 4 if ones > others else 8


def check(claim: Claim = claim) -> list[Case]:
    """Compare for three methods, and labels of which all or most are 1, or none is."""
    cases = []
    for ones, others in ((1, 0), (2, 1), (5, 2), (9, 3), (9, 8), (0, 3)):
        problem = adaptive_problem([1] * ones + [-1] * others)
        end = np.sign(problem.transposed(problem.y)) / claim(ones, others)
        for method in ("adagrad", "rmsprop", "adam"):
            rates = ray_rates(method, problem)
            run = adaptive_run(problem, method, rates, betas=("0.5", "0.9"))
            label = f"{method}, {ones} labels 1 and {others} -1"
            cases.append(Case(label, float(np.abs(run[-1] - end).max()), 0.0))
    return cases


def ray_rates(method: str, problem: AdaptiveProblem, most: float = 0.5) -> Array:
    """Return rates with which a method, of betas 0.5 and 0.9, ends on its ray: in floats, too.

    At each step the residual loses one share, at most ``most``. Rounding across the ray is
    multiplied by 1 - share lambda / c, with the eigenvalues lambda of X D^{-1} X^T for the
    denominators D, abs(X^T y): of labels that nearly balance they are large, and one half is
    unstable.
    """
    correlation = np.abs(problem.transposed(problem.y)).astype(float)
    X = problem.X / np.sqrt(np.where(correlation > 0, correlation, np.inf))
    c = correlation.sum() / len(problem.labels)
    share = min(most, c / float(np.linalg.eigvalsh(X @ X.T)[-1]))
    squares = mean = 0.0
    rates = []
    for t in range(int(np.ceil(-40 / np.log1p(-share)))):  # the residual ends at e^-40
        g = (1 - share) ** t
        mean = (mean + g) / 2 if method == "adam" else g
        kept, added = (1.0, 1.0) if method == "adagrad" else (0.9, 0.1)
        squares = kept * squares + added * g**2
        first, second = (1 - 0.5 ** (t + 1), 1 - 0.9 ** (t + 1)) if method == "adam" else (1.0, 1.0)
        rates.append(share * g / c * np.sqrt(squares / second) / (mean / first))
    return np.array(rates)


PERTURBED: dict[str, Claim] = {
    "c = 4 always": lambda ones, others: 4,
    "c = n": lambda ones, others: ones + others,
    "c = 3, the number of shared features": lambda ones, others: 3,
}
