"""In which order people write the terms of a sum."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from sgdmem.symbolic.expressions.products import is_negative


@dataclass(frozen=True)
class Order:
    """Falling powers of some symbols, rising ones of others, and short terms before long ones.

    Attributes
    ----------
    falling, rising : tuple of symbols
        The terms of sums are in falling powers of the first, then in rising powers of the others.
    """

    falling: tuple[Any, ...] = ()
    rising: tuple[Any, ...] = ()

    def sorted(self, terms: Iterable[Any], text: Callable[[Any], str]) -> list[Any]:
        """Return terms in order; of those that come first, the first that is added in front.

        Examples
        --------
        >>> a, b = sympy.symbols("a b")
        >>> Order().sorted((1 + a * b - a).args, str), Order().sorted((a * b - a).args, str)
        ([1, -a, a*b], [a*b, -a])
        >>> Order(falling=(a,)).sorted((a - a**2).args, str)
        [-a**2, a]
        """
        found = sorted(terms, key=lambda term: (*self._powers(term), *_size(term), text(term)))
        leading = self._powers(found[0])
        first = next(
            (x for x in found if self._powers(x) == leading and not is_negative(x)), found[0]
        )
        return [first, *(x for x in found if x is not first)]

    def _powers(self, term: Any) -> tuple[int, ...]:
        powers = term.as_powers_dict()
        falling = (-_degree(term, symbol, powers) for symbol in self.falling)
        rising = [_degree(term, symbol, powers) for symbol in self.rising]
        return (*falling, sum(rising), *(-degree for degree in rising))  # lambda_1, then lambda_2


def _size(term: Any) -> tuple[Any, ...]:
    powers = term.as_powers_dict().items()
    size = sum(int(n) if n.is_Integer else 1 for base, n in powers if not base.is_number)
    return size, is_negative(term)


def _degree(term: Any, symbol: Any, powers: Mapping[Any, Any]) -> int:
    if not term.has(symbol) or sympy.expand(term) == 0:
        return 0
    power = powers.get(symbol, 0)
    if power == 0 or not power.is_Integer:
        try:
            return int(sympy.degree(sympy.expand(term), symbol))
        except sympy.PolynomialError:
            return 0
    return int(power)
