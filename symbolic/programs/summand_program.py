"""The programs behind every evaluator: parameters to coefficients, coefficients to the summand.

The first depends on the family and runs once for each member; the second is the Routh-Astrom
recursion of `sgdmem.symbolic.algebra.routh`, recorded, and runs once for each eigenvalue.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sgdmem.symbolic.algebra.rational_functions import Parameters
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, summands
from sgdmem.symbolic.algebra.scalars import Element, Scalar, is_symbolic
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_no_shrink
from sgdmem.symbolic.expressions.factoring import rational_value
from sgdmem.symbolic.programs.program import Program, trace
from sgdmem.symbolic.programs.rational_program import rational_program

EIGENVALUE = "lam"
NO_SHRINK = "programs of the noise summand"  # which know no decay


def coefficient_names(memory: int, shifted: bool = False, decays: bool = False) -> list[str]:
    """Return the names of the numbers in a half-plane form, in the order of its row.

    Examples
    --------
    >>> coefficient_names(1)
    ['fixed_0', 'fixed_1', 'moving_0', 'moving_1', 'pull', 'Q_0', 'Q_1']
    """
    vectors = ["fixed", "moving", "Q", *(["Q_output"] if shifted else [])]
    fixed, moving, *Q = ([f"{key}_{i}" for i in range(memory + 1)] for key in vectors)
    ends = ["decay"] if decays else []
    return [*fixed, *moving, "pull", *(name for vector in Q for name in vector), *ends]


@lru_cache(maxsize=64)
def summand_program(
    memory: int, shifted: bool = False, zeros: frozenset[str] = frozenset()
) -> Program:
    """Return the recursion of a memory as a program of coefficients and the eigenvalue.

    Its results are s / lambda at the point of the gradient, the same at w if ``shifted``, and the
    M + 2 pivots, all positive exactly when P - lambda Q is strictly Schur.

    Parameters
    ----------
    memory : int
    shifted : bool
        Whether Q_output differs from Q.
    zeros
        Names of coefficients that are 0 for the whole family, and cost nothing.

    Examples
    --------
    >>> print(summand_program(0))
    t5 = lam * moving_0
    t6 = fixed_0 - t5
    t7 = lam * pull
    t9 = 1 / pull
    t10 = 1 / t6
    t11 = t9 * t10
    t12 = Q_0 * Q_0
    t13 = t11 * t12
    return t13, t6, t7
    """
    names = coefficient_names(memory, shifted)

    def recursion(lam: Element, *row: Element) -> list[Element]:
        given = [0 if name in zeros else number for name, number in zip(names, row, strict=True)]
        found = summands(HalfPlaneForm.of_row(given, memory), lam)
        output = [found.output_noise] if shifted else []
        return [found.noise, *output, *found.pivots]

    return trace(recursion, [EIGENVALUE, *names])


def family_summand_program(algorithm: Algorithm, parameters: Sequence[str]) -> Program:
    """Return the recursion of a family as a program of its parameters and the eigenvalue.

    The results are those of `summand_program`.

    Parameters
    ----------
    algorithm
        With the parameters as its symbols.
    parameters
        Their names.

    Raises
    ------
    InputError
        If a coefficient is not a rational function of the parameters, or w shrinks.

    Examples
    --------
    >>> from sympy import Symbol
    >>> from sgdmem.symbolic.zoo.named_algorithms import sgd
    >>> rate = Symbol("learning_rate", real=True)
    >>> print(family_summand_program(sgd(rate), ["learning_rate"]))
    t3 = learning_rate * -1
    t4 = lam * learning_rate
    t6 = 2 - t4
    t8 = 1 / learning_rate
    t9 = 1 / t6
    t10 = t8 * t9
    t11 = t3 * t3
    t12 = t10 * t11
    return t12, t6, t4
    """
    require_no_shrink(algorithm, NO_SHRINK)
    coefficients = coefficient_program(algorithm, parameters)
    return joined_program(coefficients, algorithm.memory, algorithm.half_plane_form.shifted)


def joined_program(coefficients: Program, memory: int, shifted: bool) -> Program:
    """Return a `family_summand_program` from a `coefficient_program`."""
    names = coefficient_names(memory, shifted)
    recursion = recursion_of(coefficients, memory, shifted)

    def both(lam: Element, *numbers: Element) -> tuple[Element, ...]:
        values = coefficients.run(dict(zip(coefficients.inputs, numbers, strict=True)))
        return recursion.run({EIGENVALUE: lam, **dict(zip(names, values, strict=True))})

    return trace(both, [EIGENVALUE, *coefficients.inputs])


def recursion_of(coefficients: Program, memory: int, shifted: bool) -> Program:
    """Return the `summand_program` in which what vanishes for a whole family costs nothing."""
    names = coefficient_names(memory, shifted)
    zeros = {
        name
        for name, step in zip(names, coefficients.outputs, strict=True)
        if coefficients.steps[step] == ("constant", 0)
    }
    return summand_program(memory, shifted, frozenset(zeros))


def coefficient_program(algorithm: Algorithm, parameters: Sequence[str]) -> Program:
    """Return the numbers of a half-plane form as a program of an algorithm's parameters.

    The results are named by `coefficient_names`; with ``decay`` if w shrinks.

    Parameters
    ----------
    algorithm
        With the parameters as its symbols.
    parameters
        Their names.

    Raises
    ------
    InputError
        If a coefficient is not a rational function of the parameters.
    """
    return expression_program(algorithm.half_plane_form.row, parameters)


def expression_program(values: Sequence[Scalar], parameters: Sequence[str]) -> Program:
    """Return numbers, rational functions and expressions of some parameters as a program.

    Raises
    ------
    InputError
        If an expression is not a rational function of the parameters.
    """
    if any(map(is_symbolic, values)):
        from sympy import Symbol

        symbols = (Symbol(name, real=True) for name in parameters)
        known = dict(zip(symbols, Parameters(parameters).variables, strict=True))
        values = [rational_value(x, known) if is_symbolic(x) else x for x in values]
    return rational_program(values, parameters)
