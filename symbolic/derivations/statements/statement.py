"""Statements of a derivation: what is displayed, by which rule, and how it is checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sgdmem.symbolic.derivations.statements.exact_values import Names
from sgdmem.symbolic.derivations.typesetting.writer import Writer

POINTS = 3  # at which an equality is checked; a wrong one holds at none but by a rare accident


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
    """A heading and the statements below it.

    Attributes
    ----------
    title : str
    statements : list of Statement
    kind : str
        "section", or "proposition" or "proof" for an item of one.
    """

    title: str
    statements: list[Statement]
    kind: str = "section"


def text_of(point: dict[Any, Any]) -> str:
    """Return a point in words, for messages."""
    return ", ".join(f"{getattr(key, 'name', key)} = {value}" for key, value in point.items())


def listed(names: Sequence[str]) -> str:
    """Return names in a sentence.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
