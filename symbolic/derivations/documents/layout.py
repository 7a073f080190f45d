"""A derivation as numbered displays with words before them, the same for all formats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from sgdmem.symbolic.derivations.statements.statements import Remark, Section

if TYPE_CHECKING:
    from sgdmem.symbolic.derivations.derivation import Derivation

_CONTINUED = ("", "and")  # a statement that begins so stands in one display with the one before


class Numbered(NamedTuple):
    """An equation of one or more lines, aligned between left and right, with its number."""

    number: int
    rows: list[tuple[str, str]]


class Display(NamedTuple):
    """Words, and the equations that follow them as one display."""

    words: str
    equations: list[Numbered]


class Part(NamedTuple):
    """A section."""

    title: str
    displays: list[Display]


def parts(derivation: Derivation) -> list[Part]:
    """Return all sections of a derivation, with numbers and with punctuation after formulas."""
    number = 0
    found = []
    for section in derivation.sections:
        displays = [
            Display(words, [Numbered(number := number + 1, rows) for rows in equations])
            for words, equations in _groups(section, derivation)
        ]
        found.append(Part(section.title, _punctuated(displays)))
    return found


def _groups(
    section: Section, derivation: Derivation
) -> Iterator[tuple[str, list[list[tuple[str, str]]]]]:
    words = ""
    equations: list[list[tuple[str, str]]] = []
    for statement in section.statements:
        continued = statement.rule in _CONTINUED and not isinstance(statement, Remark)
        if not continued and (words or equations):
            yield words, equations
            words, equations = "", []
        words = words or statement.rule
        rows = derivation.rows(statement)
        if rows:
            equations.append(rows)
    if words or equations:
        yield words, equations


def _punctuated(displays: list[Display]) -> list[Display]:
    found = []
    for place, display in enumerate(displays):
        following = displays[place + 1].words if place + 1 < len(displays) else ""
        end = "," if following[:1].islower() else "."
        equations = []
        for index, equation in enumerate(display.equations):
            mark = end if index == len(display.equations) - 1 else ","
            *rows, (left, right) = equation.rows
            equations.append(Numbered(equation.number, [*rows, (left, right + mark)]))
        found.append(Display(display.words, equations))
    return found
