r"""The positive operator by which the noise of one step feeds that of later ones.

Once every mode is strictly Schur, a problem is stable exactly when the radius of this operator is
below 1 (theory page "The exact condition"). With the shares :math:`f_k=s_k/(B+\tau_2s_k)` it is the
number :math:`U'_\Sigma=\tau_1\sum_kf_k` for two-parameter noise, the nonnegative matrix
:math:`\mathrm{diag}(f)\,T` for a coupling, and a map on positive semidefinite matrices for samples.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.noise_sums.listed_noise_sum import NoiseSums
from sgdmem.numeric.noise_sums.mode_summands import ModeForm, mode_summands, take
from sgdmem.numeric.noise_sums.noise_sum import explicit_modes
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.coupling import CoupledRadius, coupled_radius
from sgdmem.numeric.spectra.spectrum import Spectrum

_BLOCK = 2**17  # entries of matrices that are held in memory at once
Bounds: TypeAlias = tuple[Array, Array]


@dataclass(frozen=True)
class NoiseOperator(ABC):
    """The operator of a noise on a spectrum; the algorithm enters through its summands."""

    noise: BatchNoise
    spectrum: Spectrum

    @abstractmethod
    def enclose(self, form: ModeForm, sums: NoiseSums, wanted: Array, sharp: bool = True) -> Bounds:
        """Return proved bounds of the radius for each form, given what it sums to.

        They are those of the modes that are certainly strictly Schur and damped. Where ``wanted``
        is false they may be 0 and inf. If they need not be ``sharp``, what takes long stops as
        soon as they are on one side of 1, or would take too long for one point of a map.
        """

    @abstractmethod
    def estimate(self, shares: Array, weights: Array) -> Array:
        """Return the radius in plain floats, shape (A,), for shares of shape (A, N).

        Of samples, for which the shares do not tell it, a lower bound.
        """


class ScalarOperator(NoiseOperator):
    """Two-parameter noise: the radius is the noise sum."""

    def enclose(self, form: ModeForm, sums: NoiseSums, wanted: Array, sharp: bool = True) -> Bounds:
        """Return bounds of U'; exactly 0 where nothing feeds other modes."""
        if not self.noise.spreads:
            return np.zeros(len(wanted)), np.zeros(len(wanted))
        total = self.noise.share1 * sums.noise
        return np.maximum(total.lower, 0.0), total.upper

    def estimate(self, shares: Array, weights: Array) -> Array:
        """Return tau1 times the sum."""
        if self.noise.tau1 == 0:
            return np.zeros(len(shares))
        if self.spectrum.diverges:
            return np.full(len(shares), np.inf)
        return np.asarray(float(self.noise.tau1) * (shares @ weights))


class MatrixOperator(NoiseOperator):
    """Coupled noise: the spectral radius of a nonnegative matrix, by Collatz-Wielandt bounds."""

    def enclose(self, form: ModeForm, sums: NoiseSums, wanted: Array, sharp: bool = True) -> Bounds:
        """Return bounds of the radius of diag(f) T, of some algorithms at once."""
        lam, weights = explicit_modes(self.spectrum)
        inverse_batch = Ball.exactly([self.noise.inverse_batch])
        blocks = self.noise.coupling or ()
        entries = max([weights.size, *(block.entries.mid.size for block in blocks)])
        low, high = np.zeros(len(wanted)), np.full(len(wanted), np.inf)
        places = np.flatnonzero(wanted)
        together = max(1, _BLOCK // entries)
        for start in range(0, places.size, together):
            some = places[start : start + together]
            s = lam * mode_summands(take(form, some), lam).noise
            shares = s / (1 + self.noise.share2 * s) * inverse_batch
            low[some], high[some] = coupled_radius(shares, weights, blocks)
        return low, high

    @cached_property
    def _quick(self) -> CoupledRadius:
        return CoupledRadius(self.spectrum.weights, self.noise.coupling or ())

    def estimate(self, shares: Array, weights: Array) -> Array:
        """Return the radius of diag(f) T, one row after the other, each from the last vectors."""
        return np.array([self._quick(row) for row in shares])
