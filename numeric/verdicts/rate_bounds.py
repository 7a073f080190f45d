"""Proved bounds of rates: of distances by exact tests of roots, of second moments by verdicts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction

import numpy as np

from sgdmem.numeric.arithmetic.ball import Ball
from sgdmem.numeric.arithmetic.bisection import bisect
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.judges.float_problem import FloatProblem
from sgdmem.numeric.judges.judge import Judge, unit_of
from sgdmem.numeric.noise_sums.long_memory import LONGEST_IN_FLOATS, modes_in_bits
from sgdmem.numeric.noise_sums.mode_summands import ball_form, decayed_form, mode_summands
from sgdmem.numeric.noise_sums.noise_sum import explicit_modes
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.verdicts.discounting import (
    ACCURACY,
    LEAST,
    discounted,
    interval_sample,
    largest_roots,
    moment_root,
)
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.stability.poles import noiseless_intervals
from sgdmem.symbolic.stability.schur import is_schur_form

_NEAR = 1e-4  # relative, of the largest roots that are looked at exactly
_WIDTHS = tuple(10.0**-k for k in range(11, 2, -1))  # relative, of bounds that are tried


def rate_of_modes(algorithm: Algorithm, problem: Problem) -> Interval:
    """Return bounds of the largest modulus of a root over all modes of a finite problem."""
    lam, _ = explicit_modes(problem.spectrum)
    lam = Ball(*np.unique([lam.mid, np.broadcast_to(lam.rad, lam.mid.shape)], axis=1))
    decay = problem.weight_decay
    roots = largest_roots(algorithm, lam.mid + to_float(decay))
    largest = float(roots.max())
    near = np.flatnonzero(roots >= largest * (1 - _NEAR))
    near = near if near.size <= 2 else near[[0, near.size // 2, -1]]
    exact = [*map(Fraction, lam.mid[near].tolist())]

    def holds(s: float) -> bool:
        form = decayed_form(discounted(algorithm, s), decay)
        return all(is_schur_form(form, x) for x in exact)

    def schur(s: float, modes: Ball) -> int:
        return _schur(discounted(algorithm, s), modes, decay)

    low, high = _bracket(holds, max(largest, LEAST))
    # so far it is about middles of eigenvalues, and a few of them
    low = _first(lambda s: schur(s, lam[near]) == -1, _below(low))
    highs = (high * (1 + width) for width in (0.0, *_WIDTHS))
    return low, next((s for s in highs if schur(s, lam) == 1), math.inf)


def _below(start: float) -> Iterator[float]:
    """Yield lower bounds to try, as far as they are no 0."""
    return (s for width in (0.0, *_WIDTHS) if (s := start * (1 - width)) >= LEAST)


def _first(holds: Callable[[float], bool], tried: Iterable[float]) -> float:
    """Return the first number for which something holds, 0 if there is none."""
    return next((s for s in tried if holds(s)), 0.0)


def _schur(algorithm: Algorithm, lam: Ball, weight_decay: Fraction) -> int:
    """Return 1 where all modes certainly are strictly Schur, -1 where one is not, else 0."""
    if algorithm.memory > LONGEST_IN_FLOATS:
        modes = map(lam.__getitem__, range(lam.mid.size))
        flags = np.array([modes_in_bits(algorithm, mode, weight_decay)[0] for mode in modes])
    else:
        flags = mode_summands(ball_form([algorithm], weight_decay), lam).schur[0]
    if (flags < 0).any():
        return -1
    form = decayed_form(algorithm, weight_decay)
    for k in np.flatnonzero((flags == 0) & (lam.rad == 0)).tolist():
        if not is_schur_form(form, Fraction(float(lam.mid[k]))):
            return -1
        flags[k] = 1
    return int(flags.min())


def rate_between(algorithm: Algorithm, smallest: Fraction, largest: Fraction) -> Interval:
    """Return bounds of the largest modulus of a root for all eigenvalues between two."""
    lam = interval_sample(smallest, largest)
    start = max(float(largest_roots(algorithm, lam).max()), LEAST)

    def holds(s: float) -> bool:
        found = noiseless_intervals(discounted(algorithm, s))
        return any(low[1] < smallest and largest < high[0] for low, high in found)

    def fails(s: float) -> bool:
        member = discounted(algorithm, s)
        ends = (end for interval in noiseless_intervals(member) for end in interval)
        form = member.half_plane_form
        return any(smallest <= low and high <= largest for low, high in ends) or not all(
            is_schur_form(form, x) for x in (smallest, largest)
        )

    low, high = _bracket(holds, start)
    return _first(fails, _below(low)), high


def _bracket(holds: Callable[[float], bool], start: float) -> Interval:
    """Return neighbours around the place from which on something holds, which is near a start."""
    low, high, width = start, start, ACCURACY
    while not holds(high):
        low, high, width = high, start * (1 + width), 10 * width
    while low == high or holds(low):
        if width >= 1 or start <= LEAST:
            return 0.0, high
        low, high, width = start * (1 - width), min(low, high), 10 * width
    halvings = max(0, math.ceil(math.log2((high - low) / (ACCURACY * high) + 1)))
    low, high = bisect(lambda s: not holds(s), low, high, halvings)
    return float(low), float(high)


def rate_of_moments(
    algorithm: Algorithm, problem: Problem, noise: BatchNoise, noiseless: Interval
) -> tuple[float, Interval]:
    """Return the root of the rate of second moments, and bounds of that rate."""
    spectrum, unit = problem.spectrum, unit_of(problem.spectrum)
    quick = FloatProblem.of(spectrum if unit == 1 else spectrum.scaled(1 / unit), noise)
    method = algorithm if unit == 1 else algorithm.scaled(unit)
    root = moment_root(method, quick, sum(noiseless) / 2)
    if math.isinf(root):
        return root, (noiseless[0] ** 2, math.inf)

    def stable(s: float) -> bool | None:
        return Judge(discounted(algorithm, s), spectrum, noise).reason.stable

    low, high = 0.0, math.inf
    for width in _WIDTHS:
        if not low and (root * (1 - width) <= noiseless[0] or stable(root * (1 - width)) is False):
            low = max(root * (1 - width), noiseless[0])
        if math.isinf(high) and stable(root * (1 + width)):
            high = root * (1 + width)
        if low and math.isfinite(high):
            break
    return root, squared((max(low, noiseless[0]), high))


def squared(bounds: Interval) -> Interval:
    """Return bounds of the square."""
    low, high = (end * end for end in bounds)
    return low * (1 - 1e-15), high * (1 + 1e-15)
