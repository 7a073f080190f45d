"""Statements of a derivation: what is displayed, by which rule, and how it is checked."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import sympy
from flint import fmpq

from sgdmem.symbolic.derivations.statements.points import (
    Names,
    Point,
    Undefined,
    Value,
    agree,
    likely_point,
    random_point,
)
from sgdmem.symbolic.derivations.typesetting.width import width
from sgdmem.symbolic.derivations.typesetting.writer import ROOM, Writer, filled
from sgdmem.symbolic.errors import SgdmemError

POINTS = 3  # at which an equality is checked; a wrong one holds at none but by a rare accident
# Points for conditions at most, how many must be in and out at least, and how many are enough.
_DRAWN, _NEEDED, _ENOUGH = 400, 3, 6
_HALVINGS = 6  # of a segment across the border of where conditions hold


class DerivationError(SgdmemError):
    """A statement of a derivation does not hold; nothing is written then."""


class Statement(Protocol):
    """A displayed formula with the words before it.

    Its rule says what leads from the statements before to this one, in words with mathematics in
    dollars.
    """

    @property
    def rule(self) -> str:
        """The words."""

    def rows(self, writer: Writer) -> list[tuple[str, str]]:
        """Return the display: pairs that are aligned between left and right."""

    def check(self, names: Names, symbols: Iterable[Any]) -> int:
        """Return how many equalities or conditions were checked.

        Raises
        ------
        DerivationError
            If one does not hold.
        """


@dataclass(frozen=True)
class Side:
    """One side of an equation.

    Attributes
    ----------
    value : optional
        An expression, a matrix, or a function that returns the value at a point. If there is none
        the LaTeX says what it is, in letters that have a meaning.
    latex : str or list of str, optional
        How it is written, or its pieces between which a line may end; otherwise the expression
        itself is written.
    """

    value: Value | None
    latex: str | Sequence[str] | None = None

    @property
    def is_read(self) -> bool:
        """Whether what is displayed is read back, which needs letters with a meaning.

        It is not where both are given: for a name that only this statement gives a meaning.
        """
        return self.value is None or self.latex is None

    def text(self, writer: Writer) -> str:
        """Return the side in one line."""
        if self.latex is None:
            return writer.line(self.value)
        return self.latex if isinstance(self.latex, str) else " ".join(self.latex)

    def lines(self, writer: Writer, room: float) -> list[str]:
        """Return the side in lines no wider than ``room``, if that can be done."""
        if self.latex is not None and not isinstance(self.latex, str):
            return filled(self.latex, room)
        if self.latex is not None or isinstance(self.value, sympy.MatrixBase):
            return [self.text(writer)]
        return writer.lines(self.value, room)


def written(latex: str | Sequence[str]) -> Side:
    """Return a side that is what its LaTeX says."""
    return Side(None, latex)


@dataclass(frozen=True)
class Equation:
    """Two or more sides that are equal wherever they are defined.

    Attributes
    ----------
    sides : sequence of Side
    """

    rule: str
    sides: Sequence[Side]

    def rows(self, writer: Writer) -> list[tuple[str, str]]:
        """Return the display, see `Statement`."""
        first, *rest = self.sides
        left = first.text(writer)
        whole = " = ".join(side.text(writer) for side in self.sides)
        if width(whole) <= ROOM:
            return [(left, "= " + whole[len(f"{left} = ") :])]
        if width(left) > ROOM / 2:  # the right sides go below the left one
            rows, shift, room = [("", left)], r"\quad ", ROOM - 25
        else:
            rows, shift, room = [], "", ROOM - width(left) - 14
        for number, side in enumerate(rest):
            lines = side.lines(writer, room)
            start = left if number == 0 and not rows else ""
            rows.append((start, f"{shift}= {lines[0]}"))
            rows.extend(("", rf"{shift}\qquad {line}") for line in lines[1:])
        return rows

    def check(self, names: Names, symbols: Iterable[Any]) -> int:
        """Return how much was checked, see `Statement`."""
        known = [side.value for side in self.sides if side.value is not None]
        if len(known) < 2:
            return len(self.sides) - 1
        free = set(symbols).union(*map(names.free_symbols, known))
        rng = random.Random(1)
        done = 0
        for _ in range(20 * POINTS):
            point = random_point(free, rng)
            shown = dict(point)
            try:
                values = [names.evaluate(value, point) for value in known]
            except Undefined:
                continue
            for number, value in enumerate(values[1:], start=2):
                if not agree(values[0], value):
                    raise DerivationError(
                        f"sides 1 and {number} of a statement differ at {text_of(shown)}: "
                        f"{values[0]} and {value} ({self.rule})"
                    )
            done += 1
            if done == POINTS or not free:
                return len(self.sides) - 1
        raise DerivationError(f"no point was found at which a statement is defined ({self.rule})")


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
        for _ in range(_DRAWN):
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


@dataclass(frozen=True)
class Remark:
    """Words without a formula of their own."""

    rule: str

    def rows(self, writer: Writer) -> list[tuple[str, str]]:
        """Return the display, see `Statement`."""
        return []

    def check(self, names: Names, symbols: Iterable[Any]) -> int:
        """Return how much was checked, see `Statement`."""
        return 0


@dataclass
class Section:
    """A heading and the statements below it."""

    title: str
    statements: list[Statement] = field(default_factory=list)


def text_of(point: dict[Any, Any]) -> str:
    """Return a point in words, for messages."""
    return ", ".join(f"{getattr(key, 'name', key)} = {value}" for key, value in point.items())
