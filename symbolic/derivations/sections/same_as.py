"""Which well-known method a method is, in closed form."""

from __future__ import annotations

from collections.abc import Iterator

from sgdmem.symbolic.algebra.scalars import to_sympy
from sgdmem.symbolic.algorithms.equivalence import equivalent
from sgdmem.symbolic.derivations.statements.reduced_subject import what_is_left
from sgdmem.symbolic.derivations.statements.same_method import SameMethod
from sgdmem.symbolic.derivations.statements.statement import Statement, listed
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.expressions.tidying import arranged
from sgdmem.symbolic.zoo.conversions import convert
from sgdmem.symbolic.zoo.named_algorithms import find_family

_KNOWN = ("sgd", "heavy-ball", "qhm", "two-rate")  # the first that fits is named


def same_as(subject: Subject) -> Iterator[Statement]:
    """Say which member of a well-known family the method is: of memory 1, at least on quadratics.

    What cancels between P and Q is left out before the two are compared.
    """
    whole, left = subject.whole, what_is_left(subject.whole)
    if subject.shrinks or not subject.parameters or left.memory > 1 or not whole.memory:
        return
    own = subject.family.name if subject.family is not None else ""
    for name in _KNOWN:
        family = find_family(name)
        if own == name:
            continue
        try:
            values = convert(left.algorithm, family)
        except InputError:
            continue
        tidy = {key: arranged(to_sympy(value)) for key, value in values.items()}
        every = equivalent(whole.algorithm, family(**values), "all")
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
            *(whole, family, tidy, "all" if every else "quadratic"),
        )
        return
