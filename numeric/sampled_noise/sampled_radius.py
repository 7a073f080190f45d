r"""The radius of the noise operator of samples, between proved bounds.

From below by a Ritz value, from above by a matrix inequality (`ritz_pair`),
until a question is answered.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.compilation.progress import expect_passes
from sgdmem.numeric.problems.images import RememberedImages
from sgdmem.numeric.sampled_noise.ritz_pair import RitzPair

MOST_PASSES = 60
_SETTLED, _NEAR = 1e-10, 1e-2  # relative, of residuals and of bounds that more passes cannot mend
_FIRST_TRIED, _SHARPER = 1e-4, 1e-2  # residual, and its fall, that repay a bound with one more pass
_COARSE = 2e-3  # residual, beside which one more pass tells the radius to 1e-10
_MODERATE = 1e100  # ratio of products that squares of them leave in the range of floats


def sampled_radius(
    images: RememberedImages,
    products: Array,
    error: float,
    done: Callable[[float, float], bool],
    passes: int = MOST_PASSES,
    within: Interval = (0.0, np.inf),
) -> Interval:
    r"""Return bounds of the radius for :math:`\kappa=1`.

    Parameters
    ----------
    images : RememberedImages
        Of the samples.
    products : array of shape (N, N)
        lambda_i lambda_j h_ij.
    error : float
        A bound of their relative errors, below 1/4.
    within
        Bounds that are known.
    done
        Asked with a lower and an upper bound whether they are close enough.
    passes
        The most passes over the data.
    """
    low, high = within
    if done(low, high) or not are_moderate(products):
        return low, high
    ritz = RitzPair(images, products)
    try:
        return _enclosed(ritz, error, done, passes, within)
    finally:  # after an interrupt too
        ritz.remember()


def _enclosed(
    ritz: RitzPair,
    error: float,
    done: Callable[[float, float], bool],
    passes: int,
    within: Interval,
) -> Interval:
    low, high = within
    is_rounding = False
    tried = _FIRST_TRIED / _SHARPER  # the residual, when a preview was last asked for a bound
    width, residual = 1.0, 1.0  # of the last upper bound, over the radius, and the residual there
    for left in range(passes, -1, -1):
        low = max(low, ritz.lower_bound() * (1 - 2 * error))
        if done(low, high):
            break
        # of many samples what is left of the width then is rounding of the passes
        is_rounding = ritz.images.preview is not None and ritz.residual <= _SETTLED
        last = left == 0 or ritz.is_invariant or is_rounding
        hoped = max(low, ritz.value) * (1 + width * ritz.residual / residual)
        if last or done(low, min(high, hoped)):
            high = min(high, ritz.upper_bound(error))
            width, residual = max(high / low - 1, 1e-15) if low else 1.0, ritz.residual
            if done(low, high):
                break
            if left and ritz.residual <= tried * _SHARPER and low:
                high, tried = min(high, ritz.bound_by_preview(error)), ritz.residual
                if done(low, high):
                    break
        if last:
            break
        expect_passes(ritz.passes_left())
        ritz.extend()
    close = is_rounding and high <= low * (1 + _NEAR)
    if 0 < low < np.inf and not (close or done(low, high)):
        for bound in ritz.bounds_by_powers(error, low):
            high = min(high, bound)
            if done(low, high):
                break
    return low, max(low, high)


def ritz_pair(
    images: RememberedImages,
    products: Array,
    settled: Callable[[RitzPair], bool],
) -> RitzPair:
    """Return the radius for kappa = 1 in plain floats, a lower bound to rounding, and its matrix.

    They may not be ``settled`` after all passes: see their ``error``.
    """
    largest = float(products.max())
    ritz = RitzPair(images, np.maximum(products, largest / _MODERATE), _COARSE)
    try:
        while not (settled(ritz) or ritz.is_invariant or ritz.passes >= MOST_PASSES):
            expect_passes(ritz.passes_left())
            ritz.extend()
    finally:  # after an interrupt too
        ritz.remember()
    return ritz


def are_floats(products: Array) -> bool:
    """Whether products of pairs are neither 0 nor infinite: within the range of floats."""
    return bool(((products > 0) & (products < math.inf)).all())


def are_moderate(products: Array) -> bool:
    """Whether cubes of products, and squares of their ratios, are in the range of floats.

    Directions in which a radius is looked for are as small as the square roots of the cubes.
    """
    least, largest = float(products.min()), float(products.max())
    return 1 / _MODERATE < largest < 1e280 and least > largest / _MODERATE
