r"""By which factor second moments on samples grow, or shrink, in a long run: the radius of a step.

It is the inverse of the discount x at which the radius of
:math:`x\kappa\mathcal M(h(x)\circ\cdot)` is 1, with the h(x) of `MomentMap.products`, or what
stands for it where batches have two sizes, see `epoch_map`: there the discounted sum of all moments
ceases to be finite. Where none below the inverse square of the slowest root of a mode is, the modes
alone decide.
"""

from __future__ import annotations

import math

from sgdmem.numeric.moments.moment_map import MomentMap
from sgdmem.numeric.problems.samples import Samples

_TOLERANCE = 1e-13  # relative, of the radius
_NEAREST, _FARTHEST = 34.0, -600.0  # places, see below: to rounding, and in the range of floats
_LEAST = 1e-8  # a root far below what noise feeds


def second_moment_growth(mapping: MomentMap, samples: Samples) -> float:
    """Return the radius of a step on second moments, in plain floats; of epochs that of their mean.

    It is looked for as the square of the slowest root times 1 + exp(-place): from any distance, and
    to all digits where it is hardly above that square. Inf beyond the range of floats.
    """
    square = max(mapping.slowest_root, _LEAST) ** 2

    from scipy.optimize import brentq

    def growth(place: float) -> float:
        return square * (1 + math.exp(-place))

    def excess(place: float) -> float:
        radius = mapping.noise_radius(samples, 1 / growth(place), _TOLERANCE)
        return math.log(radius) if radius > 0 else -math.inf

    low, high = 0.0, 1.0
    while excess(high) < 0:
        low, high = high, 1.5 * high
        if high > _NEAREST:
            return square
    while excess(low) > 0:
        low, high = 2 * low - 1, low
        if low < _FARTHEST:
            return math.inf
    return growth(brentq(excess, low, high, xtol=1e-13, rtol=1e-13))
