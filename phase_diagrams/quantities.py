"""What a map can show beside the verdict: each quantity at all points of a map."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.ball import Array
from sgdmem.numeric.batch import Build, Compiled, FamilyJudge
from sgdmem.numeric.judge import noiseless_floats
from sgdmem.numeric.map_points import BatchOutcome, Points
from sgdmem.numeric.problem import read_noise
from sgdmem.numeric.spectrum import Spectrum
from sgdmem.numeric.stability import stability
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
    build : callable
        The family, as a function of ``points.own``.
    points : Points
    spectrum : Spectrum
    coupling
        See `sgdmem.stability`.
    outcome : BatchOutcome
    compiled
        The family as a program, see `FamilyJudge`.
    """

    build: Build
    points: Points
    spectrum: Spectrum
    coupling: Any
    outcome: BatchOutcome
    compiled: Compiled | None = None

    def verdict(self, place: int) -> Verdict:
        """Return the verdict at a point."""
        point = self.points.at(place)
        own = {name: point.pop(name) for name in self.points.own}
        problem = {**self.points.problem, **point}
        return stability(self.build(**own), self.spectrum, coupling=self.coupling, **problem)

    @cached_property
    def is_simple(self) -> bool:
        """Whether no single mode's noise can feed on itself, tau2 being nowhere negative."""
        if self.coupling is not None:
            return False
        varying = self.points.of_problem
        for key in self.points.noise_keys():
            given = {**self.points.problem, **dict(zip(varying, key, strict=True))}
            noise = read_noise(self.spectrum, coupling=None, **given)
            if not noise.is_physical or not isinstance(noise.tau2, Fraction) or noise.tau2 < 0:
                return False
        return True

    def of_algorithms(self, function: Callable[[Algorithm], float]) -> Array:
        """Return a function of the algorithm at all points, called once for each algorithm."""
        known: dict[tuple[Any, ...], float] = {}
        values = np.empty(len(self.points))
        for place in range(len(self.points)):
            point = self.points.at(place)
            own = {name: point[name] for name in self.points.own}
            key = tuple(own.values())
            if key not in known:
                known[key] = function(self.build(**own))
            values[place] = known[key]
        return values


def _reason(judged: Map) -> Array:
    """Return places in `REASONS`."""
    codes = np.full(len(judged.points), -1, dtype=np.int8)
    stable, noise_sum = judged.outcome.stable, judged.outcome.noise_sum
    codes[stable == 1] = REASONS.index(Reason.STABLE)
    if judged.is_simple:
        codes[(stable == 0) & np.isfinite(noise_sum)] = REASONS.index(Reason.NOISE_SUM)
        if not judged.spectrum.diverges:
            pull = judged.of_algorithms(lambda algorithm: float(sum(algorithm.polynomials.Q) != 0))
            beyond = (stable == 0) & np.isinf(noise_sum) & (pull == 1)
            codes[beyond] = REASONS.index(Reason.NOISELESS)
    for place in np.flatnonzero(codes == -1).tolist():
        codes[place] = REASONS.index(judged.verdict(place).reason)
    return codes


def _effective_learning_rate(judged: Map) -> Array:
    def value(algorithm: Algorithm) -> float:
        try:
            return to_float(algorithm.effective_learning_rate)
        except UndefinedError:
            return math.nan

    return judged.of_algorithms(value)


def _critical_eigenvalue(judged: Map) -> Array:
    def value(algorithm: Algorithm) -> float:
        intervals = noiseless_floats(algorithm)
        return intervals[0][1] if intervals and intervals[0][0] == 0 else 0.0

    return judged.of_algorithms(value)


def _critical_batch_size(judged: Map) -> Array:
    points = judged.points
    if not _is_never_damped(judged) or "batch_size" in points.axes:
        places = range(len(points))
        return np.array([judged.verdict(place).critical_batch_size for place in places])
    # without tau2 it is the noise sum of batches of one
    single = Points(points.axes, points.own, {**points.problem, "batch_size": 1})
    judge = FamilyJudge(judged.build, judged.compiled, judged.spectrum, None)
    return judge.judge(single).noise_sum


def _is_never_damped(judged: Map) -> bool:
    return judged.coupling is None and judged.points.problem.get("tau2") == 0


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
