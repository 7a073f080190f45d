"""Polynomials that are positive on an interval: proved by their Bernstein coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import comb, lcm

_DEEPEST = 60  # halvings


def is_positive(polynomial: Sequence[Fraction], low: Fraction, high: Fraction) -> bool:
    """Whether it is shown that a polynomial, lowest power first, is positive on [low, high].

    A polynomial is a mean of its Bernstein coefficients, at either end that one alone; intervals
    are halved until none of these is negative, or an end is not positive.

    Examples
    --------
    >>> is_positive([Fraction(1), Fraction(-2), Fraction(1)], Fraction(0), Fraction(1, 2))
    True
    >>> is_positive([Fraction(1), Fraction(-2), Fraction(1)], Fraction(0), Fraction(1))
    False
    """
    pending = [_bernstein(polynomial, low, high)]
    for _ in range(_DEEPEST):
        if any(coefficients[0] <= 0 or coefficients[-1] <= 0 for coefficients in pending):
            return False
        undecided = [coefficients for coefficients in pending if min(coefficients) < 0]
        pending = [half for coefficients in undecided for half in _halves(coefficients)]
    return not pending


def _bernstein(polynomial: Sequence[Fraction], low: Fraction, high: Fraction) -> list[int]:
    """Return its Bernstein coefficients on [low, high], times a positive number."""
    shifted = list(polynomial)
    degree = len(shifted) - 1
    for i in range(degree):  # Taylor's coefficients at low
        for k in range(degree - 1, i - 1, -1):
            shifted[k] += low * shifted[k + 1]
    width = Fraction(1)
    for k in range(degree + 1):
        shifted[k] *= width / comb(degree, k)
        width *= high - low
    common = lcm(*(x.denominator for x in shifted))
    whole = [x.numerator * (common // x.denominator) for x in shifted]
    return [sum(comb(j, k) * whole[k] for k in range(j + 1)) for j in range(degree + 1)]


def _halves(coefficients: list[int]) -> tuple[list[int], list[int]]:
    """Return the coefficients on both halves (de Casteljau), times a positive number."""
    degree = len(coefficients) - 1
    row, left, right = coefficients, [], []
    for k in range(degree + 1):
        left.append(row[0] << (degree - k))
        right.append(row[-1] << (degree - k))
        row = [x + y for x, y in pairwise(row)]
    return left, right[::-1]
