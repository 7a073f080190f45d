"""Statements that two or more sides are equal."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from sgdmem.symbolic.derivations.statements.exact_values import (
    Names,
    Undefined,
    Value,
    agree,
    random_point,
)
from sgdmem.symbolic.derivations.statements.statement import POINTS, text_of
from sgdmem.symbolic.derivations.typesetting.width import width
from sgdmem.symbolic.derivations.typesetting.writer import Writer, filled, pieces, shrunk
from sgdmem.symbolic.errors import DerivationError


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

    def lines(self, writer: Writer, room: float, change: Callable[[str], str] = str) -> list[str]:
        """Return the side in lines no wider than ``room``, if that can be done.

        ``change`` makes its matrices smaller.
        """
        if self.latex is not None and not isinstance(self.latex, str):
            return filled(list(map(change, self.latex)), room)
        matrix = isinstance(self.value, sympy.MatrixBase | sympy.Determinant)
        if self.latex is not None or matrix:
            text = change(self.text(writer))
            return [text] if width(text) <= room else filled(pieces(text), room)
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
        left = self.sides[0].text(writer)
        whole = " = ".join(side.text(writer) for side in self.sides)
        if width(whole) <= writer.room:
            return [(left, "= " + whole[len(f"{left} = ") :])]
        found: list[tuple[str, str]] = []
        for small in (False, True):  # matrices
            found_here = [
                self._laid_out(writer, alone, small)
                for alone in dict.fromkeys((width(left) > writer.room / 2, True))
            ]
            fitting = [
                found
                for found in found_here
                if all(width(f"{x} {y}") <= writer.room for x, y in found)
            ]
            if fitting:  # without brackets around several lines, if that can be done
                return min(fitting, key=lambda rows: "{aligned}" in str(rows))
            found = found_here[-1]
        return found

    def _laid_out(self, writer: Writer, alone: bool, small: bool) -> list[tuple[str, str]]:
        """Return the rows, the left side in one of its own or beside the first of the right."""
        change = shrunk if small else str
        first, *rest = self.sides
        left = change(first.text(writer))
        if alone:
            rows, shift, room = [("", left)], r"\quad ", writer.room - 25
        else:
            rows, shift, room = [], "", writer.room - width(left) - 14
        for number, side in enumerate(rest):
            lines = side.lines(writer, room, change)
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
class Equations:
    """Several equations in one display, beside each other as far as there is room.

    Attributes
    ----------
    equations : sequence of Equation
    """

    rule: str
    equations: Sequence[Equation]

    def rows(self, writer: Writer) -> list[tuple[str, str]]:
        """Return the display, see `Statement`."""
        shown = [equation.rows(writer) for equation in self.equations]
        aligned = all(len(lines) > 1 for lines in shown)  # else all begin at one place
        rows: list[tuple[str, str]] = []
        goes_on = False  # in the line of the last equation
        for lines in shown:
            (left, right), *more = lines
            text = f"{left} {right}".strip()
            beside = rf"{rows[-1][1]}, \qquad {text}" if rows else ""
            if goes_on and not more and width(beside) <= writer.room:
                rows[-1] = ("", beside)
                continue
            if rows:
                rows[-1] = (rows[-1][0], f"{rows[-1][1]},")
            sides = [("", rf"\quad {side}" if side[0] == "=" else side) for _, side in more]
            rows.extend(lines if aligned else [("", text), *sides])
            goes_on = not more
        return rows

    def check(self, names: Names, symbols: Iterable[Any]) -> int:
        """Return how much was checked, see `Statement`."""
        symbols = list(symbols)
        return sum(equation.check(names, symbols) for equation in self.equations)
