"""Families by their command-line names; those that few use are imported when they are asked for."""

from __future__ import annotations

from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.constructors import as_family
from sgdmem.symbolic.algorithms.family import FAMILIES as FAMILIES
from sgdmem.symbolic.algorithms.family import Family, FamilyLike
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.averaging import averaged_sgd
from sgdmem.symbolic.zoo.named_algorithms import (
    aggmo,
    heavy_ball,
    memory_one,
    nesterov,
    qhm,
    sgd,
    sgdm,
    torch_sgd,
    two_rate,
)

_USUAL = (
    sgd,
    heavy_ball,
    nesterov,
    qhm,
    torch_sgd,
    sgdm,
    two_rate,
    memory_one,
    aggmo,
    averaged_sgd,
)
USUAL_FAMILIES: dict[str, Family[...]] = {family.name: family for family in _USUAL}
_ELSEWHERE = {
    "several_sequences": ("triple-momentum", "asgd", "mass", "snag", "schedule-free"),
    "several_momenta": ("pid", "ademamix", "dana-step"),
    "past_gradients": (
        *("optimistic", "past-extragradient", "delayed-sgd", "aggregated-gradient", "storm"),
    ),
}
FAMILIES.add(USUAL_FAMILIES)
for module, names in _ELSEWHERE.items():
    FAMILIES.add_later(f"sgdmem.symbolic.zoo.{module}", names)
_NONLINEAR = {  # in the gradients
    *("adam", "adamw", "adamax", "nadam", "radam", "adagrad", "adadelta", "rmsprop", "lion"),
    *("signsgd", "sign-sgd", "muon", "shampoo"),
}


def find_family(family: FamilyLike) -> Family[...]:
    """Return the family of a command-line name, or of a function; a family as it is.

    Raises
    ------
    InputError
        If there is no such family, or a function does not say which parameters it has.
    """
    if callable(family) and not isinstance(family, type):
        return as_family(family)
    if isinstance(family, Algorithm):
        raise InputError(
            'family must be a family such as "heavy-ball" or heavy_ball, got one algorithm, '
            f"{family.name or 'without a name'}: of one, stability(…).critical_scale tells by how "
            "much its learning rate may be multiplied"
        )
    name = str(family).replace("_", "-")
    if name in FAMILIES:
        return FAMILIES[name]
    nonlinear = f"; {name} is not linear in the gradients" if name.lower() in _NONLINEAR else ""
    known = ", ".join(sorted(FAMILIES))
    raise InputError(f"unknown algorithm {shown(family)}; known are {known}{nonlinear}")
