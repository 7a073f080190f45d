"""A rare class: the closed means against literal runs, and what is exact of them."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
import pytest

from sgdmem.numeric.systems.rare_class import RareClass
from sgdmem.symbolic.errors import InputError


def literal_run(
    model: RareClass,
    batch_size: int,
    steps: int,
    rate: float,
    momentum: float,
    runs: int,
    seed: int,
) -> Any:
    """Return weights along mu, and squared lengths across, of runs of SGDM; shape (steps, 2, R)."""
    rng = np.random.default_rng(seed)
    w = np.zeros((runs, model.dimension))
    m = np.zeros_like(w)
    found = []
    for _ in range(steps):
        X, y = model.draw(rng, (runs, batch_size))
        logits = np.einsum("rbd,rd->rb", X, w) + model.bias
        g = np.einsum("rb,rbd->rd", 1 / (1 + np.exp(-logits)) - y, X) / batch_size
        m = momentum * m + (1 - momentum) * g
        w = w - rate * m
        found.append((w[:, 0], (w[:, 1:] ** 2).sum(axis=1)))
    return np.array(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dimension", "rate", "steps", "runs", "largest"),
    [(20, 2.0, 100, 2000, 0.08), (100, 0.5, 200, 600, 0.03), (400, 0.1, 400, 100, 0.02)],
)
def test_closed_means_of_literal_runs(
    dimension: int, rate: float, steps: int, runs: int, largest: float
) -> None:
    """The closure is off by less the more dimensions there are; seed 5."""
    model = RareClass("0.05", 2, dimension)
    found = literal_run(model, 8, steps, rate, 0.9, runs, 5)
    run = model.run(8, steps, learning_rate=rate, momentum="0.9")
    for values, closed in ((found[:, 0], run.along), (found[:, 1], run.across)):
        for step in (steps // 3, 2 * steps // 3, steps):
            mean, spread = values[step - 1].mean(), values[step - 1].std()
            error = 4 * spread / math.sqrt(runs)
            assert abs(mean - closed[step]) < largest * closed[step] + error


@pytest.mark.slow
def test_the_first_steps_are_exact() -> None:
    """From weights that are known the first means are exact: 60 z-scores, seeds 0 to 29."""
    scores = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        model = RareClass(rng.uniform(0.05, 0.5), rng.uniform(0.5, 3), int(rng.integers(2, 8)))
        B, rate = int(rng.integers(1, 6)), rng.uniform(0.1, 3)
        momentum, runs = rng.uniform(0, 0.9), 20_000
        run = model.run(B, 1, learning_rate=rate, momentum=momentum)
        found = literal_run(model, B, 1, rate, momentum, runs, seed + 100)
        for values, closed in zip(found[0], (run.along, run.across), strict=True):
            scores.append((values.mean() - closed[1]) / (values.std() / math.sqrt(runs)))
    assert len(scores) == 60
    assert (np.abs(scores) > 3).sum() <= 1, scores
    assert 0.7 < np.std(scores) < 1.3


def test_the_best_weights_are_mu() -> None:
    moments = RareClass("0.02", 2.5, 50).gradient_moments(2.5, 0.0)
    assert abs(moments.along) < 1e-9
    assert moments.square == pytest.approx(49 * moments.pull, rel=1e-9)  # Fisher's information


def test_without_noise_it_comes_to_rest_there() -> None:
    run = RareClass("0.1", 1.5, 20).run(1e12, 4000, learning_rate=1, momentum="0.9", across=1)
    assert run.along[-1] == pytest.approx(1.5, abs=1e-6) and run.across[-1] < 1e-6


def test_runs_that_go_far_stay_within_floats() -> None:
    """Warnings are errors here."""
    run = RareClass("0.05", 2, 20).run(8, 30, learning_rate=1e6, momentum="0.9")
    assert np.isfinite(run.across).all() and run.across[-1] > 1e12


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: RareClass(1, 1, 2), "probability must be below 1, got 1"),
        (lambda: RareClass(0.1, 0, 2), "separation must be positive"),
        (lambda: RareClass(0.1, 1, 1), "dimension must be"),
        (lambda: RareClass(0.1, 1e200, 2), "separation must be from"),
        (lambda: RareClass(0.1, 1, 2).gradient_moments(np.nan, 1), "along must be finite"),
        (lambda: RareClass(0.1, 1, 2).gradient_moments(0, -1), "across must not be negative"),
        (lambda: RareClass(0.1, 1, 2).run(8, 1e300, learning_rate=1), "steps must be"),
        (lambda: RareClass(0.1, 1, 2).run(8, 9, learning_rate=1e300), "learning_rate must be from"),
        (lambda: RareClass(0.1, 1, 2).run(8, 9, learning_rate=1, along=1e300), "along must be"),
        (lambda: RareClass(0.1, 1, 2).draw(cast("Any", 3), 9), "rng must be a generator"),
        (lambda: RareClass(0.1, 1, 2).run(8, 3, learning_rate=0), "learning_rate must be positive"),
        (
            lambda: RareClass(0.1, 1, 2).run(8, 3, learning_rate=1, momentum=1),
            "momentum must be from 0 to 1",
        ),
        (
            lambda: RareClass(0.1, 1, 2).run(8, 3, learning_rate=1, across=-1),
            "across must not be negative",
        ),
    ],
)
def test_bad_arguments(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
