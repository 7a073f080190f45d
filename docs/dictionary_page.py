"""Write method-dictionary.md: what each method of the literature is called elsewhere.

``python docs/dictionary_page.py`` solves all equations, some ten seconds.
"""

# ruff: noqa: E501, since a row of a table is a line

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

from sgdmem.symbolic.algebra.scalars import to_sympy
from sgdmem.symbolic.algorithms.equivalence import change_of_variables, equivalent
from sgdmem.symbolic.algorithms.family import Family
from sgdmem.symbolic.algorithms.printing import value_text
from sgdmem.symbolic.algorithms.update_notation import Publication, chosen, letter_of, without
from sgdmem.symbolic.derivations.typesetting.writer import Writer
from sgdmem.symbolic.expressions.tidying import arranged
from sgdmem.symbolic.systems.dana_and_am1 import dana_and_am1
from sgdmem.symbolic.tracing.method import method
from sgdmem.symbolic.zoo.averaging import averaging
from sgdmem.symbolic.zoo.conversions import convert
from sgdmem.symbolic.zoo.families_by_name import FAMILIES
from sgdmem.symbolic.zoo.named_algorithms import qhm, torch_sgd, two_rate
from sgdmem.symbolic.zoo.several_momenta import dana_step
from sgdmem.symbolic.zoo.translations import SIMPLEST, same_as

PAGE = Path(__file__).with_name("method-dictionary.md")
INTRODUCTION = """# A dictionary of methods

Many methods are one method under several names. Each entry is solved exactly for the coefficients
of P and Q, and verified by substitution: on every quadratic the two obey the same recurrence, so
that stability, noise sums and rates are the same. Where it says *every loss* they also trace the
same iterates; elsewhere these are other points of the recurrence (see
`equivalent(…, losses="all")`). What a method is *the same as* is the first of SGD, heavy ball,
Nesterov, QHM and all of memory 1 that has it; one that none of them has is itself. The command
`sgdmem translate ALGORITHM [--to FAMILY]` and `sgdmem.methods.convert` do so for yours.
This page is written by `docs/dictionary_page.py`.

| method | the same as | on |
|---|---|---|"""
AVERAGES = """
## Averages of iterates

The average $w \\leftarrow (1 - \\gamma) w + \\gamma z$ of the iterates z of a method of memory M is a
method of memory M + 1 whose gradient is taken elsewhere than at w: of SGD, memory 1 with a = 1.
P and Q share the factor $x - 1 + \\gamma$, so that stability and the noise sum where gradients are
taken are those of the method itself; what noise does to the average ($U_\\Sigma$) is not.
`sgdmem.methods.averaging` makes it of any method. In the matrix form of eq. (3) of arXiv 2410.04228,
with `rate` for γ:

| average of | `alpha` | `b` | `c` | `D` | `a` |
|---|---|---|---|---|---|"""
TWO_PAPERS = """
## DANA and AM1

DANA (arXiv 2505.16098) is at every step the two-rate method of AM1 (arXiv 2410.04228), {with_}.
One constant factor turns the auxiliary vector of one into that of the other, $v = {factor} y$, so
that the two stay the same where all parameters but $\\gamma_1$ change from step to step, on every
loss.

| | damping | `velocity_rate` | `gradient_rate` |
|---|---|---|---|
| AM1 with damping exponent 1 | $\\delta_t = \\min(1, d_0 / t)$ | $\\alpha_2 (\\delta_t^{{1/\\nu}} - \\delta_t)$ | $\\alpha_2$ |
| DANA-decaying | $\\Delta_t = \\min(1, d_0 / (1 + t))$ | $\\gamma_1 \\gamma_3 (1 + t)^{{-1/\\nu}}$ | $\\gamma_2$ |

Where $\\gamma_2 = \\alpha_2$ and $\\gamma_1 \\gamma_3 = \\gamma_2 d_0^{{1/\\nu}}$ the velocity rate of AM1,
a step later, is that of DANA times ${ratio}$, which tends to 1: two papers, one method
(`sgdmem.training.AM1` and `DANA`, `sgdmem.methods.am1` and `dana`).

At the same step t both have the same leading terms, and the second ones differ. Expanded in powers
of $\\delta_t = d_0/t$, for symbols t and $\\nu > 1$, from the two updates
(`sgdmem.symbolic.systems.dana_and_am1`):

| entry | AM1 | DANA | both at late t | (AM1 - DANA) / DANA |
|---|---|---|---|---|
{rows}

So the difference is of the relative order $t^{{-(1-1/\\nu)}}$, with the constant $d_0^{{1-1/\\nu}}$: what
AM1 takes off the velocity rate, $\\alpha_2 \\delta_t$, adds up to $\\alpha_2$ in the effective rate, one
more plain step of SGD in each step of DANA. No other damping exponent of AM1 and no other $\\kappa_3$
than $1/\\nu$ have the same leading terms. Losses have the same exponent,
$\\min(\\zeta, 2 - 1/\\nu)(2 - 1/\\nu)$; where the signal dominates, $\\zeta < 2 - 1/\\nu$, their ratio
tends to 1, and where noise does it does not: what it leaves behind depends on the whole past. Both
are statements of `sgdmem verify --system dana`."""


class Entry(NamedTuple):
    """A method, its update, and what it is the same as."""

    name: str
    command: str
    source: str
    update: str
    same: str
    losses: str
    values: str

    @property
    def row(self) -> str:
        """The row of the table."""
        link = "-".join(re.sub(r"[^a-z0-9 -]", "", self.name.lower()).split())
        return f"| [{self.name}](#{link}) | {self.same} | {self.losses} |"

    @property
    def text(self) -> str:
        """The section."""
        lines = [f"### {self.name}", ""]
        about = ": ".join(x for x in (self.command, self.source) if x)
        lines += [about, ""] if about else []
        lines += [self.update, ""] if self.update else []
        what = f"The same as {self.same} on {self.losses}, with" if self.values else "It is"
        return "\n".join([*lines, f"{what} {self.values or self.same}."])


def page() -> str:
    """Return the page."""
    found = entries()
    averages = [AVERAGES, *map(average_row, ("sgd", "heavy-ball"))]
    sections = "\n\n".join(["\n## Entries", *(x.text for x in found)])
    rows = [x.row for x in found]
    return "\n".join([INTRODUCTION, *rows, sections, *averages, two_papers()]) + "\n"


def entries() -> list[Entry]:
    """Return all entries."""
    named, special = map(entry, sorted(FAMILIES)), map(special_entry, SPECIAL)
    return [*named, *special, *(described(other, "", {}) for other in OTHERS)]


@method(
    display_name="MEM-SGD with rand-k, in the mean over masks",
    reference=Publication(
        *("S. U. Stich, J.-B. Cordonnier and M. Jaggi", 2018, "NeurIPS, arXiv 1809.07599"),
        "Sparsified SGD with memory",
    ),
)
def rand_k(w, m, gradient, *, learning_rate, k, d):  # type: ignore[no-untyped-def]
    share = k / d
    moved = m + learning_rate * gradient(w)
    return w - share * moved, (1 - share) * moved


@method(display_name="optax.sgd")
def optax_sgd(w, trace, gradient, *, learning_rate, momentum):  # type: ignore[no-untyped-def]
    trace = gradient(w) + momentum * trace
    return w - learning_rate * trace, trace


@method(display_name="optax.sgd with `nesterov=True`")
def optax_nesterov(w, trace, gradient, *, learning_rate, momentum):  # type: ignore[no-untyped-def]
    g = gradient(w)
    trace = g + momentum * trace
    return w - learning_rate * (g + momentum * trace), trace


OTHERS = (rand_k, optax_sgd, optax_nesterov)


def entry(name: str) -> Entry:
    """Return the entry of a family that has a name."""
    family = FAMILIES[name]
    whole = [f"{key} = {x.default}" for key, x in family.parameters.items() if x.kind == "whole"]
    found = described(family, f"`{name}`", {})
    return found._replace(command=f"`{name}`, {', '.join(whole)}") if whole else found


SPECIAL = {  # PyTorch's conventions
    "with momentum": {"momentum": True},
    "with dampening": {"momentum": True, "dampening": True},
    "with `nesterov=True`": {"momentum": True, "nesterov": True},
}


def special_entry(label: str) -> Entry:
    """Return the entry of PyTorch's SGD with some of its options."""
    from sympy import Symbol

    values = {key: True if key == "nesterov" else Symbol(key, real=True) for key in SPECIAL[label]}
    found = described(torch_sgd, "`torch-sgd`", values)
    return found._replace(name=f"{found.name} {label}", source="")


def described(family: Family[...], command: str, values: dict[str, Any]) -> Entry:
    """Return an entry: a member with symbols, and what it is the same as."""
    member = family.symbolic(values)
    update = "; ".join(f"${line}$" for line in published(family, values))
    name = family.display_name.removeprefix("the ")
    name = name if "." in name else name[0].upper() + name[1:]
    own = (name, command, cited(family.reference), update)
    found = same_as(member, [x for x in SIMPLEST if x != family.name])
    if found is None or family is qhm:
        return Entry(*own, f"itself, of memory {member.memory}", "", "")
    other, parameters = found
    losses = "every loss" if equivalent(member, other(**parameters), "all") else "quadratics"
    return Entry(*own, f"`{other.name}`", losses, in_letters(parameters, family))


def cited(publication: Publication | None) -> str:
    """Return where a method comes from."""
    if publication is None:
        return ""
    return f"{publication.authors}, *{publication.title}*, {publication.where} ({publication.year})"


def in_letters(values: dict[str, Any], family: Family[...]) -> str:
    """Return the values of parameters in the letters of a family."""
    from sympy import Symbol

    letters = {
        Symbol(key, real=True): x.letter or letter_of(key) for key, x in family.parameters.items()
    }
    line = Writer(letters).line
    formulas = {key: line(arranged(to_sympy(value))) for key, value in values.items()}
    large = {key: r"\displaystyle " * (r"\frac" in x) + x for key, x in formulas.items()}
    shown = (f"`{key}` = ${x}$" for key, x in large.items())
    return ", ".join(shown)


def published(family: Family[...], values: dict[str, Any]) -> tuple[str, ...]:
    """Return the lines of an update, without options that are 0, or False."""
    if family.update is None:
        return ()
    flags = {key: bool(values.get(key)) for key, x in family.parameters.items() if x.kind == "flag"}
    lines = [chosen(line, flags) for line in family.update.lines]
    for key, parameter in family.parameters.items():
        if key not in values and parameter.kind == "number" and parameter.default == 0:
            lines = [without(line, key) for line in lines]
    letters = {key: x.letter for key, x in family.parameters.items() if x.letter}
    latex = family.update.written(lines, letters).latex
    return tuple(line.replace(" ... ", r" \dots ") for line in latex)


def assigned(parameters: dict[str, Any]) -> str:
    """Return parameters with their values."""
    return ", ".join(f"`{key}` = `{value_text(value)}`" for key, value in parameters.items())


def average_row(name: str) -> str:
    """Return the average of a method in its matrix form."""
    from sympy import Symbol

    found = averaging(FAMILIES[name].symbolic(), Symbol("rate", real=True))
    cells = " | ".join(f"`{value_text(_plain(entry))}`" for entry in found.blocks[:5])
    return f"| `{name}` | {cells} |"


def _plain(entry: Any) -> Any:
    """Return what a block of memory 1 holds."""
    while isinstance(entry, tuple) and len(entry) == 1:
        (entry,) = entry
    return entry


def two_papers() -> str:
    """Return how DANA and AM1 are one method, each formula derived."""
    import sympy

    ours = dana_step.symbolic()
    parameters = convert(ours, two_rate)
    change = change_of_variables(ours, two_rate(**parameters))
    if change is None or any(x.name == "damping" for x in sympy.sympify(change[0][0]).free_symbols):
        raise AssertionError("DANA is not the two-rate method")
    damping, nu = sympy.symbols("Delta_t nu", positive=True)
    power = damping ** (1 / nu)
    ratio = sympy.powsimp(sympy.expand((power - damping) / power))
    letters = {damping: r"\Delta_t", nu: r"\nu", sympy.Symbol("gamma_1", real=True): r"\gamma_1"}
    written, factor = map(Writer(letters).line, (ratio, change[0][0]))
    return TWO_PAPERS.format(
        with_=f"with {assigned(parameters)}", factor=factor, ratio=written, rows=late_rows()
    )


AM1_AND_DANA = {  # entries in the letters of either paper
    "alpha": (r"\alpha", r"\alpha_{1,t} + \alpha_2", r"\gamma_2 + \gamma_1 \gamma_{3,t}"),
    "b c": ("b c", r"-\alpha_{1,t} (1 - \delta_t)", r"-\gamma_1 \gamma_{3,t} (1 - \Delta_t)"),
    "1 - D": ("1 - D", r"\delta_t", r"\Delta_t"),
    "alpha_eff": (
        *(r"\alpha_\mathrm{eff}", r"\alpha_2 + \alpha_{1,t} / \delta_t"),
        r"\gamma_2 + \gamma_1 \gamma_{3,t} / \Delta_t",
    ),
}


def late_rows() -> str:
    """Return what the entries of both are at late t, and by what they differ."""
    import sympy

    damping, nu, scale, rate = sympy.symbols("delta nu d_0 alpha_2", positive=True)
    line = Writer({damping: r"\delta_t", nu: r"\nu", scale: "d_0", rate: r"\alpha_2"}).line
    gamma_3 = rate * scale ** (1 / nu)
    rows = []
    for name, found in dana_and_am1(nu, scale, rate, gamma_3, 1 / nu).items():
        if found.dana != found.am1:
            raise AssertionError(f"leading terms of {name} differ")
        terms = (x.coefficient * (scale / damping) ** x.power for x in found[1:])
        written = (line(sympy.simplify(sympy.expand_power_base(x))) for x in terms)
        cells = (*AM1_AND_DANA[name], *written)
        rows.append("| " + " | ".join(f"${cell}$" for cell in cells) + " |")
    return "\n".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")
