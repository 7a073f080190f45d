"""Spectra: exact values, data matrices, power sums of any length."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgdmem import certify, sgd
from sgdmem.numeric.arithmetic.ball import Ball
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.eigenvalue_list import EigenvalueList
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.certificates.question import question
from sgdmem.symbolic.errors import InputError


@pytest.mark.parametrize("exponent", [1.01, 1.1, 1.5, 2, 3, 6])
@pytest.mark.parametrize("count", [None, 1, 10, 5000, 10**6, 10**15])
def test_power_sums_against_mpmath(exponent: float, count: int | None) -> None:
    with mpmath.workdps(40):
        s = mpmath.mpf(exponent)
        exact = mpmath.zeta(s)
        if count is not None:
            exact -= mpmath.zeta(s, count + 1)
        exact *= mpmath.mpf("0.3")
        found = Spectrum.power_law(exponent, Fraction(3, 10), count).trace
        assert abs(found / exact - 1) < 1e-15


@pytest.mark.parametrize("exponent", [0.3, 0.5, 0.8, 1.0])
def test_short_sums_and_divergence(exponent: float) -> None:
    assert math.isinf(Spectrum.power_law(exponent).trace)
    for count in (7, 3000, 10**5):
        direct = math.fsum(k**-exponent for k in range(1, count + 1))
        assert Spectrum.power_law(exponent, count=count).trace == pytest.approx(direct, rel=1e-13)


@given(st.lists(st.fractions(min_value="1e-9", max_value=10**9), min_size=1, max_size=20))
def test_exact_values_are_kept(values: list[Fraction]) -> None:
    spectrum = Spectrum(values)
    ball = Ball(spectrum.eigenvalues, spectrum.radii)
    assert all(ball[i].contains(value) for i, value in enumerate(values))
    assert Spectrum(list(map(str, values))) == spectrum
    assert not Spectrum(spectrum.eigenvalues).radii.any()


def test_order_weights_and_scaling() -> None:
    spectrum = Spectrum([1, 3, 2], weights=[1, 2, 1])
    assert spectrum.eigenvalues.tolist() == [1, 3, 2]
    assert (spectrum.count, spectrum.largest, spectrum.trace) == (4, 3, 9)
    assert spectrum.scaled("0.5").trace == 4.5
    assert Spectrum.power_law(2).scaled(3).trace == pytest.approx(math.pi**2 / 2)
    with pytest.raises(ValueError, match="read-only"):
        spectrum.eigenvalues[0] = 2


@pytest.mark.parametrize(
    "values",
    [[], [1, -1], [1, 0], [1, math.nan], [1, math.inf], ["a"], [[1, 2]], 3, None, [True], "12"],
)
def test_bad_eigenvalues(values: object) -> None:
    with pytest.raises(InputError):
        Spectrum(values)
    if isinstance(values, list) and values and not isinstance(values[0], (list, str, bool)):
        with pytest.raises(InputError):
            Spectrum(np.array(values))


@pytest.mark.parametrize(
    "arguments", [(0,), (-1,), (math.nan,), ("x",), (2, 0), (2, 1, 0), (2, 1, 1.5), (2, 1, True)]
)
def test_bad_power_laws(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(InputError):
        Spectrum.power_law(*arguments)


def test_an_infinite_law_has_no_list() -> None:
    with pytest.raises(InputError, match="too many"):
        _ = Spectrum.power_law(2).eigenvalues
    with pytest.raises(InputError, match="too many"):
        _ = Spectrum.power_law(2, count=10**9).eigenvalues


def test_features(rng: np.random.Generator) -> None:
    X = rng.normal(size=(50, 8))
    X[:, 3] = X[:, 1] + X[:, 2]
    problem = Problem.from_data(X)
    spectrum = problem.spectrum
    assert problem.dropped == 1
    expected = np.linalg.eigvalsh(X.T @ X / 50)[::-1][:7]
    assert spectrum.eigenvalues == pytest.approx(expected, rel=1e-10)
    bad: Any
    for bad in ([[1, math.nan]], [[0, 0]], [1, 2], [[]], [["a"]], [[1j]]):
        with pytest.raises(InputError, match=r"^data"):
            Problem.from_data(bad)


def test_empty_bins_of_histograms_are_left_out() -> None:
    spectrum = Spectrum([-1, 0, 1, 2], weights=[0, 0, 3, 2])
    assert spectrum == Spectrum([1, 2], weights=[3, 2])
    assert (spectrum.dropped, spectrum.dropped_modes) == (2, 0)
    assert (spectrum.scaled(2).dropped, Spectrum([1]).dropped) == (2, 0)
    for weights in ([0, 0], [-1, 2]):
        with pytest.raises(InputError, match="weight"):
            Spectrum([1, 2], weights=weights)


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "1 eigenvalue"), (2, "2 eigenvalues"), (None, "infinitely many eigenvalues")],
)
def test_laws_and_their_proofs_count_their_eigenvalues(count: int | None, words: str) -> None:
    law = Spectrum.power_law(2, count=count)
    assert str(law).startswith(f"{words} k^-2")
    assert f"{words} k^-2" in "".join(question(certify(sgd("0.1"), law, 8).record))


def test_the_positive_part_is_judged_when_asked_for() -> None:
    values, weights = [2, -0.5, 0, 1], [1, 3, 4, 1]
    with pytest.raises(InputError, match=r"eigenvalues\[1\] .* -0.5: negative curvature"):
        Spectrum(values, weights)
    with pytest.raises(InputError, match=r"eigenvalues\[0\] .* 0: zero eigenvalues never move"):
        Spectrum([0, 1])
    spectrum = Spectrum(values, weights, positive_part=True)
    assert spectrum == Spectrum([2, 1])
    assert (spectrum.dropped, spectrum.dropped_modes) == (2, 7)
    assert "2 more left out, 7 modes" in str(spectrum)
    hessian = [[2, 0, 0], [0, -0.5, 0], [0, 0, 1]]
    with pytest.raises(InputError, match=r"smallest eigenvalue is -0.5.*positive_part"):
        Problem.from_hessian(hessian)
    problem = Problem.from_hessian(hessian, positive_part=True)
    assert (problem.spectrum, problem.dropped) == (Spectrum([2, 1]), 1)
    with pytest.raises(InputError, match="positive one"):
        Spectrum([-1], positive_part=True)


def test_densities() -> None:
    # runs of stochastic Lanczos, as PyHessian returns them, complex with zero imaginary parts
    nodes = [[3.0, 1.0, -1e-4], [2.0, 0.5, 0.0]]
    shares = np.array([[0.25, 0.25, 0.5], [0.5, 0.25, 0.25]], dtype=complex)
    spectrum = Spectrum.density(nodes, shares.tolist(), 1000)
    assert spectrum.eigenvalues.tolist() == [3, 1, 2, 0.5]
    assert spectrum.weights.tolist() == [125, 125, 250, 125]
    assert (spectrum.dropped, spectrum.dropped_modes) == (2, 375)
    # a smoothed grid of any scale is the same
    grid, smooth = np.linspace(-1, 4, 501), np.exp(-((np.linspace(-1, 4, 501) - 2) ** 2) * 1e4)
    found = Spectrum.density(grid, smooth * 7, 10)
    assert found.trace == pytest.approx(20)
    assert found.count == pytest.approx(10)
    with pytest.raises(InputError, match="negative curvature"):
        Spectrum.density([1, -0.1], [0.5, 0.5], 4)
    assert Spectrum.density([1, -0.1], [1, 3], 4, positive_part=True).dropped_modes == 3
    for bad in (([1, 2], [1]), ([1], [-1]), ([1], [0]), ([], [])):
        with pytest.raises(InputError, match="weights must"):
            Spectrum.density(*bad, 2)


def test_masked_entries_are_refused() -> None:
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    with pytest.raises(InputError, match="masked"):
        Spectrum(masked)
    with pytest.raises(InputError, match="masked"):
        Problem.from_data(masked[None])


def test_a_list_is_described_once() -> None:
    """Maps ask for its text and its hash again and again: a million eigenvalues take 2 ms."""
    members = EigenvalueList.read(np.arange(1.0, 2000))
    assert str(members) is str(members)
    first = hash(members)
    object.__setattr__(members, "eigenvalues", None)
    assert hash(members) == first
