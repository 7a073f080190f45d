"""Epochs whose last batch is smaller: verdicts against the product of dense operators."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from sgdmem import (
    InputError,
    Noise,
    Problem,
    heavy_ball,
    largest_learning_rate,
    losses,
    nesterov,
    sgd,
    simulate,
    stability,
)
from sgdmem.methods import loss_curve
from sgdmem.numeric.arithmetic import arnoldi
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.sampled_noise import epoch_radius
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo.averaging import averaged_sgd
from tests import draws, naive

CLOSE = 1e-6
_LARGE = 1e4


def product_radius(
    alg: naive.Raw, rows: Array, weights: Array, shares: Any, weight_decay: float
) -> float:
    """Return the radius of the ordered product of the dense operators of some steps.

    NaN where its entries are so large that roots in floats are none.
    """
    steps = [
        naive.sampled_moment_operator(alg, rows, weights, share, weight_decay=weight_decay)
        for share in shares
    ]
    if max(map(np.linalg.norm, steps)) > _LARGE:
        return np.nan
    product = np.linalg.multi_dot([*reversed(steps), np.eye(len(steps[0]))])
    return float(np.abs(np.linalg.eigvals(product)).max())


def shares_of(n: int, size: int, replacement: bool) -> list[float]:
    sizes = [size] * (n // size) + [n % size]
    return [1 / b if replacement else (n - b) / (b * (n - 1)) for b in sizes]


def compare(problems: int, rng: np.random.Generator) -> tuple[int, float]:
    """Return how many random verdicts were undecided, and the width of the widest bounds."""
    done = undecided = 0
    widest = 0.0
    while done < problems:
        memory, d, K = (int(rng.integers(*ends)) for ends in ((0, 3), (1, 4), (1, 3)))
        n = int(rng.integers(max(3, d), 12))
        size = int(rng.integers(2, n))
        if n % size == 0:
            continue
        rows = rng.standard_t(3, size=(n, K, d)) * 10 ** rng.uniform(-1, 1, d)
        replacement = bool(rng.random() < 0.6)
        weights = rng.dirichlet(np.ones(n)) if replacement and rng.random() < 0.5 else None
        decay = float(rng.choice([0, 0, 0.1]))
        problem = Problem.from_data(
            rows, weights=weights, replacement=replacement, drop_last=False, weight_decay=decay
        )
        alg = draws.random_algorithm(rng, memory)
        method = Algorithm(*alg)
        scales = stability(method, problem, size).stable_scales
        if not scales:
            continue
        even = np.full(n, 1 / n) if weights is None else weights
        shares = shares_of(n, size, replacement)
        for factor in (0.5, 1 - 1e-4, 1 + 1e-4, 1.5):
            scaled = method.scaled(scales[-1][1] * factor)
            verdict, raw = stability(scaled, problem, size), naive.Raw(*scaled.blocks[:5])
            low, high = verdict.noise_sum_interval
            done += 1
            undecided += verdict.stable is None
            expected = product_radius(raw, rows, even, shares, decay)
            if verdict.stable is not None and abs(expected - 1) > 1e-9:
                assert verdict.stable is (expected < 1), (alg, rows, weights, size)
            if not np.isfinite(high):
                continue
            widest = max(widest, high / low - 1)
            for bound, sign in ((low, 1), (high, -1)):  # the bounds themselves, by their meaning
                radius = product_radius(raw, rows, even, np.array(shares) / bound, decay)
                assert not sign * (radius - 1) < -1e-9, (alg, rows, weights, size)
    return undecided, widest


@pytest.mark.slow
def test_random_epochs(rng: np.random.Generator) -> None:
    undecided, widest = compare(24, rng)
    assert undecided == 0
    assert widest < 1e-3


@pytest.mark.exhaustive
def test_a_thousand_random_epochs() -> None:
    undecided, _ = compare(1000, np.random.default_rng(0))
    assert undecided <= 10


@pytest.mark.parametrize("rows", [[[2.0]] * 5, [[[1.0, 2.0], [0.0, 1.0]]] * 3])
def test_samples_that_are_alike_have_no_noise(rows: Any) -> None:
    problem = Problem.from_data(rows, drop_last=False)
    edge = 3.8 / problem.spectrum.largest
    for share in (0.1, 1 - 1e-9):
        assert stability(heavy_ball(share * edge, 0.9), problem, 2).stable is True


def test_a_critical_batch_size_is_of_one_size_also_where_nothing_is_left() -> None:
    rows = np.random.default_rng(0).normal(size=(6, 2))
    for size in (3, 4):
        text = str(stability(heavy_ball(0.1, 0.5), Problem.from_data(rows, drop_last=False), size))
        assert "if all are of one size" in text


def diabetes() -> Array:
    data = pytest.importorskip("sklearn.datasets").load_diabetes(scaled=False).data
    return np.asarray((data - data.mean(axis=0)) / data.std(axis=0))


@pytest.mark.slow
def test_diabetes_as_two_other_codes_have_it() -> None:
    """442 rows in three batches of 146 and one of 4."""
    X = diabetes()
    rates = [
        largest_learning_rate(
            "heavy-ball", Problem.from_data(X, drop_last=drop_last), 146, momentum=0.9
        )
        for drop_last in (True, False)
    ]
    assert rates == pytest.approx([0.7774516, 0.2321722], rel=1e-6)
    verdict = stability(heavy_ball(0.2, 0.9), Problem.from_data(X, drop_last=False), 146)
    low, high = verdict.noise_sum_interval
    assert high / low - 1 < CLOSE
    assert verdict.reference_noise_sum == pytest.approx(0.8745321511, rel=1e-6)
    size = 1 / np.mean([1 / 146] * 3 + [1 / 4])
    known = stability(heavy_ball(0.2, 0.9), Problem.from_data(X), size)
    assert verdict.reference_noise_sum == pytest.approx(known.noise_sum, rel=1e-6)


def test_what_a_verdict_says_of_epochs() -> None:
    rows = np.random.default_rng(0).normal(size=(20, 3))
    problem = Problem.from_data(rows, drop_last=False)
    verdict = stability(heavy_ball(0.05, 0.9), problem, 8)
    assert "epochs of 2 batches of 8 and one of 4, 20 samples" in str(verdict)
    assert f"{verdict.reference_noise_sum:.6g}, of sizes in random order" in str(verdict)
    assert "if all are of one size" in str(verdict)
    found = json.loads(json.dumps(verdict.to_dict()))
    assert found["problem"]["epoch"] == {"size": 8, "last": 4, "steps": 3}
    assert found["problem"]["drawing"] == {
        "replacement": True,
        "drop_last": False,
        "shuffle": False,
    }
    alike = stability(heavy_ball(0.05, 0.9), problem, 5)  # nothing is left over
    assert alike.noise.epoch is None and alike.reference_noise_sum is None
    known = stability(heavy_ball(0.05, 0.9), Problem.from_data(rows), 5)
    assert alike.noise_sum == pytest.approx(known.noise_sum, rel=1e-12)


def test_a_reference_where_w_hears_nothing() -> None:
    rows = np.random.default_rng(0).normal(size=(7, 2))
    shrinking = Algorithm(0, shrink="0.1")
    verdict = stability(shrinking, Problem.from_data(rows, drop_last=False), 3)
    assert verdict.stable and verdict.reference_noise_sum == pytest.approx(0, abs=1e-300)


def test_searches_say_what_did_not_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).standard_t(3, size=(20, 4))
    method, problem = heavy_ball(0.05, 0.9), Problem.from_data(rows, drop_last=False)
    settled = stability(method, problem, 6)
    assert settled.unsettled == 0 and settled.critical_scale > 0
    monkeypatch.setattr(arnoldi, "MOST_STEPS", 2)
    rough = stability(method, problem, 6)
    assert 1e-9 < rough.unsettled < 1
    off = abs(rough.critical_scale / settled.critical_scale - 1)
    assert 1e-9 < off < 10 * rough.unsettled


def test_the_mean_size_is_not_always_on_the_safe_side() -> None:
    """A response that comes back after two steps meets the small batch again and again."""
    problem = Problem.from_data(np.array([[1.0], [2.0], [0.5]]), drop_last=False)
    delayed = Algorithm(0, b=(1,), c=("-0.05",), D=(("-0.9",),))
    verdict = stability(delayed, problem, 2)
    assert verdict.reference_noise_sum is not None
    assert verdict.noise_sum > 1.05 * verdict.reference_noise_sum


def test_the_smallest_size_is_judged_with_its_own_last_batch() -> None:
    rows = np.array([[1.0, 0.0]] * 12 + [[0.0, 5.0]])
    method = sgd("0.2")
    smallest = {}
    for drop_last in (True, False):
        problem = Problem.from_data(rows, drop_last=drop_last)
        verdict = stability(method, problem, 13)
        smallest[drop_last] = int(verdict.smallest_stable_batch_size)
        flags = [stability(method, problem, size).stable for size in range(1, 14)]
        assert smallest[drop_last] == 1 + flags.index(True)
    assert smallest == {True: 3, False: 4} or smallest[False] > smallest[True]


def test_sizes_of_epochs() -> None:
    rows = [[1.0], [2.0], [3.0]]
    for shuffle in (False, True):
        noise = Noise.sampled(rows, drop_last=False, shuffle=shuffle)
        for size in (4, 1.5):
            with pytest.raises(InputError, match="an integer up to the number of samples, 3"):
                noise.at(size)
        assert noise.at(np.inf).is_quiet
        assert Noise.sampled([[2.0]], shuffle=shuffle).at(1).is_quiet is shuffle
    assert Problem.from_data(rows, drop_last=False, replacement=False).noise.at(3).is_quiet
    assert Problem.from_data([[2.0]], replacement=False).noise.at(1).is_quiet
    for drop_last in (True, False):  # one sample is its own mean
        single = stability(sgd("0.1"), Problem.from_data([[1.0, 2.0]], drop_last=drop_last), 1)
        assert single.noise_sum < 1e-12 and "stable" in str(single)
    with pytest.raises(InputError, match="drop_last must be True or False, got 1"):
        Noise.sampled(rows, drop_last=1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="exclude each other"):
        Noise.sampled(rows, replacement=False, shuffle=True)
    with pytest.raises(InputError, match="no meaning in shuffled epochs"):
        Noise.sampled(rows, [1, 2, 3], shuffle=True)


def test_what_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem.from_data(np.random.default_rng(0).normal(size=(50, 4)), drop_last=False)
    monkeypatch.setattr(epoch_radius, "_OPERATIONS", 1e5)
    with pytest.raises(InputError, match=r"epochs of 8 steps .* hours to judge on 50 samples"):
        stability(sgd("0.1"), problem, 7)
    monkeypatch.setattr(epoch_radius, "_MATRICES", 1e15)
    with pytest.raises(InputError, match=r"epochs of 8 steps .* GB of memory"):
        largest_learning_rate("sgd", problem, 7)


def test_where_the_loss_comes_to_rest() -> None:
    rng = np.random.default_rng(0)
    problem = Problem.from_data(rng.normal(size=(20, 3)), rng.normal(size=20), drop_last=False)
    for method in (nesterov("0.1", "0.9"), averaged_sgd("0.5", "0.2")):
        verdict = stability(method, problem, 8)
        run = losses(method, problem, 8, 1500)
        assert run[-3:].mean() == pytest.approx(verdict.loss_floor, rel=1e-10)
        low, high = verdict.loss_floor_interval
        assert low < run[-3:].min() and run[-3:].max() < high < 3 * low
        assert "on a cycle" in verdict.explanation


def test_shuffled_epochs_are_judged_by_their_reference() -> None:
    rows = np.random.default_rng(0).normal(size=(20, 3))
    shuffled = stability(heavy_ball(0.05, 0.9), Problem.from_data(rows, shuffle=True), 8)
    anew = stability(heavy_ball(0.05, 0.9), Problem.from_data(rows), 8)
    assert shuffled.noise_sum == pytest.approx(anew.noise_sum, rel=1e-9)
    assert shuffled.is_estimated and not anew.is_estimated
    assert str(shuffled).startswith("estimated stable:")
    assert "the reference for shuffled epochs" in shuffled.explanation
    assert "judged as if drawn anew" in str(shuffled.problem.noise)  # maps have it, too
    assert str(shuffled).count("judged as if drawn anew") == 1
    assert shuffled.to_dict()["estimated"] is True
    assert shuffled.to_dict()["loss_floor_interval"] == [0, 0]  # there is no floor to be off


def test_floors_of_shuffled_epochs_are_those_of_the_reference_and_say_so() -> None:
    """Shuffled runs rest far lower: the mean gradient of an epoch's batches is nearly exact."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), rng.normal(size=40)
    question = sgd("0.02"), Problem.from_data(X, y, shuffle=True), 4
    verdict = stability(*question)
    runs = simulate(*question, 3000, seeds=4, record=list(range(1000, 3001, 10)))
    assert runs.losses[:, 1:].mean() < verdict.loss_floor / 3
    assert verdict.explanation.endswith("for shuffled epochs, which may rest far lower")
    assert verdict.to_dict()["loss_floor_interval"] is None
    curve = loss_curve(*question)
    assert curve.floor == pytest.approx(verdict.loss_floor, rel=1e-6)
    assert "shuffled epochs may rest far lower" in str(curve) and len(repr(curve)) < 300
    assert len(repr(verdict.rows)) < 300  # a notebook shows it
    rate = largest_learning_rate("sgd", question[1], 4)
    assert (
        rate.is_estimated and not largest_learning_rate("sgd", Problem.from_data(X), 4).is_estimated
    )
    anew = stability(question[0], Problem.from_data(X, y), 4)
    assert "lower" not in anew.explanation and anew.to_dict()["loss_floor_interval"]
    assert "lower" not in str(loss_curve(question[0], Problem.from_data(X, y), 4))
