"""Hypothesis strategies: small exact algorithms, which shrink well and hit the special cases."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from hypothesis import strategies as st

from sgdmem.symbolic.algorithms.algorithm import Algorithm
from tests.naive import Raw

ENTRIES = st.fractions(-2, 2, max_denominator=12)
EIGENVALUES = st.fractions("1/20", 4, max_denominator=20)


@st.composite
def raw_algorithms(
    draw: st.DrawFn, least: int = 0, most: int = 4, shifted: bool | None = None
) -> Raw:
    """Draw an algorithm of memory ``least`` ... ``most``, with a = 0 unless ``shifted``."""
    M = draw(st.integers(least, most))
    vector = st.lists(ENTRIES, min_size=M, max_size=M)
    a = draw(vector) if shifted or (shifted is None and draw(st.booleans())) else [Fraction(0)] * M
    D = draw(st.lists(vector, min_size=M, max_size=M))
    return Raw(draw(ENTRIES), draw(vector), draw(vector), D, a)


class Factored(NamedTuple):
    """A polynomial known by its roots, pairs (real part, imaginary part)."""

    roots: list[tuple[Fraction, Fraction]]
    coefficients: list[Any]  # lowest power first, monic

    @property
    def is_schur(self) -> bool:
        return all(x**2 + y**2 < 1 for x, y in self.roots)

    @property
    def algorithm(self) -> Algorithm:
        """An algorithm whose P - Q is this polynomial, with P = (x - 1) x^M."""
        M = len(self.roots) - 1
        P = [Fraction(0)] * (M + 2)
        P[M], P[M + 1] = Fraction(-1), Fraction(1)
        q = [x - y for x, y in zip(P, self.coefficients, strict=True)][:-1]
        return Algorithm.from_recurrence([-value for value in P[:-1]], q)


RADII = st.one_of(
    st.fractions(-1, 1, max_denominator=9),
    st.sampled_from([Fraction(n, d) for n, d in ((1, 1), (-1, 1), (3, 2), (2, 1), (1, 2))]),
)


@st.composite
def factored_polynomials(draw: st.DrawFn, least: int = 1, most: int = 5) -> Factored:
    """Draw rational real roots and Gaussian rational pairs, often on the circle or reciprocal."""
    degree = draw(st.integers(least, most))
    roots: list[tuple[Fraction, Fraction]] = []
    coefficients = [Fraction(1)]
    while len(roots) < degree:
        radius = draw(RADII)
        if len(roots) + 2 <= degree and draw(st.booleans()):
            slope = draw(st.fractions(-3, 3, max_denominator=4))
            cosine = (1 - slope**2) / (1 + slope**2)
            sine = 2 * slope / (1 + slope**2)
            roots += [(radius * cosine, sign * radius * sine) for sign in (1, -1)]
            factor = [radius**2, -2 * radius * cosine, Fraction(1)]
        else:
            roots.append((radius, Fraction(0)))
            factor = [-radius, Fraction(1)]
        product = [Fraction(0)] * (len(coefficients) + len(factor) - 1)
        for i, x in enumerate(coefficients):
            for j, y in enumerate(factor):
                product[i + j] += x * y
        coefficients = product
    return Factored(roots, coefficients)
