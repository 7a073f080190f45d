"""Inequalities of the proofs on schedules, on thousands of random parameters and all states."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

from sgdmem.numeric.theorems.larger_memory import block_facts, energy_inequalities
from sgdmem.numeric.theorems.larger_memory.interlacing import EVERY, exponents, fast_method

Array = np.ndarray[Any, Any]


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
        powers = [T**e for e in exponents(nu - 1, memory)]
        poles, zeros, gain = fast_method(powers, rho, 0.3, EVERY)
        parts: Any = block_facts.residues  # of arrays, too
        alpha, f, dampings = parts([*poles], [*zeros], gain)
        delta = np.array(dampings)
        beta = np.sqrt(np.array(f) / (1 - delta))
        F = (beta**2).sum(axis=0)
        g = alpha - F
        assert (2.4 * (1.05 / rho) ** (memory - 1) * beta**2 >= F).all()
        assert (beta[-1] ** 2 >= 1.08 * g * delta[-1]).all()
        assert (delta[0] <= 0.5).all() and all((b <= a / 4).all() for a, b in pairwise(delta))
        for moved, most in ((beta, 2.1 * memory), (delta, 1.0), (g, 1.0)):
            slopes = np.diff(np.log(moved)) / np.diff(np.log(T))
            assert abs(slopes).max() <= most + 1e-9
        ladder = np.array([F / g, *delta])
        noise = (ladder[:-1] * (F / (ladder[1:] * ladder[:-1])) ** (1 / nu)).sum(axis=0)
        assert noise.max() <= 1.8 * noise.min()


@pytest.mark.slow
@pytest.mark.parametrize("memory", [1, 2, 3, 4])
@pytest.mark.parametrize("most", [2.0, 10.0])
def test_quadratic_variation_of_the_worst_state(memory: int, most: float) -> None:
    variation, energy = worst_ratios(memory, most, 1500, np.random.default_rng(memory))
    assert 0.02 < variation.max() < 1  # Lemma 9, with K = 1 where the proof has none
    assert energy.max() < 4


def worst_ratios(
    memory: int, R: float, draws: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return sums of (W' - W)^2 over B H_0, and of H over H_0 / delta_M, for the worst states.

    Rates move as (A) admits: beta slowly, within a factor 2, and g and delta by jumps.
    """
    delta = np.sort(10 ** rng.uniform(-2.7, np.log10(0.35), (draws, memory)))[:, ::-1]
    g = 10 ** rng.uniform(-2, np.log10(0.35), draws)
    beta = rng.uniform(1 / R, 1, (draws, memory))
    F = g * 10 ** rng.uniform(-2, np.log10(0.12), draws)
    least = np.sqrt(g * delta[:, -1]) * 1.5  # of beta_M
    beta *= np.sqrt(F / (beta**2).sum(axis=1))[:, None]
    fits = beta[:, -1] >= least
    delta, g, beta = delta[fits], g[fits], beta[fits]
    assert fits.sum() > 50
    F = (beta**2).sum(axis=1)
    lam = 10 ** rng.uniform(-6, 0, len(g))
    size, b = len(g), np.sqrt(lam)[:, None] * beta
    state = np.broadcast_to(np.eye(memory + 1), (size, memory + 1, memory + 1)).copy()
    drift = rng.choice([-1.0, 1.0], (size, memory)) * delta[:, -1:] / 16
    variation, sums = np.zeros_like(state), np.zeros_like(state)
    moved, form = b.copy(), hamiltonian(b)
    for n in range(2500):
        if n % 50 == 0:
            jumps = 2 ** rng.uniform(-0.5, 0.5, (size, memory + 1))
        sums += state.swapaxes(1, 2) @ hamiltonian(moved) @ state
        W, hat = state[:, :1], state[:, 1:]
        change = lam[:, None, None] * (g * jumps[:, 0])[:, None, None] * W + moved[:, None] @ hat
        variation += change.swapaxes(1, 2) * change
        W = W - change
        turned = (moved > 1.4 * b) | (moved < b / 1.4)
        drift = np.where(turned, np.where(moved > b, -1, 1) * np.abs(drift), drift)
        moved = moved * (1 + drift)
        damped = np.clip(delta * jumps[:, 1:], None, 0.5)[:, :, None]
        hat = (1 - damped) * hat + moved[:, :, None] * W
        state = np.concatenate([W, hat], axis=1)
    ladder = np.concatenate([(F / g)[:, None], delta[:, :-1]], axis=1)
    bound = lam * g + np.minimum(lam[:, None] * F[:, None] / delta, ladder).sum(axis=1)
    fast = np.sqrt(lam * F) >= delta[:, -1]
    return largest(variation, form) / bound, (largest(sums, form) * delta[:, -1])[fast]


def hamiltonian(b: Array) -> Array:
    """Return the diagonal matrices of (1 - f) W^2 + |v|^2."""
    form = np.broadcast_to(np.eye(b.shape[1] + 1), (len(b), b.shape[1] + 1, b.shape[1] + 1)).copy()
    form[:, 0, 0] -= (b**2).sum(axis=1)
    return form


def largest(sums: Array, form: Array) -> Array:
    """Return the largest ratio of two quadratic forms, of which the second is diagonal."""
    scale = 1 / np.sqrt(np.diagonal(form, axis1=1, axis2=2))
    found: Array = np.linalg.eigvalsh(scale[:, :, None] * sums * scale[:, None])[:, -1]
    return found


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
        parts: Any = block_facts.residues  # of arrays, too
        alpha, f, dampings = parts([*roots[1::2]], [*roots[::2]], gain)
        w, kept = np.ones(draws), np.zeros((memory, draws))
        for _ in range(300):
            after = w - alpha * w + kept.sum(axis=0)
            kept = (1 - np.array(dampings)) * kept - np.array(f) * w
            w = after
            found = max(found, float(np.abs(w).max()))
    return found
