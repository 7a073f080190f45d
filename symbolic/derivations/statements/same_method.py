"""The statement that a method is a member of another family."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sgdmem.symbolic.algebra.scalars import fraction_of
from sgdmem.symbolic.algorithms.equivalence import equivalent
from sgdmem.symbolic.algorithms.family import Family
from sgdmem.symbolic.derivations.statements.exact_values import Names, Undefined, random_point
from sgdmem.symbolic.derivations.statements.statement import POINTS, text_of
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.derivations.typesetting.width import width
from sgdmem.symbolic.derivations.typesetting.writer import Writer
from sgdmem.symbolic.errors import DerivationError


@dataclass(frozen=True)
class SameMethod:
    """A family and the parameters with which it is the method, up to its auxiliary vectors.

    Attributes
    ----------
    subject : Subject
    family : Family
    values : mapping
        From names of the family's parameters to expressions.
    losses : str
        "quadratic" or "all", as in `equivalent`.
    """

    rule: str
    subject: Subject
    family: Family[...]
    values: Mapping[str, Any]
    losses: Any = "quadratic"

    @property
    def equations(self) -> list[tuple[str, Any]]:
        """Pairs of a letter, with a prime, and an expression."""
        parameters = self.family.parameters
        return [(f"{parameters[name].letter}'", value) for name, value in self.values.items()]

    def rows(self, writer: Writer) -> list[tuple[str, str]]:
        """Return the display, see `Statement`."""
        pairs = [f"{letter} = {writer.line(value)}" for letter, value in self.equations]
        whole = r", \quad ".join(pairs)
        if width(whole) <= writer.room:
            return [("", whole)]
        return [("", f"{pair},") for pair in pairs[:-1]] + [("", pairs[-1])]

    def check(self, names: Names, symbols: Iterable[Any]) -> int:
        """Return how much was checked, see `Statement`."""
        rng, done = random.Random(7), 0
        while done < POINTS:
            point = random_point(symbols, rng)
            try:
                values = {x: names.evaluate(value, point) for x, value in self.values.items()}
            except Undefined:
                continue
            member = self.family(**{x: fraction_of(value) for x, value in values.items()})
            if not equivalent(member, self.subject.member(point), self.losses):
                raise DerivationError(
                    f"{self.family.display_name} is another method at {text_of(point)}"
                )
            done += 1
        return len(self.values)
