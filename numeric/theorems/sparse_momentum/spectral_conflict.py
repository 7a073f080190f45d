r"""Spectral conflict: only tokens whose frequencies lie in a band oscillate.

The mean of a token of probability p oscillates under SGDM with :math:`0<\beta<1`, at a frequency
of its own and not by a change of sign at every step, exactly if

.. math:: \frac{1-\sqrt\beta}{1+\sqrt\beta} < \eta p < \frac{1+\sqrt\beta}{1-\sqrt\beta}.

Method: means of literal runs, whose ratios of neighbours settle or do not: counted are the wrong
answers, for random momenta and products :math:`\eta p`, half of them near the ends.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Spectral conflict",
    "arXiv 2605.28961, abstract; sgdmem, docs/systems/sparse-momentum.md",
    tolerance=0.0,
    reason="counted",
)

_QUESTIONS = 200
_MARGIN = 0.02  # from an end of the band, relative
_STEPS = 4000


def claim(momentum: float, product: float) -> bool:
    """Say whether the mean oscillates."""
    root = math.sqrt(momentum)
    return (1 - root) / (1 + root) < product < (1 + root) / (1 - root)


def check(claim: Claim = claim) -> list[Case]:
    """Count wrong answers by where the questions lie."""
    return [
        Case(label, sum(claim(*letters) != oscillates for letters, oscillates in questions), 0)
        for label, questions in _answered().items()
    ]


@cache
def _answered() -> dict[str, list[tuple[tuple[float, float], bool]]]:
    rng = np.random.default_rng(28961)
    found: dict[str, list[tuple[tuple[float, float], bool]]] = {}
    for end in (-1, 1):
        for side in (-1, 1):
            label = f"{'lower' if end < 0 else 'upper'} end, {'below' if side < 0 else 'above'}"
            found[label] = [_near(rng, end, side) for _ in range(_QUESTIONS // 4)]
    found["anywhere"] = [_anywhere(rng) for _ in range(_QUESTIONS)]
    return found


def _near(rng: np.random.Generator, end: int, side: int) -> tuple[tuple[float, float], bool]:
    """Ask at a momentum where the two roots, as floats, become one; and beside it."""
    momentum = float(rng.uniform(0.05, 0.95))
    peak = (1 + momentum) / (1 - momentum)  # where roots have no real part
    low, high = (0.0, peak) if end < 0 else (peak, 1e4)
    for _ in range(60):
        middle = (low + high) / 2
        real = np.isreal(np.roots(_polynomial(momentum, middle))).all()
        low, high = (middle, high) if real == (end < 0) else (low, middle)
    product = low * (1 + side * _MARGIN)
    return (momentum, product), _oscillates(momentum, product)


def _anywhere(rng: np.random.Generator) -> tuple[tuple[float, float], bool]:
    while True:
        momentum = float(rng.uniform(0.05, 0.95))
        product = float(10 ** rng.uniform(-3, 2))
        roots = np.roots(_polynomial(momentum, product))
        if abs(roots[0] - roots[1]) > _MARGIN / 2:  # else it takes long to tell
            return (momentum, product), _oscillates(momentum, product)


def _polynomial(momentum: float, product: float) -> list[float]:
    return [1.0, -(1 + momentum - (1 - momentum) * product), momentum]


def _oscillates(momentum: float, product: float) -> bool:
    """Run the mean: with real roots the ratio of neighbours settles, with others it never does."""
    w, m = 1.0, 0.0
    ratios = []
    for _ in range(_STEPS):
        before = w
        m = momentum * m + (1 - momentum) * product * w
        w -= m
        ratios.append(w / before)
        scale = abs(w) + abs(m)
        w, m = w / scale, m / scale
    last = np.array(ratios[-200:])
    return bool(np.ptp(last) > 1e-6 * np.abs(last).max())


PERTURBED: dict[str, Claim] = {
    "the lower end alone": lambda beta, product: (
        product > (1 - math.sqrt(beta)) / (1 + math.sqrt(beta))
    ),
    "the upper end of stability": lambda beta, product: (
        (1 - math.sqrt(beta)) / (1 + math.sqrt(beta)) < product < 2 * (1 + beta) / (1 - beta)
    ),
    "(1 - beta) / 4, as near beta = 1": lambda beta, product: (
        (1 - beta) / 4 < product < 4 / (1 - beta)
    ),
    "learning faster than retention": lambda beta, product: 2 * product > 1 - beta,
}
