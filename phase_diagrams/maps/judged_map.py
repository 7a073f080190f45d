"""Points of a map that have been judged, and functions of their noise, methods and laws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compiled_maps.family_judge import FamilyJudge
from sgdmem.numeric.compiled_maps.known_noise import damps_modes
from sgdmem.numeric.compiled_maps.points import Outcomes, Points
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import require_no_weight_decay
from sgdmem.numeric.problems.target import PowerLawTarget, Target
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.numeric.verdicts.verdict import Verdict
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, shown


@dataclass(frozen=True)
class Targets:
    """Targets along their axis; one object serves all maps that share them.

    Attributes
    ----------
    every : sequence of Target or None
    """

    every: Sequence[Target | None]

    def __len__(self) -> int:
        return len(self.every)

    @cached_property
    def exponents(self) -> Array:
        """Zeta of each; InputError unless all are power laws."""
        if any(not isinstance(target, PowerLawTarget) for target in self.every):
            raise InputError(
                "target must be a PowerLawTarget for regimes and exponents of the loss, as of "
                f"Problem.power_law(nu, zeta); got {shown(self.every[0])}"
            )
        return np.array([target.exponent for target in self.every])  # type: ignore[union-attr]


@dataclass(frozen=True)
class JudgedMap:
    """Points that have been judged, and what was asked.

    Attributes
    ----------
    judge : FamilyJudge
        Which has judged them.
    points : Points
    outcome : Outcomes
    targets : Targets
        Of those quantities that depend on a target: one for each value of its axis, or a single
        one, which may be None.
    """

    judge: FamilyJudge
    points: Points
    outcome: Outcomes
    targets: Targets

    @cached_property
    def damps_modes(self) -> Array:
        """Where no single mode's noise can feed on itself, tau2 not being negative."""
        return self.of_noise(damps_modes)

    @property
    def damps_all_modes(self) -> bool:
        """Whether that is so at all points."""
        return all(map(damps_modes, self._noises.values()))

    def of_noise(self, function: Callable[[BatchNoise], Any]) -> Array:
        """Return a function of the noise at all points."""
        values = np.array([function(self._noises[key]) for key in self.points.noise_keys()])
        if values.size == 1:
            return np.full(len(self.points), values[0])
        return values[self.points.noise_indices]

    @cached_property
    def _noises(self) -> dict[tuple[Any, ...], BatchNoise]:
        return self.judge.noises(self.points)

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

    def of_laws(self, function: Callable[[PowerLaw, Array, bool], Array], dtype: Any) -> Array:
        """Return a function of power law, zetas and whether there is noise, at all points.

        Raises
        ------
        InputError
            If there are no targets, or no infinite power law.
        """
        problem = self.judge.problem
        require_no_weight_decay(problem, "regimes and exponents of the loss")
        law = problem.spectrum.law
        zeta = self.targets.exponents
        if law is None or law.count is not None or problem.noise.mixes:
            raise InputError(
                "regimes and exponents of the loss are those of infinite power laws without "
                f"coupling, got {problem}"
            )
        if problem.noise.label_variance:
            raise InputError(
                "regimes and exponents of the loss are those without noise of the labels, under "
                "which it comes to rest: ask for loss_floor, or give no label_variance"
            )
        noisy = self.of_noise(lambda noise: noise.spreads)
        found = {flag: function(law, zeta, flag)[:, None] for flag in {*noisy.tolist()}}
        return np.where(noisy, found.get(True, 0), found.get(False, 0)).astype(dtype)

    @property
    def places(self) -> Array:
        """The numbers of all points."""
        return np.arange(len(self.points))
