"""Accelerated schedules."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import jv

from sgdmem.numeric.acceleration.accelerated import accelerated
from sgdmem.numeric.acceleration.real_root_algorithms import partial_sum
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.losses.momentary_stability import momentary_stability
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo.named_algorithms import sgd, two_rate

LAW = Spectrum.power_law(2)


def last_exponent(found: np.ndarray[Any, Any]) -> float:
    """Return the exponent over the last quarter of a decade."""
    last = found.size - 1
    first = round(last * 10**-0.25)
    return float(np.log(found[first] / found[last]) / np.log(last / first))


# AM1


@pytest.mark.parametrize(("nu", "exponent"), [(3, 0.83), (2, 0.745), (1.5, 0.66)])
def test_exponents_of_the_memory_one_rule(nu: float, exponent: float) -> None:
    rule = accelerated(Spectrum.power_law(nu), 16)
    found = losses(rule, Problem.power_law(nu, 0.5), 16, 10**5)
    assert last_exponent(found) == pytest.approx(exponent, abs=0.01)
    predicted = 0.5 * (1 + 0.95 * (1 - 1 / nu))  # eq. (27)
    assert last_exponent(found) == pytest.approx(predicted, abs=0.025)


@pytest.mark.parametrize("nu", [1.5, 2, 3])
@pytest.mark.parametrize("batch_size", [1, 16, 1000])
@pytest.mark.parametrize("zeta", [0.5, pytest.param(2, marks=pytest.mark.slow)])
def test_the_loss_never_rises_above_its_start(nu: float, batch_size: int, zeta: float) -> None:
    spectrum = Spectrum.power_law(nu)
    rule = accelerated(spectrum, batch_size)
    found = losses(rule, Problem.power_law(nu, zeta), batch_size, 20_000)
    assert found.argmax() == 0
    assert momentary_stability(rule, spectrum, batch_size, 20_000).first_unstable is None


def test_the_noise_sum_tends_to_its_level() -> None:
    problem = Problem.power_law(2, scale=3, noise=Noise(tau2=-1))
    rule = accelerated(problem, 1)
    late = stability(rule.at(10**10), problem, 1)
    assert late.noise_sum == pytest.approx(0.5, rel=1e-4)


def test_the_first_step_is_plain_sgd_and_later_ones_are_two_rate() -> None:
    spectrum = Spectrum.power_law(2)
    rule = accelerated(spectrum, 1, damping_exponent=0.8, damping_scale=0.7)
    rate = rule.at(0).effective_learning_rate
    assert np.allclose(rule.steps(0, 1).b, 0) and rule.steps(0, 1).alpha[0] == rate
    damping = 0.7 * 100**-0.8
    expected = two_rate(rate * (damping**0.5 - damping), rate, 1 - damping)
    assert np.allclose([*map(float, rule.at(100).entries)], [*map(float, expected.entries)])
    assert float(rule.at(100).effective_learning_rate) == pytest.approx(rate * damping**-0.5)


@pytest.mark.parametrize(("nu", "zeta", "d0"), [(2, 0.5, 1.5), (3, 0.25, 2.0), (1.5, 0.8, 3.0)])
def test_constant_of_the_loss_at_the_fastest_damping(nu: float, zeta: float, d0: float) -> None:
    # theory: L ~ R E Gamma(zeta + 1)/2 (2 A t^(1+h) / (1+h))^-zeta where the rate is A t^h.
    h, steps = 1 - 1 / nu, 300_000
    problem = Problem.power_law(nu, zeta)
    rule = accelerated(problem, math.inf, damping_exponent=1, damping_scale=d0)
    found = losses(rule, problem, math.inf, steps)[-1]
    m = (d0 - h) / (1 + h)
    integral = quad(lambda y: y ** (2 * zeta - 1 - 2 * m) * jv(m, y) ** 2, 0, 400, limit=2000)[0]
    integral += 400 ** (2 * zeta - 1 - 2 * m) / math.pi / (2 * m + 1 - 2 * zeta)
    R = zeta / math.gamma(zeta + 1) * ((1 + h) / (2 * d0)) ** zeta
    R *= 2 * math.gamma(1 + m) ** 2 * 4**m * integral
    A = d0**-h
    expected = R * math.gamma(zeta + 1) / 2 * (2 * A * steps ** (1 + h) / (1 + h)) ** -zeta
    assert found == pytest.approx(expected, rel=0.03)


# Larger memory


@pytest.mark.slow
@pytest.mark.parametrize(
    ("nu", "zeta", "memory", "signal"),
    [(2, 0.4, 2, 0.666), (1.5, 0.5, 2, 0.712), (2, 0.4, 3, 0.699)],
)
def test_signal_exponent_of_larger_memory(
    nu: float, zeta: float, memory: int, signal: float
) -> None:
    problem = Problem.power_law(nu, zeta)
    rule = accelerated(problem, 10, memory=memory)
    exponent = last_exponent(losses(rule, problem, math.inf, 10**5))
    assert exponent == pytest.approx(signal, abs=0.015)
    theta = 2 - 1 / partial_sum(nu, memory + 1)
    assert exponent == pytest.approx(theta * zeta, abs=0.015)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("memory", "exponent"),
    [
        (0, 1.5),
        (1, 2.243),
        pytest.param(2, 2.481, marks=pytest.mark.exhaustive),
        pytest.param(3, 2.596, marks=pytest.mark.exhaustive),
    ],
)
def test_exponents_where_noise_dominates(memory: int, exponent: float) -> None:
    spectrum = Spectrum.power_law(2)
    options = {"damping_exponent": 1} if memory == 1 else {}
    rule = accelerated(spectrum, 10, memory=memory, **options) if memory else sgd(1)
    found = losses(rule, Problem.power_law(2, 2), 10, 10**6)
    assert last_exponent(found) == pytest.approx(exponent, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize(("nu", "batch_size"), [(2, 1), (2, 1000), (3, 10), (1.5, math.inf)])
def test_noise_of_larger_memory_is_bounded_all_the_way(nu: float, batch_size: float) -> None:
    spectrum = Spectrum.power_law(nu, scale=0.5)
    rule = accelerated(spectrum, batch_size, memory=2, horizon=10**5)
    report = momentary_stability(rule, spectrum, batch_size, 10**5, count=20)
    assert report.first_unstable is None and all(report.stable)
    assert report.noise_sums.max() <= 0.25 * (1 + 1e-3)
    found = losses(rule, Problem.power_law(nu, 0.5, scale=0.5), batch_size, 20_000)
    assert found.argmax() == 0


# Restarts


@pytest.mark.parametrize("memory", [1, 2])
def test_blocks_have_one_algorithm_and_then_no_memory(memory: int) -> None:
    smooth = accelerated(LAW, 10, memory=2, damping_scale=3)
    rule = accelerated(LAW, 10, memory=memory, damping_scale=3, restarts=True)
    table = rule.steps(0, 2900).table
    ends = [399, 1199, 2799]
    starts = [0, 400, 1200, 2800]
    for first, last, following in zip(starts, ends, starts[1:], strict=False):
        assert (table[first:last] == table[first]).all() and last + 1 == following
        assert (table[last, : 1 + memory] == table[first, : 1 + memory]).all()  # alpha and b
        assert not table[last, 1 + memory :].any()
    if memory == 2:
        assert (table[starts] == smooth.some_steps(np.array(starts, dtype=float)).table).all()


@pytest.mark.parametrize("far", [2**30, 2**43])
def test_ends_of_late_blocks(far: int) -> None:
    last = 400.0 * (far - 1) - 1
    t = np.array([last - 1, last, last + 1])
    dampings = 1 - accelerated(LAW, 10, memory=1, restarts=True).some_steps(t).D[:, 0, 0]
    assert dampings[1] == 1 and dampings[0] == pytest.approx(2 * dampings[2]) and dampings[2] > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("nu", "zeta", "memory", "exponent"),
    [
        (2, 0.4, 1, 0.599),
        (2, 0.4, 2, 0.663),
        (1.5, 0.5, 2, 0.707),
        (3, 0.25, 2, 0.465),
        (2, 2, 1, 2.248),
        (2, 2, 2, 2.491),
    ],
)
def test_exponents_of_blocks_to_a_million_steps(
    nu: float, zeta: float, memory: int, exponent: float
) -> None:
    problem = Problem.power_law(nu, zeta)
    rule = accelerated(problem, 10, memory=memory, restarts=True)
    ends = 400 * (2 ** np.arange(7, 12) - 1)
    found = losses(rule, problem, 10, int(ends[-1]))
    assert found.argmax() == 0
    measured = np.log2(found[ends[:-1]] / found[ends[1:]])
    assert measured == pytest.approx(exponent, rel=0.008)
    predicted = min(zeta, 2 - 1 / nu) * (2 - 1 / partial_sum(nu, memory + 1))
    assert measured == pytest.approx(predicted, rel=0.016)
    smooth = losses(accelerated(problem, 10, memory=2), problem, 10, 10**5)[-1]
    if memory == 2:
        assert 0.7 * smooth < found[10**5] < 1.6 * smooth


@pytest.mark.parametrize(
    ("problem", "options", "message"),
    [
        (Spectrum.power_law(1), {}, "exponent above 1"),
        (LAW, {"restarts": 1}, "restarts must be True or False, got 1"),
        (LAW, {"restarts": True, "damping_exponent": 1}, "memory 1 without restarts"),
        (LAW, {"restarts": True, "damping_scale": 1.5}, "exceed 1.55"),
        (Spectrum([1, 0.5]), {}, "exponent above 1"),
        (LAW, {"damping_exponent": 1.1}, "at most 1"),
        (LAW, {"damping_exponent": 0}, "positive"),
        (LAW, {"damping_exponent": 1, "damping_scale": 1.9}, "exceed 2"),
        (LAW, {"horizon": 10**5}, "memory above 1"),
        (LAW, {"noise_level": 1}, "below 1"),
        (LAW, {"memory": 2, "damping_exponent": 0.9}, "memory 1"),
        (LAW, {"memory": 2, "damping_scale": 2}, "exceed 2.3333"),
        (LAW, {"memory": 2, "horizon": 10}, "horizon"),
        (LAW, {"memory": 0}, "memory"),
        (LAW, {"batch_size": -1}, "batch_size"),
        (Problem.power_law(2, count=2, noise=Noise(tau2=[1, 0])), {}, "tau2"),
    ],
)
def test_what_is_refused(problem: Any, options: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        accelerated(problem, **{"batch_size": 1, **options})


def test_noise_is_bounded_on_the_way_of_memory_one() -> None:
    """Strongly negative tau2 makes the noise of short memories larger than in the limit."""
    for nu, batch_size, tau2 in ((2, 10, -10), (6, 3, -1), (3, 3, -20)):
        problem = Problem.power_law(nu, zeta=0.5, noise=Noise(tau2=tau2))
        found = losses(accelerated(problem, batch_size), problem, batch_size, 3000)
        assert found.max() == found[0]
