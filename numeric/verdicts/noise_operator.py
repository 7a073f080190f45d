r"""The positive operator by which the noise of one step feeds that of later ones.

Once every mode is strictly Schur, a problem is stable exactly when the radius of this operator is
below 1 (theory page "The exact condition"). With the shares :math:`f_k=s_k/(B+\tau_2s_k)` it is the
number :math:`U'_\Sigma=\tau_1\sum_kf_k` for two-parameter noise, the nonnegative matrix
:math:`\mathrm{diag}(f)\,T` for a coupling, and a map on positive semidefinite matrices for samples.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeAlias

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.problems.coupling import CoupledRadius, coupled_radius
from sgdmem.numeric.problems.noise import BatchNoise
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.sampled_noise.bounds_without_a_pass import diagonal_radius, longest_sample
from sgdmem.numeric.sampled_noise.epoch_bounds import EpochBounds
from sgdmem.numeric.sampled_noise.epoch_radius import EpochNoise, require_possible
from sgdmem.numeric.sampled_noise.mode_pairs import mode_pairs, quick_pairs
from sgdmem.numeric.sampled_noise.mode_states import ModeStates
from sgdmem.numeric.sampled_noise.ritz_pair import RitzPair
from sgdmem.numeric.sampled_noise.sampled_radius import (
    MOST_PASSES,
    are_floats,
    are_moderate,
    ritz_pair,
    sampled_radius,
)
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.listed_noise_sum import NoiseSums
from sgdmem.numeric.verdicts.mode_summands import mode_summands, take
from sgdmem.numeric.verdicts.noise_sum import explicit_modes
from sgdmem.symbolic.algebra.routh import HalfPlaneForm

Bounds: TypeAlias = tuple[Array, Array]
_BLOCK = 2**22  # entries of an array that is held in memory at once
_CERTAIN = 0.25  # largest relative error of products
_FEW = 12  # passes over the data for a point of a map
_ERROR, _PART = 1e-11, 1e-3  # of the radius in a search, and a part of its distance to 1
_SURE = 0.1  # distance from 1 of a radius that ends nothing
_MOST_ERROR = 0.1  # relative, of a radius far below 1 too
_ROUNDED = 1e-6  # relative, of lower bounds in plain floats
_RESIDUAL = 1e-7  # of the matrix that belongs to the radius
_FAR = 2.0  # radius of the diagonal part from which no estimate is needed
_NODES, _MANY_MODES = 4, 500  # forms that are asked for one; where it takes long a single one
_NEAR = 1e-3  # relative error of a radius there
_NEARLY = 0.9  # of an estimate: smaller lower bounds are not near the radius
_ROUGH, _CLOSE, _SMALL = 1e-2, 1e-9, 1e-11  # residuals of a start, of searches, of proofs


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
        least, most = self._extreme_shares
        for some, s in self._summands(form, wanted):
            low[some] = least * diagonal_radius(self.samples, s.lower)
            high[some] = most * longest_sample(self.samples, s.upper)
        return low, high

    def _summands(self, form: HalfPlaneForm, wanted: Array) -> Iterator[tuple[Array, Ball]]:
        """Yield places of some forms, and what they sum to."""
        lam = Ball(self.spectrum.eigenvalues)
        places = np.flatnonzero(wanted)
        rows = max(1, _BLOCK // lam.mid.size)
        for start in range(0, places.size, rows):
            some = places[start : start + rows]
            yield some, lam * mode_summands(take(form, some), lam).noise

    def between(self, form: HalfPlaneForm, low: Array, high: Array, wanted: Array) -> Array:
        """Return estimates of the radius that change smoothly, given bounds that only decide.

        Where passes were made the lower bound is mostly near the radius. Elsewhere it is that of
        the diagonal part, by which the radius is larger by a factor that changes slowly: it is
        found for a few of the forms, and interpolated by the diagonal part.
        """
        diagonal, found = np.zeros(len(wanted)), np.array(low)
        for some, s in self._summands(form, wanted):
            diagonal[some] = self._extreme_shares[0] * diagonal_radius(self.samples, s.lower)
        near = wanted & (diagonal > 0) & (diagonal < _FAR)
        logs, factors = self._factors(form, diagonal, near & (low <= diagonal))
        if logs:
            between = np.exp(np.interp(np.log(diagonal[near]), logs, factors)) * diagonal[near]
            better = np.where(low[near] < _NEARLY * between, between, low[near])
            found[near] = np.minimum(better, high[near])
        return found

    def _factors(
        self, form: HalfPlaneForm, diagonal: Array, places: Array
    ) -> tuple[list[float], list[float]]:
        """Return logs of radii of the diagonal part, rising, and of the radius over them."""
        lam, logs, factors = self.spectrum.eigenvalues, [], []
        ordered = np.flatnonzero(places)
        ordered = ordered[np.argsort(diagonal[ordered])]
        count = min(_NODES if lam.size <= _MANY_MODES else 1, ordered.size)
        nodes = (np.arange(count) + 0.5) * (ordered.size / max(count, 1))
        for place in ordered[nodes.astype(int)].tolist():
            single, part = take(form, slice(place, place + 1)), float(diagonal[place])
            products = quick_pairs(single, lam)
            if are_floats(products):
                least = part * (1 - _ROUNDED) / self._extreme_shares[0]
                ritz = ritz_pair(self.samples.images, products, partial(_is_roughly, least))
                radius = float(self.noise.share) * ritz.value  # of epochs the reference
                logs.append(math.log(part))
                factors.append(math.log(max(radius / part, 1.0)))  # a part is no larger
        return logs, factors

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
        least, _ = self._extreme_shares
        batch = least / float(self.noise.inverse_batch)  # the shares have 1 / B
        return batch * diagonal_radius(self.samples, shares)

    @property
    def _extreme_shares(self) -> Interval:
        """Those of the least and the most noisy batches: the radius is between those of each."""
        full, last = map(float, self.noise.shares)
        return min(full, last), max(full, last)

    def refined(self, form: HalfPlaneForm, scales: Array, low: Array) -> Array:
        """Return the radius in plain floats where a lower bound leaves stability open.

        The forms of shape (A, 1), or (1, 1), are asked at the eigenvalues times ``scales``.
        """
        found = np.array(low)
        for index in np.flatnonzero(low < 1).tolist():
            place = index if form.pull.shape[0] > 1 else 0
            exact = take(form, slice(place, place + 1)).map(Ball)
            lam = float(scales[index]) * self.spectrum.eigenvalues
            products = quick_pairs(exact, lam)
            if not are_floats(products):
                found[index] = 0.0 if ((products >= 0) & (products < math.inf)).all() else math.inf
                continue
            radius, _ = self.quick_radius(exact, lam, products, float(low[index]))
            found[index] = max(low[index], radius)  # both are lower bounds
        return found

    def quick_radius(
        self, form: HalfPlaneForm, eigenvalues: Array, products: Array, low: float
    ) -> tuple[float, float]:
        """Return the radius in plain floats, closely where it is near 1.

        And about how far it may be off, over it; 0 if it is settled, or on which side of 1 it is.
        A Ritz value may seem settled at another eigenvalue of the operator: not below the bound
        ``low`` of its largest one.
        """
        least = low * (1 - _ROUNDED) / self._extreme_shares[0]
        found = ritz_pair(
            self.samples.images,
            products,
            lambda ritz: ritz.value >= least and self._is_settled(ritz),
        )
        radius = float(self.noise.share) * found.value
        sure = abs(radius - 1) >= max(_SURE, 2 * found.error)
        settled = sure or found.is_invariant or self._is_settled(found)
        return radius, 0.0 if settled else found.error

    def unsettled(self, form: HalfPlaneForm, scale: float) -> float:
        """Return about how far the radius may be from that of `refined`, over it; 0 if settled."""
        exact, lam = form.map(Ball), scale * self.spectrum.eigenvalues
        products = quick_pairs(exact, lam)
        return self.quick_radius(exact, lam, products, 0.0)[1] if are_floats(products) else 0.0

    def _is_settled(self, ritz: RitzPair) -> bool:
        """Whether a search knows the radius well enough, and so on which side of 1 it is."""
        radius = float(self.noise.share) * ritz.value
        return ritz.error <= _MOST_ERROR and (
            ritz.error * radius <= max(_ERROR, _PART * abs(radius - 1))
        )

    def leading_matrix(self, form: HalfPlaneForm) -> Array:
        """Return the matrix N of the radius, in whitened coordinates; in plain floats."""
        products = quick_pairs(form, self.spectrum.eigenvalues)
        images = self.samples.images
        return ritz_pair(images, products, lambda ritz: ritz.residual <= _RESIDUAL).matrix

    def critical_batch_size(self, form: HalfPlaneForm) -> float:
        """Return the size of all batches at which the radius, a multiple of the share, is 1."""
        low, high = self._unit_radius(form, _is_close)
        if math.isinf(high):
            return high
        radius, n = (low + high) / 2, len(self.samples)
        distinct = not self.samples.drawing.replacement and n > 1
        return n * radius / (n - 1 + radius) if distinct else radius


class EpochOperator(SampledOperator):
    """That of samples in batches of two sizes, see `epoch_radius`."""

    def radius(
        self,
        form: HalfPlaneForm,
        done: Callable[[float, float], bool],
        passes: int = MOST_PASSES,
        within: Interval = (0.0, math.inf),
    ) -> Interval:
        """Return bounds of the radius, between those of both sizes if that is enough."""
        if done(*within):
            return within
        least, most = self._extreme_shares
        known = (within[0] / most, within[1] / least)

        def enough(low: float, high: float) -> bool:
            return done(least * low, most * high) or high < (1 + _ROUGH) * low

        low, high = self._unit_radius(form, enough, passes, known)
        low = max(within[0], least * low * (1 - 4 * UNIT))
        high = min(within[1], most * high * (1 + 4 * UNIT))
        products = quick_pairs(form, self.spectrum.eigenvalues)
        if done(low, high) or not (math.isfinite(high) and are_moderate(products)):
            return low, high
        states, noise, start = self._epoch(form, self.spectrum.eigenvalues, products)
        if not np.isfinite(noise.responses).all():  # beyond the range of floats
            return low, high
        radius, leading, _ = noise.leading(start, _SMALL)
        found = EpochBounds(self.samples, states, noise, leading).enclose(radius, done)
        return max(low, found[0]), min(high, found[1])

    def reference(self, form: HalfPlaneForm) -> float:
        """Return the radius for batches of one size with the mean share."""
        low, high = self.bounds_without_a_pass(form, np.array([True]))
        least, most = self._extreme_shares
        known = float(low[0]) / least, float(high[0]) / most  # all that is, where w hears nothing
        return float(self.noise.share) * sum(self._unit_radius(form, _is_close, within=known)) / 2

    def quick_radius(
        self, form: HalfPlaneForm, eigenvalues: Array, products: Array, low: float
    ) -> tuple[float, float]:
        """Return the radius in plain floats; the reference where both sizes decide."""
        least, most = self._extreme_shares
        known = ritz_pair(
            self.samples.images,
            products,
            lambda ritz: least * ritz.value >= low * (1 - _ROUNDED) and ritz.error <= _ROUGH,
        )
        if least * known.value < 1 < (1 + 4 * _ROUGH) * most * known.value:
            _, noise, start = self._epoch(form, eigenvalues, products)
            if np.isfinite(noise.responses).all():
                radius, _, left = noise.leading(start, _CLOSE)
                return radius, left if left > _CLOSE else 0.0
        rough = known.error > _ROUGH and not known.is_invariant
        return float(self.noise.share) * known.value, known.error if rough else 0.0

    def resting(self, form: HalfPlaneForm, stirred: Array) -> Array:
        """Return the mean over an epoch of the matrices C to which stirred noise tends."""
        products = quick_pairs(form, self.spectrum.eigenvalues)
        if not are_moderate(products):  # of steps that hardly move w
            return np.zeros_like(products)
        _, noise, _ = self._epoch(form, self.spectrum.eigenvalues, products)
        return np.asarray(noise.resting(stirred).mean(axis=0))

    def _epoch(
        self, form: HalfPlaneForm, eigenvalues: Array, products: Array
    ) -> tuple[ModeStates, EpochNoise, Array]:
        """Return the states, what their noise does, and matrices to begin with."""
        shares = self.noise.shares_in_order
        require_possible(self.samples, shares.size, len(form.fixed))
        states = ModeStates.of(form, eigenvalues, np.diag(products))
        noise = EpochNoise.of(self.samples.covariance, states, products, shares)
        images = self.samples.images
        matrix = ritz_pair(images, products, lambda ritz: ritz.residual <= _ROUGH).matrix
        return states, noise, shares[:, None, None] * matrix / products


def _one_by_one(
    bounds: Callable[[HalfPlaneForm], Interval], form: HalfPlaneForm, wanted: Array
) -> Bounds:
    """Return the bounds of each form that is wanted, asked by itself; else 0 and inf."""
    low, high = np.zeros(len(wanted)), np.full(len(wanted), np.inf)
    for index in np.flatnonzero(wanted).tolist():
        low[index], high[index] = bounds(take(form, slice(index, index + 1)))
    return low, high


def _is_roughly(least: float, ritz: RitzPair) -> bool:
    """Whether a Ritz value above a lower bound of the radius is known to a thousandth."""
    return ritz.value >= least and ritz.error <= _NEAR


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
        sampled = SampledOperator if noise.epoch is None else EpochOperator
        return sampled(noise, spectrum)
    kind = ScalarOperator if noise.coupling is None else MatrixOperator
    return kind(noise, spectrum)
