"""Noiseless stability at one eigenvalue and on an interval, exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import example, given
from hypothesis import strategies as st

from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.stability.schur import conditions, is_schur, uniform_conditions
from sgdmem.symbolic.zoo import named_algorithms as named
from sgdmem.symbolic.zoo.general_algorithm import general
from tests import naive
from tests.draws import KINDS, random_algorithm
from tests.strategies import (
    EIGENVALUES,
    ENTRIES,
    Factored,
    factored_polynomials,
    raw_algorithms,
)

HALF = Fraction(1, 2)


@given(factored_polynomials())
# Zero pivots: roots i and -i; a reciprocal pair; the root -1; the root 1.
@example(Factored([(Fraction(0), Fraction(1)), (Fraction(0), Fraction(-1))], [1, 0, 1]))
@example(Factored([(Fraction(2), Fraction(0)), (HALF, Fraction(0))], [1, Fraction(-5, 2), 1]))
@example(Factored([(Fraction(-1), Fraction(0))], [1, 1]))
@example(Factored([(Fraction(1), Fraction(0))], [-1, 1]))
def test_known_roots_decide(polynomial: Factored) -> None:
    algorithm = polynomial.algorithm
    assert algorithm.characteristic_polynomial(3, 1) == sum(
        c * 3**n for n, c in enumerate(polynomial.coefficients)
    )
    assert is_schur(algorithm, 1) == polynomial.is_schur
    assert all(value > 0 for value in conditions(algorithm, 1)) == polynomial.is_schur


@pytest.mark.slow
@given(raw_algorithms(), st.fractions(-1, 4, max_denominator=20))
def test_small_fractions_against_schur_and_cohn(raw: naive.Raw, lam: Fraction) -> None:
    algorithm, expected = Algorithm(*raw), naive.is_schur(raw, lam)
    assert is_schur(algorithm, lam) == expected
    assert all(value > 0 for value in conditions(algorithm, lam)) == expected


@pytest.mark.parametrize("memory", range(6))
def test_both_answers_occur(memory: int, rng: Any) -> None:
    found = []
    for kind in KINDS * 4:
        raw = random_algorithm(rng, memory, kind)
        lam = Fraction(2) ** int(rng.integers(-6, 6))
        found.append(is_schur(Algorithm(*raw), lam))
        assert found[-1] == naive.is_schur(raw, lam)
        assert all(value > 0 for value in conditions(Algorithm(*raw), lam)) == found[-1]
    assert min(found.count(True), found.count(False)) >= 2


def test_a_hair_from_the_boundary() -> None:
    edge, hair = Fraction(38), Fraction(1, 10**60)
    algorithm = named.heavy_ball("0.1", "0.9")
    assert is_schur(algorithm, edge - hair)
    assert not is_schur(algorithm, edge)
    assert not is_schur(algorithm, edge + hair)
    assert not is_schur(algorithm, 0)
    # A float is the binary number that it is: this one lies below 0.1, so 20 is stable.
    assert is_schur(named.sgd(0.09999999999999999), 20)
    assert not is_schur(named.sgd(0.1), 20)


def test_only_rational_numbers() -> None:
    with pytest.raises(InputError, match="rational"):
        is_schur(general(1), 1)
    with pytest.raises(InputError, match="rational"):
        is_schur(named.sgd(1), sympy.Symbol("lambda"))


@pytest.mark.slow
@pytest.mark.parametrize("memory", [*range(4), pytest.param(4, marks=pytest.mark.exhaustive)])
def test_symbolic_conditions_are_the_numeric_ones(memory: int, rng: Any) -> None:
    # Beyond memory 2 in the coefficients of the recurrence: the entries of D would fill pages.
    q = sympy.symbols(f"q:{memory + 1}")
    p = sympy.symbols(f"p1:{memory + 1}")
    algorithm = Algorithm.from_recurrence([1 - sum(p), *p], q)
    if memory <= 2:
        algorithm = general(memory, shifted=True)
    lam = sympy.Symbol("lambda")
    found = conditions(algorithm, lam)
    assert len(found) == memory + 2
    for expression in found:  # polynomials in the entries
        assert sympy.fraction(sympy.together(expression))[1].is_number
    for _ in range(3):
        symbols = sorted(algorithm.free_symbols, key=str)
        values = {x: sympy.Rational(int(rng.integers(-9, 10)), 7) for x in symbols}
        numeric = conditions(algorithm.substitute(values), Fraction(3, 5))
        substituted = [x.subs({**values, lam: sympy.Rational(3, 5)}) for x in found]
        assert substituted == [sympy.sympify(x) for x in numeric]


# Theorem 6.1


ALPHA, Q0, DELTA, TOP = sympy.symbols("alpha_eff q_0 delta lambda_max")


def closed_form(rate: Any, q0: Any, damping: Any, top: Any) -> list[Any]:
    """Theorem 6.1 of arXiv 2410.04228 as it is printed: all of these are positive."""
    return [damping, 2 - damping, rate, damping + top * q0,
            4 - 2 * damping - top * (2 * q0 + damping * rate)]  # fmt: skip


def test_theorem_6_1_symbolically() -> None:
    found = uniform_conditions(named.memory_one(ALPHA, Q0, DELTA), TOP)
    assert len(found) == 5
    sides = [inequality.lhs - inequality.rhs for inequality in found]
    for expected in closed_form(ALPHA, Q0, DELTA, TOP):
        ratios = [sympy.cancel(side / expected) for side in sides]
        assert sum(bool(ratio.is_number and ratio > 0) for ratio in ratios) == 1
    # Only damping <= 2 is not strict, where the printed theorem has <.
    assert [str(i) for i in found if i.rel_op == ">="] == ["2 - delta >= 0"]


@given(ENTRIES, ENTRIES, st.fractions("-1/2", "5/2", max_denominator=8), EIGENVALUES)
def test_theorem_6_1_at_random_points(
    rate: Fraction, q0: Fraction, damping: Fraction, top: Fraction
) -> None:
    algorithm = named.memory_one(rate, q0, damping)
    holds = uniform_conditions(algorithm, top) == []
    printed = all(value > 0 for value in closed_form(rate, q0, damping, top))
    if damping != 2:
        assert holds == printed
    # Every condition is linear in the eigenvalue, so these three tell all: an end, both sides
    # of any sign change near 0, and the middle.
    points = [top, top / 2, top / 10**6]
    assert holds == all(is_schur(algorithm, lam) for lam in points)


def test_theorem_6_1_leaves_out_a_stable_case() -> None:
    # D = -1 is not strictly stable, yet P - lambda Q is for every lambda in (0, 1].
    algorithm = named.memory_one("1/10", "-1/2", 2)
    assert uniform_conditions(algorithm, 1) == []
    raw = naive.Raw(algorithm.alpha, algorithm.b, algorithm.c, algorithm.D, algorithm.a)
    assert all(naive.is_schur(raw, Fraction(n, 100)) for n in range(1, 101))
    assert naive.is_schur(raw, Fraction(1, 10**9))
    assert not naive.is_schur(raw, 0)


def test_conditions_of_named_methods() -> None:
    rate, momentum = sympy.symbols("eta beta")
    assert [str(i) for i in uniform_conditions(named.sgd(rate), TOP)] == [
        "-eta*lambda_max + 2 > 0",
        "eta > 0",
    ]
    heavy = uniform_conditions(named.heavy_ball(rate, momentum), TOP)
    point = {rate: sympy.Rational(1, 10), momentum: sympy.Rational(9, 10)}
    assert [i.subs(point).subs(TOP, 37) for i in heavy] == [True] * 4
    assert uniform_conditions(named.heavy_ball("0.1", "0.9"), 37) == []
    assert uniform_conditions(named.heavy_ball("0.1", "0.9"), 38) == [sympy.false]
    assert str(uniform_conditions(named.heavy_ball("0.1", "0.9"), TOP)) == "[38 - lambda_max > 0]"
    with pytest.raises(InputError, match="memory 0 and 1 only"):
        uniform_conditions(general(2), TOP)
