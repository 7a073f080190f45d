"""What holds at every moment of a schedule."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sgdmem.numeric.acceleration.accelerated import accelerated
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.losses.momentary_stability import adiabatic_signal, momentary_stability
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.schedules.family_schedule import schedule
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo.named_algorithms import sgd


@pytest.mark.parametrize("count", [2, 25])
def test_the_first_unstable_step(count: int) -> None:
    spectrum = Spectrum([1, 0.5])
    rule = schedule("heavy-ball", learning_rate=lambda t: 1e-4 * t + 1e-6, momentum=0.9)
    report = momentary_stability(rule, spectrum, 4, 10_000, count=count)
    first = report.first_unstable
    assert first is not None and report.steps[-1] == 9999 and not report.stable[-1]
    assert stability(rule.at(first - 1), spectrum, 4) and not stability(rule.at(first), spectrum, 4)
    assert momentary_stability(rule, spectrum, 4, first).first_unstable is None
    assert str(report).startswith(f"not proved stable at step {first}; stable at ")
    before = momentary_stability(rule, spectrum, 4, first)
    assert str(before).startswith("stable at each of the ")
    assert momentary_stability(sgd(3), spectrum, 4, 10).first_unstable == 0


@pytest.mark.parametrize("first, last", [(6000, 8900), (6000, 6003), (70_001, 70_002)])
def test_a_window_of_bad_rates_is_seen(first: int, last: int) -> None:
    spectrum = Spectrum([1, 0.5])

    def rate(t: Any) -> Any:
        return np.where((t >= first) & (t < last), 2.5, 0.1)

    rule = schedule("sgd", learning_rate=rate)
    report = momentary_stability(rule, spectrum, 64, 100_000)
    assert report.first_unstable == first
    assert momentary_stability(rule, spectrum, 64, first).first_unstable is None
    # a rate that is bad with the momentum of a window only
    heavy = schedule("heavy-ball", learning_rate=lambda t: 0.5 - 1e-6 * t, momentum=momentum_of)
    assert momentary_stability(heavy, spectrum, 4, 100_000).first_unstable == 40_000


def momentum_of(t: Any) -> Any:
    return np.where((t >= 40_000) & (t < 40_100), 0.99, 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("memory", [1, 2])
def test_adiabatic_signal_is_close_to_the_signal(memory: int) -> None:
    problem = Problem.power_law(2, 0.4)
    rule = accelerated(problem, 10, memory=memory)
    times, values = adiabatic_signal(rule, problem, 30_000)
    ratio = values / (2 * losses(rule, problem, math.inf, 30_000)[times])
    late = ratio[times > 3000]
    assert late.min() > 0.7 and late.max() < 1.3  # the constant is not claimed
    assert late.max() / late.min() < 1.02  # the exponent is


def test_adiabatic_signal_needs_steps() -> None:
    with pytest.raises(InputError, match="steps"):
        adiabatic_signal(sgd(1), Problem(Spectrum([1]), target=[1]), 0)
    with pytest.raises(InputError, match="steps"):
        momentary_stability(sgd(1), Spectrum([1]), 1, 0)
    with pytest.raises(InputError, match="count"):
        momentary_stability(sgd(1), Spectrum([1]), 1, 10, count=1)
