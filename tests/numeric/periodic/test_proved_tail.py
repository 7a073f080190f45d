"""What small eigenvalues do over a period: proved bounds against exact numbers and other proofs."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem import Noise, Problem
from sgdmem.methods import cyclic, periodic_radius, periodic_stability
from sgdmem.numeric.arithmetic.ball import Ball
from sgdmem.numeric.periodic import periodic_proof
from sgdmem.numeric.periodic.proved_products import CycleStates, proved_products
from sgdmem.numeric.periodic.proved_tail import proved_tail
from sgdmem.numeric.schedules.schedule import read_schedule
from tests.numeric.periodic.test_periodic_radius import random_cycle


def states_of(steps: Any, lam: Ball) -> CycleStates:
    return CycleStates.of(Ball(steps.table), steps.b.shape[1], lam)


def test_sgd_is_exact() -> None:
    steps, end = read_schedule([sgdmem.sgd(0.5)]).steps(0, 1), 0.01
    tail = proved_tail(states_of(steps, Ball([end / 2], [end / 2])), steps, end, 1)
    assert tail is not None
    low, high = Fraction(float(tail.low[0, 0])), Fraction(float(tail.high[0, 0]))
    half = Fraction(1, 2)
    # p / lambda = alpha / (2 - alpha lambda), which grows
    assert low < half / 2 < half / (2 - half / 100) < high
    assert high / low < 1 + Fraction(1, 50)


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("seed", range(5))
def test_products_of_small_eigenvalues_lie_between(seed: int, workers: int) -> None:
    rng = np.random.default_rng(seed)
    cycle = [one for one in random_cycle(rng, 4, seed % 3, True) if not one.shrink]
    steps, end = read_schedule(cycle).steps(0, len(cycle)), 1e-4
    tail = proved_tail(states_of(steps, Ball([end / 2], [end / 2])), steps, end, workers)
    assert tail is not None
    lam = Ball(np.array([1e-4, 3e-5, 1e-6]))
    products = proved_products(states_of(steps, lam), lam, workers)
    assert products is not None
    shares = products / lam
    assert (shares.upper >= tail.low[:, :, None]).all()
    assert (shares.lower <= tail.high[:, :, None]).all()
    assert (tail.high < 1.2 * tail.low + 1e-3 * tail.high.max()).all()


def test_where_nothing_is_proved() -> None:
    for cycle in (
        [sgdmem.sgd(-0.1)],
        [sgdmem.sgd(0.1), sgdmem.sgd(-0.1)],
        [sgdmem.Algorithm(0.1, 0, 0, 2)],
        [sgdmem.heavy_ball(1, 0.9999)],  # the scale of this is (1 - 0.9999)^2
    ):
        steps = read_schedule(cycle).steps(0, len(cycle))
        assert proved_tail(states_of(steps, Ball([5e-3], [5e-3])), steps, 1e-2, 1) is None


@pytest.mark.parametrize(("tau2", "count"), [(0, None), (-1, 10**5), (1, None)])
def test_verdicts_on_laws_are_proved(count: int | None, tau2: float) -> None:
    problem = Problem.power_law(1.5, count=count, noise=Noise(1, tau2))
    cycle = cyclic("heavy-ball", learning_rate=["0.1", "0.2", "0.3"], momentum="0.5")
    critical = periodic_radius(cycle, problem, 1, workers=2)
    for factor in (0.95, 1.05):
        verdict = periodic_stability(cycle, problem, factor * critical, workers=2)
        assert verdict.stable is (factor > 1) and verdict.is_proved
        low, high = verdict.radius_interval
        assert low < verdict.radius < high < 1.05 * low
    quiet = periodic_stability(cycle, problem)
    assert quiet.stable is True and quiet.is_proved
    wild = periodic_stability([sgdmem.sgd(2), sgdmem.sgd(2)], problem)
    assert wild.stable is False and wild.is_proved  # -1 at the largest eigenvalue
    floats = periodic_stability(cycle, problem, 1.01 * critical, workers=2, proof=False)
    assert floats.stable is True and not floats.is_proved


def test_one_algorithm_at_all_steps_is_within_the_bounds() -> None:
    for tau2 in (0, -1):
        problem = Problem.power_law(2, noise=Noise(1, tau2))
        one = sgdmem.nesterov("0.1", "0.8")
        exact = sgdmem.stability(one, problem, 4).noise_sum
        low, high = periodic_stability([one] * 2, problem, 4).radius_interval
        assert low < exact < high or tau2  # with tau2 only the side of 1 is the same


@pytest.mark.parametrize("tau2", [0, -2, 1])
def test_a_short_head_leaves_wide_bounds(tau2: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a mode of the tail takes from its own noise, or adds to it, counts here."""
    monkeypatch.setattr(periodic_proof, "_HEADS", (1,))
    problem = Problem.power_law(3, noise=Noise(1, tau2))
    cycle = [sgdmem.sgd("0.01"), sgdmem.sgd("0.2")]
    for size in (0.1, 1):
        verdict = periodic_stability(cycle, problem, size)
        low, high = verdict.radius_interval
        assert low < verdict.radius < high < 1.4 * low
