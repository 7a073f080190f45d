"""The answer to whether a method is stable that repeats itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import Any

from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.periodic.largest_value import first_end
from sgdmem.numeric.periodic.periodic_radius import noise_dies_out, radius_of_steps
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.schedules.schedule import Steps
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import UndecidedError

_SHOWN = 4  # algorithms that are named


@dataclass(frozen=True)
class PeriodicVerdict:
    """The answer to "is this method stable, that repeats itself?".

    ``bool(verdict)`` is ``stable``, and raises `UndecidedError` when that is None.

    Attributes
    ----------
    name : str
        Of the algorithms.
    period, workers : int
    noise : BatchNoise
        The problem's noise at the batch size.
    stable : bool or None
        Whether second moments die out over the periods, from every start (with labels that are not
        fitted: come to rest). None where bounds leave it open.
    is_proved : bool
        Whether ``stable`` is proved for the exact input: for up to 1000 steps times modes, with
        samples a few hundred, and on long power laws without weight decay where the radius is not
        too close to 1, unless modes hardly die out. Else it is that of floats, undecided within
        1e-6 of 1.
    radius : float
        Of the noise over a period, see `periodic_radius`; inf where the method without noise does
        not tend to rest.
    radius_interval : (float, float)
        Proved bounds of it; (radius, radius) where there are none. Of a fitted noise what two
        standard errors and the misfit leave.
    """

    name: str
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
        if math.isinf(self.radius) and self.stable is None:
            return "whether the method without noise comes to rest over a period is left open"
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
            return noise_dies_out(steps, self._problem, self.noise, self.workers)

        return first_end(stable)

    @cached_property
    def critical_batch_size(self) -> float:
        """The batch size, a real number, above which it is stable; of batches with replacement."""
        one = self._problem.noise.at(1)
        return radius_of_steps(self._steps, self._problem, one, self.workers)

    @property
    def is_estimated(self) -> bool:
        """Whether the noise was estimated: then the verdict is about the fitted model."""
        return self.noise.is_estimated

    @property
    def question(self) -> str:
        """What was judged, in a line."""
        averaged = f", averaged over {self.workers} workers after each period"
        averaged = averaged if self.workers > 1 else ""
        return f"{self.name}{averaged}, on {self._problem.spectrum}; {self.noise}"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values; an infinite number becomes None."""
        return {
            "stable": self.stable,
            "proved": self.is_proved,
            "explanation": self.explanation,
            "estimated": self.is_estimated,
            "problem": {
                "algorithm": self.name,
                "period": self.period,
                "workers": self.workers,
                "spectrum": str(self._problem.spectrum),
                "weight_decay": float(self._problem.weight_decay),
                **self.noise.to_dict(),
            },
            "noise_sum": _finite(self.radius),
            "noise_sum_interval": [_finite(bound) for bound in self.radius_interval],
            "critical_batch_size": _finite(self.critical_batch_size),
            "critical_scale": _finite(self.critical_scale),
        }

    def __str__(self) -> str:
        word = {True: "stable", False: "NOT stable", None: "undecided"}[self.stable]
        word = f"estimated {word}" if self.is_estimated else word
        how = "proved" if self.is_proved else "computed in floats"
        explained = f"{self.explanation}; {self.noise.origin}".removesuffix("; ")
        lines = [f"{word}: {explained} ({how})", f"  {self.question}"]
        if not math.isinf(self.radius) and not self.noise.is_quiet:
            lines.append(f"  noise radius    {self.radius:.6g} over a period of {self.period}")
        if lines[2:] and self._problem.noise.samples is None:
            lines.append(f"  batch size      stable above {self.critical_batch_size:.6g}")
        scale = self.critical_scale
        limit = "any number" if math.isinf(scale) else f"anything below {scale:.6g}"
        limit = limit if scale else "none that was found"
        lines.append(f"  learning rates  all may be multiplied by {limit}")
        return "\n".join(lines)


def rule_name(rule: Any, length: int) -> str:
    """Return what a rule that repeats itself is called: its algorithms in turn.

    Examples
    --------
    >>> from sgdmem import sgd
    >>> rule_name([sgd("0.1"), sgd("0.1"), sgd(2)], 3)
    '2 times sgd(learning_rate=0.1), sgd(learning_rate=2)'
    >>> rule_name([Algorithm(1), Algorithm(1), Algorithm(2)], 3)  # two without names
    '2 times an algorithm of memory 0, an algorithm of memory 0'
    """
    if isinstance(rule, Algorithm):
        rule = [rule]
    if not is_list(rule):
        return f"{rule.name}, {length} steps over and over"
    given: Sequence[Algorithm] = list(rule)[:length]
    groups = [(one.name or one.label, len(list(same))) for one, same in groupby(given)]
    parts = [f"{count} times {name}" if count > 1 else name for name, count in groups]
    if len(groups) == 1:
        return groups[0][0]
    if len(parts) > _SHOWN:
        parts = [*parts[:2], f"… ({length} steps in all)", parts[-1]]
    return ", ".join(parts)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
