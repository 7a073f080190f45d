"""The noise operator of samples whose epochs end with a smaller batch."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.noise_sums.mode_summands import ModeForm
from sgdmem.numeric.noise_sums.pairs import mode_pairs, quick_pairs
from sgdmem.numeric.noise_sums.sampled_operator import ROUNDED, SampledOperator, is_close
from sgdmem.numeric.sampled_noise.epoch_bounds import EpochBounds
from sgdmem.numeric.sampled_noise.epoch_radius import EpochNoise, require_possible
from sgdmem.numeric.sampled_noise.mode_states import ModeStates
from sgdmem.numeric.sampled_noise.sampled_radius import are_moderate, ritz_pair
from sgdmem.symbolic.algebra.routh import HalfPlaneForm

_ROUGH, _CLOSE, _SMALL = 1e-2, 1e-9, 1e-11  # residuals of a start, of searches, of proofs


class EpochOperator(SampledOperator):
    """That of samples in batches of two sizes, see `epoch_radius`."""

    def radius(
        self,
        form: Callable[[], ModeForm],
        pairs: tuple[Array, float],
        done: Callable[[float, float], bool],
        passes: int,
        within: Interval,
    ) -> Interval:
        """Return bounds of the radius, between those of both sizes if that is enough."""
        least, most = self.extreme_shares
        known = (within[0] / most, within[1] / least)

        def enough(low: float, high: float) -> bool:
            return done(least * low, most * high) or high < (1 + _ROUGH) * low

        low, high = self._unit_radius(pairs, enough, passes, known)
        low = max(within[0], least * low * (1 - 4 * UNIT))
        high = min(within[1], most * high * (1 + 4 * UNIT))
        if done(low, high):
            return low, high
        one = form()
        products = quick_pairs(one, self.spectrum.eigenvalues)
        if not (math.isfinite(high) and are_moderate(products)):
            return low, high
        states, noise, start = self._epoch(one, self.spectrum.eigenvalues, products)
        if not np.isfinite(noise.responses).all():  # beyond the range of floats
            return low, high
        radius, leading, _ = noise.leading(start, _SMALL)
        found = EpochBounds(self.samples, states, noise, leading).enclose(radius, done)
        return max(low, found[0]), min(high, found[1])

    def reference(self, form: ModeForm) -> float:
        """Return the radius for batches of one size with the mean share."""
        low, high = self.bounds_without_a_pass(form, np.array([True]))
        least, most = self.extreme_shares
        known = float(low[0]) / least, float(high[0]) / most  # all that is, where w hears nothing
        pairs = mode_pairs(form, self.spectrum.eigenvalues)
        return float(self.noise.share) * sum(self._unit_radius(pairs, is_close, within=known)) / 2

    def quick_radius(
        self,
        form: ModeForm,
        eigenvalues: Array,
        products: Array,
        low: float,
        sharp: bool = False,  # near 1 it always is
    ) -> tuple[float, float]:
        """Return the radius in plain floats; the reference where both sizes decide."""
        least, most = self.extreme_shares
        known = ritz_pair(
            self.samples.images,
            products,
            lambda ritz: least * ritz.value >= low * (1 - ROUNDED) and ritz.error <= _ROUGH,
        )
        if least * known.value < 1 < (1 + 4 * _ROUGH) * most * known.value:
            _, noise, start = self._epoch(form, eigenvalues, products)
            if np.isfinite(noise.responses).all():
                radius, _, left = noise.leading(start, _CLOSE)
                return radius, left if left > _CLOSE else 0.0
        rough = known.error > _ROUGH and not known.is_invariant
        return float(self.noise.share) * known.value, known.error if rough else 0.0

    def resting(self, form: ModeForm, stirred: Array) -> Array:
        """Return the mean over an epoch of the matrices C to which stirred noise tends."""
        products = quick_pairs(form, self.spectrum.eigenvalues)
        if not are_moderate(products):  # of steps that hardly move w
            return np.zeros_like(products)
        _, noise, _ = self._epoch(form, self.spectrum.eigenvalues, products)
        return np.asarray(noise.resting(stirred).mean(axis=0))

    def _epoch(
        self, form: ModeForm, eigenvalues: Array, products: Array
    ) -> tuple[ModeStates, EpochNoise, Array]:
        """Return the states, what their noise does, and matrices to begin with."""
        assert isinstance(form, HalfPlaneForm)  # from `form_under`
        form = form if isinstance(form.pull, Ball) else form.map(Ball)
        shares = self.noise.shares_in_order
        require_possible(self.samples, shares.size, len(form.fixed))
        states = ModeStates.of(form, eigenvalues, np.diag(products))
        noise = EpochNoise.of(self.samples.covariance, states, products, shares)
        images = self.samples.images
        matrix = ritz_pair(images, products, lambda ritz: ritz.residual <= _ROUGH).matrix
        return states, noise, shares[:, None, None] * matrix / products
