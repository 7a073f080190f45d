"""Simulated runs of mini-batch SGD with memory, many seeds at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.schedules.schedule import Schedule, read_schedule, require_one_rest
from sgdmem.numeric.simulation.batches import Batches
from sgdmem.numeric.simulation.runs import Runs
from sgdmem.numeric.simulation.start import read_start
from sgdmem.numeric.simulation.trajectory import MOST_STEPS
from sgdmem.numeric.verdicts.resting_point import RestingPoint
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError, shown

_KEPT_WHOLE = 10_000  # steps up to which every loss is recorded
_KEPT = 200  # losses of a longer run
_ROUNDING = 1e-12  # of losses, relative; runs that differ by less do not differ
_MOST_NUMBERS = 10**8  # in the states of all seeds, and in their losses


@dataclass(frozen=True, eq=False)
class Simulation:
    """Losses of independent runs, above the least loss.

    Attributes
    ----------
    steps : ndarray of int, shape (T,)
        After how many steps the losses were recorded.
    losses : ndarray, shape (seeds, T)
        One run a row; inf from where a run leaves the range of floats.
    """

    steps: Array
    losses: Array

    @property
    def mean(self) -> Array:
        """The mean loss over the runs, shape (T,)."""
        with np.errstate(over="ignore"):
            return np.asarray(self.losses.mean(axis=0))

    @property
    def standard_error(self) -> Array:
        """The standard error of the mean, shape (T,); inf if a run overflowed or there is only one.

        With small batches and long steps losses have heavy tails: the mean of few runs is then
        usually too small, and so is this error.
        """
        runs = len(self.losses)
        if runs == 1:
            return np.full(self.steps.size, np.inf)
        with np.errstate(over="ignore", invalid="ignore"):
            error = self.losses.std(axis=0, ddof=1) / runs**0.5
        return np.where(np.isnan(error), np.inf, error)

    def z_scores(self, expected: Array) -> Array:
        """Return how far the mean is from what is expected, in standard errors.

        Parameters
        ----------
        expected : ndarray, shape (steps + 1,)
            Mean losses after every step, as `sgdmem.losses` returns them.

        Returns
        -------
        ndarray, shape (T,)
            NaN where there is no standard error: of a single run, of runs that are all alike, as at
            the start, and after an overflow.
        """
        given = np.asarray(expected, dtype=float)
        if given.ndim != 1 or given.size <= self.steps[-1]:
            raise InputError(
                f"expected must hold the losses after 0 to {self.steps[-1]} steps, "
                f"got shape {given.shape}"
            )
        with np.errstate(invalid="ignore"):
            gap, error = self.mean - given[self.steps], self.standard_error
            spread = error > _ROUNDING * given[self.steps]
        known = (self.steps > 0) & spread & np.isfinite(gap) & np.isfinite(error)
        scores = np.full(gap.size, np.nan)
        scores[known] = gap[known] / error[known]
        return scores

    def __str__(self) -> str:
        mean, error = float(self.mean[-1]), float(self.standard_error[-1])
        steps = f"of {self.steps[-1]} steps"
        if len(self.losses) == 1:
            return f"1 run {steps}: loss {mean:.6g} at the end"
        return f"{len(self.losses)} runs {steps}: mean loss {mean:.6g} +- {error:.2g} at the end"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; an infinite one becomes None."""
        columns = {"mean": self.mean, "standard_error": self.standard_error}
        return {
            "seeds": len(self.losses),
            "steps": self.steps.tolist(),
            **{
                name: [value if np.isfinite(value) else None for value in column.tolist()]
                for name, column in columns.items()
            },
        }


def simulate(
    algorithm: Any,
    problem: Any,
    batch_size: Any,
    steps: int,
    *,
    start: Any = None,
    seeds: int = 16,
    seed: int = 0,
    record: Any = None,
    threads: int | None = None,
    progress: bool = False,
) -> Simulation:
    r"""Simulate mini-batch SGD with memory on least squares.

    Parameters
    ----------
    algorithm : Algorithm, Schedule, or list of Algorithm
        One for all steps, or one for each.
    problem : Problem
        With a target. If it has samples, as a `Problem.from_data`, each batch draws them, as they
        say: by their weights, with or without replacement, with a smaller last batch or in shuffled
        epochs, from step 0 on, and with the residuals of their labels;
        R problems share their batches. Of any other one each batch draws Gaussian features, and
        labels with the noise's ``label_variance``; eigenvalues are then finitely many, with integer
        multiplicities. The rest of the noise, a model of what is drawn, has no influence; a
        coupling is refused, as Gaussian features have none.
    batch_size : int
        B, up to 10**15. The time taken does not depend on it for Gaussian features, and for samples
        no longer once B exceeds three times their number: from there on a step draws how often each
        one is in its batch, instead of one after the other. Without replacement B is at most their
        number, and then every batch is the full one.
    steps : int
        How many, up to 10**8.
    start : array of shape (d,) or (d, R), optional
        :math:`w_0-w_*`, for a problem with samples, R for R sets of labels. By default the
        problem's start; a target of squares only, on samples, has signs that each seed draws, so
        that :math:`E[(w_0-w_*)(w_0-w_*)^T]` is diagonal in the eigenbasis.
    seeds : int
        Number of independent runs.
    seed : int >= 0
        Where their randomness comes from: run k is the same whatever ``seeds`` and ``threads``.
    record : list of int, optional
        After which steps losses are kept. By default after each of up to 10,000, of a longer run
        some 200 in logarithmic steps; always 0 and ``steps``.
    threads : int, optional
        By default as many as there are processors.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    Simulation
        The losses are above the least one, :math:`\tfrac12\sum_k\lambda_kw_k^2` of coefficients of
        :math:`w-w_*`, as in `losses`, where under weight decay they are above that of the
        stationary point; of R problems their sum.

    Raises
    ------
    InputError
        For bad input.

    See Also
    --------
    losses : The exact mean. For Gaussian features it is that of ``Noise(tau1=1, tau2=-1)``, with
        the same ``label_variance``.
    sgdmem.methods.lyapunov_exponent : How fast typical runs converge, or diverge.

    Examples
    --------
    >>> from sgdmem import Noise, Problem, Spectrum, heavy_ball, losses
    >>> problem = Problem(Spectrum([1, 0.5]), Noise(tau1=1, tau2=-1), target=[1, 1])
    >>> question = heavy_ball("0.1", "0.5"), problem, 4, 10
    >>> simulated = simulate(*question, seeds=4000)
    >>> z = simulated.z_scores(losses(*question))
    >>> bool(abs(z[1:]).max() < 4)
    True
    """
    chosen = read_schedule(algorithm)
    given = as_problem(problem)
    first = read_start(given, start)
    steps = whole(steps, "steps", 0, MOST_STEPS)
    batches = Batches.of(given, batch_size)
    recorded = _read_record(record, steps)
    state = first.coefficients.size * (chosen.memory + 1)
    longest = max(state, batches.numbers, recorded.size)
    count = whole(seeds, "seeds", 1, max(1, _MOST_NUMBERS // longest))
    root = np.random.SeedSequence(whole(seed, "seed", 0))
    threads = None if threads is None else whole(threads, "threads", 1)
    runs = Runs(batches, first.of, chosen.memory, root.spawn(count), recorded)
    last = int(recorded[-1])
    with shown_progress("simulating", count * last, progress) as advance:
        runs.make_steps(chosen, last, threads, advance)
    return Simulation(recorded, runs.losses - _rise(given, chosen))


def _rise(problem: Problem, schedule: Schedule) -> float:
    """Return the loss where a method that shrinks w comes to rest, above that of the minimum."""
    if problem.samples is not None and problem.samples.residuals is not None:
        require_one_rest(schedule)
    algorithm = schedule.stationary
    rest = None if algorithm is None else RestingPoint.of(problem, algorithm)
    return 0.0 if rest is None else rest.rise


def _read_record(record: Any, steps: int) -> Array:
    """Return the numbers of steps, rising, after which losses are kept."""
    if record is None:
        return np.arange(steps + 1) if steps <= _KEPT_WHOLE else spread_steps(steps, _KEPT)
    entries = list(record) if is_list(record) else []
    if not entries:
        raise InputError(f"record must be a list of numbers of steps, got {shown(record)}")
    return np.unique([whole(x, f"record[{i}]", 0, steps) for i, x in enumerate(entries)])


def spread_steps(steps: int, count: int) -> Array:
    """Return 0, ``steps``, and numbers between in logarithmic steps, about ``count`` altogether."""
    steps, count = whole(steps, "steps", 1, MOST_STEPS), whole(count, "points", 1, MOST_STEPS)
    return np.unique(np.append([0, steps], np.geomspace(1, steps, count).round().astype(int)))
