"""The floor of losses on samples: against long runs and the whole second-moment operator."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from sgdmem import Noise, Problem, heavy_ball, losses, nesterov, sgd, stability
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from tests import draws, naive


def stationary_loss(alg: naive.Raw, rows: Array, labels: Array, shares: Array, B: int) -> float:
    """Return the floor by one linear system of all moments, in the coordinates of w.

    With replacement; the rows have full rank.
    """
    alpha, b, c, D, a = naive.mapped(alg, float)
    d = rows.shape[1]
    still = np.array([[1, *b], *([0, *row] for row in D)], dtype=float)
    r, v = np.kron([[1, *a]], np.eye(d)), np.kron([[-alpha], *([x] for x in c)], np.eye(d))
    H = rows.T @ (shares[:, None] * rows)
    w, *_ = np.linalg.lstsq(np.sqrt(shares)[:, None] * rows, np.sqrt(shares) * labels)
    at_minimum = rows * (rows @ w - labels)[:, None]
    step = np.kron(still, np.eye(d)) + v @ H @ r
    operator = np.kron(step, step)
    for share, x in zip(shares, rows, strict=True):
        kick = v @ (np.outer(x, x) - H) @ r
        operator += share / B * np.kron(kick, kick)
    stirred = v @ (at_minimum.T @ (shares[:, None] * at_minimum)) @ v.T / B
    found = np.linalg.solve(np.eye(len(operator)) - operator, stirred.ravel())
    return float(np.vdot(found.reshape(stirred.shape)[:d, :d], H)) / 2


def test_floors_are_those_of_the_whole_operator(rng: np.random.Generator) -> None:
    compared = shifted = 0
    while compared < 40:
        memory, d = int(rng.integers(0, 4)), int(rng.integers(1, 4))
        rows, labels = rng.standard_t(5, size=(9, d)), rng.normal(size=9)
        weights = rng.dirichlet(np.ones(9)) if rng.random() < 0.5 else None
        alg = draws.random_algorithm(rng, memory)
        problem = Problem.from_data(rows, labels, weights=weights)
        critical = stability(Algorithm(*alg), problem, 1).critical_batch_size
        if not 0 < critical < 1e6:
            continue
        B = math.ceil(critical * rng.choice([1.01, 1.5, 4])) + 1
        verdict = stability(Algorithm(*alg), problem, B)
        low, high = verdict.loss_floor_interval
        shares = np.full(9, 1 / 9) if weights is None else weights
        expected = stationary_loss(alg, rows, labels, shares, B)
        slack = 1e-9 * expected  # of the system's own rounding
        assert low - slack <= expected <= high + slack
        assert high - low < 1e-6 * high
        compared, shifted = compared + 1, shifted + any(alg.a)
    assert shifted > 5


@pytest.mark.parametrize(
    "method", [sgd("0.02"), heavy_ball("0.01", "0.8"), nesterov("0.01", "0.8")]
)
@pytest.mark.parametrize("replacement", [True, False])
def test_long_runs_come_to_rest_at_the_floor(
    method: Algorithm, replacement: bool, rng: np.random.Generator
) -> None:
    rows, labels = rng.normal(size=(12, 2, 3)), rng.normal(size=(12, 2))
    problem = Problem.from_data(rows, labels, replacement=replacement)
    for size in (3, 8):
        verdict = stability(method, problem, size)
        assert verdict.stable
        found = losses(method, problem, size, 6000)
        assert found[-1] == pytest.approx(verdict.loss_floor, rel=1e-11)


def test_labels_of_a_sample_are_problems_that_add(rng: np.random.Generator) -> None:
    rows, labels = rng.normal(size=(12, 3)), rng.normal(size=(12, 4))
    together = stability(sgd(0.1), Problem.from_data(rows, labels), 3).loss_floor
    parts = [stability(sgd(0.1), Problem.from_data(rows, y), 3).loss_floor for y in labels.T]
    assert together == pytest.approx(sum(parts), rel=1e-12)


@pytest.mark.parametrize("unit", [1e-140, 1e-40, 1e60])
def test_units_of_rows_do_not_matter(unit: float, rng: np.random.Generator) -> None:
    rows, labels = rng.normal(size=(12, 3)), rng.normal(size=12)
    usual = stability(heavy_ball(0.05, 0.8), Problem.from_data(rows, labels), 4)
    method = heavy_ball(0.05 / unit**2, 0.8)
    verdict = stability(method, Problem.from_data(unit * rows, labels), 4)
    assert verdict.loss_floor == pytest.approx(usual.loss_floor, rel=1e-12)


def test_verdicts_say_where_the_loss_comes_to_rest(rng: np.random.Generator) -> None:
    rows, labels = rng.normal(size=(12, 3)), rng.normal(size=12)
    problem = Problem.from_data(rows, labels, replacement=False)
    assert problem.samples is not None
    least = f"the least one, {problem.samples.least_loss:.6g}"
    noisy, full = stability(sgd(0.1), problem, 3), stability(sgd(0.1), problem, 12)
    assert f"comes to rest at {noisy.loss_floor:.6g} above {least}" in str(noisy)
    assert f"the mean loss tends to {least}, from every start" in str(full)
    assert full.loss_floor == 0
    saved = json.loads(json.dumps(noisy.to_dict()))
    low, high = saved["loss_floor_interval"]
    assert low <= saved["loss_floor"] == noisy.loss_floor <= high
    unstable = stability(sgd(100), problem, 3)
    assert unstable.loss_floor == math.inf and unstable.to_dict()["loss_floor"] is None


@pytest.mark.parametrize("noise", [None, Noise(tau2=-1)])
def test_fitted_labels_have_no_floor(noise: Noise | None, rng: np.random.Generator) -> None:
    rows = rng.normal(size=(30, 3))
    verdict = stability(sgd(0.1), Problem.from_data(rows, rows @ [1, 2, 3], noise=noise), 8)
    assert verdict.loss_floor == 0
    assert "the mean loss tends to 0 from every start" in str(verdict)
