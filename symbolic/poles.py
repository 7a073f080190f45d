r"""The poles of the noise summand, and the eigenvalues at which noiseless stability changes.

The denominator of :math:`s_\lambda/\lambda` is :math:`\chi(-1,\lambda)\prod_{i<j}(1-x_ix_j)`, up to
a constant the leading coefficient of :math:`\hat\chi` times its Hurwitz determinant of order M
(theory page "Everything sits in M + 1 poles"). Both are polynomials in lambda, found exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from sgdmem.symbolic.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.polynomials import Polynomial, multiply
from sgdmem.symbolic.routh import HalfPlaneForm, summands
from sgdmem.symbolic.scalars import Element, exact_field

Enclosure = tuple[Fraction, Fraction]

_PRECISION = 192  # bits to which roots are enclosed


def boundary_polynomial(algorithm: Algorithm) -> Polynomial:
    """Return the polynomial in lambda whose roots are the poles of s / lambda.

    M + 2 coefficients, lowest power first: a root of P - lambda Q crosses the unit circle (other
    than at x = 1) only where it vanishes.

    Examples
    --------
    The heavy ball with learning rate 1/10 and momentum 9/10 is stable below eigenvalue 38:

    >>> from sgdmem.symbolic.named import heavy_ball
    >>> constant, slope, _ = boundary_polynomial(heavy_ball("0.1", "0.9"))
    >>> -constant / slope
    Fraction(38, 1)
    """
    form = algorithm.half_plane_form
    elements, back = exact_field((*form.fixed, *form.moving, form.pull))
    size = algorithm.memory + 1
    fixed, moving, pull = elements[:size], elements[size:-1], elements[-1]
    # Every coefficient of the polynomial chi-hat as a polynomial in lambda: (constant, slope).
    chi: list[Polynomial] = [(f, -m) for f, m in zip(fixed, moving, strict=True)]
    chi.append((0 * pull, pull))
    order = size - 1
    hurwitz = [
        [_entry(chi, 2 * (column + 1) - (row + 1)) for column in range(order)]
        for row in range(order)
    ]
    polynomial = multiply(chi[0], determinant(hurwitz))
    padded = (*polynomial, *(0 * pull for _ in range(size + 1 - len(polynomial))))
    return tuple(back(coefficient) for coefficient in padded[: size + 1])


def noiseless_intervals(algorithm: Algorithm) -> list[tuple[Enclosure, Enclosure]]:
    """Return the open intervals of lambda > 0 on which P - lambda Q is strictly Schur.

    Parameters
    ----------
    algorithm
        With rational entries.

    Returns
    -------
    list of (lower end, upper end)
        Disjoint, ascending; each end is an enclosure ``(low, high)`` of an exact root, relatively
        narrower than 1e-30. Bounded, since a root of P - lambda Q leaves the disk as lambda grows.

    Raises
    ------
    InputError
        If the algorithm has symbols.

    Examples
    --------
    >>> from sgdmem.symbolic.named import sgd
    >>> [(float(low[0]), float(high[0])) for low, high in noiseless_intervals(sgd("0.5"))]
    [(0.0, 4.0)]
    """
    if algorithm.is_symbolic:
        raise InputError("noiseless_intervals needs an algorithm with rational entries")
    form = algorithm.half_plane_form
    if form.pull == 0:  # x = 1 is a root for every lambda
        return []
    polynomial = boundary_polynomial(algorithm)
    if not any(polynomial):
        return []
    zero = Fraction(0)
    ends: list[Enclosure] = [(zero, zero), *_positive_roots(polynomial)]
    return [
        (lower, upper)
        for lower, upper in pairwise(ends)
        if is_schur(form, (lower[1] + upper[0]) / 2)
    ]


def is_schur(form: HalfPlaneForm, lam: Fraction) -> bool:
    """Whether P - lam Q is strictly Schur, decided in exact arithmetic."""
    try:
        pivots = summands(form, lam).pivots
    except ZeroDivisionError:  # a zero pivot before the last
        return False
    return all(pivot > 0 for pivot in pivots) or all(pivot < 0 for pivot in pivots)


def _positive_roots(polynomial: Sequence[Fraction]) -> list[Enclosure]:
    """Return enclosures of the distinct positive roots, ascending and disjoint."""
    from flint import ctx, fmpq, fmpq_poly

    rational = fmpq_poly([fmpq(value.numerator, value.denominator) for value in polynomial])
    integral = rational.numer()
    saved, ctx.prec = ctx.prec, _PRECISION
    try:
        roots: Any = integral.complex_roots()  # pairs (root, multiplicity); its stub says otherwise
        found = [
            (_fraction(root.real.lower()), _fraction(root.real.upper()))
            for root, _ in roots
            if root.imag == 0 and root.real > 0
        ]
    finally:
        ctx.prec = saved
    return sorted(found)


def _fraction(exact: Any) -> Fraction:
    mantissa, exponent = exact.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _entry(chi: Sequence[Polynomial], index: int) -> Polynomial:
    return chi[index] if 0 <= index < len(chi) else (0 * chi[0][0],)


def determinant(matrix: list[list[Polynomial]]) -> Polynomial:
    """Return the determinant by expansion along rows, each minor computed once."""
    minors: dict[tuple[int, ...], Polynomial] = {(): (1,)}
    for row in reversed(matrix):
        grown: dict[tuple[int, ...], Polynomial] = {}
        for columns, minor in minors.items():
            for column in range(len(matrix)):
                if column in columns:
                    continue
                chosen = tuple(sorted((*columns, column)))
                sign = (-1) ** chosen.index(column)
                term = multiply(tuple(sign * value for value in row[column]), minor)
                grown[chosen] = _add(grown.get(chosen, (0,)), term)
        minors = grown
    return minors[tuple(range(len(matrix)))]


def _add(left: Sequence[Element], right: Sequence[Element]) -> Polynomial:
    if len(left) < len(right):
        left, right = right, left
    return tuple(x + (right[i] if i < len(right) else 0) for i, x in enumerate(left))
