"""Roots of smooth functions, beside SciPy's."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import brentq

from sgdmem.numeric.arithmetic.roots import smooth_root

FUNCTIONS: list[Callable[[float], float]] = [
    lambda x: math.log(x / 0.3),
    lambda x: 1 / x - 1 / 0.3,
    lambda x: (x - 0.3) ** 3,
    lambda x: 1e-300 * (x - 0.3),
    lambda x: 1.0 if x < 0.3 else -1.0,  # it jumps
    lambda x: max(-1.0, 1 - 0.01 / (0.31 - x)) if x < 0.31 else -1.0,  # and this one is cut
]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("ends", [(0.1, 0.5), (1e-6, 1.0), (0.25, 20.0), (0.299, 7.0)])
def test_roots_are_scipys(function: Callable[[float], float], ends: tuple[float, float]) -> None:
    asked: list[float] = []

    def noted(x: float) -> float:
        asked.append(x)
        return function(x)

    found = smooth_root(noted, *ends, 1e-11)
    expected = float(brentq(function, *ends, rtol=1e-11, xtol=1e-300, maxiter=1000))
    assert found == pytest.approx(expected, rel=1e-10, abs=1e-5 * (function is FUNCTIONS[2]))
    assert min(asked) >= ends[0] and max(asked) <= ends[1]


def test_an_end_may_be_the_root() -> None:
    assert smooth_root(lambda x: x - 1, 1.0, 3.0, 1e-9) == 1
    assert smooth_root(lambda x: x - 3, 1.0, 3.0, 1e-9) == 3


def test_few_values_are_asked_for() -> None:
    asked, others = 0, 0

    def function(x: float) -> float:
        nonlocal asked
        asked += 1
        return math.log(x / root)

    for root in 10.0 ** np.random.default_rng(0).uniform(-4, 3, size=30):
        ends = (0.2 * root, 5 * root)
        smooth_root(function, *ends, 1e-11)
        before = asked
        brentq(function, *ends, rtol=1e-11, xtol=1e-300)
        asked, others = before, others + asked - before
    assert asked < 1.2 * others
