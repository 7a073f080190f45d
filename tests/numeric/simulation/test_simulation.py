"""Simulated runs against the exact dynamics and literal batches."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import ks_2samp

from sgdmem import Noise, Problem, Spectrum, aggmo, heavy_ball, losses, nesterov, sgd
from sgdmem.methods import schedule
from sgdmem.numeric.schedules.schedule import read_schedule
from sgdmem.numeric.simulation import batches
from sgdmem.numeric.simulation.monte_carlo import simulate
from tests.numeric.simulation.gaussian_gradients import gaussian_gradients

Array = np.ndarray[Any, np.dtype[Any]]
DECAYING = schedule(
    "heavy-ball",
    learning_rate=lambda t: 0.1 / np.sqrt(1 + t / 10),
    momentum=lambda t: 1 - 1 / (t + 2) ** 0.5,
)
METHODS = {
    "sgd": sgd("0.2"),
    "heavy_ball": heavy_ball("0.05", "0.7"),
    "nesterov": nesterov("0.05", "0.7"),
    "aggmo": aggmo("0.05", ["0", "0.5", "0.8"]),
    "schedule": DECAYING,
}
GAUSSIAN = Noise(tau1=1, tau2=-1)
FEW = Problem(Spectrum([1, 0.5, 0.1], weights=[1, 2, 1]), GAUSSIAN, [1, 0.5, 2])
MANY = Problem.power_law(1.5, 0.7, count=30, noise=GAUSSIAN)
TIMES = [1, 2, 5, 10, 20, 50, 100]


def largest(scores: Array) -> float:
    return float(np.abs(scores).max())


# The law of a gradient ---------------------------------------------------------------------------


def with_target(X: Array, squares: Any) -> Problem:
    """Return the problem of rows with a target of one's own."""
    return replace(Problem.from_data(X), target=squares)


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_gradients_are_distributed_as_those_of_rows(batch: int, rng: np.random.Generator) -> None:
    lam, y, draws = np.array([2.0, 1.0, 0.3, 0.1]), np.array([1.0, -0.5, 2.0, 0.1]), 12_000
    made = gaussian_gradients(lam, y, batch, 0.0, draws, rng)
    X = rng.normal(size=(draws, batch, 4))
    sampled = lam * np.einsum("sbi,sbj,j->si", X, X, y) / batch
    # of whitened coordinates: the SE form with tau1 = 1, tau2 = -1
    covariance = np.outer(lam, lam) * (y @ y * np.eye(4) + np.outer(y, y)) / batch
    for gradients in (made, sampled):
        assert_mean(gradients, lam * y)
        centred = gradients - lam * y
        assert_mean(centred[:, :, None] * centred[:, None, :], covariance)
    for direction in np.vstack([np.eye(4), y / lam, rng.normal(size=(3, 4))]):
        assert ks_2samp(made @ direction, sampled @ direction).pvalue > 1e-4


def assert_mean(draws: Array, expected: Array) -> None:
    error = draws.std(axis=0, ddof=1) / math.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - expected) < 4.5 * error).all()


# Mean losses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seeds", [1500, pytest.param(10_000, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("batch", [1, 16])
@pytest.mark.parametrize("name", METHODS)
def test_mean_losses_are_the_exact_ones(name: str, batch: int, seeds: int) -> None:
    for problem in (FEW, MANY):
        question = METHODS[name], problem, batch, TIMES[-1]
        simulated = simulate(*question, seeds=seeds, record=TIMES)
        assert largest(simulated.z_scores(losses(*question))) < 4.5
        assert (simulated.standard_error < 0.1 * simulated.mean).all()


@pytest.mark.parametrize("name", METHODS)
def test_another_noise_is_noticed(name: str) -> None:
    simulated = simulate(METHODS[name], FEW, 1, TIMES[-1], seeds=1500, record=TIMES)
    expected = losses(METHODS[name], replace(FEW, noise=Noise(tau2=1)), 1, TIMES[-1])
    assert largest(simulated.z_scores(expected)) > 10


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", METHODS)
def test_rows_of_data_against_exact_second_moments(
    name: str, batch: int, rng: np.random.Generator
) -> None:
    X = rng.normal(size=(7, 3)) * [1, 0.7, 0.3] + 0.2
    start = np.array([1.0, -2.0, 0.5])
    found = simulate(METHODS[name], X, batch, 40, start=start, seeds=1500)
    exact = losses_on_rows(METHODS[name], X, np.outer(start, start), 40, batch)
    assert largest(found.z_scores(exact)[1:]) < 4.5
    squares = np.array([0.5, 2.0, 3.0])
    axes = np.linalg.eigh(X.T @ X)[1][:, ::-1]
    problem = with_target(X, squares)
    found = simulate(METHODS[name], problem, batch, 40, seeds=1500)
    exact = losses_on_rows(METHODS[name], X, axes * squares @ axes.T, 40, batch)
    assert largest(found.z_scores(exact)[1:]) < 4.5


@pytest.mark.parametrize("batch", [21, 22, 10**3])
def test_rows_drawn_one_by_one_and_as_counts(batch: int, rng: np.random.Generator) -> None:
    """Up to three times as many samples as rows are drawn one by one, more as counts."""
    X, start = rng.normal(size=(7, 3)) * [1, 0.7, 0.3] + 0.2, np.array([1.0, -2.0, 0.5])
    question = METHODS["nesterov"], X, batch, 40
    found = simulate(*question, start=start, seeds=3000)
    exact = losses_on_rows(METHODS["nesterov"], X, np.outer(start, start), 40, batch)
    assert largest(found.z_scores(exact)[1:]) < 4.5


def test_both_ways_to_draw_rows_agree(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, start = rng.normal(size=(5, 3)), np.array([1.0, -2.0, 0.5])
    question = METHODS["heavy_ball"], X, 40, 30
    counted = simulate(*question, start=start, seeds=2000)
    monkeypatch.setattr(batches, "COUNTED", 100)
    single = simulate(*question, start=start, seeds=2000, seed=1)
    assert not np.array_equal(counted.mean[1:], single.mean[1:])
    gap = counted.mean - single.mean
    assert largest(gap[1:] / np.hypot(counted.standard_error, single.standard_error)[1:]) < 4.5


def test_huge_batches_of_rows_cost_no_more(rng: np.random.Generator) -> None:
    problem = with_target(rng.normal(size=(50, 4)), [1, 1, 1, 1])
    for batch in (10**9, 10**15):
        found = simulate(METHODS["sgd"], problem, batch, 20, seeds=4)
        expected = losses(METHODS["sgd"], problem, math.inf, 20)
        assert found.mean == pytest.approx(expected, rel=20 * batch**-0.5)
        assert (found.losses[:, 1:].std(axis=0) > 0).all()


def losses_on_rows(method: Any, X: Array, moments: Array, steps: int, batch: int) -> Array:
    """Return mean losses by stepping E[zz^T], z = (w - w*, u), with the true fourth moments."""
    d, H, chosen = X.shape[1], X.T @ X / len(X), read_schedule(method)
    entries, eye = chosen.steps(0, steps), np.eye(X.shape[1])
    C = np.zeros(((chosen.memory + 1) * d,) * 2)
    C[:d, :d] = moments
    found = [np.trace(H @ C[:d, :d]) / 2]
    for t in range(steps):
        v = np.append(-entries.alpha[t], entries.c[t])[:, None]
        r = np.append(1.0, entries.a[t])[None, :]
        S0 = np.block(
            [[np.ones((1, 1)), entries.b[t][None]], [np.zeros((len(v) - 1, 1)), entries.D[t]]]
        )
        V, R = np.kron(v, eye), np.kron(r, eye)
        S, Y = np.kron(S0, eye) + V @ H @ R, R @ C @ R.T
        fourth = np.einsum("ni,nj,nk,nl,kl->ij", X, X, X, X, Y, optimize=True) / len(X)
        C = S @ C @ S.T + V @ (fourth - H @ Y @ H) @ V.T / batch
        found.append(np.trace(H @ C[:d, :d]) / 2)
    return np.array(found)


SCALES = np.array([1.0, 0.7, 0.3])


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (np.array([*itertools.product([1, -1], repeat=3)]) * SCALES, (1, 1)),  # signs
        (np.diag(SCALES)[::-1] * math.sqrt(3), (0, -2)),  # one coordinate at a time
    ],
)
def test_rows_for_which_the_approximation_is_exact(X: Array, expected: tuple[int, int]) -> None:
    problem = with_target(X, [1, 0.5, 2])
    simulated = simulate(METHODS["heavy_ball"], problem, 2, 60, seeds=1500)
    estimated = losses(METHODS["heavy_ball"], replace(problem, noise=Noise.fit(X)), 2, 60)
    given = losses(METHODS["heavy_ball"], replace(problem, noise=Noise(*expected)), 2, 60)
    assert estimated == pytest.approx(given, rel=1e-12)
    assert largest(simulated.z_scores(given)[1:]) < 4.5
