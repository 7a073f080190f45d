"""Schedules that repeat themselves, against the dense operator of a whole period."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import pytest

import sgdmem
from sgdmem import Algorithm, Noise, Problem, Spectrum
from sgdmem.errors import InputError
from sgdmem.methods import periodic_radius, periodic_stability, schedule
from tests import naive

NOISES: list[dict[str, Any]] = [
    {"tau1": 1, "tau2": 0},
    {"tau1": 1, "tau2": 1},
    {"tau1": 1, "tau2": -1},
    {"tau1": 2, "tau2": 0.5},
    {"tau1": 1, "tau2": (0.5, -1, 0)},
    {"T": [[1, 0.2, 0], [0.3, 1, 0.1], [0, 0.2, 2]], "tau2": 0.5},
]


def random_cycle(rng: Any, period: int, memory: int, shifted: bool) -> list[Algorithm]:
    """Return algorithms near one another, most of them stable by themselves."""
    rate, found = rng.uniform(0.05, 0.4), []
    D = np.diag(rng.uniform(-0.5, 0.8, memory))
    b = rng.uniform(-0.3, 0.3, memory)
    for _ in range(period):
        found.append(
            Algorithm(
                rate * rng.uniform(0.3, 2),
                (b * rng.uniform(0.5, 1.5, memory)).tolist(),
                rng.uniform(-0.5, 0.5, memory).tolist(),
                (D + 0.05 * rng.standard_normal((memory, memory))).tolist(),
                (rng.uniform(-0.3, 0.3, memory) * shifted).tolist(),
                rng.choice([0, 0.02]),
            )
        )
    return found


def raw(algorithm: Algorithm) -> naive.Raw:
    return naive.Raw(algorithm.alpha, algorithm.b, algorithm.c, algorithm.D, algorithm.a)


def radius(operators: list[Any]) -> float:
    """Return that of the product, the first one applied first."""
    return float(np.abs(np.linalg.eigvals(reduce(lambda A, B: B @ A, operators))).max())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("noise", NOISES)
def test_the_critical_batch_size_is_where_a_period_keeps_moments(noise: Any, seed: int) -> None:
    rng = np.random.default_rng([seed, len(str(noise))])
    period, memory = int(rng.integers(1, 5)), int(rng.integers(0, 3))
    cycle = random_cycle(rng, period, memory, bool(seed % 2))
    lams = [1.0, 0.6, 0.2]
    given = dict(noise)
    made = Noise.coupled(given.pop("T"), given["tau2"]) if "T" in noise else Noise(**noise)
    decay = 0.05 * (seed == 3)
    problem = Problem(Spectrum(lams), made, weight_decay=decay)
    critical = periodic_radius(cycle, problem, 1)
    if np.isinf(critical):
        pytest.skip("unstable without noise")
    tau1, T = noise.get("tau1", 1), noise.get("T")

    def grown(batch_size: float) -> float:
        return radius(
            [
                naive.second_moment_operator(
                    raw(one), lams, batch_size, tau1, noise["tau2"], T,
                    weight_decay=decay, shrink=float(one.shrink),
                )
                for one in cycle
            ]
        )  # fmt: skip

    assert grown(critical) == pytest.approx(1, abs=1e-8)
    assert grown(1.01 * critical) < 1 < grown(0.99 * critical)


@pytest.mark.parametrize("seed", range(6))
def test_samples(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, K, d = 7, 1 + seed % 2, 3
    jacobians = rng.standard_normal((n, K, d)) / 2
    cycle = random_cycle(rng, 3, seed % 3, seed > 2)
    decay = 0.1 * (seed == 4)
    problem = Problem.from_data(jacobians, weight_decay=decay)
    critical = periodic_radius(cycle, problem, 1)
    if np.isinf(critical):
        pytest.skip("unstable without noise")

    def grown(batch_size: float) -> float:
        operators = [
            naive.sampled_moment_operator(
                raw(one), jacobians, np.full(n, 1 / n), 1 / batch_size,
                weight_decay=decay, shrink=float(one.shrink),
            )
            for one in cycle
        ]  # fmt: skip
        return radius(operators)

    assert grown(critical) == pytest.approx(1, abs=1e-8)
    assert grown(1.01 * critical) < 1 < grown(0.99 * critical)


@pytest.mark.parametrize("period", [1, 3])
def test_one_algorithm_at_all_steps(period: int) -> None:
    one = sgdmem.nesterov(0.3, 0.8)
    X = np.random.default_rng(0).standard_normal((12, 4)) / 2
    spectrum = Spectrum([1, 0.5, 0.25])
    coupled = Noise.coupled([[1, 0.2, 0], [0.3, 1, 0.1], [0, 0.2, 2]])
    for problem in (Problem(spectrum), Problem(spectrum, coupled), Problem.from_data(X)):
        verdict = sgdmem.stability(one, problem, 4)
        found = periodic_radius([one] * period, problem, 4)
        assert found == pytest.approx(verdict.noise_sum, rel=2e-6)
    gaussian = Problem(spectrum, Noise(1, -1))
    critical = sgdmem.stability(one, gaussian, 4).critical_batch_size
    assert periodic_radius(one, gaussian, 1, period=period) == pytest.approx(critical, rel=1e-9)
    without = Problem.from_data(X, replacement=False)
    verdict = sgdmem.stability(one, without, 4)
    assert periodic_radius(one, without, 4, period=2) == pytest.approx(verdict.noise_sum, rel=2e-6)


@pytest.mark.parametrize("tau2", [0, -1, 1])
@pytest.mark.parametrize("nu", [1.05, 1.5, 3])
def test_infinite_laws(nu: float, tau2: float) -> None:
    """One algorithm at all steps: the critical batch size is that of the exact verdict."""
    problem = Problem.power_law(nu, noise=Noise(1, tau2))
    for one in (sgdmem.sgd("1e-6"), sgdmem.heavy_ball("0.01", "0.99")):
        exact = sgdmem.stability(one, problem, 8).critical_batch_size
        assert periodic_radius([one] * 3, problem, 1) == pytest.approx(exact, rel=1e-7)


def test_a_law_is_what_its_first_terms_tend_to() -> None:
    cycle = [sgdmem.heavy_ball(rate, 0.5) for rate in (0.1, 0.9, 1.7)]
    whole = periodic_radius(cycle, Problem.power_law(2.5), 4, workers=2)
    first = periodic_radius(cycle, Problem.power_law(2.5, count=1000), 4, workers=2)
    law = Spectrum.power_law(2.5)
    left = 1 - Spectrum.power_law(2.5, count=1000).trace / law.trace  # of the trace
    assert 0 < whole / first - 1 < 2 * left
    longer = periodic_radius(cycle, Problem.power_law(2.5, count=10**5), 4, workers=2)
    assert longer == pytest.approx(whole, rel=1e-6)
    # decay of weights: w is pulled even where there is no curvature
    decayed = Problem.power_law(2.5, weight_decay=0.1)
    assert 0 < periodic_radius(cycle, decayed, 4) < periodic_radius(cycle, law, 4)


def test_what_does_not_move_in_the_long_run() -> None:
    still = [sgdmem.sgd("0.1"), sgdmem.sgd("-0.1")]  # 1 - (0.1 lambda)^2, and noise of this order
    assert periodic_radius(still, Spectrum([1, 0.5])) == 0
    verdict = periodic_stability(still, Problem.power_law(2), 4)
    assert verdict.stable is None  # floats do not look at second orders of infinitely many
    assert periodic_radius([sgdmem.sgd("-0.1")], Problem.power_law(2), 4) == np.inf
    grows = sgdmem.Algorithm(0.1, 0, 0, "1.1")
    assert periodic_radius([grows], Problem.power_law(2), 4) == np.inf
    hidden = sgdmem.sgd("2.1")  # too large for the largest eigenvalue alone
    assert periodic_radius([hidden], Problem.power_law(2), 4) == np.inf


def test_on_the_edge_powers_that_never_fade_are_an_infinite_radius() -> None:
    def radius(rate: float) -> float:
        inner = sgdmem.aggmo(rate, [0.3, 0.5, 0.8, 0.9])
        return periodic_radius(sgdmem.methods.lookahead(inner, 4, "1/2"), Spectrum([1]), 8)

    edge = 3.115092315937282
    found = [radius(edge * (1 + k * 2e-16)) for k in range(-8, 9)]
    assert radius(edge * 0.999) < min(found)
    assert found[-1] == np.inf


@pytest.mark.parametrize("kind", ["plain", "tau2", "coupling", "rows"])
def test_long_periods_are_those_of_their_parts(kind: str, rng: np.random.Generator) -> None:
    spectrum = Spectrum([1, 0.5, 0.2])
    problem = {
        "plain": Problem(spectrum),
        "tau2": Problem(spectrum, Noise(1, -1)),
        "coupling": Problem(spectrum, Noise.coupled((np.eye(3) + 1).tolist(), 0)),
        "rows": Problem.from_data(rng.standard_normal((9, 2))),
    }[kind]
    rates = rng.uniform(0.1, 0.4, 23)
    cycle = [sgdmem.nesterov(rate, 0.7) for rate in rates]
    once, often = (periodic_radius(cycle * k, problem, 3) for k in (1, 4))
    assert once == pytest.approx(often, rel=1e-9)


def test_what_grows_beyond_floats_on_the_way_may_come_to_rest() -> None:
    up, down = [sgdmem.sgd(1e4)] * 90, [sgdmem.sgd(1 - 1e-4)] * 180
    rule = [*up, *down]  # 1e360 times 1e-720
    assert periodic_stability(rule, Spectrum([1])).stable is not False
    assert periodic_stability(rule, Spectrum([1]), 8, proof=False).stable is not True
    assert periodic_stability([*up, *down[:80]], Spectrum([1])).stable is False


def test_cycles_of_the_rate_as_a_schedule() -> None:
    waves = schedule("heavy-ball", learning_rate=lambda t: 0.2 + 0.1 * (t % 4), momentum=0.5)
    problem = Problem(Spectrum([1, 0.5]))
    low, high = (
        sgdmem.stability(sgdmem.heavy_ball(rate, 0.5), problem, 8).noise_sum for rate in (0.2, 0.5)
    )
    assert low < periodic_radius(waves, problem, 8, period=4) < high
    assert periodic_radius(waves, problem, period=4) == 0
    wild = [sgdmem.sgd(0.1), sgdmem.sgd(9)]
    assert periodic_radius(wild, problem, 8) == np.inf


@pytest.mark.parametrize(
    ("problem", "period", "message"),
    [
        (Problem(Spectrum([1, 0.5])), 0, "period must be an integer from 1"),
        (Problem.power_law(0.9), 2, "eigenvalues with a finite sum"),
        (Problem.from_data(np.eye(10)[:, :2] + 1, drop_last=False), 2, "batches of one size"),
        (Problem(Spectrum([1]), Noise(1, 2)), 2, "tau2 must be at most tau1"),
        (Problem(Spectrum([1, 2], [1, 0.5]), Noise(1, 1)), 2, "times the multiplicity"),
        (
            Problem(Spectrum(np.arange(1.0, 2000))),
            10_000,
            "period must be shorter for 1,999 pairs of modes, got 10,000",
        ),
    ],
)
def test_bad_input(problem: Problem, period: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        periodic_radius(sgdmem.sgd("1e-4"), problem, 4, period=period)
