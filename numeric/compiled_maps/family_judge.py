"""Verdicts on many algorithms at once: members of a family at the points of a map."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.threads import pieces
from sgdmem.numeric.compiled_maps.axes_of_points import own_axes, parameters_in_pairs
from sgdmem.numeric.compiled_maps.compiled_family import (
    Compiled,
    excepted,
    excepted_places,
    forms_at,
)
from sgdmem.numeric.compiled_maps.compiled_judge import judge_compiled
from sgdmem.numeric.compiled_maps.critical_batch_sizes import critical_batch_sizes
from sgdmem.numeric.compiled_maps.joint_verdicts import (
    DECIDED_EXACTLY,
    OPEN,
    SAMPLED,
    TOGETHER,
    judge_singly,
    outcomes_of,
)
from sgdmem.numeric.compiled_maps.known_noise import (
    decide_unphysical,
    is_bold,
    is_simple,
)
from sgdmem.numeric.compiled_maps.outcomes_on_gpu import OutcomesOnGpu
from sgdmem.numeric.compiled_maps.points import AnyPoints, Outcomes
from sgdmem.numeric.judges.float_problem import FloatProblem
from sgdmem.numeric.judges.joint_judge import JointJudge
from sgdmem.numeric.judges.judge import in_unit, unit_of
from sgdmem.numeric.noise_sums.mode_summands import take
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.stability import verdict_of
from sgdmem.numeric.verdicts.verdict import Verdict
from sgdmem.symbolic.algebra.routh import HalfPlaneForm
from sgdmem.symbolic.algorithms.algorithm import Algorithm, numeric_algorithm
from sgdmem.symbolic.algorithms.family import Build
from sgdmem.symbolic.errors import InputError

# what the axes of a problem become where there is no noise
_QUIET = {"batch_size": math.inf, "tau1": Fraction(1), "tau2": Fraction(0)}


@dataclass(frozen=True)
class FamilyJudge:
    """Judges members of one family on one problem.

    Attributes
    ----------
    build
        The family, as a function of its parameters that vary.
    compiled
        From `family_program`. What its error bounds leave open, and all points of a noise model
        that machine code does not know, are judged one by one; without it all are.
    problem
        Its noise holds where no axis varies it.
    batch_size
        Where it is no axis.
    device
        Where machine code runs.
    """

    build: Build
    compiled: Compiled | None
    problem: Problem
    batch_size: Any = math.inf
    device: Literal["cpu", "cuda"] = "cpu"

    @cached_property
    def spectrum(self) -> Spectrum:
        """That of the problem, for a method that shrinks w if the program does.

        Members of the family that do not, on a law without a trace, are left open by its bounds.
        """
        spectrum, compiled = self.problem.spectrum, self.compiled
        return spectrum.held() if compiled is not None and compiled[0].decays else spectrum

    @property
    def _usable(self) -> Compiled | None:
        """The program without weight decay, see `_decayed`."""
        return None if self.spectrum.is_held else self._decayed

    @cached_property
    def _decayed(self) -> Compiled | None:
        """The program, unless the spectrum leaves the range of floats: there is the slow way.

        Under weight decay also where nothing converges.
        """
        spectrum = self.spectrum
        endless = spectrum.has_squares_alone if spectrum.is_held else spectrum.diverges
        if self.compiled is None or (math.isinf(spectrum.trace) and not endless):
            return None
        program, exceptions = self.compiled
        decay = spectrum.weight_decay
        return (program.decayed(decay) if decay else program), exceptions

    def judge(
        self,
        points: AnyPoints,
        advance: Callable[[int], None] = lambda count: None,
        sums: bool | Array = True,
        margins: bool = True,
    ) -> Outcomes:
        """Judge points.

        ``advance`` is called with the number of those done, for a progress bar. Without ``sums``
        noise sums and margins are not kept, without ``margins`` no margins; an array for ``sums``
        is filled with them.
        """
        noises = self.noises(points)
        sampled = any(noise.samples is not None for noise in noises.values())
        found = Outcomes.empty(len(points), sampled, sums, margins)
        by_mode = any(noise.by_mode for noise in noises.values())
        simple = np.array([is_simple(noises[key]) for key in points.noise_keys()])
        spectrum = self.spectrum
        bold = np.array([is_bold(noises[key]) for key in points.noise_keys()])
        bold &= not spectrum.diverges
        if self._decayed is not None and (simple | bold).any():
            program, exceptions = self._decayed
            left = judge_compiled(program, points, spectrum, noises, found, self.device, advance)
            excepted = excepted_places(points, exceptions)
            found.forget(excepted)
            left = np.union1d(left, excepted)
            if bold.any():
                cautious = Outcomes.empty(len(points), sums=False)
                others = {key: noise.cautious for key, noise in noises.items()}
                judge_compiled(program, points, spectrum, others, cautious, self.device, _nothing)
                open_ = decide_unphysical(found, cautious, bold[points.noise_indices])
                left = np.union1d(left, np.flatnonzero(open_))
            if not (simple | bold).all():
                left = np.union1d(left, np.flatnonzero(~(simple | bold)[points.noise_indices]))
            advance(-left.size)
        elif self._decayed is not None and by_mode and unit_of(spectrum) == 1:
            left = self._judge_by_forms(points, noises, found, advance)
        else:
            left = np.arange(len(points))
        judge_singly(self.build, points, self.problem, noises, left, found, advance)
        return found

    def judge_on_gpu(self, points: AnyPoints, sums: bool = True) -> OutcomesOnGpu:
        """Judge points, and leave the results on the GPU.

        Raises
        ------
        InputError
            If machine code does not know the family or the noise.
        """
        noises, compiled = self.noises(points), self._decayed
        if compiled is None or not all(map(is_simple, noises.values())):
            raise InputError(
                "results stay on a GPU for families that are one formula, under noise of two "
                "parameters: phase_diagram takes the others"
            )
        (program, exceptions), found = compiled, OutcomesOnGpu.empty(len(points), sums)

        def advance(count: int) -> None: ...

        left = judge_compiled(program, points, self.spectrum, noises, found, "cuda", advance)
        excepted = excepted_places(points, exceptions)
        found.forget(excepted)
        left = np.union1d(left, excepted)
        judge_singly(self.build, points, self.problem, noises, left, found, advance)
        return found

    def _judge_by_forms(
        self,
        points: AnyPoints,
        noises: Mapping[tuple[Any, ...], BatchNoise],
        found: Outcomes,
        advance: Callable[[int], None],
    ) -> Array:
        """Judge points by the family's program; return those that are left."""
        assert self._decayed is not None
        form, special = forms_at(self._decayed, points)
        columns = form.map(lambda x: x[:, None])
        left, indices = [np.flatnonzero(special)], points.noise_indices
        for index, key in enumerate(points.noise_keys()):
            members = np.flatnonzero(~special & (indices == index))
            noise, sampled = noises[key], noises[key].samples is not None
            spectrum = in_unit(self.spectrum, noise, Fraction(1))
            for some in pieces(0, members.size, SAMPLED if sampled else TOGETHER):
                places = members[some]
                form = take(columns, places)
                together = JointJudge(form, spectrum, noise, sharp=not sampled)
                found.put(places, outcomes_of(together))
                open_ = np.isin(together.codes, OPEN if sampled else DECIDED_EXACTLY)
                left.append(places[open_ | (~together.is_resolved & (not sampled))])
                advance(places.size - left[-1].size)
        return np.concatenate(left)

    @property
    def estimates_help(self) -> bool:
        """Whether `estimated_margins` take less time than verdicts: on samples."""
        sampled = self.problem.noise.samples is not None and self._decayed is not None
        return sampled and unit_of(self.problem.spectrum) == 1

    def estimated_margins(self, points: AnyPoints) -> Array:
        """Return margins in plain floats; NaN where a constructor does something special."""
        margins = np.full(len(points), np.nan)
        assert self._decayed is not None
        form, special = forms_at(self._decayed, points)  # with all decay
        columns = form.map(lambda x: x.mid[:, None])
        noises = self.noises(points)
        for index, key in enumerate(points.noise_keys()):
            places = np.flatnonzero(~special & (points.noise_indices == index))
            problem = FloatProblem.of(self.spectrum, noises[key])
            problem = replace(problem, weight_decay=0.0, sharp=True)
            margins[places] = problem.margin(take(columns, places), np.ones(places.size))
        return margins

    def verdict(self, points: AnyPoints, place: int) -> Verdict:
        """Return the verdict at one of the points, with its reason and all limits."""
        point = points.at(place)
        algorithm = self.algorithm(points, point)
        noise, batch_size = self._noise(points, points.noise_key(point))
        return verdict_of(algorithm, replace(self.problem, noise=noise), noise.at(batch_size))

    def algorithm(self, points: AnyPoints, point: Mapping[str, Any]) -> Algorithm:
        """Return the member of the family at a point."""
        return numeric_algorithm(self.build(**{name: point[name] for name in points.own}))

    def noiseless(self, points: AnyPoints) -> Outcomes:
        """Judge points without noise."""
        axes = {
            name: values if name in points.own else [_QUIET[name]] * len(values)
            for name, values in points.axes.items()
        }
        problem = Problem(self.problem.spectrum)
        quiet = replace(self, problem=problem, batch_size=math.inf)
        return quiet.judge(type(points)(axes, points.own), sums=False)

    def forms(self, points: AnyPoints) -> tuple[HalfPlaneForm, Array] | None:
        """Return the half-plane forms of all points, and where they do not hold; None without code.

        Where they do not hold a constructor does something special.
        """
        compiled = self._usable
        if compiled is None:
            return None
        return forms_at(compiled, points)

    def critical_batch_sizes(self, points: AnyPoints, places: Array) -> Array:
        """Return critical batch sizes at some places, NaN where single verdicts have to find them.

        The places are stable without noise, and no axis is the batch size.
        """
        found, compiled, spectrum = (
            np.full(places.size, np.nan),
            self._decayed,
            self.spectrum,
        )
        if compiled is None:
            return found
        program, exceptions = compiled
        noises = self.noises(points)
        every = [noises[key] for key in points.noise_keys()]
        indices = points.noise_indices[places]
        known = np.array([is_simple(noise) or is_bold(noise) for noise in every])[indices]
        cautious = [noise if noise.is_physical else noise.cautious for noise in every]
        taus = np.array([[x.tau1, x.largest_tau2] for x in cautious], dtype=float).T
        left = np.flatnonzero(known & ~excepted(points, exceptions)[places])
        if spectrum.diverges:
            found[left[taus[0, indices[left]] > 0]] = np.inf
            return found
        axes = own_axes(points, program.parameters)

        def read(some: Array) -> tuple[Array, Array]:
            return axes.at(places[left[some]]), np.ascontiguousarray(taus[:, indices[left[some]]])

        in_pairs = parameters_in_pairs(points, program.parameters)

        def read_pairs(some: Array) -> Array:
            return in_pairs(places[left[some]])

        found[left] = critical_batch_sizes(program, left.size, spectrum, read, read_pairs)
        return found

    def noises(self, points: AnyPoints) -> dict[tuple[Any, ...], BatchNoise]:
        """Return the noise for every combination of those axes that belong to the problem."""
        every = {key: self._noise(points, key) for key in points.noise_keys()}
        return {key: noise.at(batch_size) for key, (noise, batch_size) in every.items()}

    def _noise(self, points: AnyPoints, key: tuple[Any, ...]) -> tuple[Noise, Any]:
        values = dict(zip(points.of_problem, key, strict=True))
        batch_size = values.pop("batch_size", self.batch_size)
        return self.problem.noise.vary(**values), batch_size


def _nothing(count: int) -> None:
    """Tell nothing of progress."""
