"""Expressions as products of factors: by FLINT, which takes a tenth of SymPy's time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from sgdmem.symbolic.algebra.rational_functions import Parameters, RationalFunction, Terms
from sgdmem.symbolic.algebra.scalars import Element, fraction_of
from sgdmem.symbolic.errors import InputError


def factored(expression: Any) -> tuple[Any, list[tuple[Any, int]]]:
    """Return a rational expression as a number and powers of factors, which are sums of terms.

    Factors are coprime polynomials over the integers; those below the line have negative powers.

    Examples
    --------
    >>> from sympy import symbols
    >>> x, y = symbols("x y")
    >>> factored((x**2 - y**2) / (4 * y - 4))
    (-1/4, [(1 - y, -1), (x - y, 1), (x + y, 1)])
    """
    import sympy

    try:
        value, symbols = as_rational(expression)
    except InputError:  # roots, say
        return _by_sympy(expression)
    if not isinstance(value, RationalFunction):
        return sympy.Rational(value), []
    number, powers = value.factors()
    return sympy.Rational(number), [(_sum(terms, symbols), power) for terms, power in powers]


def as_rational(expression: Any) -> tuple[Element, list[Any]]:
    """Return an expression as a rational function of its symbols, or a number, and these.

    Raises
    ------
    InputError
        If it is not rational.
    """
    symbols = sorted(expression.free_symbols, key=lambda symbol: symbol.sort_key())
    field = Parameters([f"x{k}" for k in range(len(symbols))])
    return rational_value(expression, dict(zip(symbols, field.variables, strict=True))), symbols


def rational_value(expression: Any, known: Mapping[Any, Element]) -> Element:
    """Return the value of a rational expression at known values of its symbols.

    Raises
    ------
    InputError
        If it is not rational, or a symbol is not known.
    """
    if expression in known:
        return known[expression]
    if expression.is_Rational:
        return fraction_of(expression)
    if expression.is_Add:
        return sum(rational_value(term, known) for term in expression.args)
    if expression.is_Mul:
        return prod(rational_value(factor, known) for factor in expression.args)
    if expression.is_Pow and expression.exp.is_Integer:
        return rational_value(expression.base, known) ** int(expression.exp)
    raise InputError(f"{expression} is not a rational function of the parameters")


def _sum(terms: Terms, symbols: Sequence[Any]) -> Any:
    from sympy import Add, Mul, Rational

    return Add(
        *(
            Mul(Rational(number), *(x**k for x, k in zip(symbols, powers, strict=True) if k))
            for powers, number in terms.items()
        )
    )


def _by_sympy(expression: Any) -> tuple[Any, list[tuple[Any, int]]]:
    import sympy

    number, found = sympy.Integer(1), []
    for part, sign in zip(sympy.fraction(sympy.cancel(expression)), (1, -1), strict=True):
        unit, factors = sympy.factor_list(part)
        number *= unit**sign
        found += [(factor, sign * power) for factor, power in factors]
    return number, found
