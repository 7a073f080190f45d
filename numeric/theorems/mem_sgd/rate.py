r"""Rate of MEM-SGD: with the rates and weights of Theorem 2.4 the loss is below its bound.

Method: exact losses of rand-k on two quadratics with noise in the labels, weighted over the steps;
G is the largest root of :math:`E|g_t|^2` on the way. The largest ratio to the bound, and to the one
whose memory is bounded step by step, over all T.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.systems.mem_sgd import rand_k_run, strongly_convex_bound
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Rate of MEM-SGD",
    "arXiv 1809.07599, Theorem 2.4",
    tolerance=0.0,
    reason="an inequality: what counts is the excess",
)

_STEPS = 20_000


def claim(bound: Array, start: Array) -> Array:
    """Return the bound for 1, 2, ... steps, given it and its part of the start."""
    return bound


def check(claim: Claim = claim) -> list[Case]:
    """Look for an excess at several shares, and at both bounds."""
    cases = []
    for share in (1.0, 0.5, 0.1, 0.02):
        for least in (1.0, 0.2):
            losses, start, bounds = _measured(share, least)
            for name, bound in bounds.items():
                excess = float((losses / claim(bound, start)).max()) - 1
                label = f"k/d = {share}, mu = {least}, {name} bound"
                cases.append(Case(label, max(excess, 0.0), 0.0))
    return cases


@cache
def _measured(share: float, least: float) -> tuple[Array, Array, dict[str, Array]]:
    problem = Problem(
        *(Spectrum([1, least]), Noise(tau2=-1, label_variance=1)),
        target=[1, 1],
    )
    given = {"strong_convexity": least, "smoothness": 1, "distance": 2**0.5}
    rates = strongly_convex_bound(_STEPS, share, gradient_bound=1, **given).learning_rates
    run = rand_k_run(rates, share, problem, 8)
    size = float(np.sqrt(run.gradients[:-1].max()))
    found = strongly_convex_bound(_STEPS, share, gradient_bound=size, **given)
    total = np.cumsum(found.weights)
    start = least * (7 / share) ** 3 * 2 / 8 / total
    bounds = {"the paper's": found.bound, "the sharper": found.sharper}
    return np.cumsum(found.weights * run.losses[:-1]) / total, start, bounds


PERTURBED: dict[str, Claim] = {
    "without noise": lambda bound, start: start,
    "1 / T^2": lambda bound, start: bound / (1 + np.arange(len(bound)) / 10),
    "the hundredth part": lambda bound, start: bound / 100,
}
