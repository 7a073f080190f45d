"""The sections of a derivation, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sgdmem.symbolic.derivations.sections.acceleration import acceleration
from sgdmem.symbolic.derivations.sections.characteristic import characteristic
from sgdmem.symbolic.derivations.sections.definition import definition
from sgdmem.symbolic.derivations.sections.edges import edges
from sgdmem.symbolic.derivations.sections.label_noise import label_noise
from sgdmem.symbolic.derivations.sections.learning_rate import learning_rate
from sgdmem.symbolic.derivations.sections.noise import noise
from sgdmem.symbolic.derivations.sections.noise_sum import noise_sum
from sgdmem.symbolic.derivations.sections.power_law import power_law
from sgdmem.symbolic.derivations.sections.recurrence import recurrence
from sgdmem.symbolic.derivations.sections.reduced_method import reduced_method
from sgdmem.symbolic.derivations.sections.resting_point import resting_point
from sgdmem.symbolic.derivations.sections.samples import samples
from sgdmem.symbolic.derivations.sections.stability import stability
from sgdmem.symbolic.derivations.sections.weight_decay import weight_decay
from sgdmem.symbolic.derivations.statements.statement import Section, Statement
from sgdmem.symbolic.derivations.statements.subject import Subject

SECTIONS: dict[str, Callable[[Subject], Iterator[Statement]]] = {
    "The method": definition,
    "Characteristic polynomial": characteristic,
    "Common factor": reduced_method,
    "Equivalent recurrence": recurrence,
    "Effective learning rate": learning_rate,
    "Resting point": resting_point,
    "Stability without noise": stability,
    "Noise summand": noise,
    "Mini-batches": noise_sum,
    "Noise of the labels": label_noise,
    "Samples as they are": samples,
    "Power-law spectra": power_law,
    "Weight decay": weight_decay,
    "Edges of stability": edges,
    "Large effective learning rates": acceleration,
}


def all_sections(subject: Subject) -> list[Section]:
    """Return every section in which there is something to say about an algorithm."""
    sections = [Section(title, list(build(subject))) for title, build in SECTIONS.items()]
    return [section for section in sections if section.statements]
