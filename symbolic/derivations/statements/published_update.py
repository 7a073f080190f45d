"""The statement that one step of a method is what was published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sgdmem.symbolic.derivations.statements.exact_values import Names
from sgdmem.symbolic.derivations.typesetting.width import width
from sgdmem.symbolic.derivations.typesetting.writer import Writer, filled, pieces, separated


@dataclass(frozen=True)
class PublishedUpdate:
    r"""Assignments, one after the other.

    They are checked when they are read back: the weights on an orbit of the assignments obey the
    recurrence of the method, at random rational numbers.

    Attributes
    ----------
    lines : tuple of (str, str)
        LaTeX of what is assigned, and of its value.
    count : int
        How many vectors an index i stands for.
    weights : str
        LaTeX of the vector that is the method's answer.
    """

    rule: str
    lines: tuple[tuple[str, str], ...]
    count: int = 1
    weights: str = "w"

    def rows(self, writer: Writer) -> list[tuple[str, str]]:
        """Return the display, see `Statement`."""
        rows: list[tuple[str, str]] = []
        for left, right in self.lines:
            if rows:
                rows[-1] = (rows[-1][0], f"{rows[-1][1]},")
            room = writer.room - width(left) - 14
            parts = [right] if width(right) <= room else separated(right)
            lines = [filled(pieces(part), room) for part in parts]
            (first, *others), *more = lines
            rows.append((left, rf"\leftarrow {first}"))
            rows.extend(("", rf"\qquad {line}") for line in others)
            for first, *others in more:  # of vectors that change at once, each in a line
                rows[-1] = (rows[-1][0], f"{rows[-1][1]},")
                rows.append(("", rf"\phantom{{\leftarrow}} {first}"))
                rows.extend(("", rf"\qquad {line}") for line in others)
        return rows

    def check(self, names: Names, symbols: Iterable[Any]) -> int:
        """Return how much is checked, see `Statement`."""
        return len(self.lines)
