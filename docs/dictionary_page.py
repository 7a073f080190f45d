"""Write method-dictionary.md: what each method of the literature is called elsewhere.

``python docs/dictionary_page.py`` solves all equations, some ten seconds.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sgdmem.symbolic.algorithms.family import FAMILIES, Family
from sgdmem.symbolic.algorithms.named_algorithms import qhm, torch_sgd
from sgdmem.symbolic.algorithms.translations import SIMPLEST, same_as, value_text

PAGE = Path(__file__).with_name("method-dictionary.md")
INTRODUCTION = """# A dictionary of methods

Many methods are one method under several names. Each row is solved exactly for the coefficients of
P and Q, and verified by substitution: on every quadratic the two obey the same recurrence, so that
stability, noise sums and rates are the same; their iterates may be other points of it (see
`equivalent(…, losses="all")`). What a method is *the same as* is the first of SGD, heavy ball,
Nesterov, QHM and all of memory 1 that has it; one that none of them has is itself. The
command `sgdmem translate ALGORITHM [--to FAMILY]` and `sgdmem.methods.convert` do so for yours.
This page is written by `docs/dictionary_page.py`.

| method | published update | the same as | with |
|---|---|---|---|"""


def page() -> str:
    """Return the page."""
    return "\n".join([INTRODUCTION, *map(row, sorted(FAMILIES)), *map(special_row, SPECIAL)]) + "\n"


def row(name: str) -> str:
    """Return the row of a family that has a name."""
    family = FAMILIES[name]
    whole = [f"{key} = {x.default}" for key, x in family.parameters.items() if x.kind == "whole"]
    label = f"`{name}`, {', '.join(whole)}" if whole else f"`{name}`"
    return described(family, label, family.symbolic().memory, {})


SPECIAL = {  # PyTorch's conventions
    "with dampening": {"momentum": True, "dampening": True},
    "with `nesterov=True`": {"momentum": True, "nesterov": True},
}


def special_row(label: str) -> str:
    """Return the row of PyTorch's SGD with some of its options."""
    from sympy import Symbol

    values = {key: True if key == "nesterov" else Symbol(key, real=True) for key in SPECIAL[label]}
    return described(torch_sgd, f"`torch-sgd` {label}", 1, values)


def described(family: Family[...], label: str, memory: int, values: dict[str, object]) -> str:
    """Return a row: a member with symbols, and what it is the same as."""
    member = family.symbolic(values)
    update = "; ".join(f"${line}$" for line in family.update.latex) if family.update else ""
    source = f"<br>{family.reference}" if not values else ""
    found = same_as(member, [x for x in SIMPLEST if x != family.name])
    if found is None or family is qhm:
        return (
            f"| {label}: {family.display_name}{source} | {update} | itself, of memory {memory} | |"
        )
    other, parameters = found
    solved = ", ".join(f"`{key}` = `{value_text(value)}`" for key, value in parameters.items())
    return f"| {label}: {family.display_name}{source} | {update} | `{other.name}` | {solved} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")
