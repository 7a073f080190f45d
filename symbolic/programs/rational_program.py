"""Rational functions as a straight-line program: products of factors, each computed once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from sgdmem.symbolic.algebra.rational_functions import Factors, RationalFunction, Terms
from sgdmem.symbolic.algebra.scalars import Element, Scalar
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.programs.complements import complemented, in_complements
from sgdmem.symbolic.programs.literal_values import LiteralValues
from sgdmem.symbolic.programs.monomials import Monomial
from sgdmem.symbolic.programs.program import Program, trace
from sgdmem.symbolic.programs.shared_parts import Sum, shared_parts

_HIGHEST = 600  # degree: beyond that rounding errors leave nothing
_Product: TypeAlias = tuple[Fraction, Monomial]


def rational_program(values: Sequence[Scalar], parameters: Sequence[str]) -> Program:
    """Return rational functions of some parameters, and fractions, as a program.

    Differences stay factors where they are, so that what nearly vanishes is as accurate as the
    parameters. What factors have in common is computed once, and so are their products; numbers
    come last.

    Raises
    ------
    InputError
        If a factor is of a degree over 600.

    Examples
    --------
    >>> from sgdmem.symbolic.algebra.rational_functions import Parameters
    >>> x, y = Parameters(["x", "y"]).variables
    >>> print(rational_program([x * (1 - y) / 2, x * (y - 1) / 3], ["x", "y"]))
    t3 = 1 - y
    t4 = x * t3
    t6 = t4 * 1/2
    t8 = t4 * -1/3
    return t6, t8
    """
    plan = _Plan(len(parameters))
    wanted = plan.results(values)
    sums = shared_parts(plan.sums, plan.free)

    def results(*numbers: Element) -> list[Element]:
        known = {**dict(enumerate(numbers)), **plan.numbers}
        found = LiteralValues(known, sums, plan.inverses)
        return [found[literal] for literal in wanted]

    return trace(results, list(parameters))


class _Plan:
    """Literals of parameters, numbers, factors, inverses and results, and what they stand for.

    Attributes
    ----------
    sums : dict
        Of literals that are sums of products of literals.
    inverses : dict
        Of literals, what they are the inverses of.
    numbers : dict
    free : int
        The first that is no literal.
    """

    def __init__(self, count: int) -> None:
        self.free = self._count = count
        self.sums: dict[int, Sum] = {}
        self.numbers: dict[int, Fraction] = {}
        self.inverses: dict[int, int] = {}
        self._literals: dict[Any, int] = {}
        self._complements: dict[int, int] = {}  # of parameters x, the literals of 1 - x

    def results(self, values: Sequence[Scalar]) -> list[int]:
        """Return the literals of values, each a number times a product of factors."""
        factored = [x.factors() if isinstance(x, RationalFunction) else x for x in values]
        factors = (terms for x in factored if isinstance(x, Factors) for terms, _ in x.powers)
        for place in complemented(factors):
            self._complements[place] = self._sum({(): 1, ((place, 1),): -1})
        products = [self._product(value) for value in factored]
        scaled = self._scaled(products)
        return [self._result(product, products, scaled) for product in products]

    def _product(self, value: Factors | Scalar) -> _Product:
        if not isinstance(value, Factors):
            return Fraction(value), ()
        factors = [(self._factor(terms), power) for terms, power in value.powers]
        above = [(factor, power) for factor, power in factors if power > 0]
        below = _monomial((factor, -power) for factor, power in factors if power < 0)
        return value.number, _monomial([*above, (self._inverse(below), 1)] if below else above)

    def _factor(self, terms: Terms) -> int:
        degree = max(map(sum, terms))
        if degree > _HIGHEST:
            raise InputError(f"a polynomial of degree {degree} of the parameters is no program")
        if degree == len(terms) == 1:
            ((key, number),) = terms.items()
            if number == 1:
                return key.index(1)
        changed = in_complements(terms, self._complements)
        others = {} if changed is None else self._complements
        literals = [others.get(k, k) for k in range(self._count)]
        return self._sum(
            {
                _monomial((literals[k], power) for k, power in enumerate(key) if power): (
                    number.numerator if number.denominator == 1 else number
                )
                for key, number in (changed or terms).items()
            }
        )

    def _scaled(self, products: Sequence[_Product]) -> dict[Monomial, Sum]:
        """Return the sums of which all that is wanted is a power of 2 times each, or its opposite.

        That is exact term by term, too, and several sums may have such terms in common.
        """
        parts = {literal for terms in self.sums.values() for x in terms for literal, _ in x}
        uses: dict[int, set[_Product]] = {}
        for number, factors in products:
            for literal, _ in factors:
                uses.setdefault(literal, set()).add((abs(number), factors))
        found: dict[Monomial, Sum] = {}
        for literal in uses.keys() & self.sums.keys() - parts:
            (number, factors), *others = uses[literal]
            is_power = number.denominator == 1 < number and number.numerator.bit_count() == 1
            if is_power and not others and factors == ((literal, 1),):
                found[factors] = self.sums.pop(literal)
        return found

    def _result(
        self, product: _Product, products: Sequence[_Product], scaled: dict[Monomial, Sum]
    ) -> int:
        number, factors = product
        sign = 1
        if len(factors) + (number != -1) > 1 and number < 0 and (-number, factors) in products:
            sign, number = -1, -number  # of a product that is another result
        if factors in scaled:
            terms = {key: x * number.numerator for key, x in scaled[factors].items()}
            factors = ((self._sum(terms), 1),)
        elif number != 1:
            factors = _monomial([*factors, (self._number(number), 1)])
        return self._sum({factors: sign})

    def _sum(self, terms: Sum) -> int:
        literal = self._literal("sum", *terms.items())
        self.sums[literal] = terms
        return literal

    def _inverse(self, product: Monomial) -> int:
        literal = self._literal("inverse", product)
        self.inverses[literal] = self._sum({product: 1})
        return literal

    def _number(self, number: Fraction) -> int:
        literal = self._literal("number", number)
        self.numbers[literal] = number
        return literal

    def _literal(self, *key: Any) -> int:
        found = self._literals.setdefault(key, self.free)
        self.free += found == self.free
        return found


def _monomial(powers: Iterable[tuple[int, int]]) -> Monomial:
    return tuple(sorted(powers))
