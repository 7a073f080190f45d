"""The noise summand s_lambda as one exact value or one SymPy expression."""

from __future__ import annotations

from typing import Any

from sgdmem.symbolic.algebra.routh import HalfPlaneForm, summands
from sgdmem.symbolic.algebra.scalars import Scalar, as_scalar, exact_field, is_symbolic
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import UndefinedError

# Beyond this memory cancelling takes minutes, and nobody reads the thousands of terms.
LARGEST_EXPANDED_MEMORY = 2
_MOST_EXPANDED_SYMBOLS = 6


def noise_summand(algorithm: Algorithm, lam: Any) -> Scalar:
    """Return s_lambda of an algorithm at a number or symbol ``lam``.

    The result is one cancelled fraction where that is feasible: up to memory 2 and six symbols, or
    ``lam`` alone at any memory. Elsewhere it keeps the nested form of the recursion.
    See `Algorithm.noise_summand`.
    """
    scalar = as_scalar(lam, "lam")
    form = algorithm.half_plane_form
    symbols = algorithm.free_symbols | (scalar.free_symbols if is_symbolic(scalar) else set())
    feasible = algorithm.memory <= LARGEST_EXPANDED_MEMORY or len(symbols) <= 1
    try:
        if not feasible or len(symbols) > _MOST_EXPANDED_SYMBOLS:
            return scalar * summands(form, scalar).noise
        elements, back = exact_field((scalar, *form.fixed, *form.moving, form.pull, *form.Q))
        eigenvalue, *rest = elements
        value = eigenvalue * summands(_form(rest, len(form.Q)), eigenvalue).noise
    except ZeroDivisionError:
        raise UndefinedError(f"the noise summand does not exist at eigenvalue {lam}") from None
    return algorithm.present(back(value))


def _form(elements: list[Any], size: int) -> HalfPlaneForm:
    fixed, moving = elements[:size], elements[size : 2 * size]
    pull, *Q = elements[2 * size :]
    numerator = tuple(Q)
    return HalfPlaneForm(tuple(fixed), tuple(moving), pull, numerator, numerator)
