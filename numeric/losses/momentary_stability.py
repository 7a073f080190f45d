r"""What holds at every moment of a schedule: stability, and how far each mode has fallen.

A schedule that changes slowly behaves at each step like the stationary algorithm of that step.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.bisection import bisect
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.losses.loss_recursion import expected_loss
from sgdmem.numeric.problems.problem import as_problem
from sgdmem.numeric.schedules.schedule import Schedule, Steps, read_schedule
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.numeric.verdicts.verdict import Verdict
from sgdmem.symbolic.errors import InputError

_MOST = 10_000  # verdicts of a report
_MOST_ASKED, _PIECE = 10**6, 2**16  # steps whose entries are compared, and at once
_PER_DECADE = 60  # steps at which the slowest roots are computed
_SMALLEST_ROOT = 1e-150  # a mode that is gone at once
_MANY = 2**18  # matrices whose eigenvalues are computed at once


@dataclass(frozen=True)
class MomentaryStability:
    """Verdicts on the stationary algorithms of some steps of a schedule.

    Attributes
    ----------
    steps : tuple of int
        Ascending: some evenly spaced, some closer together at the start, and those at which an
        entry or the effective learning rate is least or largest.
    verdicts : tuple of Verdict
    first_unstable : int or None
        A step whose algorithm is not proved stable, while that of the step before it is: the first
        one between two of the steps looked at, or 0 if step 0 is not proved stable already. None
        if all of the steps looked at are stable; others may not be.
    """

    steps: tuple[int, ...]
    verdicts: tuple[Verdict, ...]
    first_unstable: int | None

    @property
    def stable(self) -> tuple[bool | None, ...]:
        """Whether each algorithm is stable."""
        return tuple(verdict.stable for verdict in self.verdicts)

    @property
    def noise_sums(self) -> Array:
        """The noise sum U' of each algorithm."""
        return np.array([verdict.noise_sum for verdict in self.verdicts])

    def __str__(self) -> str:
        looked = f"{len(self.steps)} steps looked at, {self.steps[0]} to {self.steps[-1]}"
        if self.first_unstable is None:
            return f"stable at each of the {looked}"
        proved = sum(value is True for value in self.stable)
        return (
            f"not proved stable at step {self.first_unstable}; stable at {proved} of the {looked}"
        )


def momentary_stability(
    rule: Any, problem: Any, batch_size: Any, steps: int, *, count: int = 25
) -> MomentaryStability:
    """Judge the stationary algorithms of a schedule's steps 0 ... ``steps - 1``.

    Neither necessary nor sufficient for a schedule to converge, but what a slowly changing one
    needs: a schedule may leave the stable region for a while, or change too fast inside it.

    Parameters
    ----------
    rule : Schedule, Algorithm or list of Algorithm
    problem, batch_size
        See `stability`.
    steps : int > 0
    count : int
        About how many steps are looked at that are equally spaced in log(step + 1), and in step.
        Besides those at which an entry or the effective learning rate is least or largest, of all
        steps; of more than 10**6 every so-manieth is asked.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> from sgdmem import Spectrum
    >>> from sgdmem.methods import schedule
    >>> rising = schedule("sgd", learning_rate=lambda t: 0.001 * (t + 1))
    >>> momentary_stability(rising, Spectrum([1, 0.5]), 4, 10_000).first_unstable
    1542
    """
    chosen, given = read_schedule(rule), as_problem(problem)
    steps, count = whole(steps, "steps", 1), whole(count, "count", 2, _MOST)

    def judged(step: int) -> Verdict:
        return stability(chosen.at(step), given, batch_size)

    spread = np.linspace(0, steps - 1, count).astype(int).tolist()
    places = sorted({*_log_spaced(steps - 1, count), *spread, *_extremes(chosen, steps)})
    verdicts = {step: judged(step) for step in places}
    return MomentaryStability(
        tuple(places), tuple(verdicts.values()), _first_unstable(judged, verdicts)
    )


def _first_unstable(judged: Any, verdicts: dict[int, Verdict]) -> int | None:
    first, *_ = verdicts
    if not verdicts[first].stable:
        return first
    for low, high in pairwise(verdicts):
        if not verdicts[high].stable:
            return int(bisect(lambda step: judged(step).stable, low, high)[1])
    return None


def _extremes(rule: Schedule, steps: int) -> set[int]:
    """Return the first steps at which an entry, or the effective learning rate, is extreme."""
    if rule.stationary is not None:
        return set()
    asked = np.unique(np.linspace(0, steps - 1, min(steps, _MOST_ASKED)).astype(int))
    pieces = []  # step and value of the least and of the largest of each entry
    for start in range(0, asked.size, _PIECE):
        some = asked[start : start + _PIECE]
        values = _told(rule.some_steps(some.astype(float)))
        ends = (values.argmin(axis=0), values.argmax(axis=0))
        pieces.append([(some[k], np.take_along_axis(values, k[None], axis=0)[0]) for k in ends])
    (least_at, least), (most_at, most) = np.array(pieces).transpose(1, 2, 0, 3)
    varies = np.flatnonzero(least.min(axis=0) < most.max(axis=0))
    firsts = least_at[least.argmin(axis=0)[varies], varies]
    lasts = most_at[most.argmax(axis=0)[varies], varies]
    return {*map(int, firsts), *map(int, lasts)}


def _told(steps: Steps) -> Array:
    """Return the entries of steps, one step a row, and the effective learning rate."""
    D = np.eye(steps.D.shape[1]) - steps.D
    singular = np.linalg.det(D) == 0
    D[singular] = np.eye(D.shape[1])
    moved = np.linalg.solve(D, steps.c[:, :, None])[:, :, 0]
    rate = steps.alpha - (steps.b * moved).sum(axis=1)
    return np.column_stack([steps.table, np.where(singular, steps.alpha, rate)])


def _log_spaced(last: int, count: int) -> list[int]:
    """Return integers from 0 to ``last``, equally spaced in log(step + 1) as far as they go."""
    places = np.unique(np.rint(np.geomspace(1, last + 1, count))) - 1
    return list(map(int, places))


def adiabatic_signal(rule: Any, problem: Any, steps: int) -> tuple[Array, Array]:
    r"""Estimate the signal of a slowly changing schedule, eq. (243) of arXiv 2410.04228.

    .. math:: V_t \approx \sum_k \lambda_kc_k^2\prod_{s<t}|x_1(\lambda_k;s)|^2

    with the slowest root :math:`x_1` of :math:`P_s-\lambda_kQ_s`. An estimate: it leaves out the
    amplitude with which that root is excited, so it has the right exponent rather than the right
    constant, and what happens between the steps that it looks at. Twice the loss without noise is
    the exact signal.

    Parameters
    ----------
    rule : Schedule, Algorithm or list of Algorithm
    problem : Problem
        With a target; its noise does not matter.
    steps : int > 0

    Returns
    -------
    times : ndarray of int, shape (n,)
        From 0 to ``steps``; 60 in each factor of 10.
    values : ndarray, shape (n,)
        The estimate before these steps.

    Raises
    ------
    InputError
        For bad input, and for labels of data under weight decay, whose loss has another part.

    Examples
    --------
    >>> from sgdmem import Problem, losses, sgd
    >>> problem = Problem.power_law(1.5, zeta=0.5)
    >>> times, values = adiabatic_signal(sgd("0.5"), problem, 1000)
    >>> exact = losses(sgd("0.5"), problem, np.inf, 1000)  # SGD has one root
    >>> bool(np.allclose(values, 2 * exact[times], rtol=1e-9))
    True
    """
    asked = expected_loss(rule, problem, np.inf, steps)
    samples = asked.problem.samples
    labelled = samples is not None and samples.residuals is not None
    if labelled and (asked.problem.weight_decay or asked.schedule.shrinks):
        raise InputError(
            "problem must have no labels of data under weight decay for a signal: the loss is not "
            "least where it comes to rest"
        )
    steps = whole(steps, "steps", 1)
    nodes, masses = asked.measures.signal
    nodes = nodes + float(asked.problem.weight_decay)
    times = np.array(_log_spaced(steps, int(_PER_DECADE * np.log10(steps + 1)) + 2))
    rows = max(1, _MANY // nodes.size)
    pieces = [times[i : i + rows] for i in range(0, times.size, rows)]
    logs = np.concatenate([_slowest_logs(asked.schedule, piece, nodes) for piece in pieces])
    gaps = np.diff(times)[:, None]
    # the sum over first <= s < last of values on a straight line
    between = gaps * (logs[1:] + logs[:-1]) / 2 + (logs[:-1] - logs[1:]) / 2
    total = np.vstack([np.zeros(nodes.size), np.cumsum(between, axis=0)])
    return times, np.exp(total) @ masses


def _slowest_logs(rule: Schedule, times: Array, nodes: Array) -> Array:
    """Return log |x_1|^2 for some steps and nodes."""
    still, push = rule.some_steps(times.astype(float)).state_matrices
    one_step = still[:, None] + nodes[:, None, None] * push[:, None]
    largest = np.abs(np.linalg.eigvals(one_step)).max(axis=-1)
    return np.asarray(2 * np.log(np.maximum(largest, _SMALLEST_ROOT)))
