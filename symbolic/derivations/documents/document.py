"""A derivation as it is displayed: numbered equations with words before them, in every format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from sgdmem.symbolic.derivations.documents.references import Reference, cited
from sgdmem.symbolic.derivations.statements.statement import Remark, Statement
from sgdmem.symbolic.derivations.typesetting.notation import Notation

Row = tuple[str, str]  # what is aligned to the left and to the right
Displayed = tuple[Statement, Sequence[Row]]  # a statement and the rows in which it is written

_CONTINUED = ("", "and")  # a statement that begins so stands in one display with the one before


class Numbered(NamedTuple):
    """An equation of one or more lines, aligned between left and right, with its number."""

    number: int
    rows: tuple[Row, ...]


class Display(NamedTuple):
    """Words, and the equations that follow them as one display."""

    words: str
    equations: tuple[Numbered, ...]


class Part(NamedTuple):
    """A section, or an item of a proposition or of its proof, as its kind says."""

    title: str
    displays: tuple[Display, ...]
    kind: str = "section"


@dataclass(frozen=True)
class Document:
    """What all formats show.

    Attributes
    ----------
    title : str
    label : str
        What the labels of equations begin with.
    notation : Notation
        Whose letters it is written in.
    checked : int
        How many equalities and conditions were checked.
    parts : tuple of Part
        The sections: words and numbered equations.
    references : dict
        What is cited, by keys in the order of the text.
    columns : int
        Of the page for which lines are broken.
    """

    title: str
    label: str
    notation: Notation
    checked: int
    parts: tuple[Part, ...]
    references: dict[str, Reference]
    columns: int

    @property
    def cited(self) -> list[str]:
        """Keys of what is cited, in order."""
        return list(self.references)

    @property
    def environments(self) -> Iterator[tuple[str, list[Part]]]:
        """Parts of one kind after each other, each group with its kind."""
        for kind, parts in groupby(self.parts, key=lambda part: part.kind):
            yield kind, list(parts)

    def environment_name(self, kind: str) -> str:
        """Return what stands above a proposition or its proof."""
        return f"Proposition ({self.title})" if kind == "proposition" else kind.capitalize()

    def label_of(self, number: int) -> str:
        """Return what an equation is called in LaTeX."""
        return f"eq:{self.label}-{number}"


def label_from(title: str) -> str:
    """Return a label made of a title.

    Examples
    --------
    >>> label_from("Nesterov's method")
    'nesterov-s-method'
    """
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "derivation"


def cited_in(parts: Iterable[Part]) -> list[str]:
    """Return the keys of what is cited, in order."""
    return cited(display.words for part in parts for display in part.displays)


def numbered(sections: Iterable[tuple[str, str, Iterable[Displayed]]]) -> tuple[Part, ...]:
    """Return titled sections of statements with numbers, and with punctuation after formulas."""
    number = 0
    found = []
    for title, kind, statements in sections:
        displays = [
            Display(words, tuple(Numbered(number := number + 1, rows) for rows in equations))
            for words, equations in _groups(statements)
        ]
        found.append(Part(title, tuple(_punctuated(displays)), kind))
    return tuple(found)


def _groups(statements: Iterable[Displayed]) -> Iterator[tuple[str, list[tuple[Row, ...]]]]:
    words = ""
    equations: list[tuple[Row, ...]] = []
    for statement, rows in statements:
        continued = statement.rule in _CONTINUED and not isinstance(statement, Remark)
        if not continued and (words or equations):
            yield words, equations
            words, equations = "", []
        words = words or statement.rule
        if rows:
            equations.append(tuple(rows))
    if words or equations:
        yield words, equations


def _punctuated(displays: Sequence[Display]) -> Iterator[Display]:
    for place, display in enumerate(displays):
        following = displays[place + 1].words if place + 1 < len(displays) else ""
        end = "," if following[:1].islower() else "."
        equations = []
        for index, equation in enumerate(display.equations):
            mark = end if index == len(display.equations) - 1 else ","
            *rows, (left, right) = equation.rows
            equations.append(Numbered(equation.number, (*rows, (left, right + mark))))
        yield Display(display.words, tuple(equations))
