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

from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.moments.fourth_moments import FourthMoments
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem, require_target
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.sampled_noise.mode_states import congruence
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.numeric.verdicts.resting_point import RestingPoint
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError

FLUSHED = 1e-290  # numbers below 1e-308 would be slow


@dataclass
class SampledMoments:
    """The first and second moments of the states of all modes.

    Attributes
    ----------
    samples : Samples, or FourthMoments of them
    eigenvalues : ndarray, shape (N,)
    shares : ndarray, shape (T,)
        By which the covariance of one sample's gradient is multiplied in the mean of each batch of
        an epoch.
    second : ndarray, shape (N, M + 1, N, M + 1)
        Of the whitened states, summed over R problems: those of w come first.
    means : ndarray, shape (R, N, M + 1), or None
        None without residuals: nothing depends on them.
    weight_decay : float
        By which eigenvalues of the drift are larger.
    pull : ndarray, shape (R, N), or None
        See `Samples`: the loss is the second moments of w less the means of w times these.
    """

    samples: Samples | FourthMoments
    eigenvalues: Array
    shares: Array
    second: Array
    means: Array | None
    weight_decay: float = 0.0
    pull: Array | None = None
    made: int = 0  # steps

    @classmethod
    def at_start(
        cls, problem: Problem, noise: BatchNoise, schedule: Schedule, steps: int
    ) -> SampledMoments:
        """Return those of the start of a run of some steps: w as the problem says, u = 0.

        Relative to where a method that shrinks w comes to rest.

        InputError if the problem has another number of starts than of residuals.
        """
        samples, target = noise.samples, require_target(problem)
        assert samples is not None  # other noise is not asked
        lam, pull = problem.spectrum.eigenvalues, samples.pull
        count, size = lam.size, schedule.memory + 1
        rest = None
        if schedule.stationary is not None and schedule.shrinks:
            # of what is stepped, whose vectors may have been combined anew
            first = schedule.steps(0, 1)
            entries = (first.alpha, first.b, first.c, first.D, first.a, first.shrink)
            rest = RestingPoint.of(problem, Algorithm(*(x[0].tolist() for x in entries)))
        if rest is not None:
            samples, pull = rest.samples, rest.pull
        second, means = np.zeros((count, size, count, size)), None
        if problem.start is None:  # squares alone: signs are random, and the mean of w is 0
            second[:, 0, :, 0] = np.diag(target.masses(problem.spectrum))
        else:
            start = np.sqrt(lam) * problem.start
            second[:, 0, :, 0] = start.T @ start
        if samples.residuals is not None and samples.has_residuals:
            sets = len(samples.residuals)
            means = np.zeros((sets, count, size))
            if problem.start is not None:
                if len(problem.start) != sets:
                    raise InputError(
                        f"start must have a row for each of {sets} sets of labels, "
                        f"got {len(problem.start)}"
                    )
                means[:, :, 0] = start
            if rest is not None:
                z = rest.states.reshape(sets, -1)
                cross = means.reshape(sets, -1).T @ z
                second += (z.T @ z - cross - cross.T).reshape(second.shape)
                means -= rest.states
        drawn = FourthMoments.of(samples) if FourthMoments.pays(samples, steps) else samples
        decay, shares = float(problem.weight_decay), noise.shares_in_order
        return cls(drawn, lam, shares, second, means, decay, pull)

    @property
    def share(self) -> float:
        """That of batches of one size."""
        return float(self.shares[0])

    @property
    def loss(self) -> float:
        """Above the least one, or that of the stationary point."""
        loss = float(np.trace(self.second[:, 0, :, 0])) / 2
        if self.means is None or self.pull is None:
            return loss
        return loss - float(np.vdot(self.pull, self.means[:, :, 0]))

    def state_matrices(self, still: Array, v: Array, r: Array) -> Array:
        """Return S of every mode, shape (N, M + 1, M + 1)."""
        drift = (self.eigenvalues + self.weight_decay)[:, None, None]
        return np.asarray(still + drift * np.multiply.outer(v, r))

    def step(self, still: Array, v: Array, r: Array) -> None:
        """Make a step: the state of mode k moves by ``still`` + (lambda_k + omega) v r^T."""
        S = self.state_matrices(still, v, r)
        count, size, _ = S.shape
        at_gradient = (self.second @ r).transpose(0, 2, 1) @ r
        means = None if self.means is None else self.means @ r
        share, self.made = self.shares[self.made % self.shares.size], self.made + 1
        gradients = share * self.samples.covariance(at_gradient, means)
        gradients *= self.eigenvalues[:, None] * self.eigenvalues
        moved = congruence(S, self.second.reshape(count * size, -1))
        self.second = moved.reshape(count, size, count, size)
        self.second += spread(gradients, v)
        if self.means is not None:
            self.means = (S @ self.means[..., None])[..., 0]

    def flush(self) -> None:
        """Set what is nearly too small for a float to 0."""
        for moments in (self.second, self.means):
            if moments is not None:
                moments[np.abs(moments) < FLUSHED] = 0.0


def spread(gradients: Array, v: Array) -> Array:
    """Return what gradients with second moments of shape (N, N) add to those of states."""
    return np.asarray(gradients[:, None, :, None] * np.multiply.outer(v, v)[:, None, :])
