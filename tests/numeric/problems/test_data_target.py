"""The target that data and a start make, against losses and simulated runs."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from sgdmem import InputError, Noise, Problem, heavy_ball, losses, sgd, simulate, stability
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems.data_target import start_and_residuals
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.problems.target import ListedTarget

METHOD = heavy_ball("0.05", "0.7")
SIGNS = np.array([*itertools.product([1, -1], repeat=3)]) * [1.0, 0.7, 0.3]
TRUE, START = np.array([1.0, -2.0, 0.5]), np.array([0.3, 0.1, -1.0])


def squares_of(problem: Problem) -> Array:
    assert isinstance(problem.target, ListedTarget)
    return problem.target.squares


@pytest.mark.parametrize("start", [None, START])
def test_the_expected_loss_is_that_of_simulated_runs(start: Any) -> None:
    """On products of signs tau1 = tau2 = 1 is exact, whatever the start."""
    noise = Noise(tau2=1)
    problem = Problem.from_data(SIGNS, SIGNS @ TRUE, start=start, noise=noise)
    first = -TRUE if start is None else start - TRUE
    runs = simulate(METHOD, problem, 2, 60, start=first, seeds=1500)
    expected = losses(METHOD, problem, 2, 60)
    assert expected[0] == pytest.approx(((SIGNS @ first) ** 2).mean() / 2, rel=1e-14)
    assert np.abs(runs.z_scores(expected)[1:]).max() < 4.5
    drawn = simulate(METHOD, problem, 2, 60, seeds=1500)
    assert np.abs(drawn.z_scores(expected)[1:]).max() < 4.5


def test_the_order_and_the_number_are_those_of_the_spectrum(rng: np.random.Generator) -> None:
    X = rng.normal(size=(4, 6)) * [0.1, 3, 1, 1, 2, 0.5]  # two directions without an extent
    y, start = X @ rng.normal(size=6), rng.normal(size=6)
    problem = Problem.from_data(X, y, start=start)
    spectrum, squares = problem.spectrum, squares_of(problem)
    assert squares.shape == (len(spectrum),) == (4,)
    assert spectrum.eigenvalues @ squares == pytest.approx(((X @ start - y) ** 2).mean())
    shifted = start - np.linalg.pinv(X) @ y
    again = squares_of(Problem.from_data(X, start=shifted))
    np.testing.assert_allclose(again, squares, rtol=1e-9)
    # without noise the loss is that of gradient descent
    w = start
    for _ in range(20):
        w = w - 0.05 * X.T @ (X @ w - y) / 4
    found = losses(heavy_ball("0.05", 0), problem, math.inf, 20)
    assert found[-1] == pytest.approx(((X @ w - y) ** 2).mean() / 2, rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give the labels y, the start w_0, or both"),
        (([1, 2],), r"y must have one label for each of the 8 samples, got shape \(2,\)"),
        ((None, [1, 2]), r"start must have shape \(3,\), got \(2,\)"),
        ((np.ones((8, 2)), np.ones((3, 3))), "one column for each of 2 labels"),
        ((SIGNS @ TRUE, TRUE), "y and start must not put the start at a minimum"),
        ((np.zeros(8),), "^y must not put the start at a minimum"),
        (("labels",), "y must be a list of numbers, got 'labels'"),
        ((None, [1e200, 0, 0]), "squares within the range of floats"),
    ],
)
def test_bad_input(arguments: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        start_and_residuals(Samples.of(SIGNS), *arguments)


def test_residuals_are_orthogonal_to_the_data(rng: np.random.Generator) -> None:
    rows = rng.normal(size=(30, 2, 3))
    y, weights = rng.normal(size=(30, 2)), rng.dirichlet(np.ones(30))
    problem = Problem.from_data(rows, y, weights=weights, start=[1.0, 2.0, 3.0])
    samples = problem.samples
    assert samples is not None and samples.residuals is not None and problem.start is not None
    root = np.sqrt(np.repeat(weights, 2))
    minimum = np.linalg.lstsq(rows.reshape(-1, 3) * root[:, None], y.ravel() * root, rcond=None)[0]
    left = y - rows @ minimum
    np.testing.assert_allclose(samples.residuals[0], left, atol=1e-13)
    np.testing.assert_allclose(problem.start[0], samples.axes @ ([1, 2, 3] - minimum), atol=1e-13)
    assert samples.least_loss == pytest.approx((weights @ left**2).sum() / 2)
    assert np.abs(samples.mean(samples.residuals[0][:, :, None])).max() < 1e-14


def test_a_model_of_the_noise_takes_what_labels_leave(rng: np.random.Generator) -> None:
    rows, y = rng.normal(size=(2000, 2)), rng.normal(size=2000)
    exact, given = Problem.from_data(rows, y), Noise(label_variance="0.5")
    modelled = Problem.from_data(rows, y, noise=Noise(tau2=-1))
    assert exact.samples is not None
    assert float(modelled.noise.label_variance) == pytest.approx(2 * exact.samples.least_loss)
    floors = [stability(sgd(0.1), x, 4).loss_floor for x in (exact, modelled)]
    assert floors[0] == pytest.approx(floors[1], rel=0.05)
    assert Problem.from_data(rows, y, noise=given).noise == given
    assert not Problem.from_data(rows, rows @ [1.0, 2.0], noise=Noise()).noise.label_variance


def test_many_labels_are_many_problems(rng: np.random.Generator) -> None:
    rows, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 4))
    problem = Problem.from_data(rows, y)
    single = [Problem.from_data(rows, column) for column in y.T]
    assert problem.start is not None and problem.start.shape == (4, 3)
    np.testing.assert_allclose(problem.start, [x.start[0] for x in single])  # type: ignore[index]
    np.testing.assert_allclose(squares_of(problem), sum(squares_of(x) for x in single))
