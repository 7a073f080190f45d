"""Losses on samples: against all batches one by one, simulated runs, and full batches."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from sgdmem import (
    InputError,
    Noise,
    Problem,
    Spectrum,
    aggmo,
    heavy_ball,
    losses,
    methods,
    nesterov,
    sgd,
    stability,
)
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.losses import sampled_losses
from sgdmem.numeric.moments.fourth_moments import FourthMoments
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from tests import draws, naive


def all_batches(shares: Array, size: int, replacement: bool) -> list[tuple[float, tuple[int, ...]]]:
    """Return every batch with its probability."""
    n = len(shares)
    if replacement:
        drawn = list(itertools.product(range(n), repeat=size))
        return [(float(np.prod(shares[list(batch)])), batch) for batch in drawn]
    drawn = list(itertools.combinations(range(n), size))
    return [(1 / len(drawn), batch) for batch in drawn]


def draw_case(rng: np.random.Generator) -> dict[str, Any]:
    """Return random data, labels with residuals, a start, and a way of drawing."""
    d, K, R = int(rng.integers(1, 4)), int(rng.integers(1, 3)), int(rng.integers(1, 3))
    n = int(rng.integers(2, 5))
    R = 1 if K > 1 else R
    replacement = bool(rng.random() < 0.6)
    weighted = replacement and rng.random() < 0.5
    return {
        "jacobians": rng.normal(size=(n, K, d)),
        "labels": rng.normal(size=(n, K, R)),
        "start": rng.normal(size=(d, R)),
        "weights": rng.dirichlet(np.ones(n)) if weighted else None,
        "replacement": replacement,
        "drop_last": bool(rng.random() < 0.6),
        "size": int(rng.integers(1, 3)),
    }


def problem_of(case: dict[str, Any], decay: Any = 0) -> Problem:
    K = case["jacobians"].shape[1]
    return Problem.from_data(
        case["jacobians"] if K > 1 else case["jacobians"][:, 0],
        case["labels"][:, :, 0] if K > 1 else case["labels"][:, 0],
        start=case["start"],
        weights=case["weights"],
        replacement=case["replacement"],
        drop_last=case["drop_last"],
        weight_decay=decay,
    )


def batches_in_order(case: dict[str, Any], steps: int) -> tuple[Array, list[Any]]:
    """Return how likely samples are, and all batches of each step."""
    n, size = len(case["jacobians"]), case["size"]
    shares = np.full(n, 1 / n) if case["weights"] is None else case["weights"]
    sizes = [size] * (n // size) + [n % size] * (n % size > 0)
    sizes = [size] if case["drop_last"] else sizes
    of_size = {b: all_batches(shares, b, case["replacement"]) for b in {*sizes}}
    return shares, [of_size[sizes[k % len(sizes)]] for k in range(steps)]


def naive_losses(algorithms: list[naive.Raw], case: dict[str, Any]) -> Array:
    shares, batches = batches_in_order(case, len(algorithms))
    J, y, first = case["jacobians"], case["labels"], case["start"]
    total = np.zeros(len(algorithms) + 1)
    for r in range(first.shape[1]):
        total += naive.losses_on_samples(algorithms, J, y[:, :, r], shares, batches, first[:, r])
    return total


def compare(cases: int, rng: np.random.Generator) -> float:
    """Return the largest error of random losses, relative to the largest of a run.

    Algorithms with large entries make large moments of u, which cancel.
    """
    worst, largest, compared = 0.0, 0, 0
    while compared < cases:
        case, memory, steps = draw_case(rng), int(rng.integers(0, 3)), int(rng.integers(4, 7))
        algorithms = [draws.random_algorithm(rng, memory) for _ in range(steps)]
        if rng.random() < 0.6:
            algorithms = algorithms[:1] * steps
        listed = [Algorithm(*alg) for alg in algorithms]
        rule = listed[0] if algorithms[0] is algorithms[-1] else listed
        problem = problem_of(case)
        if problem.spectrum.eigenvalues[-1] < 1e-4 * problem.spectrum.largest:
            continue  # so small a one is known from the rows to 12 digits at best
        compared += 1
        found = losses(rule, problem, case["size"], steps)
        expected = naive_losses(algorithms, case)
        assert problem.samples is not None
        largest += problem.samples.least_loss > 0.01
        error = np.abs(found + problem.samples.least_loss - expected).max()
        entries = max(abs(float(x)) for algorithm in listed for x in algorithm.entries)
        worst = max(worst, float(error / (expected.max() * max(1.0, entries**2))))
    assert largest > cases / 4  # residuals matter
    return worst


WAYS = {"steps": (False, False), "fourth moments": (True, False), "a matrix": (False, True)}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Choose how losses are computed, whatever it costs."""
    table, matrix = WAYS[request.param]
    monkeypatch.setattr(FourthMoments, "pays", staticmethod(lambda samples, passes: table))
    monkeypatch.setattr(sampled_losses, "matrix_pays", lambda *asked: matrix)
    return str(request.param)


def test_losses_are_those_of_all_batches(way: str, rng: np.random.Generator) -> None:
    assert compare(25, rng) < 1e-12


@pytest.mark.slow
def test_losses_are_those_of_all_batches_of_many_cases(way: str, rng: np.random.Generator) -> None:
    assert compare(200, rng) < 1e-11


def long_losses(method: Algorithm, labels: float, rng: np.random.Generator) -> Array:
    rows, noise = rng.normal(size=(40, 4)), labels * rng.normal(size=(40, 2))
    problem = Problem.from_data(rows, noise, start=rng.normal(size=(4, 2)))
    return losses(method, problem, 8, 3000)


@pytest.mark.parametrize("labels", [0.0, 1.0, 1e6])
@pytest.mark.parametrize("name", ["sgd", "nesterov", "aggmo", "diverging"])
def test_long_runs_are_those_of_steps(
    name: str, labels: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    method = {
        "sgd": sgd("0.02"),
        "nesterov": nesterov("0.01", "0.8"),
        "aggmo": aggmo("0.02", [0, "0.5", "0.9"]),
        "diverging": sgd(3),
    }[name]
    found = long_losses(method, labels, np.random.default_rng(5))
    monkeypatch.setattr(sampled_losses, "matrix_pays", lambda *asked: False)
    expected = long_losses(method, labels, np.random.default_rng(5))
    last = int(np.isfinite(expected).sum())
    assert (last == 3001) == (name != "diverging")
    assert abs(np.isfinite(found).sum() - last) <= 1  # parts of a step may be larger than losses
    np.testing.assert_allclose(found[: last - 1], expected[: last - 1], rtol=1e-9)


def test_large_entries_that_cancel_are_stepped() -> None:
    """Where u has other coordinates the same method has large entries; a matrix loses 7 digits."""
    turn = np.array([[5.0, 6.0], [6.0, 7.0]])
    simple = aggmo("0.02", ["0.5", "0.9"])
    b, c = np.array(simple.b, dtype=float), np.array(simple.c, dtype=float)
    D = turn @ np.array(simple.D, dtype=float) @ np.linalg.inv(turn)
    hard = Algorithm(simple.alpha, b @ np.linalg.inv(turn), turn @ c, D)
    expected = long_losses(simple, 1.0, np.random.default_rng(5))
    found = long_losses(hard, 1.0, np.random.default_rng(5))
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_one_of_a_million_steps(rng: np.random.Generator) -> None:
    problem = Problem.from_data(rng.normal(size=(40, 4)), rng.normal(size=40))
    method = heavy_ball("0.01", "0.9")
    found = losses(method, problem, 8, 10**6)
    assert found[-1] == pytest.approx(stability(method, problem, 8).loss_floor, rel=1e-12)


def test_signs_that_are_not_given_are_random(rng: np.random.Generator) -> None:
    """With the squares alone the loss is the mean over all signs of the start."""
    rows, labels, method = rng.normal(size=(4, 2)), rng.normal(size=4), heavy_ball("0.1", "0.6")
    problem = Problem.from_data(rows, labels)
    assert problem.start is not None
    squares, samples = problem.start[0] ** 2, problem.samples
    unsigned = Problem(problem.spectrum, problem.noise, squares, samples=samples)
    signed = [
        Problem(problem.spectrum, problem.noise, start=np.sqrt(squares) * signs, samples=samples)
        for signs in itertools.product([1.0, -1.0], repeat=2)
    ]
    expected = np.mean([losses(method, each, 2, 5) for each in signed], axis=0)
    np.testing.assert_allclose(losses(method, unsigned, 2, 5), expected, rtol=1e-13)
    assert not np.allclose(losses(method, signed[0], 2, 5), expected, rtol=1e-3)


@pytest.mark.parametrize("method", [heavy_ball("0.05", "0.8"), nesterov("0.05", "0.7")])
def test_full_batches_are_gradient_descent(method: Algorithm, rng: np.random.Generator) -> None:
    rows, labels = rng.normal(size=(7, 3)), rng.normal(size=7)
    problem = Problem.from_data(rows, labels, replacement=False)
    raw = naive.Raw(method.alpha, method.b, method.c, method.D, method.a)
    shares, everything = np.full(7, 1 / 7), [(1.0, tuple(range(7)))]
    expected = naive.losses_on_samples(
        [raw] * 30, rows[:, None], labels[:, None], shares, [everything] * 30, np.zeros(3)
    )
    assert problem.samples is not None
    for size in (7, math.inf):
        found = losses(method, problem, size, 30) + problem.samples.least_loss
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert losses(method, problem, 6, 30)[-1] > 1.1 * losses(method, problem, 7, 30)[-1]


@pytest.mark.slow
def test_the_mean_of_simulated_runs(rng: np.random.Generator) -> None:
    """Plain NumPy runs of the heavy ball from labels that no w fits."""
    n, B, seeds, steps = 50, 4, 20_000, 40
    rows, start = rng.standard_t(5, size=(n, 5)), rng.normal(size=5)
    labels = rows @ rng.normal(size=5) + rng.normal(size=n)
    problem = Problem.from_data(rows, labels, start=start)
    expected = losses(heavy_ball("0.05", "0.8"), problem, B, steps)
    assert problem.samples is not None
    w, u = np.tile(start, (seeds, 1)), np.zeros((seeds, 5))
    runs = []
    for _ in range(steps + 1):
        runs.append(((w @ rows.T - labels) ** 2).mean(axis=1) / 2 - problem.samples.least_loss)
        chosen = rng.integers(n, size=(seeds, B))
        X = rows[chosen]
        errors = np.einsum("sbi,si->sb", X, w) - labels[chosen]
        u = 0.8 * u - 0.05 * np.einsum("sb,sbi->si", errors, X) / B
        w = w + u
    means, spread = np.mean(runs, axis=1), np.std(runs, axis=1, ddof=1)
    z = (means - expected)[1:] / (spread[1:] / math.sqrt(seeds))
    assert np.abs(z).max() < 4.5
    assert expected[-1] > 0.05  # far from 0: it comes to rest at a floor


def test_a_schedule_changes_the_step(rng: np.random.Generator) -> None:
    problem = Problem.from_data(rng.normal(size=(9, 3)), rng.normal(size=9))
    falling = methods.schedule("sgd", learning_rate=lambda t: 0.2 / (t + 1))
    listed = [sgd(0.2 / (t + 1)) for t in range(150)]
    found = losses(falling, problem, 3, 150)
    np.testing.assert_allclose(found, losses(listed, problem, 3, 150), rtol=1e-13)


def test_losses_that_leave_the_range_of_floats(rng: np.random.Generator) -> None:
    problem = Problem.from_data(rng.normal(size=(9, 3)), rng.normal(size=9))
    found = losses(sgd(1e30), problem, 2, 30)
    first = int(np.isinf(found).argmax())
    assert 3 < first < 12 and np.isinf(found[first:]).all() and np.isfinite(found[:first]).all()
    fitted = Problem.from_data(rng.normal(size=(9, 3)), start=[1, 1, 1])
    assert 0 <= losses(sgd(0.3), fitted, 9, 20_000)[-1] < 1e-280


def test_bad_input(rng: np.random.Generator) -> None:
    rows = rng.normal(size=(6, 2))
    noise = Noise.sampled(rows)
    assert noise.samples is not None
    spectrum = Spectrum(noise.samples.eigenvalues)
    with pytest.raises(InputError, match="problem must have a target"):
        losses(sgd(0.1), Problem(spectrum, noise), 2, 3)
    two = Problem.from_data(rows, rng.normal(size=(6, 2)))
    with pytest.raises(InputError, match="a row for each of 2 sets of labels, got 1"):
        losses(sgd(0.1), Problem(spectrum, two.noise, start=[1, 1]), 2, 3)
    with pytest.raises(InputError, match="method must be auto or recursion"):
        losses(sgd(0.1), two, 2, 3, method="compressed")
    with pytest.raises(InputError, match="at most the number of samples"):
        losses(sgd(0.1), Problem.from_data(rows, rows[:, 0], replacement=False), 7, 3)
    with pytest.raises(InputError, match="propagators need noise of tau1 and tau2"):
        methods.propagators(sgd(0.1), two, 2, 3)
