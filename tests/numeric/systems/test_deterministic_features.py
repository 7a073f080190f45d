from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.special import zeta

import sgdmem
from sgdmem.errors import InputError
from sgdmem.systems import (
    ListedSgdRisks,
    dana_constant,
    dana_decaying,
    deterministic_features,
    mean_features,
    random_features,
)

STEPS = np.array([0, 1, 5, 15, 16, 40, 200, 1000])
POINTS = [("1", "0.7"), ("0.35", "0.8"), ("0.2", "0.8"), ("0.75", "0.4")]


@pytest.mark.parametrize("share", [0.5, 1.2])
@pytest.mark.parametrize("batch_size", [1, 4])
def test_risks_on_the_contour_are_the_losses_step_by_step(share: Any, batch_size: Any) -> None:
    features = random_features("0.35", "0.8", 60)
    listed = ListedSgdRisks.of(features.problem)
    rate = share * listed.stable_rate(batch_size)
    stepped = sgdmem.losses(sgdmem.sgd(rate), features.problem, batch_size, STEPS[-1])
    risks = listed.risks(rate, batch_size, STEPS)
    np.testing.assert_allclose(risks, features.floor + stepped[STEPS], rtol=1e-10)


def test_the_kernel_and_its_sum_are_those_of_the_eigenvalues() -> None:
    listed = ListedSgdRisks(np.array([1.0, 0.5, 0.01]), np.ones(3), 0.1)
    rate, B = 0.3, 2
    a = 1 - 2 * rate * listed.eigenvalues + (B + 1) / B * (rate * listed.eigenvalues) ** 2
    terms = rate**2 / B * (listed.eigenvalues**2 * a ** STEPS[:, None]).sum(1)
    np.testing.assert_allclose(listed.kernel(rate, B, STEPS), terms, rtol=1e-9)
    total = (rate**2 / B * listed.eigenvalues**2 / (1 - a)).sum()
    assert listed.kernel_sum(rate, B) == pytest.approx(total, rel=1e-12)


def test_the_largest_stable_rate_is_that_of_the_verdict() -> None:
    features = random_features("0.7", "0.7", 40)
    for B in (1, 30):
        rate = sgdmem.largest_learning_rate("sgd", features.problem, B)
        assert ListedSgdRisks.of(features.problem).stable_rate(B) == pytest.approx(rate, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "beta"), POINTS)
def test_realised_features_are_around_their_deterministic_equivalent(alpha: Any, beta: Any) -> None:
    d, seeds = 200, 12
    population = deterministic_features(alpha, beta, d, 4 * d)
    rate = population.stable_rate() / 2
    features = [random_features(alpha, beta, d, seed=s) for s in range(seeds)]
    drawn = [ListedSgdRisks.of(one.problem) for one in features]
    for label, expected, found in (
        ("risk", population.risks(rate, 1, STEPS), [f.risks(rate, 1, STEPS) for f in drawn]),
        ("kernel", population.kernel(rate, 1, STEPS), [f.kernel(rate, 1, STEPS) for f in drawn]),
        ("floor", population.floor, [f.floor for f in drawn]),
    ):
        mean, error = np.mean(found, 0), np.std(found, 0, ddof=1) / math.sqrt(seeds)
        assert (np.abs(mean - expected) < 4 * error + 2 * expected / d).all(), label
        assert (error * math.sqrt(seeds) < 12 * expected / math.sqrt(d)).all(), label


def test_risks_of_many_steps_are_the_floor_and_its_noise() -> None:
    for alpha, beta in POINTS:
        features = deterministic_features(alpha, beta, 1000)
        rate = features.stable_rate() / 2
        floor = features.floor / (1 - features.kernel_sum(rate))
        assert features.risks(rate, 1, 1e12) == pytest.approx(floor, rel=1e-9)


def test_multiple_eigenvalues_count() -> None:
    noise = sgdmem.Noise(tau2=-1, label_variance=1)
    problem = sgdmem.Problem(sgdmem.Spectrum([1, 0.5], weights=[2, 3]), noise, target=[1, 1])
    found = ListedSgdRisks.of(problem).risks("0.1", 2, range(20))
    losses = sgdmem.losses(sgdmem.sgd("0.1"), problem, 2, 19)
    np.testing.assert_allclose(found, 0.5 + losses, rtol=1e-10)


def test_rare_floors_are_found() -> None:
    # nearly nothing of 10^9 alike inputs is seen: half of the labels' variance is left
    floor = deterministic_features("0.01", 1, 10, 10**9).floor
    assert floor == pytest.approx(zeta(2.02) / 2, rel=1e-5)
    widths = (
        deterministic_features(1, "0.7", 1e15).floor,
        deterministic_features(1, "0.7", 3e15).floor,
    )
    assert widths[0] / widths[1] == pytest.approx(9, rel=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 1, 10, 10), "ambient must be above width"),
        (("0.2", "0.2", 10), "beta must exceed"),
        ((1, 1, 1e16), "width must be from 1 to 4e[+]15, got 1e[+]16"),
        ((1, 1, 0.3), "width must be from 1"),
        ((100, 1, 10), "alpha must be from 0.01 to 10, got 100"),
        ((1, 1e300, 10), "beta must be at most 100, got 1e[+]300"),
        ((10, 1, 1e15), "width must be smaller for alpha = 10"),
    ],
)
def test_bad_features_are_refused(arguments: Any, message: Any) -> None:
    with pytest.raises(InputError, match=message):
        deterministic_features(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2, 1, 5), "rate must be below"),
        (("0.1", 1, [-1]), "steps must be numbers"),
        (("0.1", 1, "x"), "steps must be a number"),
        (("0.1", 1, np.inf), "steps must be finite"),
        (("0.1", 0, 1), "batch_size must be positive"),
    ],
)
def test_bad_questions_are_refused(arguments: Any, message: Any) -> None:
    with pytest.raises(InputError, match=message):
        deterministic_features(1, 1, 10).risks(*arguments)


def test_other_noise_is_refused() -> None:
    with pytest.raises(InputError, match=r"problem must have Noise\(tau2=-1\)"):
        ListedSgdRisks.of(sgdmem.Problem.power_law(2))


@pytest.mark.parametrize(("alpha", "beta"), POINTS)
def test_the_problem_of_the_mean_has_its_risks(alpha: Any, beta: Any) -> None:
    features, exact = (
        mean_features(alpha, beta, 10**4),
        deterministic_features(alpha, beta, 10**4, 4 * 10**4),
    )
    assert features.trace == pytest.approx(exact.trace, rel=1e-3)
    steps = np.array([10, 100, 10**4])
    for B, share, error in ((1, 0.5, 1e-4), (1, 0.9, 1e-2), (100, 0.5, 1e-3), (100, 0.9, 0.1)):
        rate = share * exact.stable_rate(B)
        losses = sgdmem.losses(sgdmem.sgd(rate), features.problem, B, steps[-1])[steps]
        risks = exact.risks(rate, B, steps)
        np.testing.assert_allclose(features.floor + losses, risks, rtol=error)


@pytest.mark.slow
@pytest.mark.parametrize("dana", [dana_constant, dana_decaying])
def test_dana_on_the_mean_is_the_mean_of_dana(dana: Any) -> None:
    d, seeds, steps = 300, 10, np.array([30, 300, 3000, 30_000])
    mean = mean_features(1, "0.7", d)
    drawn = [random_features(1, "0.7", d, seed=seed) for seed in range(seeds)]
    rule = dana(mean)

    def risks(features: Any) -> Any:
        losses = sgdmem.losses(rule, features.problem, 1, steps[-1])
        return features.floor + losses[steps]

    found, told = [risks(features) for features in drawn], risks(mean)
    error = np.std(found, 0, ddof=1) / math.sqrt(seeds)
    assert (np.abs(np.mean(found, 0) - told) < 3.5 * error + 4 * told / d).all()
    assert (error < 0.1 * told).all()
