"""Polynomials that vanish where parameters are 1, in the differences of these from 1.

Momenta near 1 are the usual ones. There the polynomial ``2 - x - y`` is a small difference of large
terms; with ``u = 1 - x`` and ``v = 1 - y``, which floats have exactly, it is ``u + v``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fractions import Fraction
from itertools import product
from math import comb, prod

from sgdmem.symbolic.algebra.rational_functions import Terms

_MOST_PRODUCTS = 4096  # of powers that are expanded


def complemented(factors: Iterable[Terms]) -> list[int]:
    """Return the places of the parameters x for which ``1 - x`` is among some polynomials."""
    found: dict[int, None] = {}
    for terms in factors:
        if sorted(map(sum, terms)) == [0, 1]:
            ((_, one), (variable, number)) = sorted(terms.items())
            if one == 1 and number == -1:
                found[variable.index(1)] = None
    return [*found]


def in_complements(terms: Terms, places: Collection[int]) -> Terms | None:
    """Return a polynomial in which ``1 - u`` is put for the parameters at some places.

    None if it does not vanish where all of these are 1, or does not have fewer terms then.

    Examples
    --------
    >>> terms = {(0, 0): Fraction(2), (0, 1): Fraction(-1), (1, 0): Fraction(-1)}  # 2 - x - y
    >>> {key: int(number) for key, number in in_complements(terms, [0, 1]).items()}  # u + v
    {(0, 1): 1, (1, 0): 1}
    """
    if len(terms) < 3 or not _vanishes_at_ones(terms, places):
        return None
    if sum(prod(key[k] + 1 for k in places) for key in terms) > _MOST_PRODUCTS:
        return None
    found: Terms = {}
    for key, number in terms.items():
        ranges = [range(power + 1) if k in places else [power] for k, power in enumerate(key)]
        for powers in product(*ranges):
            factor = prod((-1) ** powers[k] * comb(key[k], powers[k]) for k in places)
            found[powers] = found.get(powers, Fraction(0)) + number * factor
    found = {key: number for key, number in found.items() if number}
    return found if len(found) < len(terms) else None


def _vanishes_at_ones(terms: Terms, places: Collection[int]) -> bool:
    rest: dict[tuple[int, ...], Fraction] = {}
    for key, number in terms.items():
        others = tuple(0 if k in places else power for k, power in enumerate(key))
        rest[others] = rest.get(others, Fraction(0)) + number
    return not any(rest.values())
