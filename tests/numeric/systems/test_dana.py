"""DANA: against literal runs on drawn inputs, dense second moments, and Poisson clocks."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import poisson

import sgdmem
from sgdmem.numeric.acceleration.dana_schedule import Dana
from sgdmem.numeric.systems.dana import (
    dana_constant,
    dana_decaying,
    dana_methods,
    largest_scale,
)
from sgdmem.numeric.systems.dana_ode import moment_speeds, ode_losses
from sgdmem.numeric.systems.random_features import population, random_features
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo.several_momenta import dana_step

RUNS, STEPS = 4000, 64
EXPONENTS = [(1.0, 0.7), (0.7, 0.3), (0.35, 0.9), (1.2, 1.5)]


def literal_risks(
    name: str, alpha: float, beta: float, d: int, v: int, B: int, seed: int
) -> dict[int, Any]:
    """Run a method as the paper has it, on inputs x of which W' x are seen; risks of all runs."""
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(v, d)) / math.sqrt(d)
    j = np.arange(1.0, v + 1)
    deviations, b = j**-alpha, j**-beta
    rng = np.random.default_rng(1000 + seed)
    trace = ((deviations[:, None] * W) ** 2).sum()
    gamma_2 = 0.375 * min(2 / (B + 1), 1 / trace)  # of the sum over a batch
    delta = max(2 + (2 * beta - 1) / alpha, 2 - 1 / alpha) + 1
    theta, y, found = np.zeros((RUNS, d)), np.zeros((RUNS, d)), {}
    for t in range(STEPS + 1):
        if t in (1, 4, 16, STEPS):
            found[t] = ((deviations * (theta @ W.T - b)) ** 2).sum(1) / 2
        x = deviations * rng.normal(size=(RUNS, B, v))
        seen = x @ W
        residuals = np.einsum("rbd,rd->rb", seen, theta) - x @ b
        g = np.einsum("rb,rbd->rd", residuals, seen)  # added up, not averaged
        damping = min(1.0, delta / (1 + t))
        if name == "SGD":
            theta = theta - gamma_2 * g
        elif name == "SGD-M":
            y = 0.9 * y + g
            theta = theta - 0.1 * gamma_2 * y
        else:
            gamma_3 = 0.1 * min(2 / (B + 1), 1 / trace)
            gamma_3 *= 1 / d if name == "DANA-constant" else (1 + t) ** -min(1, 1 / (2 * alpha))
            y = (1 - damping) * y + g
            theta = theta - gamma_2 * g - gamma_3 * y
    return found


@pytest.mark.slow
def test_losses_of_literal_runs() -> None:
    """128 z-scores of mean risks: four methods, four pairs of exponents, two batch sizes.

    Seeds 0 to 31 for W, 1000 to 1031 for the inputs.
    """
    scores: list[float] = []
    for number, name in enumerate(("SGD", "SGD-M", "DANA-constant", "DANA-decaying")):
        for k, (alpha, beta) in enumerate(EXPONENTS):
            for B in (1, 5):
                seed = 8 * number + 2 * k + (B > 1)
                features = random_features(alpha, beta, 8, 32, seed=seed)
                method = dana_methods(features, B)[name]
                exact = features.floor + sgdmem.losses(method, features.problem, B, STEPS)
                for t, risks in literal_risks(name, alpha, beta, 8, 32, B, seed).items():
                    scores.append((risks.mean() - exact[t]) / (risks.std() / math.sqrt(RUNS)))
    assert len(scores) == 128
    assert (np.abs(scores) > 3).sum() <= 1, scores
    assert 0.8 < np.std(scores) < 1.2, scores


def test_verdicts_of_dense_moments() -> None:
    """500 random questions: all second moments of (theta, y), in a rotated basis."""
    rng = np.random.default_rng(1)
    stable = 0
    for _ in range(500):
        d, B = int(rng.integers(1, 4)), float(rng.choice([1, 2, 8, 1e12]))
        lam = rng.uniform(0.05, 1, d)
        rates = {
            "gamma_1": rng.uniform(0.5, 2),
            "gamma_2": math.exp(rng.uniform(-3, 1)),
            "gamma_3": math.exp(rng.uniform(-6, 0)),
            "damping": rng.uniform(0, 1.5),
        }
        problem = sgdmem.Problem(sgdmem.Spectrum(list(lam)), sgdmem.Noise(tau2=-1))
        found = sgdmem.stability(dana_step(**rates), problem, B).stable
        g1, g2, g3, damping = rates.values()
        Q, one = np.linalg.qr(rng.normal(size=(d, d)))[0], np.eye(d)
        K = Q @ np.diag(lam) @ Q.T
        first = np.hstack([one, 0 * one])
        y = g1 * K @ first + (1 - damping) * np.hstack([0 * one, one])
        A = np.vstack([first - g2 * K @ first - g3 * y, y])
        push = np.vstack([-(g2 + g3 * g1) * one, g1 * one])
        noise = (np.outer(K.ravel(), K.ravel()) + np.kron(K, K)) @ np.kron(first, first) / B
        radius = np.abs(np.linalg.eigvals(np.kron(A, A) + np.kron(push, push) @ noise)).max()
        assert found == (radius < 1), (rates, lam, B, radius)
        stable += bool(found)
    assert 100 < stable < 450


def test_all_methods_are_stable_at_every_batch_size() -> None:
    for alpha, beta in EXPONENTS[1:3]:
        features = random_features(alpha, beta, 40)
        for B in (1, 1000):
            for rule in dana_methods(features, B).values():
                problem = features.problem
                found = sgdmem.methods.momentary_stability(rule, problem, B, 10**5, count=3)
                assert all(found.stable) and found.noise_sums.max() < 0.5


def test_rates_of_the_paper() -> None:
    features = random_features(0.8, 0.4, 50)
    rule, unit = dana_constant(features), min(1.0, 1 / features.trace)
    assert (rule.gamma_2, rule.gamma_3) == pytest.approx((0.375 * unit, 0.1 * unit / 50))
    assert rule.delta == pytest.approx(max(2 - 0.2 / 0.8, 2 - 1 / 0.8) + 1)
    decaying = dana_decaying(features, 4, gamma_3=0.5, kappa_3="0.7")
    assert decaying.gamma_2 == pytest.approx(0.375 * largest_scale(features, 4))
    assert decaying.gamma_3_at([0, 9]).tolist() == pytest.approx([0.5, 0.5 * 10**-0.7])
    assert dana_decaying(features).kappa_3 == pytest.approx(1 / 1.6)
    assert dana_decaying(random_features(0.3, 1, 20)).kappa_3 == 1


@pytest.mark.parametrize("kappa", [0.0, 0.6, 2.0])
def test_time_change(kappa: float) -> None:
    rule = Dana.of(0.3, 0.02, kappa, 3.0)
    for t in (0.0, 1.0, 300.0):
        passed = quad(lambda s: math.sqrt(0.02) * (1 + s) ** (-kappa / 2), 0, t)[0]
        assert float(rule.time_change(t)) == pytest.approx(1 + 0.6 * t + passed**2, rel=1e-9)


def test_an_equation_is_the_mean_over_a_poisson_clock() -> None:
    """While the damping is 1 the rates are stationary."""
    features = random_features(0.8, 0.4, 12, seed=2)
    rule, times = Dana.of(0.3, 0.1, 0.0, 1e6), [0.0, 3.0, 20.0]
    exact = sgdmem.losses(rule, features.problem, 2, 120)
    found = ode_losses(rule, features.problem, 2, times)
    means = [poisson.pmf(np.arange(121), t) @ exact for t in times]
    assert np.allclose(found, means, rtol=1e-5)


def test_errors_of_the_equations() -> None:
    """The whole one is within 2% from 100 steps on; what is dropped or separated costs more."""
    features, times = random_features(1, 0.7, 60, seed=1), [10, 100, 1000]
    for rule in (dana_constant(features), dana_decaying(features)):
        exact = (features.floor + sgdmem.losses(rule, features.problem, 1, 1000))[times]
        worst = {}
        for clock in ("step", "coin-flip"):
            for simplified in (False, True):
                found = ode_losses(
                    rule, features.problem, 1, times, clock=clock, simplified=simplified
                )
                worst[clock, simplified] = abs((features.floor + found) / exact - 1)
        whole = worst.pop(("step", False))
        assert whole[0] > 0.05 and whole[1] < 0.02 and whole[2] < 1e-3
        assert all(0.01 < error[2] < 0.2 for error in worst.values())


def test_equations_of_full_batches() -> None:
    features = random_features(1, 0.7, 20)
    rule = dana_constant(features)
    many = ode_losses(rule, features.problem, 1e15, [50.0])
    assert ode_losses(rule, features.problem, math.inf, [50.0]) == pytest.approx(many, rel=1e-9)


def test_the_simplified_equation_has_what_the_paper_has() -> None:
    matrix, force = moment_speeds("coin-flip", simplified=True)
    assert str(matrix.tolist()) == (
        "[[-2*gamma_2*lambda, 0, -2*gamma_3], [0, -2*Delta, 2*lambda], "
        "[lambda, -gamma_3, -Delta - gamma_2*lambda]]"
    )
    assert str(list(force)) == "[gamma_2**2*lambda/B, lambda/B, 0]"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: largest_scale(f.problem), "features must be those of random_features"),
        (lambda f: dana_constant(f.width), "features must be those of random_features, got 4"),
        (lambda f: dana_decaying(f.width), "features must be those of random_features, got 4"),
        (lambda f: moment_speeds(cast("Any", ["step"])), "clock must be step or coin-flip"),
        (lambda f: solved(dana_constant(f), f.problem, 3), "times must be a list"),
        (lambda f: solved(dana_constant(f), f.problem, [1e300]), "times must ascend .* up to 1e"),
        (lambda f: dana_constant(f).time_change([1, -2]), "t must be 0 or more"),
        (lambda f: dana_constant(f).gamma_3_at("x"), "t must be a number"),
        (lambda f: dana_constant(f, math.inf), "batch_size must be finite, got inf"),
        (lambda f: dana_constant(f, gamma_2=0), "gamma_2 must be positive"),
        (lambda f: dana_constant(f, delta=-1), "delta must be positive"),
        (lambda f: dana_decaying(f, kappa_3=0), "kappa_3 must be positive"),
        (lambda f: dana_methods(f, momentum="x"), "momentum"),
        (lambda f: dana_methods(f, momentum=1), "momentum must be below 1, got 1"),
        (lambda f: solved(sgdmem.sgd(1), f.problem, [1]), "rule must be dana_constant"),
        (lambda f: solved(dana_constant(f), f.problem, [2, 1]), "times must ascend"),
        (lambda f: solved(dana_constant(f), f.problem, [1], clock="x"), "clock must be"),
        (lambda f: solved(dana_constant(f), f.population, []), "times must"),
        (lambda f: solved(dana_constant(f), f.problem, [1], 0), "batch_size must be"),
        (lambda f: solved(dana_constant(f), population(1, 1), [1]), "problem must have a finite"),
    ],
)
def test_bad_arguments(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call(random_features(1, 1, 4))


def test_the_start_is_a_time_too() -> None:
    features = random_features(1, 1, 4)
    start = sgdmem.losses(sgdmem.sgd(1), features.problem, 1, 0)
    assert solved(dana_constant(features), features.problem, [0, 0]) == pytest.approx([*start] * 2)


def solved(rule: Any, problem: Any, times: Any, batch_size: Any = 1, **options: Any) -> Any:
    return ode_losses(rule, problem, batch_size, times, **options)
