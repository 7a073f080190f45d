"""How fast typical runs converge or diverge, estimated from simulated ones."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.numeric.problems.problem import as_problem
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.numeric.simulation.batches import Batches
from sgdmem.numeric.simulation.runs import Runs
from sgdmem.numeric.simulation.trajectory import MOST_STEPS
from sgdmem.symbolic.algorithms.algorithm import Algorithm, numeric_algorithm
from sgdmem.symbolic.errors import InputError, UndefinedError

_MOST_NUMBERS = 10**8  # in the states of all runs
_MANY = 10  # times in which the slowest direction shrinks by e, until it prevails


@dataclass(frozen=True)
class LyapunovExponent:
    r"""An estimated rate of growth; ``value, standard_error = …`` takes it apart.

    Attributes
    ----------
    value : float
        Per step, of the logarithm of the distance to the minimum.
    standard_error : float
        From how much the runs differ. It does not know of too few steps.
    steps : int
        How many were counted.
    steps_needed : int
        With fewer steps a negative value tells its sign only: fast directions still have a part in
        it, and it is off by many standard errors. Ten times
        :math:`1/\alpha_{\rm eff}\lambda_{\min}`; 0 where that is unknown, and for one eigenvalue.
    """

    value: float
    standard_error: float
    steps: int
    steps_needed: int

    def __iter__(self) -> Iterator[float]:
        return iter((self.value, self.standard_error))

    @property
    def has_few_steps(self) -> bool:
        """Whether only the sign of the value can be relied on."""
        return -math.inf < self.value < 0 and self.steps < self.steps_needed

    def __str__(self) -> str:
        found = f"typical runs: exp({self.value:.6g} +- {self.standard_error:.2g}) a step"
        if not self.has_few_steps:
            return found
        few = f"of {self.steps:,} steps the sign only, some {self.steps_needed:,} are needed"
        return f"{found}; {few} for the value"


def lyapunov_exponent(
    algorithm: Any,
    problem: Any,
    batch_size: Any,
    steps: int = 10_000,
    *,
    burn_in: int | None = None,
    seeds: int = 16,
    seed: int = 0,
    threads: int | None = None,
    progress: bool = False,
) -> LyapunovExponent:
    r"""Estimate the growth rate of typical runs, the largest Lyapunov exponent.

    Almost every run of a product of independent random matrices grows or falls at one rate,

    .. math:: \frac1t\log|z_t|\to\gamma\quad(t\to\infty),

    z being :math:`w-w_*` and the auxiliary vectors, for labels that are fitted without residuals
    (H. Furstenberg and H. Kesten, *Products of random matrices*, Ann. Math. Statist. 31, 1960;
    V. I. Oseledets, *A multiplicative ergodic theorem*, 1968). For :math:`\gamma<0` typical runs
    converge, the loss as :math:`e^{2\gamma t}`; with residuals they stay at a finite distance.

    `stability` decides about the *mean square* instead, which grows or falls at a rate of at least
    :math:`2\gamma`. Between the two, typical runs converge while the mean of the loss grows by rare
    explosions only, which few runs show.

    Parameters
    ----------
    algorithm : Algorithm
    problem : Problem
        As in `simulate`; its start, target and labels have no influence.
    batch_size : int
        As in `simulate`.
    steps : int
        How many are counted in each run. What is found is the rate of the slowest direction, if
        they are many more than it needs to prevail over the others: ten times
        :math:`1/\alpha_{\rm eff}\lambda_{\min}`, ``steps_needed``. On data with eigenvalues from
        1 to 0.01 the value was off by 8% at most then, and by a factor of 2 for a tenth of them.
    burn_in : int, optional
        Steps before those that are counted, by default a tenth of them.
    seeds : int
        Number of independent runs, at least 2.
    seed : int >= 0
        Where their randomness comes from.
    threads : int, optional
        By default as many as there are processors.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    LyapunovExponent
        ``value, standard_error`` per step; -inf, inf if a run reaches the minimum exactly. Its text
        says where the steps are too few.

    Raises
    ------
    InputError
        For bad input.

    Examples
    --------
    One row in a hundred is five times as long. The mean square grows, but no typical run does:

    >>> from sgdmem import Problem, sgd, stability
    >>> problem = Problem.from_data([[1.0]] * 99 + [[5.0]])
    >>> stability(sgd("0.5"), problem, batch_size=1).stable
    False
    >>> value, error = lyapunov_exponent(sgd("0.5"), problem, batch_size=1)
    >>> exact = 0.99 * np.log(0.5) + 0.01 * np.log(11.5)
    >>> value < 0, bool(abs(value - exact) < 4 * error)
    (True, True)
    """
    if isinstance(algorithm, Schedule):
        raise InputError(f"algorithm must be the same at every step, got {algorithm!r}")
    chosen = Schedule.constant(numeric_algorithm(algorithm))
    batches = Batches.of(as_problem(problem), batch_size)
    steps = whole(steps, "steps", 1, MOST_STEPS)
    first = steps // 10 if burn_in is None else whole(burn_in, "burn_in", 0, MOST_STEPS)
    modes = batches.eigenvalues.size
    each = max(modes * (chosen.memory + 1), batches.numbers)
    count = whole(seeds, "seeds", 2, max(2, _MOST_NUMBERS // each))
    sequences = np.random.SeedSequence(whole(seed, "seed", 0)).spawn(count)
    threads = None if threads is None else whole(threads, "threads", 1)
    nothing = np.empty(0, dtype=int)
    runs = Runs(
        batches,
        lambda generator: generator.standard_normal(modes),
        *(chosen.memory, sequences, nothing),
        homogeneous=True,
    )
    with shown_progress("simulating", count * (first + steps), progress) as advance:
        if first:
            runs.make_steps(chosen, first, threads, advance)
        before = runs.log_norms()
        runs.make_steps(chosen, steps, threads, advance)
    value, error = _estimate(before, runs.log_norms(), steps)
    return LyapunovExponent(value, error, steps, _steps_needed(algorithm, batches))


def _steps_needed(algorithm: Algorithm, batches: Batches) -> int:
    """Return after how many steps the slowest direction prevails, if it is known."""
    slowest, largest = batches.eigenvalues.min(), batches.eigenvalues.max()
    try:
        rate = float(algorithm.effective_learning_rate) * float(slowest + batches.weight_decay)
    except UndefinedError:
        return 0
    return math.ceil(_MANY / rate) if rate > 0 and slowest < largest else 0


def _estimate(before: Array, after: Array, steps: int) -> tuple[float, float]:
    if not np.isfinite(after).all():
        return float(after[~np.isfinite(after)][0]), np.inf
    rates = (after - before) / steps
    return float(rates.mean()), float(rates.std(ddof=1) / rates.size**0.5)
