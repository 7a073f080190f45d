"""Expressions as a careful author would leave them: factored, with signs that say something."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy

from sgdmem.symbolic.derivations.typesetting.writer import times

_MOST_GROUPED = 30  # terms of a sum in which common letters are looked for


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
        top, bottom = map(self._factored, sympy.fraction(sympy.cancel(expression)))
        found = times(top[0] / bottom[0], top[1], 1 / bottom[1])
        return spread(found) if any(found.has(x) for x in self._symbols[:-1]) else found

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
        """Return a sum in powers of a symbol."""
        factor = sympy.expand(factor)
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
            return False
        variable = next((x for x in self._symbols[:-1] if factor.has(x)), None)
        if variable is not None:  # a polynomial: its leading coefficient counts
            return self._is_negative(sympy.Poly(factor, variable).LC())
        value = self._value(factor)
        if value is None or value == 0:
            return bool(factor.could_extract_minus_sign())
        return bool(value < 0)


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


def grouped(total: Any) -> Any:
    """Return a polynomial with fewer letters in it, if that is how people would write it.

    Examples
    --------
    >>> a, b, c, d = sympy.symbols("a b c d")
    >>> grouped(sympy.expand((1 - a) * (1 - b) - c * d))
    -c*d + (1 - a)*(1 - b)
    >>> grouped(sympy.expand(a * (1 - b) + c))
    a*(1 - b) + c
    >>> grouped(a + b - 2 * a * b)
    -2*a*b + a + b
    """
    if len(total.args) > _MOST_GROUPED:
        return total
    meanings: dict[Any, Any] = {}
    for symbol in sorted(total.free_symbols, key=_alphabetic):
        for sign in (-1, 1):
            other = sympy.Dummy(str(symbol))
            changed = sympy.expand(total.xreplace({symbol: sign * (other - 1)}))
            if len(sympy.Add.make_args(changed)) < len(sympy.Add.make_args(total)):
                total, meanings[other] = changed, 1 + sign * symbol
                break
    return _bracketed(total, meanings)


def _alphabetic(symbol: Any) -> str:
    return str(symbol).lower()


def _bracketed(total: Any, meanings: Mapping[Any, Any]) -> Any:
    """Return a polynomial with common symbols of its terms in front, and names put in."""
    terms = sympy.Add.make_args(total)
    if len(terms) == 1:
        powers = total.as_powers_dict().items()
        return times(*(meanings.get(base, base) ** power for base, power in powers))
    best: tuple[int, Any, list[Any]] | None = None
    for symbol in sorted(total.free_symbols, key=_alphabetic):
        having = [term for term in terms if term.has(symbol)]
        shares = [term / symbol for term in having]
        plain = all(not share.has(symbol) and not share.is_number for share in shares)
        if plain and len(having) > max(1, best[0] if best else 0):
            best = (len(having), symbol, having)
    if best is None:
        return sympy.Add(*(_bracketed(term, meanings) for term in terms))
    _, symbol, having = best
    inner = sympy.expand(sympy.Add(*having) / symbol)
    sign = -1 if all(term.could_extract_minus_sign() for term in inner.args) else 1
    first = times(
        sign, meanings.get(symbol, symbol), _bracketed(sympy.expand(sign * inner), meanings)
    )
    rest = [term for term in terms if term not in having]
    return sympy.Add(first, _bracketed(sympy.Add(*rest), meanings)) if rest else first
