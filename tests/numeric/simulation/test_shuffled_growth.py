"""Epochs of shuffled samples, and of two batch sizes: against every order, one by one."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from sgdmem import InputError, Problem, Spectrum, largest_learning_rate, losses, sgd, simulate
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.bisection import bisect
from sgdmem.numeric.simulation.shuffled_growth import shuffled_growth
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from tests import draws, naive


def step_matrix(alg: naive.Raw, J: Array, y: Array) -> Array:
    """Return what a batch makes of (w, u, 1)."""
    alpha, b, c, D, a = naive.mapped(alg, float)
    d, memory, n = J.shape[2], len(b), len(J)
    still = np.array([[1, *b], *([0, *row] for row in D)], dtype=float)
    v, r = np.array([[-alpha], *([x] for x in c)]), np.array([[1.0, *a]])
    step = np.eye(d * (memory + 1) + 1)
    H = np.einsum("nki,nkj->ij", J, J) / n
    step[:-1, :-1] = np.kron(still, np.eye(d)) + np.kron(v @ r, H)
    step[:-1, -1] = -np.kron(v[:, 0], np.einsum("nki,nk->i", J, y) / n)
    return step


def sizes_of(n: int, size: int, drop_last: bool) -> list[int]:
    return [size] * (n // size) + ([n % size] if n % size and not drop_last else [])


def all_epochs(alg: naive.Raw, J: Array, y: Array, sizes: list[int]) -> list[list[Array]]:
    """Return the steps of every order of the samples."""
    ends = np.cumsum(sizes)
    return [
        [step_matrix(alg, J[part], y[part]) for part in np.split(order, ends)[: len(ends)]]
        for order in map(np.array, itertools.permutations(range(len(J))))
    ]


def exact_growth(alg: naive.Raw, J: Array, size: int, drop_last: bool) -> float:
    """Return the radius of the mean over all orders of what an epoch makes of second moments."""
    total: Any = 0
    epochs = all_epochs(alg, J, np.zeros(J.shape[:2]), sizes_of(len(J), size, drop_last))
    for steps in epochs:
        epoch = np.eye(len(steps[0]) - 1)
        for step in steps:
            epoch = step[:-1, :-1] @ epoch
        total = total + np.kron(epoch, epoch) / len(epochs)
    return float(np.abs(np.linalg.eigvals(total)).max())


def scores(count: int, rng: np.random.Generator) -> Array:
    """Return how far estimates are from all orders, in their standard errors."""
    found: list[float] = []
    while len(found) < count:
        n, d, K = (int(rng.integers(*ends)) for ends in ((2, 6), (1, 3), (1, 3)))
        size, drop_last = int(rng.integers(1, min(n, 2) + 1)), bool(rng.integers(2))
        J = rng.standard_t(3, size=(n, K, d))
        problem = Problem.from_data(J, shuffle=True, drop_last=drop_last)
        alg = draws.random_algorithm(rng, int(rng.integers(0, 3)), "two_rate")
        if problem.dropped or not all(
            naive.is_schur(alg, x) for x in problem.spectrum.eigenvalues.tolist()
        ):
            continue
        estimate = shuffled_growth(Algorithm(*alg), problem, size, 200, seed=len(found))
        exact = exact_growth(alg, J, size, drop_last)
        assert estimate.steps == len(sizes_of(n, size, drop_last))
        if estimate.standard_error < 1e-9 * exact:  # all orders do the same
            assert estimate.value == pytest.approx(exact, rel=1e-5)
            continue
        found.append((estimate.value - exact) / estimate.standard_error)
    return np.array(found)


def test_growth_is_that_of_all_orders(rng: np.random.Generator) -> None:
    z = scores(8, rng)
    assert np.abs(z).max() < 4.5
    assert 0.3 < np.sqrt((z**2).mean()) < 1.7


@pytest.mark.exhaustive
def test_three_hundred_growths() -> None:
    z = scores(300, np.random.default_rng(0))
    assert (np.abs(z) > 3).mean() < 0.02
    assert 0.7 < np.sqrt((z**2).mean()) < 1.2


def threshold_ratios(count: int, most: int, rng: np.random.Generator) -> Array:
    """Return the largest rates of SGD in shuffled epochs of single samples, over the reference."""
    found = []
    for _ in range(count):
        n, d = int(rng.integers(2, most + 1)), int(rng.integers(1, 3))
        J = rng.standard_t(3, size=(n, 1, d))
        problem = Problem.from_data(J, shuffle=True)
        rate = float(largest_learning_rate("sgd", problem, 1))

        def falls(factor: float, J: Array = J, rate: float = rate) -> bool:
            return exact_growth(naive.Raw(factor * rate, [], [], [], []), J, 1, True) < 1

        high = 2.0
        while falls(high):
            high *= 2
        found.append(bisect(falls, 0.5, high, 30)[0])
    return np.array(found)


def test_the_reference_is_on_the_safe_side_of_sgd(rng: np.random.Generator) -> None:
    assert threshold_ratios(4, 3, rng).min() > 1


@pytest.mark.exhaustive
def test_the_reference_is_on_the_safe_side_of_sgd_in_many_cases() -> None:
    assert threshold_ratios(30, 5, np.random.default_rng(0)).min() > 1


@pytest.mark.parametrize("drop_last", [True, False])
def test_simulated_runs_go_through_shuffled_epochs(drop_last: bool) -> None:
    rng = np.random.default_rng(1)
    J, y = rng.normal(size=(5, 1, 2)), rng.normal(size=(5, 1))
    problem = Problem.from_data(J[:, 0], y[:, 0], shuffle=True, drop_last=drop_last)
    alg = naive.Raw(0.1, [0.5], [-0.1], [[0.5]], [0.5])
    epochs = all_epochs(alg, J, y, sizes_of(5, 2, drop_last))
    first = np.zeros(5)
    first[-1] = 1.0
    moment, expected = np.outer(first, first), []
    residual = np.concatenate([J[:, 0], -y], axis=1)
    for _ in range(3):
        for k in range(len(epochs[0])):
            now: Any = 0
            for steps in epochs:
                done = np.linalg.multi_dot([np.eye(5), np.eye(5), *steps[: k + 1][::-1]])
                now = now + done @ moment @ done.T / len(epochs)
            read = now[np.ix_([0, 1, 4], [0, 1, 4])]
            expected.append(np.einsum("ni,ij,nj->", residual, read, residual) / 10)
        moment = now
    assert problem.samples is not None
    runs = simulate(Algorithm(*alg), problem, 2, len(expected), seeds=4000)
    z = (runs.mean[1:] + problem.samples.least_loss - expected) / runs.standard_error[1:]
    assert np.abs(z).max() < 4
    reference = losses(Algorithm(*alg), problem, 2, len(expected))
    assert np.abs(runs.z_scores(reference)[1:]).max() > 8  # which is another thing


def test_simulated_runs_have_a_smaller_last_batch(rng: np.random.Generator) -> None:
    X, y = rng.normal(size=(7, 2)), rng.normal(size=7)
    for replacement in (True, False):
        problem = Problem.from_data(X, y, drop_last=False, replacement=replacement)
        runs = simulate(sgd("0.2"), problem, 3, 9, seeds=4000)
        assert np.abs(runs.z_scores(losses(sgd("0.2"), problem, 3, 9))[1:]).max() < 4
        alike = losses(sgd("0.2"), Problem.from_data(X, y, replacement=replacement), 3, 9)
        assert np.abs(runs.z_scores(alike)[1:]).max() > 4


def test_runs_in_epochs_do_not_depend_on_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(0).normal(size=(7, 2))
    problem = Problem.from_data(X, start=[1.0, 1.0], shuffle=True, drop_last=False)
    whole = simulate(sgd("0.1"), problem, 3, 20, seeds=2).losses
    monkeypatch.setattr("sgdmem.numeric.simulation.runs._CHUNK", 1)
    assert (simulate(sgd("0.1"), problem, 3, 20, seeds=2).losses == whole).all()


def test_what_is_refused() -> None:
    problem = Problem.from_data([[1.0], [2.0], [3.0]])
    with pytest.raises(InputError, match="an integer up to the number of samples, 3"):
        shuffled_growth(sgd("0.1"), problem, 4)
    with pytest.raises(InputError, match="must have samples to shuffle"):
        shuffled_growth(sgd("0.1"), Spectrum([1, 2]), 1)
    weighted = Problem.from_data([[1.0], [2.0]], weights=[1, 2])
    with pytest.raises(InputError, match="weights have no place in shuffled epochs"):
        shuffled_growth(sgd("0.1"), weighted, 1)
    with pytest.raises(InputError, match="orders must be an integer >= 2"):
        shuffled_growth(sgd("0.1"), problem, 1, orders=1)
    with pytest.raises(InputError, match="epochs of 10,000,000,000,000 orders take about"):
        shuffled_growth(sgd("0.1"), problem, 1, orders=10**13)
    assert str(shuffled_growth(sgd("1e200"), problem, 1)).endswith("by inf +- inf")
