r"""Kernel norm of SGD: the noise of all modes decides where its sum reaches 1.

.. math:: \frac\gamma{2B}\sum_j\frac{\lambda_j}{1-\gamma\lambda_j(B+1)/2B}<1;

with one sample a step :math:`\frac\gamma2\sum_j\lambda_j/(1-\gamma\lambda_j)<1`. Gradients are
averaged over the batch: where they are added up :math:`\gamma B` takes the place of
:math:`\gamma`.

Method: the sum at the largest stable rate of realised random features, by the verdict, which
should be 1; and the sum of the kernel over all steps at a smaller rate.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.losses.propagators import propagators
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.systems.random_features import random_features
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.verdicts.learning_rate import largest_learning_rate
from sgdmem.symbolic.zoo.named_algorithms import sgd

STATEMENT = Statement(
    "Kernel norm of SGD",
    "arXiv 2505.16098, the condition that the norm of the kernel is below 1",
    tolerance=1e-8,
    reason="bisection of verdicts in floats",
)


def claim(rate: float, eigenvalues: Array, B: float) -> float:
    """Return the norm of the kernel."""
    return float(
        rate / (2 * B) * (eigenvalues / (1 - rate * eigenvalues * (B + 1) / (2 * B))).sum()
    )


def check(claim: Claim = claim) -> list[Case]:
    """Compare where verdicts change, and sums of kernels."""
    cases = []
    for alpha, beta in ((1.0, 0.7), (0.7, 1.2), (0.3, 0.6)):
        problem = random_features(alpha, beta, 60).problem
        for B in (1, 5):
            rate = float(largest_learning_rate("sgd", problem, B))
            norm = claim(rate, problem.spectrum.eigenvalues, B)
            cases.append(Case(f"alpha = {alpha}, B = {B}, largest rate", 1.0, norm))
    few = np.array([1.0, 0.6, 0.2])
    problem = Problem(Spectrum(list(few)), Noise(tau2=-1), target=[1, 1, 1])
    for B in (1, 5):
        kernel = propagators(sgd("0.3"), problem, B, 2000).U_prime
        cases.append(Case(f"B = {B}, sum", float(kernel.sum()), claim(0.3, few, B)))
    return cases


PERTURBED: dict[str, Claim] = {
    "half the trace": lambda rate, lam, B: float(rate / (2 * B) * lam.sum()),
    "as if tau2 were 0": lambda rate, lam, B: float(
        rate / (2 * B) * (lam / (1 - rate * lam / 2)).sum()
    ),
    "gradients that are added up": lambda rate, lam, B: claim(rate * B, lam, B),
}
