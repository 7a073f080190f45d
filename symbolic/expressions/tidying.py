"""Expressions as a careful author would leave them: factored, with signs that say something."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy

from sgdmem.symbolic.expressions.products import is_negative, split, times

_MOST_GROUPED = 30  # terms of a sum in which common letters are looked for
_MOST_ORDERS = 5  # symbols of which any may come first in that


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
    found = spread(_PLAIN(expression))
    number, top, bottom = split(found)
    if number > 0:
        return found
    for factor in top:  # a sum of letters takes the sign in
        if factor.is_Add and factor.as_coeff_Add()[0] == 0:
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
    >>> grouped(sympy.expand(a * b * c + d * (1 - a)))
    a*b*c + d*(1 - a)
    >>> grouped(sympy.expand(a * b + c * (1 - b) ** 2))
    a*b + c*(1 - b)**2
    """
    if len(total.args) > _MOST_GROUPED:
        return total
    symbols = sorted(total.free_symbols, key=_alphabetic)
    orders = [symbols]
    if len(symbols) <= _MOST_ORDERS:
        orders += [symbols[k:] + symbols[:k] for k in range(1, len(symbols))]
    return min((_grouped(total, order) for order in orders), key=_effort)


def _grouped(total: Any, symbols: Sequence[Any]) -> Any:
    """Return a polynomial in 1 - x or 1 + x in the place of symbols x, where that is shorter."""
    meanings: dict[Any, Any] = {}
    for symbol in symbols:
        for sign in (-1, 1):
            other = sympy.Dummy(symbol.name)
            changed = sympy.expand(total.xreplace({symbol: sign * (other - 1)}))
            if len(sympy.Add.make_args(changed)) < len(sympy.Add.make_args(total)):
                total, meanings[other] = changed, 1 + sign * symbol
                break
    places = {symbol.name: place for place, symbol in enumerate(symbols)}
    return _bracketed(_with_both(total, meanings), meanings, places)


def _with_both(total: Any, meanings: dict[Any, Any]) -> Any:
    """Return t - t (1 - x) as t x."""
    for other, meaning in list(meanings.items()):
        symbol = 1 - meaning
        if not symbol.is_Symbol:
            continue
        terms = list(sympy.Add.make_args(total))
        for term in terms:
            if not term.is_number and -term * other in terms:
                total = total - term + term * other + term * symbol
    return total


def _effort(expression: Any) -> int:
    """Return how many letters there are to read, and what is taken away other than from 1."""
    if not expression.args:
        return int(not expression.is_Number)
    total = sum(map(_effort, expression.args))
    if expression.is_Add:
        taken = sum(is_negative(term) for term in expression.args)
        return total + taken - (taken == 1 and len(expression.args) == 2 and 1 in expression.args)
    return total


def _alphabetic(symbol: Any) -> str:
    return str(symbol).lower()


def _bracketed(total: Any, meanings: Mapping[Any, Any], places: Mapping[str, int]) -> Any:
    """Return a polynomial with common symbols of its terms in front, and names put in."""
    terms = sympy.Add.make_args(total)
    if len(terms) == 1:
        powers = total.as_powers_dict().items()
        return times(*(meanings.get(base, base) ** power for base, power in powers))
    best: tuple[int, Any, list[Any]] | None = None
    for symbol in sorted(total.free_symbols, key=lambda symbol: places[symbol.name]):
        having = [term for term in terms if term.has(symbol)]
        shares = [term / symbol for term in having]
        plain = all(not share.has(symbol) and not share.is_number for share in shares)
        plain = plain or _is_rest_of_one(shares, symbol)
        if plain and len(having) > max(1, best[0] if best else 0):
            best = (len(having), symbol, having)
    if best is None:
        return sympy.Add(*(_bracketed(term, meanings, places) for term in terms))
    _, symbol, having = best
    inner = sympy.expand(sympy.Add(*having) / symbol)
    number = inner.as_coeff_Add()[0]
    sign = -1 if number < 0 or all(x.could_extract_minus_sign() for x in inner.args) else 1
    first = times(
        sign, meanings.get(symbol, symbol), _bracketed(sympy.expand(sign * inner), meanings, places)
    )
    rest = [term for term in terms if term not in having]
    return sympy.Add(first, _bracketed(sympy.Add(*rest), meanings, places)) if rest else first


def _is_rest_of_one(shares: Sequence[Any], symbol: Any) -> bool:
    """Whether two shares are 1 and -y, or -1 and y: x - x y is x (1 - y)."""
    if len(shares) != 2:
        return False
    one, other = sorted(shares, key=lambda x: not x.is_number)
    if one not in (1, -1) or other.is_number or other.has(symbol):
        return False
    return bool(other.as_coeff_Mul()[0] == -one)


_PLAIN = Tidier((), lambda factor: None)
