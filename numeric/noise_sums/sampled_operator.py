"""The noise operator of samples: what questions about its radius ask, and where they stop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cached_property, partial

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.noise_sums.listed_noise_sum import NoiseSums
from sgdmem.numeric.noise_sums.mode_summands import ModeForm, members, mode_summands, single, take
from sgdmem.numeric.noise_sums.noise_operator import Bounds, NoiseOperator
from sgdmem.numeric.noise_sums.pairs import mode_pairs, pairs_of_each, quick_pairs
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.sampled_noise.bounds_without_a_pass import diagonal_radius, longest_sample
from sgdmem.numeric.sampled_noise.ritz_pair import RitzPair
from sgdmem.numeric.sampled_noise.sampled_radius import (
    MOST_PASSES,
    are_floats,
    ritz_pair,
    sampled_radius,
)

ROUNDED = 1e-6  # relative, of lower bounds in plain floats
_BLOCK = 2**22  # entries of an array that is held in memory at once
_CERTAIN = 0.25  # largest relative error of products
_FEW = 12  # passes over the data for a point of a map
# Of the radius in a search, and a part of its distance to 1; and for the same along an edge, where
# a part of it that seems settled elsewhere costs many verdicts.
_SEARCHED, _SHARP = (1e-10, 5e-2), (1e-11, 1e-3)
_SURE = 0.1  # distance from 1 of a radius that ends nothing
_MOST_ERROR = 0.1  # relative, of a radius far below 1 too
_NEAR = 1e-3  # distance from 1 of a radius that short floats do not tell well enough
_FAR_BELOW, _FAR_ABOVE = 0.1, 2.0  # radii that a search need not know
_RESIDUAL = 1e-7  # of the matrix that belongs to the radius


class SampledOperator(NoiseOperator):
    """The noise of samples: a map on positive semidefinite matrices, see `sampled_radius`."""

    def enclose(self, form: ModeForm, sums: NoiseSums, wanted: Array, sharp: bool = True) -> Bounds:
        """Return bounds of the radius to a relative 1e-6, closer where they would enclose 1."""
        done, passes = (is_close, MOST_PASSES) if sharp else (_decides, _FEW)
        low, high = self.bounds_without_a_pass(form, wanted)
        if self._share == 0:
            return np.where(wanted, 0.0, low), np.where(wanted, 0.0, high)
        asked = [
            index
            for index in np.flatnonzero(wanted).tolist()
            if not done(float(low[index]), float(high[index]))
        ]
        if not asked:
            return low, high
        some = take(form, np.array(asked)) if members(form) > 1 else form
        for place, (index, pairs) in enumerate(
            zip(asked, pairs_of_each(some, self.spectrum.eigenvalues), strict=True)
        ):
            within = float(low[index]), float(high[index])
            low[index], high[index] = self.radius(
                partial(single, some, place), pairs, done, passes, within
            )
        return low, high

    @cached_property
    def _share(self) -> float:
        return float(self.noise.share)

    def bounds_without_a_pass(self, form: ModeForm, wanted: Array) -> Bounds:
        """Return bounds from the diagonal of the operator, and from its longest sample."""
        low, high = np.zeros(len(wanted)), np.full(len(wanted), np.inf)
        least, most = self.extreme_shares
        for some, s in self.summands(form, wanted):
            low[some] = least * diagonal_radius(self.samples, s.lower)
            high[some] = most * longest_sample(self.samples, s.upper)
        return low, high

    def summands(self, form: ModeForm, wanted: Array) -> Iterator[tuple[Array, Ball]]:
        """Yield places of some forms, and what they sum to."""
        lam = Ball(self.spectrum.eigenvalues)
        places = np.flatnonzero(wanted)
        rows = max(1, _BLOCK // lam.mid.size)
        for start in range(0, places.size, rows):
            some = places[start : start + rows]
            yield some, lam * mode_summands(take(form, some), lam).noise

    def radius(
        self,
        form: Callable[[], ModeForm],
        pairs: tuple[Array, float],
        done: Callable[[float, float], bool],
        passes: int,
        within: Interval,
    ) -> Interval:
        """Return bounds of the radius for one form and its `mode_pairs`, until they are ``done``.

        What makes the form, shape (1, 1), takes a while, and few need it.
        """
        share = self._share
        low, high = self._unit_radius(
            pairs,
            lambda low, high: done(share * low, share * high),
            passes,
            (within[0] / share, within[1] / share),
        )
        return share * low * (1 - 4 * UNIT), share * high * (1 + 4 * UNIT)

    def _unit_radius(
        self,
        pairs: tuple[Array, float],
        done: Callable[[float, float], bool],
        passes: int = MOST_PASSES,
        within: Interval = (0.0, math.inf),
    ) -> Interval:
        products, error = pairs
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
        least, _ = self.extreme_shares
        batch = least / float(self.noise.inverse_batch)  # the shares have 1 / B
        return batch * diagonal_radius(self.samples, shares)

    @cached_property
    def extreme_shares(self) -> Interval:
        """Those of the least and the most noisy batches: the radius is between those of each."""
        full, last = map(float, self.noise.shares)
        return min(full, last), max(full, last)

    def ceiling(self, shares: Array) -> Array:
        r"""Return upper bounds in plain floats, shape (A,), for shares of shape (A, N).

        In the spectral norm :math:`N=p\circ C` is at most :math:`\max p_{ii}` times as large as C,
        and the image of a matrix, by a positive map, at most its norm times as that of 1.
        """
        _, most = self.extreme_shares
        batch = most / float(self.noise.inverse_batch)  # the shares have 1 / B
        return np.asarray(batch * self._largest_image * shares.max(axis=1))

    @cached_property
    def _largest_image(self) -> float:
        """The spectral norm of the image of 1."""
        return float(np.linalg.norm(self.samples.images.of_identity, 2))

    def refined(
        self, form: ModeForm, scales: Array, low: Array, high: Array, sharp: bool = False
    ) -> Array:
        """Return the radius in plain floats where bounds leave open whether it is far below 1.

        The forms of shape (A, 1), or (1, 1), are asked at the eigenvalues times ``scales``.
        Elsewhere it is the lower bound, or above 1 as many times that as where it is largest below:
        a function that jumped there would seem to turn.
        """
        found = np.array(low)
        asked = np.flatnonzero((low < 1) & ~(high <= _FAR_BELOW))
        asked = asked[np.argsort(-low[asked])]  # what is found near 1 tells of the others
        for index in asked.tolist():
            one, lam = single(form, index), float(scales[index]) * self.spectrum.eigenvalues
            products = quick_pairs(one, lam)
            if not are_floats(products):
                found[index] = 0.0 if ((products >= 0) & (products < math.inf)).all() else math.inf
                continue
            radius, _ = self.quick_radius(one, lam, products, float(low[index]), sharp)
            found[index] = max(low[index], radius)  # both are lower bounds
        if asked.size:
            last = asked[0]
            if 0 < low[last] <= found[last] < math.inf:
                found[low >= 1] *= found[last] / low[last]
        return found

    def quick_radius(
        self,
        form: ModeForm,
        eigenvalues: Array,
        products: Array,
        low: float,
        sharp: bool = False,
    ) -> tuple[float, float]:
        """Return the radius in plain floats, closely where it is near 1.

        And about how far it may be off, over it; 0 if it is settled, or on which side of 1 it is.
        A Ritz value may seem settled at another eigenvalue of the operator: not below the bound
        ``low`` of its largest one.
        """
        least = low * (1 - ROUNDED) / self.extreme_shares[0]

        def is_settled(ritz: RitzPair) -> bool:
            return ritz.value >= least and self._is_settled(ritz, sharp)

        images = self.samples.images
        if images.short is not None:
            found = ritz_pair(images.short, products, lambda x: is_settled(x) or self._is_near(x))
            if is_settled(found) and not self._is_near(found):
                return self._share * found.value, 0.0
        found = ritz_pair(images, products, is_settled)
        radius = self._share * found.value
        sure = abs(radius - 1) >= max(_SURE, 2 * found.error)
        settled = sure or found.is_invariant or self._is_settled(found, sharp)
        return radius, 0.0 if settled else found.error

    def unsettled(self, form: ModeForm, scale: float) -> float:
        """Return about how far the radius may be from that of `refined`, over it; 0 if settled."""
        lam = scale * self.spectrum.eigenvalues
        products = quick_pairs(form, lam)
        return self.quick_radius(form, lam, products, 0.0)[1] if are_floats(products) else 0.0

    def _is_near(self, ritz: RitzPair) -> bool:
        """Whether the radius is so near to 1 that a search needs more digits than short floats."""
        away = abs(self._share * ritz.value - 1)
        return away <= _NEAR and ritz.error <= _NEAR

    def _is_settled(self, ritz: RitzPair, sharp: bool) -> bool:
        """Whether a search knows the radius well enough, and so on which side of 1 it is."""
        radius, (error, part) = self._share * ritz.value, _SHARP if sharp else _SEARCHED
        return ritz.error <= _MOST_ERROR and (
            radius >= _FAR_ABOVE or ritz.error * radius <= max(error, part * abs(radius - 1))
        )

    def leading_matrix(self, form: ModeForm) -> Array:
        """Return the matrix N of the radius, in whitened coordinates; in plain floats."""
        products = quick_pairs(form, self.spectrum.eigenvalues)
        images = self.samples.images
        return ritz_pair(images, products, lambda ritz: ritz.residual <= _RESIDUAL).matrix

    def critical_batch_size(self, form: ModeForm) -> float:
        """Return the size of all batches at which the radius, a multiple of the share, is 1."""
        low, high = self._unit_radius(mode_pairs(form, self.spectrum.eigenvalues), is_close)
        if math.isinf(high):
            return high
        radius, n = (low + high) / 2 / self.samples.trace_share, len(self.samples)
        distinct = not self.samples.drawing.replacement and n > 1
        return n * radius / (n - 1 + radius) if distinct else radius


def _decides(low: float, high: float) -> bool:
    """Whether bounds are on one side of 1."""
    return low >= 1 or high < 1


def is_close(low: float, high: float) -> bool:
    """Whether bounds decide, and are close; or are so close that more steps would not help."""
    width = high - low
    decided = not low < 1 <= high
    return math.isfinite(high) and (width <= 1e-10 * high or (decided and width <= 1e-6 * high))
