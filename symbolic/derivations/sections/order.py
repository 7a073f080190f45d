"""The sections of a derivation, in order."""

from __future__ import annotations

from collections.abc import Callable

from sgdmem.symbolic.derivations.sections.acceleration import acceleration
from sgdmem.symbolic.derivations.sections.characteristic import characteristic
from sgdmem.symbolic.derivations.sections.definition import definition
from sgdmem.symbolic.derivations.sections.edges import edges
from sgdmem.symbolic.derivations.sections.learning_rate import learning_rate
from sgdmem.symbolic.derivations.sections.noise import noise
from sgdmem.symbolic.derivations.sections.noise_sum import noise_sum
from sgdmem.symbolic.derivations.sections.power_law import power_law
from sgdmem.symbolic.derivations.sections.recurrence import recurrence
from sgdmem.symbolic.derivations.sections.stability import stability
from sgdmem.symbolic.derivations.statements.statement import Section
from sgdmem.symbolic.derivations.statements.subject import Subject

SECTIONS: tuple[Callable[[Subject], Section | None], ...] = (
    definition,
    characteristic,
    recurrence,
    learning_rate,
    stability,
    noise,
    noise_sum,
    power_law,
    edges,
    acceleration,
)


def all_sections(subject: Subject) -> list[Section]:
    """Return every section that there is for an algorithm."""
    return [section for build in SECTIONS if (section := build(subject)) is not None]
