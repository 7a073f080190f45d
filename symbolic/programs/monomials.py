"""Monomials, numbered, so that what is asked of them often is asked by number."""

from __future__ import annotations

from typing import TypeAlias

Monomial: TypeAlias = tuple[tuple[int, int], ...]  # literals, ascending, with their powers


class Monomials:
    """Monomials that were met, numbered from 0, which is the empty one.

    Attributes
    ----------
    powers : list of Monomial
    costs : list of int
        How many multiplications they take, powers by squaring.

    Examples
    --------
    >>> known = Monomials()
    >>> xy, xz = (known.number(((0, 1), (k, 2))) for k in (1, 2))
    >>> [known.powers[k] for k in known.split(xy, xz)], known.costs[xy]
    ([((0, 1),), ((1, 2),), ((2, 2),)], 2)
    """

    def __init__(self) -> None:
        self.powers: list[Monomial] = [()]
        self.costs: list[int] = [0]
        self._numbers: dict[Monomial, int] = {(): 0}
        self._splits: dict[tuple[int, int], tuple[int, int, int]] = {}

    def number(self, monomial: Monomial) -> int:
        """Return the number of a monomial."""
        found = self._numbers.get(monomial)
        if found is None:
            found = self._numbers[monomial] = len(self.powers)
            self.powers.append(monomial)
            squarings = sum(power.bit_length() + power.bit_count() - 2 for _, power in monomial)
            self.costs.append(len(monomial) - 1 + squarings)
        return found

    def times(self, x: int, literal: int) -> int:
        """Return a monomial times a literal that comes after all of its own."""
        return self.number((*self.powers[x], (literal, 1)))

    def without(self, x: int, factor: int) -> int:
        """Return a monomial divided by a factor of it."""
        less = dict(self.powers[factor])
        lowered = ((key, power - less.get(key, 0)) for key, power in self.powers[x])
        return self.number(tuple((key, power) for key, power in lowered if power))

    def split(self, x: int, y: int) -> tuple[int, int, int]:
        """Return what two monomials have in common, and what is left of them."""
        found = self._splits.get((x, y))
        if found is None:
            powers = dict(self.powers[y])
            common = tuple(
                (key, min(power, powers[key])) for key, power in self.powers[x] if key in powers
            )
            found = 0, x, y
            if common:
                factor = self.number(common)
                found = factor, self.without(x, factor), self.without(y, factor)
            self._splits[x, y] = found
        return found

    def pairs(self, x: int) -> list[tuple[int, int]]:
        """Return the pairs of different literals of a monomial."""
        literals = [literal for literal, _ in self.powers[x]]
        return [(first, y) for k, y in enumerate(literals) for first in literals[:k]]
