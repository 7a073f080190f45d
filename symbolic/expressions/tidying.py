"""Expressions as a careful author would leave them: factored, with signs that say something."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy

from sgdmem.symbolic.expressions.factoring import factored
from sgdmem.symbolic.expressions.grouping import grouped
from sgdmem.symbolic.expressions.products import is_negative, split, times


class Tidier:
    """Arranges expressions as products of factors that are positive where the method is stable.

    Sums are collected in powers of the first of some symbols that they have, with coefficients
    that are factored.

    Parameters
    ----------
    collected : sequence of symbols
        Variables of polynomials, and the eigenvalue.
    value : callable
        Returns the value of a factor where the method is stable, None if it is not known.
    """

    def __init__(self, collected: Sequence[Any], value: Callable[[Any], Any]) -> None:
        self._symbols, self._value = collected, value
        self._tidied: dict[Any, Any] = {}

    def __call__(self, expression: Any) -> Any:
        """Return the expression, arranged."""
        expression = sympy.sympify(expression)
        if expression not in self._tidied:
            self._tidied[expression] = self._tidy(expression)
        return self._tidied[expression]

    def _tidy(self, expression: Any) -> Any:
        if expression.is_Number or expression.is_Symbol:
            return expression
        number, factors = factored(expression)
        above: list[Any] = []
        below: list[Any] = []
        for factor, power in factors:
            for turns in (self._is_negative, self._begins_with_minus):
                if turns(factor):  # factors are positive at the stable point
                    factor, number = -factor, number * (-1) ** abs(power)
            side = above if power > 0 else below
            side.append(self._collected(factor) ** abs(power))
        found = times(number, sympy.Mul(*above), 1 / sympy.Mul(*below))
        return spread(found) if any(found.has(x) for x in self._symbols[:-1]) else found

    def _begins_with_minus(self, factor: Any) -> bool:
        """Whether a sum would be written with minus signs first, and there is a better way."""
        terms, last = sympy.Add.make_args(factor), self._symbols[-1:]
        if len(terms) > 2 and factor.has(*last) and not factor.has(*self._symbols[:-1]):
            lowest = factor.coeff(*last, 0)
            terms = sympy.Add.make_args(lowest) if lowest != 0 else terms
            return len(terms) > 1 and all(map(is_negative, terms))
        return all(map(is_negative, terms))

    def _collected(self, factor: Any) -> Any:
        """Return a sum in powers of a symbol."""
        symbol = next((x for x in self._symbols if factor.has(x)), None)
        if not factor.is_Add or factor.free_symbols == {symbol}:
            return factor
        if symbol is None:
            return grouped(factor)
        powers = sympy.Poly(factor, symbol).as_dict().items()
        terms = (spread(self(c)) if not k else times(self(c), symbol**k) for (k,), c in powers)
        return sympy.Add(*terms)

    def _is_negative(self, factor: Any) -> bool:
        if not factor.free_symbols:
            return bool(factor.is_Number and factor < 0)
        variable = next((x for x in self._symbols[:-1] if factor.has(x)), None)
        if variable is not None:  # a polynomial: its leading coefficient counts
            return self._is_negative(sympy.Poly(factor, variable).LC())
        value = self._value(factor)
        if value is None or value == 0:
            number = factor.as_coeff_Add()[0]
            return bool(number < 0 or (number == 0 and factor.could_extract_minus_sign()))
        return bool(value < 0)


def arranged(expression: Any) -> Any:
    """Return an expression as `Tidier` leaves it where nothing is known of the signs of factors.

    Examples
    --------
    >>> eta, beta, nu = sympy.symbols("eta beta nu")
    >>> arranged(-eta / (beta - 1)), arranged(eta - eta * beta)
    (eta/(1 - beta), eta*(1 - beta))
    >>> arranged((nu - eta) / (beta - 1))
    (eta - nu)/(1 - beta)
    """
    return sign_taken_in(spread(_PLAIN(expression)))


def sign_taken_in(found: Any) -> Any:
    """Return a product with a minus in front with the sign in one of its sums of letters."""
    number, top, bottom = split(found)
    if number > 0:
        return found
    for factor in top:  # a sum of letters takes the sign in
        mixed = factor.is_Add and any(map(is_negative, factor.args))
        if mixed and factor.as_coeff_Add()[0] == 0:
            others = (x for x in top if x is not factor)
            below = (1 / x for x in bottom)
            return times(-number, *others, spread(times(-1, factor)), *below)
    return found


def spread(expression: Any) -> Any:
    """Return minus a sum as the sum of its terms with other signs; anything else as it is.

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> spread(times(-1, x + y))
    -x - y
    """
    if expression.is_Mul and len(expression.args) == 2:
        number, rest = expression.args
        if number == -1 and rest.is_Add:
            return sympy.Add(*(times(-1, term) for term in rest.args))
    return expression


_PLAIN = Tidier((), lambda factor: None)
