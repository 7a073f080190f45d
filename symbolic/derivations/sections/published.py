"""The update of a method as it was published, in the letters of a derivation."""

from __future__ import annotations

import re
from typing import Any

from flint import fmpq
from sympy import latex

from sgdmem.symbolic.algebra.scalars import as_scalar, is_list, to_sympy
from sgdmem.symbolic.algorithms.parameters import REQUIRED, Parameter
from sgdmem.symbolic.algorithms.update_notation import chosen, without
from sgdmem.symbolic.derivations.checks.latex_reader import Unreadable
from sgdmem.symbolic.derivations.checks.published_orbit import published_orbit
from sgdmem.symbolic.derivations.statements.published_update import PublishedUpdate
from sgdmem.symbolic.derivations.statements.statement import listed
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.derivations.typesetting.renaming import unmarked

_BEGINS, _ENDS = r"(?<![^\s(])", r"(?![^\s),])"  # not in the middle of a factor
_PART = r"(\((?:[^()]|\([^()]*\))*\)|[^\s(),]+)"
_QUOTIENT = re.compile(rf"{_BEGINS}{_PART} / {_PART}{_ENDS}")
_IN_PARENTHESES = re.compile(rf"{_BEGINS}\((\\frac{{[^{{}}]*}}{{[^{{}}]*}})\){_ENDS}")


def published(subject: Subject) -> PublishedUpdate | None:
    """Return the update, its rule being the citation; None if it is unknown or not that simple.

    Parameters that are fixed stand as numbers in it, but not 0 and 1, which people leave out.
    """
    family = subject.family
    if family is None or family.update is None:
        return None
    origin, fixed = family.origin
    letters: dict[str, str] = {}
    flags: dict[str, bool] = {}
    absent: list[str] = []
    source = " ".join(family.update.lines)
    count = 1
    for name, parameter in origin.parameters.items():
        value = fixed.get(name, parameter.default)
        if parameter.kind == "flag":
            flags[name] = bool(value)
        elif parameter.kind == "whole":
            if value != parameter.default and not re.search(rf"\b{name}\b", source):
                return None  # its lines are those of the default
            letters[name] = str(value)
        elif name in family.parameters and value is parameter.default and parameter.is_required:
            letter, several = _letter(subject, parameter)
            if letter is None:
                return None
            letters[name], count = letter, max(count, several)
        elif value == 0:
            absent.append(name)
        else:
            shown = _number(value)
            if shown is None:
                return None
            letters[name] = shown
    lines = [chosen(line, flags) for line in family.update.lines]
    for name in absent:
        lines = [without(line, name) for line in lines]
        if any(re.search(rf"\b{name}\b", line) for line in lines):
            return None
    weights, loss = unmarked(subject.letters.weights), subject.letters.loss
    update = family.update.written(lines, letters, weights, loss)
    pairs = [unmarked(line).split(r" \leftarrow ") for line in update.latex]
    tidy = tuple((left, _with_fractions(right)) for left, right in pairs)
    reference = family.reference
    citation = "" if reference is None else rf"~\cite{{{reference.key}}}"
    vectors = ""
    if count > 1:
        each = next(name for name in update.assigned if name.endswith("_i"))
        each = subject.letters.renaming.marked(each)
        vectors = rf", with vectors ${each}$ ($i = 1, \dots, K = {count}$)"
    statement = PublishedUpdate(citation + vectors, tidy, count, weights)
    known = weights in update.assigned and _is_readable(subject, statement)
    return statement if known else None


def _with_fractions(line: str) -> str:
    return _IN_PARENTHESES.sub(r"\1", _QUOTIENT.sub(_fraction, line))


def _fraction(quotient: re.Match[str]) -> str:
    above, below = (x[1:-1] if x.startswith("(") else x for x in quotient.groups())
    return rf"\frac{{{above}}}{{{below}}}"


def settings(subject: Subject) -> str:
    """Return in words the whole numbers and the lists of numbers that are fixed; maybe nothing."""
    if subject.family is None:
        return ""
    origin, fixed = subject.family.origin
    found = []
    for name, parameter in origin.parameters.items():
        value = fixed.get(name, parameter.default)
        if parameter.kind == "whole" and value is not REQUIRED:
            found.append(f"{name.replace('_', ' ')} {value}")
        elif parameter.kind == "list" and name in fixed:
            entries = value if is_list(value) else [value]
            numbers = [f"${latex(to_sympy(as_scalar(x, name)))}$" for x in entries]
            found.append(f"{name.replace('_', ' ')} {listed(numbers)}")
    return f" with {listed(found)}" if found else ""


def _is_readable(subject: Subject, update: PublishedUpdate) -> bool:
    """Whether an update is made of formulas, and not of words."""
    letters = {unmarked(subject.writer.line(symbol)): fmpq(1, 3) for symbol in subject.parameters}
    gradient = {rf"\nabla {subject.letters.loss}": lambda x: x}
    try:
        published_orbit(
            *(update.lines, letters, gradient, update.count),
            *(lambda: fmpq(1), 1, update.weights),
        )
    except (Unreadable, ValueError, TypeError, AttributeError, ZeroDivisionError):
        return False
    return True


def _letter(subject: Subject, parameter: Parameter) -> tuple[str | None, int]:
    """Return the letter of a parameter, of a list that of its entries without an index."""
    known = {str(symbol): subject.writer.line(symbol) for symbol in subject.parameters}
    if parameter.kind != "list":
        return known.get(parameter.name), 1
    names = [f"{parameter.entry or parameter.name}_{i}" for i in range(1, len(known) + 1)]
    found = [known[name] for name in names if name in known]
    stems = {letter.rpartition("_")[0] for letter in found}
    return (stems.pop(), len(found)) if len(stems) == 1 else (None, 1)


def _number(value: Any) -> str | None:
    """Return a number in LaTeX, None for one that people would leave out."""
    if isinstance(value, list | tuple):
        return None
    number = to_sympy(as_scalar(value, "value"))
    if number in (0, 1) or not number.is_Rational:
        return None
    return f"({latex(number)})" if number < 0 else str(latex(number))
