r"""The floor at which the mean loss comes to rest where noise of the labels stirs up the minimum.

Label noise of variance :math:`\sigma^2` adds :math:`\sigma^2\lambda_i/B` to what every step does to
mode i. With :math:`f_i=s_i/(1+\tau_{2,i}s_i/B)`, and :math:`f^w_i` the same of the sum that is read
at w, the noise :math:`\lambda_iy_i/B` that mode i hears at rest, its own -tau2 left out, solves
(theory page "How a loss is computed")

.. math:: y_i=\sigma^2+\frac1B\sum_jT_{ij}f_jy_j,\qquad L_\infty=\frac1{2B}\sum_if^w_iy_i;

without a coupling all y are :math:`\sigma^2/(1-U'_\Sigma)`. Samples have labels of their own, see
`sampled_floor`.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.judges.judge import Judge
from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.noise_sums.kinds_of_noise import has_epochs
from sgdmem.numeric.noise_sums.mode_summands import mode_summands
from sgdmem.numeric.noise_sums.noise_sum import explicit_modes
from sgdmem.numeric.problems.coupling import Block
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.verdicts.resting_point import RestingPoint
from sgdmem.numeric.verdicts.sampled_floor import covariance_at_rest, sampled_floor


def at_rest(judge: Judge, problem: Problem) -> Judge:
    """Return the question with the samples as they are seen where the method comes to rest."""
    rest = RestingPoint.of(problem, judge.original)
    if rest is None or judge.noise.samples is None:
        return judge
    return replace(judge, noise=replace(judge.noise, samples=rest.samples))


def loss_floor(judge: Judge) -> Interval:
    """Return bounds of the floor of a stable question, above the least loss.

    0 where nothing is stirred up; infinite where the sum over infinitely many modes is.
    """
    noise = judge.noise
    if not noise.stirs:
        return 0.0, 0.0
    if noise.epoch is not None:  # it is on a cycle, between those of both sizes
        few, many = (
            replace(judge, noise=noise.of_one_size(size))
            for size in (noise.epoch.last, noise.epoch.size)
        )
        high = loss_floor(few)[1] if few.reason is Reason.STABLE else math.inf
        return loss_floor(many)[0], high
    if noise.samples is not None:
        return sampled_floor(noise, judge.form, judge.spectrum.eigenvalues, judge.radius[1])
    if judge.spectrum.diverges:
        return math.inf, math.inf
    stirred = Ball.exactly([noise.label_variance * noise.inverse_batch])[0]
    if noise.coupling is not None:
        doubled = stirred * _coupled_response(judge, noise.coupling)
    else:
        heard = 1 - noise.share1 * judge.sums.noise[0]
        doubled = stirred * judge.sums.output_noise[0] / heard
    low, high = float((doubled / 2).lower), float((doubled / 2).upper)
    return max(low, 0.0), high


def floor_of_epochs(judge: Judge) -> float:
    """Return the mean of the loss over an epoch of batches of two sizes, in plain floats."""
    operator, noise = judge.joint.operator, judge.noise
    assert has_epochs(operator) and noise.samples is not None
    if not noise.stirs:
        return 0.0
    C = operator.resting(judge.form, covariance_at_rest(noise.samples))
    lam = Ball(judge.spectrum.eigenvalues)
    reading = lam.mid * mode_summands(judge.form, lam).output_noise.mid[0]
    return float(reading @ np.diag(C)) / 2


def _coupled_response(judge: Judge, blocks: tuple[Block, ...]) -> Ball:
    """Return the sum of f^w y for sigma^2 = 1.

    If a trial y > 0 leaves at most e of the right side 1 in every mode, then the y looked for is
    within e y of it: (1 - N)^-1 has no negative entry.
    """
    lam, weights = explicit_modes(judge.spectrum)
    modes = mode_summands(judge.form, lam)
    damping = 1 + judge.noise.share2 * lam * modes.noise
    f, read = ((lam * x / damping)[0] for x in (modes.noise, modes.output_noise))
    share = Ball.exactly([judge.noise.inverse_batch])[0]
    total, start = Ball(0.0), 0
    for block in blocks:
        piece = slice(start, start := start + block.size)
        responses = _responses(block, share * f[piece] * weights[piece])
        total = total + (read[piece] * weights[piece] * responses).sum()
    return total


def _responses(block: Block, shares: Ball) -> Ball:
    """Return the y of a block: y = 1 + T diag(shares) y."""
    if block.is_constant:
        heard = 1 - block.entries * shares.sum()
        return Ball(np.ones(block.size)) / heard
    trial = np.linalg.solve(np.eye(block.size) - block.entries.mid * shares.mid, _ones(block))
    left = _ones(block) + (block.entries * shares * Ball(trial)).sum() - Ball(trial)
    error = float(left.magnitude.max())
    if not (error < 1 and (trial > 0).all()):
        return Ball(trial, np.inf)
    return Ball(trial, 1.01 * error / (1 - error) * trial)


def _ones(block: Block) -> Array:
    return np.ones(block.size)
