"""Sparse inputs: against all inputs with their probabilities, drawn data, and the model itself."""

from __future__ import annotations

import math
from itertools import product
from typing import Any, cast

import numpy as np
import pytest

import sgdmem
from sgdmem.numeric.systems.sparse_momentum import ActiveClock, SparseInputs, active_clock
from sgdmem.numeric.theorems.instances import Dynamics, second_moment_matrix, spectral_radius
from sgdmem.symbolic.errors import InputError
from tests.draws import batch_gradients

RUNS = 20_000
KINDS: list[dict[str, Any]] = [
    {"activity": activity, "signs": signs}
    for activity in ("shared", "independent", "exclusive")
    for signs in (False, True)
]


def all_inputs(inputs: SparseInputs) -> tuple[Any, Any]:
    """Return all inputs and their probabilities; Gaussian values as three, with their moments."""
    root = math.sqrt(3)
    one = [(1, 0.5), (-1, 0.5)] if inputs.signs else [(0, 2 / 3), (root, 1 / 6), (-root, 1 / 6)]
    p = np.array(inputs.probabilities, dtype=float)
    d, K = inputs.dimension, len(p)
    if inputs.activity == "exclusive":
        patterns = [(np.repeat(np.arange(K) == k, d), p[k]) for k in range(K)]
        patterns.append((np.zeros(K * d), 1 - p.sum()))
    else:
        copies = 1 if inputs.activity == "shared" else d
        chances = np.repeat(p, copies)
        patterns = [
            (np.repeat(on, d // copies), np.where(on, chances, 1 - chances).prod())
            for on in product((0, 1), repeat=K * copies)
        ]
    rows = [
        (np.array([v for v, _ in values]) * active, chance * math.prod(w for _, w in values))
        for active, chance in patterns
        for values in product(one, repeat=K * d)
    ]
    X, weights = map(np.array, zip(*rows, strict=True))
    return X * math.sqrt(inputs.variance), weights


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.values())))
def test_groups_of_different_probabilities(kind: dict[str, Any]) -> None:
    """The largest rates are those of samples that are all inputs, weighed by their chances."""
    inputs = SparseInputs([0.5, 0.125], 2, variance=2, **kind)
    rows, weights = all_inputs(inputs)
    data = sgdmem.Problem.from_data(rows, weights=weights)
    questions: list[tuple[str, int, Any]] = [
        ("sgdm", 3, {"momentum": "0.9"}),
        ("nesterov", 16, {"momentum": "0.5"}),
    ]
    for family, batch_size, fixed in questions:
        exact = sgdmem.largest_learning_rate(family, data, batch_size, **fixed)
        found = sgdmem.largest_learning_rate(family, inputs.problem, batch_size, **fixed)
        assert float(found) == pytest.approx(float(exact), rel=1e-8)


@pytest.mark.slow
def test_verdicts_against_the_dense_operator() -> None:
    """5,000 random questions: the verdict against the radius of the map of all second moments."""
    rng = np.random.default_rng(11)
    asked, stable = 0, 0
    while asked < 5000:
        kind = KINDS[asked % len(KINDS)]
        p = rng.uniform(0.02, 0.33, 3)
        inputs = SparseInputs(p, 1, **kind)
        rate, momentum, batch_size = 10 ** rng.uniform(-1, 1.3), rng.uniform(-0.5, 0.97), 4
        method = sgdmem.methods.sgdm(rate, momentum)
        fourth = (1 if kind["signs"] else 3) / p
        across = 0.0 if kind["activity"] == "exclusive" else 1.0
        coupling = np.full((3, 3), across)
        np.fill_diagonal(coupling, fourth)
        operator = second_moment_matrix(Dynamics.of(method), p, coupling, 1.0, batch_size)
        radius = float(spectral_radius(operator))
        if abs(radius - 1) < 1e-9:
            continue
        verdict = sgdmem.stability(method, inputs.problem, batch_size)
        assert verdict.stable == (radius < 1), (kind, p, rate, momentum)
        asked, stable = asked + 1, stable + (radius < 1)
    assert 1500 < stable < 3500


# rows of KINDS at which two standard errors of the largest rate are below 2%
ROWS = [80_000, 10_000, 80_000, 10_000, 320_000, 10_000]


@pytest.mark.slow
@pytest.mark.parametrize("place", range(6), ids=lambda k: "-".join(map(str, KINDS[k].values())))
def test_data_drawn_from_the_model(place: int) -> None:
    """The exact largest rate of n drawn rows, in eight draws."""
    inputs = SparseInputs([0.25, 0.125], 2, **KINDS[place])
    question: dict[str, Any] = {"batch_size": 4, "momentum": "0.9"}
    exact = float(sgdmem.largest_learning_rate("sgdm", inputs.problem, **question))
    rng = np.random.default_rng(23)
    draws = [inputs.draw(rng, ROWS[place]) for _ in range(8)]
    found = [float(sgdmem.largest_learning_rate("sgdm", rows, **question)) for rows in draws]
    assert 2 * np.std(found, ddof=1) < 0.02 * exact
    assert np.mean(found) == pytest.approx(exact, rel=0.02)


def literal_scores(kind: dict[str, Any], seed: int) -> list[float]:
    """Run SGDM on drawn inputs, and return z-scores of mean losses at three times."""
    rng = np.random.default_rng(seed)
    p = np.sort(rng.uniform(0.1, 0.45, 2))[::-1]
    inputs = SparseInputs(p, int(rng.integers(1, 4)), **kind)
    momentum, batch_size = rng.uniform(0, 0.95), int(rng.integers(2, 9))
    largest = sgdmem.largest_learning_rate("sgdm", inputs.problem, batch_size, momentum=momentum)
    rate = float(largest) * rng.uniform(0.1, 0.4)  # nearer to it means are those of few runs
    exact = sgdmem.losses(sgdmem.methods.sgdm(rate, momentum), inputs.problem, batch_size, 12)
    λ = np.repeat(p, inputs.dimension)
    w = np.ones((RUNS, λ.size))
    m = np.zeros_like(w)
    scores = []
    for step in range(1, 13):
        X = inputs.draw(rng, (RUNS, batch_size))
        g = batch_gradients(X, w)
        m = momentum * m + (1 - momentum) * g
        w = w - rate * m
        if step in (3, 6, 12):
            loss = (λ * w**2).sum(axis=1) / 2
            scores.append((loss.mean() - exact[step]) / (loss.std() / math.sqrt(RUNS)))
    return scores


@pytest.mark.slow
def test_losses_of_the_model_itself() -> None:
    """Real sparse inputs of six kinds, 36 questions, seeds 0 to 35: 108 z-scores."""
    found = [z for seed in range(36) for z in literal_scores(KINDS[seed % len(KINDS)], seed)]
    assert len(found) == 108
    assert (np.abs(found) > 3).sum() <= 1, found
    assert np.abs(found).max() < 4
    assert 0.7 < np.std(found) < 1.3


def test_learning_faster_than_retention_may_be_stable() -> None:
    """Nothing but the largest rate decides: here learning is fifty times faster than retention."""
    p, momentum, batch_size, dimension = 0.01, 1 - 1e-6, 1000, 10
    problem = SparseInputs(p, dimension).problem
    rate = 0.01
    clock = active_clock(p, rate, momentum, batch_size)
    assert clock.retention > 50 * clock.learning
    assert sgdmem.stability(sgdmem.methods.sgdm(rate, momentum), problem, batch_size).stable


def test_lengths_of_draws_may_be_of_numpy() -> None:
    rng = np.random.default_rng(0)
    assert SparseInputs(0.5, 2).draw(rng, cast("Any", np.int64(3))).shape == (3, 2)
    assert SparseInputs(0.5, 2).draw(rng, 0).shape == (0, 2)


def test_inputs_that_are_always_active_are_gaussian() -> None:
    problem = SparseInputs(1, 5).problem
    assert problem.noise == sgdmem.Noise(tau1=1, tau2=-1)
    assert active_clock(1, 1, 0.5, 8) == ActiveClock(1, 2, 0.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: sgdmem.losses(sgdmem.sgd(1), SparseInputs(0.5), 1, 3),
            "problem must be a Problem: that of SparseInputs is its attribute problem",
        ),
        (lambda: SparseInputs(0), "probabilities must be above 0, 1e-90 at .* up to 1, got 0"),
        (lambda: SparseInputs(1e-300), "probabilities must be above 0, 1e-90"),
        (lambda: SparseInputs(0.5, 1, variance=1e300), "variance must be from"),
        (lambda: SparseInputs([0.5, 0.2]).only(2), "place must be an integer from 0 to 1, got 2"),
        (lambda: SparseInputs(0.5).draw(cast("Any", None), 3), "rng must be a generator"),
        (lambda: SparseInputs(0.5).draw(np.random.default_rng(0), -1), "shape must be"),
        (lambda: active_clock(1e-300, 1e-300), "learning_rate times probability"),
        (lambda: SparseInputs([]), "probabilities must be"),
        (lambda: SparseInputs(["a"]), "probabilities"),
        (lambda: SparseInputs(0.5, 0), "dimension must be"),
        (lambda: SparseInputs(0.5, variance=0), "variance must be positive"),
        (lambda: SparseInputs(0.5, activity=cast("Any", "some")), "activity must be among shared,"),
        (lambda: SparseInputs([0.6, 0.6], activity="exclusive"), "must sum to 1 or less, got 1.2"),
        (lambda: active_clock(2, 1), "probability must be up to 1, got 2"),
        (lambda: active_clock(0.5, 1, 1), "momentum must be from 0 to 1"),
        (lambda: active_clock(0.5, 0), "learning_rate must be positive"),
    ],
)
def test_bad_arguments(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
