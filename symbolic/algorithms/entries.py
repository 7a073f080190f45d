"""How the entries of an algorithm are given: numbers, lists, NumPy arrays, SymPy matrices."""

from __future__ import annotations

from typing import Any

from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algebra.scalars import Scalar, as_scalar, is_float, is_list
from sgdmem.symbolic.errors import InputError


def read_blocks(alpha: Any, b: Any, c: Any, D: Any, a: Any, shrink: Any = 0) -> Blocks:
    """Return the blocks of eq. (3) as exact scalars; an ``a`` without entries is zero.

    Raises
    ------
    InputError
        If the shapes disagree or an entry is not a finite real number or SymPy expression.

    Examples
    --------
    >>> read_blocks("0.1", 1, "-0.1", "0.9", ()).D
    ((Fraction(9, 10),),)
    """
    matrix = _as_matrix(D)
    vectors = {"b": _as_vector(b, "b"), "c": _as_vector(c, "c"), "a": _as_vector(a, "a")}
    memory = len(matrix)
    vectors["a"] = vectors["a"] or (as_scalar(0, "a"),) * memory
    for key, vector in vectors.items():
        if len(vector) != memory:
            raise InputError(
                f"{key} must have length {memory}, the size of D, got length {len(vector)}"
            )
    ends = {"alpha": as_scalar(alpha, "alpha"), "shrink": as_scalar(shrink, "shrink")}
    return Blocks(D=matrix, **ends, **vectors)


def _as_vector(value: Any, name: str) -> tuple[Scalar, ...]:
    if not is_list(value):
        return (as_scalar(value, name),)
    return tuple(as_scalar(entry, f"{name}[{i}]") for i, entry in enumerate(list(value)))


def _as_matrix(value: Any) -> tuple[tuple[Scalar, ...], ...]:
    if not is_list(value):
        return ((as_scalar(value, "D"),),)
    if hasattr(value, "tolist"):  # NumPy arrays and SymPy matrices iterate over rows this way
        value = value.tolist()
    rows = tuple(_as_vector(row, f"D[{i}]") for i, row in enumerate(value))
    for i, row in enumerate(rows):
        if len(row) != len(rows):
            raise InputError(
                f"D must be square: it has {len(rows)} rows, but row {i} has length {len(row)}"
            )
    return rows


def has_float(value: Any) -> bool:
    """Whether a binary floating-point number is among the entries."""
    if not is_list(value):
        return is_float(value.item() if hasattr(value, "item") else value)
    return any(map(has_float, value.tolist() if hasattr(value, "tolist") else value))
