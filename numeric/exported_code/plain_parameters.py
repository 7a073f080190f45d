"""Algorithms whose symbols have plain names, for generated code that is then free in its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sgdmem.symbolic.algebra.scalars import to_sympy
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_algorithm
from sgdmem.symbolic.errors import InputError, shown


def with_plain_parameters(algorithm: Algorithm) -> tuple[Algorithm, dict[str, Any]]:
    """Return an algorithm in p0, p1, ..., and which symbol each of them stands for.

    Examples
    --------
    >>> from sympy import Symbol
    >>> from sgdmem import sgd
    >>> plain, symbols = with_plain_parameters(sgd(Symbol("learning_rate")))
    >>> plain.alpha, symbols
    (p0, {'p0': learning_rate})
    """
    from sympy import Symbol

    require_algorithm(algorithm, "algorithm")
    symbols = sorted(algorithm.free_symbols, key=str)  # in alphabetical order
    names = {symbol: f"p{place}" for place, symbol in enumerate(symbols)}
    plain = {symbol: Symbol(name, real=True) for symbol, name in names.items()}
    renamed = algorithm.map(lambda entry: to_sympy(entry).xreplace(plain))
    return renamed, {name: symbol for symbol, name in names.items()}


@contextmanager
def stable_somewhere(algorithm: Algorithm) -> Iterator[None]:
    """Refuse an algorithm whose program divides by what vanishes: Q(1), or a pivot."""
    try:
        yield
    except ZeroDivisionError:
        raise InputError(
            f"algorithm must be stable at some eigenvalue for some parameters, "
            f"got {shown(algorithm)}"
        ) from None
