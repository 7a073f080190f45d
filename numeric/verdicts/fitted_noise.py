"""What the errors and the misfit of a fitted noise leave of a verdict."""

from __future__ import annotations

import math

from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.problems.noise import BatchNoise
from sgdmem.numeric.problems.noise_estimate import NoiseEstimate
from sgdmem.numeric.verdicts.joint_judge import JointJudge
from sgdmem.numeric.verdicts.judge import Judge
from sgdmem.numeric.verdicts.reason import Reason

_ERRORS = 2  # standard errors to either side
_OF_NOISE = {
    Reason.STABLE,
    Reason.NOISE_SUM,
    Reason.MODE_NOISE,
    Reason.UNDECIDED_NOISE_SUM,
    Reason.UNDECIDED_MODE_NOISE,
}


def fitted_radius(judge: Judge) -> Interval | None:
    r"""Return where the radius of the noise is, as far as a fit tells; None if there is none.

    Both parameters may be two standard errors off. With the misfit m, relative to what was
    measured, the second moments are from 1/(1+m) to 1/(1-m) times the fitted ones: in the mean, so
    that this is an estimate too. The radius is in proportion to them.
    """
    estimate = judge.noise.estimate
    if not isinstance(estimate, NoiseEstimate) or judge.noise.is_quiet:
        return None
    if judge.reason not in _OF_NOISE:
        return None
    low, _ = _moved(judge, estimate, -_ERRORS)
    _, high = _moved(judge, estimate, _ERRORS)
    misfit = estimate.misfit
    return low / (1 + misfit), high / (1 - misfit) if misfit < 1 else math.inf


def _moved(judge: Judge, estimate: NoiseEstimate, errors: float) -> Interval:
    """Return bounds of the radius with more noise, or less, by so many standard errors."""
    tau1 = max(0.0, estimate.tau1 + errors * estimate.tau1_error)
    tau2 = min(estimate.tau2 - errors * estimate.tau2_error, tau1)  # Lemma 1
    if not math.isfinite(tau1 + tau2):
        return 0.0, math.inf
    moved = BatchNoise(tau1, tau2, inverse_batch=judge.noise.inverse_batch)
    joint = JointJudge(judge.form, judge.spectrum, moved)
    if joint.sums.damped[0] < 0:  # the noise of a single mode feeds on itself
        return math.inf, math.inf
    low, high = joint.radius
    return float(low[0]), float(high[0])
