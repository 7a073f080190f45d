"""The largest value of a parameter at which a method is stable that repeats itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.bisection import bisect
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.periodic.periodic_proof import prove
from sgdmem.numeric.periodic.periodic_radius import (
    MOST_WORKERS,
    noise_dies_out,
    period_of,
    require_periodic_problem,
)
from sgdmem.numeric.problems.problem import as_problem
from sgdmem.numeric.schedules.schedule import read_schedule
from sgdmem.symbolic.algorithms.algorithm import Algorithm

_PARTS = 48  # places in a search, over a factor of 1000
_BEYOND = 30  # doublings of a factor that is still stable
_BESIDE = 1e-6  # relative, from the end: where it is proved on both sides


class LargestValue(NamedTuple):
    """Where stability ends.

    Attributes
    ----------
    value : float
        The first end that was found; 0 if nothing is stable, inf if no end is found.
    is_proved : bool
        Whether it is proved to be stable 1e-6 below the end, and not to be 1e-6 above; on long
        spectra it is not.
    """

    value: float
    is_proved: bool


def largest_periodic_value(
    rule: Callable[[float], Sequence[Algorithm]],
    problem: Any,
    batch_size: Any = math.inf,
    *,
    workers: int = 1,
) -> LargestValue:
    """Return up to which value of a parameter a method is stable that repeats itself.

    In plain floats: the first place found where it ceases to be, looking at 48 places in each
    factor of 1000; then proved on both sides of it.

    Parameters
    ----------
    rule : function
        Of one number > 0, such as a peak rate; it returns the algorithms of a period.
    problem : Problem, Spectrum or data
    batch_size : number > 0
    workers : int
        See `periodic_stability`.

    Returns
    -------
    LargestValue

    Raises
    ------
    InputError
        As `periodic_stability`.

    Examples
    --------
    >>> from sgdmem import Spectrum, sgd
    >>> found = largest_periodic_value(lambda peak: [sgd("0.1"), sgd(peak)], Spectrum([1, 0.5]), 4)
    >>> round(found.value, 4), found.is_proved
    (1.6494, True)
    """
    given, count = as_problem(problem), whole(workers, "workers", 1, MOST_WORKERS)
    noise = given.noise.at(batch_size)
    require_periodic_problem(given, noise)

    def stable(value: float) -> bool:
        algorithms = rule(value)
        steps = read_schedule(algorithms).steps(0, period_of(algorithms, None))
        return noise_dies_out(steps, given, noise, count)

    end = first_end(stable)
    if not 0 < end < math.inf or given.spectrum.long is not None:  # bounds are not so close there
        return LargestValue(end, False)
    sides = {1 - _BESIDE: True, 1 + _BESIDE: False}
    for factor, expected in sides.items():
        algorithms = rule(end * factor)
        proof = prove(algorithms, len(algorithms), given, noise, count)
        if proof is None or proof[0] is not expected:
            return LargestValue(end, False)
    return LargestValue(end, True)


def first_end(holds: Callable[[float], bool]) -> float:
    """Return the first place found where what holds for small numbers ceases to hold."""
    high = 1.0
    for _ in range(_BEYOND):
        if not holds(high):
            break
        high *= 2
    else:
        return math.inf
    places = high * np.geomspace(1e-3, 1, _PARTS)
    for _ in range(2):
        if not holds(float(places[0])):
            places = places * 1e-3
            continue
        first = next(k for k, place in enumerate(places.tolist()) if not holds(place))
        return float(bisect(holds, float(places[first - 1]), float(places[first]), 38)[0])
    return 0.0
