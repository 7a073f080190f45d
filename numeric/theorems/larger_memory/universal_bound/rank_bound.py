r"""Rank bound: n Gaussian samples tell of n directions, whatever is made of their gradients.

For Gaussian features (:math:`\tau_1=1`, :math:`\tau_2=-1`) the mean loss of every linear
first-order method is at least half of the sum of all :math:`\lambda_kc_k^2` but the n largest.

Method: exact second moments of random methods with any batches, and of the best single steps on
many equal eigenvalues, where the bound is nearly reached. Computed is the largest violation; theory
is that there is none.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.losses.loss_bound import loss_bound
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.theorems.check import Case, Claim, Statement, larger
from sgdmem.numeric.theorems.larger_memory.universal_bound.kernels import kernel_losses

STATEMENT = Statement(
    "Rank bound",
    "docs/theory/universal-bound",
    tolerance=1e-9,
    reason="rounding",
)


def claim(masses: Array, n: int) -> float:
    """Return what the loss is not below, for the masses of all eigenvalues."""
    return float(np.sort(masses)[::-1][n:].sum() / 2)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for best single steps, and for random methods."""
    cases = []
    for N in (3, 20, 100):
        for label, squares in {"alike": np.ones(N), "one": np.eye(N)[0] + 1e-9}.items():
            step = np.array([[0, 0], [1 / (N + 2), 0]])
            loss = kernel_losses(step, np.ones(N), squares, -1, 1)[-1]
            cases.append(Case.within(f"{label} of {N}, a step", claim(squares, 1) / loss))
    rng = np.random.default_rng(0)
    for place in range(6):
        worst = 0.0
        for _ in range(30):
            N, t = int(rng.integers(4, 40)), int(rng.integers(1, 6))
            h, squares = rng.random(N) ** 3, rng.random(N) ** 4
            batches = rng.integers(1, 4, t)
            K = np.tril(rng.uniform(0, 1.5, (t + 1, t + 1)), -1) / (1 + h.sum())
            loss = kernel_losses(K, h, squares, -1, batches)[-1]
            worst = larger(worst, claim(h * squares, batches.sum()) / loss)
        cases.append(Case.within(f"random methods, {place}", worst))
    problem = Problem(Spectrum([2, 1]), Noise(tau2=-1), target=[1, 4])
    library = float(loss_bound(problem, 1, 1)[-1])
    known = claim(np.array([2.0, 4.0]), 1)
    return [*cases, Case.within("the library's", known / (library * (1 + 1e-5)))]


PERTURBED: dict[str, Claim] = {
    "0.51 for a half": lambda masses, n: 1.02 * claim(masses, n),
    "n - 1 samples": lambda masses, n: claim(masses, n - 1),
    "all but the n smallest": lambda masses, n: float(np.sort(masses)[n:].sum() / 2),
}
