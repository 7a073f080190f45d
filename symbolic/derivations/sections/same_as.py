"""Which well-known method a method is, in closed form."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from sgdmem.symbolic.algebra.scalars import to_sympy
from sgdmem.symbolic.algorithms.equivalence import equivalent
from sgdmem.symbolic.derivations.statements.same_method import SameMethod
from sgdmem.symbolic.derivations.statements.statement import Statement, listed
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo.conversions import convert
from sgdmem.symbolic.zoo.named_algorithms import find_family

_MOST_PARAMETERS = 4  # beyond memory 1, where equations are of a higher degree
_KNOWN = ("sgd", "heavy-ball", "qhm", "two-rate")  # the first that fits is named


def same_as(subject: Subject) -> Iterator[Statement]:
    """Say which member of a well-known family the method is: of memory 1, at least on quadratics."""
    if subject.shrinks or not subject.parameters or not _is_of_memory_one(subject):
        return
    own = subject.family.name if subject.family is not None else ""
    for name in _KNOWN:
        family = find_family(name)
        if own == name:
            continue
        try:
            values = convert(subject.algorithm, family)
        except InputError:
            continue
        tidy = {key: subject.tidy(to_sympy(value)) for key, value in values.items()}
        every = equivalent(subject.algorithm, family(**values), "all")
        losses = "every loss" if every else "quadratic losses"
        letters = ((key, family.parameters[key].letter) for key in values)
        named = [
            f"${letter}'$" if letter == f"\\{key}" else f"{key.replace('_', ' ')} ${letter}'$"
            for key, letter in letters
        ]
        reference = family.reference
        citation = "" if reference is None else rf"~\cite{{{reference.key}}}"
        yield SameMethod(
            rf"On {losses} the method is {family.display_name}{citation} with {listed(named)}:",
            *(subject, family, tidy, "all" if every else "quadratic"),
        )
        return


def _is_of_memory_one(subject: Subject) -> bool:
    """Whether two factors of P are left when those that Q has, too, are cancelled."""
    if subject.memory <= 1:
        return subject.memory == 1
    if subject.is_structured or len(subject.parameters) > _MOST_PARAMETERS:
        return False
    P = sympy.expand(subject.own_factor * subject.polynomial(subject.det_D))
    Q = sympy.expand(subject.polynomial(subject.Q))
    return bool(subject.memory + 1 - sympy.degree(sympy.gcd(P, Q), subject.letters.root) <= 2)
