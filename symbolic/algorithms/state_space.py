"""From a state-space description (S_0, v, r) to the matrix form of eq. (3) of arXiv 2410.04228.

One step is ``x <- S_0 x + v g``, its gradient g taken at ``r x``; the first entry of the state x is
the iterate w. Where the minimum is kept, w and the other entries rest at ``w* (1, s)``; in the
differences ``u = x - s w`` the step has the form (3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algebra.scalars import Element, as_scalar, exact_field, is_float, is_list
from sgdmem.symbolic.errors import InputError

Row = dict[int, Element]  # of a sparse matrix, without zeros


class StateSpace(NamedTuple):
    """A step ``x <- S x + v g`` with its gradient g at ``r x``, sparse, in an exact field.

    Attributes
    ----------
    S : list of dict
        The rows of S_0.
    v, r : dict
    """

    S: list[Row]
    v: Row
    r: Row


def blocks_of_state(S0: Any, v: Any, r: Any) -> tuple[Blocks, bool]:
    """Return the matrix form of (S_0, v, r), and whether it is given by floats.

    See `Algorithm.from_state`.

    Examples
    --------
    The heavy ball, its state w and the last w:

    >>> blocks_of_state([["1.9", "-0.9"], [1, 0]], ["-0.1", 0], [1, 0])[0].D
    ((Fraction(9, 10),),)
    """
    rows = [_numbers(row, f"S0[{i}]") for i, row in enumerate(_list(S0, "S0"))]
    size = len(rows)
    vectors = [_numbers(v, "v"), _numbers(r, "r")]
    for name, row in (*((f"S0[{i}]", row) for i, row in enumerate(rows)), ("v", vectors[0])):
        if len(row) != size:
            raise InputError(f"{name} must have length {size}, as S0 has rows, got {len(row)}")
    if len(vectors[1]) != size or size == 0:
        raise InputError(f"r must have length {size} >= 1, as S0 has rows, got {len(vectors[1])}")
    raw = [value for row in (*rows, *vectors) for value in row]
    floats = any(map(is_float, raw))
    elements, back = exact_field([as_scalar(value, "an entry of (S0, v, r)") for value in raw])
    cut = [sparse(elements[i * size : (i + 1) * size]) for i in range(size + 2)]
    found = blocks_at_rest(StateSpace(cut[:size], *cut[size:]))
    if found is None:
        raise InputError(
            "(S0, v, r) must keep the minimum: S0 e = e and r e = 1 for a vector e that begins "
            "with 1, or, with decoupled weight decay, S0 e = (1 - shrink) e for e = (1, 0, ...)"
        )
    return found.map(back), floats


def blocks_at_rest(step: StateSpace) -> Blocks | None:
    """Return a step in the differences from where it rests; None if it does not keep the minimum.

    A step that only multiplies w by a number, so that ``S_0 e = (1 - shrink) e`` for
    ``e = (1, 0, ...)``, has decoupled weight decay.
    """
    S, v, r = step
    size = len(S)
    rest = _resting_place(step)
    shrink: Element = 0
    if rest is None:
        if any(0 in row for row in S[1:]) or r.get(0, 0) != 1:
            return None
        rest, shrink = {}, 1 - S[0].get(0, 0)
    first, zero = S[0], 0 * v.get(0, 0)
    places = range(1, size)
    D = []
    for i in places:
        row = dict(S[i])
        if i in rest:
            add_multiple(row, first, -rest[i])
        D.append(tuple(row.get(j, zero) for j in places))
    return Blocks(
        alpha=-v.get(0, zero),
        b=tuple(first.get(j, zero) for j in places),
        c=tuple(v.get(i, zero) - rest.get(i, 0) * v.get(0, 0) for i in places),
        D=tuple(D),
        a=tuple(r.get(j, zero) for j in places),
        shrink=shrink,
    )


def _resting_place(step: StateSpace) -> Row | None:
    """Return s such that e = (1, s) has S_0 e = e and r e = 1; where it is free, s is 0."""
    S, _, r = step
    equations: list[tuple[Row, Element]] = []
    for i, row in enumerate(S):
        left = {j: x for j, x in row.items() if j}
        if i:
            add_multiple(left, {i: 1}, -1)
        equations.append((left, int(i == 0) - row.get(0, 0)))
    equations.append(({j: x for j, x in r.items() if j}, 1 - r.get(0, 0)))
    solved: list[tuple[int, Row, Element]] = []
    while equations:
        place = min(range(len(equations)), key=lambda k: len(equations[k][0]))
        left, right = equations.pop(place)
        if not left:
            if right != 0:
                return None
            continue
        pivot = next(iter(left))
        lead = left.pop(pivot)
        share = lead if isinstance(lead, int) else 1 / lead  # -1 is the only int
        # s_pivot = right / lead - sum of left / lead
        left, right = {j: x * share for j, x in left.items()}, right * share
        rest: list[tuple[Row, Element]] = []
        for other, value in equations:
            factor = other.pop(pivot, None)
            if factor is not None:
                add_multiple(other, left, -factor)
                value = value - factor * right
            rest.append((other, value))
        equations = rest
        solved.append((pivot, left, right))
    found: Row = {}
    for pivot, left, right in reversed(solved):
        value = right - sum(x * found[j] for j, x in left.items() if j in found)
        if value != 0:
            found[pivot] = value
    return found


def add_multiple(row: Row, other: Row, factor: Element) -> None:
    """Add a multiple of a row to another one, in place."""
    for j, x in other.items():
        value = row.get(j, 0) + factor * x
        if value == 0:
            row.pop(j, None)
        else:
            row[j] = value


def sparse(row: Sequence[Element]) -> Row:
    """Return a row without its zeros."""
    return {j: x for j, x in enumerate(row) if x != 0}


def _list(value: Any, name: str) -> list[Any]:
    if not is_list(value):
        raise InputError(f"{name} must be a list of rows, got {value!r:.80}")
    return list(value.tolist() if hasattr(value, "tolist") else value)


def _numbers(value: Any, name: str) -> list[Any]:
    return _list(value, name) if is_list(value) else [value]
