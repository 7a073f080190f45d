"""Inequalities of the proofs on schedules, on thousands of random parameters and all states."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest

from sgdmem.numeric.acceleration.real_root_algorithms import root_exponents
from sgdmem.numeric.theorems.larger_memory.construction.interlacing import (
    EVERY,
    Interlacing,
    fast_method,
)
from sgdmem.numeric.theorems.larger_memory.schedules import (
    energy_inequalities,
    quadratic_variation,
)
from tests.figures import counts, report


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", energy_inequalities.SHARES)
def test_energy_inequalities_at_thousands_of_points(name: str) -> None:
    rng = np.random.default_rng(1)
    share = energy_inequalities.claim(name)
    assert all(energy_inequalities.holds(name, share, rng) for _ in range(2000))


def test_definiteness() -> None:
    from fractions import Fraction

    def semidefinite(*rows: list[int]) -> bool:
        return energy_inequalities.semidefinite([[*map(Fraction, row)] for row in rows])

    assert semidefinite([2, 2], [2, 2]) and semidefinite([0, 0], [0, 3])
    assert semidefinite([0, 0], [0, 0])
    assert not semidefinite([2, 2], [2, 1])
    assert not semidefinite([0, 1], [1, 3])
    assert not semidefinite([3, 0], [0, -1])


def test_parameters_of_the_methods_of_schedules() -> None:
    # Lemma 2 and, in what depends on T, Lemma 11; theorem D's second choice is (1)
    T = np.geomspace(1, 1e14, 300)
    for nu, memory, rho in product((1.2, 2.0, 4.0), (1, 2, 3, 5), (0.5, 0.1)):
        powers = [T**e for e in root_exponents(nu, memory)]
        method = fast_method(powers, rho, 0.3, EVERY)
        parts, first = method.partial_fractions, method.zeros[0]
        delta, F, g = np.array(parts.dampings), parts.pull, parts.g
        most = parts.alpha * first / (1 + first / 2)  # alpha z_1'
        for i, residue in enumerate(parts.residues):
            assert (residue >= 0.52 * 0.48 ** (memory - 1 - i) * rho**i * most).all()
            assert (residue <= (1.39 * rho) ** i * most * (1 + 1e-9)).all()
        beta = np.sqrt(parts.squares)
        assert (2.4 * (1.05 / rho) ** (memory - 1) * beta**2 >= F).all()
        assert (beta[-1] ** 2 >= 1.08 * g * delta[-1]).all()
        assert (delta[0] <= 0.5).all() and all((b <= a / 4).all() for a, b in pairwise(delta))
        for moved, most in ((beta, 2.1 * memory), (delta, 1.0), (g, 1.0)):
            slopes = np.diff(np.log(moved)) / np.diff(np.log(T))
            assert abs(slopes).max() <= most + 1e-9
        ladder = np.array([F / g, *delta])
        noise = (ladder[:-1] * (F / (ladder[1:] * ladder[:-1])) ** (1 / nu)).sum(axis=0)
        assert noise.max() <= 1.8 * noise.min()


@pytest.mark.parametrize("draws", counts(400, 8000))
def test_quadratic_variation_of_the_worst_state(draws: int) -> None:
    methods, largest = 0, np.zeros(2)
    for memory, R in quadratic_variation.KINDS:
        rng = np.random.default_rng(100 + memory)
        found = quadratic_variation.worst_ratios(rng, memory, R, draws, 2500)
        methods += found[0].size
        largest = np.maximum(largest, [ratios.max() for ratios in found])
        assert found[0].max() > 0.3  # the bound is not far
    report(f"{methods} methods: variation {largest[0]:.3f}, energy {5 * largest[1]:.2f}")
    assert (largest <= 1).all()


@pytest.mark.slow
@pytest.mark.parametrize(("zero", "bounded"), [(0.98, True), (1.3, True), (1.5, False)])
def test_how_far_modes_rise_in_a_block(zero: float, bounded: bool) -> None:
    rng = np.random.default_rng(0)
    assert (largest_signal(zero, 4000, rng) <= 1 + 1e-12) == bounded


def largest_signal(zero: float, draws: int, rng: np.random.Generator) -> float:
    """Return the largest |w| after w = 1 over random interlacing methods with a first zero."""
    found = 0.0
    for memory in (1, 2, 3):
        falls = rng.uniform(0, 1, (2 * memory, draws)) ** rng.choice([1, 8], (2 * memory, draws))
        roots = zero * np.concatenate([np.ones((1, draws)), falls[1:] * (1 - 1e-3)]).cumprod(axis=0)
        gain = rng.choice([1.0, 0.9, 0.82, 0.6], draws)
        alpha, f, dampings = Interlacing((*roots[1::2],), (*roots[::2],), gain).partial_fractions
        w, kept = np.ones(draws), np.zeros((memory, draws))
        for _ in range(300):
            after = w - alpha * w + kept.sum(axis=0)
            kept = (1 - np.array(dampings)) * kept - np.array(f) * w
            w = after
            found = max(found, float(np.abs(w).max()))
    return found
