"""Bounds for stationary methods on thousands of random ones, at random places."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from sgdmem.numeric.acceleration.real_root_algorithms import rate_exponent
from sgdmem.numeric.theorems.instances import Array
from sgdmem.numeric.theorems.larger_memory import memory_time, polygon, signal, spijker, symbol
from sgdmem.numeric.theorems.larger_memory.methods import (
    fast_methods,
    noise_sum,
    random_methods,
)
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from tests.figures import counts, report

COUNTS = counts(100, 2000)


@pytest.mark.parametrize("count", COUNTS)
def test_learning_rates(count: int) -> None:
    by_noise, by_stability = memory_time.random_ratios(count, 100)
    report(f"theorem A (iii) {by_noise:.2g}, theorem B {by_stability:.2g}")
    assert by_noise <= 1
    assert by_stability <= 1


@pytest.mark.parametrize("count", COUNTS)
def test_symbols(count: int) -> None:
    rng = np.random.default_rng(101)
    ratio = symbol.largest_ratio(random_methods(rng, count))
    inside = max(polygon.largest_ratio(M, 10 * count) for M in range(6))
    report(f"symbol {ratio:.3g}, polygon {inside:.4g}")
    assert ratio <= 1
    assert inside <= 1 + 1e-12


@pytest.mark.parametrize("count", COUNTS)
def test_signals_and_coefficients(count: int) -> None:
    rng = np.random.default_rng(102)
    drawn = [(method, noise_sum(method, 2)) for method in random_methods(rng, count)]
    moved = 1 - signal.least_left(drawn, 2)
    single, sums = np.max([spijker.ratios(method) for method, _ in drawn], axis=0)
    report(f"1 - a_t {moved:.2g}, coefficients {single:.3g}, partial sums {sums:.3g}")
    assert moved <= 0.5
    assert single <= 1 + 1e-6
    assert sums <= 1 + 1e-6


@pytest.mark.parametrize("count", COUNTS)
def test_polygons(count: int) -> None:
    """F2, and the polygon under its power, at random points of the circle and at 1."""
    rng = np.random.default_rng(103)
    first = height = 0.0
    for method in random_methods(rng, count, (1, 2, 3, 4)):
        nu, M = float(rng.choice([1.5, 2.0, 3.0])), method.memory
        total = noise_sum(method, nu)
        for x0 in (1.0, np.exp(2j * np.pi * rng.random())):
            poles, zeros, factor = _roots(method, x0)
            s = np.geomspace(1e-8, 1, 200)
            found = _polygon(s, poles, zeros, factor)
            first = max(first, found[-1] / (6 ** (M + 1) * (3 + total)))
            theta = 1 + rate_exponent(nu, M)
            height = max(height, float((found * s**theta).max()) / (1 + total) ** nu)
    report(f"F2 {first:.2g}, the polygon times s^theta over (1 + C)^nu {height:.2g}")
    assert first <= 1
    assert height <= 1  # the theorem has a large constant here


@pytest.mark.slow
def test_long_stretches() -> None:
    """Theorem C's bound on stretches with n = 2, for methods which have them."""
    worst = 0.0
    for nu in (1.5, 2.0, 3.0):
        for fast in fast_methods(nu, (1, 2, 3), (1e6, 1e15)):
            M = fast.memory
            E = 9.2 * (4 * M + 2) * (2 ** (nu / 2 + 1) + 2) + math.pi * 2 ** (nu / 2)
            p, z = fast.roots.poles[0], fast.roots.zeros[0]
            ends = np.sort(np.concatenate([p, z]))
            for delta, end in pairwise(ends):
                n = 1 + (p < end).sum() - (z < end).sum()
                if n == 2 and end >= 100 * delta:
                    middle = math.sqrt(delta * end)
                    y = fast.gain / middle * np.prod(np.maximum(middle, z) / np.maximum(middle, p))
                    worst = max(worst, end * y ** (1 / nu) / (2200 * E * fast.noise_sum))
    report(f"stretches with n = 2: {worst:.2g}")
    assert 0 < worst <= 1


def _roots(method: Algorithm, x0: complex) -> tuple[Array, Array, float]:
    """Return roots of P and Q relative to a point of the circle, and Q's first coefficient."""
    _, P, Q, _ = method.polynomials
    poles, zeros = (np.roots(np.array(part[::-1], float)) for part in (P, Q))
    leading = next(abs(float(x)) for x in reversed(Q) if x)
    return poles / x0 - 1, zeros / x0 - 1, leading


def _polygon(s: Array, poles: Array, zeros: Array, factor: float) -> Array:
    above = np.prod(np.maximum(s[:, None], abs(zeros)), axis=1)
    found: Array = factor * above / np.prod(np.maximum(s[:, None], abs(poles)), axis=1)
    return found
