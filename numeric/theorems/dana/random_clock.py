r"""Clock of DANA: as a differential equation the map is what steps at random times do in the mean.

What a step adds to the moments, as a speed, is exact where steps come at the times of a Poisson
process of rate 1: with stationary rates

.. math:: L(t) = \sum_n e^{-t}\frac{t^n}{n!}L_n.

Method: the mean over numbers of steps of exact losses, against the exponential of the equation's
matrix of all modes.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.systems.dana_ode import moment_speeds, symbols
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.symbolic.zoo.several_momenta import dana_step

STATEMENT = Statement(
    "Clock of DANA",
    "arXiv 2505.16098, its differential equation",
    tolerance=1e-9,
    reason="both are exact, in floats",
)


def claim(t: float) -> Array:
    """Return how likely 0, 1, 2, ... steps are in the time t, as many as matter."""
    from scipy.stats import poisson

    return np.asarray(poisson.pmf(np.arange(_most(t) + 1), t))


def check(claim: Claim = claim) -> list[Case]:
    """Compare at several times, rates, batches and floors."""
    cases = []
    for seed, (B, t) in enumerate([(1, 0.5), (1, 3), (1, 20), (4, 3), (4, 50), (1, 50)]):
        rng = np.random.default_rng(seed)
        lam, squares, label = rng.uniform(0.1, 1, 3), rng.uniform(0.5, 1, 3), rng.uniform(0, 0.2)
        rates = {"gamma_2": 0.3, "gamma_3": rng.uniform(0.01, 0.1), "damping": rng.uniform(0, 0.5)}
        noise = Noise(tau2=-1, label_variance=label)
        problem = Problem(Spectrum(list(lam)), noise, target=squares)
        found = losses(dana_step(gamma_1=1, **rates), problem, B, _most(t))
        theory = float(claim(t) @ found)
        cases.append(
            Case(f"B = {B}, t = {t:g}", _continuous(rates, lam, squares, label, B, t), theory)
        )
    return cases


def _most(t: float) -> int:
    return int(t + 12 * t**0.5 + 20)


def _continuous(
    rates: dict[str, float], lam: Array, squares: Array, label: float, B: float, t: float
) -> float:
    """Return the loss of the differential equation, all modes in one matrix."""
    from scipy.linalg import expm

    speeds, n = moment_speeds("step"), lam.size
    whole = np.zeros((3 * n + 1, 3 * n + 1))  # the last entry is 1
    for k in range(n):
        values = dict(zip(symbols(), (*rates.values(), lam[k], -1, B), strict=True))
        matrix, force = (np.array(part.subs(values), dtype=float) for part in speeds)
        rows = slice(3 * k, 3 * k + 3)
        whole[rows, rows] = matrix
        whole[rows, 0 : 3 * n : 3] += force * lam
        whole[rows, -1] += force[:, 0] * label
    start = np.zeros(3 * n + 1)
    start[0 : 3 * n : 3], start[-1] = squares, 1
    return float(lam @ (expm(t * whole) @ start)[0 : 3 * n : 3]) / 2


def _whole_steps(t: float) -> Array:
    """Return the law of the step that t is in."""
    return np.asarray(np.eye(_most(t) + 1)[int(t)])


PERTURBED: dict[str, Claim] = {
    "steps at whole times": _whole_steps,
    "half as many": lambda t: np.append(claim(t / 2), np.zeros(_most(t) - _most(t / 2))),
    "waiting times without memory of the number": lambda t: (
        (t / (1 + t)) ** np.arange(_most(t) + 1) / (1 + t)
    ),
}
