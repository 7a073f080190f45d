"""When two algorithms are the same; the two formulas of alpha_eff."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st

from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.equivalence import (
    change_of_variables,
    effective_learning_rates,
    equivalent,
)
from sgdmem.symbolic.errors import InputError, UndefinedError
from sgdmem.symbolic.zoo import named_algorithms as named
from sgdmem.symbolic.zoo.averaging import averaged_sgd
from sgdmem.symbolic.zoo.general_algorithm import general
from tests import naive
from tests.strategies import EIGENVALUES, raw_algorithms

Rows = list[list[Fraction]]


def product(left: Any, right: Any) -> Rows:
    return [
        [sum((x * y for x, y in zip(row, column, strict=True)), Fraction(0))
         for column in zip(*right, strict=True)]
        for row in left
    ]  # fmt: skip


def inverse(matrix: Rows) -> Rows:
    unit = [[Fraction(i == j) for j in range(len(matrix))] for i in range(len(matrix))]
    return [list(column) for column in zip(*naive.solve(matrix, unit), strict=True)]


def moved(raw: naive.Raw, T: Rows) -> Algorithm:
    """Return the algorithm for the memory T u."""
    back = inverse(T)
    (b,), (a,) = product([raw.b], back), product([raw.a], back)
    c = [row[0] for row in product(T, [[x] for x in raw.c])]
    return Algorithm(raw.alpha, b, c, product(product(T, raw.D), back), a)


@st.composite
def changed(draw: st.DrawFn) -> tuple[naive.Raw, Rows]:
    raw = draw(raw_algorithms(least=1, most=3))
    M = len(raw.b)
    entry = st.integers(-2, 2).map(Fraction)
    T = draw(st.lists(st.lists(entry, min_size=M, max_size=M), min_size=M, max_size=M))
    try:
        inverse(T)
    except ZeroDivisionError:
        assume(False)
    return raw, T


@pytest.mark.slow
@given(changed(), EIGENVALUES)
def test_change_of_variables_is_found(case: tuple[naive.Raw, Rows], lam: Fraction) -> None:
    raw, T = case
    first, second = Algorithm(*raw), moved(raw, T)
    assert equivalent(first, second) and equivalent(first, second, losses="all")
    found = change_of_variables(first, second)
    assert found is not None
    # It need not be T where c and b do not span the memory, but it must do what T does.
    assert moved(raw, [list(row) for row in found]) == second
    reached = [raw.c]
    for _ in raw.b[1:]:
        reached.append([row[0] for row in product(raw.D, [[x] for x in reached[-1]])])
    try:
        inverse([list(row) for row in reached])
    except ZeroDivisionError:
        return
    assert [list(row) for row in found] == T


def test_change_of_variables_of_larger_and_irregular_memories() -> None:
    half = Fraction(1, 2)
    small = Algorithm(1, half, 1, half)
    # A second memory that nothing reads: u_small = (1, 0) u_large, and u_large = (1, 0)^T u_small
    # as long as the gradient does not enter it.
    large = Algorithm(1, [half, 0], [1, 0], [[half, 0], [0, 2]])
    assert change_of_variables(large, small) == ((1, 0),)
    assert change_of_variables(small, large) == ((1,), (0,))
    fed = Algorithm(1, [half, 0], [1, 3], [[half, 0], [0, 2]])
    assert change_of_variables(fed, small) == ((1, 0),)
    assert change_of_variables(small, fed) is None
    # Not unique: the free block of T is filled so that T is regular.
    T = change_of_variables(large, large)
    assert T is not None and T[0][0] * T[1][1] != T[0][1] * T[1][0]
    assert change_of_variables(named.sgd(1), named.sgd(1)) == ()
    assert change_of_variables(named.sgd(1), named.sgd(2)) is None
    assert change_of_variables(small, small.scaled(2)) is None
    # Only a singular T: the second reads its memory, but neither is fed.
    unread, read = Algorithm(1, 0, 0, half), Algorithm(1, 1, 0, half)
    assert change_of_variables(unread, read) == ((0,),)
    assert change_of_variables(read, unread) is None


def test_symbolic_change_of_variables() -> None:
    eta, beta = sympy.symbols("eta beta", positive=True)
    T = change_of_variables(named.heavy_ball(eta, beta), named.torch_sgd(eta, beta))
    assert T is not None and sympy.cancel(T[0][0] + 1 / eta) == 0
    algorithm = general(2, shifted=True)
    assert change_of_variables(algorithm, algorithm) == ((1, 0), (0, 1))


@pytest.mark.slow
@given(changed(), st.sampled_from("bcDa"))
def test_any_other_entry_is_noticed(case: tuple[naive.Raw, Rows], name: str) -> None:
    raw, T = case
    first = Algorithm(*raw)
    longer = moved(raw._replace(alpha=raw.alpha + 1), T)
    assert not equivalent(first, longer)
    assert change_of_variables(first, longer) is None
    value = getattr(raw, name)
    value = [[x + 1 for x in row] for row in value] if name == "D" else [x + 1 for x in value]
    found = change_of_variables(first, moved(raw._replace(**{name: value}), T))
    if found is not None:  # the memory is not fully used, or the change is one of variables
        second = moved(raw._replace(**{name: value}), T)
        assert product([second.b], found) == [list(first.b)]
        assert product([second.a], found) == [list(first.a)]
        assert product(found, [[x] for x in first.c]) == [[x] for x in second.c]
        assert product(found, first.D) == product(second.D, found)


@given(raw_algorithms(most=2), raw_algorithms(most=2))
def test_equivalence_by_impulse_responses(one: naive.Raw, two: naive.Raw) -> None:
    # From u_0 = 0 the response of w to gradients 1, 0, 0, ... is the series of Q_output / P, and
    # that of the point of the gradient the series of Q / P.
    def response(raw: naive.Raw) -> tuple[list[Fraction], list[Fraction]]:
        w, u = -raw.alpha, list(raw.c)
        ws, ys = [], []
        for _ in range(8):  # rational functions of degrees <= 3 that agree so long are equal
            ws.append(w)
            ys.append(w + sum(x * y for x, y in zip(raw.a, u, strict=True)))
            w += sum(x * y for x, y in zip(raw.b, u, strict=True))
            u = [sum((x * y for x, y in zip(row, u, strict=True)), Fraction(0)) for row in raw.D]
        return ws, ys

    for second in (two, one._replace(a=[0 * x for x in one.a]), one):
        (w1, y1), (w2, y2) = response(one), response(second)
        first, other = Algorithm(*one), Algorithm(*second)
        assert equivalent(first, other) == (y1 == y2)
        assert equivalent(first, other, losses="all") == (y1 == y2 and w1 == w2)


def test_named_pairs() -> None:
    eta, beta, gamma = sympy.symbols("eta beta gamma", positive=True)
    heavy, textbook = named.heavy_ball(eta, beta), named.nesterov(eta, beta)
    torch = named.torch_sgd(eta, beta)
    torch_nesterov = named.torch_sgd(eta, beta, nesterov=True)
    assert equivalent(heavy, torch, losses="all")
    assert equivalent(heavy, named.aggmo(eta, [beta]), losses="all")
    assert equivalent(heavy, named.aggmo(eta, [beta, beta]), losses="all")
    assert not equivalent(heavy, textbook)
    assert equivalent(textbook, torch_nesterov)
    assert not equivalent(textbook, torch_nesterov, losses="all")
    assert equivalent(named.sgd(eta), averaged_sgd(eta, gamma))
    assert not equivalent(named.sgd(eta), averaged_sgd(eta, gamma), losses="all")
    assert equivalent(named.sgd(eta), averaged_sgd(eta, 1), losses="all")
    assert not equivalent(named.sgd(eta), named.sgd(beta))
    with pytest.raises(InputError, match="losses must be"):
        equivalent(heavy, torch, losses="some")  # type: ignore[arg-type]


# Eq. (22)


@pytest.mark.slow
@pytest.mark.parametrize("memory", [*range(4), pytest.param(4, marks=pytest.mark.exhaustive)])
def test_effective_learning_rate_of_general_memory(memory: int) -> None:
    by_inverse, by_polynomials = effective_learning_rates(general(memory, shifted=True))
    difference = sympy.sympify(by_inverse) - by_polynomials
    assert sympy.cancel(difference) == 0
    # Independently: (1 - D) y = c solved by SymPy at a point.
    algorithm = general(memory)
    symbols = sorted(algorithm.free_symbols, key=str)  # in another order 1 - D may be singular
    values = {x: sympy.Rational(n**2 % 11 - 5, 7) for n, x in enumerate(symbols)}
    at = algorithm.substitute(values)
    unit: Any = sympy.eye(memory) - sympy.Matrix(memory, memory, lambda i, j: at.D[i][j])
    if memory:
        b, c = (sympy.Matrix(list(map(sympy.sympify, v))) for v in (at.b, at.c))
        expected = sympy.sympify(at.alpha) - (b.T * unit.inv() * c)[0]
    else:
        expected = at.alpha
    assert effective_learning_rates(at)[0] == expected


@given(raw_algorithms())
def test_effective_learning_rates_agree(raw: naive.Raw) -> None:
    try:
        by_inverse, by_polynomials = effective_learning_rates(Algorithm(*raw))
    except UndefinedError:
        assert naive.effective_learning_rate(raw) == float("inf")
        return
    assert by_inverse == by_polynomials == naive.effective_learning_rate(raw)


def test_algebraic_numbers_are_told_equal() -> None:
    root = sympy.sqrt(2)
    assert equivalent(
        named.heavy_ball(root, root - 1),
        named.heavy_ball(root, 1 / (1 + root)),
    )
    assert equivalent(named.sgd(sympy.sqrt(3 + 2 * root)), named.sgd(1 + root))
    assert not equivalent(named.sgd(root), named.sgd(sympy.Rational(141421356, 10**8)))
    first, second = effective_learning_rates(named.heavy_ball(root, root / 2))
    assert sympy.simplify(first - second) == 0
    with pytest.raises(InputError, match="first"):
        change_of_variables(1, named.sgd(1))  # type: ignore[arg-type]
