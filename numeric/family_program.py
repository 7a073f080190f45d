"""A family of algorithms as a compiled program of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.ball import Array
from sgdmem.numeric.compiled_modules import load_module
from sgdmem.numeric.map_kernel import coefficient_source
from sgdmem.symbolic.algorithm import Algorithm
from sgdmem.symbolic.equivalence import equivalent
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.program import Program
from sgdmem.symbolic.summand_program import coefficient_names, coefficient_program

TELLING = (0, 1, -1, 2)  # values at which a constructor may do something special


@dataclass(frozen=True)
class FamilyProgram:
    """The half-plane form of every member of a family.

    Attributes
    ----------
    parameters : tuple of str
    memory : int
    program : Program
        A `coefficient_program` of the parameters.
    rows : tuple of int
        Which numbers of the form its results are; the others are 0.
    """

    parameters: tuple[str, ...]
    memory: int
    program: Program
    rows: tuple[int, ...]

    def source(self, cuda: bool = False) -> str:
        """Return the module that evaluates it."""
        return coefficient_source(self.program, self.parameters, cuda)

    def evaluate(self, values: Array, radii: Array) -> tuple[Array, Array]:
        """Return the numbers of the forms, shape (3 M + 4, P), and bounds of their errors.

        ``values`` and ``radii``, shape (K, P), are the parameters with bounds of their errors.
        """
        count = len(coefficient_names(self.memory))
        found = np.zeros((2, count, values.shape[1]))
        results = np.empty((2, len(self.program.outputs), values.shape[1]))
        load_module(self.source()).coefficients(values, radii, *results, 0, values.shape[1])
        found[:, self.rows] = results[:, : len(self.rows)]
        return found[0], found[1]


def family_program(
    build: Callable[..., Algorithm], samples: Mapping[str, Sequence[Fraction]]
) -> tuple[FamilyProgram, dict[str, list[Fraction]]] | None:
    """Return a family as a program of its parameters, and the values that it does not hold for.

    A constructor may treat some values in a special way (PyTorch's SGD without momentum ignores its
    dampening). The program is compared with the constructor, exactly, at telling values.

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
    symbols = {name: Symbol(name, real=True) for name in names}
    try:
        algorithm = build(**symbols)
        program, zeros = coefficient_program(algorithm, names)
    except (InputError, TypeError, AttributeError, ValueError):
        return None
    shifted = algorithm.half_plane_form.Q_output is not algorithm.half_plane_form.Q
    all_names = coefficient_names(algorithm.memory, shifted)
    present = [row for row, name in enumerate(all_names) if name not in zeros]
    count = len(coefficient_names(algorithm.memory))
    rows = tuple(row for row in present if row < count)  # the noise at w is not needed
    usual = {name: _usual(values) for name, values in samples.items()}
    tested = {
        name: {value for value in values if value in TELLING} | {min(values), max(values)}
        for name, values in samples.items()
    }
    exceptions = special_values(build, algorithm, usual, tested)
    if exceptions is None:
        return None
    return FamilyProgram(names, algorithm.memory, program, rows), exceptions


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


def _usual(values: Sequence[Fraction]) -> Fraction:
    """Return a value in the middle that is not a telling one."""
    inner = sorted(value for value in values if value not in TELLING) or sorted(values)
    return inner[len(inner) // 2]
