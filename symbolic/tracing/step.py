"""Running an update function once, and reading off the step that it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algebra.scalars import Element, as_scalar, exact_field, is_symbolic
from sgdmem.symbolic.algorithms.idle_entries import without_idle_entries
from sgdmem.symbolic.algorithms.printing import sum_text
from sgdmem.symbolic.algorithms.state_space import Row, StateSpace, blocks_at_rest
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.tracing.messages import failed, unstarred
from sgdmem.symbolic.tracing.signature import UpdateFunction
from sgdmem.symbolic.tracing.traced_number import TracedNumber
from sgdmem.symbolic.tracing.vectors import Terms, TracedGradient, TracedVector

DECAYS = " (weight decay in the gradient belongs to the problem: Problem(..., weight_decay=...))"
_NEARLY = 1e-9  # what rounding of a few floats leaves of 0
ROUNDED = (
    "; a float is its exact binary value, so that 0.3 + 0.7 is not 1: write one weight as 1 minus "
    "the other, or Fraction(3, 10)"
)


@dataclass(frozen=True)
class Step:
    """What a run of an update function did: linear forms of the old vectors and of gradients.

    Attributes
    ----------
    names : list of str
        Of the vectors, the iterate first.
    rows : list of dict
        The new vectors.
    points : list of dict
        Where the gradients -1, -2, ... are taken.
    """

    names: list[str]
    rows: list[Terms]
    points: list[Terms]


def traced(update: UpdateFunction, values: Mapping[str, Any]) -> Step:
    """Run an update function with exact scalars, whole numbers, flags and tuples of scalars.

    Raises
    ------
    InputError
        If it is no linear step with one gradient; the message says in which line.
    """
    run = object()
    names = [update.iterate]
    arguments: dict[str, Any] = {update.iterate: _vector(0, run)}
    for buffer in update.buffers:
        length = update.length(buffer, values)
        start = len(names)
        if length is None:
            names.append(buffer)
            arguments[buffer] = _vector(start, run)
        else:
            names += [f"{buffer}_{k + 1}" for k in range(length)]
            arguments[buffer] = tuple(_vector(start + k, run) for k in range(length))
    gradient = TracedGradient(run, update.several)
    positional = [arguments.get(name, gradient) for name in update.arguments]
    given = {name: _wrapped(value) for name, value in values.items()}
    try:
        returned = update.function(*positional, **given)
    except Exception as error:
        raise failed(update, error) from None
    rows = _read(update, returned, arguments, run)
    if not gradient.points:
        raise InputError(
            f"{update.name} takes no gradient: it never calls {update.gradient}, its argument "
            "called gradient, or its last one"
        )
    return Step(names, [row.terms for row in rows], [point.terms for point in gradient.points])


def blocks_of_step(update: UpdateFunction, step: Step) -> Blocks:
    """Return the matrix form of a step, without vectors that nothing reads.

    Raises
    ------
    InputError
        If the step does not keep the minimum where it is, or its gradients are not one.
    """
    raw = [x for terms in (*step.rows, *step.points) for x in terms.values()]
    elements, back = exact_field(raw)
    values = iter(elements)
    rows, points = (
        [{key: x for key in terms if (x := next(values)) != 0} for terms in part]
        for part in (step.rows, step.points)
    )
    v, r = _one_gradient(update, rows, points)
    S = [{key: x for key, x in row.items() if key >= 0} for row in rows]
    space = StateSpace(S, v, r)
    found = blocks_at_rest(_least(space, back, not all(isinstance(x, Fraction) for x in raw)))
    if found is None:
        raise InputError(
            f"{update.name} does not keep the minimum where it is: without gradients, from where "
            f"all copies of {update.iterate} are equal, {_moved(step, S, r, back)}"
            + (ROUNDED if any(nearly_0(back(sum(x.values()) - 1)) for x in S if x) else DECAYS)
        )
    return found.map(back)


def _least(space: StateSpace, back: Callable[[Element], Any], symbolic: bool) -> StateSpace:
    """Return the step of the fewest vectors; of those that may go, one that may at all numbers."""
    places = range(1, len(space.S))
    found = without_idle_entries(space, places)
    if symbolic and not _is_tame(found, back):
        other = without_idle_entries(space, places[::-1])
        if _is_tame(other, back):
            return other
    return found


def _is_tame(space: StateSpace, back: Callable[[Element], Any]) -> bool:
    """Whether its entries exist where all parameters are 0."""
    rows = (*space.S, space.v, space.r)
    entries = [back(x) for row in rows for x in row.values()]
    if not any(map(is_symbolic, entries)):
        return all(isinstance(x, Fraction) or x.exists_at_zero for x in entries)
    from sympy import nan, oo, zoo

    at_zero = (x.subs(dict.fromkeys(x.free_symbols, 0)) for x in entries if is_symbolic(x))
    return not any(x.has(nan, oo, zoo) for x in at_zero)


def _one_gradient(
    update: UpdateFunction, rows: Sequence[Row], points: Sequence[Row]
) -> tuple[Row, Row]:
    """Return v and r of the one gradient that several of one batch are on quadratics."""
    weights = [{-1 - key: x for key, x in row.items() if key < 0} for row in rows]
    totals = [sum(row.values()) for row in weights]
    if len(points) == 1:
        return {i: total for i, total in enumerate(totals) if total != 0}, points[0]
    lead = next((k for k, total in enumerate(totals) if total != 0), None)
    if lead is None:
        raise InputError(f"{update.name} does not move by its gradients: their weights sum to 0")
    shares = {k: x / totals[lead] for k, x in weights[lead].items()}
    for total, row in zip(totals, weights, strict=True):
        if any(row.get(k, 0) != total * shares.get(k, 0) for k in range(len(points))):
            raise InputError(
                f"{update.name} takes gradients at several points that do not enter everywhere in "
                "the same combination: they are not one gradient"
            )
    point: Row = {}
    for k, share in shares.items():
        for key, x in points[k].items():
            point[key] = point.get(key, 0) + share * x
    return (
        {i: total for i, total in enumerate(totals) if total != 0},
        {key: x for key, x in point.items() if x != 0},
    )


# What is passed, and what comes back ------------------------------------------------------------


def _vector(place: int, run: object) -> TracedVector:
    return TracedVector({place: Fraction(1)}, run)


def _wrapped(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_wrapped, value))
    return value if isinstance(value, int) else TracedNumber(value)


def _read(
    update: UpdateFunction, returned: Any, arguments: Mapping[str, Any], run: object
) -> list[TracedVector]:
    names = update.vectors
    given = list(returned) if isinstance(returned, tuple | list) else [returned]
    if len(given) != len(names):
        several = isinstance(returned, tuple | list | TracedVector)
        raise InputError(
            f"{update.name} must return the new {', '.join(names)}, {len(names)} in number, got "
            f"{len(given) if several else shown(returned)}{unstarred(update)}"
        )
    found = []
    for name, value in zip(names, given, strict=True):
        if not isinstance(arguments[name], tuple):
            found.append(_read_vector(update, value, name, run))
            continue
        length = len(arguments[name])
        if not isinstance(value, tuple | list) or len(value) != length:
            got = f"{len(value)}" if isinstance(value, tuple | list) else shown(value)
            raise InputError(f"{update.name} must return {length} vectors for {name}, got {got}")
        found += [_read_vector(update, x, f"{name}[{k}]", run) for k, x in enumerate(value)]
    return found


def _read_vector(update: UpdateFunction, value: Any, name: str, run: object) -> TracedVector:
    if isinstance(value, int | float) and value == 0:
        return TracedVector({}, run)
    if not isinstance(value, TracedVector):
        raise InputError(
            f"{update.name} must return vectors, made of {update.iterate}, buffers and the "
            f"gradient; for {name} it returns {shown(value)}"
        )
    return value + TracedVector({}, run)  # an error for one of another run


def _moved(step: Step, S: Sequence[Row], r: Row, back: Callable[[Element], Any]) -> str:
    """Say what becomes of the vectors without gradients, and where the gradient is taken."""

    def text(row: Row) -> str:
        return sum_text((back(x), step.names[j]) for j, x in sorted(row.items()))

    said = [f"{name} becomes {text(row)}" for name, row in zip(step.names, S, strict=True)][:3]
    return "; ".join([*said, *([] if r == {0: 1} else [f"the gradient is taken at {text(r)}"])])


def nearly_0(value: Any) -> bool:
    """Whether a number is not 0, but as small as rounding leaves it."""
    number = as_scalar(value, "a weight")
    return isinstance(number, Fraction) and 0 < abs(float(number)) < _NEARLY
