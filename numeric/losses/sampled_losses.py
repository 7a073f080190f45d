"""Losses on samples: step by step, or for a long run of one algorithm by powers of a matrix."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.moments.moment_matrix import losses_by_matrix, matrix_pays
from sgdmem.numeric.moments.sampled_moments import SampledMoments
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.schedules.schedule import Schedule, Steps

_CHUNK = 64  # steps between looking for numbers that are nearly too small


def sampled_losses(
    schedule: Schedule,
    problem: Problem,
    noise: BatchNoise,
    steps: int,
    advance: Callable[[int], None] = lambda count: None,
) -> Array:
    """Return the mean losses before steps 0 ... ``steps`` above the least one.

    They are infinite from the step on at which they leave the range of floats.

    Parameters
    ----------
    schedule, problem, steps
        See `losses`.
    noise : BatchNoise
        That of the problem's samples at the batch size.
    advance
        Called with numbers of steps done.
    """
    moments = SampledMoments.at_start(problem, noise, schedule, steps)
    if schedule.stationary is not None and moments.shares.size == 1:
        still, v, r = (part[0] for part in step_parts(schedule.steps(0, 1)))
        if matrix_pays(moments, (still, v, r), steps):
            with np.errstate(all="ignore"):
                return losses_by_matrix(moments, (still, v, r), steps, advance)
    found = np.full(steps + 1, np.inf)
    with np.errstate(all="ignore"):
        for first in range(0, steps + 1, _CHUNK):
            last = min(first + _CHUNK, steps + 1)
            # no step beyond the last one is looked at
            places = np.minimum(np.arange(float(first), float(last)), max(steps - 1, 0))
            made = schedule.some_steps(places)
            for t, kind in zip(
                range(first, last), zip(*step_parts(made), strict=True), strict=True
            ):
                found[t] = moments.loss
                if not np.isfinite(found[t]):
                    found[t:] = np.inf
                    return found
                if t < steps:
                    moments.step(*kind)
            moments.flush()
            advance(last - first)
    return found


def step_parts(steps: Steps) -> tuple[Array, ...]:
    """Return S_0, v and r of every step: a mode's state moves by S_0 + lambda v r^T."""
    still, _ = steps.state_matrices
    v = np.column_stack([-steps.alpha, steps.c])
    return still, v, np.column_stack([np.ones(len(steps)), steps.a])
