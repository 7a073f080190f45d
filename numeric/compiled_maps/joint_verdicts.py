"""Algorithms of one memory judged at once by their half-plane forms, without machine code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compiled_maps.outcomes_on_gpu import OutcomesOnGpu
from sgdmem.numeric.compiled_maps.points import AnyPoints, Outcomes
from sgdmem.numeric.judges.joint_judge import JointJudge, trace_kind
from sgdmem.numeric.judges.judge import in_unit, is_exact_in_a_moment, unit_of
from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.judges.stability_rule import (
    REASONS,
    flags,
    margin,
)
from sgdmem.numeric.noise_sums.mode_summands import form_under
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.verdicts.stability import verdict_of
from sgdmem.symbolic.algorithms.algorithm import Algorithm, numeric_algorithm
from sgdmem.symbolic.algorithms.family import Build

_MAY_BE_PROVED = REASONS.index(Reason.UNDECIDED_NOISELESS)  # by exact arithmetic, one by one
OPEN = [_MAY_BE_PROVED, REASONS.index(Reason.UNDECIDED_NOISE_SUM)]  # by more passes over samples
DECIDED_EXACTLY = [*OPEN, REASONS.index(Reason.UNDECIDED_MODE_NOISE)]  # on short lists
TOGETHER = 2048  # algorithms that are judged at once without machine code
SAMPLED = 256  # the same on samples, where one may take many milliseconds


def judge_singly(
    build: Build,
    points: AnyPoints,
    problem: Problem,
    noises: Mapping[tuple[Any, ...], BatchNoise],
    places: Array,
    found: Outcomes | OutcomesOnGpu,
    advance: Callable[[int], None],
) -> None:
    """Judge points in groups that share the noise and the memory."""
    groups: dict[tuple[Any, ...], list[tuple[int, Algorithm]]] = {}
    built: dict[tuple[Any, ...], Algorithm] = {}
    for place in places.tolist():
        point = points.at(place)
        own = {name: point[name] for name in points.own}
        algorithm = built.get(tuple(own.values()))
        if algorithm is None:
            algorithm = built[tuple(own.values())] = numeric_algorithm(build(**own))
        # those that shrink w have finite sums where others have none
        key = (points.noise_key(point), algorithm.memory, algorithm.shrink != 0)
        groups.setdefault(key, []).append((place, algorithm))
    together = TOGETHER if problem.noise.samples is None else SAMPLED
    for (noise_key, *_), members in groups.items():
        for start in range(0, len(members), together):
            chosen = members[start : start + together]
            where = [place for place, _ in chosen]
            outcome = judge_jointly([x for _, x in chosen], problem, noises[noise_key])
            found.put(np.array(where), outcome)
            advance(len(chosen))


def judge_jointly(algorithms: Sequence[Algorithm], problem: Problem, noise: BatchNoise) -> Outcomes:
    """Judge numeric algorithms of one memory that all shrink w or do not, as `verdict_of` does."""
    unit = unit_of(problem.spectrum)
    scaled = algorithms if unit == 1 else [algorithm.scaled(unit) for algorithm in algorithms]
    shrinks, sharp = algorithms[0].shrink != 0, noise.samples is None
    spectrum = in_unit(problem.spectrum, noise, unit, shrinks)
    if trace_kind(noise, spectrum) and noise.is_physical:  # unstable, whatever the modes
        nowhere = np.zeros(len(algorithms), dtype=np.int8)
        return Outcomes(nowhere, nowhere + np.inf, nowhere - np.inf, nowhere == 1)
    form = form_under(noise, scaled, spectrum.weight_decay)
    together = JointJudge(form, spectrum, noise, sharp=sharp)
    found = outcomes_of(together)
    open_ends = [_MAY_BE_PROVED] if sharp else OPEN
    if is_exact_in_a_moment(algorithms[0], problem.spectrum, noise):
        open_ends = DECIDED_EXACTLY
    left = np.isin(together.codes, open_ends)
    if open_ends is DECIDED_EXACTLY:
        left |= ~together.is_resolved
    for index in np.flatnonzero(left).tolist():
        verdict = verdict_of(algorithms[index], problem, noise)
        found.stable[index] = verdict.reason_of_model.flag
        found.on_boundary[index] = verdict.reason_of_model is Reason.BOUNDARY
        if found.bounds is not None and verdict.reason is not Reason.UNDECIDED_NOISELESS:
            found.bounds[:, index] = *verdict.noise_sum_interval, verdict.noise_sum
        if found.bounds is not None or open_ends is DECIDED_EXACTLY:
            found.noise_sum[index], found.margin[index] = verdict.noise_sum, verdict.margin
    return found


def outcomes_of(together: JointJudge) -> Outcomes:
    """Return verdicts, noise sums and margins; where bounds only decide, the sums may be NaN."""
    noise_sum, bounds = np.where(together.is_resolved, together.noise_sum, np.nan), None
    if not together.sharp:
        radii = (*together.radius, together.estimate)
        low, _, estimate = bounds = np.where(together.is_summed, radii, np.inf)
        open_end = together.codes == _MAY_BE_PROVED
        low[open_end], estimate[open_end] = 0.0, np.nan
        noise_sum[open_end] = np.nan
    smallest = together.sums.smallest_damping
    stable = flags(together.codes)
    undecided = np.zeros(stable.shape, dtype=bool)  # exact arithmetic has not looked yet
    return Outcomes(stable, noise_sum, margin(noise_sum, smallest), undecided, bounds)
