"""The same algorithm in another family's parameters."""

from __future__ import annotations

from typing import Any

from sgdmem.symbolic.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.named import Family, check_parameters, family_name, find_family
from sgdmem.symbolic.scalars import Scalar, as_scalar, to_sympy


def convert(algorithm: Algorithm, family: Family | str, **fixed: Any) -> dict[str, Scalar]:
    """Return the parameters with which a family has the same P and Q as an algorithm.

    The two then obey the same recurrence (8) of arXiv 2410.04228: the same iterates on quadratics,
    and for every loss if a = 0 in both. The equations between coefficients are solved exactly and
    the solution is verified.

    Parameters
    ----------
    algorithm
        Numeric or symbolic.
    family
        A constructor or command-line name whose parameters are numbers.
    **fixed
        Values of parameters that are not to be solved for.

    Raises
    ------
    InputError
        If the family has no such member, or the memories differ.

    Examples
    --------
    >>> from sgdmem.symbolic.named import sgdm, torch_sgd
    >>> convert(torch_sgd("0.1", "0.9", dampening="0.5"), "heavy-ball")
    {'learning_rate': Fraction(1, 20), 'momentum': Fraction(9, 10)}
    >>> convert(sgdm("0.5", "0.9"), "two-rate")
    {'velocity_rate': Fraction(1, 20), 'gradient_rate': Fraction(0, 1), 'momentum': Fraction(9, 10)}
    """
    from sympy import Dummy, cancel, solve

    constructor = find_family(family)
    names = check_parameters(constructor, list(fixed))
    unknowns = {name: Dummy(name) for name in names}
    member = constructor(**unknowns, **fixed)
    if member.memory != algorithm.memory:
        raise InputError(
            f"{family_name(constructor)} has memory {member.memory}, "
            f"the algorithm has memory {algorithm.memory}"
        )
    wanted, have = algorithm.polynomials, member.polynomials
    equations = [
        to_sympy(found) - to_sympy(target)
        for found, target in zip((*have.P, *have.Q), (*wanted.P, *wanted.Q), strict=True)
    ]
    equations = [equation for equation in equations if equation != 0]
    for solution in solve(equations, list(unknowns.values()), dict=True):
        values = {name: solution.get(unknown, unknown) for name, unknown in unknowns.items()}
        left = [cancel(equation.subs(solution)) for equation in equations]
        free = set().union(*(value.free_symbols for value in values.values()))
        if not any(left) and not free & set(unknowns.values()):
            return {name: as_scalar(value, name) for name, value in values.items()}
    raise InputError(f"no {family_name(constructor)} has the recurrence of this algorithm")
