"""Bounds of the radius of nonnegative matrices, and proofs of definiteness, in rational numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import fmpq

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.definiteness import is_definite
from sgdmem.numeric.arithmetic.perron import perron_vector, radius_bounds, strong_components
from tests.exact_verdicts import minors_are_positive, rational

NEAR = Fraction(1, 10**25)


def is_below(matrix: Any, level: Any) -> bool:
    """Whether the radius of a nonnegative matrix is below a level: all minors of level - A."""
    at = rational(level)
    return minors_are_positive(
        [[(at if i == j else fmpq(0)) - rational(x) for j, x in enumerate(row)]
         for i, row in enumerate(matrix)]
    )  # fmt: skip


def check(A: Array, spread: float = 0.0) -> tuple[float, float]:
    """Check the bounds of a matrix within a share of its entries, and return them."""
    low, high = radius_bounds(Ball(A, spread * A), A > 0)
    exact = [[Fraction(x) for x in row] for row in A.tolist()]
    rad = [[Fraction(x) for x in row] for row in (spread * A).tolist()]
    ends = [
        [[x + sign * r for x, r in zip(*rows, strict=True)]
         for rows in zip(exact, rad, strict=True)]
        for sign in (-1, 1)
    ]  # fmt: skip
    assert low == 0 or not is_below(ends[0], Fraction(low))
    assert is_below(ends[1], Fraction(high) + NEAR)
    return low, high


def test_bounds_of_random_matrices(rng: np.random.Generator) -> None:
    for draw in range(40):
        size = int(rng.integers(1, 6))
        A = rng.integers(0, 9, (size, size)) * (rng.random((size, size)) < 0.7) / 7
        spread = (0.0, 1e-9)[draw % 2]
        low, high = check(A, spread)
        assert high - low <= (2 * spread + 1e-12) * high + 1e-300
        assert (high < 1e-300) == (np.linalg.matrix_power(A, size) == 0).all()


@pytest.mark.parametrize(
    ("A", "radius", "sharp"),
    [
        ([[0, 2], [2, 0]], 2, 1e-14),
        ([[0, 1, 0], [0, 0, 1], [8, 0, 0]], 2, 1e-13),
        ([[3, 5], [0, 2]], 3, 1e-14),
        ([[2, 5], [0, 3]], 3, 1e-14),
        ([[0, 7], [0, 0]], 0, 0),
        # connected by little: the iteration is slow, LAPACK is not
        ([[1, 1e-9], [1e-9, 1 - 1e-9]], 1 - 1e-9 / 2 + 1e-9 * 5**0.5 / 2, 1e-13),
        ([[1e-200, 1e-200], [1e-200, 1e-200]], 2e-200, 1e-13),
    ],
)
def test_known_radii(A: list[list[float]], radius: float, sharp: float) -> None:
    low, high = check(np.array(A, float))
    assert low - 1e-15 * radius <= radius <= high + 1e-15 * radius
    assert high - low <= sharp * radius + 1e-300


def test_many_modes_that_are_little_connected() -> None:
    """Within few steps where the other radii are smaller by a thousandth."""
    A = np.diag(np.linspace(0.5, 1, 300)) + 1e-6
    low, high = radius_bounds(Ball(A), A > 0)
    assert low <= float(np.linalg.eigvalsh(A)[-1]) * (1 + 1e-14)
    assert high >= float(np.linalg.eigvalsh(A)[-1]) * (1 - 1e-14)
    assert high - low < 1e-8


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_iteration_is_enough(scale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where modes are well connected, also in circles of different lengths, and in any unit."""
    monkeypatch.setattr("sgdmem.numeric.arithmetic.perron._LARGEST_DENSE", 0)
    rng = np.random.default_rng(0)
    circle = np.roll(np.diag([1.0, 2.0, 4.0, 2.0]), 1, axis=1)
    for A in ([[0.0, 1.0], [4.0, 0.0]], circle, rng.uniform(0.1, 1, (5, 5))):
        low, high = check(scale * np.array(A))
        assert high - low <= 1e-4 * high
    large = scale * rng.uniform(0.1, 1, (60, 60))
    low, high = radius_bounds(Ball(large), large > 0)
    assert high - low <= 1e-12 * high


def test_what_is_no_number_has_no_bound() -> None:
    for entry in (np.inf, np.nan, 1e308):
        with np.errstate(over="ignore", invalid="ignore"):
            low, high = radius_bounds(Ball(np.full((2, 2), entry)), np.ones((2, 2), bool))
        assert not high < 2e308
        assert low <= high
    low, high = radius_bounds(Ball(np.ones((2, 2)), 2.0), np.ones((2, 2), bool))
    assert low == 0
    assert high >= 6


def test_vectors() -> None:
    A = np.array([[2.0, 1.0], [1.0, 2.0]])
    radius, x = perron_vector(A)
    assert radius == pytest.approx(3, rel=1e-14)
    assert x == pytest.approx([1, 1])
    radius, x = perron_vector(np.array([[0.0, 1.0], [4.0, 0.0]]))
    assert radius == pytest.approx(2, rel=1e-13)
    assert x[1] / x[0] == pytest.approx(2, rel=1e-13)
    near = np.array([1.0, 1.1])
    rough, kept = perron_vector(A, near, goal=0.5)
    assert kept.tolist() == near.tolist()  # close enough at once
    assert rough == pytest.approx((3.1 + 3.2 / 1.1) / 2, rel=1e-15)
    assert perron_vector(np.array([[7.0]])) == (7.0, np.ones(1))
    assert perron_vector(np.zeros((2, 2)))[0] == 0
    assert perron_vector(np.full((2, 2), np.inf))[0] == np.inf


def test_components() -> None:
    links = np.zeros((5, 5), bool)
    for i, j in ((0, 1), (1, 2), (2, 0), (2, 3), (4, 4)):
        links[i, j] = True
    assert sorted(x.tolist() for x in strong_components(links)) == [[0, 1, 2], [3], [4]]
    assert [x.tolist() for x in strong_components(np.ones((3, 3), bool))] == [[0, 1, 2]]


def test_definite_matrices(rng: np.random.Generator) -> None:
    """What is within the slack is definite; what is so by more is seen to be."""
    for _ in range(40):
        size = int(rng.integers(1, 7))
        A = rng.integers(-5, 6, (size, size)).astype(float)
        S = A @ A.T + np.diag(rng.integers(0, 2, size) / 64)
        least = float(np.linalg.eigvalsh(S)[0])
        for slack in (0.0, least * (1 - 1e-9), least - 1e-12, least, least * (1 + 1e-9), 1.0):
            found = is_definite(S, slack)
            if found:
                assert minors_are_positive(
                    [[rational(x) - (rational(slack) if i == j else 0) for j, x in enumerate(row)]
                     for i, row in enumerate(S.tolist())]
                )  # fmt: skip
            assert found or slack > least - 1e-13 * float(np.trace(S)) * (size + 3) - 1e-14
    assert not is_definite(np.eye(2), 1.0)
    assert is_definite(np.eye(2), 1 - 1e-14)
    assert not is_definite(np.eye(2), 1 - 2.0**-52)  # rounding might hide it
    assert not is_definite(np.array([[1.0, 2.0], [2.0, 1.0]]), 0.0)
    assert not is_definite(np.full((2, 2), np.nan), 0.0)
    assert not is_definite(np.array([[1e-300]]), 0.0)
    assert is_definite(np.array([[1e-290]]), 0.0)
