"""Methods that repeat themselves: algorithms in turn, parameters in cycles, and Lookahead."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.periodic.periodic_radius import MOST_STEPS
from sgdmem.numeric.schedules.schedule import Schedule, listed_schedule
from sgdmem.symbolic.algebra.scalars import as_scalar, is_list
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_no_shrink
from sgdmem.symbolic.algorithms.family import FamilyLike
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.families_by_name import find_family


def repeated(algorithms: Sequence[Algorithm]) -> Schedule:
    """Return the schedule that takes some algorithms of one memory in turn, for ever.

    For losses and runs; `periodic_stability` judges the list itself.

    Raises
    ------
    InputError
        For an empty list or different memories.

    Examples
    --------
    >>> from sgdmem import sgd
    >>> repeated([sgd("0.1"), sgd("0.5")]).steps(0, 5).alpha
    array([0.1, 0.5, 0.1, 0.5, 0.1])
    """
    once = listed_schedule(algorithms)
    period = len(list(algorithms))
    name = f"{period} algorithms in turn"
    return Schedule(once.memory, name, partial(_again, once.steps(0, period).table))


def _again(table: Array, t: Array) -> list[Array]:
    return list(table[t.astype(int) % len(table)].T)


def cyclic(family: FamilyLike, **values: Any) -> list[Algorithm]:
    """Return the algorithms of one period of a family whose parameters repeat lists of values.

    Parameters
    ----------
    family : Family, function or str
    **values
        A list of numbers is taken in turn, one a step; all else is fixed. Lists of several lengths
        begin together again after their least common multiple.

    Returns
    -------
    list of Algorithm
        For `periodic_stability`, `repeated` or `lookahead`.

    Raises
    ------
    InputError
        For an empty list, more than 10**4 steps, and what the family does not take.

    Examples
    --------
    >>> waves = cyclic("heavy-ball", learning_rate=["0.1", "0.5", "0.9"], momentum="0.9")
    >>> [float(one.alpha) for one in waves]
    [0.1, 0.5, 0.9]
    """
    known = find_family(family)
    moving = {
        name: list(value)
        for name, value in values.items()
        if is_list(value) and getattr(known.parameters.get(name), "kind", "number") != "list"
    }
    for name, value in moving.items():
        if not value:
            raise InputError(f"{name} must have at least one value for a cycle, got none")
    period = whole(math.lcm(*map(len, moving.values())), "period", 1, MOST_STEPS)
    fixed = {name: x for name, x in values.items() if name not in moving}
    missing = known.missing(values)
    if missing:
        raise InputError(f"{known.name} needs a value for {', '.join(missing)}")
    made: dict[tuple[Any, ...], Algorithm] = {}
    found = []
    for t in range(period):
        at = {name: value[t % len(value)] for name, value in moving.items()}
        key = tuple(map(repr, at.values()))
        if key not in made:
            # what reads no numbers by itself is given exact ones
            every = {**fixed, **at}
            made[key] = known(**every) if known.reads_exactly else known.fix(**every)()
        found.append(made[key])
    return found


def lookahead(
    inner: Algorithm | Sequence[Algorithm], steps: int, slow_rate: Any, *, reset: bool = False
) -> list[Algorithm]:
    r"""Return the algorithms of one round of Lookahead (M. Zhang et al., 2019, arXiv 1907.08610).

    A fast w makes some steps of an inner method; then the slow one, :math:`\phi`, goes a part of
    the way to it, :math:`\phi\leftarrow\phi+\eta(w-\phi)`, and w begins again there. Memory keeps
    :math:`\phi-w` beside the vectors of the inner method.

    Parameters
    ----------
    inner : Algorithm, or list of Algorithm
        Which must not shrink w; several are taken in turn, as of `cyclic`.
    steps : int >= 1
        Of a round, k in the paper.
    slow_rate : number or expression
        :math:`\eta`, alpha in the paper; 1 is the inner method.
    reset : bool
        Whether the inner vectors are set to 0 at the end of a round. They are kept otherwise.

    Returns
    -------
    list of Algorithm
        A round, of ``steps``; of several algorithms, the rounds until all begin again. For
        `periodic_stability`, or `repeated`.

    Raises
    ------
    InputError
        For bad input.

    Examples
    --------
    >>> from sgdmem import Spectrum, heavy_ball
    >>> from sgdmem.methods import periodic_stability
    >>> fast = heavy_ball("0.4", "0.9")
    >>> slow = lookahead(fast, 5, "1/2")
    >>> spectrum = Spectrum([1, 0.1])
    >>> found = [periodic_stability(x, spectrum, 16).radius for x in ([fast], slow)]
    >>> [round(radius, 3) for radius in found]
    [0.152, 0.081]
    """
    count, eta = whole(steps, "steps", 1, MOST_STEPS), as_scalar(slow_rate, "slow_rate")
    if not isinstance(reset, bool):
        raise InputError(f"reset must be True or False, got {shown(reset)}")
    inners: list[Any] = [inner] if isinstance(inner, Algorithm) else list(inner)
    period = whole(math.lcm(count, len(inners) or 1), "steps of all rounds", 1, MOST_STEPS)
    for one in inners:
        require_no_shrink(one, "Lookahead")
    pairs = [(_fast(one), _last(one, eta, reset)) for one in inners]
    return [pairs[t % len(pairs)][(t + 1) % count == 0] for t in range(period)]


def _fast(inner: Algorithm) -> Algorithm:
    """Return a step of the fast weights; the slow ones stay where they are."""
    alpha, b, c, D, a, _ = inner.blocks
    return Algorithm(
        alpha, [*b, 0], [*c, alpha], [*([*row, 0] for row in D), [*(-x for x in b), 1]], [*a, 0],
        title="Lookahead", floats=inner.floats,
        name=f"a fast step of Lookahead with {_name(inner)}",
    )  # fmt: skip


def _last(inner: Algorithm, eta: Any, reset: bool) -> Algorithm:
    """Return the step that ends a round."""
    alpha, b, c, D, a, _ = inner.blocks
    size = inner.memory + 1
    return Algorithm(
        eta * alpha,
        [*(eta * x for x in b), 1 - eta],
        [0] * size if reset else [*c, 0],
        [[0] * size] * size if reset else [*([*row, 0] for row in D), [0] * size],
        [*a, 0],
        title="Lookahead",
        floats=inner.floats,
        name=f"the last step of a round of Lookahead with {_name(inner)}",
    )


def _name(inner: Algorithm) -> str:
    return inner.name or inner.label
