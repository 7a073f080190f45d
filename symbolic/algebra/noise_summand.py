"""The noise summand s_lambda as one exact value or one SymPy expression."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from sgdmem.symbolic.algebra.routh import HalfPlaneForm, summands
from sgdmem.symbolic.algebra.scalars import Scalar, as_scalar, exact_field, is_symbolic
from sgdmem.symbolic.errors import UndefinedError

# Beyond this memory cancelling takes minutes, and nobody reads the thousands of terms.
LARGEST_EXPANDED_MEMORY = 2
_MOST_EXPANDED_SYMBOLS = 6


def noise_summand(form: HalfPlaneForm, lam: Any, symbols: AbstractSet[Any]) -> Scalar:
    """Return s_lambda of an exact form at a number or symbol ``lam``.

    The result is one cancelled fraction where that is feasible: up to memory 2 and six symbols, or
    ``lam`` alone at any memory. Elsewhere it keeps the nested form of the recursion.

    Parameters
    ----------
    form
    lam
    symbols
        Those of the algorithm.

    Raises
    ------
    UndefinedError
        If a pivot of the recursion vanishes there, so that the sum does not exist.
    """
    scalar = as_scalar(lam, "lam")
    symbols = symbols | (scalar.free_symbols if is_symbolic(scalar) else set())
    memory = len(form.fixed) - 1
    feasible = memory <= LARGEST_EXPANDED_MEMORY or len(symbols) <= 1
    try:
        if not feasible or len(symbols) > _MOST_EXPANDED_SYMBOLS:
            return scalar * summands(form, scalar).noise
        form = form.at_gradient
        (eigenvalue, *row), back = exact_field((scalar, *form.row))
        value = eigenvalue * summands(form.with_row(row), eigenvalue).noise
    except ZeroDivisionError:
        raise UndefinedError(f"the noise summand does not exist at eigenvalue {lam}") from None
    return back(value)
