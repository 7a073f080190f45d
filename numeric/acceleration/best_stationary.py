"""The fastest stationary algorithm at a bounded noise sum (beyond arXiv 2410.04228)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.acceleration.bounded_noise import INSIDE, bounded_power_law, resolved_problem
from sgdmem.numeric.acceleration.real_root_algorithms import (
    RealRoots,
    Shape,
    chain_entries,
    log_rate,
    minimum,
)
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import positive_float, whole
from sgdmem.numeric.judges.float_problem import FloatProblem
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, UndecidedError

LARGEST_MEMORY = 6  # of a search with 2 M - 1 unknowns
_LONGEST = 1e18  # horizon in whose square eigenvalues are still well within the range of floats
_SHRINKS = 40  # attempts at a proof, with gains smaller by 0.1 % each


def fastest_roots(
    exponent: float, memory: int, problem: FloatProblem, horizon: float
) -> tuple[RealRoots, float]:
    """Return the roots with the largest effective learning rate, and their gain (no proof)."""
    clock = np.array([horizon - 0.5])  # p = 2 / (2T - 1) is the root 1 - 1/T of D
    start = Shape(exponent, memory).fitted(problem, clock).roots(clock)
    slowest = start.poles[:, -1:]

    def roots(x: Array) -> RealRoots:
        free = np.exp(x)[None]
        return RealRoots(np.hstack([free[:, : memory - 1], slowest]), free[:, memory - 1 :])

    first = np.log(np.hstack([start.poles[:, :-1], start.zeros]))[0]
    found = roots(minimum(lambda x: -log_rate(roots(x), problem), first, 0.3))
    return found, float(found.largest_gains(problem)[0])


def best_stationary(
    problem: Any,
    batch_size: Any,
    *,
    memory: int,
    horizon: Any,
    noise_level: Any = 0.5,
) -> Algorithm:
    r"""Return the stationary algorithm that learns fastest at a bounded noise sum.

    Among the algorithms of memory M whose poles and zeros are real, D having its slowest root at
    1 - 1 / horizon, it has the largest effective learning rate with :math:`U'_\Sigma` below
    ``noise_level``. The search is local and starts from a shape whose rate provably grows as fast
    as possible; that the result is stable and its noise sum below the level is proved by
    `stability`.

    Parameters
    ----------
    problem : Problem
        Its spectrum is a power law with an exponent above 1.
    batch_size : number > 0
    memory : int
        M from 1 to 6.
    horizon : number from 10 to 1e18
        After about so many steps the slowest part of the memory is filled.
    noise_level : number between 0 and 1

    Raises
    ------
    InputError
        For an argument outside its domain.
    UndecidedError
        If floating point cannot prove stability. For M up to 6, exponents of 1.5, 2 and 3 and
        horizons up to 1e15 it can.

    Notes
    -----
    On one core, M up to 3 takes some seconds, M = 4 and 5 about ten, M = 6 half a minute to a
    minute.

    The rate grows like :math:`T^{1-1/S_{M+1}}` with the horizon,
    :math:`S_j = 1+(\nu-1)+\dots+(\nu-1)^{j-1}`. For M = 1 this is Theorem 7 of arXiv 2410.04228;
    for larger M it is proved, too, and no stationary method of memory M and bounded noise has a
    larger exponent (docs, theory/larger-memory-construction). Complex pairs of roots gain up to a
    quarter at short horizons.

    Where poles and zeros interlace, as in the shape, :math:`P-\lambda Q` is strictly Schur exactly
    for :math:`0<\lambda<2/g`, g the gain; this is checked in the exact entries, and
    ``verdict.noiseless_proof`` says whether it holds. At short horizons they often do not.

    Auxiliary vectors are a chain of lags, in which no entry is large: poles may be as close
    together as they like.

    Examples
    --------
    >>> from sgdmem import Problem
    >>> found = best_stationary(Problem.power_law(2), batch_size=10, memory=1, horizon=1000)
    >>> round(found.effective_learning_rate, 1)
    141.1
    >>> stability(found, Problem.power_law(2), 10).noiseless_proof
    'poles and zeros interlace'
    """
    problem, law = bounded_power_law(problem, noise_level)
    noise = problem.noise.at(batch_size)
    memory = whole(memory, "memory", 1, LARGEST_MEMORY)
    steps = positive_float(horizon, "horizon")
    if not 10 <= steps <= _LONGEST:
        raise InputError(f"horizon must lie between 10 and 1e18, got {steps:g}")
    if noise.inverse_batch * noise.tau1 == 0:
        raise InputError("without noise there is no bound: batch_size must be finite, tau1 > 0")
    resolved = resolved_problem(problem.spectrum, noise, steps)
    roots, gain = fastest_roots(law.exponent, memory, resolved, steps)
    poles, zeros = (list(map(Fraction, x[0].tolist())) for x in (roots.poles, roots.zeros))
    poles[-1] = 2 / (2 * Fraction(steps) - 1)
    zeros.sort(reverse=True)  # each beside the pole that it is next to
    name = f"best_stationary(memory={memory}, horizon={steps:g})"
    for shrinks in range(_SHRINKS):
        entries = chain_entries(poles, zeros, Fraction(gain * INSIDE * 0.999**shrinks))
        found = Algorithm(*Blocks.of_row(entries, memory), name=name, floats=True)
        verdict = stability(found, problem, batch_size)
        if verdict.stable:
            return found
    raise UndecidedError(f"no proof of stability: {verdict.explanation}; try a shorter horizon")
