"""A family as a program at points, and where this is not what its constructor does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.compiled_maps.family_program import FamilyProgram
from sgdmem.numeric.compiled_maps.points import AnyPoints
from sgdmem.symbolic.algebra.routh import HalfPlaneForm

Compiled = tuple[FamilyProgram, dict[str, list[Fraction]]]  # from `family_program`


def forms_at(compiled: Compiled, points: AnyPoints) -> tuple[HalfPlaneForm, Array]:
    """Return the half-plane forms of all points, and where they do not hold."""
    program, exceptions = compiled
    values = {
        name: Ball.exactly(points.axes[name])[points.indices(name)] for name in program.parameters
    }
    return program.form(values, (len(points),)), excepted(points, exceptions)


def excepted(points: AnyPoints, exceptions: Mapping[str, Sequence[Fraction]]) -> Array:
    """Return whether a constructor does something special, for each point."""
    flags = np.zeros(len(points), dtype=bool)
    for name, values in exceptions.items():
        special = np.array([value in values for value in points.axes[name]])
        if special.any():
            flags |= points.along(name, special)
    return flags


def excepted_places(points: AnyPoints, exceptions: Mapping[str, Sequence[Fraction]]) -> Array:
    """Return where it does, without looking at all points if it does nowhere."""
    some = any(not {*values}.isdisjoint(points.axes[x]) for x, values in exceptions.items())
    return np.flatnonzero(excepted(points, exceptions)) if some else np.empty(0, dtype=int)
