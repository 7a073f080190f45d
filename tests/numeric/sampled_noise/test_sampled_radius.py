"""Verdicts on samples: against the whole second-moment operator, and published figures."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem import InputError, Noise, Problem, Spectrum, largest_learning_rate, sgd, stability
from sgdmem.numeric.arithmetic.definiteness import is_definite
from sgdmem.numeric.judges.joint_judge import JointJudge
from sgdmem.numeric.noise_sums.mode_summands import ball_form
from sgdmem.numeric.noise_sums.pairs import pairs_of_each
from sgdmem.numeric.noise_sums.sampled_operator import SampledOperator
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.sampled_noise import ritz_pair as ritz_pair_module
from sgdmem.numeric.sampled_noise.bounds_without_a_pass import diagonal_radius, longest_sample
from sgdmem.numeric.sampled_noise.mode_pairs import mode_pairs
from sgdmem.numeric.sampled_noise.sampled_radius import ritz_pair
from sgdmem.numeric.sampled_noise.short_memory_pairs import short_memory_pairs
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.zoo import named_algorithms as named
from sgdmem.symbolic.zoo.averaging import averaged_sgd
from sgdmem.symbolic.zoo.families_by_name import find_family
from tests import draws, naive


def problem_of(rows: Any, weights: Any = None, replacement: bool = True) -> Problem:
    noise = Noise.sampled(rows, weights, replacement=replacement)
    assert noise.samples is not None
    return Problem(Spectrum(noise.samples.eigenvalues), noise)


# Pairs of modes ----------------------------------------------------------------------------------


def exact_pair(alg: naive.Raw, first: Fraction, second: Fraction) -> Fraction:
    """Return the product from ``Y = S_i Y S_j^T + v v^T`` in fractions."""
    alg = naive.mapped(alg, Fraction)
    left, right = naive.state_matrix(alg, first), naive.state_matrix(alg, second)
    v, r, size = [-alg.alpha, *alg.c], [1, *alg.a], range(len(left))
    places = [(p, q) for p in size for q in size]
    equations = [
        [((p, q) == (s, t)) - left[p][s] * right[q][t] for s, t in places] for p, q in places
    ]
    (Y,) = naive.solve(equations, [[v[p] * v[q] for p, q in places]])
    total = sum(r[p] * r[q] * y for (p, q), y in zip(places, Y, strict=True))
    return Fraction(first * second * total)


METHODS = {
    "sgd": named.sgd("0.3"),
    "sgd near its end": named.sgd("1.99999"),
    "heavy ball": named.heavy_ball("0.001", "0.99"),
    "nesterov": named.nesterov("0.1", "0.9"),
    "qhm": named.qhm("0.5", "0.99", "0.7"),
    "averaged": averaged_sgd("0.5", "0.2"),
    "aggmo": named.aggmo("0.1", ["0", "0.9", "0.99"]),
    "memory 4": named.aggmo("0.1", ["0", "0.9", "0.99", "0.999"]),
}


@pytest.mark.parametrize("name", METHODS)
def test_products_of_pairs_are_within_their_bounds(name: str) -> None:
    method = METHODS[name]
    raw = naive.Raw(method.alpha, method.b, method.c, method.D, method.a)
    eigenvalues = np.array([1.0, 0.99999, 0.3, 1e-3, 1e-8, 1.001e-8])
    products, error = mode_pairs(ball_form([method]), eigenvalues)
    assert error < 1e-9
    for i, first in enumerate(eigenvalues.tolist()):
        for j, second in enumerate(eigenvalues.tolist()):
            exact = exact_pair(raw, Fraction(first), Fraction(second))
            assert abs(Fraction(products[i, j]) / exact - 1) <= Fraction(error)


@pytest.mark.parametrize("method", [named.sgd(1.9999999), named.heavy_ball(3.9999999, 1 - 1e-8)])
def test_closed_forms_at_the_ends_of_stability(method: Algorithm) -> None:
    raw = naive.Raw(method.alpha, method.b, method.c, method.D, method.a)
    form, eigenvalues = ball_form([method]), np.array([1.0, 1 - 1e-15, 0.5, 1e-12])
    products, error = short_memory_pairs(form, eigenvalues)
    assert 0 < error < 1e-6
    for i, first in enumerate(eigenvalues.tolist()):
        for j, second in enumerate(eigenvalues.tolist()):
            exact = exact_pair(raw, Fraction(first), Fraction(second))
            assert abs(Fraction(products[i, j]) / exact - 1) <= Fraction(error)


@pytest.mark.parametrize("decay", [Fraction(0), Fraction(1, 50)])
@pytest.mark.parametrize("momentum", [0, 1])
def test_pairs_of_several_forms_are_those_of_each(decay: Fraction, momentum: int) -> None:
    rates = [0.1, 0.7, 3.0]  # with eigenvalue 2 the last one is not Schur
    methods = [named.heavy_ball(x, 0.5) if momentum else named.sgd(x) for x in rates]
    eigenvalues = np.array([2.0, 1.5, 1e-3])
    found = list(pairs_of_each(ball_form(methods, decay), eigenvalues))
    assert math.isinf(found[-1][1]) and len(found) == len(methods)
    for method, (products, error) in zip(methods, found, strict=True):
        expected, own = mode_pairs(ball_form([method], decay), eigenvalues)
        np.testing.assert_array_equal(products, expected)
        assert error == own


def test_nothing_is_certain_of_modes_that_are_not_schur() -> None:
    for method in (named.sgd(2), named.heavy_ball("1e-160", 1), named.heavy_ball(-1, "0.5")):
        assert short_memory_pairs(ball_form([method]), np.array([1.0, 0.5]))[1] == math.inf


def test_definiteness_is_not_claimed_of_singular_matrices(rng: np.random.Generator) -> None:
    for size in (1, 3, 20):
        root = rng.normal(size=(size, max(1, size - 1)))
        singular = root @ root.T if size > 1 else np.zeros((1, 1))
        assert not is_definite(singular, 0.0)
        assert is_definite(singular + 1e-6 * np.eye(size), 0.0)
        assert not is_definite(singular + 1e-6 * np.eye(size), 2e-6)


# Verdicts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", ["1e-90", "1e-110", "1e-160", "1e-300"])
@pytest.mark.parametrize("drop_last", [True, False])
def test_steps_of_hardly_any_size(rate: str, drop_last: bool, rng: np.random.Generator) -> None:
    problem = Problem.from_data(rng.normal(size=(7, 2)), rng.normal(size=7), drop_last=drop_last)
    verdict = stability(named.sgd(rate), problem, 3)
    assert verdict.stable and verdict.noise_sum < 1e-20


def compare(problems: int, rng: np.random.Generator) -> tuple[int, int]:
    """Return how many random verdicts were compared with the whole operator, and undecided."""
    verdicts = undecided = 0
    while verdicts < problems:
        memory, d, K = (int(rng.integers(*ends)) for ends in ((0, 4), (1, 4), (1, 3)))
        n = int(rng.integers(d + 1, 10))
        rows = rng.standard_t(3, size=(n, K, d)) * 10 ** rng.uniform(-1, 1, d)
        replacement = bool(rng.random() < 0.6)
        weights = rng.dirichlet(np.ones(n)) if replacement and rng.random() < 0.5 else None
        problem = problem_of(rows, weights, replacement)
        alg = draws.random_algorithm(rng, memory)
        eigenvalues = problem.spectrum.eigenvalues
        if not all(naive.is_schur(alg, x) for x in eigenvalues.tolist()):
            continue
        critical = stability(Algorithm(*alg), problem, 1).critical_batch_size
        shares = np.full(n, 1 / n) if weights is None else weights
        least = 1 / critical if replacement else (n - critical) / (critical * (n - 1))
        for factor in (0.5, 1 - 1e-4, 1 + 1e-4, 3):
            size = critical * factor
            if not replacement and size > n:
                continue
            verdict = stability(Algorithm(*alg), problem, size)
            share = 1 / size if replacement else (n - size) / (size * (n - 1))
            radius = naive.sampled_moment_radius(alg, rows, shares, share)
            form = ball_form([Algorithm(*alg)])
            quick = JointJudge(form, problem.spectrum, verdict.noise, sharp=False)
            operator = quick.operator
            assert isinstance(operator, SampledOperator)
            without = operator.bounds_without_a_pass(form, np.ones(1, dtype=bool))
            # the radius is a multiple of the share, and 1 where the dense operator says so
            expected = share / least
            sharp = np.array(verdict.noise_sum_interval)[:, None]
            for low, high in (sharp, quick.radius, without):
                assert low[0] * (1 - 2e-4) <= expected <= high[0] * (1 + 2e-4), (alg, rows)
            if verdict.stable is None:
                undecided += 1
            elif abs(radius - 1) > 1e-9:
                assert verdict.stable is (radius < 1), (alg, rows, weights, size)
            verdicts += 1
    return verdicts, undecided


@pytest.mark.parametrize("drop_last", [True, False])
def test_the_ceiling_is_above_the_radius(drop_last: bool, rng: np.random.Generator) -> None:
    """By up to several times; and it is the radius where one sample decides."""
    problem = Problem.from_data(rng.standard_t(3, size=(10, 4, 3)), drop_last=drop_last)
    noise = problem.noise.at(3)
    lam = problem.spectrum.eigenvalues
    shares = (0.01 * lam / (2 - 0.01 * lam))[None] * float(noise.inverse_batch)
    high = stability(sgd(0.01), problem, 3).noise_sum_interval[1]
    assert SampledOperator(noise, problem.spectrum).ceiling(shares)[0] >= high * (1 - 1e-6)
    rows = np.concatenate([np.eye(3), np.eye(3) * 2])  # axes one by one
    problem = Problem.from_data(rows)
    operator = SampledOperator(problem.noise.at(1), problem.spectrum)
    lam = problem.spectrum.eigenvalues
    verdict = stability(sgd(0.1), problem, 1)
    assert operator.ceiling((0.1 * lam / (2 - 0.1 * lam))[None])[0] == pytest.approx(
        verdict.noise_sum, rel=1e-6
    )


@pytest.mark.slow
def test_random_samples(rng: np.random.Generator) -> None:
    _, undecided = compare(150, rng)
    assert undecided == 0


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(10))
def test_four_thousand_random_samples(seed: int) -> None:
    _, undecided = compare(400, np.random.default_rng(seed))
    assert undecided <= 4


def test_a_heavy_row_limits_the_rate() -> None:
    rows = np.array([[1.0, 0.0]] * 99 + [[0.0, 5.0]])
    assert largest_learning_rate("sgd", problem_of(rows), 1) == pytest.approx(2 / 25, rel=1e-9)
    assert stability(sgd("0.0799"), problem_of(rows), 1).stable is True
    assert stability(sgd("0.0801"), problem_of(rows), 1).stable is False


RATES: dict[
    str, tuple[str, str, dict[str, Any], bool, float]
] = {  # theory: each from two codes of their own, to the digits given
    "digits, heavy ball": ("digits", "heavy-ball", {"momentum": 0.9}, True, 0.006557234),
    "digits, without replacement": ("digits", "heavy-ball", {"momentum": 0.9}, False, 0.006803866),
    "digits, SGD": ("digits", "sgd", {}, True, 0.0606078408),
    "diabetes, heavy ball": ("diabetes", "heavy-ball", {"momentum": 0.9}, True, 0.599758312),
}


def real_data(name: str) -> Any:
    datasets = pytest.importorskip("sklearn.datasets")
    rows = getattr(datasets, f"load_{name}")().data
    rows = rows - rows.mean(axis=0)
    spread = rows.std(axis=0)
    return rows[:, spread > 0] / spread[spread > 0]


@pytest.mark.slow
@pytest.mark.parametrize("name", RATES)
def test_verdicts_on_real_data(name: str) -> None:
    data, family, fixed, replacement, expected = RATES[name]
    problem = problem_of(real_data(data), replacement=replacement)
    for factor, stable in ((1 - 3e-7, True), (1 + 3e-7, False)):
        method = find_family(family)(learning_rate=expected * factor, **fixed)
        verdict = stability(method, problem, 64)
        assert verdict.stable is stable
        low, high = verdict.noise_sum_interval
        assert low <= high <= low * (1 + 1e-6)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(x, marks=pytest.mark.slow if x[:4] == "diab" else pytest.mark.exhaustive)
        for x in RATES
    ],
)
def test_largest_rates_of_real_data(name: str) -> None:
    data, family, fixed, replacement, expected = RATES[name]
    problem = problem_of(real_data(data), replacement=replacement)
    found = largest_learning_rate(family, problem, 64, **fixed)
    assert found == pytest.approx(expected, rel=2e-7)


def test_the_covariance_of_a_batch_without_replacement(rng: np.random.Generator) -> None:
    rows = rng.normal(size=(6, 2))
    problem = problem_of(rows, replacement=False)
    assert stability(sgd("1e-3"), problem, 6).reason.value == "stable"
    assert problem.noise.at(6).is_quiet and problem.noise.at(1).share == 1
    assert problem.noise.at(3).share == Fraction(1, 5)
    with pytest.raises(InputError, match="at most the number of samples, 6"):
        stability(sgd("1e-3"), problem, 7)
    assert math.isclose(float(problem_of(rows).noise.at(3).share), 1 / 3)


def test_verdicts_on_samples_are_values(rng: np.random.Generator) -> None:
    problem = problem_of(rng.normal(size=(20, 3)))
    verdict = stability(named.heavy_ball("0.1", "0.5"), problem, 4)
    again = pickle.loads(pickle.dumps(verdict))
    assert again.noise_sum == verdict.noise_sum and str(again) == str(verdict)
    assert "20 samples, drawn anew for each batch, with replacement" in str(verdict)
    assert verdict.to_dict()["problem"]["samples"] == 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.0, math.nan]],), r"rows must be finite, but rows\[0, 1\] is nan"),
        (([1.0, 2.0],), "must be a matrix"),
        (([[1.0], [2.0]], [1.0]), "one for each of 2 samples"),
        (([[1.0], [2.0]], [1.0, -1.0]), "nonnegative"),
        (([[1.0], [2.0]], ["a", 1.0]), r"weights\[0\] must be a number"),
    ],
)
def test_bad_input(arguments: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Noise.sampled(*arguments)


def test_samples_of_another_spectrum_are_refused() -> None:
    noise = Noise.sampled([[1.0, 0.0], [0.0, 2.0]])
    with pytest.raises(InputError, match="must be that of the samples"):
        Problem(Spectrum([1, 0.5]), noise)
    with pytest.raises(InputError, match="tau1 cannot vary"):
        noise.vary(tau1=2)
    with pytest.raises(InputError, match="one of the two"):
        Noise.sampled([[1.0], [2.0]], [1, 2], replacement=False)


def test_outputs_are_pieces_of_one_sample(rng: np.random.Generator) -> None:
    """K outputs that are all but one zero are rows; a sample of equal outputs is one longer row."""
    rows = rng.normal(size=(8, 3))
    padded = np.zeros((8, 2, 3))
    padded[:, 1] = rows
    twice = np.stack([rows, rows], axis=1)
    one, two, three = (Samples.of(x) for x in (rows, padded, twice))
    assert two.eigenvalues == pytest.approx(one.eigenvalues)
    assert three.eigenvalues == pytest.approx(2 * one.eigenvalues)
    N = np.diag([1.0, 2.0, 3.0])
    for other in (two, three):
        assert np.abs(other.covariance(N)) == pytest.approx(np.abs(one.covariance(N)))
        assert other.coupling == pytest.approx(one.coupling)
    assert np.diag(one.covariance(N)) == pytest.approx(one.coupling @ np.diag(N))


# Bounds without a pass, and what is remembered ---------------------------------------------------


def test_bounds_without_a_pass_enclose_the_radius(rng: np.random.Generator) -> None:
    for _ in range(20):
        d, K = int(rng.integers(1, 4)), int(rng.integers(1, 3))
        rows = rng.standard_t(3, size=(int(rng.integers(d + 1, 9)), K, d))
        samples = problem_of(rows).noise.samples
        assert samples is not None
        products, _ = mode_pairs(ball_form([named.qhm("0.01", "0.9", "0.7")]), samples.eigenvalues)
        diagonal = np.diag(products)[None]
        low, high = diagonal_radius(samples, diagonal)[0], longest_sample(samples, diagonal)[0]
        radius = ritz_pair(samples.images, products, lambda ritz: ritz.residual < 1e-9).value
        assert low <= radius * (1 + 1e-9)
        assert radius <= high


def test_what_is_remembered_changes_no_verdict(rng: np.random.Generator) -> None:
    rows = rng.standard_t(4, size=(60, 5))
    methods = [named.heavy_ball(rate, "0.9") for rate in np.geomspace(1e-3, 0.05, 12).tolist()]
    one = problem_of(rows)
    again = [stability(method, one, 2) for method in methods]
    fresh = [stability(method, problem_of(rows), 2) for method in methods]
    assert {x.stable for x in fresh} == {True, False}
    for first, second in zip(again, fresh, strict=True):
        assert first.stable is second.stable
        lows, highs = zip(first.noise_sum_interval, second.noise_sum_interval, strict=True)
        assert max(lows) <= min(highs)
    samples = one.noise.samples
    assert samples is not None and 1 < len(samples.images.remembered()) <= 24


# Data that are hard ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rows",
    [
        [[1.0, -1, 0], [0, 3, 0], [0, 0, -3]],
        np.diag([1.0, 1e-8]),
        np.diag([1.0, 2.0, 3.0]),
        [[2.0, 0, 0], [0, 1, 1], [0, 1, -1], [0, 0, 1]],
    ],
)
def test_groups_of_samples(rows: Any, rng: np.random.Generator) -> None:
    """The leading matrix is singular, and what was asked before must not matter."""
    problem = problem_of(rows)
    edge = float(largest_learning_rate("heavy-ball", problem, 1.5, momentum=0.5))
    shares = [0.5, 0.8, 0.9, 0.95, 0.99, 1.01, 1.1]
    for share in rng.permutation(shares).tolist():
        for asked in (problem, problem_of(rows)):
            verdict = stability(named.heavy_ball(share * edge, 0.5), asked, 1.5)
            assert verdict.stable is (share < 1), share


@pytest.mark.parametrize("small", [1e-4, 1e-6, 1e-8])
@pytest.mark.parametrize("seed", range(3))
def test_nearly_dependent_columns(small: float, seed: int) -> None:
    rows = np.random.default_rng(seed).standard_t(3, size=(6, 3)) * [1, 0.5, small]
    problem = problem_of(rows)
    samples = problem.noise.samples
    assert samples is not None
    columns = np.asarray(samples.columns)[:, 0]
    assert columns.T @ columns / len(rows) == pytest.approx(np.eye(3), abs=1e-14)
    edge = float(largest_learning_rate("sgd", problem, 1))
    plain = float(largest_learning_rate("sgd", problem_of(rows / [1, 0.5, small]), 1))
    assert edge != pytest.approx(plain)  # it is not a matter of scale
    for share in (0.3, 1 - 1e-6, 1 + 1e-6):
        assert stability(named.sgd(share * edge), problem, 1).stable is (share < 1)


@pytest.mark.parametrize(
    "rows", [[[1.0], [-1.0]], [[1.0, 2.0]], [[1.0]] * 5, [[0.3], [-0.3]] * 900]
)
def test_samples_that_are_alike_have_no_noise(rows: Any) -> None:
    problem = problem_of(rows)
    edge = 2 / problem.spectrum.largest
    for share in (0.1, 0.999, 1 - 1e-9):
        assert stability(named.sgd(share * edge), problem, 1).stable is True
    assert largest_learning_rate("sgd", problem, 1) == pytest.approx(edge, rel=1e-12)


def test_rows_and_a_noise_model_agree_in_critical_values_only() -> None:
    """One Gaussian feature, in its moments: a radius and a noise sum are both 1 at the edge."""
    rows, weights = np.array([[0.0], [3**0.5], [-(3**0.5)]]), [2 / 3, 1 / 6, 1 / 6]
    drawn = Problem.from_data(rows, weights=weights)
    modelled = Problem(Spectrum([1]), Noise(tau2=-1))
    method = sgd("0.5")  # s / B = 1/3 for B = 1
    exact, model = (stability(method, problem, 1) for problem in (drawn, modelled))
    assert exact.noise_sum == pytest.approx(2 / 3, rel=1e-9)
    assert model.noise_sum == pytest.approx(1 / 2)
    assert exact.critical_batch_size == pytest.approx(2 / 3, rel=1e-6)
    assert model.critical_batch_size == pytest.approx(2 / 3)
    rates = [float(largest_learning_rate("sgd", x, 1)) for x in (drawn, modelled)]
    assert rates[0] == pytest.approx(rates[1], rel=1e-6)


def test_outputs_of_one_sample_have_no_noise(rng: np.random.Generator) -> None:
    """What is left of the operator is rounding, in matrices that need not be definite."""
    for _ in range(20):
        problem = problem_of(rng.normal(size=(1, 2, 3)).repeat(rng.integers(1, 3), axis=0))
        rate = 1.9 / problem.spectrum.largest
        for method in (named.sgd(rate), named.nesterov(rate / 4, 0.9)):
            assert stability(method, problem, 1).stable is True
        edge = float(largest_learning_rate("heavy-ball", problem, 1, momentum=0.9))
        assert edge == pytest.approx(2 * rate, rel=1e-12)


def test_a_search_is_not_taken_in_by_another_eigenvalue() -> None:
    """Near the noiseless edge the leading matrix is nearly orthogonal to what earlier ones span."""
    jacobians = [[[-1, 2, -1], [-2, -1, 1]], [[-1, 2, -2], [2, 2, 1]]]
    problem = Problem.from_data(jacobians, weights=[0.65, 0.91], weight_decay=2.43)

    def shrinking(learning_rate: float) -> Algorithm:
        rate, beta = learning_rate, 0.8
        return Algorithm(rate, beta, -rate, beta, beta, shrink=12.1 * rate)

    edge = float(largest_learning_rate(shrinking, problem, 1))
    for share in (1 - 1e-7, 1 + 1e-7):
        assert stability(shrinking(share * edge), problem, 1).stable is (share < 1)


@pytest.mark.parametrize("large", [1, 100])
def test_largest_ratios_of_many_and_of_few_modes(
    large: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ritz_pair_module, "_LARGE", large)
    A, root = rng.normal(size=(2, 12, 12))
    A, B = A + A.T, root @ root.T + np.eye(12)
    exact = np.linalg.eigvals(np.linalg.solve(B, A)).real.max()
    assert ritz_pair_module.largest_ratio(A, B) == pytest.approx(exact, rel=1e-10)
    with pytest.raises(np.linalg.LinAlgError):
        ritz_pair_module.largest_ratio(A, -B)
