r"""Expected test errors: gradient descent misses :math:`(1-p)p^n+p(1-p)^n` in the mean over labels.

Adaptive methods miss at least :math:`(1-p)\,(1-e^{-2n(p-1/2)^2})`.

Method: all sequences of n labels, and the dense solutions of least norm and of signs.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.systems.adaptive_methods import adaptive_problem
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Expected test errors",
    "of our own, about arXiv 1705.08292",
    tolerance=1e-12,
    reason="sums of probabilities in floats; what is missing of a bound counts",
)


def claim(n: int, p: float) -> tuple[float, float]:
    """Return the error of gradient descent, and a bound on that of adaptive methods."""
    few = math.exp(-2 * n * (p - 0.5) ** 2)
    return (1 - p) * p**n + p * (1 - p) ** n, (1 - p) * (1 - few)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for n up to 9 and three p."""
    cases = []
    for n in (1, 2, 5, 9):
        found = [(labels, *_scores(labels)) for labels in itertools.product((1, -1), repeat=n)]
        for p in (0.55, 0.75, 0.95):
            descent = signs = 0.0
            for labels, least, ray in found:
                chance = p ** labels.count(1) * (1 - p) ** labels.count(-1)
                descent += chance * _error(least, p)
                signs += chance * (0.0 if ray is None else _error(ray, p))
            exact, bound = claim(n, p)
            cases.append(Case(f"n = {n}, p = {p}, gradient descent", descent, exact))
            missing = max(0.0, bound - signs)
            cases.append(Case(f"n = {n}, p = {p}, adaptive methods", missing, 0.0))
    return cases


def _scores(labels: tuple[int, ...]) -> tuple[Array, Array | None]:
    problem = adaptive_problem(labels)
    X, y = problem.X.astype(float), problem.y
    new = problem.test_points([1, -1])[:, : problem.dimension]
    s = np.sign(X.T @ y)
    solves = np.ptp(X @ s * y) == 0
    return new @ (np.linalg.pinv(X) @ y), new @ s if solves else None


def _error(scores: Array, p: float) -> float:
    return p * float(scores[0] <= 0) + (1 - p) * float(scores[1] >= 0)


PERTURBED: dict[str, Claim] = {
    "gradient descent never errs": lambda n, p: (0.0, claim(n, p)[1]),
    "one more label": lambda n, p: claim(n + 1, p),
    "1 - p for any labels": lambda n, p: (claim(n, p)[0], 1 - p),
    "p of adaptive methods": lambda n, p: (claim(n, p)[0], claim(n, p)[1] * p / (1 - p)),
}
