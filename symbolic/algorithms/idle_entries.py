"""Entries of a state that a step can do without: nothing reads them, or others tell them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sgdmem.symbolic.algorithms.state_space import Row, StateSpace, add_multiple, sparse


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
        [sparse([columns[j].get(i, 0) for j in kept]) for i in kept],
        sparse([v.get(i, 0) for i in kept]),
        sparse([sum(r[i] * x for i, x in basis[j].items() if i in r) for j in kept]),
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
                add_multiple(left, row, -left[pivot])
        if not left:
            continue
        pivot = next(i for i in order if i in left)
        lead = left[pivot]
        left = {i: x / lead for i, x in left.items()}
        for row in basis.values():
            if pivot in row:
                add_multiple(row, left, -row[pivot])
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
                add_multiple(other, row, -other[pivot])
        basis[pivot] = row
    return basis


def _applied(S: Sequence[Row], vector: Row) -> Row:
    found = (sum(x * vector[j] for j, x in row.items() if j in vector) for row in S)
    return sparse(list(found))


def _restricted(step: StateSpace, places: Sequence[int]) -> StateSpace:
    """Return the step of some entries, which read no others."""
    if len(places) == len(step.S):
        return step
    new = {place: k for k, place in enumerate(places)}

    def taken(row: Row) -> Row:
        return {new[j]: x for j, x in row.items() if j in new}

    return StateSpace([taken(step.S[i]) for i in places], taken(step.v), taken(step.r))
