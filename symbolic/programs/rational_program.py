"""Rational functions as a straight-line program: products of factors, each computed once."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from sgdmem.symbolic.algebra.rational_functions import RationalFunction, Terms
from sgdmem.symbolic.algebra.scalars import Element, Scalar
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.programs.program import Program, trace

_HIGHEST = 600  # degree: beyond that rounding errors leave nothing, and Python's stack ends


def rational_program(values: Sequence[Scalar], parameters: Sequence[str]) -> Program:
    """Return rational functions of some parameters, and fractions, as a program.

    Differences stay factors where they are, so that what nearly vanishes is as accurate as the
    parameters; numbers come last, so that what differs by one alone is computed once.

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

    def results(*numbers: Element) -> list[Element]:
        return [_value(value, numbers) for value in values]

    return trace(results, list(parameters))


def _value(value: Scalar, numbers: Sequence[Element]) -> Element:
    if not isinstance(value, RationalFunction):
        return Fraction(value)
    number, powers = value.factors()
    above: Element = 1
    below: Element = 1
    for terms, power in powers:
        degree = max(map(sum, terms))
        if degree > _HIGHEST:
            raise InputError(f"a polynomial of degree {degree} of the parameters is no program")
        factor = _polynomial(terms, numbers)
        if power > 0:
            above = above * _power(factor, power)
        else:
            below = below * _power(factor, -power)
    return above / below * number


def _power(base: Element, power: int) -> Element:
    if power == 1:
        return base
    root = _power(base, power // 2)
    return root * root * base if power % 2 else root * root


def _polynomial(terms: Terms, numbers: Sequence[Element]) -> Element:
    """Return a polynomial, nested: fewer operations, and smaller errors, than the sum of its terms.

    What is subtracted is written so, not as a product with -1.
    """
    if len(terms) == 1:
        ((exponents, number),) = terms.items()
        product: Element = 1
        for base, power in zip(numbers, exponents, strict=True):
            product = product * _power(base, power) if power else product
        return product * number
    counts = [sum(exponents[k] > 0 for exponents in terms) for k in range(len(numbers))]
    place = counts.index(max(counts))
    if counts[place] > 1:
        factor = numbers[place]
        inner = {_lowered(key, place): x for key, x in terms.items() if key[place]}
        outer = {key: x for key, x in terms.items() if not key[place]}
    else:
        *keys, last = terms
        factor, inner, outer = 1, {last: terms[last]}, {key: terms[key] for key in keys}
    if not outer:
        return factor * _polynomial(inner, numbers)
    if _is_negative(inner):
        return _polynomial(outer, numbers) - factor * _polynomial(_opposite(inner), numbers)
    part = factor * _polynomial(inner, numbers)
    if _is_negative(outer):
        return part - _polynomial(_opposite(outer), numbers)
    return _polynomial(outer, numbers) + part


def _lowered(exponents: tuple[int, ...], place: int) -> tuple[int, ...]:
    return (*exponents[:place], exponents[place] - 1, *exponents[place + 1 :])


def _is_negative(terms: Terms) -> bool:
    return all(number < 0 for number in terms.values())


def _opposite(terms: Terms) -> Terms:
    return {exponents: -number for exponents, number in terms.items()}
