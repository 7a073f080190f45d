"""Gradient flow of deep linear modes: times, strengths, the staircase."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from sgdmem.errors import InputError
from sgdmem.systems import DeepLinearMode, mode_flow, mode_flow_time, mode_staircase

ONE: Any = DeepLinearMode(2, 1)


@pytest.mark.parametrize("depth", [2, 3, 4, 7, 100])
def test_times_are_integrals_of_the_speed(depth: int) -> None:
    for target, start, end in ((1.3, 0.01, 1.2), (1.5, 4, 2), (0, 2, 0.1), (1, 0.5, 0.5)):
        mode = DeepLinearMode(depth, target, 0.8)
        expected = quad(lambda y, m=mode: 1 / m.drift(np.exp([y]), "log")[0], *np.log([start, end]))
        assert mode_flow_time(mode, start, end) == pytest.approx(expected[0], rel=1e-8)
    assert mode_flow_time(DeepLinearMode(depth, 1), 0.5, 1) == math.inf


@pytest.mark.parametrize("depth", [2, 5])
def test_strengths_are_those_of_the_differential_equation(depth: int) -> None:
    for start in (0.2, 3.0):
        mode, times = DeepLinearMode(depth, 1.3, 0.8), np.array([0, 0.1, 1, 3])
        path = solve_ivp(
            lambda t, s, m=mode: m.drift(s), (0, 3), [start], "LSODA", times, rtol=1e-10, atol=1e-12
        )
        assert mode_flow(mode, start, times) == pytest.approx(path.y[0], rel=1e-6)
    assert mode_flow(DeepLinearMode(depth, 1), 1, [0, 5]) == pytest.approx(1)


def test_plateaus_are_left_in_the_order_of_target_and_eigenvalue() -> None:
    modes = [DeepLinearMode(3, s, lam) for s, lam in ((1, 1), (3, 0.1), (2, 1))]
    found = mode_staircase(modes, 1e-6)
    assert list(found.order) == [2, 0, 1]  # by target times eigenvalue
    assert found.plateaus == pytest.approx([2.95, 0.95, 0.45, 0])
    leading = 100 / np.array([2, 1, 0.3])  # s0^(-1/3) / (lambda s*)
    assert found.times == pytest.approx(leading, rel=0.03)
    between = found.times[:2].mean()
    s = [float(mode_flow(mode, 1e-6, between)) for mode in modes]
    losses = [m.eigenvalue * (m.target - x) ** 2 / 2 for m, x in zip(modes, s, strict=True)]
    assert sum(losses) == pytest.approx(0.95, rel=0.01)


def test_bad_times() -> None:
    mode = DeepLinearMode(2, 1)
    with pytest.raises(InputError, match=r"end must be between start, 0\.1, and target, 1, got 2"):
        mode_flow_time(mode, 0.1, 2)
    with pytest.raises(InputError, match="times must not be negative, got -1"):
        mode_flow(mode, 0.1, [0, -1])
    with pytest.raises(InputError, match="share must be between 0 and 1, got 2"):
        mode_staircase([mode], 0.1, share=2)
    with pytest.raises(InputError, match="start must be below that share of all targets, got"):
        mode_staircase([mode], 0.6)
    with pytest.raises(InputError, match="modes must be a list of modes, got DeepLinearMode"):
        mode_staircase(ONE, 0.1)


@pytest.mark.parametrize("depth", [2, 3, 20])
def test_diffusion_peaks_before_the_target(depth: int) -> None:
    for variance in (0.0, 0.1, 0.6):
        mode = DeepLinearMode(depth, 2, 0.7, 0.1, 3, variance)
        s = np.linspace(0, 2, 100_001)
        assert mode.diffusion_peak() == pytest.approx(s[mode.diffusion(s).argmax()], abs=3e-5)
    with pytest.raises(InputError, match="mode must have a target, and noise, got depth"):
        DeepLinearMode(depth, 0, batch_size=1).diffusion_peak()
