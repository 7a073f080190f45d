"""Statements about what a function comes close to: series and limits."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy
from flint import fmpq

from sgdmem.symbolic.algebra.scalars import fraction_of
from sgdmem.symbolic.derivations.statements.exact_values import (
    Names,
    Point,
    number_at,
    random_point,
)
from sgdmem.symbolic.derivations.statements.statement import POINTS, text_of
from sgdmem.symbolic.derivations.typesetting.width import width
from sgdmem.symbolic.derivations.typesetting.writer import Writer
from sgdmem.symbolic.errors import DerivationError

_SMALL, _NEAR = (fmpq(1, 10**15), fmpq(1, 10**20)), fmpq(1, 10**10)  # of limits


@dataclass(frozen=True)
class Series:
    """The first terms of a rational function's expansion at zero of one symbol.

    Attributes
    ----------
    name : str
        LaTeX of the function.
    function : callable
        Returns numerator and denominator at a point of the other symbols: their coefficients,
        lowest power first.
    """

    rule: str
    name: str
    function: Callable[[Point], tuple[Sequence[Any], Sequence[Any]]]
    variable: Any
    coefficients: Sequence[Any]  # of rising powers, from the first on

    def rows(self, writer: Writer) -> list[tuple[str, str]]:
        """Return the display, see `Statement`."""
        power = 1 + len(self.coefficients)
        rest = rf"O\left({writer.line(self.variable)}^{{{power}}}\right)"
        text = writer.line(self._sum())
        if width(f"{self.name} = {text} + {rest}") <= writer.room:
            return [(self.name, f"= {text} + {rest}")]
        room = writer.room - width(self.name) - 14
        lines = writer.lines(self._sum(), room)
        rows = [(self.name, f"= {lines[0]}"), *(("", rf"\qquad {line}") for line in lines[1:])]
        if width(f"{lines[-1]} + {rest}") > room - 20:
            return [*rows, ("", rf"\qquad + {rest}")]
        rows[-1] = (rows[-1][0], f"{rows[-1][1]} + {rest}")
        return rows

    def _sum(self) -> Any:
        pairs = enumerate(self.coefficients, start=1)
        return sympy.Add(*(c * self.variable**power for power, c in pairs))

    def check(self, names: Names, symbols: Iterable[Any]) -> int:
        """Return how much was checked, see `Statement`."""
        free = set(symbols).union(*map(names.free_symbols, self.coefficients)) - {self.variable}
        rng = random.Random(3)
        for _ in range(POINTS):
            point = random_point(free, rng)
            top, bottom = self.function(point)
            found = _quotient(top, bottom, 1 + len(self.coefficients))
            values = (fraction_of(names.evaluate(c, point)) for c in self.coefficients)
            expected = [0, *values]
            if found != expected:
                raise DerivationError(
                    f"an expansion is {found}, not {expected}, at {text_of(point)} ({self.rule})"
                )
        return len(self.coefficients)


def _quotient(top: Sequence[Any], bottom: Sequence[Any], count: int) -> list[Any]:
    """Return the first coefficients of a quotient of two power series."""
    found: list[Any] = []
    for power in range(count):
        value = top[power] if power < len(top) else Fraction(0)
        for k in range(1, min(power, len(bottom) - 1) + 1):
            value -= bottom[k] * found[power - k]
        found.append(value / bottom[0])
    return found


@dataclass(frozen=True)
class Limit:
    """A simpler expression to which a rational function comes close in a limit.

    Attributes
    ----------
    exact, simple
        Expressions whose ratio tends to 1.
    orders : mapping
        For symbols the power of a small number that they are proportional to.
    name : str
        LaTeX of the function.
    where, relations : sequence
        Expressions, and the LaTeX of the relations between them, that say when it is close.
    """

    rule: str
    exact: Any
    simple: Any
    orders: Mapping[Any, int]
    name: str
    where: Sequence[Any]
    relations: Sequence[str]

    def rows(self, writer: Writer) -> list[tuple[str, str]]:
        """Return the display, see `Statement`."""
        first, *rest = map(writer.line, self.where)
        pairs = zip(self.relations, rest, strict=True)
        where = " ".join([first, *(f"{sign} {side}" for sign, side in pairs)])
        return [(self.name, rf"\approx {writer.line(self.simple)}, \qquad {where}")]

    def check(self, names: Names, symbols: Iterable[Any]) -> int:
        """Return how much was checked, see `Statement`."""
        rng = random.Random(5)
        free = self.exact.free_symbols | self.simple.free_symbols
        for _ in range(POINTS):
            point = random_point(free, rng)
            distances = []
            for small in _SMALL:
                scaled = {s: value * small ** self.orders.get(s, 0) for s, value in point.items()}
                exact, simple = (number_at(side, scaled) for side in (self.exact, self.simple))
                distances.append(abs(exact / simple - 1))
            # one order of the small number at least
            if distances[1] > distances[0] * _SMALL[1] / _SMALL[0] * 2 or distances[1] > _NEAR:
                raise DerivationError(
                    f"the ratio to a limit does not tend to 1 at {text_of(point)} ({self.name})"
                )
        return 1
