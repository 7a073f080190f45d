"""Noise of the labels in mean losses: recursion, measures, propagators, simulation, long times."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sgdmem import (
    Noise,
    Problem,
    Spectrum,
    heavy_ball,
    loss_asymptotics,
    losses,
    nesterov,
    sgd,
    simulate,
)
from sgdmem.methods import compare_methods, propagators, schedule
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from tests import draws, naive
from tests.numeric.simulation.gaussian_gradients import gaussian_gradients

FALLING = schedule(
    "heavy-ball", learning_rate=lambda t: 0.5 / (t + 2), momentum=lambda t: 1 - 1 / (t + 2)
)
METHODS = {
    "sgd": sgd("0.2"),
    "heavy ball": heavy_ball("0.1", "0.5"),
    "nesterov": nesterov("0.1", "0.8"),
    "schedule": FALLING,
}


def test_losses_are_those_of_literal_moments(rng: np.random.Generator) -> None:
    for _ in range(30):
        alg = draws.random_algorithm(rng, int(rng.integers(0, 3)))
        lams, c2 = rng.uniform(0.1, 1, 3).tolist(), rng.uniform(0, 2, 3).tolist()
        tau1 = float(rng.choice([0.0, 1.5]))
        tau2 = (tau1 - rng.uniform(0, 2, 3)).tolist()
        noise = Noise(tau1, tau2, label_variance=0.7)
        problem = Problem(Spectrum(lams), noise, target=c2)
        expected = naive.moment_recursion(alg, lams, c2, 12, 3, tau1, tau2, label_variance=0.7)
        np.testing.assert_allclose(losses(Algorithm(*alg), problem, 3, 12), expected, rtol=1e-11)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("tau1", [1, 0])
def test_measures_agree_with_the_recursion(name: str, tau1: int) -> None:
    noise = Noise(tau1, -1, label_variance="0.1")
    problem = Problem.power_law(1.5, zeta=0.7, count=4000, noise=noise)
    question = METHODS[name], problem, 8, 1000
    few, every = (losses(*question, method=method) for method in ("compressed", "recursion"))
    np.testing.assert_allclose(few, every, rtol=1e-12)
    endless = Problem.power_law(1.5, zeta=0.7, noise=noise)
    # eigenvalues that are left out add the tail of their trace
    gap = losses(METHODS[name], endless, 8, 1000) / few - 1
    assert 0 < gap[1:].max() < 0.1


@pytest.mark.parametrize("name", ["sgd", "heavy ball", "nesterov"])
def test_the_volterra_equation(name: str) -> None:
    problem = Problem.power_law(1.5, zeta=0.7, noise=Noise(2, label_variance="0.1"))
    question = METHODS[name], problem, 20, 3000
    found = propagators(*question)
    assert found.label_level == 0.05
    np.testing.assert_allclose(found.losses(), losses(*question), rtol=1e-12)
    alone = Problem.power_law(1.5, zeta=0.7, noise=Noise(0, label_variance="0.1"))
    with pytest.raises(InputError, match="propagators need tau1 > 0 where labels have noise"):
        propagators(METHODS[name], alone, 20, 10)
    assert propagators(METHODS[name], alone, math.inf, 10).label_level == 0


# Simulation --------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 3])
def test_gradients_are_those_of_noisy_labels(batch: int, rng: np.random.Generator) -> None:
    lam, y, label, count = np.array([2.0, 0.5]), np.array([1.0, -0.5]), 0.8, 12_000
    made = gaussian_gradients(lam, y, batch, label, count, rng)
    X, e = rng.normal(size=(count, batch, 2)), label**0.5 * rng.normal(size=(count, batch))
    drawn = lam * np.einsum("sbi,sb->si", X, X @ y - e) / batch
    for power in (1, 2, 3):
        for direction in ([1, 0], [0, 1], [1, 1], [1, -3]):
            a, b = ((x @ direction) ** power for x in (made, drawn))
            error = math.hypot(a.std(), b.std()) / count**0.5
            assert abs(a.mean() - b.mean()) < 4.5 * error


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("batch", [pytest.param(1, marks=pytest.mark.slow), 4])
def test_simulated_runs_agree(name: str, batch: int) -> None:
    noise = Noise(tau1=1, tau2=-1, label_variance="0.5")
    problem = Problem(Spectrum([1, 0.5, 0.1], weights=[1, 2, 1]), noise, [1, 0.5, 2])
    question = METHODS[name], problem, batch, 200
    times = [1, 3, 10, 30, 100, 200]
    runs = simulate(*question, seeds=4000, record=times, threads=1)
    assert np.nanmax(np.abs(runs.z_scores(losses(*question)))) < 4.5
    silent = Problem(problem.spectrum, noise.vary(label_variance=0), problem.target)
    assert np.nanmax(np.abs(runs.z_scores(losses(METHODS[name], silent, batch, 200)))) > 6


# Long times --------------------------------------------------------------------------------------


@pytest.mark.parametrize("tau1", [1, 0])
@pytest.mark.parametrize(("nu", "zeta"), [(2, 0.5), (1.5, 2), (3, 1), (2, 1.5), (1.2, 0.4)])
def test_asymptotics_know_the_floor(nu: float, zeta: float, tau1: int) -> None:
    noise = Noise(tau1, -1, label_variance="0.05")
    problem = Problem.power_law(nu, zeta, noise=noise)
    question = nesterov("0.1", "0.8"), problem, 30
    found, t = loss_asymptotics(*question), np.array([300, 3000, 30_000])
    exact = losses(*question, 30_000)[t]
    assert (np.abs(found.loss(t) - exact) < found.error(t)).all()
    assert (found.error(t)[1:] < [0.05, 2e-3] * exact[1:]).all()
    assert found.loss(1e15) == pytest.approx(found.floor, rel=0.01)
    assert found.leading(found.crossover) == pytest.approx(found.floor, rel=1e-12)


def test_where_the_loss_reaches_the_floor() -> None:
    question = heavy_ball("0.1", "0.9"), Problem.power_law(2, 0.5), 16
    plain = loss_asymptotics(*question)
    assert (plain.floor, plain.crossover) == (0, math.inf)
    noise = Noise(label_variance=1)
    found = loss_asymptotics(question[0], Problem.power_law(2, 0.5, noise=noise), 16)
    assert (found.constant, found.exponent) == (plain.constant, plain.exponent)
    assert f"comes to rest at {found.floor:.6g} above the least one" in str(found)
    reached = losses(question[0], Problem.power_law(2, 0.5, noise=noise), 16, 500)
    assert 1.5 < reached[round(found.crossover)] / found.floor < 2.5


def test_what_has_no_limit_is_refused() -> None:
    problem = Problem.power_law(0.8, 0.5, noise=Noise(0, label_variance=1))
    with pytest.raises(InputError, match="the loss tends to no limit: every mode"):
        loss_asymptotics(sgd("0.5"), problem, 8)
    noisy = Problem.power_law(2, 0.5, noise=Noise(label_variance=1))
    with pytest.raises(InputError, match="losses that come to rest have no exponents"):
        compare_methods(noisy, 8, 1000)
