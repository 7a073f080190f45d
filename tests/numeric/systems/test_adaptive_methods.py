"""The constructed problem of adaptive methods: exact solutions, real steps, torch's optimizers."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sgdmem.errors import InputError
from sgdmem.systems import (
    adaptive_errors,
    adaptive_problem,
    adaptive_run,
    small_rate_solution,
)

MOSTLY = adaptive_problem([1, -1, 1, 1, -1, 1, 1])


def test_least_norm_is_that_of_the_pseudo_inverse() -> None:
    rng = np.random.default_rng(1)
    for labels in ([1], [-1, -1], [1, -1], [-1, 1, 1, -1, -1], [1] * 30 + [-1] * 20):
        problem = adaptive_problem(labels)
        X = problem.X
        start = [Fraction(int(x), 8) for x in rng.integers(-9, 9, problem.dimension)]
        found = problem.minimum_norm(start)
        assert not problem.residual(found).any()  # exactly
        w0 = np.array(start, dtype=float)
        near = w0 + np.linalg.pinv(X) @ (problem.y - X @ w0)
        assert found.astype(float) == pytest.approx(near, abs=1e-12)


def test_gradient_descent_is_exact_and_tends_to_the_least_norm() -> None:
    iterates = MOSTLY.gradient_descent("1/4", 40)
    errors = [float(max(abs(w - MOSTLY.minimum_norm()))) for w in iterates]
    assert all(isinstance(x, Fraction) for x in iterates[-1])
    X, limit = MOSTLY.X, MOSTLY.minimum_norm().astype(float)
    move = np.eye(MOSTLY.dimension) - X.T @ X / 28
    assert iterates[-1].astype(float) == pytest.approx(
        limit - np.linalg.matrix_power(move, 40) @ limit, abs=1e-13
    )
    assert errors[40] < errors[20] < errors[0]


def test_new_points_of_both_solutions() -> None:
    least, signs = MOSTLY.minimum_norm(), MOSTLY.sign_solution()
    assert MOSTLY.test_error(least, "0.7") == 0
    assert signs is not None and MOSTLY.test_error(signs, "0.7") == Fraction(3, 10)
    new = MOSTLY.test_points([1, -1, -1])
    assert new.shape == (3, 3 + 5 * 7 + 15)
    assert (new.sum(axis=1) == [1 + 2 + 1, -1 + 2 + 5, -1 + 2 + 5]).all()
    assert list(np.sign(new[:, : MOSTLY.dimension] @ least)) == [1, -1, -1]
    assert list(np.sign(new[:, : MOSTLY.dimension] @ signs)) == [1, 1, 1]


def test_adagrad_ends_at_signs_with_a_constant_rate() -> None:
    for labels in (MOSTLY.labels, [-1, -1], [1]):
        problem = adaptive_problem(labels)
        signs = problem.sign_solution()
        assert signs is not None
        run = adaptive_run(problem, "adagrad", [0.1] * 300)
        assert np.abs(run[-1] - signs.astype(float)).max() < 1e-12


def test_hovering_leaves_the_ray_but_not_its_errors() -> None:
    """Rounding grows across the ray, where the preconditioned Hessian has 7.67 against 4 along."""
    end = adaptive_run(MOSTLY, "adam", [0.01] * 2000)[-1]
    s = np.sign(MOSTLY.transposed(MOSTLY.y))
    assert np.abs(end - s * (end @ s) / (s @ s)).max() > 1e-4
    assert MOSTLY.test_error(end, "0.7") == Fraction(3, 10)


def test_iterates_err_alike_unless_they_overshoot_beyond_the_start() -> None:
    for method, rates, errors in (
        ("adagrad", [0.25] * 9, "3333333333"),
        ("adagrad", [1, 10], "37"),
        ("adam", [1] * 6, "337773"),
    ):
        run = adaptive_run(MOSTLY, method, rates)[1:]
        found = [MOSTLY.test_error(w, "0.7") * 10 for w in run]
        assert found == [int(x) for x in errors[: len(run)]], method


def test_rmsprop_with_a_constant_rate_hovers() -> None:
    run = adaptive_run(MOSTLY, "rmsprop", [0.01] * 2000, betas=(0, "0.9"))
    misfit = [np.abs(MOSTLY.residual(w)).max() for w in run[1000:]]
    assert max(misfit) > 1e-3


@pytest.mark.parametrize("labels", [[1, -1], [1, -1, -1], [1, 1, -1, -1, -1]])
def test_beyond_the_condition_signs_are_left(labels: list[int]) -> None:
    problem = adaptive_problem(labels)
    assert problem.sign_solution() is None
    end = adaptive_run(problem, "adagrad", [0.1] * 2000)[-1]
    s = np.sign(problem.transposed(problem.y))
    assert np.abs(problem.residual(end)).max() < 1e-9
    assert np.abs(end - s * (end @ s) / (s @ s)).max() > 0.01


def test_start_along_signs() -> None:
    """Gradient descent keeps what is not in the span of its steps: from there it errs, too."""
    signs = MOSTLY.sign_solution()
    assert signs is not None
    errors = [MOSTLY.test_error(MOSTLY.minimum_norm(signs * f), "0.6") for f in (0, 1)]
    assert errors == [0, Fraction(2, 5)]
    again = MOSTLY.sign_solution(signs / 3)
    assert again is not None and (again == signs).all()
    other = MOSTLY.minimum_norm()
    assert np.array_equal(np.array(MOSTLY.sign_solution(other)), other)


def test_large_epsilon_is_gradient_descent() -> None:
    limit = MOSTLY.minimum_norm().astype(float)
    far = []
    for epsilon in (0.0, 0.1, 1.0, 100.0):
        rate = 0.1 * max(1, epsilon)
        end = adaptive_run(MOSTLY, "adagrad", [rate] * 2000, epsilon=epsilon)[-1]
        far.append(np.abs(end - limit).max())
    assert far == sorted(far, reverse=True) and far[-1] < 0.01 < far[0]


def test_sgd_ends_at_the_least_norm() -> None:
    rng = np.random.default_rng(0)
    X, y, w = MOSTLY.X, MOSTLY.y, np.zeros(MOSTLY.dimension)
    for i in rng.integers(0, len(y), 3000):
        w += 0.12 * (y[i] - X[i] @ w) * X[i]
    assert w == pytest.approx(MOSTLY.minimum_norm().astype(float), abs=1e-12)


def test_sign_descent_where_most_labels_are_not_one() -> None:
    """Signs of gradients, in integers: small steps to where residuals are 0, up to the step."""
    for ones, others in ((1, 1), (1, 2), (1, 4), (3, 10), (5, 6)):
        problem = adaptive_problem([1] * ones + [-1] * others)
        scale = 8_000  # steps to a weight of 1
        w = np.zeros(problem.dimension, dtype=int)
        for _ in range(scale // 2):
            r = problem.residual(w) + (scale - 1) * problem.y
            w += np.sign(problem.transposed(r))
        end = small_rate_solution(problem, "adam")
        assert not problem.residual(end).any()  # exactly
        assert w / scale == pytest.approx(end.astype(float), abs=40 / scale)


def test_errors_in_the_limit_of_small_rates() -> None:
    """By ratios of labels, on both sides of each edge; one edge is met: the score is 0."""
    p = Fraction(2, 5)
    for method, ones, others, error in (
        ("rmsprop", 3, 9, 1 - p),
        ("rmsprop", 3, 10, 0),
        ("adam", 1, 200, 0),
        ("adagrad", 13, 49, 1 - p),
        ("adagrad", 13, 50, 0),
        ("adagrad", 1, 134, 0),
        ("adagrad", 1, 136, p),
        ("adagrad", 0, 3, p),
        ("adagrad", 2, 1, 1 - p),
    ):
        problem = adaptive_problem([1] * ones + [-1] * others)
        end = small_rate_solution(problem, method)
        assert np.abs(problem.residual(end)).max() < 1e-9
        assert problem.test_error(end, p) == error, (method, ones, others)
    for ones, others in ((1, 1), (199, 200)):  # as on the ray, and near it
        balanced = adaptive_problem([1] * ones + [-1] * others)
        end = small_rate_solution(balanced, "adagrad")[:3]
        assert np.abs(end - Fraction(1, 4)).max() < 2e-5
    run = adaptive_run(adaptive_problem([1, 1] + [-1] * 8), "adagrad", [0.04] * 2000)[-1]
    assert adaptive_problem([1, 1] + [-1] * 8).test_error(run, p) == 0


def test_which_side_of_the_boundary_depends_on_betas() -> None:
    """Of 1 and 3 labels the limit's score is 0, which counts as an error."""
    problem = adaptive_problem([1, -1, -1, -1])
    assert problem.test_error(small_rate_solution(problem, "adam"), "0.7") == Fraction(3, 10)
    for rate in (1e-3, 2.5e-4):
        rates = np.append(np.full(int(0.6 / rate), rate), rate * np.geomspace(1, 1e-4, 400))
        for betas, error in ((("0.5", "0.9"), Fraction(3, 10)), (("0.9", "0.9"), 0)):
            end = adaptive_run(problem, "adam", rates, betas=betas)[-1]
            assert problem.test_error(end, "0.7") == error


def test_expected_errors_are_those_of_all_labels() -> None:
    n, p = 6, Fraction(1, 4)
    sums, cases = [Fraction(0)] * 3, [Fraction(0)] * 2
    for labels in itertools.product((1, -1), repeat=n):
        ones = labels.count(1)
        chance = p**ones * (1 - p) ** (n - ones)
        problem = adaptive_problem(labels)
        ends = [problem.minimum_norm()]
        ends += [small_rate_solution(problem, method) for method in ("adam", "adagrad")]
        sums = [x + chance * problem.test_error(w, p) for x, w in zip(sums, ends, strict=True)]
        cases[0] += chance * (1 <= ones <= n - ones)
        cases[1] += chance * (ones > n - ones)
    found = adaptive_errors(n, p)
    assert [found.gradient_descent, found.signs, found.adagrad] == sums
    assert [found.undecided, found.majority] == cases


def test_a_float_is_its_binary_value_and_a_text_its_decimal() -> None:
    found = adaptive_errors(5, 0.9)
    assert found == adaptive_errors(5, Fraction(0.9)) != adaptive_errors(5, "0.9")
    assert adaptive_errors(5, "0.9") == adaptive_errors(5, Fraction(9, 10))
    assert repr(found) == f"<AdaptiveErrors: {found}>" and len(repr(found)) < 150


def test_expected_errors_by_simulation() -> None:
    errors, p = adaptive_errors(5, "0.7"), Fraction(7, 10)
    drawn = [adaptive_problem(n=5, p=p, seed=seed) for seed in range(400)]
    ends = [problem.sign_solution() for problem in drawn]
    assert abs(sum(end is None for end in ends) / 400 - errors.undecided) < 0.06
    found = [float(x.test_error(w, p)) for x, w in zip(drawn, ends, strict=True) if w is not None]
    assert abs(sum(found) / 400 - float(errors.adaptive)) < 0.03
    assert errors.gradient_descent == Fraction(3, 10) * p**5 + p * Fraction(3, 10) ** 5


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: adaptive_problem([1, 0]), "labels must be a list of 1 and -1, got"),
        (lambda: adaptive_problem(), "give labels, or n and p"),
        (lambda: adaptive_problem([1], n=3), "give labels, or n and p, not both"),
        (lambda: adaptive_problem(n=3, p=2), "p must be from 0 to 1, got 2"),
        (lambda: MOSTLY.minimum_norm([1]), "start must be 38 numbers, 3 \\+ 5 n of them"),
        (lambda: MOSTLY.test_error([1], 1), "weights must be 38 numbers"),
        (lambda: adaptive_run(MOSTLY, "sgd", [1]), "method must be among adagrad, rmsprop, adam"),
        (lambda: adaptive_run(MOSTLY, "adam", [1], epsilon=-1), "epsilon must be 0 or positive"),
        (lambda: adaptive_run(MOSTLY, "adam", [1], betas=1), "betas must be two numbers, got 1"),
        (lambda: small_rate_solution(MOSTLY, "sgd"), "method must be among adagrad, rmsprop, adam"),
        (lambda: adaptive_errors(201, 1), "n must be an integer from 1 to 200, got 201"),
    ],
)
def test_bad_input(wrong: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        wrong()
