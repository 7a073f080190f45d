"""Rates of convergence against dense operators of second moments, and published ones."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random
from typing import Any

import mpmath
import numpy as np
import pytest

from sgdmem.numeric.acceleration.fastest import fastest
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.convergence_rate import convergence_rate
from sgdmem.numeric.verdicts.discounting import discounted
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo.named_algorithms import heavy_ball, nesterov, sgd
from tests import naive
from tests.draws import KINDS, random_algorithm


def check_against_operator(rng: np.random.Generator, kind: str) -> None:
    raw = random_algorithm(rng, int(rng.integers(0, 4)), kind)
    lam = np.sort(rng.uniform(0.05, 2, int(rng.integers(1, 4))))
    tau1, tau2 = float(rng.choice([1, 2])), float(rng.choice([-1, 0, 0.5, 1]))
    batch_size = float(rng.choice([1, 2, 8]))
    problem = Problem(Spectrum(lam), Noise(tau1, tau2))
    found = convergence_rate(Algorithm(*raw), problem, batch_size)
    low, high = found.mean_square_interval
    # dense eigenvalues may be far off where two nearly coincide: their bounds say how far
    arguments = (raw, list(lam), batch_size, tau1, tau2)
    least, most = naive.second_moment_radius_bounds(*arguments)
    assert low <= most
    assert high >= least
    if most - least < 1e-8 * most:
        expected = naive.second_moment_radius(*arguments)
        assert found.mean_square == pytest.approx(expected, rel=1e-6)
    assert high - low <= 1e-4 * high  # wider where several roots coincide
    stable = stability(Algorithm(*raw), problem, batch_size).stable
    assert stable is None or stable is (found.mean_square < 1)


@pytest.mark.parametrize("kind", KINDS)
def test_against_the_dense_operator(kind: str, rng: np.random.Generator) -> None:
    for _ in range(2):
        check_against_operator(rng, kind)


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", KINDS)
def test_many_against_the_dense_operator(kind: str, rng: np.random.Generator) -> None:
    for _ in range(150):
        check_against_operator(rng, kind)


@pytest.mark.parametrize("shrink", [0, Fraction(1, 9)])
def test_polynomials_of_discounted_algorithms(shrink: Any) -> None:
    rng = Random(1)

    def some(count: int) -> list[Fraction]:
        return [Fraction(rng.randint(-9, 9), 7) for _ in range(count)]

    for M in range(5):
        D = [some(M) for _ in range(M)]
        method = Algorithm(some(1)[0], some(M), some(M), D, some(M), shrink)
        found = discounted(method, Fraction(2, 3))
        assert found.polynomials == Algorithm(*found.blocks).polynomials  # derived anew


def test_samples_against_the_dense_operator(rng: np.random.Generator) -> None:
    X = rng.normal(size=(6, 2))
    problem = Problem.from_data(X)
    raw = naive.Raw(0.1, [0.5], [-0.1], [[0.5]], [0.0])
    expected = naive.sampled_moment_radius(raw, X[:, None], np.full(6, 1 / 6), 1 / 2)
    found = convergence_rate(Algorithm(*raw), problem, 2)
    assert found.mean_square == pytest.approx(expected, rel=1e-7)


def triple_momentum(kappa: float) -> Algorithm:
    """Return that of Van Scoy, Freeman and Lynch (2018) for eigenvalues from 1/kappa to 1."""
    rho = 1 - 1 / math.sqrt(kappa)
    beta, gamma = rho**2 / (2 - rho), rho**2 / ((1 + rho) * (2 - rho))
    # the gradient is taken at w + gamma u with u the last step of w
    step = 1 + rho
    return Algorithm(step, b=beta, c=-step, D=beta, a=gamma)


@pytest.mark.parametrize("kappa", [4, 100, 10_000])
def test_published_rates(kappa: int) -> None:
    root = math.sqrt(kappa)
    published: list[tuple[Any, float]] = [
        (sgd(Fraction(2 * kappa, kappa + 1)), (kappa - 1) / (kappa + 1)),
        (nesterov(1, (root - 1) / (root + 1)), 1 - 1 / root),
        (triple_momentum(kappa), 1 - 1 / root),
    ]
    for algorithm, rate in published:
        found = convergence_rate(algorithm, kappa)
        low, high = found.noiseless_interval
        assert found.noiseless == pytest.approx(rate, rel=1e-6)
        assert low <= high <= low * (1 + 1e-12)
        listed = convergence_rate(algorithm, Spectrum([1, 1 / kappa]))
        assert listed.noiseless == pytest.approx(rate, rel=1e-6)
        assert listed.mean_square == pytest.approx(rate**2, rel=2e-6)


def test_best_parameters() -> None:
    found = fastest("heavy-ball", 100)
    assert found.rate.noiseless == pytest.approx(9 / 11, rel=1e-6)
    assert found.parameters["momentum"] == pytest.approx((9 / 11) ** 2, rel=1e-5)
    assert found.is_optimal
    given = fastest("nesterov", 100, learning_rate=1)
    assert given.rate.noiseless == pytest.approx(0.9, rel=1e-6)
    assert not given.is_optimal
    assert "estimated" in str(given)


@pytest.mark.parametrize("kappa", [1e9, 1e12])
def test_close_to_one_a_rate_is_compared_by_its_steps(kappa: float) -> None:
    tuned = fastest("nesterov", kappa)  # needs sqrt(3) times the steps of Polyak's
    steps = math.log(10) / (4 / math.sqrt(3 * kappa))
    assert tuned.rate.steps_per_digit == pytest.approx(steps, rel=0.02)
    assert not tuned.is_optimal
    assert "estimated" in str(tuned)
    with pytest.raises(InputError, match="condition number of at most 1e"):
        fastest("sgd", 1e15)


def test_no_more_figures_are_printed_than_are_known() -> None:
    for kappa in (1e9, 1e12, 1e15):
        found = convergence_rate(sgd(1), kappa)
        low, high = found.steps_per_digit_interval
        assert low <= math.log(10) / 2 * kappa <= high
        assert f"{found.steps_per_digit:.6g}" not in str(found)
    assert "at least" in str(convergence_rate(sgd(1), 1e16))
    assert str(convergence_rate(sgd(1), 100)).endswith("a tenth in 114.553 steps")


@pytest.mark.slow
def test_best_of_all_parameters() -> None:
    free = fastest("memory-one", 100)
    assert 9 / 11 - 1e-9 <= free.rate.noiseless <= 9 / 11 + 1e-6
    tuned = fastest("nesterov", 100)
    assert tuned.rate.noiseless == pytest.approx(1 - 2 / math.sqrt(301), rel=1e-6)


def test_best_rate_of_sgd_with_noise() -> None:
    # one mode: the factor is 1 - 2 a lam + a^2 lam^2 (1 + 1/B), least at a lam = B / (B + 1)
    found = fastest("sgd", Spectrum([0.5]), 3)
    assert found.parameters["learning_rate"] == pytest.approx(1.5, rel=1e-4)
    assert found.rate.mean_square == pytest.approx(1 / 4, rel=1e-7)
    verdict = stability(found.algorithm, Spectrum([0.5]), 3)
    assert verdict.rate.mean_square == found.rate.mean_square
    assert verdict.rate.steps_per_digit == pytest.approx(math.log(10) / math.log(4), rel=1e-6)


def test_long_memory_and_zero() -> None:
    delay = 20
    D = np.diag(np.ones(delay - 1, dtype=int), -1).tolist()
    delayed = Algorithm(0, b=[0] * (delay - 1) + [-0.01], c=[1] + [0] * (delay - 1), D=D)
    found = convergence_rate(delayed, Spectrum([1, 0.5]), 4)
    roots = np.abs(np.roots([1, -1, *[0] * (delay - 1), 0.005])).max()
    assert found.noiseless == pytest.approx(roots, rel=1e-10)
    assert roots**2 < found.mean_square < 1
    assert convergence_rate(sgd(1), Spectrum([1])).mean_square < 1e-15


def test_eigenvalues_that_are_not_exact() -> None:
    # at the eigenvalue 1 two roots coincide: a little below they are real, and the rate is larger
    algorithm, near = heavy_ball(Fraction(1, 4), Fraction(1, 4)), 1e-10
    low, high = convergence_rate(
        algorithm, Spectrum([mpmath.iv.mpf([1 - near, 1 + near])])
    ).noiseless_interval
    ends = [convergence_rate(algorithm, Spectrum([x])).noiseless for x in (1 - near, 1 + near)]
    assert low <= min(ends) < max(ends) <= high
    assert high - low < 1e-4


def test_what_has_no_rate() -> None:
    with pytest.raises(InputError, match="finitely many"):
        convergence_rate(sgd(0.1), Spectrum.power_law(1.5), 8)
    with pytest.raises(InputError, match="batch_size must be inf"):
        fastest("sgd", 10, 8)
    with pytest.raises(InputError, match="at least 1"):
        convergence_rate(sgd(0.1), 0.5)
    with pytest.raises(InputError, match="tau2"):
        convergence_rate(sgd(0.1), Problem(Spectrum([1]), Noise(1, 2)), 8)
    with pytest.raises(InputError, match="none is left"):
        fastest("heavy-ball", 10, learning_rate=1, momentum=0.5)
    assert convergence_rate(heavy_ball(5, 0.5), Spectrum([1]), 4).mean_square > 1
