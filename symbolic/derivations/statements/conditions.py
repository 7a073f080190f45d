"""Statements that inequalities hold exactly where something is true."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flint import fmpq

from sgdmem.symbolic.derivations.statements.exact_values import (
    Names,
    Point,
    Undefined,
    likely_point,
)
from sgdmem.symbolic.derivations.statements.statement import text_of
from sgdmem.symbolic.derivations.typesetting.width import width
from sgdmem.symbolic.derivations.typesetting.writer import ROOM, Writer
from sgdmem.symbolic.errors import DerivationError

# Points for conditions at most, how many must be in and out at least, and how many are enough.
_DRAWN, _NEEDED, _ENOUGH = 400, 3, 6
_DRAWN_OUTSIDE = 50  # at most, where no point is known at which they hold
_HALVINGS = 6  # of a segment across the border of where conditions hold


@dataclass(frozen=True)
class Conditions:
    """Inequalities that all hold exactly where something is true.

    Attributes
    ----------
    inequalities : sequence
        SymPy relations.
    holds : callable
        Decides at a point, by other means, whether they must all hold.
    free : sequence of symbols
        Of which it makes use besides those that are shown.
    near : mapping, optional
        A point at which they hold, so that points on both sides are found; None if there is none.
    segments : int
        How many ways across the border are followed.
    """

    rule: str
    inequalities: Sequence[Any]
    holds: Callable[[dict[Any, Any]], bool]
    free: Sequence[Any] = ()
    near: Point | None = None
    segments: int = 6

    def rows(self, writer: Writer) -> list[tuple[str, str]]:
        """Return the display, see `Statement`."""
        rows: list[tuple[str, str]] = []
        for inequality in self.inequalities:
            left, right = writer.line(inequality.lhs), writer.line(inequality.rhs)
            sign = SIGNS[inequality.rel_op]
            text = f"{left} {sign} {right}"
            close = rows and not rows[-1][0] and width(f"{rows[-1][1]}, {text}") + 20 < ROOM
            if rows and not close:
                rows[-1] = (rows[-1][0], f"{rows[-1][1]},")
            if width(text) > ROOM:
                lines = writer.lines(inequality.lhs, ROOM)
                rows.extend(
                    ("", line if i == 0 else rf"\qquad {line}") for i, line in enumerate(lines)
                )
                rows[-1] = ("", f"{rows[-1][1]} {sign} {right}")
            elif close:
                rows[-1] = ("", rf"{rows[-1][1]}, \qquad {text}")
            else:
                rows.append(("", text))
        return rows

    def check(self, names: Names, symbols: Iterable[Any]) -> int:
        """Return how much was checked, see `Statement`."""
        sides = [side for relation in self.inequalities for side in relation.args]
        free = set(symbols).union(self.free, *map(names.free_symbols, sides))
        rng = random.Random(2)
        seen = {True: 0, False: 0}
        for _ in range(_DRAWN_OUTSIDE if self.near is None else _DRAWN):
            point = likely_point(free, self.near, rng)
            try:
                expected = self._compare(names, point)
            except Undefined:
                continue
            seen[expected] += 1
            if self.near is not None and not expected and seen[False] <= self.segments:
                self._check_border(names, point)
            if min(seen.values()) >= max(_ENOUGH, self.segments):
                break
        if seen[False] < _NEEDED or (seen[True] < _NEEDED and self.near is not None):
            raise DerivationError(
                f"the points that were tried do not test conditions ({self.rule})"
            )
        return len(self.inequalities)

    def _check_border(self, names: Names, outside: Point) -> None:
        """Compare on both sides of the border, between where they hold and where they do not.

        A condition that was left out is missed only where its part of the border is never met.
        """
        assert self.near is not None
        given = {symbol: value for symbol, value in outside.items() if symbol not in names}
        inside = {symbol: self.near.get(symbol, value) for symbol, value in given.items()}
        low, high = 0, 1 << _HALVINGS
        while high - low > 1:
            middle = (low + high) // 2
            share = fmpq(middle, 1 << _HALVINGS)
            point = {s: inside[s] + share * (given[s] - inside[s]) for s in given}
            try:
                expected = self._compare(names, point)
            except Undefined:
                return
            low, high = (middle, high) if expected else (low, middle)

    def _compare(self, names: Names, point: Point) -> bool:
        """Return whether they hold at a point, if what is displayed and `holds` agree on that."""
        shown = dict(point)  # names are added to the other one
        found = all(self._true(names, relation, point) for relation in self.inequalities)
        expected = self.holds(point)
        if found is not expected:
            raise DerivationError(
                f"the conditions {'hold' if found else 'do not hold'} at {text_of(shown)}, "
                f"where they should{' not' if found else ''} ({self.rule})"
            )
        return expected

    @staticmethod
    def _true(names: Names, relation: Any, point: dict[Any, Any]) -> bool:
        left, right = (names.evaluate(side, point) for side in relation.args)
        return bool(_COMPARISONS[relation.rel_op](left, right))


_COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
SIGNS = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge"}
