"""When two algorithms are the same: equal trajectories, changes of the auxiliary vectors.

An algorithm turns gradients into iterates through two transfer functions, Q_output / P from the
gradient to w and Q / P from the gradient to the point where the next gradient is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from random import Random
from typing import Literal

from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algebra.determinants import determinant_of_numbers
from sgdmem.symbolic.algebra.polynomials import dot, multiply
from sgdmem.symbolic.algebra.scalars import Element, Scalar, exact_field, is_zero
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_algorithm
from sgdmem.symbolic.errors import InputError, shown

Matrix = list[list[Element]]


def equivalent(
    first: Algorithm, second: Algorithm, losses: Literal["quadratic", "all"] = "quadratic"
) -> bool:
    """Whether two algorithms are the same up to their auxiliary vectors and how they start.

    Parameters
    ----------
    first, second
        Of any memories; exact, numeric or symbolic.
    losses
        ``"quadratic"``: equal Q / P, so on every quadratic both obey the same recurrence (8) of
        arXiv 2410.04228 once common factors of P and Q are cancelled, and have the same
        stability and noise summand. ``"all"``: also equal Q_output / P, so from the same w_0 and
        u_0 = 0 they trace the same w and the same points of the gradient for every loss.

    Examples
    --------
    The textbook's and PyTorch's Nesterov differ by where w stands, not in their recurrence:

    >>> from sgdmem.symbolic.zoo.named_algorithms import nesterov, torch_sgd
    >>> textbook, pytorch = nesterov("0.1", "0.9"), torch_sgd("0.1", "0.9", nesterov=True)
    >>> equivalent(textbook, pytorch), equivalent(textbook, pytorch, losses="all")
    (True, False)
    """
    if losses not in ("quadratic", "all"):
        raise InputError(f"losses must be 'quadratic' or 'all', got {shown(losses)}")
    require_algorithm(first, "first")
    require_algorithm(second, "second")
    ((P, Q, Q_output), (P2, Q2, Q2_output)), back = _in_one_field(first, second)
    pairs = [(multiply(Q, P2), multiply(Q2, P))]
    if losses == "all":
        pairs.append((multiply(Q_output, P2), multiply(Q2_output, P)))
    return all(
        x == y or is_zero(back(x - y))
        for left, right in pairs
        for x, y in zip_longest(left, right, fillvalue=0)
    )


def change_of_variables(
    first: Algorithm, second: Algorithm
) -> tuple[tuple[Scalar, ...], ...] | None:
    """Return a matrix T with u_second = T u_first that turns one algorithm into the other.

    It solves ``b_2 T = b_1``, ``a_2 T = a_1``, ``c_2 = T c_1``, ``D_2 T = T D_1``: started with
    u_second = T u_first the two trace the same w for every loss. None if alpha or shrink differs or
    there is no such T. Where several exist (memory that no gradient reaches or that nothing
    reads), a regular one is preferred. T is rectangular when the memories differ.

    Examples
    --------
    PyTorch's heavy ball keeps v / -learning_rate:

    >>> from sgdmem.symbolic.zoo.named_algorithms import heavy_ball, torch_sgd
    >>> change_of_variables(heavy_ball("0.1", "0.9"), torch_sgd("0.1", "0.9"))
    ((Fraction(-10, 1),),)
    """
    M, M2 = (
        require_algorithm(x, name).memory for x, name in ((first, "first"), (second, "second"))
    )
    elements, back = exact_field((*first.entries, *second.entries))
    half = len(first.entries)
    alpha, b, c, D, a, shrink = Blocks.of_row(elements[:half], M)
    alpha2, b2, c2, D2, a2, shrink2 = Blocks.of_row(elements[half:], M2)
    if alpha != alpha2 or shrink != shrink2:
        return None
    zero = 0 * alpha
    places = [(i, j) for i in range(M2) for j in range(M)]

    def equation(terms: dict[tuple[int, int], Element], right: Element) -> list[Element]:
        return [*(terms.get(place, zero) for place in places), right]

    equations = [
        *(equation({(i, j): b2[i] for i in range(M2)}, b[j]) for j in range(M)),
        *(equation({(i, j): a2[i] for i in range(M2)}, a[j]) for j in range(M)),
        *(equation({(i, j): c[j] for j in range(M)}, c2[i]) for i in range(M2)),
    ]
    for i, j in places:  # entry (i, j) of D2 T - T D
        terms = {(k, j): D2[i][k] for k in range(M2)}
        for k in range(M):
            terms[i, k] = terms.get((i, k), zero) - D[k][j]
        equations.append(equation(terms, zero))
    solution = _solve(equations, len(places))
    if solution is None:
        return None
    particular, kernel = solution
    random = Random(0)
    for size in (0, 1, 10, 10**6):  # a generic member is regular if one is
        entries = particular
        for direction in kernel:
            factor = random.randint(-size, size)
            entries = [x + factor * y for x, y in zip(entries, direction, strict=True)]
        T = [entries[i * M : (i + 1) * M] for i in range(M2)]
        if M == M2 and kernel and determinant_of_numbers(T) == 0:
            continue
        return tuple(tuple(map(back, row)) for row in T)
    return tuple(tuple(map(back, particular[i * M : (i + 1) * M])) for i in range(M2))


def effective_learning_rates(algorithm: Algorithm) -> tuple[Scalar, Scalar]:
    """Return the two formulas of eq. (22): alpha - b (1 - D)^(-1) c, and -Q(1) / P'(1).

    The inverse is taken by Cramer's rule, with one division at the end.

    Raises
    ------
    UndefinedError
        If D has the eigenvalue 1.

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.named_algorithms import heavy_ball
    >>> effective_learning_rates(heavy_ball("0.1", "0.9"))
    (Fraction(1, 1), Fraction(1, 1))
    """
    by_polynomials = algorithm.effective_learning_rate
    elements, back = exact_field(algorithm.entries)
    alpha, b, c, D, *_ = Blocks.of_row(elements, algorithm.memory)
    unit = [[int(i == j) - entry for j, entry in enumerate(row)] for i, row in enumerate(D)]
    whole = determinant_of_numbers(unit)
    replaced = []
    for j in range(algorithm.memory):
        rows = [[*row[:j], start, *row[j + 1 :]] for row, start in zip(unit, c, strict=True)]
        replaced.append(determinant_of_numbers(rows))
    return algorithm.present(back((alpha * whole - dot(b, replaced)) / whole)), by_polynomials


def _in_one_field(
    first: Algorithm, second: Algorithm
) -> tuple[list[list[Sequence[Element]]], Callable[[Element], Scalar]]:
    polynomials = [
        polynomial for algorithm in (first, second) for polynomial in algorithm.polynomials[1:]
    ]
    elements, back = exact_field([value for polynomial in polynomials for value in polynomial])
    cut: list[Sequence[Element]] = []
    for polynomial in polynomials:
        cut.append(elements[: len(polynomial)])
        elements = elements[len(polynomial) :]
    return [cut[:3], cut[3:]], back


def _solve(equations: Matrix, unknowns: int) -> tuple[list[Element], Matrix] | None:
    """Return a solution and a basis of the kernel; the last column is the right-hand side."""
    rows = [list(row) for row in equations]
    pivots: list[int] = []
    for column in range(unknowns + 1):
        top = len(pivots)
        found = next((i for i in range(top, len(rows)) if rows[i][column] != 0), None)
        if found is None:
            continue
        if column == unknowns:
            return None
        rows[top], rows[found] = rows[found], rows[top]
        lead = rows[top][column]
        rows[top] = [value / lead for value in rows[top]]
        for i, row in enumerate(rows):
            if i != top and row[column] != 0:
                factor = row[column]
                rows[i] = [x - factor * y for x, y in zip(row, rows[top], strict=True)]
        pivots.append(column)

    def vector(column: int, sign: int) -> list[Element]:
        values: list[Element] = [0] * unknowns
        for row, pivot in zip(rows, pivots, strict=False):
            values[pivot] = sign * row[column]
        return values

    kernel = []
    for free in (column for column in range(unknowns) if column not in pivots):
        direction = vector(free, -1)
        direction[free] = 1
        kernel.append(direction)
    return vector(unknowns, 1), kernel
