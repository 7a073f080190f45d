"""What polynomials share is computed once: exactly the same, with fewer operations."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import prod
from random import Random
from typing import Any

import pytest

from sgdmem.symbolic.algebra.rational_functions import Parameters
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.constructors import as_family
from sgdmem.symbolic.algorithms.general_member import general_member
from sgdmem.symbolic.programs import shared_parts as module
from sgdmem.symbolic.programs.literal_values import LiteralValues
from sgdmem.symbolic.programs.program import trace
from sgdmem.symbolic.programs.rational_program import rational_program
from sgdmem.symbolic.programs.shared_parts import Sum, shared_parts
from sgdmem.symbolic.programs.summand_program import coefficient_program
from sgdmem.symbolic.zoo.families_by_name import FAMILIES
from sgdmem.symbolic.zoo.named_algorithms import aggmo


def random_sum(rng: Random, size: int) -> Sum:
    terms: Sum = {}
    for _ in range(size):
        powers = [(k, rng.randint(0, 2)) for k in range(4)]
        number = rng.choice([-4, -3, -2, -1, 1, 2, 3, 4, Fraction(1, 2), Fraction(-5, 3)])
        terms[tuple((k, power) for k, power in powers if power)] = number
    return terms


@pytest.mark.parametrize("longest", [3, 64])
def test_sums_are_the_same(longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_TERMS", longest)
    rng = Random(3)
    for _ in range(40):
        sums = {4 + k: random_sum(rng, rng.randint(1, 9)) for k in range(4)}
        known = {k: Fraction(rng.randint(-9, 9), 7) for k in range(4)}
        found = LiteralValues({**known}, shared_parts(sums, 8), {})
        for literal, terms in sums.items():
            assert found[literal] == sum(
                number * prod(known[k] ** power for k, power in key)
                for key, number in terms.items()
            )


def methods() -> Iterator[tuple[str, Algorithm, list[str]]]:
    for name in FAMILIES:
        family = FAMILIES[name].spread(3)
        yield name, general_member(family), [*family.parameters]
    for memory in range(1, 6):
        names = [*(f"p{m}" for m in range(memory)), *(f"q{m}" for m in range(memory + 1))]
        variables = Parameters(names).variables
        p = variables[:memory]
        found = Algorithm.from_recurrence([*p, 1 - sum(p[1:], p[0])], variables[memory:])
        yield f"recurrence of memory {memory}", found, names


METHODS = {name: (member, names) for name, member, names in methods()}


def written(expression: Any, known: dict[Any, Any]) -> Any:
    """Return an expression's value as one writes it: differences and quotients, not signs."""
    if expression in known or expression.is_Rational:
        return known.get(expression) or Fraction(expression.p, expression.q)
    if expression.is_Pow:
        base, power = written(expression.base, known), int(expression.exp)
        product = prod([base] * (abs(power) - 1), start=base)
        return product if power > 0 else 1 / product
    if expression.is_Mul:
        above, below = expression.as_numer_denom()
        if below != 1:
            return written(above, known) / written(below, known)
        first, *others = (written(x, known) for x in expression.args)
        return prod(others, start=first)
    minus = [x for x in expression.args if x.could_extract_minus_sign()]
    if len(minus) == len(expression.args):
        return -1 * written(-expression, known)
    total, *others = (written(x, known) for x in expression.args if x not in minus)
    total = sum(others, start=total)
    for term in minus:
        total = total - written(-term, known)
    return total


def operations_of_sympy(expressions: list[Any], names: list[str]) -> int:
    import sympy

    shared, reduced = sympy.cse(expressions)

    def run(*numbers: Any) -> list[Any]:
        known = dict(zip(map(sympy.Symbol, names), numbers, strict=True))
        for symbol, value in shared:
            known[symbol] = written(value, known)
        return [written(value, known) for value in reduced]

    return sum(trace(run, names).counts().values())


@pytest.mark.parametrize("name", METHODS)
def test_no_more_operations_than_sympy_finds(name: str) -> None:
    import sympy

    member, names = METHODS[name]
    symbols = {x: sympy.Symbol(x) for x in names}
    row = [sympy.sympify(str(x), locals=symbols) for x in member.half_plane_form.row]
    theirs = operations_of_sympy([sympy.factor(x) for x in row], names)
    assert sum(coefficient_program(member, names).counts().values()) <= theirs


def spread_aggmo(count: int) -> Algorithm:
    names = [f"m{k}" for k in range(count)]

    def build(learning_rate: Any, **momenta: Any) -> Algorithm:
        return aggmo(learning_rate, [momenta[name] for name in names])

    return general_member(as_family(build).varying(["learning_rate", *names], {}))


def test_symmetric_functions_are_shared() -> None:
    # each elementary symmetric function of four numbers takes three or more operations; expanded,
    # or nested one by one, the thirteen factors of AggMo take more than twice as many
    program = coefficient_program(spread_aggmo(4), ["learning_rate", "m0", "m1", "m2", "m3"])
    assert sum(program.counts().values()) < 90


def test_even_and_odd_halves_are_shared() -> None:
    # each of the 18 sums of five or six terms by itself takes about 100 operations
    member, names = METHODS["recurrence of memory 5"]
    assert sum(coefficient_program(member, names).counts().values()) < 80


def test_momenta_near_1_cost_no_digits() -> None:
    names = ["learning_rate", "m0", "m1", "m2"]
    program = coefficient_program(spread_aggmo(3), names)
    for powers in ((30, 40, 50), (52, 51, 50), (2, 45, 48)):
        point = {"learning_rate": 0.75}
        point |= {name: 1 - 3 * 2.0**-x for name, x in zip(names[1:], powers, strict=True)}
        exact = program.run({name: Fraction(x) for name, x in point.items()})
        for value, truth in [*zip(program.run(point), exact, strict=True)][:4]:  # what is fixed
            assert abs(Fraction(value) - truth) <= 2.0**-49 * abs(truth)


def test_a_division_serves_all_that_are_divided_by_the_same() -> None:
    x, y = Parameters(["x", "y"]).variables
    program = rational_program([2 / (1 + x), y / (1 + x), 3 / (1 + y)], ["x", "y"])
    assert program.counts() == {"+": 2, "*": 2, "/": 2}
    third = Fraction(1, 3)
    assert program.run({"x": third, "y": third * 2}) == (
        Fraction(3, 2),
        Fraction(1, 2),
        9 * third * 3 / 5,
    )


def test_a_long_polynomial() -> None:
    (x,) = Parameters(["x"]).variables
    program = rational_program([sum(((k + 1) * x**k for k in range(1, 300)), 1 + 0 * x)], ["x"])
    assert program.counts()["*"] < 700
    assert program.run({"x": Fraction(-1)}) == (sum((k + 1) * (-1) ** k for k in range(300)),)
