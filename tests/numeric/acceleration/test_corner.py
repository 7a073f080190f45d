"""Corner SGD with a finite memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgdmem.numeric.acceleration.corner import advised_theta, corner
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.errors import InputError


@pytest.mark.slow
@given(
    theta=st.floats(1.05, 1.95),
    memory=st.integers(1, 6),
    log_horizon=st.floats(1, 12),
    scale=st.floats(0.1, 10),
)
def test_stable_range(theta: float, memory: int, log_horizon: float, scale: float) -> None:
    horizon = math.exp(log_horizon)
    found = corner(memory=memory, theta=theta, horizon=horizon, scale=scale)
    dampings = 1 - np.diag(np.array(found.D, dtype=float))
    weights = -scale * np.array(found.c, dtype=float) / (1 - dampings)
    assert float(found.alpha) == pytest.approx(weights.sum() / scale, rel=1e-9)
    limit = 2 * scale / (weights / (2 - dampings)).sum()
    for factor, stable in ((1e-3, True), (1 - 1e-6, True), (1 + 1e-6, False), (10, False)):
        assert stability(found, Spectrum([limit * factor])).stable is stable


@pytest.mark.parametrize("batch_size", [1, 10, 1000, math.inf])
@pytest.mark.parametrize("tau2", [0, -1])
def test_scale_keeps_noise_at_its_level(batch_size: float, tau2: int) -> None:
    problem = Problem.power_law(2, noise=Noise(tau2=tau2))
    found = corner(problem, batch_size, memory=5, theta=1.9, horizon=1e5, noise_level=0.3)
    verdict = stability(found, problem, batch_size)
    assert verdict.stable and verdict.critical_eigenvalue >= 2 * (1 - 1e-9)
    assert verdict.noise_sum <= 0.3
    bound = verdict.critical_eigenvalue <= 2 * (1 + 1e-9)
    assert bound or verdict.noise_sum == pytest.approx(0.3, rel=1e-6)


def test_any_spectrum_will_do() -> None:
    options: Any = {"memory": 2, "theta": 1.5, "horizon": 100}
    found = corner(Spectrum([4, 1]), 2, **options)
    assert stability(found, Spectrum([4, 1]), 2).noise_sum == pytest.approx(0.25, rel=1e-6)
    with pytest.raises(InputError, match="infinite"):
        corner(Spectrum.power_law(0.8), 2, **options)


@pytest.mark.slow
@pytest.mark.parametrize(
    "measured",
    [[0.704, 0.732], pytest.param([0.704, 0.732, 0.758], marks=pytest.mark.exhaustive)],
)
def test_exponent_within_the_horizon(measured: list[float]) -> None:
    last = len(measured) + 2  # decade
    spectrum = Spectrum.power_law(2)
    found = corner(spectrum, 10, memory=10, theta=1.9, horizon=1e7)
    loss = losses(found, Problem.power_law(2, 0.4), 10, 10**last)
    exponents = [math.log10(loss[10**i] / loss[10 ** (i + 1)]) for i in range(2, last)]
    assert exponents == pytest.approx(measured, abs=0.03)
    assert exponents[-1] == pytest.approx(1.9 * 0.4, abs=0.03)


def test_advice() -> None:
    assert advised_theta(Problem.power_law(3, 0.25)) == pytest.approx(1.9)
    assert advised_theta(Problem.power_law(2, 2)) < 1
    with pytest.raises(InputError, match="target"):
        advised_theta(Problem.power_law(2))
    with pytest.raises(InputError, match="two exponents"):
        advised_theta(Problem(Spectrum([2, 1]), target=[1, 1]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": 1, "theta": 1}, "theta"),
        ({"scale": 1, "theta": 2}, "theta"),
        ({"scale": 1, "memory": 0}, "memory"),
        ({"scale": 1, "horizon": 1}, "horizon"),
        ({"scale": 1, "memory": 12, "horizon": 1e300}, "must exceed 1 and be at most 1e15"),
        ({}, "either"),
        ({"scale": 1, "problem": Spectrum([1])}, "either"),
        ({"scale": -1}, "scale"),
        ({"problem": Spectrum([1]), "batch_size": 1, "noise_level": 1}, "noise_level"),
        ({"problem": Problem(Spectrum([2, 1]), Noise.coupled([[2, 1], [1, 2]]))}, "coupling"),
    ],
)
def test_what_is_refused(options: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        corner(**{"memory": 3, "theta": 1.5, "horizon": 100, **options})
