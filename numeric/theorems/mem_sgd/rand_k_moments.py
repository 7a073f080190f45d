r"""Moments of rand-k: second moments of w and w - m, mode by mode, are all that its losses need.

With y = w - m, the iterate which all gradients have reached, and :math:`\rho=k/d`,

.. math:: E y^2\leftarrow E(y-\eta g)^2,\quad E wy\leftarrow(1-\rho)E w(y-\eta g)+\rho E y_+^2,
    \quad E w^2\leftarrow(1-\rho)E w^2+\rho E y_+^2.

Method: `rand_k_run` does that; all second moments of (w, m) are followed beside it, as the mean
over all masks, with rates that change.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.schedules.family_schedule import schedule
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.systems.mem_sgd import rand_k_run
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.mem_sgd.masks import all_masks

STATEMENT = Statement(
    "Moments of rand-k",
    "of our own, about Algorithm 1 of arXiv 1809.07599",
    tolerance=1e-12,
    reason="both are exact, in floats",
)

_STEPS, _BATCH = 10, 4.0


def claim(rates: Array, share: float, problem: Problem) -> Array:
    """Return the losses."""
    return rand_k_run(rates, share, problem, _BATCH).losses


def check(claim: Claim = claim) -> list[Case]:
    """Compare the losses of random problems and rates after 1, 5 and 10 steps."""
    cases = []
    for seed, (d, k) in enumerate([(2, 1), (3, 1), (3, 2), (4, 2)]):
        rng = np.random.default_rng(seed)
        eigenvalues, start = rng.uniform(0.1, 1, d), rng.normal(size=d)
        rates = rng.uniform(0.05, 0.3, _STEPS)
        problem = Problem(Spectrum(list(eigenvalues)), Noise(tau2=-1), target=start**2)
        theory = claim(rates, k / d, problem)
        moments = np.outer(np.r_[start, 0 * start], np.r_[start, 0 * start]).ravel()
        for t, rate in enumerate(rates, 1):
            moments = all_masks(rate, k, eigenvalues, (1.0, -1.0), _BATCH)[0] @ moments
            loss = (eigenvalues * np.diag(moments.reshape(2 * d, 2 * d))[:d]).sum() / 2
            if t in (1, 5, 10):
                cases.append(Case(f"{k} of {d} sent, {t} steps", float(loss), float(theory[t])))
    return cases


def _heavy_ball(
    momentum: float, rates: Array, factor: float, problem: Problem, extra: float
) -> Array:
    noise = Noise(tau1=problem.noise.tau1 / int(_BATCH), tau2=-1 / _BATCH - extra)
    other = Problem(problem.spectrum, noise, target=problem.target)
    rule = schedule(
        "heavy-ball",
        learning_rate=lambda t: factor * rates[np.asarray(t).astype(int)],
        momentum=momentum,
    )
    return losses(rule, other, 1, _STEPS)


PERTURBED: dict[str, Claim] = {
    "heavy ball of momentum 1 - rho, with more noise": lambda rates, share, problem: _heavy_ball(
        1 - share, rates, share, problem, 4 * (1 - share) / (share * (2 - share))
    ),
    "heavy ball of momentum rho - 1": lambda rates, share, problem: _heavy_ball(
        share - 1, rates, 2 - share, problem, 0.0
    ),
    "SGD": lambda rates, share, problem: rand_k_run(rates, 1, problem, _BATCH).losses,
}
