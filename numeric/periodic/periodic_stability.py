"""Verdicts on methods that repeat themselves: over one period, with what can be proved proved."""

from __future__ import annotations

import math
from typing import Any

from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.judges.fitted_noise import extreme_noises
from sgdmem.numeric.periodic.periodic_proof import prove
from sgdmem.numeric.periodic.periodic_radius import (
    MOST_WORKERS,
    growth_without_noise,
    leading_noise,
    period_of,
    require_periodic_problem,
)
from sgdmem.numeric.periodic.periodic_verdict import PeriodicVerdict, rule_name
from sgdmem.numeric.problems.noise_estimate import NoiseEstimate
from sgdmem.numeric.problems.problem import as_problem
from sgdmem.numeric.schedules.schedule import read_schedule

_CLEAR = 1e-6  # distance of a float radius from 1


def periodic_stability(
    rule: Any,
    problem: Any,
    batch_size: Any = math.inf,
    *,
    period: int | None = None,
    workers: int = 1,
    proof: bool = True,
) -> PeriodicVerdict:
    r"""Decide whether a method that repeats itself is stable in mean square.

    It is if and only if every mode dies out over a period without noise, and the positive map by
    which the noise of one step of the period feeds that of all later ones has a radius below 1
    (the docs' theory page "The loss over time").

    Parameters
    ----------
    rule : list of Algorithm, or Schedule
        What is done over and over: cycles of learning rates, restarts, `lookahead`.
    problem : Problem, Spectrum or data
        Finite or infinite.
    batch_size : number > 0
    period : int, optional
        After so many steps it begins again; of a list its length.
    workers : int
        So many make the steps of a period by themselves, with batches of their own, and go on from
        their average (local SGD; its vectors are averaged too).
    proof : bool
        Whether to prove it where that can be done, in milliseconds to seconds; else it is that of
        floats.

    Returns
    -------
    PeriodicVerdict

    Raises
    ------
    InputError
        As `periodic_radius`.

    Examples
    --------
    A rate that is too large for itself at every third step:

    >>> from sgdmem import Spectrum, sgd
    >>> jumps = [sgd("0.1"), sgd("0.1"), sgd("2.2")]
    >>> verdict = periodic_stability(jumps, Spectrum([1, 0.5, 0.25]), 64)
    >>> verdict.stable, verdict.is_proved, round(verdict.radius, 3)
    (True, True, 0.926)
    >>> round(verdict.critical_scale, 4)
    1.0013
    """
    length = period_of(rule, period)
    given = as_problem(problem)
    noise = given.noise.at(batch_size)
    require_periodic_problem(given, noise)
    steps = read_schedule(rule).steps(0, length)
    workers = whole(workers, "workers", 1, MOST_WORKERS)
    radius, leading = leading_noise(steps, given, noise, workers)
    proved = prove(rule, length, given, noise, workers, leading) if proof else None
    if proved is not None:
        stable, interval = proved
        radius = math.inf if math.isinf(interval[0]) else radius
    is_proved = proved is not None and stable is not None and not noise.is_estimated
    if proved is None or stable is None:
        interval = (radius, radius) if proved is None else interval
        growth = growth_without_noise(steps, given, noise)
        unclear = any(abs(number - 1) < _CLEAR for number in (growth, radius))
        unclear = unclear or (growth < 1 and math.isinf(radius))  # moments overflow on the way
        stable = None if unclear else radius < 1
    if isinstance(noise.estimate, NoiseEstimate) and not noise.is_quiet and math.isfinite(radius):
        ends = [
            None if moved is None else leading_noise(steps, given, moved, workers)[0]
            for moved in extreme_noises(noise, noise.estimate)
        ]
        interval = ends[0] or 0.0, math.inf if ends[1] is None else ends[1]
        stable = True if interval[1] < 1 else False if interval[0] >= 1 else None
    return PeriodicVerdict(
        rule_name(rule, length),
        length,
        workers,
        noise,
        stable,
        is_proved,
        radius,
        interval,
        steps,
        given,
    )
