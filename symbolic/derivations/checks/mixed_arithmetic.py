"""Arithmetic on what formulas stand for: rational numbers, matrices of them, and long floats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import fmpq, fmpq_mat
from mpmath import mp, workdps

from sgdmem.symbolic.derivations.statements.exact_second_moments import identity
from sgdmem.symbolic.derivations.statements.exact_values import as_float

DIGITS = 20  # of integrals and of functions that are not rational


def unwrapped(value: Any) -> Any:
    """Return a matrix of one entry as a number."""
    one = isinstance(value, fmpq_mat) and (value.nrows(), value.ncols()) == (1, 1)
    return value[0, 0] if one else value


def added(left: Any, right: Any) -> Any:
    """Return a sum; a number is added to a square matrix as a multiple of the identity."""
    if isinstance(left, fmpq_mat) and not isinstance(right, fmpq_mat):
        return left + identity(left.nrows()) * right
    if isinstance(right, fmpq_mat) and not isinstance(left, fmpq_mat):
        return added(right, left)
    return unwrapped(_combined(left, right, lambda x, y: x + y))


def multiplied(left: Any, right: Any) -> Any:
    """Return a product of numbers and matrices."""
    return unwrapped(_combined(left, right, lambda x, y: x * y))


def _combined(left: Any, right: Any, operation: Callable[[Any, Any], Any]) -> Any:
    if isinstance(left, mp.mpf) or isinstance(right, mp.mpf):
        with workdps(DIGITS):
            return operation(as_float(left), as_float(right))
    return operation(left, right)


def inverted(value: Any) -> Any:
    """Return the inverse of a number or a matrix."""
    if isinstance(value, fmpq_mat):
        return value.inv()
    if not isinstance(value, mp.mpf):
        return 1 / value
    with workdps(DIGITS):
        return 1 / value


def raised(value: Any, exponent: Any) -> Any:
    """Return a power; a matrix has whole ones only."""
    if isinstance(exponent, fmpq) and exponent.q == 1 and not isinstance(value, mp.mpf):
        if exponent < 0:
            return raised(inverted(value), -exponent)
        whole = int(exponent)
        if not isinstance(value, fmpq_mat):
            return value**whole
        product = identity(value.nrows())
        for _ in range(whole):
            product = product * value
        return product
    with workdps(DIGITS):
        return as_float(value) ** as_float(exponent)


def determinant(value: Any) -> Any:
    """Return the determinant of a matrix, or a number itself."""
    return value.det() if isinstance(value, fmpq_mat) else value


def adjugate(value: Any) -> Any:
    """Return the adjugate of an invertible matrix, 1 for a number."""
    return value.inv() * value.det() if isinstance(value, fmpq_mat) else fmpq(1)


def trace(value: Any) -> Any:
    """Return the trace of a matrix, or a number itself."""
    if not isinstance(value, fmpq_mat):
        return value
    return sum((value[i, i] for i in range(value.nrows())), fmpq(0))
