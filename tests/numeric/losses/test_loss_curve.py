"""Losses on samples after any number of steps: against exact steps, and in closed form."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest

from sgdmem import (
    InputError,
    Noise,
    Problem,
    Spectrum,
    heavy_ball,
    largest_learning_rate,
    losses,
    methods,
    sgd,
    stability,
)
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo.families_by_name import find_family
from tests import naive

FAMILIES: list[tuple[str, dict[str, Any]]] = [
    ("sgd", {}),
    ("heavy-ball", {"momentum": 0.5}),
    ("heavy-ball", {"momentum": 0.9}),
    ("heavy-ball", {"momentum": 0.99}),
    ("nesterov", {"momentum": 0.95}),
    ("qhm", {"momentum": 0.9, "nu": 0.7}),
    ("aggmo", {"momenta": (0, 0.9, 0.99)}),
]
STEPS = 100_000


class Question(NamedTuple):
    """An algorithm on random data."""

    algorithm: Any
    problem: Problem
    batch_size: int


def draw_question(seed: int, stable: bool) -> Question:
    """Draw rows or Jacobians, half of them with labels that no w fits, and how they are drawn."""
    rng = np.random.default_rng(seed)
    n, d, K = int(rng.integers(8, 50)), int(rng.integers(1, 5)), int(rng.integers(1, 3))
    J = rng.normal(size=(n, K, d)) * np.exp(rng.normal(size=(n, 1, 1)) / 2)
    J *= 10 ** rng.uniform(-1.5, 0, d)
    y = rng.normal(size=(n, K)) if rng.random() < 0.5 else None
    problem = Problem.from_data(
        J if K > 1 else J[:, 0],
        y if y is None or K > 1 else y[:, 0],
        start=rng.normal(size=d),
        replacement=bool(rng.random() < 0.5),
    )
    name, fixed = FAMILIES[int(rng.integers(len(FAMILIES)))]
    B = int(rng.choice([1, 2, 4, 7]))
    family = find_family(name)
    rate = float(largest_learning_rate(family, problem, B, **fixed))
    rate *= 10 ** rng.uniform(-1.5, -0.02) if stable else rng.uniform(1.0001, 1.05)
    return Question(family(learning_rate=rate, **fixed), problem, B)


def compare(question: Question, steps: int = STEPS) -> tuple[float, bool]:
    """Return the largest relative error, and whether all errors are as said."""
    curve = methods.loss_curve(*question)
    exact = losses(*question, steps)
    t = np.unique(np.geomspace(1, steps, 80).astype(int))
    assert np.array_equal(curve.loss(t[t <= 512]), curve.exact[t[t <= 512]])
    assert np.allclose(curve.exact, exact[: curve.exact_steps + 1], rtol=1e-9)
    t = t[t > curve.exact_steps]
    assert np.array_equal(np.isinf(exact[t]), np.isinf(curve.loss(t)))
    t = t[np.isfinite(exact[t]) & (np.abs(exact[t]) > 1e-250)]
    errors = np.abs(curve.loss(t) - exact[t])
    worst = (errors / curve.size(exact[t])).max(initial=0.0)
    return float(worst), bool((errors <= curve.error(t)).all())


@pytest.mark.parametrize(("seed", "stable"), [(1, True), (4, True), (12, True), (13, False)])
def test_estimates_are_near_exact_steps(seed: int, stable: bool) -> None:
    worst, honest = compare(draw_question(seed, stable))
    assert worst < 2e-6
    assert honest


def test_weight_decay(rng: np.random.Generator) -> None:
    """In the gradient, where losses fall below that of the stationary point, and decoupled."""
    X, y = rng.normal(size=(30, 3)), rng.normal(size=30)
    decayed = Problem.from_data(X, y, start=[2.0, 0.0, 1.0], weight_decay=0.5)
    question = Question(heavy_ball(0.001, 0.5), decayed, 4)
    assert losses(*question, 2000).min() < 0
    fitted = Problem.from_data(X, start=[2.0, 0.0, 1.0])
    shrinking = Question(Algorithm(0.002, 0.3, -0.002, 0.3, 0, shrink="0.0001"), fitted, 4)
    for asked in (question, shrinking):
        worst, honest = compare(asked)
        assert worst < 2e-6
        assert honest


@pytest.mark.parametrize("copies", [1, 3])
@pytest.mark.parametrize("decay", [0.1, 1.0])
def test_samples_that_are_all_alike_make_no_noise(copies: int, decay: float) -> None:
    """Under weight decay their residual is not 0, but it is that of every batch: w = r + s^t d."""
    x, label = np.random.default_rng(1).normal(size=2), 1.3
    problem = Problem.from_data(np.tile(x, (copies, 1)), [label] * copies, weight_decay=decay)
    question = sgd("0.05"), problem, 2
    curve, t = methods.loss_curve(*question), np.arange(3001)
    lam = float(x @ x)
    rest = label * lam / (lam + decay)  # x @ w
    left = -rest * (1 - 0.05 * (lam + decay)) ** t
    expected = ((rest + left - label) ** 2 - (rest - label) ** 2) / 2
    for found in (losses(*question, 3000), losses(*question, 10), curve.loss(t)):
        np.testing.assert_allclose(found, expected[: len(found)], rtol=1e-12, atol=1e-15)
    assert curve.exact_steps == 512 and curve.floor == 0


def draw_epochs(seed: int, stable: bool) -> Question:
    """Draw rows whose number is no multiple of the batch size, half of them with labels."""
    rng = np.random.default_rng(seed)
    B, d = int(rng.integers(3, 9)), int(rng.integers(1, 4))
    n = B * int(rng.integers(1, 5)) + int(rng.integers(1, B))
    rows = rng.normal(size=(n, d)) * np.exp(rng.normal(size=(n, 1)) / 2)
    problem = Problem.from_data(
        rows * 10 ** rng.uniform(-1.5, 0, d),
        rng.normal(size=n) if rng.random() < 0.6 else None,
        start=rng.normal(size=d),
        drop_last=False,
        replacement=bool(rng.random() < 0.5),
        weight_decay=float(rng.choice([0, 0.05])),
    )
    name, fixed = FAMILIES[int(rng.integers(len(FAMILIES)))]
    family = find_family(name)
    rate = float(largest_learning_rate(family, problem, B, **fixed))
    rate *= 10 ** rng.uniform(-1.5, -0.02) if stable else rng.uniform(1.0001, 1.05)
    return Question(family(learning_rate=rate, **fixed), problem, B)


@pytest.mark.slow
def test_epochs_with_a_smaller_last_batch() -> None:
    cycles = 0
    for seed, stable in ((3, True), (6, True), (12, False)):
        question = draw_epochs(seed, stable)
        worst, honest = compare(question, 5000)
        assert worst < 2e-6
        assert honest
        curve = methods.loss_curve(*question)
        if stable:
            verdict = stability(*question)
            assert curve.floor == pytest.approx(verdict.loss_floor, rel=1e-9, abs=1e-300)
        cycles += curve.floors.size > 1
    assert cycles


def test_an_epoch_of_one_feature() -> None:
    """Three rows in batches of two and one: the factor of an epoch is a product, in closed form."""
    x, rate = np.array([1.0, -1.0, 2.0]), 0.3
    problem = Problem.from_data(x[:, None], start=[1.0], drop_last=False)
    curve = methods.loss_curve(sgd(rate), problem, 2)
    mean, spread = (x**2).mean(), (x**2).var()
    two, one = ((1 - rate * mean) ** 2 + rate**2 * spread / size for size in (2, 1))
    assert curve.growth == pytest.approx(math.sqrt(two * one), rel=1e-12)
    for t in (600, 601, 1500):
        expected = mean / 2 * (two * one) ** (t // 2) * two ** (t % 2)
        assert curve.loss(t) == pytest.approx(expected, rel=1e-9)


@pytest.mark.exhaustive
def test_many_estimates_of_epochs() -> None:
    found = [compare(draw_epochs(seed, stable=seed % 4 > 0), 20_000) for seed in range(40)]
    errors, honest = (np.array(x) for x in zip(*found, strict=True))
    quantiles = np.quantile(errors, [0.5, 0.9, 0.99, 1])
    print(f"relative errors {quantiles}, {honest.mean():.2%} as said")  # noqa: T201 - for the docs
    assert errors.max() < 2e-6
    assert honest.mean() > 0.98


@pytest.mark.exhaustive
def test_many_estimates_are_near_exact_steps() -> None:
    found = [compare(draw_question(seed, stable=seed % 4 > 0)) for seed in range(400)]
    errors, honest = (np.array(x) for x in zip(*found, strict=True))
    quantiles = np.quantile(errors, [0.5, 0.9, 0.99, 1])
    print(f"relative errors {quantiles}, {honest.mean():.2%} as said")  # noqa: T201 - for the docs
    assert errors.max() < 2e-6
    assert honest.mean() > 0.98


@pytest.mark.parametrize("rate", ["1/10000", "1/4", "1/2"])  # at 1/2 the mean moves no more
def test_one_feature(rate: str) -> None:
    """A row x and labels y of one feature: the moments have a closed form."""
    x, y = (Fraction(1), Fraction(-1), Fraction(2)), (Fraction(1), Fraction(1), Fraction(0))
    problem = Problem.from_data(np.array(x, float)[:, None], np.array(y, float), start=[3.0])
    curve = methods.loss_curve(sgd(rate), problem, 1)
    eta, H = Fraction(rate), sum(a * a for a in x) / 3
    best = sum(a * b for a, b in zip(x, y, strict=True)) / 3 / H
    e = [b - a * best for a, b in zip(x, y, strict=True)]
    m, second = Fraction(3) - best, (Fraction(3) - best) ** 2
    # of delta <- (1 - eta x^2) delta + eta x e
    shrink = 1 - eta * H
    factor = sum((1 - eta * a * a) ** 2 for a in x) / 3
    cross = sum(2 * (1 - eta * a * a) * eta * a * b for a, b in zip(x, e, strict=True)) / 3
    push = sum((eta * a * b) ** 2 for a, b in zip(x, e, strict=True)) / 3
    floor = push / (1 - factor)

    def exact(t: int) -> float:
        # second_t = factor^t second_0 + cross * sum factor^(t-1-s) shrink^s m + push * sum factor^s
        f, s = float(factor), float(shrink)
        mixed = float(cross * m) * (f**t - s**t) / (f - s)
        return float(H) / 2 * (f**t * float(second - floor) + mixed + float(floor))

    for t in (10, 500, 5_000, 100_000, 10**7):
        expected = exact(t) if factor < 1 else exact(min(t, 10_000))
        found = curve.loss(t if factor < 1 else min(t, 10_000))
        if math.isinf(expected) or expected > 1e250:
            continue
        assert abs(found / expected - 1) < 1e-8
    assert abs(curve.growth - float(max(factor, abs(shrink)))) < 1e-12
    if factor < 1:
        assert abs(curve.floor / (float(H * floor) / 2) - 1) < 1e-10


@pytest.mark.parametrize("rate", ["0", "1e-300", "1e-160", "1e200"])
def test_steps_that_are_none_or_no_floats_are_refused(rate: str, rng: np.random.Generator) -> None:
    problem = Problem.from_data(rng.normal(size=(7, 2)), rng.normal(size=7))
    with pytest.raises(InputError, match="steps along the gradient"):
        methods.loss_curve(heavy_ball(rate, "0.9"), problem, 3)


def test_rate_of_divergence(rng: np.random.Generator) -> None:
    X = rng.normal(size=(12, 2))
    method = heavy_ball(0.9, 0.5)
    curve = methods.loss_curve(method, Problem.from_data(X, start=[1.0, 1.0]), 2)
    shares = np.full(12, 1 / 12)
    raw = naive.Raw(*(method.alpha, method.b, method.c, method.D, method.a))
    expected = naive.sampled_moment_radius(raw, X[:, None], shares, 1 / 2)
    assert expected > 1
    assert abs(curve.growth / expected - 1) < 1e-9
    assert curve.floor == math.inf
    assert "doubles" in str(curve)
    assert curve.loss(10**6) == math.inf


def test_nothing_to_follow(rng: np.random.Generator) -> None:
    X: Array = rng.normal(size=(12, 2))
    gone = methods.loss_curve(sgd(0.3), Problem.from_data(X, start=[1.0, 0.0]), 2)
    assert gone.loss(10**9) == gone.error(10**9) == 0
    steep = methods.loss_curve(sgd(30), Problem.from_data(X, start=[1.0, 0.0]), 2)
    assert steep.loss(10**9) == math.inf
    assert steep.growth > 100


@pytest.mark.parametrize("drop_last", [True, False])
def test_steps_below_rounding(drop_last: bool, rng: np.random.Generator) -> None:
    X, y = rng.normal(size=(7, 2)), rng.normal(size=7)
    problem = Problem.from_data(X, y, drop_last=drop_last)
    with pytest.raises(InputError, match="its slowest root is 1 in floats"):
        methods.loss_curve(sgd("1e-60"), problem, 3)
    fitted = Problem.from_data(X, start=[1.0, 1.0], drop_last=drop_last)
    curve = methods.loss_curve(sgd("1e-60"), fitted, 3)
    assert curve.loss(10**6) == pytest.approx(curve.exact[0], rel=1e-9)


def test_what_is_refused(rng: np.random.Generator) -> None:
    X = rng.normal(size=(12, 2))
    data = Problem.from_data(X, start=[1.0, 1.0])
    with pytest.raises(InputError, match="samples"):
        methods.loss_curve(sgd(0.1), Problem(Spectrum([1]), Noise(), target=[1]), 2)
    with pytest.raises(InputError, match="samples"):
        methods.loss_curve(sgd(0.1), data, math.inf)
    rows, labels = rng.normal(size=(5, 2)), rng.normal(size=5)
    whole = Problem.from_data(rows, labels, replacement=False)
    decayed = Problem.from_data(rows, labels, weight_decay=0.1)
    for data, batch_size in ((whole, 5), (decayed, math.inf)):  # full batches
        with pytest.raises(InputError, match="batches that are drawn"):
            methods.loss_curve(sgd("0.1"), data, batch_size)
    with pytest.raises(InputError, match="schedule"):
        methods.loss_curve(methods.schedule("sgd", learning_rate=lambda t: 0.1 / (t + 1)), data, 2)
    with pytest.raises(InputError, match="tolerance"):
        methods.loss_curve(sgd(0.1), data, 2, tolerance=0)
    with pytest.raises(InputError, match="whole numbers"):
        methods.loss_curve(sgd(0.1), data, 2).loss(0.5)
