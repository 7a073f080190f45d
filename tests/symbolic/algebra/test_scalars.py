"""What counts as a number."""

from __future__ import annotations

import collections
from decimal import Decimal
from fractions import Fraction
from typing import Any

import flint
import mpmath
import numpy as np
import pytest
import sympy

import sgdmem
from sgdmem.symbolic.algebra.scalars import as_scalar, is_list
from sgdmem.symbolic.errors import InputError, shown

HALF = Fraction(1, 2)
TENTH = Fraction(0.1)  # the float

SAME: list[tuple[Any, Fraction]] = [
    (sympy.Float("0.1"), TENTH),
    (sympy.Integer(2), Fraction(2)),
    (sympy.Rational(1, 3), Fraction(1, 3)),
    (mpmath.mpf("0.1"), TENTH),
    (mpmath.mpf("-0.5"), -HALF),
    (mpmath.rational.mpq(1, 3), Fraction(1, 3)),
    (mpmath.mpi(0.5), HALF),
    (mpmath.mpc(0.5), HALF),
    (flint.arb(0.5), HALF),
    (flint.acb(0.5), HALF),
    (flint.fmpz(3), Fraction(3)),
    (flint.fmpq(1, 3), Fraction(1, 3)),
    (0.5 + 0j, HALF),
    (np.complex64(0.5), HALF),
    (np.float16(0.5), HALF),
    (np.longdouble(0.5), HALF),
    (np.array(0.5 + 0j), HALF),
    (Decimal("0.5"), HALF),
]


@pytest.mark.parametrize(("value", "exact"), SAME)
def test_numbers_of_other_libraries_are_exact(value: Any, exact: Fraction) -> None:
    assert as_scalar(value, "x") == exact


ENTRY_POINTS: list[Any] = [
    lambda v: sgdmem.Spectrum([v]),
    lambda v: sgdmem.Spectrum([1], [v]),
    sgdmem.Spectrum.power_law,
    sgdmem.Noise,
    lambda v: sgdmem.Noise(1, [v]),
    lambda v: sgdmem.Noise.coupled([[v]]),
    lambda v: sgdmem.Problem(sgdmem.Spectrum([1]), target=[v]),
    lambda v: sgdmem.Problem.from_data([[v, 0], [1, 1]]),
    lambda v: sgdmem.Problem.from_hessian([[v]]),
    sgdmem.Noise().at,
    lambda v: sgdmem.sgd(v).alpha,
]


@pytest.mark.parametrize("call", ENTRY_POINTS)
def test_numbers_of_other_libraries_everywhere(call: Any) -> None:
    for value, exact in SAME:
        if exact > 0:
            assert str(call(value)) == str(call(float(exact) if exact == TENTH else exact))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (mpmath.mpi(1, 2), "must be one number, got the interval"),
        (flint.arb("0.1"), "must be one number, got the interval"),
        (flint.acb(1, 1), "must be real"),
        (mpmath.mpc(1, 1), "must be real"),
        (1j, "must be real"),
        (mpmath.mpf("inf"), "must be finite"),
        (mpmath.mpf("nan"), "must be finite"),
        (flint.arb("nan"), "must be finite"),
        (mpmath.mpf("1e100000"), "at most 4000 digits"),
        (sympy.Float("1e100000"), "at most 4000 digits"),
        (np.float64, "must be a real number"),
        ({1: 2}, "must be a real number"),
    ],
)
def test_no_numbers(value: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        as_scalar(value, "x")


@pytest.mark.parametrize("value", [{1: 2}, collections.Counter([1]), {1}, frozenset([1]), "12", 1])
def test_no_lists(value: Any) -> None:
    assert not is_list(value)


def test_scalars_of_numpy_are_shown_as_numbers() -> None:
    assert [shown(value) for value in (np.float64(-0.1), np.array(2), np.bool_(True))] == [
        "-0.1",
        "2",
        "True",
    ]


def test_values_are_shown_in_one_short_line() -> None:
    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError

    for value in ("x" * 10**6, ["x" * 1000] * 1000, np.ones((99, 99)), 10**1000, Odd()):
        assert len(shown(value)) <= 80
        assert "\n" not in shown(value)
