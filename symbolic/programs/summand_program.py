"""The programs behind every evaluator: parameters to coefficients, coefficients to the summand.

The first depends on the family and runs once for each member; the second is the Routh-Astrom
recursion of `sgdmem.symbolic.algebra.routh`, recorded, and runs once for each eigenvalue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sgdmem.symbolic.algebra.routh import HalfPlaneForm, summands
from sgdmem.symbolic.algebra.scalars import Element, fraction_of, to_sympy
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_no_shrink
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.programs.program import Program, trace

EIGENVALUE = "lam"
_MOST_FACTORED_SYMBOLS = 6  # factoring takes long with more


def coefficient_names(memory: int, shifted: bool = False) -> list[str]:
    """Return the names of the numbers in a half-plane form, in the order of its row.

    Examples
    --------
    >>> coefficient_names(1)
    ['fixed_0', 'fixed_1', 'moving_0', 'moving_1', 'pull', 'Q_0', 'Q_1']
    """
    vectors = ["fixed", "moving", "Q", *(["Q_output"] if shifted else [])]
    fixed, moving, *Q = ([f"{key}_{i}" for i in range(memory + 1)] for key in vectors)
    return [*fixed, *moving, "pull", *(name for vector in Q for name in vector)]


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
        If a coefficient is not a rational function of the parameters.

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

    The results are named by `coefficient_names`.

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
    require_no_shrink(algorithm, "programs of the noise summand")
    expressions = [to_sympy(value) for value in algorithm.half_plane_form.row]
    return expression_program(expressions, algorithm, parameters)


def expression_program(
    expressions: Sequence[Any], algorithm: Algorithm, parameters: Sequence[str]
) -> Program:
    """Return rational expressions of an algorithm's symbols as a program.

    Parameters
    ----------
    expressions
        SymPy expressions, the results of the program.
    algorithm, parameters
        As in `coefficient_program`, errors too.
    """
    import sympy

    if len(algorithm.free_symbols) <= _MOST_FACTORED_SYMBOLS:
        expressions = [sympy.factor(value) for value in expressions]
    shared, reduced = sympy.cse(expressions)

    def coefficients(*numbers: Element) -> list[Element]:
        known: dict[Any, Element] = {
            sympy.Symbol(name, real=True): number
            for name, number in zip(parameters, numbers, strict=True)
        }
        for symbol, value in shared:
            known[symbol] = _evaluate(value, known)
        return [_evaluate(value, known) for value in reduced]

    return trace(coefficients, list(parameters))


def _evaluate(expression: Any, known: Mapping[Any, Element]) -> Element:
    """Return the value of a rational expression, computed with + - * / alone."""
    if expression in known:
        return known[expression]
    if expression.is_Rational:
        return fraction_of(expression)
    if expression.is_Add:
        # what is subtracted is written so, not as a product with -1
        total: Element = None
        for term in sorted(expression.args, key=lambda x: x.could_extract_minus_sign()):
            negative = total is not None and term.could_extract_minus_sign()
            value = _evaluate(-term if negative else term, known)
            total = value if total is None else total - value if negative else total + value
        return total
    if expression.is_Mul:
        top, bottom = expression.as_numer_denom()
        if bottom != 1:
            return _evaluate(top, known) / _evaluate(bottom, known)
        product: Element = 1
        for factor in expression.args:
            product = product * _evaluate(factor, known)
        return product
    if expression.is_Pow and expression.exp.is_Integer:
        power, base = abs(int(expression.exp)), _evaluate(expression.base, known)
        value = base
        for _ in range(power - 1):
            value = value * base
        return value if expression.exp > 0 else 1 / value
    raise InputError(f"{expression} is not a rational function of the parameters")
