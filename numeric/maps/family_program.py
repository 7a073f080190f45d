"""A family of algorithms as a compiled program of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sgdmem.numeric.arithmetic.ball import Ball
from sgdmem.numeric.maps.node_code import coefficient_source
from sgdmem.symbolic.algebra.routh import HalfPlaneForm
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.branching_values import branching_values
from sgdmem.symbolic.algorithms.equivalence import equivalent
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.programs.program import Program
from sgdmem.symbolic.programs.summand_program import coefficient_names, coefficient_program

_TELLING = (
    Fraction(0),
    Fraction(1),
    Fraction(-1),
    Fraction(2),
)  # values at which a constructor may do something special


@dataclass(frozen=True)
class FamilyProgram:
    """The half-plane form of every member of a family.

    Attributes
    ----------
    parameters : tuple of str
    memory : int
    program : Program
        The `coefficient_program` of the parameters, without Q_output.
    """

    parameters: tuple[str, ...]
    memory: int
    program: Program

    def source(self, damped: bool, cuda: bool = False) -> str:
        """Return the module that evaluates it; if ``damped`` tau2 / B is passed through."""
        return coefficient_source(self.program, self.parameters, int(damped), cuda)

    def form(self, values: Mapping[str, Ball]) -> HalfPlaneForm:
        """Return the half-plane form of many members; its Q_output is Q."""
        return HalfPlaneForm.of_row(self.program.run(values), self.memory)

    def count(self, damped: bool) -> int:
        """Return how many numbers the module fills for each member."""
        return len(self.program.outputs) + damped


def family_program(
    build: Callable[..., Algorithm], samples: Mapping[str, Sequence[Fraction]]
) -> tuple[FamilyProgram, dict[str, list[Fraction]]] | None:
    """Return a family as a program of its parameters, and the values that it does not hold for.

    A constructor may treat some values in a special way (PyTorch's SGD without momentum ignores its
    dampening). The program is compared with the constructor, exactly, at telling values and those
    with which the constructor compares its parameters.

    Parameters
    ----------
    build
        A function of named parameters that returns an `Algorithm`.
    samples
        For each parameter the values that it is wanted for.

    Returns
    -------
    program, exceptions
        None if the family is not a rational function of its parameters, or not one program.
    """
    from sympy import Symbol

    names = tuple(samples)
    if not all(name.isidentifier() for name in names):
        return None  # they become names in source text
    symbols = {name: Symbol(name, real=True) for name in names}
    try:
        algorithm = build(**symbols)
        program = coefficient_program(algorithm, names)
    except (InputError, TypeError, AttributeError, ValueError, ArithmeticError, LookupError):
        return None
    telling = telling_values(build, names)
    usual = {name: _usual(values, telling[name]) for name, values in samples.items()}
    tested = {
        name: telling[name].intersection(values) | {min(values), max(values)}
        for name, values in samples.items()
    }
    exceptions = special_values(build, algorithm, usual, tested)
    if exceptions is None:
        return None
    # the noise at w is not needed
    wanted = program.outputs[: len(coefficient_names(algorithm.memory))]
    return FamilyProgram(names, algorithm.memory, replace(program, outputs=wanted)), exceptions


def telling_values(
    build: Callable[..., Algorithm], names: Sequence[str]
) -> dict[str, set[Fraction]]:
    """Return, for each parameter, at which values a constructor may do something special."""
    return {name: found.union(_TELLING) for name, found in branching_values(build, names).items()}


def special_values(
    build: Callable[..., Algorithm],
    algorithm: Algorithm,
    usual: Mapping[str, Fraction],
    tested: Mapping[str, Iterable[Fraction]],
) -> dict[str, list[Fraction]] | None:
    """Return the values at which a constructor differs from what it returned for symbols.

    Parameters
    ----------
    build, algorithm
        The constructor, and what it returned for real symbols with the parameters' names.
    usual
        A point at which nothing special is expected.
    tested
        For each parameter the values to be tested, the others being usual.

    Returns
    -------
    dict
        Also the values that the constructor refuses. None if it differs at the usual point.
    """
    from sympy import Symbol

    def holds(point: Mapping[str, Fraction]) -> bool:
        values: dict[Any, Any] = {Symbol(name, real=True): x for name, x in point.items()}
        kept = {symbol: values[symbol] for symbol in algorithm.free_symbols}
        return equivalent(algorithm.substitute(kept), build(**point))

    def holds_at(name: str, value: Fraction) -> bool:
        try:
            return holds({**usual, name: value})
        except InputError:
            return False

    if not holds(usual):
        return None
    found = {
        name: [value for value in sorted(values) if not holds_at(name, value)]
        for name, values in tested.items()
    }
    return {name: values for name, values in found.items() if values}


def _usual(values: Sequence[Fraction], telling: Collection[Fraction]) -> Fraction:
    """Return a value in the middle that is not a telling one."""
    inner = sorted(value for value in values if value not in telling) or sorted(values)
    return inner[len(inner) // 2]
