"""What several polynomials have in common, to be computed once: sums of two terms, and products.

Again and again the sum of two terms, or the product of two factors, is taken out of all polynomials
where it occurs, whichever saves the most operations: ``x*z + y*z`` becomes ``(x + y)*z``. That is
the extraction of common divisors of logic synthesis (R. Brayton and C. McMullen, ISCAS 1982; of two
terms, as J. Rajski and J. Vasudevamurthy, IEEE Trans. CAD 11, 1992). No term is written twice, so
that nothing cancels that did not cancel before.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from math import gcd
from typing import Any, TypeAlias

from sgdmem.symbolic.programs.monomials import Monomial, Monomials

Sum: TypeAlias = dict[Monomial, Any]  # of monomials; integers, or fractions
_Pattern: TypeAlias = tuple[int, int, Any, Any]  # monomials x, y and numbers a, b: a*x + b*y
# the sum, its terms scale*common*a*x and scale*common*b*y, scale and common
_Place: TypeAlias = tuple[int, int, int, Any, int]

_MOST_TERMS = 64  # of a sum whose terms are compared with each other
_MOST_PAIRS = 2**16  # of terms that are compared, about: they take a tenth of a second


def shared_parts(sums: dict[int, Sum], free: int) -> dict[int, Sum]:
    """Return sums of products of literals with what they share taken out.

    Parameters
    ----------
    sums
        What some literals stand for. Literals are numbers from 0 on; others are variables.
    free
        The first number that is no literal yet.

    Returns
    -------
    dict
        The same literals, and new ones from ``free`` on, which are their parts.

    Examples
    --------
    >>> x, y, z = (((k, 1),) for k in range(3))
    >>> shared_parts({3: {(*x, *z): 2, (*y, *z): 3}, 4: {x: 4, y: 6, z: 1}}, 5)
    {3: {((2, 1), (5, 1)): 1}, 4: {((2, 1),): 1, ((5, 1),): 2}, 5: {((1, 1),): 3, ((0, 1),): 2}}
    """
    count = sum(map(len, sums.values()))
    pool = _Pool(free, min(max(2 * _MOST_PAIRS // max(count, 1), 2), _MOST_TERMS))
    for literal, terms in sums.items():
        pool.add(literal, terms)
    pool.share()
    return pool.found()


class _Pool:
    def __init__(self, free: int, longest: int) -> None:
        self._free, self._longest = free, longest
        self._monomials = Monomials()
        self._sums: dict[int, dict[int, Any]] = {}
        self._places: dict[_Pattern, list[_Place]] = {}  # also of terms that are gone by now
        self._products: dict[tuple[int, int], set[int]] = {}  # which monomials have two literals
        self._terms: dict[tuple[Any, int], int] = {}  # how many there are, up to their signs
        self._uses: dict[int, int] = {}  # of monomials
        self._best: list[tuple[float, bool, Any]] = []  # a heap; what is saved may be less by now

    def add(self, literal: int, terms: Sum) -> None:
        """Add a sum; if it is long, as sums of sums, nested."""
        waiting = [(literal, terms)]
        while waiting:
            literal, terms = waiting.pop()
            while len(terms) > self._longest:
                inner, terms = _divided(terms, self._free)
                waiting.append((self._free, inner))
                self._free += 1
            self._sums[literal] = {}
            for monomial, number in terms.items():
                self._put(literal, self._monomials.number(monomial), number)

    def found(self) -> dict[int, Sum]:
        powers = self._monomials.powers
        return {
            literal: {powers[key]: number for key, number in terms.items()}
            for literal, terms in self._sums.items()
        }

    def share(self) -> None:
        self._push(self._places)
        while self._best:
            expected, is_sum, key = heappop(self._best)
            saving = self._saving(key) if is_sum else self._products_saved(key)
            if saving <= 0:
                continue
            if saving != -expected and self._best and -self._best[0][0] > saving:
                heappush(self._best, (-saving, is_sum, key))
            elif is_sum:
                self._take_sum(key)
            else:
                self._take_product(key)

    def _take_sum(self, pattern: _Pattern) -> None:
        first, second, a, b = pattern
        part = self._new()
        changed = []
        for key, x, y, scale, common in self._now(pattern):
            self._drop(key, x)
            self._drop(key, y)
            changed += self._put(key, self._monomials.times(common, part), scale)
        self._push([*changed, *self._put(part, first, a), *self._put(part, second, b)])

    def _take_product(self, pair: tuple[int, int]) -> None:
        part = self._new()
        having = self._products[pair]
        wanted = [(key, x) for key, terms in self._sums.items() for x in terms if x in having]
        product = self._monomials.number(tuple((literal, 1) for literal in pair))
        changed = []
        for key, x in wanted:
            number = self._drop(key, x)
            rest = self._monomials.without(x, product)
            changed += self._put(key, self._monomials.times(rest, part), number)
        self._put(part, product, 1)
        self._push(changed)

    def _new(self) -> int:
        self._sums[self._free] = {}
        self._free += 1
        return self._free - 1

    def _put(self, key: int, x: int, number: Any) -> list[_Pattern]:
        """Add a term to a sum, and return the patterns of it that may now save something."""
        changed = []
        terms, places, split = self._sums[key], self._places, self._monomials.split
        is_whole = type(number) is int
        for y, other in terms.items():
            common, first, second = split(x, y)
            a, b, place = number, other, (key, x, y)
            if second < first:
                a, b, first, second, place = b, a, second, first, (key, y, x)
            scale = gcd(a, b) if is_whole and type(other) is int else 1
            if a < 0:
                scale = -scale
            if scale != 1:
                # a fraction has the scale 1 or -1
                a, b = (-a, -b) if scale == -1 else (a // scale, b // scale)
            pattern = first, second, a, b
            found = places.get(pattern)
            if found is None:
                found = places[pattern] = []
            found.append((*place, scale, common))
            if common or len(found) > 1 or abs(scale) != 1:
                changed.append(pattern)
        terms[x] = number
        term = abs(number), x
        self._terms[term] = self._terms.get(term, 0) + 1
        count = self._uses[x] = self._uses.get(x, 0) + 1
        if count == 1:
            for pair in self._monomials.pairs(x):
                self._products.setdefault(pair, set()).add(x)
                if self._products_saved(pair) > 0:
                    heappush(self._best, (-self._products_saved(pair), False, pair))
        return changed

    def _drop(self, key: int, x: int) -> Any:
        """Take a term out of a sum, for good, and return its number."""
        number = self._sums[key].pop(x)
        self._terms[abs(number), x] -= 1
        self._uses[x] -= 1
        if not self._uses[x]:
            for pair in self._monomials.pairs(x):
                self._products[pair].remove(x)
        return number

    def _push(self, patterns: Iterable[_Pattern]) -> None:
        for pattern in dict.fromkeys(patterns):
            saving = self._saving(pattern)
            if saving > 0:
                heappush(self._best, (-saving, True, pattern))

    def _now(self, pattern: _Pattern) -> list[_Place]:
        """Return where a pattern is by now, each term once."""
        found: list[_Place] = []
        used: set[tuple[int, int]] = set()
        for place in self._places[pattern]:
            key, x, y, *_ = place
            terms = self._sums[key]
            if x in terms and y in terms and (key, x) not in used and (key, y) not in used:
                used.add((key, x))
                used.add((key, y))
                found.append(place)
        return found

    def _saving(self, pattern: _Pattern) -> float:
        """Return how many operations a pattern saves as a part of its own."""
        found = self._now(pattern)
        if not found:
            return 0.0
        first, second, a, b = pattern
        cost = self._monomials.costs
        saved: float = -(1.0 + cost[first] + cost[second])
        saved -= bool(first and abs(a) != 1) + bool(second and abs(b) != 1)
        for _, x, y, scale, _ in found:
            saved += 1 + self._share(scale * a, x) + self._share(scale * b, y)
        saved -= sum(scale != 1 for scale, _ in {(abs(x[3]), x[4]) for x in found})
        return saved - sum(cost[x] + 1 for x in {x[4] for x in found} if x)

    def _share(self, number: Any, x: int) -> float:
        """Return the cost of a term, divided by the number of those who share it."""
        cost: float = self._monomials.costs[x] / self._uses[x]
        if x and abs(number) != 1:
            cost += 1 / self._terms[abs(number), x]
        return cost

    def _products_saved(self, pair: tuple[int, int]) -> float:
        return len(self._products[pair]) - 1.0


def _divided(terms: Sum, free: int) -> tuple[Sum, Sum]:
    """Return a part of a long sum, and the sum in which it is the literal ``free``."""
    counts: dict[int, int] = {}
    for monomial in terms:
        for literal, _ in monomial:
            counts[literal] = counts.get(literal, 0) + 1
    literal = max(counts, key=lambda x: (counts[x], -x))
    if counts[literal] == 1:
        keys = [*terms]
        half = len(keys) // 2
        rest = {key: terms[key] for key in keys[half:]}
        return {key: terms[key] for key in keys[:half]}, {**rest, ((free, 1),): 1}
    inner, outer = {}, {}
    for monomial, number in terms.items():
        powers = dict(monomial)
        if literal in powers:
            powers[literal] -= 1
            inner[tuple((key, power) for key, power in powers.items() if power)] = number
        else:
            outer[monomial] = number
    return inner, {**outer, ((literal, 1), (free, 1)): 1}
