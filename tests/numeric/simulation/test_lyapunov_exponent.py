"""Growth rates of typical runs, against expectations of logarithms and products by hand."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chi2

from sgdmem import Algorithm, InputError, Problem, Spectrum, heavy_ball, sgd, stability
from sgdmem.methods import lyapunov_exponent, schedule

SCALARS = np.array([0.5, 1.0, 1.5, 3.0])
RATE = 0.35


def assert_rate(found: Any, expected: float) -> None:
    assert abs(found.value - expected) < 4.5 * found.standard_error
    assert 0 < found.standard_error < 0.02 * abs(expected)


@pytest.mark.parametrize("rate", [RATE, 0.05, 3.0])
def test_of_one_sample_at_a_time(rate: float) -> None:
    """E log|1 - eta x^2|, small and large, beyond the range of floats in few steps."""
    problem = Problem.from_data(SCALARS[:, None], y=np.arange(4.0))  # labels have no influence
    expected = np.log(np.abs(1 - rate * SCALARS**2)).mean()
    assert_rate(lyapunov_exponent(sgd(rate), problem, 1), expected)


def test_of_samples_by_their_weights() -> None:
    weights = np.array([4.0, 1.0, 0.0, 2.0])
    problem = Problem.from_data(SCALARS[:, None], weights=weights)
    rates = np.log(np.abs(1 - RATE * SCALARS[[0, 1, 3]] ** 2))
    assert_rate(lyapunov_exponent(sgd(RATE), problem, 1), float(rates @ weights[[0, 1, 3]]) / 7)


def test_too_few_steps_are_said() -> None:
    """The rate of full batches is known: with few steps it is off by much, and the text says so."""
    problem = Problem.from_data(np.diag(np.linspace(0.1, 0.3, 10))[::-1], replacement=False)
    exact = math.log(1 - 5 * 0.1**2 / 10)
    few, many = (lyapunov_exponent(sgd(5), problem, 10, steps) for steps in (200, 2000))
    assert few.steps_needed == many.steps_needed == 2000
    assert few.value < min(1.5 * exact, exact - 5 * few.standard_error)
    assert many.value == pytest.approx(exact, rel=0.1)
    assert str(few).endswith("of 200 steps the sign only, some 2,000 are needed for the value")
    assert str(many).endswith("a step")
    alike = lyapunov_exponent(
        sgd("0.5"), Problem.from_data(np.eye(2)[:, None], replacement=False), 2, 10
    )
    assert alike.steps_needed == 0  # one eigenvalue


def test_of_subsets() -> None:
    problem = Problem.from_data(SCALARS[:, None], replacement=False)
    pairs = np.array([*itertools.combinations(SCALARS**2, 2)])
    expected = np.log(np.abs(1 - RATE * pairs.mean(axis=1))).mean()
    assert_rate(lyapunov_exponent(sgd(RATE), problem, 2), float(expected))


def test_of_a_gaussian_feature() -> None:
    """A batch of B has the curvature lambda chi^2_B / B."""
    lam, B, rate = 2.0, 3, 0.6

    def density(x: float) -> float:
        return math.log(abs(1 - rate * lam * x / B)) * float(chi2(B).pdf(x))

    pole = B / rate / lam
    expected = quad(density, 0, pole)[0] + quad(density, pole, np.inf)[0]
    assert_rate(lyapunov_exponent(sgd(rate), Spectrum([lam]), B, 40_000), expected)


def test_of_the_full_batch_it_is_the_spectral_radius() -> None:
    X = np.array([[1.0, 0.2], [0.3, 2.0], [-1.0, 0.4]])
    found = lyapunov_exponent(
        heavy_ball("0.05", "0.1"), Problem.from_data(X, replacement=False), 3, 10_000
    )
    lam = np.linalg.eigvalsh(X.T @ X / 3)[0]
    radius = np.abs(np.linalg.eigvals([[1 - 0.05 * lam + 0.1, -0.1], [1, 0]])).max()
    assert found.value == pytest.approx(math.log(radius), rel=1e-9)


def test_with_memory_against_products_by_hand(rng: np.random.Generator) -> None:
    """The norm of the state, two outputs and eigenvalues, one batch after the other."""
    J, chosen = rng.normal(size=(6, 2, 3)), Algorithm("0.1", b="-0.2", c=1, D="0.7", a="0.4")
    H = np.einsum("nki,nkj->nij", J, J)
    v, r = np.array([[-0.1], [1.0]]), np.array([[1.0, 0.4]])
    S = np.kron([[1, -0.2], [0, 0.7]], np.eye(3)) + np.kron(v @ r, H.reshape(6, 1, 3, 3)).reshape(
        6, 6, 6
    )
    steps, rates = 4000, []
    for _ in range(12):
        z, total = rng.normal(size=6), 0.0
        for t, k in enumerate(rng.integers(6, size=steps + 200)):
            z = S[k] @ z
            norm = float(np.linalg.norm(z))
            z, total = z / norm, total + (math.log(norm) if t >= 200 else 0.0)
        rates.append(total / steps)
    found = lyapunov_exponent(chosen, Problem.from_data(J), 1)
    gap, error = found.value - np.mean(rates), np.std(rates, ddof=1) / 12**0.5
    assert abs(gap) < 4.5 * math.hypot(found.standard_error, error)
    assert error < 0.02 * abs(np.mean(rates))


def test_typical_runs_may_converge_where_the_mean_square_grows() -> None:
    problem = Problem.from_data([[1.0]] * 99 + [[5.0]])
    for rate, stable, typical in (("0.05", True, True), ("0.5", False, True), ("2", False, False)):
        assert stability(sgd(rate), problem, 1).stable is stable
        assert (lyapunov_exponent(sgd(rate), problem, 1).value < 0) is typical


def test_runs_that_end_at_the_minimum() -> None:
    found = lyapunov_exponent(sgd(1), Problem.from_data([[1.0]]), 1)
    assert tuple(found) == (-math.inf, math.inf)
    assert str(lyapunov_exponent(sgd("0.5"), Problem.from_data([[1.0]]), 1)).startswith(
        "typical runs: exp(-0.693147 +- "
    )


def test_memory_that_grows_unseen_counts() -> None:
    """The state grows with it, as `stability` sees it."""
    found = lyapunov_exponent(Algorithm("0.5", b=0, c=1, D=3), Problem.from_data([[1.0]]), 1)
    assert found.value == pytest.approx(math.log(3))


def test_seeds_threads_and_steps(rng: np.random.Generator) -> None:
    question = heavy_ball("0.1", "0.5"), Problem.from_data(rng.normal(size=(9, 3))), 2, 500
    first = lyapunov_exponent(*question, threads=1)
    assert lyapunov_exponent(*question, threads=3, burn_in=50) == first
    assert lyapunov_exponent(*question, seed=1) != first
    assert lyapunov_exponent(*question, burn_in=0) != first


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"algorithm": "sgd"}, "algorithm must be an Algorithm, got 'sgd'"),
        (
            {"algorithm": schedule("sgd", learning_rate=lambda t: 1 / (t + 1))},
            "algorithm must be the same at every step, got Schedule",
        ),
        ({"problem": Spectrum.power_law(2)}, "give a count"),
        ({"batch_size": math.inf}, "batch_size must be finite"),
        ({"steps": 0}, "steps must be an integer from 1 to 100,000,000, got 0"),
        ({"burn_in": -1}, "burn_in must be an integer from 0 to 100,000,000, got -1"),
        ({"seeds": 1}, "seeds must be an integer from 2 to .*, got 1"),
        ({"threads": 0}, "threads must be an integer >= 1, got 0"),
    ],
)
def test_bad_input(changes: dict[str, Any], message: str) -> None:
    question = {"algorithm": sgd(1), "problem": Spectrum([1]), "batch_size": 8}
    with pytest.raises(InputError, match=message):
        lyapunov_exponent(**{**question, **changes})
