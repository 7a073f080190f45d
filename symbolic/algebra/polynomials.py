"""P and Q of an algorithm, computed in any exact field.

The state on an eigenvector with eigenvalue lambda evolves with the matrix
``S = [[1 - shrink, b], [0, D]] + lambda v r^T``, ``v = (-alpha; c)``, ``r = (1; a)`` (eq. (7) of
arXiv 2410.04228), and ``det(x - S) = P(x) - lambda Q(x)`` (eqs. (29), (36)). Polynomials are
tuples of coefficients, lowest power first.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from sgdmem.symbolic.algebra.scalars import Element, flint_rational, fraction_of

Polynomial = tuple[Element, ...]

_FEW = 2  # rows for which the recursion of Faddeev and LeVerrier is as fast as FLINT


class TransferPolynomials(NamedTuple):
    """The polynomials that say everything about an algorithm on a quadratic.

    Attributes
    ----------
    D : tuple
        ``det(x - D)``, monic of degree M.
    P : tuple
        ``(x - 1 + shrink) det(x - D)``, monic of degree M + 1; w shrinks by that at each step.
    Q : tuple
        ``r^T adj(x - S_0) v``, M + 1 coefficients: noise to the point of the gradient.
    Q_output : tuple
        ``e_0^T adj(x - S_0) v``, M + 1 coefficients: noise to w. Equal to Q when a = 0.
    """

    D: Polynomial
    P: Polynomial
    Q: Polynomial
    Q_output: Polynomial


def characteristic_polynomial(matrix: Sequence[Sequence[Element]]) -> Polynomial:
    """Return ``det(x - matrix)`` by the Faddeev-LeVerrier recursion.

    The only divisions are by the integers 1 ... M, so any field of characteristic 0 will do.

    Examples
    --------
    >>> from fractions import Fraction
    >>> characteristic_polynomial([[Fraction(2), Fraction(1)], [Fraction(0), Fraction(3)]])
    (Fraction(6, 1), Fraction(-5, 1), 1)
    """
    size = len(matrix)
    if size > _FEW and all(hasattr(entry, "numerator") for row in matrix for entry in row):
        from flint import fmpq_mat

        found = fmpq_mat([[*map(flint_rational, row)] for row in matrix]).charpoly()
        if any(isinstance(entry, Fraction) for row in matrix for entry in row):
            return tuple(map(fraction_of, found))
        return tuple(found)
    coefficients: list[Element] = [1]
    product = [
        [0 * entry for entry in row] for row in matrix
    ]  # matrix times the last adjugate term
    for step in range(1, size + 1):
        last = coefficients[-1]
        term = [
            [product[i][j] + last if i == j else product[i][j] for j in range(size)]
            for i in range(size)
        ]
        product = [
            [sum(matrix[i][k] * term[k][j] for k in range(size)) for j in range(size)]
            for i in range(size)
        ]
        coefficients.append(-sum(product[i][i] for i in range(size)) / step)
    return tuple(reversed(coefficients))


def transfer_polynomials(
    alpha: Element,
    b: Sequence[Element],
    c: Sequence[Element],
    D: Sequence[Sequence[Element]],
    a: Sequence[Element],
    shrink: Element = 0,
) -> TransferPolynomials:
    """Return det(x - D), P, Q and Q_output of the algorithm with these entries."""
    det_D = characteristic_polynomial(D)
    P = multiply((shrink - 1, 1), det_D)
    # adj(x - S_0) v = sum_k x^(M-k) y_k with y_0 = v and y_k = S_0 y_(k-1) + P_(M+1-k) v.
    v = [-alpha, *c]
    y = v
    Q: list[Element] = []
    Q_output: list[Element] = []
    # of shift registers most entries are 0
    rows = [[(j, x) for j, x in enumerate(row, 1) if x] for row in (b, *D)]
    for power in range(len(b), -1, -1):
        Q_output.append(y[0])
        Q.append(y[0] + dot(a, y[1:]))
        moved = [sum((x * y[j] for j, x in row), start=0) for row in rows]
        moved[0] = moved[0] + y[0] - shrink * y[0]
        y = [entry + P[power] * start for entry, start in zip(moved, v, strict=True)]
    return TransferPolynomials(det_D, P, tuple(reversed(Q)), tuple(reversed(Q_output)))


def dot(left: Sequence[Element], right: Sequence[Element]) -> Element:
    """Return the inner product of two equally long sequences."""
    return sum((x * y for x, y in zip(left, right, strict=True)), start=0)


def add(left: Sequence[Element], right: Sequence[Element]) -> Polynomial:
    """Return the sum of two polynomials."""
    if len(left) < len(right):
        left, right = right, left
    return (*(x + y for x, y in zip(left, right, strict=False)), *left[len(right) :])


def multiply(left: Sequence[Element], right: Sequence[Element]) -> Polynomial:
    """Return the product of two polynomials."""
    product: list[Element] = [0] * (len(left) + len(right) - 1)
    for i, x in enumerate(left):
        for j, y in enumerate(right):
            product[i + j] = product[i + j] + x * y
    return tuple(product)


def evaluate(polynomial: Sequence[Element], x: Element) -> Element:
    """Return the value of a polynomial at ``x`` (Horner)."""
    value: Element = 0
    for coefficient in reversed(polynomial):
        value = value * x + coefficient
    return value


def derivative(polynomial: Sequence[Element]) -> Polynomial:
    """Return the derivative of a polynomial."""
    return tuple(power * value for power, value in enumerate(polynomial))[1:]
