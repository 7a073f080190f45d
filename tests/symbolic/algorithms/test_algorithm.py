"""What an algorithm may be made of, and what makes two of them equal."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

from sgdmem.numeric.noise_sums.mode_summands import rational_algorithm
from sgdmem.symbolic.algebra.scalars import as_scalar
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo import named_algorithms as named
from sgdmem.symbolic.zoo.general_algorithm import general


def test_bad_descriptions() -> None:
    for arguments, word in [
        ((1, [1], [1], [[1, 2]]), "D must be square"),
        ((1, [1, 2], [1], [[1]]), "b must have length 1"),
        ((1, [1], [1], [[1]], [1, 2]), "a must have length 1"),
        ((float("nan"),), "alpha must be finite"),
        (("fast",), "alpha must be a number"),
        ((1j,), "alpha must be real"),
        ((True,), "alpha must be a number"),
        ((sympy.I,), "alpha must be real"),
        ((sympy.oo,), "alpha must be a finite"),
    ]:
        with pytest.raises(InputError, match=word):
            Algorithm(*arguments)
    with pytest.raises(InputError, match="p must sum to exactly 1"):
        Algorithm.from_recurrence([1, 1], [0, 1])
    with pytest.raises(InputError, match="free symbols"):
        rational_algorithm(general(1))


def test_exact_values_and_equality() -> None:
    assert named.sgd(0.5) == named.sgd(Fraction(1, 2)) == named.sgd("0.5")
    assert named.sgd(0.1) != named.sgd("0.1")
    assert hash(named.sgd(0.5)) == hash(named.sgd("0.5"))
    assert named.sgd(np.float32(0.1)) == named.sgd(float(np.float32(0.1)))
    assert named.heavy_ball(np.array(0.5), 0.5).memory == 1
    root = sympy.sqrt(2)
    assert named.sgd(root / 2).noise_summand(root).equals(sympy.Integer(1))
    assert eval(repr(named.heavy_ball(0.1, 0.9)), {"Algorithm": Algorithm}) == named.heavy_ball(
        0.1, 0.9
    )
    assert "pmatrix" in named.heavy_ball(0.1, 0.9)._repr_latex_()


@pytest.mark.parametrize(
    "value", ["1e99999999", "1e-99999999", Decimal("1e99999999"), "1" * 5000, "inf", "0x1", "1/0"]
)
def test_numbers_that_would_fill_the_memory_are_refused(value: Any) -> None:
    with pytest.raises(InputError, match="rate must"):
        as_scalar(value, "rate")


def test_long_numbers_are_exact() -> None:
    assert as_scalar("1e-400", "rate") == Fraction(1, 10**400)
    assert as_scalar(Decimal("0.1"), "rate") == Fraction(1, 10)
    assert as_scalar("12/34", "rate") == Fraction(6, 17)


def test_symbols_of_one_name_are_told_apart() -> None:
    plain, positive = sympy.Symbol("x"), sympy.Symbol("x", positive=True)
    method = named.heavy_ball(plain, positive)
    assert method.substitute({plain: 1, positive: 2}) == named.heavy_ball(1, 2)
    with pytest.raises(InputError, match="several symbols"):
        method.substitute({"x": 1})


def test_floats_inside_expressions_are_exact() -> None:
    eta = sympy.Symbol("eta", positive=True)
    assert named.heavy_ball(0.1 * eta, "0.9").polynomials.Q[0] == 0
    assert named.sgd(np.longdouble(1) / 3).alpha == Fraction(
        *(np.longdouble(1) / 3).as_integer_ratio()
    )


def test_huge_exponents_are_refused_at_once() -> None:
    for text in ("1e1000000000000000000", "1e-9999999999999999999999"):
        with pytest.raises(InputError, match="must be a number"):
            named.sgd(text)


def test_python_says_what_is_missing() -> None:
    with pytest.raises(TypeError, match=r"heavy_ball\(\) got an unexpected keyword argument 'lr'"):
        named.heavy_ball(lr=1, momentum=0)  # type: ignore[call-arg]
    with pytest.raises(InputError, match="learning_rate must be a number"):
        named.heavy_ball(True, 0)
