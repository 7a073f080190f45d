"""The exact dynamics against slow recursions, on every road that leads to them."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdmem import InputError, Spectrum, losses
from sgdmem.methods import propagators, schedule
from sgdmem.numeric.arithmetic.volterra import causal_convolution, solve_volterra
from sgdmem.numeric.losses.moment_program import FLUSHED
from sgdmem.numeric.losses.schedule import Schedule, listed_schedule, read_schedule
from sgdmem.numeric.problems.target import PowerLawTarget
from sgdmem.numeric.theorems.instances import stable_algorithm
from sgdmem.symbolic.algorithms import named
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from tests import naive

LAM = [1.0, 0.5, 0.125, 0.03125]
SQUARES = [1.0, 2.0, 0.5, 3.0]
NAMED = [
    named.sgd("0.5"),
    named.heavy_ball("0.3", "0.9"),
    named.nesterov("0.3", "0.9"),
    named.aggmo("0.2", [0, "0.9", "0.5"]),
    named.averaged_sgd("0.3", "0.2"),
]
SCHEDULES = [
    schedule("sgd", learning_rate=lambda t: 0.5 / np.sqrt(1 + t)),
    schedule("heavy-ball", learning_rate=0.2, momentum=lambda t: 1 - 1 / (t + 2)),
    schedule("averaged-sgd", learning_rate="0.3", rate=lambda t: 1 / (t + 2)),
]


def raw(algorithm: Algorithm) -> naive.Raw:
    return naive.Raw(algorithm.alpha, algorithm.b, algorithm.c, algorithm.D, algorithm.a)


def slow_losses(algorithms: Any, steps: int, B: float, tau1: float, tau2: float) -> list[float]:
    """Eqs. (12)-(16) with full matrices, one algorithm a step."""
    memory = algorithms[0].memory
    moments = [np.zeros((memory + 1, memory + 1)) for _ in LAM]
    for M, square in zip(moments, SQUARES, strict=True):
        M[0, 0] = square
    found = []
    for t in range(steps + 1):
        algorithm = algorithms[t]
        found.append(sum(lam * M[0, 0] for lam, M in zip(LAM, moments, strict=True)) / 2)
        v = np.array([-algorithm.alpha, *algorithm.c], float)
        r = np.array([1, *algorithm.a], float)
        seen = [r @ M @ r for M in moments]
        level = sum(lam * n for lam, n in zip(LAM, seen, strict=True))
        for k, lam in enumerate(LAM):
            S = np.array(naive.state_matrix(raw(algorithm), lam), float)
            noise = (tau1 * lam * level - tau2 * lam**2 * seen[k]) / B
            moments[k] = S @ moments[k] @ S.T + noise * np.outer(v, v)
    return found


@pytest.mark.parametrize("tau", [(1, -1, 7), (1, 0, 16), (1, 1, 2), (2, 0.5, 9), (1, 0, math.inf)])
@pytest.mark.parametrize("algorithm", NAMED, ids=lambda x: x.name)
def test_losses(algorithm: Algorithm, tau: tuple[float, float, float]) -> None:
    tau1, tau2, B = tau
    expected = slow_losses([algorithm] * 61, 60, B, tau1, tau2)
    question = algorithm, Spectrum(LAM), SQUARES, 60, B, tau1, tau2
    np.testing.assert_allclose(losses(*question), expected, rtol=1e-12)
    np.testing.assert_allclose(propagators(*question).losses(), expected, rtol=1e-12)


@pytest.mark.parametrize("memory", range(6))
def test_random_algorithms(memory: int, rng: np.random.Generator) -> None:
    for _ in range(5):
        algorithm = stable_algorithm(rng, memory, LAM)
        expected = slow_losses([algorithm] * 31, 30, 20, 1, -1)
        found = losses(algorithm, Spectrum(LAM), SQUARES, 30, 20, 1, -1)
        np.testing.assert_allclose(found, expected, rtol=1e-11)


@pytest.mark.parametrize("chosen", SCHEDULES, ids=lambda x: x.name)
def test_schedules(chosen: Schedule) -> None:
    expected = slow_losses([chosen.at(t) for t in range(41)], 40, 9, 1, -1)
    found = losses(chosen, Spectrum(LAM), SQUARES, 40, 9, 1, -1)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_list_of_algorithms_is_a_schedule() -> None:
    steps = [named.nesterov(Fraction(k, 20), Fraction(1, k)) for k in range(2, 9)]
    expected = slow_losses([*steps, *[steps[-1]] * 20], 20, 9, 1, 0)
    np.testing.assert_allclose(losses(steps, Spectrum(LAM), SQUARES, 20, 9), expected, rtol=1e-12)


def test_tau2_and_weights_of_each_eigenvalue() -> None:
    algorithm, tau2 = NAMED[2], [0.5, -1.0, 0.0]
    spectrum = Spectrum([1, 0.3, 0.1], weights=[1, 3, 2])
    every = Spectrum([1, 0.3, 0.3, 0.3, 0.1, 0.1])
    found = losses(algorithm, spectrum, [1, 2, 3], 50, 8, 1, tau2)
    listed = losses(algorithm, every, [1, 2, 2, 2, 3, 3], 50, 8, 1, [0.5, -1, -1, -1, 0, 0])
    np.testing.assert_allclose(found, listed, rtol=1e-13)
    raw_losses = naive.moment_recursion(
        raw(algorithm), every.eigenvalues.tolist(), [1, 2, 2, 2, 3, 3], 50, 8, 1,
        [0.5, -1, -1, -1, 0, 0],
    )  # fmt: skip
    np.testing.assert_allclose(found, np.array(raw_losses, float), rtol=1e-12)


# Compressed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("exponents", [(1.5, 0.5), (2, 1.2), (1.2, 0.4), (0.7, 0.9)])
@pytest.mark.parametrize("algorithm", NAMED, ids=lambda x: x.name)
def test_compressed_spectra(algorithm: Algorithm, exponents: tuple[float, float]) -> None:
    nu, zeta = exponents
    law, target = Spectrum.power_law(nu, 0.9, count=10_000), PowerLawTarget(zeta, 2)
    noise = (40, 1, -1)
    expected = losses(algorithm, law, target, 2000, *noise, method="recursion")
    for given_target, spectrum in (
        (target, law),
        (target.masses(law) / law.eigenvalues, Spectrum(law.eigenvalues)),
    ):
        question = algorithm, spectrum, given_target, 2000, *noise
        found = losses(*question, method="compressed")
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        expansion = propagators(*question, method="compressed").losses()
        np.testing.assert_allclose(expansion, expected, rtol=1e-12)


def test_a_compressed_schedule() -> None:
    law, target = Spectrum.power_law(1.5, count=5000), PowerLawTarget(0.5)
    for chosen in SCHEDULES:
        question = chosen, law, target, 500, 30, 1, -1
        found = losses(*question, method="compressed")
        np.testing.assert_allclose(found, losses(*question, method="recursion"), rtol=1e-12)


SLOW_OR_TURNING = [
    named.sgd("1.9999"),
    named.heavy_ball("0.3", "0.999"),
    named.heavy_ball("3.5", "0.9"),
    named.nesterov("0.3", "0.99"),
    named.aggmo("0.2", [0, "0.9", "0.99"]),
    schedule("heavy-ball", learning_rate=0.3, momentum=lambda t: t / (t + 3)),
    schedule("two-rate", velocity_rate=lambda t: 0.1 * (t + 1) ** -0.4, gradient_rate=0.2,
             momentum=lambda t: 1 - 1 / (t + 2)),
]  # fmt: skip


@pytest.mark.parametrize("chosen", SLOW_OR_TURNING, ids=lambda x: x.name)
def test_moments_that_turn_many_times(chosen: Any, rng: np.random.Generator) -> None:
    """Panels are halved until they are smooth, or have few eigenvalues."""
    for lam in (np.arange(1, 8001) ** -0.8, rng.beta(0.5, 1.5, 8000)):
        question = chosen, Spectrum(lam / lam.max()), rng.exponential(size=8000), 1500, 1e5
        expected = losses(*question, method="recursion")
        found = losses(*question, method="compressed")
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-18 * expected[0])


EVEN = np.linspace(0.34, 1, 4000)


@pytest.mark.parametrize(
    "rule",
    [
        named.sgd(3),  # diverges; the root is 0 at a third of the largest eigenvalue
        schedule("sgd", learning_rate=lambda t: np.where(t == 0, 3, 1.99)),
        schedule(
            "heavy-ball",
            learning_rate=lambda t: 3 / (t + 1) ** 0.3,
            momentum=lambda t: 1 - 1 / (t + 1),
        ),
        # a burst that grows and shrinks between two of the usual times
        schedule(
            "sgd",
            learning_rate=lambda t: np.where(
                (t >= 310) & (t < 320), -0.5, np.where((t >= 320) & (t < 330), 0.3, 1e-9)
            ),
        ),
    ],
    ids=["sgd", "first step", "heavy ball", "burst"],
)
def test_roots_that_vanish_and_rates_that_jump(rule: Any) -> None:
    question = rule, Spectrum(EVEN), np.ones(EVEN.size), 400
    expected = losses(*question, method="recursion")
    np.testing.assert_allclose(losses(*question, method="compressed"), expected, rtol=1e-11)


@pytest.mark.parametrize(
    "question",
    [
        (named.heavy_ball("0.1", "0.9"), Spectrum([1, 0.5, 0.1]), [1, 1, 1], 2000, 8),
        (named.sgd("2.1"), Spectrum.power_law(1.5), PowerLawTarget(0.5), 400, 10),
        (named.sgd(3), Spectrum.power_law(1.5), PowerLawTarget(0.5), 3000, 4),
    ],
)
def test_expansions_that_rise_or_fall_exponentially(question: Any) -> None:
    expected = losses(*question)
    finite = np.isfinite(expected)
    found = propagators(*question).losses()
    np.testing.assert_allclose(found[finite], expected[finite], rtol=1e-11)
    assert not np.isnan(found).any()


@pytest.mark.parametrize("nu", [0.5, 0.25, 0.4])
def test_flat_laws(nu: float) -> None:
    """The moments of their measures meet the pole of the zeta function."""
    question = named.sgd("0.5"), Spectrum.power_law(nu, count=5000), PowerLawTarget(0.5), 20, 1e4
    expected = losses(*question, method="recursion")
    np.testing.assert_allclose(losses(*question), expected, rtol=1e-13)


def test_expansions_that_overflow() -> None:
    for rate, steps in ((10**6, 40), (10, 40_000)):
        found = propagators(named.sgd(rate), Spectrum([1]), [1], steps, 4).losses()
        assert found[0] == pytest.approx(0.5)
        assert np.isinf(found[-1])
        assert not np.isnan(found).any()


def test_propagators_without_noise_on_a_flat_infinite_law() -> None:
    question = named.sgd(1), Spectrum.power_law(0.4), PowerLawTarget(0.5), 5
    np.testing.assert_allclose(propagators(*question).losses(), losses(*question))


def test_no_step_beyond_the_last_is_looked_at() -> None:
    table = np.array([0.5, 0.4, 0.3])
    rule = schedule("sgd", learning_rate=lambda t: table[t.astype(int)])
    assert losses(rule, Spectrum([1, 0.5]), [1, 1], 3).shape == (4,)
    law = Spectrum.power_law(1.5, count=5000)
    assert losses(rule, law, PowerLawTarget(1), 3).shape == (4,)


def test_an_uneven_target_on_a_long_list(rng: np.random.Generator) -> None:
    lam = rng.beta(0.5, 3, 8000)
    squares = np.where(rng.random(8000) < 0.3, 0.0, rng.exponential(size=8000))
    question = NAMED[1], Spectrum(lam), squares, 300, 5000.0
    found = losses(*question, method="compressed")
    np.testing.assert_allclose(found, losses(*question, method="recursion"), rtol=1e-11)


@pytest.mark.slow
def test_a_million_steps_on_an_infinite_spectrum() -> None:
    question = NAMED[1], Spectrum.power_law(1.5), PowerLawTarget(0.5), 10**6, 64
    found, expansion = losses(*question), propagators(*question).losses()
    np.testing.assert_allclose(expansion, found, rtol=1e-12)
    # a longer and longer finite law tends to it
    finite = losses(NAMED[1], Spectrum.power_law(1.5, count=10**12), *question[2:])
    np.testing.assert_allclose(finite[::1000], found[::1000], rtol=1e-5)


# Edges -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", [named.sgd(3), named.heavy_ball(5, "0.5")])
def test_divergence_ends_in_infinity(algorithm: Algorithm) -> None:
    found = losses(algorithm, Spectrum(LAM), SQUARES, 5000, 4)
    assert np.isinf(found[-1])
    finite = np.isfinite(found)
    assert (np.diff(finite.astype(int)) <= 0).all()
    assert not np.isnan(found).any()


def test_small_losses_vanish_and_stay() -> None:
    found = losses(named.sgd("0.5"), Spectrum([1]), [1], 2000)
    assert found[400] == pytest.approx(0.5 * 0.25**400, rel=1e-9)
    assert found[-1] == 0
    assert (found[found > 0] > FLUSHED * 1e-40).all()


def test_no_steps() -> None:
    found = losses(named.nesterov("0.1", "0.9"), Spectrum(LAM), SQUARES, 0, 3)
    np.testing.assert_allclose(found, [np.dot(LAM, SQUARES) / 2])
    assert propagators(named.sgd(1), Spectrum(LAM), SQUARES, 0, 3).losses().shape == (1,)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": [1.0, 2.0]}, "target must have one entry for each eigenvalue"),
        ({"target": [1.0, -1, 1, 1]}, "target must hold finite numbers >= 0"),
        ({"target": [0, 0, 0, 0]}, "target must not be all zero"),
        ({"target": 3}, "target must be the squares"),
        ({"target": PowerLawTarget(1)}, "needs a power-law spectrum"),
        ({"steps": -1}, "steps must be an integer from 0"),
        ({"steps": 2.5}, "steps must be an integer from 0"),
        ({"steps": 10**9}, "got 1000000000: .* see loss_asymptotics"),
        ({"target": [1.0, 2.0]}, r"got 2: .* target_from_features\(X, y\)"),
        ({"algorithm": 3}, "an Algorithm or a Schedule is needed"),
        ({"algorithm": named.general(1)}, "free symbols"),
        ({"batch_size": 0}, "batch_size must be positive"),
        ({"method": "fast"}, "method must be auto, recursion or compressed"),
        ({"spectrum": Spectrum.power_law(2)}, "target must have one entry"),
        ({"algorithm": [named.sgd(1), named.heavy_ball(1, 0)]}, "must have one memory"),
        ({"algorithm": []}, "algorithms must be a list of at least one"),
        ({"tau2": [1, 0, 0, 0], "method": "compressed"}, "cannot be compressed"),
    ],
)
def test_bad_input(changes: dict[str, Any], message: str) -> None:
    question: dict[str, Any] = {
        "algorithm": named.sgd("0.1"),
        "spectrum": Spectrum(LAM),
        "target": SQUARES,
        "steps": 5,
        "batch_size": 3,
    }
    with pytest.raises(InputError, match=message):
        losses(**{**question, **changes})


def test_whole_floats_are_integers() -> None:
    question = named.sgd("0.5"), Spectrum(LAM), SQUARES
    assert np.array_equal(losses(*question, 10.0, 4), losses(*question, 10, 4))  # type: ignore[arg-type]


def test_a_negative_loss_is_refused() -> None:
    """tau2 > tau1 is the noise of no data; where the loss stays positive nothing is said."""
    question = named.heavy_ball(0.1, 0.9), Spectrum([1, 0.1]), [1, 1], 8
    message = r"negative after 5 steps: tau2 = 2 exceeds tau1 = 1, .* give tau1 >= max\(0, tau2\)"
    for function in (losses, propagators):
        with pytest.raises(InputError, match=message):
            function(*question, 1, 1, 2)
    assert (losses(*question, 100, 1, 2) > 0).all()
    assert (propagators(*question, 100, 1, 2).losses() > 0).all()
    assert (losses(*question, 1, 2, 2) > 0).all()


def test_more_bad_input() -> None:
    table_lookup = [0.1, 0.2]
    infinite, target = Spectrum.power_law(1.5), PowerLawTarget(1)
    with pytest.raises(InputError, match="needs a finite spectrum"):
        losses(named.sgd(1), infinite, target, 5, method="recursion")
    with pytest.raises(InputError, match="infinite sum of squared eigenvalues"):
        losses(named.sgd(1), Spectrum.power_law(0.5), target, 5, 10)
    with pytest.raises(InputError, match="belong to a stationary algorithm"):
        propagators(SCHEDULES[0], infinite, target, 5)
    with pytest.raises(InputError, match="not a finite number at step 3"):
        broken = schedule("sgd", learning_rate=lambda t: np.where(t == 3, np.nan, 0.1))
        losses(broken, Spectrum(LAM), SQUARES, 5)
    for broken_function in (math.sqrt, lambda t: table_lookup[t], lambda t: 1j * t, lambda t: "a"):
        with pytest.raises(InputError, match="must be a function of an array of floats"):
            losses(schedule("sgd", learning_rate=broken_function), Spectrum(LAM), SQUARES, 5)
    with pytest.raises(InputError, match="step must be an integer"):
        SCHEDULES[0].at(1.5)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="between 1e-100 and 1e100"):
        losses(named.sgd(1), Spectrum([1e120]), [1], 5)
    with pytest.raises(InputError, match="must return one number for each step"):
        losses(schedule("sgd", learning_rate=lambda t: t[:1]), Spectrum(LAM), SQUARES, 5)
    with pytest.raises(InputError, match="exponent must be positive"):
        PowerLawTarget(0)
    for scale in (1e10, 1e-10):
        with pytest.raises(InputError, match=r"target must have a mass .* within the range"):
            losses(named.sgd(1e-11), Spectrum.power_law(2, scale), PowerLawTarget(50), 5)


def test_functions_of_a_single_step_are_explained() -> None:
    rates = np.array([0.1, 0.2])
    for parameters in ({}, {"momentum": lambda t: t / (t + 3)}):
        family = "heavy-ball" if parameters else "sgd"
        with pytest.raises(InputError, match=r"learning_rate must be .*, such as lambda t: rates"):
            schedule(family, learning_rate=rates, **parameters)
    assert schedule("sgd", learning_rate=lambda t: rates[t.astype(int)]).at(1) == named.sgd(0.2)
    with pytest.raises(InputError, match=r"np.where\(t < 10, 0.1, 0.01\) instead of an if"):
        schedule("sgd", learning_rate=lambda t: 0.1 if t < 2 else 0.2).steps(0, 5)
    with pytest.raises(InputError, match=r"such as np\.sqrt, take arrays"):
        schedule("sgd", learning_rate=lambda t: math.sqrt(t)).steps(0, 5)
    lists = schedule("aggmo", learning_rate=lambda t: 0.1 / (t + 1), momenta=[0, "0.9"])
    assert lists.memory == 2  # a parameter that is a list may be one


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, "x", lambda t: [t, 1.0, 2.0]), "must return 5 entries for memory 1, .* got 3 of them"),
        ((0, "x", lambda t: 0.5), "must return 1 entries for memory 0, .* got 0.5"),
        ((0, "x", lambda t: [t[:2]]), r"entry 0 has shape \(2,\) for 4 steps"),
        ((0, "x", lambda t: ["a"]), "must return numbers, but entry 0 is 'a'"),
        ((-1, "x", lambda t: []), "memory must be an integer >= 0, got -1"),
        ((0, "x", [0.5]), r"evaluate must be a function .* schedule\(\) makes"),
    ],
)
def test_schedules_by_hand(arguments: Any, message: str) -> None:
    made = Schedule(1, "mine", lambda t: [0.1, 0.9, -0.1 / (t + 1), 0.9, 0.0])
    assert made.at(1) == Algorithm(0.1, 0.9, -0.05, 0.9)
    with pytest.raises(InputError, match=message):
        Schedule(*arguments).steps(0, 4)


# Schedules ---------------------------------------------------------------------------------------


def test_a_schedule_is_its_family_at_every_step() -> None:
    chosen = schedule(
        "qhm", learning_rate=lambda t: 1 / (t + 1), momentum="0.5", nu=lambda t: t / 9
    )
    for t in (0, 1, 7):
        expected = named.qhm(Fraction(1, t + 1), "0.5", Fraction(t, 9))
        found = chosen.at(t)
        np.testing.assert_allclose(
            np.array(found.entries, float), np.array(expected.entries, float), atol=1e-15
        )
    rates = chosen.steps(0, 5).effective_learning_rates
    np.testing.assert_allclose(rates, 1 / np.arange(1, 6))


def test_constant_and_listed_schedules() -> None:
    assert schedule("sgd", learning_rate="0.1").stationary == named.sgd("0.1")
    assert read_schedule(named.sgd(1)).at(10**9) == named.sgd(1)
    listed = listed_schedule([named.sgd(1), named.sgd("0.5")])
    assert [float(listed.at(t).alpha) for t in (0, 1, 5)] == [1.0, 0.5, 0.5]


# The Volterra equation ---------------------------------------------------------------------------


def direct(kernel: Any, forcing: Any, solving: bool) -> Any:
    values, sums = np.array(forcing), np.zeros_like(forcing)
    for t in range(len(forcing)):
        sums[t] = kernel[1 : t + 1][::-1] @ values[:t]
        if solving:
            values[t] = forcing[t] + sums[t]
    return values if solving else sums


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(
    size=st.integers(1, 1500),
    xi=st.floats(1.1, 2),
    power=st.floats(0.1, 3),
    share=st.floats(0.01, 0.95),
)
def test_each_entry_is_accurate(size: int, xi: float, power: float, share: float) -> None:
    t = np.arange(1.0, size + 1)
    kernel, forcing = t**-xi, t**-power
    kernel *= share / kernel.sum()
    expected = direct(kernel, forcing, solving=True)
    np.testing.assert_allclose(solve_volterra(kernel, forcing), expected, rtol=1e-11)
    expected = direct(kernel, forcing, solving=False)
    np.testing.assert_allclose(causal_convolution(kernel, forcing), expected, rtol=1e-11)
