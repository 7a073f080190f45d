"""Rational functions of parameters against fractions at points."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest

from sgdmem.symbolic.algebra.rational_functions import Parameters, RationalFunction
from sgdmem.symbolic.algebra.scalars import as_scalar, exact_field, is_zero
from sgdmem.symbolic.errors import InputError

NAMES = ("rate", "beta", "nu")


def random_values(rng: Random, numbers: list[Any], count: int) -> list[Any]:
    """Return what some random operations make of numbers, whatever their kind."""
    found = [*numbers]
    for _ in range(count):
        x, y = rng.choice(found[-6:]), rng.choice([*numbers, found[-1]])
        constant = Fraction(rng.randint(-3, 3), rng.randint(1, 3))
        kind = rng.randrange(7)
        if kind == 0:
            found.append(x + constant * y)
        elif kind == 1:
            found.append(constant - x)
        elif kind == 2:
            found.append(x * y)
        elif kind == 3:
            found.append(x / (y * y + 1))
        elif kind == 4:
            found.append(1 / (2 + x * x))
        elif kind == 5:
            found.append((x - y) ** 2 - x * x - y**2)
        else:
            found.append(-x)
    return found


def value_at(value: Any, point: dict[str, Fraction]) -> Fraction:
    """Return the value of the product of factors, by its definition."""
    if not isinstance(value, RationalFunction):
        return Fraction(value)
    number, powers = value.factors()
    for terms, power in powers:
        total = sum(
            (
                x * math.prod(y**k for y, k in zip(point.values(), key, strict=True))
                for key, x in terms.items()
            ),
            start=Fraction(0),
        )
        number *= total**power
    return number


@pytest.mark.parametrize("seed", range(8))
def test_operations_are_those_of_fractions(seed: int) -> None:
    point = {"rate": Fraction(3, 7), "beta": Fraction(-5, 11), "nu": Fraction(13, 9)}
    general = random_values(Random(seed), [*Parameters(NAMES).variables], 12)
    exact = random_values(Random(seed), [*point.values()], 12)
    for function, number in zip(general, exact, strict=True):
        assert value_at(function, point) == number
        written = eval(str(function), {}, point | {"Fraction": Fraction})
        assert abs(float(written) - float(number)) <= 1e-9 * abs(float(number))


def test_one_function_has_one_form() -> None:
    field = Parameters(["x", "y"])
    x, y = field.variables
    assert (x**2 - y**2) / (x - y) == x + y and str((x - y) / (y - x)) == "-1"
    assert isinstance(x / x, Fraction) and is_zero(x - x) and not is_zero(x)
    assert str(x / (2 * y) - x**-1) == "(x**2 - 2*y)/(2*x*y)" or str(x / (2 * y) - x**-1) == (
        "-(2*y - x**2)/(2*x*y)"
    )
    assert hash(x + y - y) == hash(x) and x != y
    assert (x / 2).below is field.one and len((x**2 - y**2).factors().powers) == 2
    assert x != Parameters(["x", "y"]).variables[0]  # of another field


def test_numbers_of_all_kinds_stand_beside_them() -> None:
    (x,) = Parameters(["x"]).variables
    assert 0.5 * x == x * Fraction(1, 2) == np.float64(0.5) * x == x / np.int64(2)
    assert [str(y) for y in np.array([1, 2]) * x] == ["x", "2*x"]
    assert as_scalar(x, "x") is x
    elements, back = exact_field([x, Fraction(1)])
    assert elements == [x, 1] and back(elements[0] / x) == Fraction(1)


@pytest.mark.parametrize(
    "refused",
    [
        lambda x: x > 0,
        lambda x: abs(x),
        float,
        math.sqrt,
        np.sqrt,
        lambda x: x**0.5,
        lambda x: x + "1/2",
        lambda x: x @ x,
    ],
)
def test_what_is_not_rational_is_refused(refused: Any) -> None:
    (x,) = Parameters(["x"]).variables
    with pytest.raises(TypeError):
        refused(x)


def test_sympy_refuses_them() -> None:
    import sympy

    (x,) = Parameters(["x"]).variables
    functions: list[Any] = [sympy.sqrt, sympy.exp, lambda y: sympy.pi * y, lambda y: y + sympy.pi]
    for function in functions:
        with pytest.raises(TypeError):
            function(x)


def test_divisions_by_zero() -> None:
    x: Any = Parameters(["x"]).variables[0]
    for above, below in ((x, 0), (x, x - x), (1, x - x)):
        with pytest.raises(ZeroDivisionError):
            above / below


def test_long_numbers_stay_within_the_range_of_floats() -> None:
    (x,) = Parameters(["rate"]).variables
    roots = [Fraction(0.1 * k) for k in range(1, 40)]
    value: Any = math.prod((x - root for root in roots), start=Fraction(1)) + 1
    _, powers = value.factors()
    assert max(abs(x) for terms, _ in powers for x in terms.values()) <= 2**53
    exact = math.prod((Fraction(3, 7) - root for root in roots), start=Fraction(1)) + 1
    assert value_at(value, {"rate": Fraction(3, 7)}) == exact


def test_high_degrees_are_factored_in_a_moment() -> None:
    x, y = Parameters(["x", "y"]).variables
    splitting: Any = math.prod((x + k * y + 1 for k in range(40)), start=x)
    value = (splitting + 10**40 * x + 1) * (1 - y) ** 3 * x**2 / (2 * (1 - y**14) * (x - y) ** 20)
    _, powers = value.factors()
    assert ({(0, 0): 1, (0, 1): -1}, 2) in [(terms, abs(power)) for terms, power in powers]
    assert ({(1, 0): 1}, 2) in powers and ({(1, 0): 1, (0, 1): -1}, -20) in powers
    point = {"x": Fraction(2, 7), "y": Fraction(-3, 5)}
    a, b = point.values()
    there = math.prod((a + k * b + 1 for k in range(40)), start=a) + 10**40 * a + 1
    assert value_at(value, point) == there * (1 - b) ** 3 * a**2 / (2 * (1 - b**14) * (a - b) ** 20)


def test_what_has_too_many_terms_is_refused_in_a_moment() -> None:
    variables: tuple[Any, ...] = Parameters(["a", "b", "c", "d", "e"]).variables
    long: Any = sum(variables, start=Fraction(1)) ** 10
    blowing: list[Callable[[], Any]] = [
        lambda: long**4,
        lambda: long * (long + 1),
        lambda: 1 / long + 1 / (long + 1),
    ]
    for blown in blowing:
        with pytest.raises(InputError, match="more than 500000 terms"):
            blown()
    a, b, *_ = variables
    assert (a + b) ** 150 * a**10**6 / (a + b) ** 149 / a ** (10**6 - 1) == (a + b) * a
