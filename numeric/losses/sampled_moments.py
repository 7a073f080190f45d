r"""Runs of second moments under the noise of samples, in whitened coordinates.

The noise of drawn samples mixes the modes, so the moments of all pairs of modes are stepped
(theory page "Finite data"), and with residuals the means :math:`m_k` beside them:

.. math::
    m_k\leftarrow S_km_k,\qquad
    \Sigma_{ij}\leftarrow S_i\Sigma_{ij}S_j^T+\kappa\lambda_i\lambda_jF_{ij}vv^T,

where F is the covariance of the whitened gradients of one sample, `Samples.covariance`. A step
costs one pass over the samples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.losses.schedule import Schedule, Steps
from sgdmem.numeric.problems.noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem, require_target
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.problems.target import ListedTarget
from sgdmem.symbolic.errors import InputError

_CHUNK = 64  # steps between looking for numbers below 1e-308, which would be slow
_FLUSHED = 1e-290


def sampled_losses(
    schedule: Schedule,
    problem: Problem,
    noise: BatchNoise,
    steps: int,
    advance: Callable[[int], None] = lambda count: None,
) -> Array:
    """Return the mean losses before steps 0 ... ``steps`` above the least one.

    They are infinite from the step on at which they leave the range of floats.

    Parameters
    ----------
    schedule, problem, steps
        See `losses`.
    noise : BatchNoise
        That of the problem's samples at the batch size.
    advance
        Called with numbers of steps done.
    """
    moments = SampledMoments.at_start(problem, noise, schedule.memory)
    found = np.full(steps + 1, np.inf)
    with np.errstate(all="ignore"):
        for first in range(0, steps + 1, _CHUNK):
            last = min(first + _CHUNK, steps + 1)
            # no step beyond the last one is looked at
            made = schedule.some_steps(np.minimum(np.arange(first, last), max(steps - 1, 0)) * 1.0)
            for t in range(first, last):
                found[t] = moments.loss
                if not np.isfinite(found[t]):
                    found[t:] = np.inf
                    return found
                moments.step(made, t - first)
            moments.flush()
            advance(last - first)
    return found


@dataclass
class SampledMoments:
    """The first and second moments of the states of all modes.

    Attributes
    ----------
    samples : Samples
    eigenvalues : ndarray, shape (N,)
    share : float
        By which the covariance of one sample's gradient is multiplied in the mean of a batch.
    second : ndarray, shape (N, M + 1, N, M + 1)
        Of the whitened states, summed over R problems: those of w come first.
    means : ndarray, shape (R, N, M + 1), or None
        None without residuals: nothing depends on them.
    """

    samples: Samples
    eigenvalues: Array
    share: float
    second: Array
    means: Array | None

    @classmethod
    def at_start(cls, problem: Problem, noise: BatchNoise, memory: int) -> SampledMoments:
        """Return those of the start: w as the problem says, u = 0.

        InputError if the problem has another number of starts than of residuals.
        """
        samples, target = noise.samples, require_target(problem)
        assert samples is not None and isinstance(target, ListedTarget)  # others are not asked
        lam = problem.spectrum.eigenvalues
        count, size = lam.size, memory + 1
        second, means = np.zeros((count, size, count, size)), None
        if problem.start is None:  # squares alone: signs are random, and the mean of w is 0
            second[:, 0, :, 0] = np.diag(lam * target.squares)
        else:
            start = np.sqrt(lam) * problem.start
            second[:, 0, :, 0] = start.T @ start
        if samples.residuals is not None:
            sets = len(samples.residuals)
            means = np.zeros((sets, count, size))
            if problem.start is not None:
                if len(problem.start) != sets:
                    raise InputError(
                        f"start must have a row for each of {sets} sets of labels, "
                        f"got {len(problem.start)}"
                    )
                means[:, :, 0] = start
        return cls(samples, lam, float(noise.share), second, means)

    @property
    def loss(self) -> float:
        """Above the least one."""
        return float(np.trace(self.second[:, 0, :, 0])) / 2

    def step(self, steps: Steps, t: int) -> None:
        """Make one of some steps."""
        v, r = np.append(-steps.alpha[t], steps.c[t]), np.append(1.0, steps.a[t])
        still, moved = steps.state_matrices
        S = still[t] + self.eigenvalues[:, None, None] * moved[t]
        count, size, _ = S.shape
        at_gradient = (self.second @ r).transpose(0, 2, 1) @ r
        means = None if self.means is None else self.means @ r
        gradients = self.share * self.samples.covariance(at_gradient, means)
        gradients *= self.eigenvalues[:, None] * self.eigenvalues
        half = (S @ self.second.reshape(count, size, -1)).reshape(count * size, -1)
        full = S @ half.T.reshape(count, size, -1)  # of the transpose, as the moments are symmetric
        self.second = full.reshape(count, size, count, size)
        self.second += gradients[:, None, :, None] * np.outer(v, v)[:, None, :]
        if self.means is not None:
            self.means = (S @ self.means[..., None])[..., 0]

    def flush(self) -> None:
        """Set what is nearly too small for a float to 0."""
        for moments in (self.second, self.means):
            if moments is not None:
                moments[np.abs(moments) < _FLUSHED] = 0.0
