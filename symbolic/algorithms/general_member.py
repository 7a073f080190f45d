"""The member of a family at parameters in general: rational functions, or else expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from sgdmem.symbolic.algebra.rational_functions import LengthError, Parameters, RationalFunction
from sgdmem.symbolic.algebra.scalars import flint_rational, is_symbolic
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


def is_member_at(general: Algorithm, point: Mapping[str, Fraction], member: Algorithm) -> bool:
    """Whether a member has the very entries that the general one has at a point, exactly.

    Then whatever is derived of the general one holds for it. That takes a tenth of deriving it of
    the member, but different entries may make the same method.

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.named_algorithms import torch_sgd
    >>> half, names = Fraction(1, 2), ["momentum", "dampening"]
    >>> general = general_member(torch_sgd.varying(names, {"learning_rate": 1}))
    >>> def holds(**point):
    ...     return is_member_at(general, point, torch_sgd(1, **point))
    >>> holds(momentum=half, dampening=half), holds(momentum=Fraction(0), dampening=half)
    (True, False)
    """
    if member.memory != general.memory:
        return False
    values: list[Any] = []
    ours, theirs = general.entries, member.entries
    if len(ours) != len(theirs):  # one of them shrinks w
        return False
    try:
        for x, y in zip(ours, theirs, strict=True):
            if isinstance(x, RationalFunction) and isinstance(y, Fraction):
                values = values or [flint_rational(point[name]) for name in x.field.names]
                if x.at(values) != flint_rational(y):
                    return False
            elif not (isinstance(x, Fraction) and x == y):
                return False
    except ZeroDivisionError:
        return False
    return True
