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
from sgdmem.symbolic.derivations.sections.stability import stability
from sgdmem.symbolic.derivations.statements.statement import Section, Statement
from sgdmem.symbolic.derivations.statements.subject import Subject


def proof(subject: Subject) -> list[Section]:
    """Return the steps, each with what it is about."""
    steps: dict[str, Callable[[Subject], Iterator[Statement]]] = {
        "Matrix form.": _matrix_form,
        "Characteristic polynomial.": characteristic,
        "Effective learning rate.": lambda subject: islice(learning_rate(subject), 1),
        "Stability without noise.": stability,
        "Noise summand.": noise_recursion,
        "Mini-batches.": lambda subject: islice(noise_sum(subject), 2),
        "Power laws.": lambda subject: islice(power_law(subject), 3),
    }
    found = ((title, list(step(subject))) for title, step in steps.items())
    return [Section(title, statements, "proof") for title, statements in found if statements]


def _matrix_form(subject: Subject) -> Iterator[Statement]:
    yield from matrix_form(subject)
    yield on_an_eigenvector(subject)
