"""Write method-dictionary.md: what each method of the literature is called elsewhere.

``python docs/dictionary_page.py`` solves all equations, some ten seconds.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sgdmem.symbolic.algorithms.family import FAMILIES, Family
from sgdmem.symbolic.algorithms.printing import value_text
from sgdmem.symbolic.tracing.method import method
from sgdmem.symbolic.zoo.named_algorithms import qhm, torch_sgd
from sgdmem.symbolic.zoo.translations import SIMPLEST, same_as

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
    others = [described(other, "", 1, {}) for other in OTHERS]
    rows = [*map(row, sorted(FAMILIES)), *map(special_row, SPECIAL), *others]
    return "\n".join([INTRODUCTION, *rows]) + "\n"


@method(display_name="MEM-SGD, rand-k in the mean over masks, share = k/d (arXiv 1809.07599)")
def rand_k(w, m, gradient, *, learning_rate, share):  # type: ignore[no-untyped-def]
    moved = m + learning_rate * gradient(w)
    return w - share * moved, (1 - share) * moved


@method(
    display_name="DANA at one step (arXiv 2505.16098)",
    letters={f"gamma_{k}": rf"\gamma_{k}" for k in (1, 2, 3)},
)
def dana(w, y, gradient, *, gamma_1, gamma_2, gamma_3, damping):  # type: ignore[no-untyped-def]
    g = gradient(w)
    y = (1 - damping) * y + gamma_1 * g
    return w - gamma_2 * g - gamma_3 * y, y


@method(display_name="optax.sgd")
def optax_sgd(w, trace, gradient, *, learning_rate, momentum):  # type: ignore[no-untyped-def]
    trace = gradient(w) + momentum * trace
    return w - learning_rate * trace, trace


@method(display_name="optax.sgd with `nesterov=True`")
def optax_nesterov(w, trace, gradient, *, learning_rate, momentum):  # type: ignore[no-untyped-def]
    g = gradient(w)
    trace = g + momentum * trace
    return w - learning_rate * (g + momentum * trace), trace


OTHERS = (rand_k, dana, optax_sgd, optax_nesterov)


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
    source = f"<br>{family.reference}" if family.reference and not values else ""
    name = f"{label}: {family.display_name}" if label else family.display_name
    found = same_as(member, [x for x in SIMPLEST if x != family.name])
    if found is None or family is qhm:
        return f"| {name}{source} | {update} | itself, of memory {memory} | |"
    other, parameters = found
    solved = ", ".join(f"`{key}` = `{value_text(value)}`" for key, value in parameters.items())
    return f"| {name}{source} | {update} | `{other.name}` | {solved} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")
