"""Which algorithm a derivation is about, and in which letters, from what is given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from sgdmem.symbolic.algebra.scalars import is_symbolic
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_algorithm
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.algorithms.update_notation import letter_of
from sgdmem.symbolic.derivations.statements.subject import Subject
from sgdmem.symbolic.derivations.typesetting.notation import Letters, find_notation
from sgdmem.symbolic.derivations.typesetting.renaming import stem
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo.families_by_name import find_family

LARGEST_MEMORY, LARGEST_NUMERIC_MEMORY = 5, 10  # checks take minutes beyond
# A float that is this close, relatively, to a fraction with a short denominator is read as that.
_ROUNDING, _SHORT_DENOMINATOR = Fraction(1, 10**14), 10**9


def read_subject(
    algorithm: Algorithm | FamilyLike,
    symbols: Mapping[str, str],
    notation: str,
    columns: int = 1,
    shows_update: bool = True,
) -> Subject:
    """Return what a derivation is about; parameters and errors as in `derive`.

    ``shows_update`` says whether the update is displayed as it was published, so that the letters
    of its vectors are taken.
    """
    written = find_notation(notation)
    family = None
    if isinstance(algorithm, str) or callable(algorithm):
        family = find_family(algorithm)
        algorithm = family.symbolic()
        written = replace(written, parameters={**written.parameters, **family.own_letters})
    require_algorithm(algorithm, "algorithm")
    for entry in algorithm.entries:
        if is_symbolic(entry) and not _is_rational(entry):
            raise InputError(
                f"algorithm must have entries that are rational functions of symbols, got {entry}: "
                "let the root be a parameter of its own, or give it a value"
            )
    largest = LARGEST_MEMORY if algorithm.is_symbolic else LARGEST_NUMERIC_MEMORY
    if algorithm.memory > largest:
        kind = "symbols" if algorithm.is_symbolic else "numbers"
        raise InputError(
            f"algorithm must have a memory of at most {largest} with {kind}, got {algorithm.memory}"
        )
    if algorithm.floats:
        short = algorithm.map(_short)
        algorithm = replace(short, name=algorithm.name, title=algorithm.title, floats=False)
    parameters = tuple(sorted(algorithm.free_symbols, key=str))
    letters = Letters(
        parameters, written, dict(symbols), _entries(algorithm), *_vectors(family, shows_update)
    )
    return Subject(algorithm, letters, family, columns)


def _entries(algorithm: Algorithm) -> frozenset[str]:
    """Return the names of symbols that are entries of the blocks that have their letter.

    Those of Q count, too: q0 is what documents call q_0.
    """
    blocks = algorithm.blocks
    rows = {"a": blocks.a, "b": blocks.b, "c": blocks.c, "D": [x for row in blocks.D for x in row]}
    if any(str(symbol).startswith("q") for symbol in algorithm.free_symbols):
        rows["q"] = algorithm.polynomials.Q
    return frozenset(
        str(entry)
        for name, entries in rows.items()
        for entry in entries
        if is_symbolic(entry)
        and entry.is_Symbol
        and str(entry).startswith(name)
        and (str(entry) != name or algorithm.memory < 2)  # a matrix is not its entry
    )


def _vectors(family: Any, shown: bool) -> tuple[str, tuple[str, ...]]:
    """Return the letters of the iterate, empty if it is that of the notation, and of others."""
    if family is None or family.update is None:
        return "", ()
    iterate = letter_of(family.update.iterate)
    others = tuple(letter for letter in family.update.assigned if letter != iterate)
    if re.search("[_^]", iterate):  # it gets marks of its own
        bare = stem(iterate)
        iterate = "" if bare in map(stem, others) else bare
    return "" if family.update.iterate == "w" else iterate, others if shown else ()


def _short(entry: Any) -> Any:
    """Return the simplest fraction that a float can have been meant as."""
    if is_symbolic(entry):
        return entry
    simple = entry.limit_denominator(_SHORT_DENOMINATOR)
    return simple if abs(simple - entry) <= _ROUNDING * abs(entry) else entry


def _is_rational(entry: Any) -> bool:
    from sympy import Function, NumberSymbol, Pow

    powers = entry.atoms(Pow)
    return not entry.atoms(Function, NumberSymbol) and all(x.exp.is_Integer for x in powers)
