"""Methods that repeat themselves: any algorithms in turn, and Lookahead."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.losses.schedule import Schedule, listed_schedule
from sgdmem.symbolic.algebra.scalars import as_scalar
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_no_shrink
from sgdmem.symbolic.errors import InputError, shown


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


def lookahead(
    inner: Algorithm, steps: int, slow_rate: Any, *, reset: bool = False
) -> list[Algorithm]:
    r"""Return the algorithms of one round of Lookahead (M. Zhang et al., 2019, arXiv 1907.08610).

    A fast w makes some steps of an inner method; then the slow one, :math:`\phi`, goes a part of
    the way to it, :math:`\phi\leftarrow\phi+\eta(w-\phi)`, and w begins again there. Memory keeps
    :math:`\phi-w` beside the vectors of the inner method.

    Parameters
    ----------
    inner : Algorithm
        Which must not shrink w.
    steps : int >= 1
        Of a round, k in the paper.
    slow_rate : number or expression
        :math:`\eta`, alpha in the paper; 1 is the inner method.
    reset : bool
        Whether the inner vectors are set to 0 at the end of a round. They are kept otherwise.

    Returns
    -------
    list of Algorithm, length ``steps``
        For `periodic_stability`, or `repeated`.

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
    require_no_shrink(inner, "Lookahead")
    count, eta = whole(steps, "steps", 1), as_scalar(slow_rate, "slow_rate")
    if not isinstance(reset, bool):
        raise InputError(f"reset must be True or False, got {shown(reset)}")
    name = inner.name or inner.label
    alpha, b, c, D, a, _ = inner.blocks
    kept = [[*row, 0] for row in D]
    own: dict[str, Any] = {"a": [*a, 0], "title": "Lookahead", "floats": inner.floats}
    fast = Algorithm(
        alpha, [*b, 0], [*c, alpha], [*kept, [*(-x for x in b), 1]], **own,
        name=f"a fast step of Lookahead with {name}",
    )  # fmt: skip
    size = inner.memory + 1
    last = Algorithm(
        eta * alpha,
        [*(eta * x for x in b), 1 - eta],
        [0] * size if reset else [*c, 0],
        [[0] * size] * size if reset else [*kept, [0] * size],
        **own,
        name=f"the last step of a round of Lookahead with {name}",
    )
    return [*[fast] * (count - 1), last]
