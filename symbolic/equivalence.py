"""When two algorithms are the same: equal trajectories, changes of the auxiliary vectors.

An algorithm turns gradients into iterates through two transfer functions, Q_output / P from the
gradient to w and Q / P from the gradient to the point where the next gradient is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sgdmem.symbolic.algorithm import Algorithm, unflatten
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.polynomials import dot, multiply
from sgdmem.symbolic.scalars import Element, Scalar, exact_field

Matrix = list[list[Element]]


def equivalent(
    first: Algorithm, second: Algorithm, losses: Literal["quadratic", "all"] = "quadratic"
) -> bool:
    """Whether two algorithms trace the same iterates, from suitable starts of their memories.

    Parameters
    ----------
    first, second
        Of any memories; exact, numeric or symbolic.
    losses
        ``"quadratic"``: the same recurrence (8) after cancelling common factors of P and Q, so the
        same w on every quadratic (Theorem 1 of arXiv 2410.04228). ``"all"``: also the same w and
        the same points of the gradient for every loss.

    Examples
    --------
    The textbook's and PyTorch's Nesterov differ by where w stands, not in their recurrence:

    >>> from sgdmem.symbolic.named import nesterov, torch_sgd
    >>> textbook, pytorch = nesterov("0.1", "0.9"), torch_sgd("0.1", "0.9", nesterov=True)
    >>> equivalent(textbook, pytorch), equivalent(textbook, pytorch, losses="all")
    (True, False)
    """
    if losses not in ("quadratic", "all"):
        raise InputError(f"losses must be 'quadratic' or 'all', got {losses!r}")
    (P, Q, Q_output), (P2, Q2, Q2_output) = _in_one_field(first, second)
    same = _equal(multiply(Q, P2), multiply(Q2, P))
    if losses == "all":
        same = same and _equal(multiply(Q_output, P2), multiply(Q2_output, P))
    return same


def change_of_variables(
    first: Algorithm, second: Algorithm
) -> tuple[tuple[Scalar, ...], ...] | None:
    """Return the matrix T with u_second = T u_first that turns one algorithm into the other.

    Then ``b_2 T = b_1``, ``c_2 = T c_1``, ``D_2 T = T D_1``, ``a_2 T = a_1`` and both trace the
    same w for every loss. Found from the vectors c, D c, D^2 c, ...; None if there is no such T or
    these do not span the memory of ``first`` (then T is not unique).

    Examples
    --------
    PyTorch's heavy ball keeps v / -learning_rate:

    >>> from sgdmem.symbolic.named import heavy_ball, torch_sgd
    >>> change_of_variables(heavy_ball("0.1", "0.9"), torch_sgd("0.1", "0.9"))
    ((Fraction(-10, 1),),)
    """
    M = first.memory
    if second.memory != M:
        return None
    elements, back = exact_field((*first.entries, *second.entries))
    half = len(first.entries)
    alpha, b, c, D, a = unflatten(elements[:half], M)
    alpha2, b2, c2, D2, a2 = unflatten(elements[half:], M)
    if alpha != alpha2:
        return None
    rows = _solve_left(_krylov(D, c), _krylov(D2, c2))
    if rows is None:
        return None
    columns = list(zip(*rows, strict=True))
    holds = (
        [dot(b2, column) for column in columns] == list(b)
        and [dot(a2, column) for column in columns] == list(a)
        and [dot(row, c) for row in rows] == list(c2)
        and [[dot(row, column) for column in columns] for row in D2]
        == [[dot(row, column) for column in zip(*D, strict=True)] for row in rows]
    )
    return tuple(tuple(map(back, row)) for row in rows) if holds else None


def effective_learning_rates(algorithm: Algorithm) -> tuple[Scalar, Scalar]:
    """Return the two formulas of eq. (22): alpha - b (1 - D)^(-1) c, and -Q(1) / P'(1).

    Examples
    --------
    >>> from sgdmem.symbolic.named import heavy_ball
    >>> effective_learning_rates(heavy_ball("0.1", "0.9"))
    (Fraction(1, 1), Fraction(1, 1))

    Raises
    ------
    UndefinedError
        If D has the eigenvalue 1.
    """
    by_polynomials = algorithm.effective_learning_rate
    M = algorithm.memory
    elements, back = exact_field(algorithm.entries)
    alpha, b, c, D, _ = unflatten(elements, M)
    unit = [[(i == j) - entry for j, entry in enumerate(row)] for i, row in enumerate(D)]
    # (1 - D) y = c, with the transposed system as the left division of rows
    solved = _solve_left([list(column) for column in zip(*unit, strict=True)], [list(c)])
    assert solved is not None or M == 0  # 1 - D is regular, or the first formula had raised
    y = solved[0] if solved else []
    return algorithm.present(back(alpha - dot(b, y))), by_polynomials


def _in_one_field(first: Algorithm, second: Algorithm) -> list[list[Sequence[Element]]]:
    polynomials = [
        polynomial for algorithm in (first, second) for polynomial in algorithm.polynomials[1:]
    ]
    elements, _ = exact_field([value for polynomial in polynomials for value in polynomial])
    cut: list[Sequence[Element]] = []
    for polynomial in polynomials:
        cut.append(elements[: len(polynomial)])
        elements = elements[len(polynomial) :]
    return [cut[:3], cut[3:]]


def _equal(left: Sequence[Element], right: Sequence[Element]) -> bool:
    size = max(len(left), len(right))
    pads = [list(values) + [0] * (size - len(values)) for values in (left, right)]
    return all(x == y for x, y in zip(*pads, strict=True))


def _krylov(D: Matrix, c: Sequence[Element]) -> Matrix:
    """Return the matrix with columns c, D c, D^2 c, ..."""
    columns = [list(c)]
    for _ in range(len(c) - 1):
        columns.append([dot(row, columns[-1]) for row in D])
    return [list(row) for row in zip(*columns, strict=True)]


def _solve_left(matrix: Matrix, right: Matrix) -> Matrix | None:
    """Return X with X matrix = right, by elimination on columns; None if matrix is singular."""
    size = len(matrix)
    a = [list(column) for column in zip(*matrix, strict=True)]
    x = [list(column) for column in zip(*right, strict=True)]
    for i in range(size):
        pivot = next((row for row in range(i, size) if a[row][i] != 0), None)
        if pivot is None:
            return None
        a[i], a[pivot], x[i], x[pivot] = a[pivot], a[i], x[pivot], x[i]
        for row in range(size):
            if row != i and a[row][i] != 0:
                factor = a[row][i] / a[i][i]
                a[row] = [p - factor * q for p, q in zip(a[row], a[i], strict=True)]
                x[row] = [p - factor * q for p, q in zip(x[row], x[i], strict=True)]
    x = [[value / a[i][i] for value in row] for i, row in enumerate(x)]
    return [list(row) for row in zip(*x, strict=True)]
