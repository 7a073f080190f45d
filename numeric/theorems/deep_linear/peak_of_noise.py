r"""Noise peaks before learning: at :math:`s^*(2-2/L)/(3-2/L)`, for layers that are not aligned too.

As random starts shrink, noise along the mode that is learned first is largest at that strength, and
in every run along every mode before it has 90% of its target.

Method: gradient descent of real networks from random starts that are neither aligned nor balanced,
and along it the exact noise of a sample for the weights that there are; shares are
averaged over seeds.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.systems.deep_linear.network import DeepLinearNetwork
from sgdmem.numeric.systems.deep_linear.runs import deep_linear_run
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Noise peaks before learning",
    "arXiv 2604.06366, abstract",
    tolerance=0.02,
    reason="starts of finite size: the mean over 20 random ones; counts are exact",
)
_RUNS = 20


def claim(depth: int) -> tuple[float, float]:
    """Return the share of the target, and that of runs in which noise peaks before 90%."""
    return (2 - 2 / depth) / (3 - 2 / depth), 1.0


def check(claim: Claim = claim) -> list[Case]:
    """Compare for several depths and widths, two modes."""
    cases = []
    for depth, hidden, scale, steps in (
        (2, 5, 0.01, 900),
        (2, 20, 0.005, 900),
        (3, 5, 0.1, 9000),
    ):
        shares, before = _peaks(depth, hidden, scale, steps)
        share, count = claim(depth)
        text = f"L = {depth}, {hidden} hidden, scale {scale}"
        cases.append(Case(f"{text}, first mode", float(shares[:, 0].mean()), share))
        cases += [
            Case(f"{text}, before, mode {mode + 1}", float(before[:, mode].mean()), count)
            for mode in range(2)
        ]
    return cases


def _peaks(depth: int, hidden: int, scale: float, steps: int) -> tuple[Array, Array]:
    """Return shares at the largest noise, and whether that is before 90%, shape (runs, modes)."""
    network = DeepLinearNetwork([3, 1], depth, hidden)
    start = network.random_start(scale, _RUNS, seed=1)
    record = range(0, steps + 1, depth - 1)
    run = deep_linear_run(network, start, 0.01, math.inf, steps, record=record)
    shares = run.strengths / network.target_strengths
    largest = replace(run, batch_size=1.0).diffusions.argmax(axis=0)
    at_peak = np.take_along_axis(shares, largest[None], axis=0)[0]
    learned = shares > 0.9
    return at_peak, learned.any(axis=0) & (largest < learned.argmax(axis=0))


PERTURBED: dict[str, Claim] = {
    "at half of the target": lambda depth: (0.5, 1.0),
    "at the fastest growth of u": lambda depth: ((1 - 1 / depth) / (2 - 1 / depth), 1.0),
    "only when learned": lambda depth: (claim(depth)[0], 0.0),
    "in half of the runs": lambda depth: (claim(depth)[0], 0.5),
}
