"""Exact values of what a derivation displays, at random rational points.

Numbers at a point are FLINT's rationals: SymPy's take a hundred times as long.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import sympy
from flint import fmpq, fmpq_mat
from mpmath import mp, workdps

Point = dict[Any, Any]  # from symbols to rational numbers
Value = Any  # an expression, a matrix of them, or a function of the point

_DIGITS = 50  # to which values that are not rational must agree
_PRIMES = (997, 1009, 1013, 1019, 1021)


class Undefined(Exception):
    """A division by zero at this point: another one must be taken."""


class _Irrational(Exception):
    """An expression with more than the four operations in it."""


def random_point(symbols: Iterable[Any], rng: random.Random) -> Point:
    """Return rational numbers for symbols, positive ones for those that are positive.

    The same point comes out for the same generator and names, in whatever order they are.
    """
    point = {}
    for symbol in _sorted(symbols):
        denominator = rng.choice(_PRIMES)
        value = fmpq(rng.randint(1, 2 * denominator), denominator)
        point[symbol] = -value if not symbol.is_positive and rng.random() < 0.5 else value
    return point


def likely_point(symbols: Iterable[Any], near: Point | None, rng: random.Random) -> Point:
    """Return short numbers of many sizes, in half of the cases not far from a given point.

    In a few of these very near to it, for conditions that hold in a narrow region only.
    """
    close = near if near and rng.random() < 0.5 else {}
    part = rng.choice((1, 1, 1, 100))
    point = {}
    for symbol in _sorted(symbols):
        if symbol in close:
            size = rng.choice((0, 0, 0, -1, 1, 2)) if symbol.is_positive and part == 1 else 0
            change = fmpq(rng.randint(-17, 23), 37 * part)
            point[symbol] = close[symbol] * (1 + change) * fmpq(10) ** size
            continue
        value = fmpq(rng.randint(1, 58), 29)
        # eigenvalues may well be large, but few methods are stable with large parameters
        value *= fmpq(10) ** rng.randint(-2, 2 if symbol.is_positive else 0)
        point[symbol] = -value if not symbol.is_positive and rng.random() < 0.5 else value
    return point


def _sorted(symbols: Iterable[Any]) -> list[Any]:
    return sorted(symbols, key=lambda symbol: (symbol.name, symbol.sort_key()))


class Names:
    """Symbols that stand for expressions, in the order in which they were introduced."""

    def __init__(self) -> None:
        self._meanings: dict[Any, Value] = {}

    def define(self, symbol: Any, meaning: Value) -> Any:
        """Introduce a symbol; its meaning may contain earlier ones. Return the symbol."""
        self._meanings[symbol] = meaning
        return symbol

    def meaning(self, symbol: Any) -> Value:
        """Return what a symbol stands for."""
        return self._meanings[symbol]

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._meanings

    def free_symbols(self, value: Value) -> set[Any]:
        """Return the symbols that a value comes down to."""
        found: set[Any] = set()
        for symbol in getattr(value, "free_symbols", ()):
            meaning = self._meanings.get(symbol)
            found |= {symbol} if meaning is None else self.free_symbols(meaning)
        return found

    def evaluate(self, value: Value, point: Point) -> Any:
        """Return what a value is at a point, to which the names that it needs are added.

        A rational number, a matrix of them, or a number of more than fifty digits.

        Raises
        ------
        Undefined
            If something is divided by zero.
        """
        try:
            if callable(value) and not isinstance(value, sympy.Basic):
                return value(point)
            for symbol in _free_symbols(value):
                if symbol not in point:
                    if symbol not in self._meanings:
                        raise KeyError(f"{symbol} has neither a value nor a meaning")
                    point[symbol] = self.evaluate(self._meanings[symbol], point)
            if isinstance(value, sympy.MatrixBase):
                return matrix_at(value, point)
            return number_at(sympy.sympify(value), point)
        except ZeroDivisionError:
            raise Undefined from None


@lru_cache(maxsize=1024)
def _free_symbols(value: Value) -> frozenset[Any]:
    """Return the symbols of an expression, which SymPy looks for anew each time."""
    return frozenset(getattr(value, "free_symbols", ()))


def number_at(expression: Any, point: Mapping[Any, Any]) -> Any:
    """Return an expression's value at a point, rational if it can be."""
    try:
        return _rational(expression, point)
    except _Irrational:
        pass
    symbols = sorted(expression.free_symbols, key=lambda s: s.sort_key())
    # a parameter called gamma must not hide the function of that name
    plain = [sympy.Symbol(f"x_{k}") for k in range(len(symbols))]
    renamed = expression.xreplace(dict(zip(symbols, plain, strict=True)))
    function = sympy.lambdify(plain, renamed, "mpmath")
    with workdps(_DIGITS + 15):
        values = (mp.mpf(int(point[s].p)) / int(point[s].q) for s in symbols)
        found = mp.mpmathify(function(*values))
    if isinstance(found, mp.mpc):
        raise Undefined  # the root of a negative number
    return found


def matrix_at(matrix: Any, point: Mapping[Any, Any]) -> Any:
    """Return a matrix's value at a point."""
    entries = [_rational(entry, point) for entry in matrix]
    return fmpq_mat(matrix.shape[0], matrix.shape[1], entries)


def _rational(expression: Any, point: Mapping[Any, Any]) -> Any:
    if expression.is_Symbol:
        return point[expression]
    if expression.is_Rational:
        return fmpq(int(expression.p), int(expression.q))
    if expression.is_Add:
        return sum((_rational(term, point) for term in expression.args), fmpq(0))
    if expression.is_Mul:
        product = fmpq(1)
        for factor in expression.args:
            product *= _rational(factor, point)
        return product
    if expression.is_Pow and expression.exp.is_Integer:
        base = _rational(expression.base, point)
        power = int(expression.exp)
        return base**power if power >= 0 else 1 / base**-power
    if isinstance(expression, sympy.Determinant):
        return matrix_at(expression.args[0], point).det()
    raise _Irrational


def agree(left: Any, right: Any, digits: int = _DIGITS) -> bool:
    """Whether two values at a point are the same: exactly if rational, else to some digits."""
    if isinstance(left, mp.mpf) or isinstance(right, mp.mpf):
        with workdps(digits + 15):
            left, right = (as_float(value) for value in (left, right))
            return bool(abs(left - right) <= (abs(left) + abs(right)) * mp.mpf(10) ** -digits)
    return bool(left == right)


def as_float(value: Any) -> Any:
    """Return a rational number of FLINT as one of mpmath, at its precision."""
    return value if isinstance(value, mp.mpf) else mp.mpf(int(value.p)) / int(value.q)
