r"""Steps of the moments on samples as a linear map A, and the sums :math:`\sum_tx^tA^t`.

The moments (`SampledMoments`) and a constant, with which the residuals stir them up, move by a
linear map. Its discounted sum from given moments is found like the floor (theory page "Finite
data"): with :math:`\sqrt xS` in the place of S the products h of impulse responses become
:math:`h_{ij}(x)=\sum_tx^tg_i(t)g_j(t)`, and what is left is
:math:`(1-x\kappa\sqrt h\circ\mathcal M(\sqrt h\circ\cdot))Y=b`, symmetric and, for x below the
inverse of the growth of A, positive definite. Where batches have two sizes A is a whole epoch, see
`epoch_map`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from sgdmem.numeric.arithmetic.arrays import EPS
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.conjugate_gradients import conjugate_gradients
from sgdmem.numeric.moments.moment_matrix import Step
from sgdmem.numeric.moments.sampled_moments import SampledMoments, spread
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.sampled_noise.mode_states import congruence
from sgdmem.numeric.sampled_noise.sampled_radius import ritz_pair

_SMALL = 1e-14  # what conjugate gradients leave over
_ROUNDINGS = 64  # in a covariance of gradients
_TOGETHER = 2**22  # numbers of the systems of pairs that are solved at once


@dataclass(frozen=True)
class Moments:
    """What a step moves.

    Attributes
    ----------
    second : ndarray, shape (N, M + 1, N, M + 1)
    means : ndarray, shape (R, N, M + 1), or None
    constant : float
        1 for moments of runs, 0 for differences of them.
    """

    second: Array
    means: Array | None
    constant: float

    def scaled(self, unit: float) -> Moments:
        """Return the moments over a unit."""
        means = None if self.means is None else self.means / unit
        return Moments(self.second / unit, means, self.constant / unit)

    def less(self, other: Moments) -> Moments:
        """Return the difference."""
        means = None if self.means is None or other.means is None else self.means - other.means
        return Moments(self.second - other.second, means, self.constant - other.constant)


@dataclass(frozen=True)
class MomentMap:
    """The linear map of the steps of one algorithm after which batches have the same sizes again.

    Attributes
    ----------
    run : SampledMoments
        Of the problem; its moments do not matter.
    step : tuple of ndarray
        What `SampledMoments.step` takes.
    """

    run: SampledMoments
    step: Step

    @cached_property
    def state_matrices(self) -> Array:
        """S of every mode."""
        return self.run.state_matrices(*self.step)

    @cached_property
    def slowest_root(self) -> float:
        """The largest modulus of an eigenvalue of a state matrix."""
        return float(np.abs(np.linalg.eigvals(self.state_matrices)).max())

    @cached_property
    def stirred(self) -> Array:
        """The whitened covariance of gradients at the minimum."""
        return self._covariance(np.zeros((len(self.run.eigenvalues),) * 2), self._no_means)

    @property
    def _no_means(self) -> Array | None:
        return None if self.run.means is None else np.zeros(self.run.means.shape[:2])

    def _covariance(self, N: Array, means: Array | None) -> Array:
        return self.run.samples.covariance(N, means)

    @cached_property
    def _pairs(self) -> tuple[Array, Array]:
        return np.triu_indices(len(self.run.eigenvalues))

    @cached_property
    def _both(self) -> Array:
        """lambda_i lambda_j."""
        return np.multiply.outer(self.run.eigenvalues, self.run.eigenvalues)

    def noise_radius(self, samples: Samples, discount: float, tolerance: float) -> float:
        """Return the radius of what the noise of a step feeds back, discounted, in plain floats."""
        products = self.products(discount)
        found = ritz_pair(samples.images, products, lambda x: x.error <= tolerance).value
        return discount * self.run.share * found

    def loss(self, moments: Moments) -> float:
        """Return the loss of moments, see `SampledMoments.loss`."""
        return replace(self.run, second=moments.second, means=moments.means).loss

    @property
    def period(self) -> int:
        """After how many steps batches have the same sizes again."""
        return int(self.run.shares.size)

    def moved(self, moments: Moments) -> tuple[Array, Moments]:
        """Return the losses before each step of a period, and the moments after it.

        Each step costs a pass over the samples.
        """
        run = replace(self.run, second=moments.second.copy(), means=moments.means, made=0)
        losses = np.empty(self.period)
        for t, share in enumerate(self.run.shares):
            losses[t] = run.loss
            run.step(*self.step)
            if run.means is not None and moments.constant != 1:
                missing = share * (1 - moments.constant) * self.stirred
                run.second -= spread(missing * self._both, self.step[1])
        return losses, Moments(run.second, run.means, moments.constant)

    def products(self, discount: float) -> Array:
        r"""Return :math:`\lambda_i\lambda_jh_{ij}(x)`, shape (N, N), in plain floats."""
        _, responses = self._sums(discount, None)
        r = self.step[2]
        return self._both * self._full(responses @ np.outer(r, r).ravel())

    def summed(
        self, moments: Moments, discount: float, guess: Array | None = None
    ) -> tuple[Moments, Array]:
        """Return the sum over all steps t of discount**t times the moments, and C(x).

        Parameters
        ----------
        discount : float
            Of a sum that converges.
        guess : ndarray, shape (N, N), optional
            What was returned for a discount nearby.
        """
        r = self.step[2]
        x, read = discount, np.outer(r, r).ravel()
        started, responses = self._sums(x, moments.second)
        N = self._full(started @ read)
        root = np.sqrt(self._both * self._full(responses @ read))
        constant = moments.constant / (1 - x) if moments.constant else 0.0
        means = self._summed_means(moments, x)
        stirred = self._stirred_by(N, means, constant)
        share = x * self.run.share
        right = share * root * stirred
        unit = float(np.abs(right).max()) or 1.0
        solution, _ = conjugate_gradients(
            lambda Y: np.asarray(Y - share * root * self._covariance(root * Y, None)),
            right / unit,
            _SMALL,
            None if guess is None else root * guess / unit,
        )
        C = unit * solution / root
        pushes = (self._both * C)[self._pairs]
        pieces = started + pushes[:, None] * responses
        return Moments(self._unpacked(pieces), means, constant), C

    def _summed_means(self, moments: Moments, x: float) -> Array | None:
        if moments.means is None:
            return None
        S = np.linalg.matrix_power(self.state_matrices, self.period)
        columns = moments.means.transpose(1, 2, 0)
        return np.linalg.solve(np.eye(S.shape[-1]) - x * S, columns).transpose(2, 0, 1)

    def _stirred_by(self, N: Array, means: Array | None, constant: float) -> Array:
        """Return the covariance of gradients, whitened, for moments that are read there."""
        if means is None:
            return self._covariance(N, None)
        return self._covariance(N, means @ self.step[2]) + (constant - 1) * self.stirred

    def resting(self, stirred: Array | None = None) -> Moments:
        """Return the moments at which a stable method comes to rest: those that a step keeps.

        Or those where gradients at the minimum had another covariance.
        """
        means = None if self.run.means is None else np.zeros_like(self.run.means)
        stirred = self.stirred if stirred is None else stirred
        push = np.zeros_like(self.run.second)
        for share in self.run.shares:
            heard = share * self._both * (stirred + self._covariance(self.read(push), None))
            push = self.still(push) + spread(heard, self.step[1])
        return replace(self.summed(Moments(push, means, 0.0), 1.0)[0], constant=1.0)

    def read(self, second: Array) -> Array:
        """Return second moments at the gradient's point."""
        r = self.step[2]
        return np.asarray((second @ r).transpose(0, 2, 1) @ r)

    def still(self, second: Array) -> Array:
        """Return second moments after a step without noise."""
        N, m, _ = self.state_matrices.shape
        moved = congruence(self.state_matrices, second.reshape(N * m, N * m))
        return moved.reshape(second.shape)

    @cached_property
    def rounding(self) -> float:
        """The floor that rounding makes where samples are all alike, whose own is 0; else 0."""
        pull = self.run.pull
        size = 0.0 if pull is None else _ROUNDINGS * EPS * float(np.vdot(pull, pull))
        if not np.abs(self.stirred).max() < size:
            return 0.0
        return self.loss(self.resting(size * np.eye(len(self.stirred))))

    def _sums(self, x: float, second: Array | None) -> tuple[Array, Array]:
        """Return the sums of x^t S_i^t . S_j^Tt for pairs i <= j: of the moments, and of vv^T.

        With S after a whole period.
        """
        i, j = self._pairs
        v = self.step[1]
        size = len(v) ** 2
        started, responses = np.zeros((i.size, size)), np.empty((i.size, size))
        S = np.linalg.matrix_power(self.state_matrices, self.period)
        for first in range(0, i.size, together := max(1, _TOGETHER // size**2)):
            piece = slice(first, first + together)
            moved = np.einsum("nab,ncd->nacbd", S[i[piece]], S[j[piece]]).reshape(-1, size, size)
            given = [np.broadcast_to(np.outer(v, v).ravel(), (len(moved), size))]
            if second is not None:
                given.append(second[i[piece], :, j[piece]].reshape(-1, size))
            found = np.linalg.solve(np.eye(size) - x * moved, np.stack(given, axis=2))
            responses[piece] = found[:, :, 0]
            if second is not None:
                started[piece] = found[:, :, 1]
        return started, responses

    def _full(self, upper: Array) -> Array:
        found = np.empty_like(self._both)
        found[self._pairs] = found.T[self._pairs] = upper
        return found

    def _unpacked(self, pieces: Array) -> Array:
        """Return second moments from those of pairs i <= j, shape (pairs, (M + 1)^2)."""
        (i, j), size = self._pairs, math.isqrt(pieces.shape[1])
        blocks = pieces.reshape(-1, size, size)
        found = np.empty((len(self._both), size, len(self._both), size))
        found[i, :, j] = blocks
        found[j, :, i] = blocks.transpose(0, 2, 1)
        return found
