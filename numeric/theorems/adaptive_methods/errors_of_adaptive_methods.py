r"""Errors of adaptive methods: the test error is 1 - p, if most labels were 1.

So it is as near to 1/2 as p, and that of the constant answer 1; at every step, too, at which the
weight of the label is positive. Large steps may overshoot beyond 0, where all answers are -1.

Method: new points for all sequences of 6 labels, with features of their own, answered by the real
iterates of AdaGrad, RMSProp and Adam; sequences are weighted by their probabilities.
"""

from __future__ import annotations

import itertools

import numpy as np

from sgdmem.numeric.systems.adaptive_methods import adaptive_problem
from sgdmem.numeric.systems.adaptive_steps import adaptive_run
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Errors of adaptive methods",
    "arXiv 1705.08292, the constructed problem",
    tolerance=1e-12,
    reason="sums of probabilities in floats",
)
_NEW = 6


def claim(p: float) -> float:
    """Return the test error."""
    return 1 - p


def check(claim: Claim = claim) -> list[Case]:
    """Compare at every step of a run, and keep the worst; labels are drawn, with most of them 1."""
    cases = []
    sequences = list(itertools.product((1, -1), repeat=_NEW))
    for p, n, seed in ((0.5001, 401, 1), (0.6, 41, 2), (0.75, 12, 3), (0.99, 5, 4)):
        problem = adaptive_problem(n=n, p=p, seed=seed)
        assert 2 * problem.labels.count(1) > n
        points = np.array([problem.test_points(labels) for labels in sequences])
        ones = (np.array(sequences) == 1).sum(axis=1)
        weights = p**ones * (1 - p) ** (_NEW - ones)
        for method in ("adagrad", "rmsprop", "adam"):
            run = adaptive_run(problem, method, [0.003] * 40)[1:]
            scores = points[..., : problem.dimension] @ run.T
            wrong = (np.array(sequences)[..., None] * scores <= 0).mean(axis=1)
            errors = weights @ wrong
            worst = errors[np.abs(errors - (1 - p)).argmax()]
            cases.append(Case(f"{method}, p = {p}, n = {n}", float(worst), claim(p)))
    return cases


PERTURBED: dict[str, Claim] = {
    "p": lambda p: p,
    "1/2": lambda p: 0.5,
    "2 p (1 - p), as if it guessed with p": lambda p: 2 * p * (1 - p),
    "0, as gradient descent": lambda p: 0.0,
}
