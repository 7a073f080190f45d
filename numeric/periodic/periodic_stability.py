"""Verdicts on methods that repeat themselves: over one period, with what can be proved proved."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.bisection import bisect
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.losses.schedule import Steps, read_schedule
from sgdmem.numeric.periodic.periodic_proof import prove
from sgdmem.numeric.periodic.periodic_radius import (
    growth_without_noise,
    period_of,
    radius_of_steps,
    require_periodic_problem,
)
from sgdmem.numeric.problems.noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.symbolic.errors import UndecidedError

_CLEAR = 1e-6  # distance of a float radius from 1
_PARTS = 48  # places in a search, over a factor of 1000
_BEYOND = 30  # doublings of a factor that is still stable


@dataclass(frozen=True)
class PeriodicVerdict:
    """The answer to "is this method stable, that repeats itself?".

    ``bool(verdict)`` is ``stable``, and raises `UndecidedError` when that is None.

    Attributes
    ----------
    period, workers : int
    noise : BatchNoise
        The problem's noise at the batch size.
    stable : bool or None
        Whether second moments die out over the periods, from every start (with labels that are not
        fitted: come to rest). None where bounds leave it open.
    is_proved : bool
        Whether ``stable`` is proved for the exact input: on spectra of up to 1000 steps times
        modes, unless modes hardly die out. Else it is that of floats, undecided within 1e-6 of 1.
    radius : float
        Of the noise over a period, see `periodic_radius`; inf where the method without noise does
        not tend to rest.
    radius_interval : (float, float)
        Proved bounds of it; (radius, radius) where there are none.
    """

    period: int
    workers: int
    noise: BatchNoise
    stable: bool | None
    is_proved: bool
    radius: float
    radius_interval: Interval
    _steps: Steps = field(repr=False, compare=False)
    _problem: Problem = field(repr=False, compare=False)

    def __bool__(self) -> bool:
        if self.stable is None:
            raise UndecidedError(f"the verdict is undecided: {self.explanation}")
        return self.stable

    @property
    def explanation(self) -> str:
        """Why, in a sentence."""
        low, high = self.radius_interval
        if math.isinf(self.radius):
            return "the method without noise does not come to rest over a period"
        if self.stable is None:
            return f"the radius of the noise over a period lies between {low:.9g} and {high:.9g}"
        if self.noise.is_quiet:
            return "full batches, no noise: every mode dies out over a period"
        side = "below" if self.stable else "not below"
        return f"the radius of the noise over a period, {self.radius:.6g}, is {side} 1"

    @cached_property
    def critical_scale(self) -> float:
        """By how much all learning rates may be multiplied until it ceases to be stable.

        In plain floats: the first place found where the radius reaches 1, looking at 48 places in
        each factor of 1000. 0 if none is stable, inf if no end is found.
        """

        def stable(scale: float) -> bool:
            given = self._steps
            steps = replace(given, alpha=given.alpha * scale, c=given.c * scale)
            return radius_of_steps(steps, self._problem, self.noise, self.workers) < 1

        return _first_end(stable)

    @cached_property
    def critical_batch_size(self) -> float:
        """The batch size, a real number, above which it is stable; of batches with replacement."""
        one = self._problem.noise.at(1)
        return radius_of_steps(self._steps, self._problem, one, self.workers)

    def __str__(self) -> str:
        word = {True: "stable", False: "NOT stable", None: "undecided"}[self.stable]
        proved = "proved" if self.is_proved else "computed in floats"
        lines = [
            f"{word} over a period of {self.period} steps ({proved})",
            f"  {self.explanation}",
            f"  all learning rates may be multiplied by {self.critical_scale:.6g}",
        ]
        if not self.noise.is_quiet and self._problem.noise.samples is None:
            lines.append(f"  stable above batch size {self.critical_batch_size:.6g}")
        return "\n".join(lines)


def periodic_stability(
    rule: Any,
    problem: Any,
    batch_size: Any = math.inf,
    *,
    period: int | None = None,
    workers: int = 1,
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
        With a finite spectrum.
    batch_size : number > 0
    period : int, optional
        After so many steps it begins again; of a list its length.
    workers : int
        So many make the steps of a period by themselves, with batches of their own, and go on from
        their average (local SGD; its vectors are averaged too).

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
    workers = whole(workers, "workers", 1)
    radius = radius_of_steps(steps, given, noise, workers)
    proof = prove(rule, length, given, noise, workers)
    if proof is not None:
        stable, interval = proof
        radius = math.inf if math.isinf(interval[0]) else radius
    is_proved = proof is not None and stable is not None
    if not is_proved:
        interval = (radius, radius) if proof is None else interval
        numbers = growth_without_noise(steps, given), radius
        unclear = any(abs(number - 1) < _CLEAR for number in numbers)
        stable = None if unclear else radius < 1
    return PeriodicVerdict(
        length, workers, noise, stable, is_proved, radius, interval, steps, given
    )


def _first_end(holds: Callable[[float], bool]) -> float:
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
        return float(bisect(holds, float(places[first - 1]), float(places[first]), 44)[0])
    return 0.0
