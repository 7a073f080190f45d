r"""The radius of the noise operator of epochs whose last batch is smaller, in plain floats.

Step t of T has noise of the share :math:`\kappa_t`. With the products of responses that are k steps
old, modulo T,

.. math:: p^{(k)}_{ij}=\lambda_i\lambda_j\sum_{m\ge0}g_i(k+mT)g_j(k+mT),

what the noise of all steps of an epoch feeds back to each of them is the map on T matrices

.. math:: (\mathcal T C)_t=\kappa_t\mathcal M\Bigl(\sum_sp^{(t-s-1)}\circ C_s\Bigr),

of which the sum over s is made by Fourier transforms along the steps. For shares that are all alike
its radius is that of `sampled_radius`, since the :math:`p^{(k)}` add up to p; below 1 it
says that the ordered product of the steps on all second moments has a radius below 1 (theory page
"Finite data").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.arnoldi import MOST_STEPS, leading_pair
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.memory import require_memory
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.sampled_noise.mode_states import ModeStates
from sgdmem.symbolic.errors import InputError

_LEFT, _CYCLES = 1e-12, 3  # of a linear system, and of at most 80 steps each
_FULL = 1e-14  # of what is orthogonal to the space: nothing is left
_PASSES = 40  # per step, in a verdict
_OPERATIONS, _SPEED = 3e12, 5e9  # most of a verdict, and of a core in a second
_MATRICES = 40  # for each step


def require_possible(samples: Samples, steps: int, size: int) -> None:
    """Raise InputError where an epoch of so many steps takes too long, or too much memory.

    ``size`` is that of a mode's state.
    """
    n, K, N = samples.columns.shape
    what = f"epochs of {steps:,} steps with a smaller last batch"
    require_memory(8.0 * (_MATRICES * steps * N**2 + 8 * (N * size) ** 2), what)
    operations = float(steps) * _PASSES * 2 * N**2 * (2 * n * K + 2 * N * size**3)
    if operations > _OPERATIONS:
        raise InputError(
            f"{what} take about {operations / _SPEED / 3600:,.2g} hours to judge on "
            f"{n:,} samples of {N:,} modes: judge full batches with drop_last=True"
        )


@dataclass(frozen=True)
class EpochNoise:
    """The noise operator of an epoch.

    Attributes
    ----------
    covariance : function
        A pass over the samples.
    responses : ndarray, shape (T // 2 + 1, N, N)
        The Fourier transform of the products, k steps old, and one more step later.
    roots : ndarray, shape (N, N)
        Of the products p.
    shares : ndarray, shape (T,)
    """

    covariance: Callable[[Array], Array]
    responses: Array
    roots: Array
    shares: Array

    @classmethod
    def of(
        cls,
        covariance: Callable[[Array], Array],
        states: ModeStates,
        products: Array,
        shares: Array,
    ) -> EpochNoise:
        """Return it for one algorithm."""
        T, (N, m) = shares.size, states.shape
        ones = states.summed(states.kicked(np.ones((N, N))), T).reshape(N, m, N, m)
        rows = np.zeros((T, N, m))
        rows[0, :, 0] = states.reading
        for k in range(1, T):
            rows[k] = (rows[k - 1][:, None, :] @ states.S)[:, 0]
        lagged = np.array([np.einsum("ia,iajb,jb->ij", row, ones, row) for row in rows])
        lagged *= products / lagged.sum(axis=0)  # the sum is known better
        return cls.lagged(covariance, lagged, shares)

    @classmethod
    def lagged(
        cls, covariance: Callable[[Array], Array], products: Array, shares: Array
    ) -> EpochNoise:
        """Return it for products of responses that are 0, 1, ... steps old, shape (T, N, N)."""
        responses = np.fft.rfft(np.roll(products, 1, axis=0), axis=0)
        return cls(covariance, responses, np.sqrt(products.sum(axis=0)), shares)

    @property
    def _scale(self) -> Array:
        """What makes the operator nearly symmetric."""
        return np.asarray(np.sqrt(self.shares)[:, None, None] / self.roots)

    def moments(self, C: Array) -> Array:
        """Return the second moments at the gradients' points that T matrices make."""
        T = self.shares.size
        return np.fft.irfft(self.responses * np.fft.rfft(C, axis=0), n=T, axis=0)

    def applied(self, Y: Array) -> Array:
        """Return what the operator makes of C = scale * Y, in the same units."""
        moments = self.moments(self._scale * Y)
        images = self.shares[:, None, None] * _by_rank(self.covariance, moments)
        return np.asarray(images / self._scale)

    def leading(self, start: Array, tolerance: float) -> tuple[float, Array, float]:
        """Return the radius, the matrices C that belong to it, and what `leading_pair` left over.

        Parameters
        ----------
        start : array of shape (T, N, N)
            Matrices C to begin with.
        tolerance : float
            Of the residual, relative.
        """
        value, Y, left = leading_pair(self.applied, start / self._scale, tolerance)
        C = self._scale * Y
        return value, np.asarray(C * np.sign(np.einsum("tii->", C))), left

    def resting(self, stirred: Array) -> Array:
        """Return the matrices C to which noise tends that is stirred by a covariance of one sample.

        Or by one for each step. They solve C = T C + shares * stirred, by GMRES.
        """
        from scipy.sparse.linalg import LinearOperator, gmres  # slow to import

        right = self.shares[:, None, None] * stirred / self._scale

        def left(Y: Array) -> Array:
            return np.asarray(Y - self.applied(Y.reshape(right.shape)).ravel())

        operator = LinearOperator((right.size,) * 2, left, dtype=float)
        # where rounding leaves more than is asked for, further cycles would not help
        Y, _ = gmres(operator, right.ravel(), rtol=_LEFT, restart=MOST_STEPS, maxiter=_CYCLES)
        return np.asarray(self._scale * Y.reshape(right.shape))


def _by_rank(covariance: Callable[[Array], Array], matrices: Array) -> Array:
    """Return the covariances of T matrices by no more passes than they have dimensions."""
    flat = matrices.reshape(len(matrices), -1)
    left, sizes, right = np.linalg.svd(flat, full_matrices=False)
    kept = sizes > _FULL * sizes[0]
    made = [covariance(row.reshape(matrices.shape[1:])) for row in right[kept]]
    return np.tensordot(left[:, kept] * sizes[kept], np.array(made), 1)
