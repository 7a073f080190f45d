"""Statements that inequalities hold exactly where something is true."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flint import fmpq

from sgdmem.symbolic.derivations.statements.assumptions import Interval, unproved
from sgdmem.symbolic.derivations.statements.exact_values import (
    Names,
    Point,
    Undefined,
    likely_point,
)
from sgdmem.symbolic.derivations.statements.statement import text_of
from sgdmem.symbolic.derivations.typesetting.width import width
from sgdmem.symbolic.derivations.typesetting.writer import Writer
from sgdmem.symbolic.errors import DerivationError

# Points for conditions at most, how many must be in and out at least, and how many are enough.
_DRAWN, _NEEDED, _ENOUGH = 400, 3, 6
_DRAWN_OUTSIDE = 50  # at most, where no point is known at which they hold
_AT_AN_END = 4  # one point of so many has a symbol at an end of its interval
_HALVINGS = 6  # of a segment across the border of where conditions hold
_TRIED_ENDS = 8  # starts from which the end of an inequality is looked for


class Sides(NamedTuple):
    """What is displayed as one chain of inequalities."""

    sides: tuple[Any, ...]
    signs: tuple[str, ...]


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
    intervals : mapping
        In which symbols are assumed to be.
    all_bounds : sequence
        Polynomials that are positive exactly there, and whether they must differ from 0: each must
        be seen to follow from the inequalities.
    """

    rule: str
    inequalities: Sequence[Any]
    holds: Callable[[dict[Any, Any]], bool]
    free: Sequence[Any] = ()
    near: Point | None = None
    segments: int = 6
    intervals: Mapping[Any, Interval] = field(default_factory=dict)
    all_bounds: Sequence[tuple[Any, bool]] = ()

    @property
    def chains(self) -> list[Sides]:
        """The inequalities as they are displayed: two bounds of a symbol as one chain."""
        found: list[Sides] = []
        for relation in self.inequalities:
            one = Sides((relation.lhs, relation.rhs), (SIGNS[relation.rel_op],))
            if found and relation.lhs.is_Symbol and found[-1].sides[0] == relation.lhs:
                lower, upper = sorted((found[-1], one), key=lambda chain: chain.signs[0] in _BELOW)
                if lower.signs[0] not in _BELOW and upper.signs[0] in _BELOW:
                    ends = (lower.sides[1], relation.lhs, upper.sides[1])
                    found[-1] = Sides(ends, (_TURNED[lower.signs[0]], upper.signs[0]))
                    continue
            found.append(one)
        return found

    def rows(self, writer: Writer) -> list[tuple[str, str]]:
        """Return the display, see `Statement`."""
        rows: list[tuple[str, str]] = []
        for sides, signs in self.chains:
            first, *others = map(writer.line, sides)
            rest = " ".join(f"{sign} {side}" for sign, side in zip(signs, others, strict=True))
            text = f"{first} {rest}"
            close = rows and not rows[-1][0] and width(f"{rows[-1][1]}, {text}") + 20 < writer.room
            if rows and not close:
                rows[-1] = (rows[-1][0], f"{rows[-1][1]},")
            if width(text) > writer.room:
                lines = writer.lines(sides[0], writer.room)
                rows.extend(
                    ("", line if i == 0 else rf"\qquad {line}") for i, line in enumerate(lines)
                )
                if width(f"{lines[-1]} {rest}") > writer.room:
                    rows.append(("", rf"\qquad {rest}"))
                else:
                    rows[-1] = ("", f"{rows[-1][1]} {rest}")
            elif close:
                rows[-1] = ("", rf"{rows[-1][1]}, \qquad {text}")
            else:
                rows.append(("", text))
        return rows

    def check(self, names: Names, symbols: Iterable[Any]) -> int:
        """Return how much was checked, see `Statement`."""
        self._prove_complete()
        sides = [side for relation in self.inequalities for side in relation.args]
        free = set(symbols).union(self.free, *map(names.free_symbols, sides))
        rng = random.Random(2)
        seen = {True: 0, False: 0}
        for number in range(_DRAWN_OUTSIDE if self.near is None else _DRAWN):
            point = self._assumed(likely_point(free, self.near, rng))
            if number % _AT_AN_END == _AT_AN_END - 1:
                point |= self._end_of_an_interval(point, rng)
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
        if self.near is not None:
            for relation in self.inequalities:
                self._check_end(names, relation, free, rng)
        return len(self.inequalities)

    def _prove_complete(self) -> None:
        """Show that all bounds follow from what is displayed."""
        given = [(x.gts - x.lts, x.rel_op in (">", "<")) for x in self.inequalities]
        left = unproved(self.all_bounds, given, self.intervals) if self.all_bounds else []
        if left:
            raise DerivationError(
                f"the conditions do not imply that {left[0][0]} is positive ({self.rule})"
            )

    def _assumed(self, point: Point) -> Point:
        """Return a point of which all that is assumed holds."""
        return {
            symbol: self.intervals[symbol].inside(value) if symbol in self.intervals else value
            for symbol, value in point.items()
        }

    def _end_of_an_interval(self, point: Point, rng: random.Random) -> Point:
        """Return a symbol with an end of its interval, which a condition may forbid."""
        ends = [
            (symbol, fmpq(end))
            for symbol in sorted(self.intervals.keys() & point.keys(), key=str)
            for end, is_open in self.intervals[symbol].ends
            if not is_open
        ]
        return dict([rng.choice(ends)]) if ends else {}

    def _check_end(
        self, names: Names, relation: Any, free: Iterable[Any], rng: random.Random
    ) -> None:
        """Compare where an inequality is an equation and the others hold, to see if it is strict.

        Such a point is found along a symbol in which both sides are linear, if there is one.
        """
        others = [x for x in self.inequalities if x is not relation]
        for _ in range(_TRIED_ENDS):
            start = self._assumed(likely_point(free, self.near, rng))
            try:
                first = _gap(names, relation, start)
            except Undefined:
                continue
            for symbol in sorted(free, key=lambda s: (s.name, s.sort_key())):
                try:
                    point = self._at_the_end(names, relation, start, first, symbol)
                    if point is None or not all(self._true(names, x, point) for x in others):
                        continue
                    self._compare(names, {s: point[s] for s in start})
                except Undefined:
                    continue
                return

    def _at_the_end(
        self, names: Names, relation: Any, start: Point, first: Any, symbol: Any
    ) -> Point | None:
        """Return the start with a symbol moved to where two sides are equal, if that is allowed.

        The sides differ by ``first`` at the start.
        """
        second = _gap(names, relation, {**start, symbol: 2 * start[symbol]})
        slope = second - first
        if slope == 0:
            return None
        if _gap(names, relation, {**start, symbol: 3 * start[symbol]}) - second != slope:
            return None
        end = start[symbol] * (1 - first / slope)
        if symbol.is_positive and end <= 0:
            return None
        interval = self.intervals.get(symbol)
        if interval is not None and interval.inside(end) != end:
            return None
        return {**start, symbol: end}

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
        try:
            expected = self.holds(point)
        except ZeroDivisionError:
            raise Undefined from None  # an entry of the algorithm
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


def _gap(names: Names, relation: Any, point: Point) -> Any:
    """Return by how much the sides of a relation differ."""
    left, right = (names.evaluate(side, dict(point)) for side in relation.args)
    return left - right


_COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
SIGNS = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge"}
_BELOW = ("<", r"\le")  # of a symbol below a bound
_TURNED = {">": "<", r"\ge": r"\le"}
