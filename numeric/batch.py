"""Verdicts on many algorithms at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.ball import Array, Ball
from sgdmem.numeric.judge import Judge
from sgdmem.numeric.mode_summands import ball_form
from sgdmem.numeric.noise_sum import noise_sums
from sgdmem.numeric.problem import Noise, Problem
from sgdmem.numeric.spectrum import Spectrum
from sgdmem.numeric.verdict import Verdict
from sgdmem.symbolic.algorithm import Algorithm


@dataclass(frozen=True)
class BatchOutcome:
    """Verdicts on many algorithms at once; arrays of shape (A,).

    Attributes
    ----------
    stable : ndarray of int8
        1 stable, 0 not, -1 undecided.
    noise_sum, margin : ndarray
        As in `phase_diagram`.
    """

    stable: Array
    noise_sum: Array
    margin: Array


def judge_batch(algorithms: Sequence[Algorithm], spectrum: Spectrum, noise: Noise) -> BatchOutcome:
    """Judge numeric algorithms of one memory, with the same rules as `stability`."""
    by_mode = noise.coupling is not None or isinstance(noise.tau2, tuple)
    if by_mode or not noise.is_physical:
        judges = [Judge(Problem(algorithm, spectrum, noise)) for algorithm in algorithms]
        outcomes = [judge.verdict() for judge in judges]
        noise_sum = np.array([outcome.noise_sum for outcome in outcomes])
        damping = np.array([float(judge.sums.smallest_damping[0]) for judge in judges])
        flags = np.array([_flag(outcome) for outcome in outcomes], dtype=np.int8)
        return BatchOutcome(flags, noise_sum, _margin(noise_sum, damping))
    form = ball_form(algorithms)
    sums = noise_sums(form, spectrum, noise.share2)
    no_pull = (form.pull.mid[:, 0] == 0) & (form.pull.rad[:, 0] == 0)
    noiseless = np.where(no_pull, -1, sums.schur)
    if noise.tau1 * noise.inverse_batch == 0:
        total = Ball(np.zeros(len(algorithms)))
    elif math.isinf(spectrum.trace):
        total = Ball(np.full(len(algorithms), np.inf))
    else:
        total = noise.share1 * sums.noise
    below, above = total.upper < 1, total.lower >= 1
    good = (noiseless == 1) & (sums.damped == 1) & below
    bad = (noiseless == -1) | (sums.damped == -1) | above
    noise_sum = np.where((noiseless == 1) & (sums.damped == 1), total.mid, np.inf)
    stable = np.where(good, 1, np.where(bad, 0, -1)).astype(np.int8)
    for index in map(int, np.flatnonzero((stable == -1) & (noiseless == 0))):
        stable[index] = _flag(Judge(Problem(algorithms[index], spectrum, noise)).verdict())
    return BatchOutcome(stable, noise_sum, _margin(noise_sum, sums.smallest_damping))


def _margin(noise_sum: Array, damping: Array) -> Array:
    return np.where(np.isinf(noise_sum), -np.inf, np.minimum(1 - noise_sum, damping))


def _flag(verdict: Verdict) -> int:
    return {True: 1, False: 0, None: -1}[verdict.stable]
