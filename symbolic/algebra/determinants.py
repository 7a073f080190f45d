"""Determinants of matrices of polynomials, and the Hurwitz matrix, without a division."""

from __future__ import annotations

from collections.abc import Sequence

from sgdmem.symbolic.algebra.polynomials import Polynomial, add, multiply


def hurwitz_matrix(a: Sequence[Polynomial]) -> list[list[Polynomial]]:
    """Return the Hurwitz matrix of order n - 1 of a polynomial of degree n.

    ``a`` are its n + 1 coefficients, highest power first, themselves polynomials.
    """
    order, zero = len(a) - 2, (0 * a[0][0],)
    return [
        [a[i] if 0 <= (i := 2 * column + 1 - row) < len(a) else zero for column in range(order)]
        for row in range(order)
    ]


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
