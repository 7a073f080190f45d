"""What a method is called elsewhere: the usual family that has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.family import Family, FamilyLike
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo.conversions import convert
from sgdmem.symbolic.zoo.families_by_name import find_family

SIMPLEST = ("sgd", "heavy-ball", "nesterov", "qhm", "memory-one")


def same_as(
    algorithm: Algorithm, families: Sequence[FamilyLike] = SIMPLEST
) -> tuple[Family[...], dict[str, Any]] | None:
    """Return the first of some families that has a method, and its parameters there.

    By default of SGD, heavy ball, Nesterov, QHM, and all of memory 1; None if it is none of them.

    Raises
    ------
    InputError
        If there is no such family.

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.named_algorithms import torch_sgd
    >>> family, values = same_as(torch_sgd("0.1", "0.9", nesterov=True))
    >>> family.name, values["momentum"]
    ('nesterov', Fraction(9, 10))
    """
    for family in map(find_family, families):
        try:
            return family, convert(algorithm, family)
        except InputError:  # it has no such member, or several
            continue
    return None
