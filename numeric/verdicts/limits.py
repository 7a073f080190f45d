"""Where stability ends: critical eigenvalue, critical batch size, stable ranges of scale.

Functions of a question, computed when asked for. They are floating-point roots without error
bounds; only the verdict itself carries a proof.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.intervals import Interval, confirmed, positive_intervals
from sgdmem.numeric.judges.float_problem import FloatProblem
from sgdmem.numeric.judges.judge import Judge
from sgdmem.numeric.judges.noiseless import noiseless_floats, noiseless_scales
from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.noise_sums.kinds_of_noise import is_sampled
from sgdmem.numeric.noise_sums.long_memory import LongForm
from sgdmem.numeric.noise_sums.mode_summands import ModeForm, float_summands, midpoint_form
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.scalars import to_float

_POINTS, _FEWEST_POINTS = 2000, 16  # of scans, in all intervals together and in each
_FEW, _MORE = 4, 64  # batch sizes tried around the critical one, also in epochs
_MOST_CONFIRMED = 8  # intervals of scales on a long spectrum that are confirmed by verdicts


def critical_eigenvalue(judge: Judge) -> float:
    """Return where noiseless stability ends; 0 if it does not begin at 0."""
    if judge.noiseless and judge.noiseless[0][0] == 0:
        return judge.noiseless[0][1]
    return 0.0


def critical_batch_size(judge: Judge) -> float:
    """Return the batch size above which it is stable: 0 for every one, inf for none."""
    noise = judge.noise
    if not judge.noiseless_is_stable or judge.has_no_pull:
        return math.inf
    if is_sampled(judge.joint.operator):
        return judge.joint.operator.critical_batch_size(judge.form)
    if noise.coupling is None and noise.tau2 == 0 and noise.tau1 > 0:
        proved = judge.joint.whole_sums.noise.mid[0]
        return float(noise.tau1) * float(proved)
    problem = _float_problem(judge)
    with np.errstate(all="ignore"):
        s = problem.lam * float_summands(midpoint_form(judge.form), problem.lam[None])[1][0]
    return problem.critical_batch_size(s)


def smallest_stable_batch_size(judge: Judge, critical: float) -> float:
    """Return the smallest integer near the critical batch size that is proved stable."""
    if math.isinf(critical) or critical >= 2.0**53:
        return critical
    first = max(1, math.floor(critical * (1 - 1e-9)))
    for size in _sizes_to_try(judge.noise, first):
        noise = replace(judge.noise, inverse_batch=Fraction(1, size))
        if replace(judge, noise=noise, sharp=False).reason is Reason.STABLE:
            return float(size)
    return math.inf


def _sizes_to_try(noise: BatchNoise, first: int) -> Iterator[int]:
    """Return integers from the critical batch size on, in epochs up to one that leaves no rest."""
    samples = noise.samples
    if samples is None or samples.drawing.drop_last:
        yield from range(first, first + _FEW)
        return
    for size in range(first, len(samples) + 1):
        whole = len(samples) % size == 0
        if whole or size < first + _MORE:
            yield size
        if whole and size > first:
            return


def stable_scales(judge: Judge) -> list[Interval]:
    """Return the intervals of the factor on every eigenvalue for which it is stable."""
    near, factor = judge.at_scale()  # of which squares are in the range of floats
    found = _float_scales(
        _float_problem(near, fine=False),
        midpoint_form(near.undecayed_form),
        noiseless_floats(near.algorithm),
        near.spectrum,
    )
    ends = [(to_float(Fraction(a) * factor), to_float(Fraction(b) * factor)) for a, b in found]
    found = [(low, high) for low, high in ends if low < high < math.inf]
    if judge.spectrum.long is None or len(found) > _MOST_CONFIRMED:
        return found
    # the nodes of a rule do not see poles that come near: the proof has the last word
    return confirmed(found, lambda scale: judge.scaled(scale).reason is Reason.STABLE)


def unsettled(judge: Judge, scales: Sequence[Interval]) -> float:
    """Return about how far, relative, the radius may be off at the ends of stable scales."""
    if not is_sampled(judge.joint.operator):
        return 0.0
    near, factor = judge.at_scale()
    form = midpoint_form(near.undecayed_form)
    problem = _float_problem(near, fine=False)
    ends = [float(Fraction(end) / factor) for interval in scales for end in interval if end]
    return max((problem.unsettled(form, end) for end in ends), default=0.0)


def _float_problem(judge: Judge, fine: bool = True) -> FloatProblem:
    noise = judge.noise if judge.noise.is_physical else judge.noise.cautious
    gaps = len(judge.noiseless) != 1 or judge.noiseless[0][0] > 0
    return FloatProblem.of(judge.spectrum, noise, gaps, fine)


def _float_scales(
    problem: FloatProblem,
    form: ModeForm,
    noiseless: Sequence[Interval],
    spectrum: Spectrum,
) -> list[Interval]:
    """Return the intervals of the factor on every eigenvalue for which the problem is stable.

    Parameters
    ----------
    problem, form
        With the form in plain floats of shape (1, 1), without the problem's weight decay.
    noiseless
        The eigenvalues at which P - lambda Q is strictly Schur: disjoint ascending intervals.
    spectrum
        Of the problem.
    """
    found: list[Interval] = []
    allowed = noiseless_scales(noiseless, spectrum)
    costly = problem.is_costly or isinstance(form, LongForm)
    grid = max(_FEWEST_POINTS, _POINTS // max(1, len(allowed)))
    for low, high in allowed:
        if not low < high < math.inf:  # as floats: it lies outside their range
            continue
        if problem.noise.is_quiet:
            found.append((low, high))
            continue

        def margin(scale: Array) -> Array:
            return problem.margin(form, scale)

        found.extend(positive_intervals(margin, low, high, grid=grid, costly=costly))
    return found
