r"""Ray of adaptive methods: AdaGrad, RMSProp and Adam never leave the ray of :math:`sign(X^Ty)`.

From 0, with epsilon 0 and any rates and betas, where :math:`X\,\mathrm{sign}(X^Ty)` is a multiple
of y.

Method: real steps of the three methods, with rates drawn at random; the largest distance of all
iterates from the line, relative to their lengths. The steps end before residuals are as small as
rounding, which RMSProp makes large again.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.systems.adaptive_methods import adaptive_problem
from sgdmem.numeric.systems.adaptive_steps import adaptive_run
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Ray of adaptive methods",
    "arXiv 1705.08292, the lemma on adaptive methods",
    tolerance=1e-11,
    reason="rounding of 40 steps in floats",
)


def claim(correlation: Array) -> Array:
    """Return the direction, from X^T y."""
    return np.sign(correlation)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for three methods, and labels of which all or most are 1, or none is."""
    rng = np.random.default_rng(3)
    cases = []
    for ones, others in ((1, 0), (2, 1), (7, 4), (30, 25), (0, 3)):
        problem = adaptive_problem([1] * ones + [-1] * others)
        u = claim(problem.transposed(problem.y)).astype(float)
        u /= np.linalg.norm(u)
        for method in ("adagrad", "rmsprop", "adam"):
            rates = rng.uniform(0, 0.001, 40)
            run = adaptive_run(problem, method, rates, betas=rng.uniform(0.5, 0.99, 2))[1:]
            away = run - np.outer(run @ u, u)
            worst = (np.linalg.norm(away, axis=1) / np.linalg.norm(run, axis=1)).max()
            cases.append(Case(f"{method}, {ones} labels 1 and {others} -1", float(worst), 0.0))
    return cases


PERTURBED: dict[str, Claim] = {
    "X^T y, as the first step of gradient descent": lambda correlation: correlation,
    "its root, with its sign": lambda correlation: (
        np.sign(correlation) * np.sqrt(np.abs(correlation))
    ),
    "the features that points share, alone": lambda correlation: (
        np.sign(correlation) * (np.arange(len(correlation)) < 3)
    ),
}
