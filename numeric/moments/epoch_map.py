r"""An epoch of the moments on samples as a linear map, where its last batch is smaller.

With :math:`x=\xi^T` for a discount of T steps, noise of the step t of all epochs, discounted and
added up, is :math:`C_t`. It solves

.. math:: C_t=\xi\kappa_t\mathcal M\Bigl(N_t+\sum_sp^{(t-s-1)}\circ C_s\Bigr)+\ldots,

with :math:`p^{(k)}` the products of responses that are k steps old, modulo T, discounted by
:math:`\xi` a step, and :math:`N_t` what is left of the start: the operator of `epoch_radius` for
:math:`\sqrt\xi S` and the shares :math:`\xi\kappa_t`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.moments.moment_map import MomentMap, Moments
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.sampled_noise.epoch_radius import EpochNoise

_RESIDUAL = 1e-9  # of a nearly symmetric operator: its eigenvalues are known much better


@dataclass(frozen=True)
class EpochMap(MomentMap):
    """The linear map of all steps of an epoch of one algorithm."""

    def noise_radius(self, samples: Samples, discount: float, tolerance: float) -> float:
        """Return the radius of what the noise of an epoch feeds back, discounted at each step."""
        _, responses = self._sums(discount**self.period, None)
        noise = self._noise(self._unpacked(responses), discount)
        start = np.tile(np.eye(len(self._both)), (self.period, 1, 1))
        return noise.leading(start, max(tolerance, _RESIDUAL))[0]

    def summed(
        self, moments: Moments, discount: float, guess: Array | None = None
    ) -> tuple[Moments, Array]:
        """Return the sum over all epochs k of discount**k times the moments, and C of every step.

        No guess is made use of.
        """
        T, S = self.period, self.state_matrices
        rate = discount ** (1 / T)  # of a step
        started, responses = map(self._unpacked, self._sums(discount, moments.second))
        constant = moments.constant / (1 - discount) if moments.constant else 0.0
        means = self._summed_means(moments, discount)
        now, stirred = Moments(started, means, constant), []
        for _ in range(T):
            stirred.append(self._stirred_by(self.read(now.second), now.means, now.constant))
            later = None if now.means is None else rate * (S @ now.means[..., None])[..., 0]
            now = Moments(rate * self.still(now.second), later, rate * now.constant)
        noise = self._noise(responses, rate)
        C = noise.resting(np.array(stirred))
        made = np.zeros_like(started)
        for one in C:
            made = rate * self.still(made) + responses * (self._both * one)[:, None, :, None]
        return Moments(started + made, means, constant), C

    def _noise(self, responses: Array, rate: float) -> EpochNoise:
        """Return the operator for responses of age 0, T, 2T, ..., added up, and a discount."""
        lagged = []
        for _ in range(self.period):
            lagged.append(self._both * self.read(responses))
            responses = rate * self.still(responses)
        passes = self.run.samples.covariance
        return EpochNoise.lagged(passes, np.array(lagged), rate * self.run.shares)
