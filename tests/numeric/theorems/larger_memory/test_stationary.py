"""Bounds for stationary methods on thousands of random ones, at random places."""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from sgdmem.numeric.acceleration.real_root_algorithms import rate_exponent
from sgdmem.numeric.theorems.instances import Array
from sgdmem.numeric.theorems.larger_memory.construction.one_eigenvalue import noise_summands
from sgdmem.numeric.theorems.larger_memory.stationary import (
    memory_time,
    polygon,
    signal,
    spijker,
    symbol,
)
from sgdmem.numeric.theorems.larger_memory.stationary.methods import (
    NOISE_SUM,
    clustered_methods,
    fast_methods,
    law_noise_sum,
    random_methods,
    symbol_at,
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
def test_symbols_by_noise(count: int) -> None:
    """Theorem A (i), with the mean over the circle on a logarithmic scale from 1, and (ii)."""
    rng = np.random.default_rng(104)
    omega = np.geomspace(1e-12, np.pi, 3000)
    means, outside = 0.0, 0.0
    for method in random_methods(rng, count):
        nu = float(rng.choice([1.3, 2.0, 3.0]))
        N = 1 + 8 * law_noise_sum(method, nu)
        powers = abs(symbol_at(method, np.exp(1j * omega))) ** (1 / nu)
        means = max(means, float(np.trapezoid(powers, omega)) / np.pi / N)
        bound = partial(bound_outside, N, nu)
        outside = max(outside, symbol.largest_ratio([method], bound))
    report(f"theorem A (i) {means:.2g}, (ii) {outside:.2g}")
    assert means <= 1
    assert outside <= 1


def bound_outside(N: float, nu: float, modulus: Array) -> Array:
    found: Array = (N * (modulus + 1) / (modulus - 1)) ** nu
    return found


@pytest.mark.parametrize("count", COUNTS)
def test_signals_and_coefficients(count: int) -> None:
    rng = np.random.default_rng(102)
    drawn = [(method, law_noise_sum(method, 2)) for method in random_methods(rng, count)]
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
        total = law_noise_sum(method, nu)
        for x0 in (1.0, np.exp(2j * np.pi * rng.random())):
            poles, zeros, factor = _roots(method, x0)
            s = np.geomspace(1e-8, 1, 200)
            found = factor * polygon.polygon(s, poles, zeros)
            first = max(first, found[-1] / (6 ** (M + 1) * (3 + total)))
            theta = 1 + rate_exponent(nu, M)
            height = max(height, float((found * s**theta).max()) / (1 + total) ** nu)
    report(f"F2 {first:.2g}, the polygon times s^theta over (1 + C)^nu {height:.2g}")
    assert first <= 1
    assert height <= 1  # the theorem has a large constant here


@pytest.mark.parametrize("count", COUNTS)
def test_stretches_of_any_roots(count: int) -> None:
    """Where the polygon falls over two decades: with n = 2 the plateau, with n >= 3 it is low."""
    rng = np.random.default_rng(105)
    found = {n: [0.0] for n in range(-4, 6)}
    for method in clustered_methods(rng, count):
        nu = float(rng.choice([1.5, 2.0, 3.0]))
        total = law_noise_sum(method, nu)
        for x0 in (1.0, np.exp(1j * np.exp(rng.uniform(-12, 1)))):
            poles, zeros, factor = _roots(method, x0)
            moduli = np.sort(abs(np.concatenate([poles, zeros])))
            ends = [*moduli[(moduli > 1e-9) & (moduli < 1)], 1.0]
            for delta, end in pairwise(ends):
                if end < 100 * delta:
                    continue
                middle = math.sqrt(delta * end)
                n = int((abs(poles) < middle).sum() - (abs(zeros) < middle).sum())
                start, y = factor * polygon.polygon(np.array([delta, middle]), poles, zeros)
                plateau = end * y ** (1 / nu) / (2200 * _spread(nu, method.memory) * total)
                found[n].append(plateau if n == 2 else start)
    steep = [x for n in (3, 4, 5) for x in found[n][1:]]
    report(f"{len(found[2]) - 1} with n = 2: {max(found[2]):.2g}")
    report(f"{len(steep)} with n >= 3: polygon {max(steep):.3g}")
    assert 0 < max(found[2]) <= 1
    assert max(steep) <= 30


@pytest.mark.slow
def test_long_stretches() -> None:
    """Theorem C's bounds on stretches with n = 2, for methods which have them."""
    worst, least = 0.0, np.inf
    for nu in (1.5, 2.0, 3.0):
        for fast in fast_methods(nu, (1, 2, 3), (1e6, 1e15)):
            E = _spread(nu, len(fast.poles))
            p, z = np.array(fast.poles), np.array(fast.zeros)
            ends = np.sort(np.concatenate([p, z]))
            for delta, end in pairwise(ends):
                n = 1 + (p < end).sum() - (z < end).sum()
                if n == 2 and end >= 100 * delta:
                    (y,) = fast.modulus(np.sqrt([delta * end]))
                    worst = max(worst, end * y ** (1 / nu) / (2200 * E * NOISE_SUM))
                    k = np.ceil(np.geomspace(0.5, 1, 5) * y ** (1 / nu))
                    noise = noise_summands(fast, k[k**nu <= y] ** -nu)
                    least = min(least, noise.min(initial=np.inf) * 550 * E / end)
    report(f"stretches with n = 2: {worst:.2g}, noise of eigenvalues {least:.3g}")
    assert 0 < worst <= 1
    assert 1 <= least < np.inf


def _spread(nu: float, M: int) -> float:
    """Return E of theorem C."""
    return 9.2 * (4 * M + 2) * (2 ** (nu / 2 + 1) + 2) + math.pi * 2 ** (nu / 2)


def _roots(method: Algorithm, x0: complex) -> tuple[Array, Array, float]:
    """Return roots of P and Q relative to a point of the circle, and Q's first coefficient."""
    _, P, Q, _ = method.polynomials
    poles, zeros = (np.roots(np.array(part[::-1], float)) for part in (P, Q))
    leading = next(abs(float(x)) for x in reversed(Q) if x)
    return poles / x0 - 1, zeros / x0 - 1, leading
