"""Modes of deep linear networks: their equation, against real steps of one mode."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem.errors import InputError
from sgdmem.systems import DeepLinearMode


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_means_and_variances_of_real_steps(depth: int) -> None:
    """One step of real SGD, of every layer, by 400,000 batches: 18 z-scores."""
    rng = np.random.default_rng(depth)
    rate, scores = 0.02, []
    for s, kurtosis in ((0.3, 3), (1.5, 3), (2.5, 1)):
        mode = DeepLinearMode(depth, 1.5, 0.7, rate, 2, 0.4, kurtosis)
        shape = (400_000, 2)
        x = rng.standard_normal(shape) if kurtosis == 3 else rng.choice([-1.0, 1.0], shape)
        x *= math.sqrt(0.7)
        noise = math.sqrt(0.4) * rng.standard_normal(shape)
        g = (((s - 1.5) * x - noise) * x).mean(axis=1)
        u = s ** (1 / depth) - rate * s ** (1 - 1 / depth) * g
        steps = u**depth - s
        for values, expected, next_order in (
            (g, mode.gradient(s), 0.0),
            ((g - mode.gradient(s)) ** 2, mode.gradient_variance(s), 0.0),
            (steps / rate, mode.drift(s), (np.diff(mode.drift([s, s + 1e-6])) / 1e-6)[0]),
        ):
            error = values.std() / math.sqrt(len(values))
            # a step is of first order: what it leaves out is about rate a a' / 2
            allowed = 2 * rate * abs(float(mode.drift(s)) * next_order)
            scores.append(max(0.0, abs(values.mean() - float(expected)) - allowed) / error)
    assert max(scores) < 4


def test_noise_of_a_step_is_the_diffusion() -> None:
    mode = DeepLinearMode(3, 1, 2, 0.01, 4, 0.5)
    s = np.array([1e-3, 0.4, 1, 2])
    slope = 3 * s ** (4 / 3)  # how s moves with the gradient for the product
    assert mode.diffusion(s) == pytest.approx(slope * np.sqrt(0.01 * mode.gradient_variance(s)))
    assert mode.gradient_variance(s) == pytest.approx((2 * 4 * (s - 1) ** 2 + 2 * 0.5) / 4)


def test_numbers_of_any_kind() -> None:
    mode = DeepLinearMode(2.0, "1/3", Fraction(1, 2), learning_rate="0.1", batch_size=np.int64(4))
    assert mode == DeepLinearMode(2, 1 / 3, 0.5, 0.1, 4) == replace(mode, kurtosis=3)
    assert isinstance(mode.depth, int) and isinstance(mode.target, float)


def test_full_batches_have_no_noise() -> None:
    mode = DeepLinearMode(2, 1, label_variance=3)
    assert not mode.diffusion([0, 0.5, 2]).any()
    assert mode.drift([0, 0.5, 2]) == pytest.approx([0, 0.5, -4])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"depth": 1}, "depth must be an integer from 2 to 1,000, got 1"),
        ({"target": "1e-60"}, "target must be 0, or from 1e-50 to 1e+50, got '1e-60'"),
        ({"target": -1}, "target must be 0, or from 1e-50 to 1e+50, got -1"),
        ({"eigenvalue": 0}, "eigenvalue must be positive"),
        ({"learning_rate": "x"}, "learning_rate"),
        ({"batch_size": 0}, "batch_size must be positive or infinite, got 0"),
        ({"label_variance": -2}, "label_variance must be 0, or from 1e-50 to 1e+50, got -2"),
        ({"kurtosis": 0.5}, "kurtosis must be from 1 to 1e+50, got 0.5"),
    ],
)
def test_bad_modes(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        DeepLinearMode(**{"depth": 2, "target": 1, **arguments})
    assert message in str(error.value) and "\n" not in str(error.value)


def test_bad_strengths() -> None:
    with pytest.raises(InputError, match="s must not be negative, got -1"):
        DeepLinearMode(2, 1).drift([0, -1])
    with pytest.raises(InputError, match="must be a number such as"):
        DeepLinearMode(2, 1).drift(np.array(["much"]))
    with pytest.raises(InputError, match=r'coordinate must be "s", "log" or "flat", got \'v\''):
        DeepLinearMode(2, 1).drift(1, "v")
