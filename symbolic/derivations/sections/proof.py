"""The proof of the proposition: the steps of a full derivation that lead to it, in short."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from sgdmem.symbolic.derivations.sections.characteristic import characteristic
from sgdmem.symbolic.derivations.sections.definition import matrix_form, on_an_eigenvector
from sgdmem.symbolic.derivations.sections.learning_rate import learning_rate
from sgdmem.symbolic.derivations.sections.noise import noise_recursion
from sgdmem.symbolic.derivations.sections.noise_sum import noise_sum
from sgdmem.symbolic.derivations.sections.power_law import power_law
from sgdmem.symbolic.derivations.sections.reduced_method import (
    dying_out,
    factored_characteristic,
    settled_rate,
)
from sgdmem.symbolic.derivations.sections.stability import stability
from sgdmem.symbolic.derivations.statements.reduced_subject import ReducedSubject
from sgdmem.symbolic.derivations.statements.statement import Section, Statement
from sgdmem.symbolic.derivations.statements.subject import Subject


def proof(subject: Subject) -> list[Section]:
    """Return the steps, each with what it is about."""
    steps: dict[str, Callable[[Subject], Iterator[Statement]]] = {
        "Matrix form.": _matrix_form,
        "Characteristic polynomial.": _polynomials,
        "Effective learning rate.": _rate,
        "Stability without noise.": _stability,
        "Noise summand.": noise_recursion,
        "Mini-batches.": lambda subject: islice(noise_sum(subject.judged), 2),
        "Power laws.": _power_laws,
    }
    found = ((title, list(step(subject))) for title, step in steps.items())
    return [Section(title, statements, "proof") for title, statements in found if statements]


def _matrix_form(subject: Subject) -> Iterator[Statement]:
    yield from matrix_form(subject.whole)
    yield on_an_eigenvector(subject.whole)


def _polynomials(subject: Subject) -> Iterator[Statement]:
    if isinstance(subject, ReducedSubject):
        return factored_characteristic(subject)
    return characteristic(subject)


def _rate(subject: Subject) -> Iterator[Statement]:
    if isinstance(subject, ReducedSubject):
        return settled_rate(subject)
    return islice(learning_rate(subject), 1)


def _stability(subject: Subject) -> Iterator[Statement]:
    yield from stability(subject)
    if isinstance(subject, ReducedSubject):
        yield from dying_out(subject)


def _power_laws(subject: Subject) -> Iterator[Statement]:
    hidden = subject.judged is not subject.whole and subject.shifted
    return iter(()) if hidden else islice(power_law(subject), 3)
