"""The exact dynamics against slow recursions, on every road that leads to them."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem import InputError, Noise, Problem, Spectrum, losses
from sgdmem.methods import propagators, schedule
from sgdmem.numeric.moments.moment_program import FLUSHED
from sgdmem.numeric.problems.target import PowerLawTarget
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.numeric.theorems.instances import stable_algorithm
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo import named_algorithms as named
from sgdmem.symbolic.zoo.averaging import averaged_sgd
from sgdmem.symbolic.zoo.general_algorithm import general
from tests import naive

LAM = [1.0, 0.5, 0.125, 0.03125]
SQUARES = [1.0, 2.0, 0.5, 3.0]
FOUR = Problem(Spectrum(LAM), target=SQUARES)
GAUSSIAN = Problem(Spectrum(LAM), Noise(tau2=-1), SQUARES)
ONE = Problem(Spectrum([1]), target=[1])
NAMED = [
    named.sgd("0.5"),
    named.heavy_ball("0.3", "0.9"),
    named.nesterov("0.3", "0.9"),
    named.aggmo("0.2", [0, "0.9", "0.5"]),
    averaged_sgd("0.3", "0.2"),
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
    question = algorithm, Problem(Spectrum(LAM), Noise(tau1, tau2), SQUARES), B, 60
    np.testing.assert_allclose(losses(*question), expected, rtol=1e-12)
    np.testing.assert_allclose(propagators(*question).losses(), expected, rtol=1e-12)


@pytest.mark.parametrize("memory", range(6))
def test_random_algorithms(memory: int, rng: np.random.Generator) -> None:
    for _ in range(5):
        algorithm = stable_algorithm(rng, memory, LAM)
        expected = slow_losses([algorithm] * 31, 30, 20, 1, -1)
        found = losses(algorithm, GAUSSIAN, 20, 30)
        np.testing.assert_allclose(found, expected, rtol=1e-11)


@pytest.mark.parametrize("chosen", SCHEDULES, ids=lambda x: x.name)
def test_schedules(chosen: Schedule) -> None:
    expected = slow_losses([chosen.at(t) for t in range(41)], 40, 9, 1, -1)
    found = losses(chosen, GAUSSIAN, 9, 40)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_list_of_algorithms_is_a_schedule() -> None:
    steps = [named.nesterov(Fraction(k, 20), Fraction(1, k)) for k in range(2, 9)]
    expected = slow_losses([*steps, *[steps[-1]] * 20], 20, 9, 1, 0)
    np.testing.assert_allclose(losses(steps, FOUR, 9, 20), expected, rtol=1e-12)


def test_tau2_and_weights_of_each_eigenvalue() -> None:
    algorithm, each = NAMED[2], [0.5, -1, -1, -1, 0, 0]
    spectrum = Spectrum([1, 0.3, 0.1], weights=[1, 3, 2])
    every = Spectrum([1, 0.3, 0.3, 0.3, 0.1, 0.1])
    found = losses(algorithm, Problem(spectrum, Noise(tau2=[0.5, -1, 0]), [1, 2, 3]), 8, 50)
    listed = losses(algorithm, Problem(every, Noise(tau2=each), [1, 2, 2, 2, 3, 3]), 8, 50)
    np.testing.assert_allclose(found, listed, rtol=1e-13)
    raw_losses = naive.moment_recursion(
        raw(algorithm), every.eigenvalues.tolist(), [1, 2, 2, 2, 3, 3], 50, 8, 1, each
    )
    np.testing.assert_allclose(found, np.array(raw_losses, float), rtol=1e-12)


# Compressed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("exponents", [(1.5, 0.5), (2, 1.2), (1.2, 0.4), (0.7, 0.9)])
@pytest.mark.parametrize("algorithm", NAMED, ids=lambda x: x.name)
def test_compressed_spectra(algorithm: Algorithm, exponents: tuple[float, float]) -> None:
    nu, zeta = exponents
    law, target = Spectrum.power_law(nu, 0.9, count=10_000), PowerLawTarget(zeta, 2)
    noise = Noise(tau2=-1)
    problem = Problem(law, noise, target)
    expected = losses(algorithm, problem, 40, 2000, method="recursion")
    squares = target.masses(law) / law.eigenvalues
    for form in (problem, Problem(Spectrum(law.eigenvalues), noise, squares)):
        question = algorithm, form, 40, 2000
        found = losses(*question, method="compressed")
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        expansion = propagators(*question, method="compressed").losses()
        np.testing.assert_allclose(expansion, expected, rtol=1e-12)


def test_a_compressed_schedule() -> None:
    law = Problem.power_law(1.5, 0.5, count=5000, noise=Noise(tau2=-1))
    for chosen in SCHEDULES:
        question = chosen, law, 30, 500
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
        problem = Problem(Spectrum(lam / lam.max()), target=rng.exponential(size=8000))
        question = chosen, problem, 1e5, 1500
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
    question = rule, Problem(Spectrum(EVEN), target=np.ones(EVEN.size)), math.inf, 400
    expected = losses(*question, method="recursion")
    np.testing.assert_allclose(losses(*question, method="compressed"), expected, rtol=1e-11)


@pytest.mark.parametrize(
    "question",
    [
        (
            named.heavy_ball("0.1", "0.9"),
            Problem(Spectrum([1, 0.5, 0.1]), target=[1, 1, 1]),
            8,
            2000,
        ),
        (named.sgd("2.1"), Problem.power_law(1.5, 0.5), 10, 400),
        (named.sgd(3), Problem.power_law(1.5, 0.5), 4, 3000),
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
    question = named.sgd("0.5"), Problem.power_law(nu, 0.5, count=5000), 1e4, 20
    expected = losses(*question, method="recursion")
    np.testing.assert_allclose(losses(*question), expected, rtol=1e-13)


def test_expansions_that_overflow() -> None:
    for rate, steps in ((10**6, 40), (10, 40_000)):
        found = propagators(named.sgd(rate), ONE, 4, steps).losses()
        assert found[0] == pytest.approx(0.5)
        assert np.isinf(found[-1])
        assert not np.isnan(found).any()


def test_propagators_without_noise_on_a_flat_infinite_law() -> None:
    question = named.sgd(1), Problem.power_law(0.4, 0.5), math.inf, 5
    np.testing.assert_allclose(propagators(*question).losses(), losses(*question))


def test_no_step_beyond_the_last_is_looked_at() -> None:
    table = np.array([0.5, 0.4, 0.3])
    rule = schedule("sgd", learning_rate=lambda t: table[t.astype(int)])
    for problem in (FOUR, Problem.power_law(1.5, 1, count=5000)):
        assert losses(rule, problem, math.inf, 3).shape == (4,)


def test_an_uneven_target_on_a_long_list(rng: np.random.Generator) -> None:
    lam = rng.beta(0.5, 3, 8000)
    squares = np.where(rng.random(8000) < 0.3, 0.0, rng.exponential(size=8000))
    question = NAMED[1], Problem(Spectrum(lam), target=squares), 5000, 300
    found = losses(*question, method="compressed")
    np.testing.assert_allclose(found, losses(*question, method="recursion"), rtol=1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("steps", [10**5, pytest.param(10**6, marks=pytest.mark.exhaustive)])
def test_many_steps_on_an_infinite_spectrum(steps: int) -> None:
    question = NAMED[1], Problem.power_law(1.5, 0.5), 64, steps
    found, expansion = losses(*question), propagators(*question).losses()
    np.testing.assert_allclose(expansion, found, rtol=1e-12)
    # a longer and longer finite law tends to it
    finite = losses(NAMED[1], Problem.power_law(1.5, 0.5, count=10**12), 64, steps)
    np.testing.assert_allclose(finite[::1000], found[::1000], rtol=1e-5)


# Edges -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", [named.sgd(3), named.heavy_ball(5, "0.5")])
def test_divergence_ends_in_infinity(algorithm: Algorithm) -> None:
    found = losses(algorithm, FOUR, 4, 5000)
    assert np.isinf(found[-1])
    finite = np.isfinite(found)
    assert (np.diff(finite.astype(int)) <= 0).all()
    assert not np.isnan(found).any()


def test_small_losses_vanish_and_stay() -> None:
    found = losses(named.sgd("0.5"), ONE, math.inf, 2000)
    assert found[400] == pytest.approx(0.5 * 0.25**400, rel=1e-9)
    assert found[-1] == 0
    assert (found[found > 0] > FLUSHED * 1e-40).all()


def test_no_steps() -> None:
    found = losses(named.nesterov("0.1", "0.9"), FOUR, 3, 0)
    np.testing.assert_allclose(found, [np.dot(LAM, SQUARES) / 2])
    assert propagators(named.sgd(1), FOUR, 3, 0).losses().shape == (1,)


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
        ({"target": [1.0, 2.0]}, r"got 2: .* Problem.from_data\(X, y\)"),
        ({"algorithm": 3}, "an Algorithm or a Schedule is needed"),
        ({"algorithm": general(1)}, "free symbols"),
        ({"batch_size": 0}, "batch_size must be positive"),
        ({"method": "fast"}, "method must be auto, recursion or compressed"),
        ({"spectrum": Spectrum.power_law(2)}, "target must have one entry"),
        (
            {"algorithm": [named.sgd(1), named.heavy_ball(1, 0)]},
            r"one memory, got \[.*\]: a step that is written as code keeps no",
        ),
        ({"algorithm": []}, "algorithms must be a list of at least one"),
        ({"noise": Noise(tau2=[1, 0, 0, 0]), "method": "compressed"}, "cannot be compressed"),
        (
            {"noise": Noise.coupled(np.eye(4)), "method": "compressed"},
            "a spectrum with a coupling matrix cannot be compressed",
        ),
        ({"target": None}, "problem must have a target"),
    ],
)
def test_bad_input(changes: dict[str, Any], message: str) -> None:
    question: dict[str, Any] = {
        "algorithm": named.sgd("0.1"),
        "batch_size": 3,
        "steps": 5,
    }
    parts: dict[str, Any] = {"spectrum": Spectrum(LAM), "target": SQUARES}
    for key, value in changes.items():
        (parts if key in ("spectrum", "target", "noise") else question)[key] = value
    with pytest.raises(InputError, match=message):
        losses(problem=Problem(**parts), **question)


def test_whole_floats_are_integers() -> None:
    question = named.sgd("0.5"), FOUR, 4
    assert np.array_equal(losses(*question, 10.0), losses(*question, 10))  # type: ignore[arg-type]


def test_a_negative_loss_is_refused() -> None:
    """tau2 > tau1 is the noise of no data; where the loss stays positive nothing is said."""
    method = named.heavy_ball(0.1, 0.9)

    def problem(tau1: float) -> Problem:
        return Problem(Spectrum([1, 0.1]), Noise(tau1, 2), [1, 1])

    message = r"negative after 5 steps: tau2 = 2 exceeds tau1 = 1, .* give tau1 >= max\(0, tau2\)"
    for function in (losses, propagators):
        with pytest.raises(InputError, match=message):
            function(method, problem(1), 1, 8)
    assert (losses(method, problem(1), 100, 8) > 0).all()
    assert (propagators(method, problem(1), 100, 8).losses() > 0).all()
    assert (losses(method, problem(2), 1, 8) > 0).all()


def test_more_bad_input() -> None:
    table_lookup = [0.1, 0.2]
    infinite = Problem.power_law(1.5, 1)
    with pytest.raises(InputError, match="needs a finite spectrum"):
        losses(named.sgd(1), infinite, math.inf, 5, method="recursion")
    with pytest.raises(InputError, match="infinite sum of squared eigenvalues"):
        losses(named.sgd(1), Problem.power_law(0.5, 1), 10, 5)
    with pytest.raises(InputError, match="belong to a stationary algorithm"):
        propagators(SCHEDULES[0], infinite, math.inf, 5)
    with pytest.raises(InputError, match="not a finite number at step 3"):
        broken = schedule("sgd", learning_rate=lambda t: np.where(t == 3, np.nan, 0.1))
        losses(broken, FOUR, math.inf, 5)
    for broken_function in (math.sqrt, lambda t: table_lookup[t], lambda t: 1j * t, lambda t: "a"):
        with pytest.raises(InputError, match="must be a function of an array of floats"):
            losses(schedule("sgd", learning_rate=broken_function), FOUR, math.inf, 5)
    with pytest.raises(InputError, match="step must be an integer"):
        SCHEDULES[0].at(1.5)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="between 1e-100 and 1e100"):
        losses(named.sgd(1), Problem(Spectrum([1e120]), target=[1]), math.inf, 5)
    with pytest.raises(InputError, match="must return one number for each step"):
        losses(schedule("sgd", learning_rate=lambda t: t[:1]), FOUR, math.inf, 5)
    with pytest.raises(InputError, match="exponent must be positive"):
        PowerLawTarget(0)
    with pytest.raises(InputError, match="nu must be positive"):
        Problem.power_law(0, 1)
    with pytest.raises(InputError, match="zeta must be positive"):
        Problem.power_law(2, -1)
    for scale in (1e10, 1e-10):
        with pytest.raises(InputError, match=r"target must have a mass .* within the range"):
            losses(named.sgd(1e-11), Problem.power_law(2, 50, scale=scale), math.inf, 5)
