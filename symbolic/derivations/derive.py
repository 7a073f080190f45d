"""The verb: what follows from an algorithm, derived and checked, step by step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias, get_args

from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.derivations.checks.read_back import ReadBack
from sgdmem.symbolic.derivations.derivation import Derivation
from sgdmem.symbolic.derivations.documents.document import (
    Displayed,
    cited_in,
    label_from,
    numbered,
)
from sgdmem.symbolic.derivations.documents.references import published
from sgdmem.symbolic.derivations.read_subject import read_subject
from sgdmem.symbolic.derivations.sections.in_numbers import in_numbers
from sgdmem.symbolic.derivations.sections.proof import proof
from sgdmem.symbolic.derivations.sections.proposition import proposition
from sgdmem.symbolic.derivations.sections.section_order import all_sections
from sgdmem.symbolic.derivations.statements.published_update import PublishedUpdate
from sgdmem.symbolic.derivations.statements.reduced_subject import what_is_left
from sgdmem.symbolic.derivations.statements.statement import Section
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.derivations.typesetting.writer import ROOM
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.families_by_name import FAMILIES

_LABEL = re.compile(r"[A-Za-z0-9:_-]+")
Form: TypeAlias = Literal["proposition", "full"]


def derive(
    algorithm: Algorithm | FamilyLike,
    *,
    symbols: Mapping[str, str] | None = None,
    notation: str = "2410.04228",
    title: str | None = None,
    label: str | None = None,
    verdict: Any = None,
    form: Form = "proposition",
    columns: int = 1,
) -> Derivation:
    r"""Derive what follows from an algorithm, step by step, and check every step.

    From the update to the matrix form, P, Q and the characteristic polynomial, the equivalent
    recurrence, the effective learning rate, conditions for stability, the noise summand by
    Astrom's recursion, the exact verdict for mini-batches, the critical batch size, where the loss
    comes to rest under noise of the labels, the operator that decides on samples as they are, power
    laws, weight decay, and what is special to the method.

    Parameters
    ----------
    algorithm : Algorithm, family or str
        Or a family such as `heavy_ball`, or its name, "heavy-ball", for symbolic parameters.
        Symbolic of a memory up to 5, or numeric up to 10. To memory 3 coefficients are written out;
        beyond, those of many symbols are given by recursions. A float counts as the short
        fraction next to it: 0.1 as 1/10. Of one that shrinks w it is derived where w rests, in the
        place of the effective learning rate and what follows from that.
    symbols : mapping, optional
        LaTeX for parameters, by name, or for ``weights``, ``auxiliary``, ``loss``, ``eigenvalue``,
        ``batch_size``, ``label_noise`` (its standard deviation) and other quantities:
        ``{"momentum": r"\mu"}``.
    notation : str
        Whose letters to use: "2410.04228", "pytorch" or "2307.15196".
    title : str, optional
        By default the algorithm's name.
    label : str, optional
        What the labels of equations begin with, for several derivations in one document, of letters
        from a to z, digits and ``:_-``; by default the title.
    verdict : Verdict, optional
        From `sgdmem.stability`: the derivation is about the method, on any problem, and its last
        section has these numbers of one, as the verdict says them.
    form : str
        "proposition": what a paper prints, and its proof. "full": every step.
    columns : int
        Of the page for which lines are broken, 1 or 2.

    Returns
    -------
    Derivation
        Shown as a page in notebooks.

    Raises
    ------
    InputError
        For a larger memory, an unknown symbol or notation, or a letter with two meanings.
    DerivationError
        If a step does not hold.

    Examples
    --------
    >>> print(derive("sgd"))
    <Derivation of SGD: 37 statements checked>
    """
    if form not in get_args(Form):
        raise InputError(
            f"form must be {' or '.join(map(repr, get_args(Form)))}, got {shown(form)}"
        )
    if columns not in ROOM:
        raise InputError(f"columns must be 1 or 2, got {shown(columns)}")
    if label is not None and not (isinstance(label, str) and _LABEL.fullmatch(label)):
        raise InputError(
            f"label must be of letters from a to z, digits and the signs : _ -, got {shown(label)}"
        )
    whole = form == "full"
    subject = read_subject(algorithm, symbols or {}, notation, columns, shows_update=not whole)
    numbers = [] if verdict is None else [in_numbers(verdict, subject.algorithm)]
    if not whole:
        subject = what_is_left(subject)
    sections = all_sections(subject) if whole else [*proposition(subject), *proof(subject)]
    displayed = display([*sections, *numbers], subject)
    checked = check(displayed, subject)
    title = " ".join(str(title or _title(subject.whole.algorithm)).split())
    parts = numbered(displayed)
    known = published(x.reference for x in (*FAMILIES.values(), subject.family) if x is not None)
    return Derivation(
        title=title,
        label=label or label_from(title),
        notation=subject.letters.notation,
        checked=checked,
        parts=parts,
        columns=columns,
        references={key: known[key] for key in cited_in(parts)},
        algorithm=subject.whole.algorithm,
    )


def display(
    sections: Sequence[Section], subject: Subject
) -> list[tuple[str, str, list[Displayed]]]:
    """Return titles and kinds, and each statement with the rows in which it is written."""
    return [
        (section.title, section.kind, [_displayed(x, subject) for x in section.statements])
        for section in sections
    ]


def _displayed(statement: Any, subject: Subject) -> Displayed:
    """Return a statement and its rows in the letters in which they are printed."""
    change, rows = subject.letters.renaming, statement.rows(subject.writer)
    if not isinstance(statement, PublishedUpdate):  # whose letters are the method's
        rows = [(change.printed(left), change.printed(right)) for left, right in rows]
    return replace(statement, rule=change.words(statement.rule)), rows


def check(displayed: Iterable[tuple[str, str, Iterable[Displayed]]], subject: Subject) -> int:
    """Check every statement, read its LaTeX back, and count equalities and conditions.

    Raises
    ------
    DerivationError
        If one does not hold.
    """
    read_back = ReadBack(subject)
    symbols = [*subject.parameters, subject.letters.eigenvalue]
    total = 0
    for _, _, statements in displayed:
        for statement, rows in statements:
            total += statement.check(subject.names, symbols)
            read_back.check(statement, rows)
    return total


def _title(algorithm: Algorithm) -> str:
    """Return what an algorithm is called: its own name as it is, others begin with a capital."""
    if algorithm.name is not None and algorithm.title is None:
        return algorithm.name
    first, space, rest = algorithm.label.partition(" ")
    return (first.capitalize() if first.islower() else first) + space + rest
