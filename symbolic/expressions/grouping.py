"""Polynomials with as few letters as people would write them with."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from typing import Any

import sympy

from sgdmem.symbolic.expressions.products import times

_MOST_TERMS = 30  # of a sum in which common letters are looked for
_SYMMETRIC = 3  # terms of a sum that stays as it is if letters can change places
_DEEPEST, _FEW_SYMBOLS = 3, 6  # parentheses within each other, of so many symbols
_MINUS, _PARENTHESES, _POWER = 0.7, 0.5, 0.5  # what they cost, in letters
_COMPLEMENT = 2.0  # what 1 - beta costs: it is read as one thing


def grouped(total: Any) -> Any:
    """Return a polynomial with fewer letters in it, if that is how people would write it.

    Of the ways to take out a letter, or 1 minus or plus a letter, and of those for what is left,
    the one is taken with the fewest letters and minus signs.

    Examples
    --------
    >>> a, b, c, d = sympy.symbols("a b c d")
    >>> grouped(sympy.expand((1 - a) * (1 - b) - c * d))
    -c*d + (1 - a)*(1 - b)
    >>> grouped(sympy.expand(a * (1 - b) + c))
    a*(1 - b) + c
    >>> grouped(sympy.expand(a * b + c * (1 - b) ** 2))
    a*b + c*(1 - b)**2
    >>> grouped(a + b - 2 * a * b), grouped(a + b + a * b)
    (-2*a*b + a + b, a*b + a + b)
    """
    count = len(sympy.Add.make_args(total))
    if count > _MOST_TERMS or (count <= _SYMMETRIC and _is_symmetric(total)):
        return total
    if not total.is_polynomial(*total.free_symbols):  # in roots of a symbol, too
        return total
    total = sympy.expand(total)
    if len(total.free_symbols) > _FEW_SYMBOLS:
        return min((_at_once(total), total), key=cost)
    return _best(total, _DEEPEST)[1]


def _at_once(total: Any) -> Any:
    """Return a polynomial of many symbols in those complements and brackets that come first."""
    meanings: dict[Any, Any] = {}
    for symbol in sorted(total.free_symbols, key=_alphabetic):
        for sign in (-1, 1):
            other = _complement(symbol, sign)
            changed = sympy.expand(total.xreplace({symbol: sign * (other - 1)}))
            if len(sympy.Add.make_args(changed)) < len(sympy.Add.make_args(total)):
                total, meanings[other] = changed, 1 + sign * symbol
                break
    return _bracketed(total).xreplace(meanings)


def _bracketed(total: Any) -> Any:
    """Return a polynomial with the symbols that most of its terms have in front of brackets."""
    terms = sympy.Add.make_args(total)
    shares: dict[Any, list[Any]] = {}
    for symbol in sorted(total.free_symbols, key=_alphabetic):
        having = [term for term in terms if term.has(symbol)]
        plain = all(not (x / symbol).has(symbol) and not (x / symbol).is_number for x in having)
        if plain and len(having) > 1:
            shares[symbol] = having
    if not shares:
        return total
    symbol = max(shares, key=lambda x: len(shares[x]))  # the first of equals
    inner = sympy.expand(sympy.Add(*shares[symbol]) / symbol)
    sign = -1 if all(x.could_extract_minus_sign() for x in inner.args) else 1
    first = times(sign, symbol, _bracketed(sympy.expand(sign * inner)))
    rest = sympy.Add(*(term for term in terms if term not in shares[symbol]))
    return sympy.Add(first, _bracketed(rest))


def _is_symmetric(total: Any) -> bool:
    """Whether two symbols of a sum can change places, which people like to see."""
    found = sorted(total.free_symbols, key=_alphabetic)
    often = [x for x in found if sum(term.has(x) for term in total.args) > 1]
    pairs = combinations(often, 2)
    return any(total.xreplace({a: b, b: a}) == total for a, b in pairs)


@lru_cache(maxsize=5000)
def _best(total: Any, depth: int) -> tuple[float, Any]:
    """Return the best way to write an expanded polynomial, and what it costs."""
    if not total.is_Add:
        return cost(total), total
    ways = [*_taken_out(total, depth), *_with_complements(total, depth)] if depth else []
    found = [(cost(way), way) for way in (*ways, total)]
    return min(found, key=lambda pair: (round(pair[0], 3), len(pair[1].args)))


@lru_cache(maxsize=5000)
def _product(total: Any, depth: int) -> Any:
    """Return the best product of factors that a polynomial has."""
    number, factors = sympy.factor_list(total)
    if not factors:
        return total
    if len(factors) == 1 and factors[0][1] == 1:
        terms = sympy.Add.make_args(total)
        number = abs(number) * (-1 if all(x.could_extract_minus_sign() for x in terms) else 1)
        if _is_complement(-total / number):
            number = -number
        return times(number, _best(sympy.expand(total / number), depth)[1])
    parts = []
    for factor, power in factors:
        negative = all(x.could_extract_minus_sign() for x in sympy.Add.make_args(factor))
        if negative or _is_complement(-factor):
            factor, number = -factor, number * (-1) ** power
        parts.append(_best(sympy.expand(factor), depth)[1] ** power)
    return times(number, *parts)


def _is_complement(factor: Any) -> bool:
    """Whether a sum is 1 minus something."""
    terms = sympy.Add.make_args(factor)
    return (
        len(terms) == 2
        and sympy.S.One in terms
        and any(x.could_extract_minus_sign() for x in terms)
    )


def _taken_out(total: Any, depth: int) -> Iterator[Any]:
    """Yield sums in powers of each symbol, with products as coefficients."""
    for symbol in sorted(total.free_symbols, key=_alphabetic):
        pieces = sympy.Poly(total, symbol).as_dict().items()
        if len(pieces) == len(total.args):
            continue
        yield sympy.Add(
            *(
                sympy.Mul(*sympy.Mul.make_args(_product(value, depth - 1)), symbol**power)
                if power
                else _best(value, depth - 1)[1]
                for (power,), value in pieces
            )
        )


def _with_complements(total: Any, depth: int) -> Iterator[Any]:
    """Yield what a sum is in 1 - x or 1 + x in the place of x, where that has fewer terms."""
    plain = [x for x in sorted(total.free_symbols, key=_alphabetic) if not x.is_Dummy]
    together = [tuple(plain)] if len(plain) > 2 else []
    for symbols in (*((x,) for x in plain), *together):
        for sign in (-1, 1):
            others = {symbol: _complement(symbol, sign) for symbol in symbols}
            values = {symbol: sign * (other - 1) for symbol, other in others.items()}
            changed = sympy.expand(total.xreplace(values))
            if len(sympy.Add.make_args(changed)) < len(sympy.Add.make_args(total)):
                way = _product(changed, depth - 1)
                yield way.xreplace({other: 1 + sign * x for x, other in others.items()})


@lru_cache(maxsize=500)
def _complement(symbol: Any, sign: int) -> Any:
    return sympy.Dummy(str(symbol))


def cost(expression: Any) -> float:
    """Return how many letters and signs an expression is written with.

    Examples
    --------
    >>> a, b = sympy.symbols("a b")
    >>> cost(a * b), cost(1 - a), cost(a * (1 - b)), cost(a + b)
    (2.0, 2.7, 3.0, 2.0)
    """
    if expression.is_Add:
        return sum(
            cost(times(-1, term)) + _MINUS if term.could_extract_minus_sign() else cost(term)
            for term in expression.args
        )
    if expression.is_Mul:
        return sum(map(_of_factor, expression.args))
    return _of_factor(expression)


def _of_factor(factor: Any) -> float:
    if factor.is_Number:
        return 0.0 if factor == -1 else 1.0
    base, power = factor.as_base_exp()
    if base.is_Add:
        is_one_thing = len(base.args) == 2 and sympy.S.One in base.args
        is_one_thing &= bool(sum(len(x.free_symbols) for x in base.args) == 1) and not any(
            abs(x.as_coeff_Mul()[0]) != 1 for x in base.args
        )
        each = _COMPLEMENT if is_one_thing else cost(base) + _PARENTHESES
    else:
        each = 1.0
    return each + (_POWER if power != 1 else 0.0)


def _alphabetic(symbol: Any) -> str:
    return str(symbol).lower()
