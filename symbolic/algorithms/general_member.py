"""The member of a family at parameters in general: rational functions, or else expressions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sgdmem.symbolic.algebra.rational_functions import LengthError, Parameters
from sgdmem.symbolic.algebra.scalars import is_symbolic
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.family import Family

FAILURES = Exception  # of constructors: they may raise errors of their own, and fail assertions


def general_member(family: Family[...]) -> Algorithm:
    """Return the member with a variable for every parameter of a family whose parameters vary.

    Its entries are rational functions of them; SymPy's expressions where the constructor takes
    roots, say, which rational functions refuse.

    Raises
    ------
    InputError
        If the constructor does not take symbols either, or has too many terms.

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.named_algorithms import sgdm
    >>> general_member(sgdm.varying(["momentum"], {"learning_rate": 2})).c
    (1 - momentum,)
    """
    found, _ = rational_member(family, [*family.parameters])
    return family.symbolic() if found is None else found


def rational_member(
    build: Callable[..., Any], names: Sequence[str]
) -> tuple[Algorithm | None, Parameters]:
    """Return what a constructor makes of variables, and their field, which knows its comparisons.

    None if it does not take variables, which may lie in what it does with them.

    Raises
    ------
    InputError
        If there are too many terms, which no expressions would make fewer.
    """
    field = Parameters(names)
    try:
        found = build(**dict(zip(names, field.variables, strict=True)))
    except LengthError:
        raise
    except FAILURES:
        found = None
    if not isinstance(found, Algorithm) or any(map(is_symbolic, found.entries)):
        found = None
    return found, field
