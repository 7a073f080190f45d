"""Products as they are written: a number, what is above and what is below the line."""

from __future__ import annotations

from typing import Any

import sympy


def factors_of(product: Any) -> list[Any]:
    """Return the factors of a product, of products inside it too."""
    if not product.is_Mul:
        return [product]
    return [factor for part in product.args for factor in factors_of(part)]


def split(term: Any) -> tuple[Any, list[Any], list[Any]]:
    """Return a term's number, and what it is multiplied with and divided by."""
    number, top, bottom = sympy.Integer(1), [], []
    for factor in factors_of(term):
        base, power = factor.as_base_exp()
        if factor.is_Rational:
            number *= factor
        elif power.is_number and power < 0:
            bottom.append(base ** (-power))
        else:
            top.append(factor)
    return number, top, bottom


def is_negative(term: Any) -> bool:
    """Whether the number in front of a term is negative."""
    return bool(split(term)[0] < 0)


def begins_negative(expression: Any) -> bool:
    """Whether people put a minus sign in front: of a sum, of its number or of all its terms.

    Examples
    --------
    >>> from sympy import symbols
    >>> a, b = symbols("a b")
    >>> [begins_negative(x) for x in (-a, a - 1, -a - b, a - b)]
    [True, True, True, False]
    """
    if not expression.is_Add:
        return is_negative(expression)
    return bool(expression.as_coeff_Add()[0] < 0 or all(map(is_negative, expression.args)))


def opposite(term: Any) -> Any:
    """Return minus a term."""
    number, top, bottom = split(term)
    return times(-number, *top, *(1 / factor for factor in bottom))


def times(*factors: Any) -> Any:
    """Return a product in which a number stays in front of a sum.

    Examples
    --------
    >>> from sympy import Symbol
    >>> times(2, 1 + Symbol("x"))
    2*(x + 1)
    """
    flat = [part for factor in factors for part in factors_of(sympy.sympify(factor))]
    number = sympy.Mul(*(factor for factor in flat if factor.is_Number))
    rest = sympy.Mul(*(factor for factor in flat if not factor.is_Number))
    if number == 1:
        return rest
    return sympy.Mul(number, rest, evaluate=False) if rest.is_Add else number * rest
