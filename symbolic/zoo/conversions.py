"""The same algorithm in another family's parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, combinations
from typing import Any

from sgdmem.symbolic.algebra.polynomials import multiply
from sgdmem.symbolic.algebra.scalars import as_scalar, is_symbolic, to_sympy
from sgdmem.symbolic.algorithms.algorithm import (
    Algorithm,
    require_no_shrink,
)
from sgdmem.symbolic.algorithms.equivalence import equivalent
from sgdmem.symbolic.algorithms.family import Family, FamilyLike
from sgdmem.symbolic.algorithms.reduction import reduced
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo.families_by_name import find_family

_LONG = 5  # a memory of which factors of P and Q are divided out before equations are solved


def convert(algorithm: Algorithm, family: FamilyLike, **fixed: Any) -> dict[str, Any]:
    """Return the parameters with which a family has the recurrence of an algorithm.

    The member found has the same P and Q where one exists, otherwise the same Q / P: the two obey
    the same recurrence (8) of arXiv 2410.04228, for every loss if a = 0 in both. The equations
    between coefficients are solved exactly and the solution is verified by substitution.

    Parameters
    ----------
    algorithm
        Numeric or symbolic.
    family
        A constructor or command-line name. Its parameters with a default keep it unless another
        value is needed.
    **fixed
        Values of parameters that are not to be solved for.

    Returns
    -------
    dict
        Arguments for the constructor; exact, or floats if the algorithm was described by floats.

    Raises
    ------
    InputError
        If the family has no such member, or several so that one more parameter must be fixed.

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.named_algorithms import heavy_ball, sgdm, torch_sgd
    >>> convert(torch_sgd("0.1", "0.9", dampening="0.5"), "heavy-ball")
    {'learning_rate': Fraction(1, 20), 'momentum': Fraction(9, 10)}
    >>> convert(heavy_ball("0.1", "0.9"), sgdm)
    {'learning_rate': Fraction(1, 1), 'momentum': Fraction(9, 10)}
    >>> convert(heavy_ball.symbolic(), sgdm)
    {'learning_rate': learning_rate/(1 - momentum), 'momentum': momentum}
    """
    require_no_shrink(algorithm, "another family's parameters")
    constructor = find_family(family)
    name = constructor.name
    refused: InputError | None = None
    free: list[str] = []
    some_member = False
    for arguments, unknowns in _attempts(constructor, fixed, max(algorithm.memory, 1)):
        try:
            member = constructor(**arguments)
        except InputError as error:  # for example nesterov=True without momentum
            refused = refused or error
            continue
        some_member = True
        for solution in _solutions(algorithm, member, unknowns):
            try:
                values = _insert(arguments, solution)
            except InputError:  # a complex solution
                continue
            left = _symbols(values) & set(unknowns)
            if left:
                free = free or sorted(symbol.name for symbol in left)
            elif equivalent(constructor(**values), algorithm):
                return {key: _present(value, algorithm) for key, value in values.items()}
    if refused and not some_member:
        raise refused
    if free:
        raise InputError(
            f"several {name} have the recurrence of this algorithm: fix {' or '.join(free)}"
        )
    raise InputError(f"no {name} has the recurrence of this algorithm")


def _attempts(
    constructor: Family[...], fixed: Mapping[str, Any], count: int
) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Yield arguments with unknowns in them, and the unknowns; most defaults first.

    A flag is tried both ways, and a list of parameters gets ``count`` unknowns.
    """
    from sympy import Dummy

    parameters = constructor.parameters
    required = constructor.missing(fixed)
    optional = [key for key, x in parameters.items() if key not in fixed and not x.is_required]
    defaults = {key: parameters[key].default for key in optional}
    for changed in chain.from_iterable(
        combinations(optional, size) for size in range(len(optional) + 1)
    ):
        arguments, unknowns = {**defaults, **fixed}, []
        for key in (*required, *changed):
            if parameters[key].kind == "flag":
                arguments[key] = not defaults[key]
            elif parameters[key].kind == "list":
                arguments[key] = tuple(Dummy(f"{key}_{i}") for i in range(count))
                unknowns.extend(arguments[key])
            else:
                arguments[key] = Dummy(key)
                unknowns.append(arguments[key])
        order = [key for key in parameters if key in arguments]
        yield {key: arguments[key] for key in order}, unknowns


def _solutions(
    algorithm: Algorithm, member: Algorithm, unknowns: list[Any]
) -> Iterator[dict[Any, Any]]:
    """Yield what the equations say about the unknowns: for equal P and Q, then for equal Q / P."""
    from sympy import default_sort_key, expand, solve

    if algorithm.memory > max(_LONG, member.memory) < reduced(algorithm)[0].memory:
        return
    wanted, have = algorithm.polynomials, member.polynomials
    systems = []
    if member.memory == algorithm.memory:
        systems.append(((*have.D, *have.Q), (*wanted.D, *wanted.Q)))
    left = multiply(tuple(map(to_sympy, have.Q)), tuple(map(to_sympy, wanted.D)))
    right = multiply(tuple(map(to_sympy, wanted.Q)), tuple(map(to_sympy, have.D)))
    systems.append((left, right))
    for found, target in systems:
        equations = [expand(to_sympy(x) - to_sympy(y)) for x, y in zip(found, target, strict=True)]
        equations = [equation for equation in equations if equation != 0]
        if any(equation.free_symbols.isdisjoint(unknowns) for equation in equations):
            continue  # it holds for no value of them
        if not equations:
            yield {}
        elif unknowns:
            found_now = solve(equations, unknowns, dict=True)
            yield from sorted(found_now, key=default_sort_key)


def _insert(arguments: Mapping[str, Any], solution: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the arguments with the solution put in for the unknowns."""

    def insert(value: Any, key: str) -> Any:
        if isinstance(value, tuple):
            return tuple(insert(entry, key) for entry in value)
        return as_scalar(value.subs(solution), key) if is_symbolic(value) else value

    return {key: insert(value, key) for key, value in arguments.items()}


def _symbols(values: Mapping[str, Any]) -> set[Any]:
    flat = chain.from_iterable(v if isinstance(v, tuple) else (v,) for v in values.values())
    return set().union(*(value.free_symbols for value in flat if is_symbolic(value)))


def _present(value: Any, algorithm: Algorithm) -> Any:
    if isinstance(value, tuple):
        return tuple(_present(entry, algorithm) for entry in value)
    if is_symbolic(value):
        from sgdmem.symbolic.expressions.tidying import arranged  # imports SymPy

        return arranged(value)
    return algorithm.present(value)
