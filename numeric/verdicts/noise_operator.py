r"""The positive operator by which the noise of one step feeds that of later ones.

Once every mode is strictly Schur, a problem is stable exactly when the radius of this operator is
below 1 (theory page "The exact condition"). With the shares :math:`f_k=s_k/(B+\tau_2s_k)` it is the
number :math:`U'_\Sigma=\tau_1\sum_kf_k` for two-parameter noise, the nonnegative matrix
:math:`\mathrm{diag}(f)\,T` for a coupling, and a map on positive semidefinite matrices for samples.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.problems.coupling import CoupledRadius, coupled_radius
from sgdmem.numeric.problems.noise import BatchNoise
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.bounds_without_a_pass import diagonal_radius, longest_sample
from sgdmem.numeric.verdicts.listed_noise_sum import NoiseSums
from sgdmem.numeric.verdicts.mode_pairs import mode_pairs, quick_pairs
from sgdmem.numeric.verdicts.mode_summands import mode_summands, take
from sgdmem.numeric.verdicts.noise_sum import explicit_modes
from sgdmem.numeric.verdicts.ritz_pair import RitzPair
from sgdmem.numeric.verdicts.sampled_radius import MOST_PASSES, ritz_pair, sampled_radius
from sgdmem.symbolic.algebra.routh import HalfPlaneForm

Bounds: TypeAlias = tuple[Array, Array]
_BLOCK = 2**22  # entries of an array that is held in memory at once
_CERTAIN = 0.25  # largest relative error of products
_FEW = 12  # passes over the data for a point of a map
_ERROR, _PART = 1e-11, 1e-3  # of the radius in a search, and a part of its distance to 1
_RESIDUAL = 1e-7  # of the matrix that belongs to the radius


@dataclass(frozen=True)
class NoiseOperator(ABC):
    """The operator of a noise on a spectrum; the algorithm enters through its summands."""

    noise: BatchNoise
    spectrum: Spectrum

    @abstractmethod
    def enclose(
        self, form: HalfPlaneForm, sums: NoiseSums, wanted: Array, sharp: bool = True
    ) -> Bounds:
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

    def enclose(
        self, form: HalfPlaneForm, sums: NoiseSums, wanted: Array, sharp: bool = True
    ) -> Bounds:
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

    def enclose(
        self, form: HalfPlaneForm, sums: NoiseSums, wanted: Array, sharp: bool = True
    ) -> Bounds:
        """Return bounds of the radius of diag(f) T, of one algorithm after the other."""
        lam, weights = explicit_modes(self.spectrum)
        inverse_batch = Ball.exactly([self.noise.inverse_batch])

        def bounds(single: HalfPlaneForm) -> Interval:
            s = lam * mode_summands(single, lam).noise
            shares = (s / (1 + self.noise.share2 * s) * inverse_batch)[0]
            return coupled_radius(shares, weights, self.noise.coupling or ())

        return _one_by_one(bounds, form, wanted)

    @cached_property
    def _quick(self) -> CoupledRadius:
        return CoupledRadius(self.spectrum.weights, self.noise.coupling or ())

    def estimate(self, shares: Array, weights: Array) -> Array:
        """Return the radius of diag(f) T, one row after the other, each from the last vectors."""
        return np.array([self._quick(row) for row in shares])


class SampledOperator(NoiseOperator):
    """The noise of samples: a map on positive semidefinite matrices, see `sampled_radius`."""

    def enclose(
        self, form: HalfPlaneForm, sums: NoiseSums, wanted: Array, sharp: bool = True
    ) -> Bounds:
        """Return bounds of the radius to a relative 1e-6, closer where they would enclose 1."""
        done, passes = (_is_close, MOST_PASSES) if sharp else (_decides, _FEW)
        low, high = self.bounds_without_a_pass(form, wanted)
        for index in np.flatnonzero(wanted).tolist():
            single, within = take(form, slice(index, index + 1)), (low[index], high[index])
            low[index], high[index] = self.radius(single, done, passes, within)
        return low, high

    def bounds_without_a_pass(self, form: HalfPlaneForm, wanted: Array) -> Bounds:
        """Return bounds from the diagonal of the operator, and from its longest sample."""
        low, high = np.zeros(len(wanted)), np.full(len(wanted), np.inf)
        lam, share = Ball(self.spectrum.eigenvalues), float(self.noise.share)
        places = np.flatnonzero(wanted)
        rows = max(1, _BLOCK // lam.mid.size)
        for start in range(0, places.size, rows):
            some = places[start : start + rows]
            s = lam * mode_summands(take(form, some), lam).noise
            low[some] = share * diagonal_radius(self.samples, s.lower)
            high[some] = share * longest_sample(self.samples, s.upper)
        return low, high

    def radius(
        self,
        form: HalfPlaneForm,
        done: Callable[[float, float], bool],
        passes: int = MOST_PASSES,
        within: Interval = (0.0, math.inf),
    ) -> Interval:
        """Return bounds of the radius for one form, shape (1, 1), until they are ``done``."""
        share = float(self.noise.share)
        if share == 0:
            return 0.0, 0.0
        if done(*within):
            return within
        low, high = self._unit_radius(
            form,
            lambda low, high: done(share * low, share * high),
            passes,
            (within[0] / share, within[1] / share),
        )
        return share * low * (1 - 4 * UNIT), share * high * (1 + 4 * UNIT)

    def _unit_radius(
        self,
        form: HalfPlaneForm,
        done: Callable[[float, float], bool],
        passes: int = MOST_PASSES,
        within: Interval = (0.0, math.inf),
    ) -> Interval:
        products, error = mode_pairs(form, self.spectrum.eigenvalues)
        if not error < _CERTAIN:
            return within
        return sampled_radius(self.samples.images, products, error, done, passes, within)

    @property
    def samples(self) -> Samples:
        """Of the noise."""
        assert self.noise.samples is not None  # it would have another operator
        return self.noise.samples

    def estimate(self, shares: Array, weights: Array) -> Array:
        """Return a lower bound from the operator's diagonal part."""
        batch = float(self.noise.share / self.noise.inverse_batch)  # the shares have 1 / B
        return batch * diagonal_radius(self.samples, shares)

    def refined(self, form: HalfPlaneForm, scales: Array, low: Array) -> Array:
        """Return the radius in plain floats where a lower bound leaves stability open.

        The forms of shape (A, 1), or (1, 1), are asked at the eigenvalues times ``scales``.
        """
        found, share = np.array(low), float(self.noise.share)
        for index in np.flatnonzero(low < 1).tolist():
            place = index if form.pull.shape[0] > 1 else 0
            exact = take(form, slice(place, place + 1)).map(Ball)
            lam = float(scales[index]) * self.spectrum.eigenvalues
            products = quick_pairs(exact, lam)
            if not (products > 0).all():  # beyond the range of floats, at one end or the other
                found[index] = 0.0 if (products >= 0).all() else math.inf
                continue
            ritz = ritz_pair(self.samples.images, products, self._is_settled)
            found[index] = max(low[index], share * ritz.value)  # both are lower bounds
        return found

    def _is_settled(self, ritz: RitzPair) -> bool:
        """Whether a search knows the radius well enough, and so on which side of 1 it is."""
        away = abs(float(self.noise.share) * ritz.value - 1)
        return ritz.error <= max(_ERROR, _PART * away)

    def leading_matrix(self, form: HalfPlaneForm) -> Array:
        """Return the matrix N of the radius, in whitened coordinates; in plain floats."""
        products = quick_pairs(form, self.spectrum.eigenvalues)
        images = self.samples.images
        return ritz_pair(images, products, lambda ritz: ritz.residual <= _RESIDUAL).matrix

    def critical_batch_size(self, form: HalfPlaneForm) -> float:
        """Return the batch size at which the radius is 1: the radius is a multiple of the share."""
        low, high = self._unit_radius(form, _is_close)
        if math.isinf(high):
            return high
        radius, n = (low + high) / 2, len(self.samples)
        return radius if self.samples.replacement or n == 1 else n * radius / (n - 1 + radius)


def _one_by_one(
    bounds: Callable[[HalfPlaneForm], Interval], form: HalfPlaneForm, wanted: Array
) -> Bounds:
    """Return the bounds of each form that is wanted, asked by itself; else 0 and inf."""
    low, high = np.zeros(len(wanted)), np.full(len(wanted), np.inf)
    for index in np.flatnonzero(wanted).tolist():
        low[index], high[index] = bounds(take(form, slice(index, index + 1)))
    return low, high


def _decides(low: float, high: float) -> bool:
    """Whether bounds are on one side of 1."""
    return low >= 1 or high < 1


def _is_close(low: float, high: float) -> bool:
    """Whether bounds decide, and are close; or are so close that more steps would not help."""
    width = high - low
    decided = not low < 1 <= high
    return math.isfinite(high) and (width <= 1e-10 * high or (decided and width <= 1e-6 * high))


def noise_operator(noise: BatchNoise, spectrum: Spectrum) -> NoiseOperator:
    """Return the operator of a noise on a spectrum."""
    if noise.samples is not None:
        return SampledOperator(noise, spectrum)
    kind = ScalarOperator if noise.coupling is None else MatrixOperator
    return kind(noise, spectrum)
