"""What the errors and the misfit of an estimated noise leave of a verdict."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.judges.joint_judge import JointJudge
from sgdmem.numeric.judges.judge import Judge
from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.problems.batch_noise import BatchNoise

if TYPE_CHECKING:
    from sgdmem.numeric.problems.noise_estimate import NoiseEstimate


_ERRORS = 2  # standard errors to either side
_SLOWEST, _SLOW = 1e-6, 7  # eigenvalues that are left out, over the smallest that is not; how many
_OF_NOISE = {
    Reason.STABLE,
    Reason.NOISE_SUM,
    Reason.MODE_NOISE,
    Reason.UNDECIDED_NOISE_SUM,
    Reason.UNDECIDED_MODE_NOISE,
}


def fitted_radius(judge: Judge) -> Interval | None:
    """Return where the radius of the noise is, as far as an estimate tells; None if there is none.

    Both parameters may be two standard errors off. With the misfit m, relative to what was
    measured, the second moments of pairs of modes are from 1/(1+m) to 1/(1-m) times the fitted
    ones. That is so in the mean only, and correlations of different modes are not among them: an
    estimate too.

    Modes of samples that are left out only add to the radius, see `_with_modes_left_out`.
    """
    if judge.noise.is_partial and judge.reason in _OF_NOISE and judge.joint.is_summed[0]:
        return _with_modes_left_out(judge)
    estimate = judge.noise.fitted
    if estimate is None or judge.noise.is_quiet:
        return None
    if judge.reason not in _OF_NOISE:
        return None
    least, most = (
        (0.0, math.inf) if noise is None else _radius(judge, noise)
        for noise in extreme_noises(judge.noise, estimate)
    )
    return least[0], most[1]


def extreme_noises(
    noise: BatchNoise, estimate: NoiseEstimate
) -> tuple[BatchNoise | None, BatchNoise | None]:
    """Return the least and the most noise that an estimate leaves; None where it has no end."""
    misfit = estimate.misfit
    least = _moved(noise, estimate, -_ERRORS, 1 / (1 + misfit))
    return least, None if misfit >= 1 else _moved(noise, estimate, _ERRORS, 1 / (1 - misfit))


def _moved(
    noise: BatchNoise, estimate: NoiseEstimate, errors: float, factor: float
) -> BatchNoise | None:
    """Return more noise, or less.

    By so many standard errors, and then by a factor on the second moments, which are tau1 of two
    modes and tau1 + 1 - tau2 of one. A factor on the radius would not do: the square of the mean
    gradient, the 1 in there, stays as it is.
    """
    tau1 = factor * max(0.0, estimate.tau1 + errors * estimate.tau1_error)
    tau2 = 1 - factor * (1 - (estimate.tau2 - errors * estimate.tau2_error))
    tau2 = min(tau2, tau1)  # Lemma 1
    if not math.isfinite(tau1 + tau2):
        return None
    return BatchNoise(tau1, tau2, inverse_batch=noise.inverse_batch)


def _radius(judge: Judge, noise: BatchNoise) -> Interval:
    """Return bounds of the radius with another noise."""
    joint = JointJudge(judge.form, judge.spectrum, noise)
    if joint.sums.damped[0] < 0:  # the noise of a single mode feeds on itself
        return math.inf, math.inf
    low, high = joint.radius
    return float(low[0]), float(high[0])


def _with_modes_left_out(judge: Judge) -> Interval:
    r"""Return where the radius of all modes is, given that of the leading ones.

    Theirs is a lower bound: the symmetric operator of all, restricted to them. With the rows F of a
    sample in them, S in the others and :math:`\tilde N_{ij}=\sqrt{h_{ij}}N_{ij}`, the operator is
    :math:`\kappa\,\mathbb E|F^T\tilde NF+(F^T\tilde NS+S^T\tilde NF)+S^T\tilde NS|^2` but for the
    square of mean gradients, so that the radii of the three parts add up to a bound. The last one's
    is at most :math:`\kappa\sup_j(\lambda_jh_{jj})\max|S|^2`, and as F is white but for
    :math:`\lambda_i` the middle one's :math:`2\kappa\sup_{i,j}(\lambda_ih_{ij})\max|S|^2`. An
    estimate: modes and :math:`|S|^2` may be known nearly only.
    """
    from sgdmem.numeric.noise_sums.pairs import quick_pairs

    noise, samples = judge.noise, judge.noise.samples
    assert samples is not None  # they are partial
    low, high = judge.radius
    alone = low * float(noise.trace_share)
    kept = judge.spectrum.eigenvalues
    slow = kept.min() * np.geomspace(_SLOWEST, 1, _SLOW)
    heard = quick_pairs(judge.form, np.append(kept, slow))[:, -_SLOW:] / slow
    fed = np.diagonal(heard[-_SLOW:]).max() + 2 * heard[:-_SLOW].max()
    share = float(noise.share * noise.trace_share)
    return alone, max(high, alone + share * float(fed) * samples.left_out)
