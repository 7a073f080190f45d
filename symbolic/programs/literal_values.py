"""What literals stand for, computed from sums of products of others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from sgdmem.symbolic.algebra.scalars import Element
from sgdmem.symbolic.programs.monomials import Monomial
from sgdmem.symbolic.programs.shared_parts import Sum


class LiteralValues:
    """The values of literals, each computed once, where it is asked for.

    Parameters
    ----------
    known
        Those of some, which are kept here, as are all others.
    sums, inverses
        What the others are: sums of products, and inverses of literals.

    Examples
    --------
    >>> known = {0: Fraction(5), 1: Fraction(2)}
    >>> sums = {2: {((0, 1),): 3, ((1, 2),): -1}, 3: {((2, 1), (4, 1)): 2}}  # 3 x - y**2
    >>> LiteralValues(known, sums, {4: 1})[3]  # 2 (3 x - y**2) / y
    Fraction(11, 1)
    """

    def __init__(
        self, known: dict[int, Element], sums: Mapping[int, Sum], inverses: Mapping[int, int]
    ) -> None:
        self._known, self._sums, self._inverses = known, sums, inverses
        uses = Counter(key for x in {x for terms in sums.values() for x in terms} for key, _ in x)
        self._divisors = {key: x for key, x in inverses.items() if uses[key] == 1}

    def __getitem__(self, literal: int) -> Element:
        """Compute it, and first what it takes: without recursion, as degrees may be high."""
        waiting = [literal]
        while waiting:
            key = waiting[-1]
            missing = [x for x in self._needed(key) if x not in self._known]
            if missing and key not in self._known:
                waiting += reversed(missing)
                continue
            waiting.pop()
            if key not in self._known:
                self._known[key] = self._computed(key)
        return self._known[literal]

    def _needed(self, literal: int) -> Iterator[int]:
        if literal in self._inverses:
            yield self._inverses[literal]
        for monomial in self._sums.get(literal, ()):
            for key, _ in monomial:
                yield self._divisors.get(key, key)

    def _computed(self, literal: int) -> Element:
        if literal in self._inverses:
            return 1 / self._known[self._inverses[literal]]
        total: Element = None
        for monomial, number in sorted(self._sums[literal].items(), key=lambda x: x[1] < 0):
            if total is None:
                total = self._term(monomial, number)
            elif number < 0:  # what is subtracted is written so, not as a product with -1
                total = total - self._term(monomial, -number)
            else:
                total = total + self._term(monomial, number)
        return total

    def _term(self, monomial: Monomial, number: Any) -> Element:
        product: Element = None
        divisor = None
        for literal, power in monomial:
            if literal in self._divisors:
                divisor = self._known[self._divisors[literal]]
            elif isinstance(base := self._known[literal], Fraction):
                number = number * base**power
            else:
                factor = _power(base, power)
                product = factor if product is None else product * factor
        if product is None:
            return number if divisor is None else Fraction(number) / divisor
        return (product if divisor is None else product / divisor) * number


def _power(base: Element, power: int) -> Element:
    if power == 1:
        return base
    root = _power(base, power // 2)
    return root * root * base if power % 2 else root * root
