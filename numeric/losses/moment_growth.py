r"""By which factor second moments on samples grow, or shrink, in a long run: the radius of a step.

It is the inverse of the discount x at which the radius of
:math:`x\kappa\mathcal M(h(x)\circ\cdot)` is 1, with the h(x) of `MomentMap.products`: there the
discounted sum of all moments ceases to be finite. Where none below the inverse square of the
slowest root of a mode is, the modes alone decide.
"""

from __future__ import annotations

import math

from scipy.optimize import brentq

from sgdmem.numeric.losses.moment_map import MomentMap
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.verdicts.sampled_radius import ritz_pair

_TOLERANCE = 1e-13  # relative, of the radius
_NEAREST, _FARTHEST = 34.0, 1e-4  # logarithms of the distance from the modes' own growth


def second_moment_growth(mapping: MomentMap, samples: Samples) -> float:
    """Return the radius of a step on second moments, in plain floats."""
    root, share = mapping.slowest_root, mapping.run.share
    if root == 0:
        root = float(mapping.run.eigenvalues[0]) * 1e-8  # finite, and far below what noise feeds
    last = root**-2

    def excess(place: float) -> float:
        discount = -last * math.expm1(-place)
        products = mapping.products(discount)
        radius = ritz_pair(samples.images, products, lambda x: x.error <= _TOLERANCE).value
        return math.log(discount * share * radius) if radius > 0 else -math.inf

    low, high = 1.0, 1.0
    while excess(high) < 0:
        low, high = high, 1.5 * high
        if high > _NEAREST:
            return root**2
    while low == high or excess(low) > 0:
        low /= 2
        if low < _FARTHEST:
            break
    place = brentq(excess, low, high, xtol=1e-13, rtol=1e-13)
    return float(-1 / (last * math.expm1(-place)))
