"""Verdicts on noise that was fitted to data: undecided where the fit leaves them open."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from sgdmem import (
    Noise,
    Problem,
    Spectrum,
    heavy_ball,
    largest_learning_rate,
    phase_diagram,
    sgd,
    stability,
    torch_sgd,
)
from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.problems.noise_estimate import NoiseEstimate
from tests.draws import heavy_tailed


def fitted(X: np.ndarray) -> Problem:
    return Problem.from_data(X, noise=Noise.fit(X))


def test_decided_where_the_fit_is_good(rng: np.random.Generator) -> None:
    problem = fitted(rng.normal(size=(5000, 10)))
    rate = float(largest_learning_rate("sgd", problem, 4))
    verdicts = {factor: stability(sgd(factor * rate), problem, 4) for factor in (0.8, 1, 1.2)}
    assert [verdict.stable for verdict in verdicts.values()] == [True, None, False]
    for verdict in verdicts.values():
        low, high = verdict.noise_sum_interval
        assert low < verdict.noise_sum < high < 1.2 * low
        assert verdict.is_estimated and str(verdict).startswith("estimated ")
        assert "with the errors and the misfit of the fit" in str(verdict)
    near = verdicts[1]
    assert near.reason is Reason.UNDECIDED_FIT
    assert near.reason_of_model is not Reason.UNDECIDED_FIT
    assert "could turn the verdict (the noise sum lies between 0.9" in near.explanation
    assert json.loads(json.dumps(near.to_dict()))["reason"] == "undecided_fit"
    quiet = stability(sgd(rate), problem)
    assert quiet.stable and not quiet.is_estimated


def test_samples_of_their_own_are_not_contradicted(rng: np.random.Generator) -> None:
    """The model alone is wrong on some of these data; with its errors and its misfit on none."""
    told, wrong = Counter[object](), 0
    for _ in range(40):
        X = heavy_tailed(rng)
        drawn, model = Problem.from_data(X), fitted(X)
        rate = float(largest_learning_rate("sgd", drawn, 4)) * rng.choice([0.3, 0.6, 0.9, 1.1, 1.5])
        truth, found = stability(sgd(rate), drawn, 4).stable, stability(sgd(rate), model, 4)
        assert found.stable in (truth, None)
        told[found.stable] += 1
        wrong += found.reason_of_model.stable is not truth
    assert wrong > 1 and min(told[True], told[None]) > 3


def test_one_row_that_no_model_sees() -> None:
    problem = fitted(np.array([[1.0, 0]] * 99 + [[0, 5.0]]))
    for rate in (0.05, 0.07, 0.09, 0.2):  # 2/25 is the limit
        verdict = stability(sgd(rate), problem, 1)
        assert verdict.stable is None and verdict.noise_sum == 0
        assert verdict.reason_of_model is Reason.STABLE


def test_misfit_is_a_factor_on_moments() -> None:
    """A feature of kurtosis K bears the rate 2 / (1 + (K - 1) / B): K = 3, times or over 1.6."""
    estimate = NoiseEstimate(1.0, 0.0, -1.0, 0.0, misfit=0.375, samples=100, modes=1)
    problem = Problem(Spectrum([1]), Noise(1.0, -1.0, estimate=estimate))
    upper = NoiseEstimate(1.0, 0.0, -1.0, 0.0, misfit=0.6, samples=100, modes=1)
    other = Problem(Spectrum([1]), Noise(1.0, -1.0, estimate=upper))
    least, most = 2 / (1 + 3.8 / 3), 2 / (1 + (3 / 1.6 - 1) / 3)
    found = [stability(sgd(factor * least), problem, 3).stable for factor in (0.99, 1.01)]
    found += [stability(sgd(factor * most), other, 3).stable for factor in (0.99, 1.01)]
    assert found == [True, None, None, False]


def test_decided_is_still_estimated(rng: np.random.Generator) -> None:
    """Rows along a diagonal of the modes: their moments fit well, and the verdict is wrong."""
    direction = np.ones(8) / 8**0.5
    Z = rng.normal(size=(4000, 8))
    Z -= np.outer(Z @ direction, direction)
    Z[::20] = 20**0.5 * direction
    X = Z @ np.linalg.inv(np.linalg.cholesky(Z.T @ Z / len(Z))).T * np.linspace(1, 2, 8) ** 0.5
    model = fitted(X)
    assert isinstance(model.noise.estimate, NoiseEstimate) and model.noise.estimate.misfit < 0.05
    rate = 1.3 * float(largest_learning_rate("sgd", X, 1))
    found = stability(sgd(rate), model, 1)
    assert found.stable and found.is_estimated and not stability(sgd(rate), X, 1).stable


def test_maps_are_of_the_model(rng: np.random.Generator) -> None:
    problem = fitted(heavy_tailed(rng))
    rates = np.geomspace(0.001, 3, 12)
    x, y = ("learning_rate", rates), ("momentum", [0, 0.5])
    found = phase_diagram("heavy-ball", problem, 4, x=x, y=y, quantities=["reason"])
    for place, rate in enumerate(rates):
        verdict = stability(heavy_ball(rate, 0.5), problem, 4)
        assert found.stable.values[1, place] == verdict.reason_of_model.flag


@pytest.mark.parametrize("batch_size", [1, 8])
def test_measured_coupling(batch_size: int, rng: np.random.Generator) -> None:
    X = heavy_tailed(rng)
    drawn, coupled = Problem.from_data(X), Problem.from_data(X, noise=Noise.fit_coupling(X))
    assert coupled.noise.coupling is not None
    method = sgd(0.5 * float(largest_learning_rate("sgd", drawn, batch_size)))
    exact, found = (stability(method, problem, batch_size) for problem in (drawn, coupled))
    assert found.stable and found.critical_batch_size < exact.critical_batch_size
    assert 1 < found.critical_scale / exact.critical_scale < 3
    assert found.is_estimated and "the coupling of" in str(found)
    assert found.to_dict()["problem"]["estimate"] == {"samples": len(X), "modes": X.shape[1]}
    assert not stability(method, Problem(coupled.spectrum, Noise.coupled(2)), 1).is_estimated


@pytest.mark.parametrize("seed", range(6))
def test_modes_left_out_of_a_sample_that_dominates_many(seed: int) -> None:
    """A nearly flat spectrum, whose directions of modes cut one heavy sample in pieces."""
    rng = np.random.default_rng(seed)
    d, kept, light = 12, 6 + seed, 600
    rows, heavy = rng.normal(size=(light, d)), rng.normal(size=d)
    heavy /= np.linalg.norm(heavy)
    rows = rows @ np.linalg.cholesky(np.linalg.inv(rows.T @ rows / (light + 1)))
    rows -= 0.9 * np.outer(rows @ heavy, heavy)
    X = np.vstack([rows, np.sqrt((light + 1) * 0.99) * heavy]) * np.linspace(1, 0.9, d)
    axes = np.linalg.eigh(X.T @ X)[1][:, ::-1][:, :kept]
    samples = Problem.from_data((X @ axes)[:, None, :]).samples
    assert samples is not None
    squares, inside = (X**2).sum(axis=1), ((X @ axes) ** 2).sum(axis=1)
    part = replace(
        samples,
        trace_share=inside.sum() / squares.sum(),
        left_out=float((squares - inside).max()),
    )
    problem = Problem(Spectrum(samples.eigenvalues), Noise(samples=part))
    method = sgd(0.05) if seed % 2 else torch_sgd(0.02, 0.8)
    low, high = stability(method, problem, 30).noise_sum_interval
    whole = stability(method, Problem.from_data(X), 30).noise_sum
    assert low <= whole <= high < 3 * whole
