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

from sgdmem.numeric.arithmetic.ball import Ball
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
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
        with pytest.raises(InputError, match="data must"):
            Problem.from_data(bad)


def test_masked_entries_are_refused() -> None:
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    with pytest.raises(InputError, match="masked"):
        Spectrum(masked)
    with pytest.raises(InputError, match="masked"):
        Problem.from_data(masked[None])
