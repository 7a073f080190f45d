"""Which well-known method a method is, in closed form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sympy

from sgdmem.symbolic.algebra.scalars import to_sympy
from sgdmem.symbolic.algorithms.equivalence import equivalent
from sgdmem.symbolic.derivations.statements.assumptions import follows
from sgdmem.symbolic.derivations.statements.reduced_subject import what_is_left
from sgdmem.symbolic.derivations.statements.same_method import SameMethod
from sgdmem.symbolic.derivations.statements.statement import Statement, listed
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.expressions.products import begins_negative
from sgdmem.symbolic.expressions.tidying import arranged
from sgdmem.symbolic.zoo.translations import same_as as first_member

_KNOWN = ("sgd", "heavy-ball", "qhm", "two-rate")  # the first that fits is named


def same_as(subject: Subject) -> Iterator[Statement]:
    """Say which member of a well-known family the method is: of memory 1, at least on quadratics.

    What cancels between P and Q is left out before the two are compared.
    """
    whole, left = subject.whole, what_is_left(subject.whole)
    if subject.shrinks or not subject.parameters or left.memory > 1 or not whole.memory:
        return
    own = subject.family
    others = [name for name in _KNOWN if own is None or own.name != name]
    found = first_member(left.algorithm, others)
    if found is None:
        return
    family, values = found
    tidy = {key: arranged(to_sympy(value)) for key, value in values.items()}
    alike = equivalent(whole.algorithm, family(**values), "all")
    losses = "every loss" if alike and (own is None or own.losses == "all") else "quadratic losses"
    what = "the method is"
    if not alike:  # the weights hear noise in another way
        what = "the points at which gradients are taken are those of"
    letters = ((key, family.parameters[key].letter) for key in values)
    named = [
        f"${letter}'$" if letter == f"\\{key}" else f"{key.replace('_', ' ')} ${letter}'$"
        for key, letter in letters
    ]
    reference = family.reference
    citation = "" if reference is None else rf"~\cite{{{reference.key}}}"
    yield SameMethod(
        rf"On {losses} {what} {family.display_name}{citation} with {listed(named)}"
        f"{_where(subject, tidy)}:",
        *(whole, family, tidy, "all" if alike else "quadratic"),
    )


def _where(subject: Subject, values: Mapping[str, Any]) -> str:
    """Say where values exist, if that does not follow from what is assumed of parameters."""
    below = [sympy.fraction(sympy.together(value))[1] for value in values.values()]
    factors = {factor: None for x in below for factor, _ in sympy.factor_list(x)[1]}
    some = [x for x in factors if not any(follows(y, subject.intervals) for y in (x, -x))]
    shown = [arranged(-x if begins_negative(arranged(x)) else x) for x in some]
    text = listed([rf"${subject.writer.line(x)} \ne 0$" for x in shown])
    return f" where {text}" if text else ""
