"""From a state-space description (S_0, v, r) to the matrix form of eq. (3) of arXiv 2410.04228.

One step is ``x <- S_0 x + v g``, its gradient g taken at ``r x``; the first entry of the state x is
the iterate w. Where the minimum is kept, w and the other entries rest at ``w* (1, s)``; in the
differences ``u = x - s w`` the step has the form (3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    cut = [_sparse(elements[i * size : (i + 1) * size]) for i in range(size + 2)]
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
            _add(row, first, -rest[i])
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
            _add(left, {i: 1}, -1)
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
                _add(other, left, -factor)
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


def without_idle_entries(step: StateSpace, keep: Sequence[int] = ()) -> StateSpace:
    """Return a step without entries that nothing reads, or that follow from the others.

    What w and the point of the gradient are made of stays, so that their paths stay the same; what
    follows from the others does so after some steps from any start.

    Parameters
    ----------
    keep
        The entries in the order in which they are kept if one of several may go.
    """
    S, v, r = step
    read, open_ = {0}, [0, *r]
    while open_:
        place = open_.pop()
        read.add(place)
        open_ += [j for j in S[place] if j not in read]
    step = _restricted(step, sorted(read))
    order = [sorted(read).index(i) for i in keep if i in read and i] or list(range(1, len(step.S)))
    basis = _reached(step, [0, *order])
    if len(basis) == len(step.S) or 0 not in basis:  # w is 0 soon, whatever it was
        return step
    kept = sorted(basis)
    S, v, r = step
    columns = {place: _applied(S, vector) for place, vector in basis.items()}
    return StateSpace(
        [_sparse([columns[j].get(i, 0) for j in kept]) for i in kept],
        _sparse([v.get(i, 0) for i in kept]),
        _sparse([sum(r[i] * x for i, x in basis[j].items() if i in r) for j in kept]),
    )


def _reached(step: StateSpace, order: Sequence[int]) -> dict[int, Row]:
    """Return a basis of the states that are possible late, by entries in which it is the unit."""
    S, v, _ = step
    basis: dict[int, Row] = {i: {i: 1} for i in range(len(S))}
    while True:
        found = _reduced([*(_applied(S, vector) for vector in basis.values()), v], order)
        if len(found) == len(basis):
            return found if len(found) < len(S) else basis
        basis = found


def _reduced(vectors: Iterable[Row], order: Sequence[int]) -> dict[int, Row]:
    """Return the reduced echelon basis of some vectors, pivots in an order of entries."""
    basis: dict[int, Row] = {}
    for vector in vectors:
        left = dict(vector)
        for pivot, row in basis.items():
            if pivot in left:
                _add(left, row, -left[pivot])
        if not left:
            continue
        pivot = next(i for i in order if i in left)
        lead = left[pivot]
        left = {i: x / lead for i, x in left.items()}
        for row in basis.values():
            if pivot in row:
                _add(row, left, -row[pivot])
        basis[pivot] = left
    return _by_order(basis, order)


def _by_order(basis: dict[int, Row], order: Sequence[int]) -> dict[int, Row]:
    """Bring a reduced basis to the earliest pivots in an order."""
    for pivot in order:
        if pivot in basis:
            continue
        later = [p for p in basis if order.index(p) > order.index(pivot) and pivot in basis[p]]
        if not later:
            continue
        row = basis.pop(later[-1])
        row = {i: x / row[pivot] for i, x in row.items()}
        for other in basis.values():
            if pivot in other:
                _add(other, row, -other[pivot])
        basis[pivot] = row
    return basis


def _applied(S: Sequence[Row], vector: Row) -> Row:
    found = (sum(x * vector[j] for j, x in row.items() if j in vector) for row in S)
    return _sparse(list(found))


def _restricted(step: StateSpace, places: Sequence[int]) -> StateSpace:
    """Return the step of some entries, which read no others."""
    if len(places) == len(step.S):
        return step
    new = {place: k for k, place in enumerate(places)}

    def taken(row: Row) -> Row:
        return {new[j]: x for j, x in row.items() if j in new}

    return StateSpace([taken(step.S[i]) for i in places], taken(step.v), taken(step.r))


def _add(row: Row, other: Row, factor: Element) -> None:
    """Add a multiple of a row to another one, in place."""
    for j, x in other.items():
        value = row.get(j, 0) + factor * x
        if value == 0:
            row.pop(j, None)
        else:
            row[j] = value


def _sparse(row: Sequence[Element]) -> Row:
    return {j: x for j, x in enumerate(row) if x != 0}


def _list(value: Any, name: str) -> list[Any]:
    if not is_list(value):
        raise InputError(f"{name} must be a list of rows, got {value!r:.80}")
    return list(value.tolist() if hasattr(value, "tolist") else value)


def _numbers(value: Any, name: str) -> list[Any]:
    return _list(value, name) if is_list(value) else [value]
