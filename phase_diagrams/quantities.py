"""What a map can show beside the verdict: each quantity at all points of a map."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.ball import Array
from sgdmem.numeric.batch import FamilyJudge, is_simple
from sgdmem.numeric.judge import noiseless_floats
from sgdmem.numeric.map_points import BatchOutcome, Points
from sgdmem.numeric.verdict import Reason, Verdict
from sgdmem.symbolic.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, UndefinedError
from sgdmem.symbolic.scalars import to_float

REASONS = tuple(Reason)  # a map holds their places in this order


@dataclass(frozen=True)
class Map:
    """Points that have been judged, and what was asked.

    Attributes
    ----------
    judge : FamilyJudge
        Which has judged them.
    points : Points
    outcome : BatchOutcome
    """

    judge: FamilyJudge
    points: Points
    outcome: BatchOutcome

    @cached_property
    def is_simple(self) -> bool:
        """Whether no single mode's noise can feed on itself, tau2 being nowhere negative."""
        noises = self.judge.noises(self.points).values()
        return all(is_simple(noise) and noise.tau2 >= 0 for noise in noises)  # type: ignore[operator]

    def verdict(self, place: int) -> Verdict:
        """Return the verdict at a point."""
        return self.judge.verdict(self.points, place)

    def of_algorithms(self, function: Callable[[Algorithm], float], places: Array) -> Array:
        """Return a function of the algorithm at some points, called once for each algorithm."""
        known: dict[tuple[Any, ...], float] = {}
        values = np.empty(len(places))
        for number, place in enumerate(places.tolist()):
            point = self.points.at(place)
            own = {name: point[name] for name in self.points.own}
            key = tuple(own.values())
            if key not in known:
                known[key] = function(self.judge.build(**own))
            values[number] = known[key]
        return values

    @property
    def places(self) -> Array:
        """The numbers of all points."""
        return np.arange(len(self.points))


def _reason(judged: Map) -> Array:
    """Return places in `REASONS`."""
    codes = np.full(len(judged.points), -1, dtype=np.int8)
    stable, noise_sum = judged.outcome.stable, judged.outcome.noise_sum
    codes[stable == 1] = REASONS.index(Reason.STABLE)
    if judged.is_simple:
        codes[(stable == 0) & np.isfinite(noise_sum)] = REASONS.index(Reason.NOISE_SUM)
        if not judged.judge.spectrum.diverges:
            beyond = np.flatnonzero((stable == 0) & np.isinf(noise_sum))
            pull = judged.of_algorithms(lambda x: float(sum(x.polynomials.Q) != 0), beyond)
            codes[beyond[pull == 1]] = REASONS.index(Reason.NOISELESS)
    for place in np.flatnonzero(codes == -1).tolist():
        codes[place] = REASONS.index(judged.verdict(place).reason)
    return codes


def _effective_learning_rate(judged: Map) -> Array:
    def value(algorithm: Algorithm) -> float:
        try:
            return to_float(algorithm.effective_learning_rate)
        except UndefinedError:
            return math.nan

    return judged.of_algorithms(value, judged.places)


def _critical_eigenvalue(judged: Map) -> Array:
    def value(algorithm: Algorithm) -> float:
        intervals = noiseless_floats(algorithm)
        return intervals[0][1] if intervals and intervals[0][0] == 0 else 0.0

    return judged.of_algorithms(value, judged.places)


def _critical_batch_size(judged: Map) -> Array:
    points = judged.points
    if not _is_never_damped(judged) or "batch_size" in points.axes:
        return np.array([judged.verdict(k).critical_batch_size for k in judged.places.tolist()])
    # without tau2 it is the noise sum of batches of one
    single = Points(points.axes, points.own, {**points.problem, "batch_size": 1})
    return judged.judge.judge(single).noise_sum


def _is_never_damped(judged: Map) -> bool:
    return judged.judge.coupling is None and judged.points.problem.get("tau2") == 0


@dataclass(frozen=True)
class Quantity:
    """Something that a map can show.

    Attributes
    ----------
    long_name, units : str
    values : callable
        Finds it at all points of a judged map.
    """

    long_name: str
    values: Callable[[Map], Array]
    units: str = "1"

    @property
    def attributes(self) -> dict[str, Any]:
        """What is written into a dataset beside the values."""
        about: dict[str, Any] = {"long_name": self.long_name, "units": self.units}
        if self.values is _reason:
            about["flag_values"] = list(range(len(REASONS)))
            about["flag_meanings"] = " ".join(reason.value for reason in REASONS)
        return about


QUANTITIES: Mapping[str, Quantity] = {
    "reason": Quantity("why it is stable or not", _reason),
    "effective_learning_rate": Quantity(
        "effective learning rate", _effective_learning_rate, "1/eigenvalue"
    ),
    "critical_eigenvalue": Quantity(
        "eigenvalue at which noiseless stability ends", _critical_eigenvalue, "eigenvalue"
    ),
    "critical_batch_size": Quantity("critical batch size", _critical_batch_size, "samples"),
}


def find_quantities(names: Any) -> dict[str, Quantity]:
    """Return quantities by their names.

    Raises
    ------
    InputError
        If there is none of a name.
    """
    if isinstance(names, str):
        names = (names,)
    for name in names:
        if name not in QUANTITIES:
            raise InputError(f"quantities must be among {', '.join(QUANTITIES)}, got {name!r}")
    return {name: QUANTITIES[name] for name in names}
