"""Programs of users' functions against the functions themselves, exactly, at all points."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from sgdmem.numeric.compiled_maps.family_program import family_program
from sgdmem.symbolic.algebra.polynomials import TransferPolynomials, transfer_polynomials
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, summands
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.programs import special_values
from sgdmem.symbolic.zoo.named_algorithms import torch_sgd

HALF = Fraction(1, 2)
AXES = {
    "x": [Fraction(k, 12) for k in range(1, 25)],
    "y": [Fraction(k, 10) for k in range(10)] + [Fraction(1, 4), Fraction(3, 4)],
}


def ball(x: Any, y: Any) -> Algorithm:
    return Algorithm(x, y, -x, y)


def divided(x: Any, y: Any, difference: Any) -> Algorithm:
    try:
        return ball(x * difference / difference, y)
    except ZeroDivisionError:
        return ball(3 * x, y)


def inverted(x: Any, y: Any) -> Algorithm:
    try:
        return ball(x * (2 * y - 1) * (2 * y - 1) ** -1, y)
    except ZeroDivisionError:
        return ball(3 * x, y)


def compared(x: Any, y: Any) -> Algorithm:
    try:
        return ball(3 * x, y) if y < HALF else ball(x, y)
    except TypeError:
        return ball(x, y)


@functools.lru_cache
def kept(y: Any) -> Any:
    return y if y != HALF else 0


def hiding(x: Any, y: Any) -> Algorithm:
    """A mode x that y couples, and that nothing knows of where y is 0."""
    if y == 0:
        return ball(Fraction(1, 10), HALF)
    D = ((HALF, 0), (0, x))
    return Algorithm(Fraction(1, 10), (HALF, y), (Fraction(-1, 10), -y), D)


def growing(x: Any, y: Any) -> Algorithm:
    """What hides a mode 3/2 at one value only."""
    if y == HALF:
        return Algorithm(x, (y, 0), (-x, 1), ((y, 0), (0, Fraction(3, 2))))
    return ball(x, y)


def refusing(x: Any, y: Any) -> Algorithm:
    if y == HALF:
        raise InputError("y must not be 1/2")
    return ball(x, y)


FUNCTIONS: dict[str, Callable[[Any, Any], Algorithm]] = {
    "in": lambda x, y: ball(3 * x if y in (0, HALF) else x, y),
    "set": lambda x, y: ball(3 * x if y in {0, 0.75} else x, y),
    "dictionary": lambda x, y: ball({0.25: 3 * x}.get(y, x), y),
    "cache": lambda x, y: ball(x, kept(y)),
    "truth": lambda x, y: ball(x if 2 * y - 1 else 3 * x, y),
    "square": lambda x, y: ball(3 * x if y * y == Fraction(1, 4) else x, y),
    "quotient": lambda x, y: ball(3 * x if y / (1 - y) == 1 else x, y),
    "equal": lambda x, y: ball(3 * x if x == y else x, y),
    "product": lambda x, y: ball(3 * x if x * y == 1 else x, y),
    "circle": lambda x, y: ball(3 * x if x * x + y * y == Fraction(13, 144) else x, y),
    "dampening": lambda x, y: torch_sgd(x, momentum=(x - y) / 4, dampening=HALF),
    "division": lambda x, y: divided(x, y, 2 * y - 1),
    "negative power": inverted,
    "division by a difference": lambda x, y: divided(x, y, x - y),
    "comparison of sizes": compared,
    "kind": lambda x, y: ball(3 * x if isinstance(y, Fraction) and y > HALF else x, y),
    "memory": lambda x, y: ball(x, y) if y != HALF else Algorithm(x),
    "hidden mode": hiding,
    "hidden mode at one value": growing,
    "it never moves": lambda x, y: ball(x * y, HALF) if y != 0 else Algorithm(0),
    "refused": refusing,
    "power": lambda x, y: ball(x, y**2.0),
}


# what is special on curves, in a part of the plane or by rounding has no program
PROGRAMS: dict[str, dict[str, list[Fraction]]] = {
    "in": {"y": [Fraction(0), HALF]},
    "set": {"y": [Fraction(0), Fraction(3, 4)]},
    "dictionary": {"y": [Fraction(1, 4)]},
    "refused": {"y": [HALF]},
    "hidden mode": {"y": [Fraction(0)]},
    "hidden mode at one value": {"y": [HALF]},
    "it never moves": {},
} | {
    name: {"y": [HALF]}
    for name in ("cache", "truth", "square", "quotient", "division", "negative power", "memory")
}


def said(form: HalfPlaneForm) -> Any:
    """Return what stability on the eigenvalue 1 depends on."""
    try:
        found = summands(form, Fraction(1))
    except ZeroDivisionError:
        return None
    return found.noise if all(pivot > 0 for pivot in found.pivots) else None


@pytest.mark.parametrize("name", FUNCTIONS)
def test_programs_hold_where_they_say_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function = FUNCTIONS[name]

    def build(x: Any, y: Any) -> Algorithm:
        return function(x, y)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = family_program(build, AXES)
    if name not in PROGRAMS:  # all points are judged by themselves
        assert found is None
        return
    assert found is not None
    program, exceptions = found
    assert exceptions == PROGRAMS[name]
    monkeypatch.setattr(special_values, "is_member_at", lambda *_: False)  # each point is derived
    assert family_program(build, AXES) == found
    for values in product(*AXES.values()):
        point = dict(zip(AXES, values, strict=True))
        if not any(point[key] in some for key, some in exceptions.items()):
            form = HalfPlaneForm.of_row(program.program.run(point), program.memory)
            assert said(form) == said(build(**point).half_plane_form), point


def test_members_with_the_entries_of_the_general_one_are_not_derived(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    derived: list[Algorithm] = []

    def entries_of(algorithm: Algorithm) -> TransferPolynomials:
        derived.append(algorithm)
        return transfer_polynomials(*algorithm.blocks)

    monkeypatch.setattr(Algorithm, "polynomials", property(entries_of))
    found = family_program(lambda x, y: torch_sgd(x, momentum=(y + 1) / 4), AXES)
    assert found is not None and not found[1]
    assert len(derived) == 2  # in general, and at the usual point
    derived.clear()
    other_entries = family_program(lambda x, y: reordered(x, y, y == HALF), AXES)
    assert other_entries is not None and not other_entries[1]
    assert 2 < len(derived) < 10  # another basis is told by what it does


def reordered(x: Any, y: Any, is_other: bool) -> Algorithm:
    """Two buffers, in one order or the other."""
    found = Algorithm(x, (y, 1), (-x, x / 3), ((y, 0), (0, Fraction(1, 3))))
    alpha, b, c, D, *_ = found.blocks
    swapped = ((D[1][1], 0), (0, D[0][0]))
    return Algorithm(alpha, b[::-1], c[::-1], swapped) if is_other else found


def test_harmless_comparisons_and_divisions_cost_nothing() -> None:
    def build(x: Any, y: Any) -> Algorithm:
        assert x + y != 0 and kept(x) is not None
        return ball(x / (x + y + 1), y * x / (x * (1 + y)))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = family_program(build, AXES)
    assert found is not None and not found[1]


def test_a_division_by_0_is_no_exception_where_the_program_has_a_value() -> None:
    found = family_program(lambda x, y: ball(x * (2 * y - 1) / (2 * y - 1), y), AXES)
    assert found is not None and not found[1]
    found = family_program(lambda x, y: ball(x / (2 * y - 1), y), AXES)
    assert found is not None and found[1] == {"y": [HALF]}
