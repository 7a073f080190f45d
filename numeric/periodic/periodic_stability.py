"""Verdicts on methods that repeat themselves: over one period, with what can be proved proved."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, reduce
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.bisection import bisect
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.arithmetic.perron import radius_bounds
from sgdmem.numeric.losses.schedule import Schedule, Steps, read_schedule
from sgdmem.numeric.periodic.periodic_radius import (
    growth_without_noise,
    period_of,
    radius_of_steps,
    require_periodic_problem,
)
from sgdmem.numeric.periodic.proved_products import CycleStates, proved_products
from sgdmem.numeric.problems.noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.verdicts.noise_sum import explicit_modes
from sgdmem.symbolic.algebra.determinants import hurwitz_determinants
from sgdmem.symbolic.algebra.polynomials import characteristic_polynomial, dot
from sgdmem.symbolic.algebra.routh import to_half_plane
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import UndecidedError

_MOST_PROVED = 1000  # steps times modes of a matrix whose radius is enclosed
_MOST_EXACT = 200  # steps whose product is made of fractions
_CLEAR = 1e-6  # distance of a float radius from 1
_PARTS = 48  # places in a search, over a factor of 1000
_BEYOND = 30  # doublings of a factor that is still stable


@dataclass(frozen=True)
class PeriodicVerdict:
    """The answer to "is this method stable, that repeats itself?".

    ``bool(verdict)`` is ``stable``, and raises `UndecidedError` when that is None.

    Attributes
    ----------
    period, workers : int
    noise : BatchNoise
        The problem's noise at the batch size.
    stable : bool or None
        Whether second moments die out over the periods, from every start (with labels that are not
        fitted: come to rest). None where bounds leave it open.
    is_proved : bool
        Whether ``stable`` is proved for the exact input: on spectra of up to 1000 steps times
        modes, unless modes hardly die out. Else it is that of floats, undecided within 1e-6 of 1.
    radius : float
        Of the noise over a period, see `periodic_radius`; inf where the method without noise does
        not tend to rest.
    radius_interval : (float, float)
        Proved bounds of it; (radius, radius) where there are none.
    """

    period: int
    workers: int
    noise: BatchNoise
    stable: bool | None
    is_proved: bool
    radius: float
    radius_interval: Interval
    _steps: Steps = field(repr=False, compare=False)
    _problem: Problem = field(repr=False, compare=False)

    def __bool__(self) -> bool:
        if self.stable is None:
            raise UndecidedError(f"the verdict is undecided: {self.explanation}")
        return self.stable

    @property
    def explanation(self) -> str:
        """Why, in a sentence."""
        low, high = self.radius_interval
        if math.isinf(self.radius):
            return "the method without noise does not come to rest over a period"
        if self.stable is None:
            return f"the radius of the noise over a period lies between {low:.9g} and {high:.9g}"
        if self.noise.is_quiet:
            return "full batches, no noise: every mode dies out over a period"
        side = "below" if self.stable else "not below"
        return f"the radius of the noise over a period, {self.radius:.6g}, is {side} 1"

    @cached_property
    def critical_scale(self) -> float:
        """By how much all learning rates may be multiplied until it ceases to be stable.

        In plain floats: the first place found where the radius reaches 1, looking at 48 places in
        each factor of 1000. 0 if none is stable, inf if no end is found.
        """

        def stable(scale: float) -> bool:
            steps = scaled_steps(self._steps, scale)
            return radius_of_steps(steps, self._problem, self.noise, self.workers) < 1

        return _first_end(stable)

    @cached_property
    def critical_batch_size(self) -> float:
        """The batch size, a real number, above which it is stable; of batches with replacement."""
        one = self._problem.noise.at(1)
        return radius_of_steps(self._steps, self._problem, one, self.workers)

    def __str__(self) -> str:
        word = {True: "stable", False: "NOT stable", None: "undecided"}[self.stable]
        proved = "proved" if self.is_proved else "computed in floats"
        lines = [
            f"{word} over a period of {self.period} steps ({proved})",
            f"  {self.explanation}",
            f"  all learning rates may be multiplied by {self.critical_scale:.6g}",
        ]
        if not self.noise.is_quiet and self._problem.noise.samples is None:
            lines.append(f"  stable above batch size {self.critical_batch_size:.6g}")
        return "\n".join(lines)


def periodic_stability(
    rule: Any,
    problem: Any,
    batch_size: Any = math.inf,
    *,
    period: int | None = None,
    workers: int = 1,
) -> PeriodicVerdict:
    r"""Decide whether a method that repeats itself is stable in mean square.

    It is if and only if every mode dies out over a period without noise, and the positive map by
    which the noise of one step of the period feeds that of all later ones has a radius below 1
    (the docs' theory page "The loss over time").

    Parameters
    ----------
    rule : list of Algorithm, or Schedule
        What is done over and over: cycles of learning rates, restarts, `lookahead`.
    problem : Problem, Spectrum or data
        With a finite spectrum.
    batch_size : number > 0
    period : int, optional
        After so many steps it begins again; of a list its length.
    workers : int
        So many make the steps of a period by themselves, with batches of their own, and go on from
        their average (local SGD; its vectors are averaged too).

    Returns
    -------
    PeriodicVerdict

    Raises
    ------
    InputError
        As `periodic_radius`.

    Examples
    --------
    A rate that is too large for itself at every third step:

    >>> from sgdmem import Spectrum, sgd
    >>> jumps = [sgd("0.1"), sgd("0.1"), sgd("2.2")]
    >>> verdict = periodic_stability(jumps, Spectrum([1, 0.5, 0.25]), 64)
    >>> verdict.stable, verdict.is_proved, round(verdict.radius, 3)
    (True, True, 0.926)
    >>> round(verdict.critical_scale, 4)
    1.0013
    """
    length = period_of(rule, period)
    given = as_problem(problem)
    noise = given.noise.at(batch_size)
    require_periodic_problem(given, noise)
    schedule = read_schedule(rule)
    steps = schedule.steps(0, length)
    workers = whole(workers, "workers", 1)
    radius = radius_of_steps(steps, given, noise, workers)
    table = _exact_table(rule, schedule, length)
    proof = _prove(table, schedule.memory, given, noise, radius, workers)
    if proof is not None:
        stable, interval = proof
        radius = math.inf if math.isinf(interval[0]) else radius
    is_proved = proof is not None and stable is not None
    if not is_proved:
        interval = (radius, radius) if proof is None else interval
        numbers = growth_without_noise(steps, given), radius
        unclear = any(abs(number - 1) < _CLEAR for number in numbers)
        stable = None if unclear else radius < 1
    return PeriodicVerdict(
        length, workers, noise, stable, is_proved, radius, interval, steps, given
    )


def _exact_table(rule: Any, schedule: Schedule, length: int) -> list[list[Fraction]]:
    """Return the exact entries of each step, in the order of `Steps.table`."""
    if isinstance(rule, Algorithm):
        rule = [rule] * length
    if isinstance(rule, Schedule):
        return [[Fraction(x) for x in row] for row in schedule.steps(0, length).table.tolist()]
    every = [algorithm.blocks for algorithm in rule][:length]
    rows = [[*blocks._replace(shrink=0).row, blocks.shrink] for blocks in every]
    last = [rows[-1]] * (length - len(rows))  # as a schedule of a list does
    return [[Fraction(x) for x in row] for row in [*rows, *last]]


def _prove(
    table: list[list[Fraction]],
    memory: int,
    problem: Problem,
    noise: BatchNoise,
    radius: float,
    workers: int,
) -> tuple[bool | None, Interval] | None:
    """Return the verdict and bounds of the radius; None where nothing is proved."""
    lam, weights = explicit_modes(problem.spectrum)
    count = len(table) * weights.size
    if noise.samples is not None or count > _MOST_PROVED:
        return None
    decay = Fraction(problem.weight_decay)
    size = len(table[0])
    entries = Ball.exactly([x for row in table for x in row])
    entries = Ball(entries.mid.reshape(-1, size), entries.rad.reshape(-1, size))
    drift = lam + Ball.exactly([decay])
    products = proved_products(CycleStates.of(entries, memory, drift), lam, workers)
    dies = products is not None or _dies_without_noise(table, memory, lam, decay)
    if dies is False:
        return False, (math.inf, math.inf)
    if dies and noise.is_quiet:
        return True, (0.0, 0.0)
    if products is None:
        return None
    low, high = _bounds(products, noise, weights)
    return (True if high < 1 else False if low >= 1 else None), (low, high)


def _bounds(products: Ball, noise: BatchNoise, weights: Array) -> Interval:
    """Return proved bounds of the radius of the noise over a period."""
    T, _, N = products.mid.shape
    feed = _feed(noise, weights)
    kappa = Ball.exactly([noise.share])[0]
    matrix = kappa * feed[None, :, None, :] * products[:, None, :, :]
    flat = Ball(matrix.mid.reshape(T * N, T * N), matrix.rad.reshape(T * N, T * N))
    return radius_bounds(flat, flat.upper > 0)


def _feed(noise: BatchNoise, weights: Array) -> Ball:
    """Return by how much the second moment of each mode j feeds the noise of mode i, (N, N)."""
    N = weights.size
    mid, rad = np.zeros((N, N)), np.zeros((N, N))
    if noise.coupling is None:
        tau1 = Ball.exactly([noise.tau1])[0]
        mid[:], rad[:] = tau1.mid, tau1.rad
    first = 0
    for block in noise.coupling or ():
        piece = slice(first, first := first + block.size)
        mid[piece, piece], rad[piece, piece] = block.entries.mid, block.entries.rad
    tau2 = noise.tau2 if isinstance(noise.tau2, tuple) else (noise.tau2,) * N
    own = Ball.exactly(tau2)
    feed = Ball(mid, rad) * weights
    return feed - Ball(np.diag(own.mid), np.diag(own.rad))


def _dies_without_noise(
    table: list[list[Fraction]], memory: int, lam: Ball, decay: Fraction
) -> bool | None:
    """Whether every mode dies out over a period, by exact arithmetic; None where it is not done."""
    if len(table) > _MOST_EXACT or lam.rad.any():
        return None
    for eigenvalue in map(Fraction, lam.mid.tolist()):
        steps = [_state_matrix(row, memory, eigenvalue + decay) for row in table]
        if not _is_schur(reduce(lambda before, S: _product(S, before), steps)):
            return False
    return True


def _state_matrix(row: list[Fraction], M: int, drift: Fraction) -> list[list[Fraction]]:
    """Return S_0 + drift v r^T of one step."""
    alpha, b, c, D = row[0], row[1 : M + 1], row[M + 1 : 2 * M + 1], row[2 * M + 1 :]
    v, r = [-alpha, *c], [Fraction(1), *row[-1 - M : -1]]
    still = [[1 - row[-1], *b], *([Fraction(0), *D[i * M : (i + 1) * M]] for i in range(M))]
    return [
        [x + drift * p * q for x, q in zip(line, r, strict=True)]
        for line, p in zip(still, v, strict=True)
    ]


def _product(left: list[list[Fraction]], right: list[list[Fraction]]) -> list[list[Fraction]]:
    columns = list(zip(*right, strict=True))
    return [[dot(row, c) for c in columns] for row in left]


def _is_schur(matrix: list[list[Fraction]]) -> bool:
    """Whether all eigenvalues lie strictly inside the unit circle, exactly."""
    a = to_half_plane(characteristic_polynomial(matrix))
    signs = [a[0], a[-1], *hurwitz_determinants(tuple(x if a[0] > 0 else -x for x in a))]
    return all(x * a[0] > 0 for x in signs[:2]) and all(x > 0 for x in signs[2:])


def scaled_steps(steps: Steps, scale: float) -> Steps:
    """Return the steps with all learning rates multiplied."""
    return Steps(steps.alpha * scale, steps.b, steps.c * scale, steps.D, steps.a, steps.shrink)


def _first_end(holds: Callable[[float], bool]) -> float:
    """Return the first place found where what holds for small numbers ceases to hold."""
    high = 1.0
    for _ in range(_BEYOND):
        if not holds(high):
            break
        high *= 2
    else:
        return math.inf
    places = high * np.geomspace(1e-3, 1, _PARTS)
    for _ in range(2):
        if not holds(float(places[0])):
            places = places * 1e-3
            continue
        first = next(k for k, place in enumerate(places.tolist()) if not holds(place))
        return float(bisect(holds, float(places[first - 1]), float(places[first]), 44)[0])
    return 0.0
