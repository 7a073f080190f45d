"""What a diagram asks at each of its points, and the answers for any part of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import product
from threading import RLock
from typing import Any, Literal

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compiled_maps.compiled_family import Compiled
from sgdmem.numeric.compiled_maps.family_judge import FamilyJudge
from sgdmem.numeric.compiled_maps.family_program import family_program
from sgdmem.numeric.compiled_maps.points import Points
from sgdmem.numeric.problems.problem import Problem, on_gpu
from sgdmem.phase_diagrams.maps.axes import coordinates, own_parameters
from sgdmem.phase_diagrams.maps.judged_map import JudgedMap, Targets
from sgdmem.phase_diagrams.maps.labelled_arrays import LabelledArrays
from sgdmem.phase_diagrams.maps.quantities import (
    BOUNDS,
    SUMS,
    VERDICTS,
    Quantity,
    find_quantities,
)
from sgdmem.phase_diagrams.maps.varying_problem import Axes, VaryingProblem
from sgdmem.symbolic.algorithms.algorithm import Algorithm, numeric_algorithm
from sgdmem.symbolic.algorithms.family import Build, Family

_deriving = RLock()
_MOST_KEPT = 4096  # problems
_FEW = 4  # points of a problem: to compress its spectrum would take longer than to judge them


@dataclass(frozen=True)
class DiagramQuestion:
    """What is asked at every point of a diagram. A value, for workers: it can be pickled.

    Attributes
    ----------
    family
        Of the parameters that vary.
    axes
        All values of all parameters that vary, the last one fastest.
    problem
        What it is tried on.
    batch_size
        Where it is no axis.
    quantities
        Names of what is asked beside the verdict.
    verdicts_only
        Whether the noise sum, and what comes with it, is left out.
    panels
        The axis of a series.
    is_compiled
        Whether the family is worth compiling.
    """

    family: Family[...]
    axes: Axes
    problem: VaryingProblem
    batch_size: Any = math.inf
    device: Literal["cpu", "cuda"] = "cpu"
    quantities: tuple[str, ...] = ()
    verdicts_only: bool = False
    panels: str | None = None
    is_compiled: bool = True
    _programs: dict[Any, Compiled | None] = field(default_factory=dict, repr=False, compare=False)
    _problems: dict[Any, Problem] = field(default_factory=dict, repr=False, compare=False)
    _algorithms: dict[Any, Algorithm] = field(default_factory=dict, repr=False, compare=False)

    @property
    def own(self) -> list[str]:
        """The axes that are parameters of the family."""
        return own_parameters(self.axes, self.problem.axes)

    @property
    def is_quick(self) -> bool:
        """Whether other points are judged in no time, as those by compiled programs were."""
        axes = [values for name, values in self.axes.items() if name != self.panels]
        if self.problem.axes or min(map(len, axes)) < 2 or not self._programs:
            return False
        noise = self.problem.given.noise
        return (
            None not in self._programs.values() and noise.samples is None and noise.coupling is None
        )

    @property
    def variables(self) -> Mapping[str, Quantity]:
        """What a dataset holds."""
        asked = find_quantities(self.quantities)
        if self.verdicts_only:
            return {**VERDICTS, **asked}
        replaced = {"tau1", "tau2"} <= {*self.axes}  # which take the place of samples
        sampled = self._problem(self._start).noise.samples is not None and not replaced
        return {**VERDICTS, **SUMS, **(BOUNDS if sampled else {}), **asked}

    @property
    def derived(self) -> set[str]:
        """The variables that follow from others (see `stored_map`): a store need not have them.

        Margins are those of noise sums wherever no mode's noise can feed on itself.
        """
        if self.problem.axes:
            return set()
        noise = self._problem({}).noise
        each = self.axes.get("tau2", [noise.tau2])
        damped = not noise.mixes and all(isinstance(x, Fraction) and x >= 0 for x in each)
        return {"margin"} if damped else set()

    def answer(
        self, part: Axes, advance: Callable[[int], None] = lambda count: None
    ) -> LabelledArrays:
        """Return the results at a part of the points with its axes, see `values`."""
        variables = self.variables
        arrays: dict[str, Any] = {
            name: (part, values, variables[name].attributes)
            for name, values in self.values(part, advance).items()
        }
        return LabelledArrays.of(arrays | coordinates(part))

    def values(
        self,
        part: Axes,
        advance: Callable[[int], None] = lambda count: None,
        names: Collection[str] | None = None,
        room: Mapping[str, Array] | None = None,
    ) -> dict[str, Array]:
        """Return the results at a part of the points by variable, the same whatever the parts.

        But for the bounds on samples, which are closer the more has been asked before.

        Parameters
        ----------
        part
            Some values of each axis.
        advance
            Called with the number of points done, for a progress bar.
        names
            Of the variables that are asked for; all by default.
        room
            Contiguous arrays of the shape of the part, in which answers may be returned.
        """
        variables = {
            name: x for name, x in self.variables.items() if names is None or name in names
        }
        of_target = {name: x for name, x in part.items() if name in self.problem.of_target}
        looped = {
            name: x
            for name, x in part.items()
            if name in (self.panels, *self.problem.axes) and name not in of_target
        }
        inner = {name: x for name, x in part.items() if name not in {**looped, **of_target}}
        # a map for each value of the looped axes answers for all targets
        maps, each = _size(looped), (_size(of_target), _size(inner))
        shared = self._targets({}, of_target) if self.problem.apart else None
        found: dict[str, Array] = {}
        for number, values in enumerate(product(*looped.values())):
            point = dict(zip(looped, values, strict=True))
            targets = self._targets(point, of_target) if shared is None else shared
            alone = room if room and maps == each[0] == 1 else {}
            known = alone.get("noise_sum")
            sums = not self.verdicts_only if known is None else known.reshape(-1)
            judged = self._judged(point, targets, inner, advance, sums, "margin" in variables)
            for name, quantity in variables.items():
                answers = quantity.values(judged)
                if maps == each[0] == 1:
                    found[name] = answers
                    continue
                if name not in found:
                    found[name] = np.empty((maps, *each), quantity.dtype)
                found[name][number] = answers
        dims = {**looped, **of_target, **inner}
        shape, order = [len(values) for values in dims.values()], [[*dims].index(x) for x in part]
        return {name: x.reshape(shape).transpose(order) for name, x in found.items()}

    def _judged(
        self,
        point: Mapping[str, Any],
        targets: Targets,
        inner: Axes,
        advance: Callable[[int], None],
        sums: bool | Array,
        margins: bool,
    ) -> JudgedMap:
        """Return the map at one value of every looped axis."""
        problem = self._problem(point)
        panel = {name: x for name, x in point.items() if name not in self.problem.axes}
        batch_size = panel.pop("batch_size", self.batch_size)
        taus = {name: panel.pop(name) for name in ("tau1", "tau2") if name in panel}
        problem = Problem(problem.spectrum, problem.noise.vary(**taus))
        own = [name for name in inner if name in self.own]
        family = self.family.fix(**panel) if panel else self.family
        build: Build = family
        if self._is_sparse:  # the same methods on many problems

            def build(**values: Any) -> Algorithm:
                key = (*panel.values(), *values.values())
                if key not in self._algorithms:
                    self._algorithms[key] = numeric_algorithm(family(**values))
                return self._algorithms[key]

        compiled = None if self._is_sparse else self._program(family, panel, own)
        judge = FamilyJudge(build, compiled, problem, batch_size, self.device)
        points = Points(inner, own)
        outcome = judge.judge(
            points,
            lambda count: advance(len(targets) * count),
            sums=sums,
            margins=margins,
        )
        return JudgedMap(judge, points, outcome, targets)

    def _problem(self, point: Mapping[str, Any]) -> Problem:
        """Return the problem of a map, kept with what it derives; its target is one of many."""
        key = tuple(point.get(name) for name in self.problem.axes)
        known = self._problems.get(key)
        if known is None:
            if len(self._problems) >= _MOST_KEPT:
                self._problems.clear()
            known = self.problem.at({**self._start, **point})
            known = self._problems[key] = on_gpu(known) if self.device == "cuda" else known
        return known

    def _targets(self, point: Mapping[str, Any], part: Axes) -> Targets:
        """Return the targets of a map at some values of the axes that vary nothing else."""
        if not part:
            return Targets([self._problem(point).target])
        every = [dict(zip(part, values, strict=True)) for values in product(*part.values())]
        return Targets([self.problem.at({**self._start, **point, **x}).target for x in every])

    @cached_property
    def _is_sparse(self) -> bool:
        """Whether there are only a few points of each problem, in all parts of the diagram."""
        alone = [self.panels, *self.problem.axes]
        inner = {name: values for name, values in self.axes.items() if name not in alone}
        return bool(self.problem.axes) and _size(inner) <= _FEW

    @cached_property
    def _start(self) -> dict[str, Any]:
        return {name: self.axes[name][0] for name in self.problem.axes}

    def _program(
        self, family: Family[...], panel: Mapping[str, Any], own: Sequence[str]
    ) -> Compiled | None:
        """Return the family as a program, the same one for all maps that share it."""
        if not self.is_compiled:
            return None
        key = tuple(panel.values())
        with _deriving:  # threads that answer for several parts wait for the first one
            if key not in self._programs:
                samples = {name: self.axes[name] for name in own}
                self._programs[key] = family_program(family, samples)
            return self._programs[key]


def _size(axes: Axes) -> int:
    return math.prod(map(len, axes.values()))
