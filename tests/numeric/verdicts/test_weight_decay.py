"""Weight decay in verdicts: against whole second-moment operators, exact sums, and plain shifts."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest

from sgdmem import (
    InputError,
    Noise,
    Problem,
    Spectrum,
    aggmo,
    heavy_ball,
    largest_learning_rate,
    nesterov,
    phase_diagram,
    sgd,
    stability,
    stability_boundary,
)
from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.noise_sums.mode_summands import ball_form
from sgdmem.numeric.sampled_noise.mode_pairs import mode_pairs
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import UndefinedError
from sgdmem.symbolic.stability.schur import is_schur
from tests import draws, naive

COUPLED, DECOUPLED = "weight_decay", "shrink"


def draw_decay(rng: np.random.Generator, kind: str) -> tuple[Fraction, Fraction]:
    """Return a weight decay and by which w shrinks, one of them 0."""
    value = Fraction(round(float(rng.uniform(0.01, 0.5)) * 64), 64)
    return (value, Fraction(0)) if kind == COUPLED else (Fraction(0), value)


def is_schur_with(alg: naive.Raw, lam: Any, decay: Fraction, shrink: Fraction) -> bool:
    matrix = np.array(naive.state_matrix(alg, lam + float(decay), float(shrink)), float)
    return bool(np.abs(np.linalg.eigvals(matrix)).max() < 1 - 1e-9)


def exact_noise_sum(
    alg: naive.Raw, lam: list[float], decay: Fraction, size: float, tau2: Any
) -> Fraction:
    """Return U' for tau1 = 1 in fractions, from the summands of larger eigenvalues."""
    total = Fraction(0)
    for x in map(Fraction, lam):
        s = naive.noise_summand_exact(alg, x + decay) * (x / (x + decay)) ** 2
        total += s / (Fraction(size) + Fraction(tau2) * s)
    return total


def compare_models(problems: int, rng: np.random.Generator, kind: str) -> int:
    """Compare verdicts on models of the noise with the whole operator; return how many."""
    verdicts = 0
    while verdicts < problems:
        memory, modes = int(rng.integers(0, 4)), int(rng.integers(1, 4))
        decay, shrink = draw_decay(rng, kind)
        lam = (10 ** rng.uniform(-1.5, 0, modes)).tolist()
        alg = draws.random_algorithm(rng, memory)
        if not all(is_schur_with(alg, x, decay, shrink) for x in lam):
            continue
        coupled = rng.random() < 0.4
        T, tau2 = (
            draws.random_coupling(rng, modes)
            if coupled
            else (None, float(rng.choice([-1, 0, 0.5, 1])))
        )
        noise = Noise(1, tau2) if T is None else Noise.coupled(T, tau2)
        problem = Problem(Spectrum(lam), noise, weight_decay=decay)
        algorithm = Algorithm(*alg, shrink)
        critical = stability(algorithm, problem, 1).critical_batch_size
        for size in (critical * 0.99, critical * 1.01) if 0 < critical < math.inf else (1,):
            verdict = stability(algorithm, problem, size)
            if kind == COUPLED and T is None:
                exact = exact_noise_sum(alg, lam, decay, size, tau2)
                low, high = verdict.noise_sum_interval
                assert low <= exact <= high
                assert verdict.stable == (exact < 1)
            if max(abs(float(x)) for x in algorithm.entries) > 30:
                continue  # eigenvalues of its whole operator are not known in floats
            radius = naive.second_moment_radius(
                alg, lam, size, 1, tau2, T, weight_decay=decay, shrink=shrink
            )
            assert verdict.stable == (radius < 1)
            verdicts += 1
    return verdicts


def compare_samples(problems: int, rng: np.random.Generator, kind: str) -> int:
    """Compare verdicts on samples with the operator of all their second moments."""
    verdicts = 0
    while verdicts < problems:
        memory, d, K = (int(rng.integers(*ends)) for ends in ((0, 4), (1, 4), (1, 3)))
        n = int(rng.integers(d + 1, 10))
        decay, shrink = draw_decay(rng, kind)
        rows = rng.standard_t(3, size=(n, K, d)) * 10 ** rng.uniform(-0.7, 0.3, d)
        replacement = bool(rng.random() < 0.6)
        weights = rng.dirichlet(np.ones(n)) if replacement and rng.random() < 0.5 else None
        problem = Problem.from_data(
            rows, weights=weights, replacement=replacement, weight_decay=decay
        )
        alg = draws.random_algorithm(rng, memory)
        lam = problem.spectrum.eigenvalues.tolist()
        if not all(is_schur_with(alg, x, decay, shrink) for x in lam):
            continue
        algorithm = Algorithm(*alg, shrink)
        critical = stability(algorithm, problem, 1).critical_batch_size
        shares = np.full(n, 1 / n) if weights is None else weights
        for size in (critical * (1 - 1e-4), critical * (1 + 1e-4)):
            if not replacement and size > n:
                continue
            share = 1 / size if replacement else (n - size) / (size * (n - 1))
            radius = naive.sampled_moment_radius(
                alg, rows, shares, share, weight_decay=float(decay), shrink=float(shrink)
            )
            verdict = stability(algorithm, problem, size)
            assert verdict.stable == (radius < 1)
            verdicts += 1
    return verdicts


@pytest.mark.parametrize("kind", [COUPLED, DECOUPLED])
def test_verdicts_agree_with_the_whole_operator(kind: str, rng: np.random.Generator) -> None:
    assert compare_models(12, rng, kind) >= 12
    assert compare_samples(12, rng, kind) >= 12


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", [COUPLED, DECOUPLED])
def test_many_verdicts_agree_with_the_whole_operator(kind: str, rng: np.random.Generator) -> None:
    assert compare_models(1000, rng, kind) >= 1000
    assert compare_samples(400, rng, kind) >= 400


def test_decay_is_a_curvature_without_noise(rng: np.random.Generator) -> None:
    """Of independent Gaussian columns the one of decay adds its eigenvalue to all, and no noise."""
    rows = rng.normal(size=(40, 3))
    decayed = Problem.from_data(rows, weight_decay="0.25")
    plain = Problem.from_data(rows)
    verdict = stability(nesterov("0.1", "0.5"), decayed, 4)
    # without the noise of a step the drift alone ends stability: at lambda + omega
    edge = stability(nesterov("0.1", "0.5"), plain).critical_eigenvalue
    assert verdict.critical_eigenvalue == pytest.approx(edge - 0.25, rel=1e-14)
    alg = naive.Raw(*nesterov("0.1", "0.5").blocks[:5])
    rate = largest_learning_rate("nesterov", decayed, 4, momentum="0.5")
    for factor, stable in ((0.999, True), (1.001, False)):
        pushed = naive.scaled(naive.mapped(alg, float), factor * float(rate) / 0.1)
        radius = naive.sampled_moment_radius(
            pushed, rows[:, None], np.full(40, 1 / 40), 1 / 4, weight_decay=0.25
        )
        assert (radius < 1) == stable


def test_rows_left_out_keep_the_decay(rng: np.random.Generator) -> None:
    problem = Problem.from_data(rng.standard_t(2, size=(20, 2)), weight_decay="0.5")
    verdict = stability(sgd("0.01"), problem, 2)
    left = problem.without(verdict.rows.indices[:1])
    assert left.weight_decay == Fraction(1, 2)
    expected = stability(sgd("0.01"), left, 2).critical_scale
    assert verdict.rows.critical_scale_without(1) == pytest.approx(expected, rel=1e-9)


# Exact numbers -----------------------------------------------------------------------------------


def test_the_summand_of_sgd() -> None:
    """By hand: g_t = -alpha (1 - alpha (lambda + omega))^t."""
    alpha, omega = Fraction(1, 2), Fraction(1, 4)
    total = sum(
        x**2 * alpha**2 / (1 - (1 - alpha * (x + omega)) ** 2) for x in (Fraction(1), Fraction(2))
    )
    verdict = stability(sgd("1/2"), Problem(Spectrum([1, 2]), weight_decay=omega), 3)
    low, high = verdict.noise_sum_interval
    assert low <= total / 3 <= high
    assert high - low < 1e-14
    shrunk = stability(Algorithm("1/2", shrink="1/8"), Spectrum([1, 2]), 3)  # alpha omega
    assert shrunk.noise_sum == verdict.noise_sum


@cache
def sum_of_sgd(nu: str) -> float:
    """Return the sum of s of SGD at rate 1/2 and decay 1/100 over k^-nu, by the midpoint rule."""
    alpha, omega = mpmath.mpf("0.5"), mpmath.mpf("0.01")

    def summand(k: Any) -> Any:
        lam = mpmath.mpf(k) ** -mpmath.mpf(nu)
        return lam**2 * alpha / ((lam + omega) * (2 - alpha * (lam + omega)))

    with mpmath.workdps(20):
        rest = mpmath.quad(
            lambda y: summand(mpmath.exp(y)) * mpmath.exp(y),
            [mpmath.log(2000 - mpmath.mpf(1) / 2), 20, 60, 200, 800, mpmath.inf],
        )
        return float(sum(summand(k) for k in range(1, 2000)) + rest)


@pytest.mark.parametrize("nu", ["0.55", "1", "1.7"])
@pytest.mark.parametrize("name", ["coupled", "decoupled"])
def test_power_laws_are_summed_whole(nu: str, name: str) -> None:
    total = sum_of_sgd(nu)
    if name == "coupled":
        verdict = stability(sgd("0.5"), Problem.power_law(nu, weight_decay="0.01"), 4)
    else:
        verdict = stability(Algorithm("0.5", shrink="0.005"), Problem.power_law(nu), 4)
    assert verdict.noise_sum == pytest.approx(total / 4, rel=1e-7)
    low, high = verdict.noise_sum_interval
    assert high - low < 1e-9 * high
    assert verdict.stable == (total < 4)
    assert verdict.critical_batch_size == pytest.approx(total, rel=1e-7)


def test_laws_without_a_trace_get_a_critical_batch_size() -> None:
    plain, decayed = Problem.power_law("0.8"), Problem.power_law("0.8", weight_decay="0.001")
    assert stability(sgd("0.5"), plain, 100).reason is Reason.TRACE_DIVERGES
    verdict = stability(sgd("0.5"), decayed, 100)
    assert verdict.stable
    assert math.isfinite(verdict.critical_batch_size)
    critical = verdict.critical_batch_size
    assert stability(sgd("0.5"), decayed, critical * 1.0001).stable
    assert stability(sgd("0.5"), decayed, critical * 0.9999).stable is False
    even = Problem.power_law("0.5", weight_decay="0.001")
    assert stability(sgd("0.5"), even, 100).reason is Reason.SQUARES_DIVERGE


@pytest.mark.parametrize("unit", [1, Fraction(2) ** 200, Fraction(1, 2**200)])
def test_units_do_not_matter_to_a_law_without_a_trace(unit: Fraction) -> None:
    law = Spectrum.power_law(0.7, scale=float(unit))
    verdict = stability(Algorithm(Fraction(1, 10) / unit, shrink="0.01"), law, 64)
    assert verdict.critical_batch_size == pytest.approx(0.48899428610718, rel=1e-9)


def test_edges_of_the_learning_rate() -> None:
    """Full batches end where the largest drift does: at 2 (1 + momentum) / (lambda + omega)."""
    problem = Problem(Spectrum([4, 1]), weight_decay="1/2")
    rate = largest_learning_rate("heavy-ball", problem, momentum="0.9")
    assert rate == pytest.approx(3.8 / 4.5, rel=1e-12)
    verdict = stability(heavy_ball("0.1", "0.9"), problem)
    assert verdict.critical_eigenvalue == pytest.approx(38 - 0.5, rel=1e-14)
    assert verdict.critical_scale == pytest.approx(8.4444444444, rel=1e-9)
    assert stability(heavy_ball(Fraction(38, 45), "0.9"), problem).reason is Reason.BOUNDARY
    assert stability(heavy_ball(Fraction(38, 45), "0.9"), problem).binding is Reason.ROOT_AT_MINUS_1
    small = 2.0**-600
    tiny = Problem(Spectrum([4 * small, small]), weight_decay=small / 2)
    assert largest_learning_rate("heavy-ball", tiny, 8, momentum="0.9") == pytest.approx(
        largest_learning_rate("heavy-ball", problem, 8, momentum="0.9") / small, rel=1e-12
    )


@pytest.mark.parametrize("kind", [COUPLED, DECOUPLED])
@pytest.mark.parametrize("memory", [0, 1, 2])
def test_products_of_pairs_are_within_their_bounds(memory: int, kind: str) -> None:
    plain = [sgd("0.3"), nesterov("0.1", "0.9"), aggmo("0.1", ["0", "0.9", "0.99"])][min(memory, 2)]
    decay, shrink = (Fraction(1, 8), 0) if kind == COUPLED else (Fraction(0), Fraction(1, 64))
    raw = naive.Raw(*plain.blocks[:5])
    eigenvalues = np.array([1.0, 0.99999, 0.3, 1e-3, 1e-8, 1.001e-8])
    form = ball_form([Algorithm(*raw, shrink)], decay)
    products, error = mode_pairs(form, eigenvalues)
    assert error < 1e-12
    v, r, size = [-raw.alpha, *raw.c], [1, *raw.a], range(plain.memory + 1)
    places = [(p, q) for p in size for q in size]
    for i, first in enumerate(map(Fraction, eigenvalues.tolist())):
        left = naive.state_matrix(raw, first + decay, shrink)
        for j, second in enumerate(map(Fraction, eigenvalues.tolist())):
            right = naive.state_matrix(raw, second + decay, shrink)
            equations = [
                [((p, q) == (s, t)) - left[p][s] * right[q][t] for s, t in places]
                for p, q in places
            ]
            (Y,) = naive.solve(equations, [[v[p] * v[q] for p, q in places]])
            exact = sum(r[p] * r[q] * y for (p, q), y in zip(places, Y, strict=True))
            exact *= first * second
            assert abs(Fraction(products[i, j]) / exact - 1) <= Fraction(error)


# Maps --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["a list", "samples", "a law"])
def test_maps_say_what_verdicts_say(kind: str, rng: np.random.Generator) -> None:
    problem = {
        "a list": lambda: Problem(Spectrum([4, 1]), Noise(1, -1), weight_decay="0.1"),
        "samples": lambda: Problem.from_data(rng.normal(size=(30, 3)), weight_decay="0.1"),
        "a law": lambda: Problem.power_law("0.8", scale=3, weight_decay="0.1"),
    }[kind]()
    rates, momenta = [0.05, 0.4, 0.9], [0, 0.8]
    found = phase_diagram(
        *("heavy-ball", problem, 4),
        x=("learning_rate", rates),
        y=("momentum", momenta),
        quantities=["critical_eigenvalue", "critical_batch_size"],
    )
    assert len(np.unique(found.stable)) == 2
    for momentum in momenta:
        for rate in rates:
            here = found.sel(learning_rate=rate, momentum=momentum)
            verdict = stability(heavy_ball(rate, momentum), problem, 4)
            assert int(here.stable) == verdict.stable
            assert float(here.critical_eigenvalue) == pytest.approx(verdict.critical_eigenvalue)
            assert float(here.critical_batch_size) == pytest.approx(verdict.critical_batch_size)
    assert "weight decay 0.1" in found.attrs["spectrum"]


def test_boundaries_end_at_the_largest_rate() -> None:
    problem = Problem(Spectrum([4, 1]), weight_decay="0.5")
    edge = stability_boundary(
        "heavy-ball",
        problem,
        8,
        x=("learning_rate", 0.01, 1.5),
        y=("momentum", 0, 0.9),
        resolution=5,
        flatness=0.1,
    )
    rate, momentum = float(edge.learning_rate[3]), float(edge.momentum[3])
    expected = largest_learning_rate("heavy-ball", problem, 8, momentum=momentum)
    assert rate == pytest.approx(expected, rel=1e-7)


# Decoupled ---------------------------------------------------------------------------------------


def test_what_shrinking_does_to_an_algorithm() -> None:
    plain = heavy_ball("0.1", "0.9")
    shrinking = Algorithm(*plain.blocks[:5], "0.01")
    assert (Fraction(891, 1000), Fraction(-189, 100), 1) == shrinking.polynomials.P
    assert shrinking.polynomials.Q == plain.polynomials.Q
    with pytest.raises(UndefinedError, match="w shrinks at each step"):
        _ = shrinking.effective_learning_rate
    assert "w[t+1] = 99/100 w[t] - 1/10 g[t] + 9/10 u[t]" in str(shrinking)
    assert eval(repr(shrinking), {"Algorithm": Algorithm, "Fraction": Fraction}) == shrinking
    assert shrinking.map(lambda x: x) == shrinking
    assert shrinking.scaled(2).shrink == Fraction(1, 100)
    assert is_schur(shrinking, 0)  # w dies out by itself
    verdict = stability(shrinking, Spectrum([4, 1]), 8)
    assert verdict.effective_learning_rate is None
    assert "w shrinks at each step" in str(verdict)


@pytest.mark.slow
def test_a_family_that_shrinks() -> None:
    def decoupled(learning_rate: Any, momentum: Any) -> Algorithm:
        base = heavy_ball(learning_rate, momentum)
        return Algorithm(*base.blocks[:5], learning_rate * Fraction(1, 10))

    rate = largest_learning_rate(decoupled, Spectrum([4, 1]), momentum=0)
    assert rate == pytest.approx(2 / 4.1, rel=1e-9)  # SGD: (1 - rate (lambda + omega))^2 < 1


# What does not know it ---------------------------------------------------------------------------


def test_bad_weight_decay_is_one_clear_line() -> None:
    for bad in (-1, math.nan, math.inf, "x", None, [1]):
        with pytest.raises(InputError, match="weight_decay"):
            Problem(Spectrum([1]), weight_decay=bad)
    with pytest.raises(InputError, match="shrink"):
        Algorithm(1, shrink="x")
