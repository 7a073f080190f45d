"""Rand-k and top-k with memory: against all masks and literal runs; and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem.numeric.systems.mem_sgd import (
    as_stable_as_rand_k,
    memory_bound,
    rand_k_run,
    sparsified_sgd,
    strongly_convex_bound,
)
from sgdmem.numeric.theorems.mem_sgd.masks import all_masks
from sgdmem.symbolic.errors import InputError
from tests.draws import batch_gradients

RUNS = 20_000


def test_verdicts_of_all_masks() -> None:
    """500 random questions, of up to 4 coordinates, some with weight decay."""
    rng = np.random.default_rng(1)
    stable = 0
    for _ in range(500):
        d = int(rng.integers(1, 5))
        k = int(rng.integers(1, d + 1))
        eigenvalues = rng.uniform(0.05, 1, d)
        noise = [(1, -1), (1, 0), (1, 1), (2, 0.5)][rng.integers(4)]
        batch_size = float(rng.choice([1, 2, 5, 20, 1e12]))
        decay = float(rng.choice([0, 0, 0.3]))
        rate = math.exp(rng.uniform(-3, 1))
        problem = sgdmem.Problem(
            sgdmem.Spectrum(list(eigenvalues)), sgdmem.Noise(*noise), weight_decay=decay
        )
        found = sgdmem.stability(as_stable_as_rand_k(rate, k / d), problem, batch_size)
        move, _ = all_masks(rate, k, eigenvalues, noise, batch_size, decay)
        assert found.stable == (np.abs(np.linalg.eigvals(move)).max() < 1)
        stable += bool(found.stable)
    assert 100 < stable < 400


def test_verdicts_under_coupled_noise() -> None:
    """200 random couplings, against the second moments of (w, m) of each coordinate."""
    rng = np.random.default_rng(2)
    stable = 0
    for _ in range(200):
        N, ρ, B = 3, rng.uniform(0.05, 1), rng.uniform(1, 30)
        rate, λ = math.exp(rng.uniform(-4, 1)), rng.uniform(0.1, 1, N)
        T, tau2 = rng.uniform(0, 4, (N, N)), rng.uniform(-2, 1, N)
        T += np.diag(np.maximum(tau2 - np.diag(T), 0) + 0.1)
        move = np.zeros((N, 4, N, 4))
        feed = (T * np.outer(λ, λ) - np.diag(tau2 * λ**2)) / B  # w^2 of modes, to noise of modes
        for share, sends in ((ρ, 1), (1 - ρ, 0)):
            v = rate * np.array([-sends, 1 - sends])
            for i in range(N):
                A = np.array([[1, -sends], [0, 1 - sends]]) + λ[i] * np.outer(v, [1, 0])
                move[i, :, i] += share * np.kron(A, A)
                move[i, :, :, 0] += share * np.outer(np.kron(v, v), feed[i])
        radius = np.abs(np.linalg.eigvals(move.reshape(4 * N, 4 * N))).max()
        noise = sgdmem.Noise.coupled(T, list(tau2))
        problem = sgdmem.Problem(sgdmem.Spectrum(list(λ)), noise)
        found = sgdmem.stability(as_stable_as_rand_k(rate, ρ), problem, B).stable
        assert found == (radius < 1)
        stable += bool(found)
    assert 40 < stable < 160


@pytest.mark.parametrize("seed", range(6))
def test_moments_and_floors_of_all_masks(seed: int) -> None:
    """Losses, memory and gradients of every step, with label noise; and where the loss rests."""
    rng = np.random.default_rng(seed)
    d, k, B = 3, 1 + seed % 3, 4.0
    λ, start, rates = rng.uniform(0.1, 1, d), rng.normal(size=d), rng.uniform(0.02, 0.2, 12)
    noise = sgdmem.Noise(1, -1, label_variance="0.5")
    problem = sgdmem.Problem(sgdmem.Spectrum(list(λ)), noise, target=start**2)
    run = rand_k_run(rates, k / d, problem, B)
    moments = np.outer(np.r_[start, 0 * start], np.r_[start, 0 * start]).ravel()
    for t in range(13):
        of_w, of_m = np.split(np.diag(moments.reshape(6, 6)), 2)
        assert run.losses[t] == pytest.approx((λ * of_w).sum() / 2, rel=1e-12)
        assert run.memory[t] == pytest.approx(of_m.sum(), rel=1e-10, abs=1e-14)
        noisy = (((λ * of_w).sum() + 0.5) * λ.sum() + (λ**2 * of_w).sum()) / B
        assert run.gradients[t] == pytest.approx((λ**2 * of_w).sum() + noisy, rel=1e-12)
        if t < 12:
            move, labels = all_masks(rates[t], k, λ, (1, -1), B)
            moments = move @ moments + 0.5 * labels
    floor = sgdmem.stability(as_stable_as_rand_k("0.1", k / d), problem, B).loss_floor
    assert rand_k_run([0.1] * 4000, k / d, problem, B).losses[-1] == pytest.approx(floor, rel=1e-9)


@pytest.mark.slow
def test_moments_of_literal_runs() -> None:
    """Algorithm 1 on Gaussian features: 320 z-scores of mean losses and of the memory.

    Seeds 0 to 39 for the features, 1000 to 1039 for the masks: with the same stream they would not
    be independent.
    """
    scores = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        λ, rates = rng.uniform(0.1, 1, 4), rng.uniform(0.02, 0.2, 8)
        k, B = int(rng.integers(1, 4)), int(rng.integers(2, 7))
        problem = sgdmem.Problem(
            sgdmem.Spectrum(list(λ)), sgdmem.Noise(tau2=-1), target=[1, 1, 1, 1]
        )

        def gradient(w: Any, λ: Any = λ, B: int = B, rng: Any = rng) -> Any:
            X = rng.normal(size=(RUNS, B, 4)) * np.sqrt(λ)
            return batch_gradients(X, w)

        for memory in (True, False):
            exact = rand_k_run(rates, k / 4, problem, B, memory=memory)
            options: Any = {"largest": False, "memory": memory, "seed": 1000 + seed}
            for t, (w, m) in enumerate(
                sparsified_sgd(gradient, np.ones((RUNS, 4)), rates, k, **options)
            ):
                if t not in (1, 4, 8):
                    continue
                pairs = [((λ * w**2).sum(1) / 2, exact.losses[t])]
                if memory and t > 1:
                    pairs.append(((m**2).sum(1), exact.memory[t]))
                for sample, mean in pairs:
                    scores.append((sample.mean() - mean) / (sample.std() / math.sqrt(RUNS)))
    assert len(scores) == 320
    assert (np.abs(scores) > 3).sum() <= 3, scores
    assert 0.8 < np.std(scores) < 1.2


def test_without_memory_top_k_goes_elsewhere() -> None:
    """One coordinate hears rarely of a large push, and often of small ones the other way."""
    ends = []
    for memory in (True, False):
        rng = np.random.default_rng(3)

        def gradient(w: Any, rng: Any = rng) -> Any:
            push = np.where(rng.random((400, 1)) < 0.1, [9.0, 0], [-1.0, 0])  # of mean 0
            return w - 1 + push + [0, 2] * rng.normal(size=(400, 2))

        rates = 8 / (14 + np.arange(3000))
        *_, (w, _) = sparsified_sgd(gradient, np.zeros((400, 2)), rates, 1, memory=memory)
        ends.append(np.abs(w.mean(0) - 1).max())
    assert ends[0] < 0.02 and ends[1] > 0.3


def test_where_memory_costs_more_than_it_brings() -> None:
    """On d alike Gaussian features the largest effective rates are level at B = d + 1."""
    problem = sgdmem.Problem(sgdmem.Spectrum([1], [50]), sgdmem.Noise(tau2=-1))
    for share in (0.5, 0.02):
        for batch_size, ahead in ((50.9, True), (51.1, False)):
            kept = sgdmem.largest_learning_rate(
                as_stable_as_rand_k, problem, batch_size, kept=share
            )
            plain = sgdmem.largest_learning_rate("sgd", problem, batch_size)
            for rate in (0.99 * plain, 1.01 * plain):  # without memory any k is as stable as SGD
                losses = rand_k_run(
                    [rate] * 3000, share, targeted(problem), batch_size, memory=False
                )
                assert (losses.losses[-1] < losses.losses[-2]) == (rate < plain)
            assert (kept > share * plain) == ahead


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_where_memory_makes_more_noise(share: float) -> None:
    """At equal effective rates a mode is less noisy with memory while rate * eigenvalue < k/d."""
    noise = sgdmem.Noise(0, 0, label_variance=1)
    noisy = sgdmem.Problem(sgdmem.Spectrum([1]), noise, target=[1])
    for rate, less in ((0.98 * share, True), (1.02 * share, False)):
        kept = rand_k_run([rate] * 4000, share, noisy, 1).losses[-1]
        lost = rand_k_run([rate / share] * 4000, share, noisy, 1, memory=False).losses[-1]
        assert (kept < lost) == less


def targeted(problem: sgdmem.Problem) -> sgdmem.Problem:
    return sgdmem.Problem(problem.spectrum, problem.noise, target=[1])


def test_without_memory_rand_k_is_slower() -> None:
    problem = sgdmem.Problem(sgdmem.Spectrum([1, 0.1]), target=[1, 1])
    rates = [0.01] * 1000
    plain, kept, lost = (
        rand_k_run(rates, share, problem, 8, memory=memory).losses[-1]
        for share, memory in ((1, True), (0.1, True), (0.1, False))
    )
    assert kept == pytest.approx(plain, rel=0.2) and lost > 3 * plain


def test_the_lemma_on_the_memory_is_sharp_for_long_memories() -> None:
    given: Any = {"strong_convexity": 1, "smoothness": 1, "gradient_bound": 1, "distance": 1}
    found = strongly_convex_bound(2000, "0.001", shift=10**5, **given)
    most = (memory_bound(found.learning_rates, 0.001, 1) / found.learning_rates).max() ** 2
    lemma = 4 * found.alpha / (found.alpha - 4) * 1000**2
    assert 0.35 < most / lemma < 1
    assert (found.sharper < found.bound).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rand_k_run([0.1], 1.5, [1]), "kept must be the share k / d, at most 1, got 1.5"),
        (lambda: rand_k_run([0.1], 0.5, [1]), "problem must have a target"),
        (lambda: rand_k_run(["a"], 0.5, [1]), "learning_rates"),
        (lambda: next(sparsified_sgd(lambda w: w, [[1.0, 2.0]], [0.1], 3)), "k must be"),
        (lambda: rand_k_run(0.1, 0.5, [1]), "learning_rates must be a list"),
        (lambda: as_stable_as_rand_k(0.1, 7), "kept must be the share k / d, at most 1, got 7"),
        (lambda: as_stable_as_rand_k(0.1, 0), "kept must be positive"),
        (lambda: sparsified(start=["a", "b"]), "start"),
        (lambda: sparsified(start=[]), "start must be of the shape"),
        (lambda: sparsified(gradient=3), "gradient must be a function"),
        (lambda: sparsified(gradient=lambda w: w[0]), "gradient must have the shape of w"),
        (lambda: sparsified(seed=-1), "seed must be"),
        (lambda: sparsified(learning_rates=0.1), "learning_rates must be a list"),
        (lambda: bound(smoothness=0.5), "smoothness must be strong_convexity or more, 1, got 0.5"),
        (lambda: bound(shift=1 + 1e-15), "shift must be above 1"),
        (lambda: bound(distance=1e300), "distance must be from"),
        (lambda: bound(steps=1e300), "steps must be an integer from"),
        (lambda: bound(shift=1), "shift must be above 1, got 1"),
        (lambda: bound(strong_convexity=0), "strong_convexity must be positive"),
        (lambda: bound(steps=0), "steps must be"),
    ],
)
def test_bad_arguments(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()


def sparsified(**changed: Any) -> Any:
    given = {"gradient": lambda w: w, "start": [1.0, 2.0], "learning_rates": [0.1], "k": 1}
    return list(sparsified_sgd(**{**given, **changed}))


def test_moments_that_grow_beyond_floats_are_infinite() -> None:
    run = rand_k_run([3.0] * 2000, 0.5, sgdmem.Problem(sgdmem.Spectrum([1]), target=[1]))
    assert run.losses[100] > 1e9 and np.isinf([run.losses[-1], run.memory[-1]]).all()
    assert np.isinf(
        rand_k_run([1e300], 1, sgdmem.Problem(sgdmem.Spectrum([1]), target=[1])).losses[1]
    )
    assert not np.isnan([run.losses, run.memory, run.gradients]).any()


def bound(**changed: Any) -> Any:
    given = {"steps": 5, "kept": 1, "strong_convexity": 1, "smoothness": 1, "gradient_bound": 1}
    return strongly_convex_bound(**{**given, "distance": 1, **changed})
