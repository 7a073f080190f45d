"""Programs of families: derived once of variables, they are the constructors at every point."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import pytest

from sgdmem.symbolic.algebra.rational_functions import Parameters, RationalFunction
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.branching_values import branches
from sgdmem.symbolic.algorithms.constructors import as_family
from sgdmem.symbolic.algorithms.general_member import general_member
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.programs.program import Program
from sgdmem.symbolic.programs.rational_program import rational_program
from sgdmem.symbolic.programs.special_values import special_values
from sgdmem.symbolic.programs.summand_program import coefficient_program
from sgdmem.symbolic.zoo.families_by_name import FAMILIES
from sgdmem.symbolic.zoo.general_algorithm import general
from sgdmem.symbolic.zoo.named_algorithms import torch_sgd


@pytest.mark.parametrize("name", FAMILIES)
def test_families_are_their_programs(name: str) -> None:
    rng, family = Random(1), FAMILIES[name].spread(3)
    names = list(family.parameters)
    member = general_member(family)
    assert not member.is_symbolic and any(isinstance(x, RationalFunction) for x in member.entries)
    program = coefficient_program(member, names)
    for _ in range(3):
        point = {key: Fraction(rng.randint(-99, 99), 101) for key in names}
        assert program.run(point) == family(**point).half_plane_form.row
    # from SymPy's expressions comes the same program
    assert coefficient_program(family.symbolic(), names) == program


def test_programs_of_many_symbols_are_nested() -> None:
    algorithm = general(3, shifted=True)
    names = sorted(map(str, algorithm.free_symbols))
    program = coefficient_program(algorithm, names)
    rng = Random(2)
    point = {name: Fraction(rng.randint(-9, 9), 7) for name in names}
    assert program.run(point) == algorithm.substitute(point).half_plane_form.row
    terms = rational_program([sum_of_squares(names)], names)
    assert terms.counts() == {"+": len(names) - 1, "*": len(names)}
    assert sum(program.counts().values()) < 800


def sum_of_squares(names: list[str]) -> Any:
    return sum(x * x for x in Parameters(names).variables)


def test_powers() -> None:
    (x,) = Parameters(["x"]).variables
    program = rational_program([(1 - x) ** 1000, x**7 + 1], ["x"])
    assert sum(program.counts().values()) < 40
    assert program.run({"x": Fraction(1, 3)}) == (Fraction(2, 3) ** 1000, Fraction(1, 3) ** 7 + 1)
    with pytest.raises(InputError, match="degree 1000"):
        rational_program([x**1000 + x + 1], ["x"])


def with_root(rate: Any, momentum: Any) -> Algorithm:
    import sympy

    root = sympy.sqrt(sympy.sympify(momentum))
    return Algorithm(rate * root**2, b=momentum, c=-rate * root * root, D=momentum)


def test_what_takes_symbols_alone_is_derived_from_them() -> None:
    family = as_family(with_root)
    member = general_member(family)
    assert member.is_symbolic
    program = coefficient_program(member, ["rate", "momentum"])
    point = {"rate": Fraction(1, 3), "momentum": Fraction(4, 9)}
    assert program.run(point) == with_root(**point).half_plane_form.row
    with pytest.raises(InputError, match="not a rational function"):
        coefficient_program(
            general_member(as_family(lambda rate: Algorithm(with_root(rate, rate).alpha ** 0.5))),
            ["rate"],
        )


def test_comparisons_are_seen() -> None:
    def build(rate: Any, momentum: Any) -> Algorithm:
        if rate in (3, Fraction(5, 2)) or 1 - 2 * momentum == 0:
            return Algorithm(1)
        return Algorithm(rate, momentum, 1, 0)

    found = branches(build, ["rate", "momentum"]).values
    assert {3, Fraction(5, 2)} <= found["rate"] and Fraction(1, 2) in found["momentum"]


def test_what_a_constructor_does_at_single_values() -> None:
    half, third = Fraction(1, 2), Fraction(1, 3)

    def build(rate: Any, momentum: Any) -> Algorithm:
        if rate == 2:
            raise InputError("not 2")
        if momentum == third:
            return Algorithm(rate, shrink=half)
        if momentum == half:  # the same with what is forgotten after one step
            return Algorithm(rate, [half, 0], [-rate, 1], [[half, 0], [0, 0]])
        return Algorithm(rate, momentum, -rate, momentum)

    member = general_member(as_family(build))
    program = coefficient_program(member, ["rate", "momentum"])
    usual = {"rate": Fraction(1, 7), "momentum": Fraction(2, 7)}
    tested = {"rate": [Fraction(2), half], "momentum": [third, half, Fraction(0)]}
    found = special_values(build, member, program, usual, tested)
    assert found == {"rate": [2], "momentum": [third]}
    assert special_values(build, member, program, {**usual, "momentum": third}, tested) is None


def test_where_a_program_divides_by_0_it_does_not_hold() -> None:
    def build(rate: Any) -> Algorithm:
        return Algorithm(rate / (1 - rate)) if rate != 1 else Algorithm(1)

    member = general_member(as_family(build))
    program = coefficient_program(member, ["rate"])
    usual = {"rate": Fraction(1, 3)}
    one = {"rate": [Fraction(1)]}
    assert special_values(build, member, program, usual, one) == one


def test_a_changed_program_is_noticed() -> None:
    family = torch_sgd.varying(["momentum"], {"learning_rate": 1})
    member = general_member(family)
    program = coefficient_program(member, ["momentum"])
    steps = tuple(("constant", x[1] + 1) if x[0] == "constant" else x for x in program.steps)
    changed = Program(steps, program.outputs)
    assert special_values(family, member, changed, {"momentum": Fraction(1, 3)}, {}) is None
