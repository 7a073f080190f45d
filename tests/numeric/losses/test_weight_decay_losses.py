"""Losses, floors and runs under weight decay: against enumeration, recursions and plain loops."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem import (
    InputError,
    Noise,
    Problem,
    Spectrum,
    explore,
    heavy_ball,
    loss_asymptotics,
    losses,
    methods,
    nesterov,
    phase_diagram,
    pictures,
    sgd,
    simulate,
    stability,
)
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.losses import sampled_losses
from sgdmem.numeric.moments.conditioning import error_gains, orthogonal_realisation
from sgdmem.numeric.moments.fourth_moments import FourthMoments
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.numeric.verdicts.resting_point import RestingPoint
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from tests import draws, naive
from tests.numeric.moments.test_sampled_moments import batches_in_order, draw_case, problem_of

SHRINKING = Algorithm("0.3", "0.5", "-0.3", "0.5", "0.2", "0.05")


def ridge(case: dict[str, Any], decay: float) -> tuple[Array, float]:
    """Return where loss and penalty are least, shape (d, R), and the loss there."""
    J, y = case["jacobians"], case["labels"]
    n, _, d = J.shape
    shares = np.full(n, 1 / n) if case["weights"] is None else case["weights"]
    H = np.einsum("n,nki,nkj->ij", shares, J, J)
    right = np.einsum("n,nki,nkr->ir", shares, J, y)
    w = np.linalg.solve(H + decay * np.eye(d), right)
    left = y - np.einsum("nki,ir->nkr", J, w)
    return w, float(np.einsum("n,nkr,nkr->", shares, left, left) / 2)


def compare(cases: int, rng: np.random.Generator) -> float:
    """Return the largest error of random losses, relative to the largest of a run."""
    worst, compared = 0.0, 0
    while compared < cases:
        case, memory, steps = draw_case(rng), int(rng.integers(0, 3)), int(rng.integers(4, 7))
        decay, shrink = (Fraction(int(x), 64) for x in rng.integers(1, 48, 2))
        if compared % 3 < 2:  # one of them, or both
            decay, shrink = decay * (compared % 3), shrink * (1 - compared % 3)
        alg = draws.random_algorithm(rng, memory)
        problem = problem_of(case, decay)
        if problem.dropped or problem.spectrum.eigenvalues[-1] < 1e-3 * problem.spectrum.largest:
            continue
        compared += 1
        first = case["start"]
        shares, batches = batches_in_order(case, steps)
        expected = np.zeros(steps + 1)
        for r in range(first.shape[1]):
            expected += naive.losses_on_samples(
                [alg] * steps,
                case["jacobians"],
                case["labels"][:, :, r],
                shares,
                batches,
                first[:, r],
                weight_decay=float(decay),
                shrink=float(shrink),
            )
        _, least = ridge(case, float(decay))
        assert problem.samples is not None
        assert problem.samples.least_loss == pytest.approx(least, rel=1e-10)
        rest = RestingPoint.of(problem, Algorithm(*alg, shrink))
        assert (rest is None) == (shrink == 0)
        least += 0.0 if rest is None else rest.rise
        found = losses(Algorithm(*alg, shrink), problem, case["size"], steps) + least
        entries = max(abs(float(x)) for x in Algorithm(*alg).entries)
        worst = max(
            worst, float(np.abs(found - expected).max() / (expected.max() * max(1, entries**2)))
        )
    return worst


WAYS = {"steps": (False, False), "fourth moments": (True, False), "a matrix": (False, True)}


@pytest.mark.parametrize("way", WAYS)
def test_losses_are_the_means_over_all_batches(
    way: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    fourth, matrix = WAYS[way]
    monkeypatch.setattr(FourthMoments, "pays", lambda *_: fourth)
    monkeypatch.setattr(sampled_losses, "matrix_pays", lambda *_: matrix)
    assert compare(8, rng) < 1e-10


def test_losses_where_vectors_are_combined_anew() -> None:
    """Their mean at rest, under decay that shrinks w, is that of the new ones."""
    poles = Algorithm("0.1", [1, 1], [1, "-0.99"], [["0.5", 0], [0, "0.5001"]], shrink="1/4")
    X, y = [[1.0, 2.0], [0.5, -1.0], [0.3, 0.2]], [1.0, 0.0, 2.0]
    problem = Problem.from_data(X, y)
    other = orthogonal_realisation(poles, 50)
    assert error_gains(Schedule.constant(poles).steps(0, 1), 50)[0] > 100
    assert losses(poles, problem, 2, 50) == pytest.approx(losses(other, problem, 2, 50), rel=1e-8)


@pytest.mark.exhaustive
def test_many_losses_are_the_means_over_all_batches(rng: np.random.Generator) -> None:
    assert compare(300, rng) < 1e-9


def labelled(rng: np.random.Generator, decay: Any = "0.1") -> Problem:
    rows = rng.normal(size=(30, 3)) * [1, 0.7, 0.4]
    return Problem.from_data(rows, rows @ [1, -2, 1] + rng.normal(size=30), weight_decay=decay)


def test_the_floor_is_where_losses_come_to_rest(rng: np.random.Generator) -> None:
    problem = labelled(rng)
    for algorithm in (sgd("0.2"), nesterov("0.1", "0.6"), SHRINKING):
        verdict = stability(algorithm, problem, 4)
        low, high = verdict.loss_floor_interval
        assert high - low < 1e-9 * high
        assert losses(algorithm, problem, 4, 3000)[-1] == pytest.approx(
            verdict.loss_floor, rel=1e-9
        )
        assert "above that of the stationary point" in verdict.explanation
    quiet = losses(sgd("0.2"), problem, np.inf, 800)
    assert quiet[-1] == pytest.approx(0, abs=1e-13)
    assert quiet.min() > -1  # on the way it may be less


@pytest.mark.parametrize(("rate", "shrink"), [("1e-11", "1e-11"), ("1e-12", "3e-6")])
def test_slow_methods_that_shrink_rest_where_fractions_say(rate: Any, shrink: Any) -> None:
    x, y = [Fraction(1), Fraction(2), Fraction(1, 2)], [Fraction(1), Fraction(0), Fraction(-1)]
    rate, shrink, momentum = Fraction(rate), Fraction(shrink), Fraction("0.9")

    def mean(values: list[Fraction]) -> Fraction:
        return sum(values, Fraction(0)) / len(values)

    lam, both = mean([s * s for s in x]), mean([s * t for s, t in zip(x, y, strict=True)])
    problem = Problem.from_data(np.array([x], float).T, np.array(y, float))
    verdict = stability(Algorithm(rate, shrink=shrink), problem, 1)
    w = rate * both / (shrink + rate * lam)
    factors = [1 - shrink - rate * s * s for s in x]
    pushes = [rate * s * t for s, t in zip(x, y, strict=True)]
    cross = mean([a * b for a, b in zip(factors, pushes, strict=True)])
    square = (2 * cross * w + mean([b * b for b in pushes])) / (1 - mean([a * a for a in factors]))
    low, high = verdict.loss_floor_interval
    assert low <= lam * (square - w * w) / 2 <= high < low * (1 + 1e-11)
    heavy = Algorithm(*heavy_ball(rate, momentum).blocks[:5], shrink)
    w = rate * both / (shrink * (1 - momentum) + rate * lam)
    least = mean([(s * w - t) ** 2 for s, t in zip(x, y, strict=True)]) / 2
    assert stability(heavy, problem, 1).least_loss == pytest.approx(float(least), rel=1e-14)


@pytest.mark.parametrize("drop_last", [True, False])
def test_what_takes_no_gradient_rests_without_noise(
    drop_last: bool, rng: np.random.Generator
) -> None:
    rows, labels = rng.normal(size=(7, 2)), rng.normal(size=7)
    problem = Problem.from_data(rows, labels, drop_last=drop_last)
    verdict = stability(Algorithm(0, shrink="0.1"), problem, 3)
    assert verdict.stable
    assert verdict.loss_floor == 0
    assert verdict.least_loss == pytest.approx((labels**2).mean() / 2)  # at w = 0


def test_labels_that_fit_leave_noise_at_the_stationary_point(rng: np.random.Generator) -> None:
    rows = rng.normal(size=(20, 2))
    fitted = Problem.from_data(rows, rows @ [1.0, 2.0])
    decayed = Problem.from_data(rows, rows @ [1.0, 2.0], weight_decay="0.1")
    assert stability(sgd("0.2"), fitted, 2).loss_floor == 0
    assert stability(sgd("0.2"), decayed, 2).loss_floor > 0
    unlabelled = stability(sgd("0.2"), Problem.from_data(rows, weight_decay="0.1"), 2)
    assert unlabelled.loss_floor == 0
    assert unlabelled.explanation.startswith("w comes to rest around the stationary point")


def test_samples_left_out_are_those_of_another_problem(rng: np.random.Generator) -> None:
    rows, y, first = rng.normal(size=(8, 2)), rng.normal(size=(8, 2)), rng.normal(size=(2, 2))
    every = Problem.from_data(rows, y, start=first, weight_decay="0.25")
    some = Problem.from_data(rows[1:], y[1:], start=first, weight_decay="0.25")
    for algorithm in (sgd("0.1"), SHRINKING):
        np.testing.assert_allclose(
            losses(algorithm, every.without([0]), 2, 20), losses(algorithm, some, 2, 20), rtol=1e-10
        )


def test_epochs_with_a_smaller_last_batch(rng: np.random.Generator) -> None:
    rows, y = rng.normal(size=(10, 2)), rng.normal(size=10)
    problem = Problem.from_data(rows, y, weight_decay="0.3", drop_last=False)
    for algorithm in (nesterov("0.1", "0.5"), SHRINKING):
        floor = stability(algorithm, problem, 4).loss_floor
        mean = losses(algorithm, problem, 4, 2000)[-3:].mean()  # batches of 4, 4 and 2
        assert mean == pytest.approx(floor, rel=1e-9)


def test_long_runs_are_followed(rng: np.random.Generator) -> None:
    problem, slow = labelled(rng), SHRINKING.scaled("0.05")
    curve, exact = methods.loss_curve(slow, problem, 4), losses(slow, problem, 4, 2000)
    times = np.array([0, 10, 1000, 2000])
    np.testing.assert_allclose(curve.loss(times), exact[times], rtol=1e-6, atol=1e-12)
    assert curve.floor == pytest.approx(stability(slow, problem, 4).loss_floor, rel=1e-9)


def test_simulated_runs_agree(rng: np.random.Generator) -> None:
    problem = labelled(rng)
    for algorithm in (nesterov("0.1", "0.5"), SHRINKING):
        question = algorithm, problem, 3, 40
        z = simulate(*question, seeds=1000, threads=1).z_scores(losses(*question))
        assert np.nanmax(np.abs(z)) < 4.5
    model = Problem(
        Spectrum([1, 0.3]),
        Noise(1, -1, label_variance="0.2"),
        target=[1, 2],
        weight_decay="0.2",
    )
    for algorithm in (nesterov("0.2", "0.5"), SHRINKING):
        z = simulate(algorithm, model, 4, 30, seeds=1000).z_scores(losses(algorithm, model, 4, 30))
        assert np.nanmax(np.abs(z)) < 4.5


def test_full_batches_are_a_plain_loop(rng: np.random.Generator) -> None:
    """As ``torch.optim.SGD(momentum=0.5, weight_decay=0.1)`` steps."""
    rows, omega = rng.normal(size=(10, 3)), 0.1
    y, w, v = rng.normal(size=10), np.zeros(3), np.zeros(3)
    problem = Problem.from_data(rows, y, replacement=False, weight_decay="0.1")
    assert problem.samples is not None
    loop = []
    for _ in range(20):
        loop.append(0.5 * np.mean((rows @ w - y) ** 2))
        v = 0.5 * v + rows.T @ (rows @ w - y) / 10 + omega * w
        w = w - 0.2 * v
    least = problem.samples.least_loss
    exact = losses(heavy_ball("0.2", "0.5"), problem, 10, 19)
    simulated = simulate(heavy_ball("0.2", "0.5"), problem, 10, 19, seeds=1).mean
    np.testing.assert_allclose(exact + least, loop, rtol=1e-12)
    np.testing.assert_allclose(simulated + least, loop, rtol=1e-12)
    w, u, loop = np.zeros(3), np.zeros(3), []
    for _ in range(20):
        loop.append(0.5 * np.mean((rows @ w - y) ** 2))
        point = w + 0.2 * u
        g = rows.T @ (rows @ point - y) / 10 + omega * point
        w, u = 0.95 * w - 0.3 * g + 0.5 * u, 0.5 * u - 0.3 * g
    least = stability(SHRINKING, problem, 10).least_loss
    np.testing.assert_allclose(losses(SHRINKING, problem, 10, 19) + least, loop, rtol=1e-12)
    simulated = simulate(SHRINKING, problem, 10, 19, seeds=1).mean
    np.testing.assert_allclose(simulated + least, loop, rtol=1e-12)
    shrinking = methods.trajectory(SHRINKING, lambda w, step: 0 * w, [1.0], 2)
    np.testing.assert_allclose(shrinking[:, 0], [1, 0.95, 0.9025])


# Models of the noise -----------------------------------------------------------------------------


def compare_models(algorithms: list[naive.Raw], rng: np.random.Generator) -> float:
    """Return the largest error, relative to the largest loss and to entries that cancel."""
    worst = 0.0
    for alg in algorithms:
        modes, (decay, shrink) = int(rng.integers(1, 4)), (1 + rng.integers(0, 32, 2)) / 64
        tau2 = float(rng.choice([-1, 0, 1]))
        lam, squares = 10 ** rng.uniform(-1, 0, modes), rng.uniform(0.5, 2, modes)
        noise = Noise(1, tau2, label_variance="0.5")
        problem = Problem(Spectrum(lam), noise, squares, weight_decay=decay)
        found = losses(Algorithm(*alg, shrink), problem, 3, 12)
        expected = naive.moment_recursion(
            alg,
            lam.tolist(),
            squares.tolist(),
            12,
            3,
            1,
            tau2,
            None,
            0.5,
            weight_decay=decay,
            shrink=shrink,
        )
        entries = max(abs(float(x)) for x in Algorithm(*alg).entries)
        error = np.abs(found - expected).max() / (expected.max() * max(1, entries**4))
        worst = max(worst, float(error))
    return worst


def test_models_are_stepped_as_written(rng: np.random.Generator) -> None:
    raw = naive.Raw(*SHRINKING.blocks[:5])
    assert compare_models([raw] * 8, rng) < 1e-12


@pytest.mark.exhaustive
def test_many_models_are_stepped_as_written(rng: np.random.Generator) -> None:
    every = [draws.random_algorithm(rng, int(rng.integers(0, 4))) for _ in range(100)]
    assert compare_models(every, rng) < 1e-9


def test_long_spectra_are_compressed() -> None:
    short = Problem.power_law("1.3", zeta="0.5", count=3000, weight_decay="0.01")
    for algorithm in (nesterov("0.2", "0.5"), SHRINKING):
        exact, few = (
            losses(algorithm, short, 4, 300, method=x) for x in ("recursion", "compressed")
        )
        np.testing.assert_allclose(few, exact, rtol=1e-11)
    infinite = Problem.power_law("0.8", zeta="0.5", weight_decay="0.01")
    assert stability(sgd("0.5"), infinite, 64).stable
    found = losses(sgd("0.5"), infinite, 64, 2000)
    assert found[-1] < 1e-8


def test_a_floor_of_label_noise(rng: np.random.Generator) -> None:
    noise = Noise(1, -1, label_variance=2)
    problem = Problem(Spectrum([1, 0.2]), noise, target=[1, 1], weight_decay="0.1")
    for algorithm in (nesterov("0.2", "0.5"), SHRINKING):
        floor = stability(algorithm, problem, 4).loss_floor
        assert losses(algorithm, problem, 4, 2000)[-1] == pytest.approx(floor, rel=1e-11)


def test_schedules_may_shrink() -> None:
    problem = Problem(Spectrum([1, 0.5]), target=[1, 1])
    listed = losses([SHRINKING, sgd("0.1").map(lambda x: x)][:1] * 3, problem, 4, 3)
    np.testing.assert_allclose(listed, losses(SHRINKING, problem, 4, 3), rtol=1e-14)
    mixed = losses([Algorithm("0.2", shrink="0.1"), sgd("0.2")], problem, 4, 2)
    assert mixed[1] < losses(sgd("0.2"), problem, 4, 2)[1]

    def decoupled(learning_rate: Any) -> Algorithm:
        return Algorithm(learning_rate, shrink=learning_rate * Fraction(1, 10))

    moving = methods.schedule(decoupled, learning_rate=lambda t: 0.2 + 0 * t)
    np.testing.assert_allclose(
        losses(moving, problem, 4, 5), losses(Algorithm("0.2", shrink="0.02"), problem, 4, 5)
    )


def test_typical_runs_feel_it() -> None:
    problem = Problem.from_data([[1.0]] * 9 + [[2.0]], weight_decay="0.5")
    value, error = methods.lyapunov_exponent(sgd("0.5"), problem, batch_size=1)
    exact = 0.9 * np.log(0.25) + 0.1 * np.log(1.25)  # |1 - (x^2 + 1/2) / 2|
    assert abs(value - exact) < 4 * error


def test_the_slow_roots_of_a_schedule_are_those_of_the_drift() -> None:
    problem = Problem(Spectrum([1, 0.5]), target=[1, 1], weight_decay="0.1")
    times, values = methods.adiabatic_signal(sgd("0.5"), problem, 100)
    exact = losses(sgd("0.5"), problem, np.inf, 100)
    np.testing.assert_allclose(values, 2 * exact[times], rtol=1e-9)


# What refuses it ---------------------------------------------------------------------------------

DECAYED = Problem.power_law("1.5", zeta="0.5", weight_decay="0.1")
REFUSALS: dict[str, Callable[[], Any]] = {
    "asymptotics": lambda: loss_asymptotics(sgd("0.5"), DECAYED, 8),
    "a shrinking method's asymptotics": lambda: loss_asymptotics(
        Algorithm("0.5", shrink="0.1"), Problem.power_law("1.5", zeta="0.5"), 8
    ),
    "the explorer": lambda: explore("sgd", DECAYED),
    "source code": lambda: methods.source_code(sgd("0.5"), "c", DECAYED),
    "signals of data with labels": lambda: methods.adiabatic_signal(
        sgd("0.5"), Problem.from_data([[1.0]], [1.0], weight_decay="0.1"), 10
    ),
    "signals of a method that shrinks": lambda: methods.adiabatic_signal(
        Algorithm("0.5", shrink="0.1"), Problem.from_data([[1.0]], [1.0]), 10
    ),
    "noise summands": lambda: pictures.draw_noise_summand(sgd("0.5"), DECAYED),
    "root loci": lambda: pictures.draw_root_locus(sgd("0.5"), DECAYED),
    "accelerated": lambda: methods.accelerated(DECAYED, 8),
    "corner": lambda: methods.corner(DECAYED, 8, memory=2, theta=1.2, horizon=100),
    "best stationary": lambda: methods.best_stationary(DECAYED, 8, memory=1, horizon=100),
    "comparisons": lambda: methods.compare_methods(DECAYED, 8, 1000),
    "an evaluator's sums": lambda: methods.evaluator("sgd").noise_sums(
        DECAYED.spectrum, learning_rate=0.1
    ),
    "an evaluator of what shrinks": lambda: methods.evaluator(
        lambda learning_rate: Algorithm(learning_rate, shrink=learning_rate / 8)
    ),
    "source code of what shrinks": lambda: methods.source_code(SHRINKING, "c"),
    "other families' parameters": lambda: methods.convert(SHRINKING, "qhm"),
    "regimes": lambda: phase_diagram(
        "sgd",
        DECAYED,
        8,
        x=("learning_rate", [0.1, 0.2]),
        y=("batch_size", [4, 8]),
        quantities="regime",
    ),
    "compression": lambda: DECAYED.spectrum.compress(),
    "losses on labels of a schedule that shrinks": lambda: losses(
        [SHRINKING, SHRINKING.scaled(2)], Problem.from_data([[1.0], [2.0]], [1.0, 0.0]), 1, 3
    ),
    "runs on labels of a schedule that shrinks": lambda: simulate(
        [SHRINKING, SHRINKING.scaled(2)], Problem.from_data([[1.0], [2.0]], [1.0, 0.0]), 1, 3
    ),
    "a model of the noise with labels": lambda: losses(
        sgd("0.1"),
        Problem.from_data([[1.0], [2.0]], [1.0, 0.0], noise=Noise(), weight_decay=1),
        1,
        3,
    ),
    "residuals of another minimum": lambda: Problem(
        Spectrum([2.5]), Problem.from_data([[1.0], [2.0]], [1.0, 0.0]).noise, weight_decay=1
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_does_not_know_weight_decay_says_so(name: str) -> None:
    with pytest.raises(InputError, match=r"weight.decay|shrink") as caught:
        REFUSALS[name]()
    assert "\n" not in str(caught.value)
