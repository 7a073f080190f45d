"""Laws of deep linear modes: quadrature, the Fokker-Planck equation, simulation; 90 z-scores."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.integrate import cumulative_simpson, simpson
from scipy.interpolate import CubicSpline
from scipy.stats import gamma, norm

from sgdmem.errors import InputError
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.systems import (
    DeepLinearMode,
    mode_flow_time,
    mode_law,
    mode_passage,
    mode_paths,
    mode_stationary_law,
    mode_survival,
)

OTHER: Any = 1


def proportions(found: Any, expected: Any, n: int) -> Array:
    """Return z-scores of shares of n paths."""
    scores: Array = (found - expected) / np.sqrt(expected * (1 - expected) / n)
    return np.ravel(scores)


@pytest.mark.slow
@pytest.mark.parametrize("depth", [2, 3, 5])
def test_simulated_paths_have_the_law_and_its_passages(depth: int) -> None:
    n = 2000
    scores: list[Any] = []
    for variance, kurtosis in ((0.0, 3), (0.4, 1)):
        mode = DeepLinearMode(depth, 1, 1, 0.05, 2, variance, kurtosis)
        passage = mode_passage(mode, 0.01, 0.5)
        mean, deviation = passage.mean, passage.deviation
        times = [mean - deviation, mean, mean + deviation, mean + 8 * deviation]
        paths = mode_paths(
            mode, 0.01, times, level=0.5, paths=n, steps=200, seed=depth + 10 * kurtosis
        )
        assert np.isfinite(paths.passages).all()
        scores.append([(paths.passages.mean() - mean) / deviation * math.sqrt(n)])
        law = mode_law(mode, 0.01, times[:3], tolerance=0.01)
        levels = np.quantile(paths.s[1], [0.1, 0.3, 0.5, 0.7])
        below = (paths.s[:3, :, None] <= levels).mean(axis=1)
        expected = law.cdf(levels)
        safe = (expected > 0.01) & (expected < 0.99)
        scores.append(proportions(below[safe], expected[safe], n))
        passed = mode_law(mode, 0.01, times[:3], level=0.5, tolerance=0.01).passed
        found = (paths.passages <= np.array(times[:3])[:, None]).mean(axis=1)
        scores.append(proportions(found, passed, n))
        assert law.error < 0.01
    z = np.concatenate(scores)
    assert len(z) >= 20 and np.abs(z).max() < 3.5 and 0.4 < np.mean(z**2) < 2


@pytest.mark.slow
@pytest.mark.parametrize("depth", [2, 3, 5])
def test_stationary_samples_by_kolmogorov_smirnov(depth: int) -> None:
    for kurtosis in (1, 3):
        mode = DeepLinearMode(depth, 1, 1, 0.05, 2, 2, kurtosis)
        law = mode_stationary_law(mode)
        end = mode_paths(mode, 0.8, [6.0], paths=4000, steps=300, seed=depth).s[-1]
        distance, critical = law.kolmogorov_smirnov(end)
        assert distance < critical == pytest.approx(0.0257, abs=2e-4)
        other = mode_stationary_law(DeepLinearMode(depth, 1, 1, 0.08, 2, 2, kurtosis))
        assert other.kolmogorov_smirnov(end)[0] > other.kolmogorov_smirnov(end)[1]


def test_two_layers_and_random_signs_are_gamma() -> None:
    for rate in (1.3, 0.5, 0.01, 1e-4):
        mode = DeepLinearMode(2, 1, 1, rate, 2, 3, 1)
        law, exact = mode_stationary_law(mode), gamma(2 / rate / 3 - 0.5, scale=rate * 3 / 2)
        q = np.array([0.001, 0.1, 0.5, 0.9, 0.999])
        s = exact.ppf(q)
        assert law.cdf(s) == pytest.approx(q, abs=1e-10)
        assert law.pdf(s) == pytest.approx(exact.pdf(s), rel=1e-9)
        assert law.quantile(q) == pytest.approx(s, rel=1e-7)
        assert law.mean() == pytest.approx(exact.mean(), rel=1e-10)
        assert law.mean(lambda x: x**2) == pytest.approx(exact.moment(2), rel=1e-10)


def test_two_layers_near_their_collapse() -> None:
    """Half of the law is below all floats, and means are as exact as elsewhere."""
    law = mode_stationary_law(DeepLinearMode(2, 1, 1, 1, 1, 2 - 2e-4, 1))
    exact = gamma(1 / (2 - 2e-4) - 0.5, scale=2 - 2e-4)
    assert law.cdf([0, 1e-300, 1e-3, 2]) == pytest.approx(exact.cdf([0, 1e-300, 1e-3, 2]), rel=1e-9)
    assert law.cdf([1e-300])[0] > 0.9 and list(law.quantile([0.5])) == [0]
    assert law.mean() == pytest.approx(exact.mean(), rel=1e-9)
    assert law.mean(lambda s: s**0) == pytest.approx(1, rel=1e-12)


def power_of(power: float) -> Callable[[Array], Array]:
    return lambda s: s**power


@pytest.mark.parametrize("depth", [2, 3, 20])
def test_powers_without_a_mean(depth: int) -> None:
    law, most = mode_stationary_law(DeepLinearMode(depth, 1, 1, 0.02, 1, 3)), 4 - 3 / depth
    assert law.mean(power_of(most - 0.5)) > law.mean() ** (most - 0.5)
    for power in (most, 4.0, 9.0):
        with pytest.raises(InputError, match=f"have a mean under this law: powers below {most:g}"):
            law.mean(power_of(power))
    with pytest.raises(InputError, match="function must have a mean"):
        law.mean(np.exp)


def test_passages_of_two_layers_in_closed_form() -> None:
    """Far from the target log s is a Brownian motion with drift: the inverse Gaussian law."""
    mode = DeepLinearMode(2, 1e6, 1e-6, 0.2, 1, 1e6, 1)  # drift 2 - 0.2, deviation 2 sqrt(0.2)
    found = mode_passage(mode, 1, math.exp(3))
    assert found.mean == pytest.approx(3 / 1.8, rel=1e-4)
    assert found.deviation == pytest.approx(math.sqrt(3 * 0.8 / 1.8**3), rel=1e-4)
    times = np.array([0.5, 1, 2, 4])
    law = mode_law(mode, 1, times, level=math.exp(3), tolerance=0.01)
    ahead, behind = (norm.cdf((sign * 1.8 * times - 3) / np.sqrt(0.8 * times)) for sign in (1, -1))
    exact = ahead + math.exp(2 * 1.8 * 3 / 0.8) * behind
    assert 1e-4 < law.error < 0.01  # of what is not extrapolated
    assert law.passed == pytest.approx(exact, abs=law.error / 5)


def test_passages_that_may_fail() -> None:
    found = mode_passage(DeepLinearMode(2, 1e6, 1e-6, 0.2, 1, 15e6, 1), 1, math.e)
    assert found.mean == math.inf
    # log s has drift 2 - 3 and variance 12 a unit of time: a martingale is s^(1/6)
    assert found.probability == pytest.approx(math.exp(-1 / 6), rel=1e-4)
    assert mode_passage(DeepLinearMode(2, 1), 0.1, 0.5).deviation == 0


def test_mean_passages_are_those_of_the_law() -> None:
    for depth in (2, 3):
        mode = DeepLinearMode(depth, 1, 1, 0.2, 2, 0.5)
        passage = mode_passage(mode, 0.01, 0.5)
        times = np.linspace(0, passage.mean + 12 * passage.deviation, 161)[1:]
        left = np.append(1, 1 - mode_law(mode, 0.01, times, level=0.5).passed)
        mean = (left[1:] + left[:-1]).sum() * times[0] / 2
        assert mean == pytest.approx(passage.mean, rel=1e-4)


def test_survival() -> None:
    assert mode_survival(DeepLinearMode(3, 0, batch_size=1, label_variance=1), 1) == 0
    assert mode_survival(DeepLinearMode(2, 1), 0.1) == 1
    data = DeepLinearMode(2, 1, 1, 4, 1)  # beyond what real steps bear: learning rate 4
    assert 0 < mode_survival(data, 0.1) < mode_survival(data, 0.9) < 1 == mode_survival(data, 2)
    paths = mode_paths(data, 0.3, [6], paths=1000, steps=1000, seed=1).s[-1]
    chance = mode_survival(data, 0.3)
    assert abs((paths > 0.5).mean() - chance) < 4 * math.sqrt(chance * (1 - chance) / 1000)


def test_laws_without_label_noise_stay_on_their_side() -> None:
    mode = DeepLinearMode(3, 1, 1, 0.1, 1)
    above = mode_law(mode, 2, [0.5, 5], tolerance=0.01)
    assert above.s[0] > 1 and above.mean()[1] == pytest.approx(1, abs=1e-3)
    below = mode_law(mode, 0.9, [0.5, 5], tolerance=0.01)
    assert below.s[-1] < 1 and below.mean()[1] == pytest.approx(1, abs=1e-3)
    soon = mode_law(mode, 0.5, [1e-6], tolerance=0.01)
    assert soon.mean() == pytest.approx(0.5 + 1e-6 * mode.drift(0.5), abs=1e-6)


def test_without_any_noise_passages_are_those_of_gradient_flow() -> None:
    for mode in (DeepLinearMode(3, 1), DeepLinearMode(3, 1, batch_size=1, kurtosis=1)):
        found = mode_passage(mode, 0.1, 0.9)
        assert found == (1, mode_flow_time(mode, 0.1, 0.9), 0, found.mean, 0)


def test_densities_where_there_are_none() -> None:
    law = mode_stationary_law(DeepLinearMode(3, 1, 1, 0.1, 1, 1))
    assert list(law.pdf([0, 1e200])) == [0, 0]
    assert law.cdf([-1, 0, 1e200]) == pytest.approx([0, 0, 1])


def test_laws_conserve_probability() -> None:
    mode = DeepLinearMode(3, 1, 1, 0.1, 1, 1)
    law = mode_law(mode, 0.1, [1, 4], tolerance=0.01)
    assert law.values[:, -1] == pytest.approx(1, abs=1e-9) and (law.passed == 0).all()
    assert law.mean()[1] > law.mean()[0]


def test_from_far_above_all_starts_are_alike() -> None:
    """The drift takes them down in next to no time, at rates of up to 1e20 between neighbours."""
    mode = DeepLinearMode(3, 1, 1, 0.02, 1, 1)
    laws = [mode_law(mode, start, [0.1], tolerance=0.05) for start in (1e4, 1e12)]
    assert laws[1].values[:, -1] == pytest.approx(1, abs=1e-9) and laws[1].error < 0.05
    s = [1.5, 2, 2.5]
    assert laws[0].cdf(s) == pytest.approx(laws[1].cdf(s), abs=0.01)


def test_passages_through_strong_noise() -> None:
    """It holds modes far below the start: the mean by scale and speed in closed form."""
    mode = DeepLinearMode(3, 1, 1, 0.02, 1, 1e6, 1)
    log_s = np.linspace(-46, math.log(0.6), 100_001)
    s = np.exp(log_s)
    density = s**-2 * np.exp(-(s ** (2 / 3) / 2 + s ** (-1 / 3)) / 1e4)
    times = 2 * cumulative_simpson(density * s, x=log_s, initial=0) / density
    waits = times / mode.diffusion(s) ** 2 * s
    among = np.linspace(math.log(0.5), log_s[-1], 101)
    expected = simpson(CubicSpline(log_s, waits)(among), x=among)
    assert mode_passage(mode, 0.5, 0.6).mean == pytest.approx(expected, rel=1e-7)
    with pytest.raises(InputError, match="mode must have less noise, for its passage"):
        mode_passage(DeepLinearMode(3, 1, 1, 0.02, 1, 1e50), 0.5, 0.6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: mode_law(m, 0, [1]), "start must be positive"),
        (lambda m: mode_law(m, 1, []), "times must be positive and rising, got []"),
        (lambda m: mode_paths(m, 1, []), "times must be positive and rising, got []"),
        (lambda m: mode_law(m, 1, [2, 1]), "times must be positive and rising, got [2, 1]"),
        (lambda m: mode_law(m, 1, [1], level=0.5), "level must be above start, 1, got 0.5"),
        (
            lambda m: mode_law(DeepLinearMode(2, 1, batch_size=1), 0.5, [1], level=2),
            "level must be above start, 0.5 and below the target, 1, got 2",
        ),
        (
            lambda m: mode_law(DeepLinearMode(2, 1, batch_size=1), 1, [1]),
            "start must not be the target without label noise, got 1",
        ),
        (lambda m: mode_stationary_law(m).kolmogorov_smirnov([]), "samples must be numbers"),
        (
            lambda m: mode_law(DeepLinearMode(2, 1), 1, [1]),
            "mode must have noise, and finite batches",
        ),
        (lambda m: mode_law(OTHER, 1, [1]), "mode must be a DeepLinearMode, got 1"),
        (lambda m: mode_paths(m, 1, [1], level=0.5), "level must be above start, 1, got 0.5"),
        (
            lambda m: mode_paths(m, 1e30, [9]),
            "steps must be more, as some move log s too far at s =",
        ),
        (lambda m: mode_paths(m, 5, [9], paths=0), "paths must be an integer from 1"),
        (lambda m: mode_passage(m, 1, 0.5), "level must be above start, 1, got 0.5"),
        (
            lambda m: mode_passage(DeepLinearMode(2, 1), 0.5, 2),
            "level must be above start, 0.5 and below the target, 1, got 2",
        ),
        (
            lambda m: mode_stationary_law(DeepLinearMode(2, 1, batch_size=1)),
            "mode must have labels with noise, and finite batches",
        ),
        (
            lambda m: mode_stationary_law(DeepLinearMode(2, 1, 1, 1, 1, 5)),
            "mode must survive its noise, which drives it to 0",
        ),
        (lambda m: mode_stationary_law(m).quantile(2), "q must be between 0 and 1, got 2"),
    ],
)
def test_bad_questions(call: Callable[[DeepLinearMode], Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        call(DeepLinearMode(2, 1, 1, 0.1, 1, 0.5))
    assert message in str(error.value) and "\n" not in str(error.value)


def real_steps(depth: int, rate: float, variance: float, time: float, runs: int) -> Array:
    """Return the strengths of one mode after real steps of single Gaussian samples."""
    rng = np.random.default_rng(3)
    u = np.ones(runs)
    for _ in range(round(time / rate)):
        x, noise = rng.standard_normal((2, runs))
        u -= rate * u ** (depth - 1) * ((u**depth - 1) * x**2 - math.sqrt(variance) * noise * x)
    s: Array = u**depth
    return s


@pytest.mark.slow
def test_real_steps_of_one_mode_die_where_the_diffusion_does() -> None:
    """Two layers, from the target; the threshold is near 2 / 0.02."""
    for variance, dies in ((50, False), (150, True)):
        assert (mode_survival(DeepLinearMode(2, 1, 1, 0.02, 1, variance), 1) == 0) is dies
        median = np.median(real_steps(2, 0.02, variance, 100, 300))
        assert median < 1e-20 if dies else median > 0.05


@pytest.mark.slow
def test_real_steps_jump_over_zero_which_the_diffusion_never_does() -> None:
    shares = [(real_steps(3, rate, 0.2 / rate, 20, 300) < 0).mean() for rate in (0.02, 0.005)]
    assert shares[0] > 0.005 and shares[1] == 0
    assert mode_survival(DeepLinearMode(3, 1, 1, 0.02, 1, 10), 1) == 1
