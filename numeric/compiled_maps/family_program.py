"""A family of algorithms as a compiled program of its parameters."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from sgdmem.numeric.arithmetic.ball import Ball
from sgdmem.numeric.compilation.lowering import constant
from sgdmem.numeric.compiled_maps.machine_code_of_coefficients import coefficient_source
from sgdmem.symbolic.algebra.routh import HalfPlaneForm
from sgdmem.symbolic.algebra.scalars import Element
from sgdmem.symbolic.algorithms.branching_values import member_and_branches
from sgdmem.symbolic.algorithms.constructors import as_family
from sgdmem.symbolic.algorithms.family import Build, Family
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.programs.program import Program, trace
from sgdmem.symbolic.programs.special_values import special_values
from sgdmem.symbolic.programs.summand_program import coefficient_names, coefficient_program

_MOST_TESTED = 4096  # values of an axis
_LONGEST = 12  # memory: of more, floats leave much open


@dataclass(frozen=True)
class FamilyProgram:
    """The half-plane form of every member of a family.

    Attributes
    ----------
    parameters : tuple of str
    memory : int
    program : Program
        The `coefficient_program` of the parameters, without Q_output.
    decays : bool
        Whether its last result is the ``decay`` of the form: w shrinks, or there is weight decay.
    """

    parameters: tuple[str, ...]
    memory: int
    program: Program
    decays: bool = False

    @classmethod
    def of(
        cls,
        parameters: tuple[str, ...],
        memory: int,
        coefficients: Program,
        shrinks: bool = False,
    ) -> FamilyProgram:
        """Return the family with a `coefficient_program`; the noise at w is left out.

        Its last result is the decay of a family that ``shrinks`` w.
        """
        every = coefficients.outputs
        wanted = every[: len(coefficient_names(memory))] + every[len(every) - shrinks :]
        return cls(parameters, memory, replace(coefficients, outputs=wanted), shrinks)

    def decayed(self, rate: Fraction) -> FamilyProgram:
        """Return the family with weight decay in the gradient."""

        def numbers(*values: Element) -> tuple[Element, ...]:
            row = self.program.run(dict(zip(self.program.inputs, values, strict=True)))
            return HalfPlaneForm.of_row(row, self.memory, self.decays).decayed(rate).row

        program = trace(numbers, self.program.inputs)
        return replace(self, program=program, decays=True)

    def source(self, damped: bool, cuda: bool = False) -> str:
        """Return the module that evaluates it; if ``damped`` tau2 / B is passed through."""
        return coefficient_source(self.program, self.parameters, int(damped), cuda)

    @cached_property
    def _in_floats(self) -> Program:
        """The program, whose numbers are within the range of floats; InputError if they are not."""
        for kind, *numbers in self.program.steps:
            if kind == "constant":
                constant(*numbers)
        return self.program

    def form(self, values: Mapping[str, Ball], shape: tuple[int, ...]) -> HalfPlaneForm:
        """Return the half-plane form of many members; its Q_output is Q."""
        nothing = Ball(np.zeros(shape))  # what is the same for all becomes an array, too
        row = [nothing + entry for entry in self._in_floats.run(values)]
        return HalfPlaneForm.of_row(row, self.memory, self.decays)

    def count(self, damped: bool) -> int:
        """Return how many numbers the module fills for each member."""
        return len(self.program.outputs) + damped


def family_program(
    build: Build, samples: Mapping[str, Sequence[Fraction]]
) -> tuple[FamilyProgram, dict[str, list[Fraction]]] | None:
    """Return a family as a program of its parameters, and the values that it does not hold for.

    A constructor may treat some values in a special way (PyTorch's SGD without momentum ignores its
    dampening). The program is compared with the constructor, exactly, at telling values, those with
    which the constructor compares its parameters, and scattered points.

    Parameters
    ----------
    build
        A family, all of whose parameters vary, or such a function.
    samples
        For each parameter the values that it is wanted for.

    Returns
    -------
    program, exceptions
        None if the family is not a rational function of its parameters, or not one program; a
        warning says why, as each point is judged by itself then.
    """
    names, family = tuple(samples), as_family(build)
    if not all(name.isidentifier() for name in names):
        _warn(family, "a parameter is not called by a word")  # they become source text
        return None
    try:
        algorithm, special = member_and_branches(family.varying(names, {}))
        if algorithm.memory > _LONGEST:
            _warn(family, f"machine code is for memory up to {_LONGEST}, not {algorithm.memory}")
            return None
        program = coefficient_program(algorithm, names)
    except (InputError, ArithmeticError, LookupError) as error:  # also of symbols of its own
        _warn(family, str(error))
        return None
    usual = {name: _usual(values, special.values[name]) for name, values in samples.items()}
    ordered = {name: sorted(values) for name, values in samples.items()}
    tested = {
        name: {values[0], values[-1], *special.values[name].intersection(values)}
        for name, values in ordered.items()
    }
    if special.is_hashed:
        for name, values in ordered.items():
            tested[name].update(values[:: len(values) // _MOST_TESTED + 1])
    exceptions = special_values(build, algorithm, program, usual, tested, special.curves, ordered)
    if exceptions is None:
        _warn(family, "it is not one rational function of its parameters, exactly")
        return None
    shrinks = bool(algorithm.shrink != 0)
    return FamilyProgram.of(names, algorithm.memory, program, shrinks), exceptions


def _warn(family: Family[...], why: str) -> None:
    warnings.warn(
        f"{family.name} is judged point by point, which may take hundreds of times longer: {why}",
        stacklevel=3,
    )


def _usual(values: Sequence[Fraction], telling: Collection[Fraction]) -> Fraction:
    """Return a value in the middle that is not a telling one."""
    inner = sorted(value for value in values if value not in telling) or sorted(values)
    return inner[len(inner) // 2]
