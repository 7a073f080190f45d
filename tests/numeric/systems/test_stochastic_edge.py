"""The edge of stochastic stability: against the model itself, and long spectra."""

from __future__ import annotations

import math
from itertools import product
from typing import Any, cast

import numpy as np
import pytest

import sgdmem
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.systems.stochastic_edge import (
    GAUSSIAN,
    batch_sharpness,
    isotropic_features,
    one_direction,
    second_moments,
    stochastic_edge,
)
from sgdmem.symbolic.errors import InputError
from tests.draws import batch_gradients

RUNS = 20_000


def next_moments(
    moments: Any, λ: Any, rate: float, momentum: float, batch_size: float
) -> tuple[Any, Any, Any]:
    """Return E w^2, E w v and E v^2 by mode after a step of the heavy ball on Gaussian features."""
    n, x, v = moments
    g2 = (1 + 1 / batch_size) * λ**2 * n + λ * (λ * n).sum() / batch_size
    vv = momentum**2 * v - 2 * momentum * rate * λ * x + rate**2 * g2
    wv = momentum * x - rate * λ * n
    return n + 2 * wv + vv, wv + vv, vv


def scores(eigenvalues: Any, rate: float, momentum: float, batch_size: int, seed: int) -> list[Any]:
    """Run the model itself, and return z-scores of E |w|^2, E |g|^2 and E g^T H_B g."""
    rng = np.random.default_rng(seed)
    d, λ = len(eigenvalues), np.array(eigenvalues)
    w, v = np.ones((RUNS, d)), np.zeros((RUNS, d))
    moments: Any = np.ones(d), np.zeros(d), np.zeros(d)
    for step in range(6):
        X = rng.normal(size=(RUNS, batch_size, d)) * np.sqrt(λ)
        g = batch_gradients(X, w)
        if step < 5:
            moments = next_moments(moments, λ, rate, momentum, batch_size)
            v = momentum * v - rate * g
            w = w + v
    bent = (np.einsum("rbd,rd->rb", X, g) ** 2).mean(axis=1)
    n = moments[0]
    norm = ((1 + 1 / batch_size) * λ**2 * n + λ * λ.sum() / batch_size * n).sum()
    ratio = batch_sharpness(sgdmem.Spectrum(list(λ)), GAUSSIAN.at(batch_size), n)
    pairs = ((w**2).sum(1), n.sum()), ((g**2).sum(1), norm), (bent, ratio * norm)
    return [(x.mean() - mean) / (x.std() / math.sqrt(RUNS)) for x, mean in pairs]


@pytest.mark.slow
def test_moments_of_the_model_itself() -> None:
    """Real runs of 40 random questions, at half of the edge: 120 z-scores.

    Nearer to it means are those of few runs, and their errors say nothing.
    """
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        eigenvalues = np.sort(rng.uniform(0.1, 1, rng.integers(1, 6)))[::-1]
        momentum, batch_size = round(rng.uniform(0, 0.9), 2), int(rng.integers(2, 7))
        problem = sgdmem.Problem(sgdmem.Spectrum(list(eigenvalues)), GAUSSIAN)
        edge = stochastic_edge(sgdmem.heavy_ball("0.1", momentum), problem, batch_size)
        λ = eigenvalues * (edge.sharpness / eigenvalues[0] / 2)
        found += scores(λ, 0.1, momentum, batch_size, seed)
    assert len(found) == 120
    assert (np.abs(found) > 3).sum() <= 1, found
    assert np.abs(found).max() < 4
    assert 0.7 < np.std(found) < 1.3


def test_second_moments_are_those_with_which_the_loss_grows() -> None:
    method = sgdmem.heavy_ball("0.1", "0.5")
    problem = sgdmem.Problem(sgdmem.Spectrum([1, 0.5, 0.1]), GAUSSIAN)
    edge = stochastic_edge(method, problem, 4)
    sharp = problem.spectrum.scaled(edge.sharpness)
    λ = np.array([1, 0.5, 0.1]) * edge.sharpness
    moments: Any = np.ones(3), np.zeros(3), np.zeros(3)
    for _ in range(3000):
        moments = next_moments(moments, λ, 0.1, 0.5, 4)
        scale = moments[0].sum()
        moments = tuple(part / scale for part in moments)
    assert abs(scale - 1) < 1e-9  # neither grows nor dies out
    found = second_moments(method, sharp, problem.noise.at(4))
    order = np.argsort(-sharp.compress().nodes)
    assert found[order] / found.sum() == pytest.approx(moments[0], rel=1e-6)


@pytest.mark.parametrize("method", [sgdmem.nesterov("0.1", "0.9"), sgdmem.qhm(1, "0.9", "0.7")])
@pytest.mark.parametrize("batch_size", [1, 1000, math.inf])
def test_a_law_is_a_long_list(method: Any, batch_size: float) -> None:
    law = sgdmem.Problem.power_law(1.5, noise=GAUSSIAN)
    endless = stochastic_edge(method, law, batch_size)
    count = 10**6
    long = sgdmem.Problem.power_law(1.5, count=count, noise=GAUSSIAN)
    listed = stochastic_edge(method, long, batch_size)
    assert listed.sharpness == pytest.approx(endless.sharpness, rel=2e-3)
    assert listed.batch_sharpness == pytest.approx(endless.batch_sharpness, rel=4e-3)


@pytest.mark.parametrize("u", [0.1, 1, 10])
def test_without_momentum_batch_sharpness_is_above_both_plateaus(u: float) -> None:
    """2 / rate times (1 + 3u + u^2) / (1 + u)^2 with u = d / B: up to a quarter more, at u = 1."""
    d = 10**7
    edge = stochastic_edge(sgdmem.sgd("0.1"), isotropic_features(1, d), d / u)
    assert edge.plateaus.small_batch == edge.plateaus.full_batch == 20
    assert edge.batch_sharpness == pytest.approx(20 * (1 + 3 * u + u * u) / (1 + u) ** 2, rel=1e-6)


def test_the_crossover_is_where_noise_halves_the_edge() -> None:
    problem = sgdmem.Problem(sgdmem.Spectrum([3, 1, 1]), Noise(tau1=2, tau2=0.5))
    method = sgdmem.nesterov("0.1", "0.5")
    full = stochastic_edge(method, problem)
    at = stochastic_edge(method, problem, full.crossover_batch_size)
    assert at.sharpness == pytest.approx(full.sharpness / 2, rel=1e-9)
    assert at.batch_sharpness is None


@pytest.mark.parametrize("rate", ["1e-120", "1e120"])
def test_units_do_not_matter(rate: str) -> None:
    found = [
        stochastic_edge(sgdmem.heavy_ball(x, "0.9"), isotropic_features(1, 9), 100)
        for x in (rate, "1")
    ]
    scaled, usual = (one.batch_sharpness for one in found)
    assert scaled is not None and usual is not None
    assert float(scaled) * float(rate) == pytest.approx(float(usual), rel=1e-9)


def test_beyond_the_edge_a_method_may_be_stable_again() -> None:
    """Of memory 2: stable up to 0.833, and from 0.899 to 1.693, by roots in floats."""
    p, q = ["0.074", "-0.744", "1.67"], ["-0.535", "0.058", "-1.468"]
    method = sgdmem.Algorithm.from_recurrence(p, q)
    edge = stochastic_edge(method, isotropic_features(1, 3))
    assert edge.sharpness == edge.plateaus.full_batch == pytest.approx(0.833, abs=1e-3)
    for sharpness, stable in ((0.83, True), (0.85, False), (1.2, True), (1.7, False)):
        assert sgdmem.stability(method, isotropic_features(sharpness, 3)).stable is stable


@pytest.mark.parametrize("method", [sgdmem.sgd("0.1"), sgdmem.heavy_ball("0.1", "0.9")])
def test_batch_sharpness_of_full_batches_is_the_sharpness(method: Any) -> None:
    """Also where floats hit the pole itself; batches of 10^9 come close to it."""
    for problem in (
        isotropic_features(1, 200),
        sgdmem.Problem(sgdmem.Spectrum([1, 0.9]), GAUSSIAN),
    ):
        edge = stochastic_edge(method, problem)
        assert edge.batch_sharpness == edge.sharpness == pytest.approx(edge.plateaus.full_batch)
        near = stochastic_edge(method, problem, 10**9).batch_sharpness
        assert near == pytest.approx(edge.batch_sharpness, rel=1e-5)


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (lambda: isotropic_features(0, 3), "sharpness must be"),
        (lambda: isotropic_features(1, 0), "dimension must be"),
        (lambda: isotropic_features(10**400, 1), "sharpness must be within"),
        (lambda: stochastic_edge(cast("Any", 3), [1]), "method must be an Algorithm"),
        (lambda: one_direction(-1, 1), "curvature must be"),
        (lambda: one_direction(1, -1), "relative_variance must be from 0"),
        (lambda: stochastic_edge(sgdmem.sgd("-0.1"), isotropic_features(1, 3)), "no edge"),
        (
            lambda: stochastic_edge(
                sgdmem.sgd("0.1"), sgdmem.Problem(sgdmem.Spectrum([1]), weight_decay=0.1)
            ),
            "no weight_decay",
        ),
    ],
)
def test_bad_arguments(problem: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        problem()


def test_the_edge_of_data_is_that_of_data_of_another_size() -> None:
    X, method = np.random.default_rng(3).normal(size=(30, 3)) * [1, 2, 0.5], sgdmem.heavy_ball(1, 0)
    top = sgdmem.Problem.from_data(X).spectrum.largest
    edge, full = stochastic_edge(method, X, 4), stochastic_edge(method, X)
    for factor in (0.999, 1.001):
        size = math.sqrt(factor * edge.sharpness / top)
        assert sgdmem.stability(method, size * X, 4).stable is (factor < 1)
    half = math.sqrt(full.sharpness / top / 2) * X
    crossover = sgdmem.stability(method, half, 1).critical_batch_size
    assert edge.crossover_batch_size == pytest.approx(crossover, rel=1e-5)


def test_batch_sharpness_of_data_against_all_batches(rng: np.random.Generator) -> None:
    """Moments at the edge from the dense map of second moments, batches by enumeration."""
    X = rng.standard_normal((5, 2)) * [2, 0.7] * rng.exponential(size=(5, 1))
    problem, B = sgdmem.Problem.from_data(X), 3
    method = sgdmem.heavy_ball("0.1", "0.5")
    edge = stochastic_edge(method, problem, B)
    scale = edge.sharpness / problem.spectrum.largest
    batches = [scale * X[list(i)].T @ X[list(i)] / B for i in product(range(5), repeat=B)]
    eye = np.eye(2)
    maps = [np.block([[eye - 0.1 * H, 0.5 * eye], [-0.1 * H, 0.5 * eye]]) for H in batches]
    dense = np.mean([np.kron(S, S) for S in maps], axis=0)
    values, vectors = np.linalg.eig(dense)
    top = np.abs(values).argmax()
    assert values[top].real == pytest.approx(1, abs=1e-6)
    N = vectors[:, top].real.reshape(4, 4)[:2, :2]
    quotient = np.trace(np.mean([H @ H @ H for H in batches], axis=0) @ N) / np.trace(
        np.mean([H @ H for H in batches], axis=0) @ N
    )
    assert edge.batch_sharpness == pytest.approx(quotient, rel=1e-6)
    assert stochastic_edge(method, problem).batch_sharpness == pytest.approx(2 * 1.5 / 0.1)
