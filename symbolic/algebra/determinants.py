"""Determinants of matrices of polynomials, and the Hurwitz matrix, without a division."""

from __future__ import annotations

from collections.abc import Sequence

from sgdmem.symbolic.algebra.polynomials import Polynomial, add, multiply
from sgdmem.symbolic.algebra.scalars import Element


def hurwitz_matrix(a: Sequence[Polynomial], order: int) -> list[list[Polynomial]]:
    """Return the Hurwitz matrix of a polynomial.

    ``a`` are its coefficients, highest power first, themselves polynomials.
    """
    zero = (0 * a[0][0],)
    return [
        [a[i] if 0 <= (i := 2 * column + 1 - row) < len(a) else zero for column in range(order)]
        for row in range(order)
    ]


def hurwitz_determinants(a: Sequence[Element]) -> list[Element]:
    """Return the Hurwitz determinants of order 1 ... n - 1 of a polynomial of degree n.

    ``a`` are its n + 1 coefficients, highest power first.
    """
    orders = range(1, len(a) - 1)
    matrix = hurwitz_matrix([(entry,) for entry in a], len(a) - 2)
    return [determinant([row[:order] for row in matrix[:order]])[0] for order in orders]


def determinant_of_numbers(matrix: Sequence[Sequence[Element]]) -> Element:
    """Return the determinant of a matrix of numbers of any kind, without a division."""
    return determinant([[(entry,) for entry in row] for row in matrix])[0]


def determinant(matrix: Sequence[Sequence[Polynomial]]) -> Polynomial:
    """Return the determinant by expansion along rows, each minor computed once.

    Nothing is divided, so the entries may be polynomials; 2^n minors are cheap for n = M.

    Examples
    --------
    >>> determinant([[(1, 1), (2,)], [(3,), (1, -1)]])  # (1 + x)(1 - x) - 6
    (-5, 0, -1)
    """
    minors: dict[tuple[int, ...], Polynomial] = {(): (1,)}
    for row in reversed(matrix):
        grown: dict[tuple[int, ...], Polynomial] = {}
        for columns, minor in minors.items():
            for column, entry in enumerate(row):
                if column in columns or not any(entry):
                    continue
                chosen = tuple(sorted((*columns, column)))
                term = multiply(entry, minor)
                if chosen.index(column) % 2:
                    term = tuple(-value for value in term)
                grown[chosen] = add(grown[chosen], term) if chosen in grown else term
        minors = grown
    return minors.get(tuple(range(len(matrix))), (0,))
