"""Expressions as a careful author would leave them: factored, with signs that say something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy

from sgdmem.symbolic.derivations.typesetting.writer import times


class Tidier:
    """Arranges expressions as products of factors that are positive where the method is stable.

    Sums are collected in powers of the eigenvalue, whose coefficients are factored.

    Parameters
    ----------
    eigenvalue : Symbol
    value : callable
        Returns the value of a factor where the method is stable, None if it is not known.
    """

    def __init__(self, eigenvalue: Any, value: Callable[[Any], Any]) -> None:
        self._eigenvalue, self._value = eigenvalue, value
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
        top, bottom = map(self._factored, sympy.fraction(sympy.cancel(expression)))
        return times(top[0] / bottom[0], top[1], 1 / bottom[1])

    def _factored(self, polynomial: Any) -> tuple[Any, Any]:
        """Return a number and a product whose factors are positive at the stable point."""
        if polynomial.is_Number:
            return polynomial, sympy.Integer(1)
        number, factors = sympy.factor_list(polynomial)
        product = []
        for factor, power in factors:
            if self._is_negative(factor):
                factor, number = -factor, number * (-1) ** power
            if all(term.could_extract_minus_sign() for term in sympy.Add.make_args(factor)):
                factor, number = -factor, number * (-1) ** power
            product.append(self._collected(factor) ** power)
        return number, sympy.Mul(*product)

    def _collected(self, factor: Any) -> Any:
        """Return a sum in powers of the eigenvalue."""
        lam = self._eigenvalue
        factor = sympy.expand(factor)
        if not factor.is_Add or not factor.has(lam) or factor.free_symbols == {lam}:
            return factor
        powers = sympy.Poly(factor, lam).as_dict().items()
        return sympy.Add(*(times(self(value), lam ** power[0]) for power, value in powers))

    def _is_negative(self, factor: Any) -> bool:
        if not factor.free_symbols:
            return False
        value = self._value(factor)
        if value is None or value == 0:
            return bool(factor.could_extract_minus_sign())
        return bool(value < 0)
