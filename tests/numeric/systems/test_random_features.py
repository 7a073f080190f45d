"""Random features: against dense least squares, high precision, and drawn inputs."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import sgdmem
from sgdmem.numeric.systems.random_features import population, random_features
from sgdmem.symbolic.errors import InputError


def drawn(alpha: float, beta: float, width: int, ambient: int, seed: int) -> tuple[Any, Any, Any]:
    """Return W, the variances of the inputs and the coefficients of the labels."""
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(ambient, width)) / np.sqrt(width)
    j = np.arange(1.0, ambient + 1)
    return W, j ** (-2 * alpha), j**-beta


@pytest.mark.parametrize(("alpha", "beta"), [(0.2, 0.9), (0.7, 0.3), (1.2, 1.1)])
def test_problem_of_dense_matrices(alpha: float, beta: float) -> None:
    """1,500 inputs come in two blocks."""
    features = random_features(alpha, beta, 40, 1500, seed=3)
    W, D, b = drawn(alpha, beta, 40, 1500, 3)
    K = W.T @ (D[:, None] * W)
    eigenvalues, V = np.linalg.eigh(K)
    best = np.linalg.solve(K, W.T @ (D * b))
    problem = features.problem
    assert np.allclose(problem.spectrum.eigenvalues, eigenvalues[::-1], rtol=1e-9)
    assert np.allclose(problem.target.squares, ((V.T @ best) ** 2)[::-1], rtol=1e-6)  # type: ignore[union-attr]
    assert features.floor == pytest.approx((D * (b - W @ best) ** 2).sum() / 2, rel=1e-10)
    assert features.trace == pytest.approx(np.trace(K), rel=1e-12)
    start = features.floor + sgdmem.losses(sgdmem.sgd(0), problem, 1, 0)[0]
    assert start == pytest.approx((D * b**2).sum() / 2, rel=1e-12)  # theta = 0
    assert problem.noise.label_variance == 2 * features.floor


def test_small_eigenvalues_of_steep_inputs() -> None:
    """Eigenvalues down to 1e-12 of the largest, against 60 digits."""
    features = random_features(5, 0.5, 12, 48, seed=1)
    W, *_ = drawn(5, 0.5, 12, 48, 1)
    with mpmath.workdps(60):
        rows = mpmath.matrix(
            [[W[i, k] / mpmath.mpf(i + 1) ** 5 for k in range(12)] for i in range(48)]
        )
        labels = mpmath.matrix([mpmath.mpf(i + 1) ** -5.5 for i in range(48)])
        best = mpmath.lu_solve(rows.T * rows, rows.T * labels)
        gap = labels - rows * best
        floor = sum(x * x for x in gap) / 2
        exact = np.array(sorted(map(float, mpmath.eigsy(rows.T * rows)[0]))[::-1])
    found = features.problem.spectrum.eigenvalues
    assert exact[-1] / exact[0] < 1e-11
    assert np.allclose(found, exact, rtol=1e-11)
    assert features.floor == pytest.approx(float(floor), rel=1e-11)


def test_more_inputs_go_on_with_the_same_ones() -> None:
    """In the ends of spectra of wider inputs: the largest eigenvalues hardly change."""
    few, many = (random_features(1, 1, 20, v, seed=5) for v in (80, 4000))
    ratio = many.problem.spectrum.eigenvalues / few.problem.spectrum.eigenvalues
    assert (ratio > 1).all() and ratio[0] < 1 + 1e-3 < ratio[-1]
    assert few.problem != random_features(1, 1, 20, 80, seed=6).problem


def test_population() -> None:
    found = population(0.8, 0.4, 50)
    j = np.arange(1.0, 51)
    assert np.allclose(found.spectrum.eigenvalues, j**-1.6)
    assert found.target is not None
    assert np.allclose(found.target.masses(found.spectrum), j**-2.4)
    assert random_features(0.8, 0.4, 10, 50).population == found


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: random_features(0, 1, 5), "alpha must be positive"),
        (lambda: random_features(1, "x", 5), "beta"),
        (lambda: random_features(1, 1, 0), "width must be an integer from 1 to 10,000"),
        (lambda: random_features(1, 1, 5, 5), "ambient must be above width, 5, got 5"),
        (lambda: random_features(1, 1, 5, 1e300), "ambient must be an integer from 1 to 2,000,000"),
        (lambda: random_features(1, -1e300, 5), "beta all labels within floats"),
        (lambda: random_features(1, 1, 5, seed=-1), "seed must be"),
        (lambda: random_features(200, 1, 5), "alpha must leave the smallest of 5 eigenvalues"),
        (lambda: population(0.2, 0.1), "beta must exceed 1/2 - alpha, 0.3, got 0.1"),
    ],
)
def test_bad_arguments(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
