"""Estimates of the radius on samples that change smoothly from point to point, for pictures."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.noise_sums.mode_summands import ModeForm, take
from sgdmem.numeric.noise_sums.noise_operator import Bounds
from sgdmem.numeric.noise_sums.pairs import quick_pairs
from sgdmem.numeric.noise_sums.sampled_operator import ROUNDED, SampledOperator
from sgdmem.numeric.sampled_noise.bounds_without_a_pass import diagonal_radius
from sgdmem.numeric.sampled_noise.ritz_pair import RitzPair
from sgdmem.numeric.sampled_noise.sampled_radius import are_floats, ritz_pair

_FAR = 2.0  # radius of the diagonal part from which no estimate is needed
_NODES, _MANY_MODES = 4, 500  # forms that are asked for one; where it takes long a single one
_NEAR = 1e-3  # relative error of a radius there
_NEARLY = 0.9  # of an estimate: smaller lower bounds are not near the radius


def smooth_radius(
    operator: SampledOperator, form: ModeForm, bounds: Bounds, wanted: Array
) -> Array:
    """Return estimates of the radius for each form, given bounds that only decide.

    Where passes were made the lower bound is mostly near the radius. Elsewhere it is that of
    the diagonal part, by which the radius is larger by a factor that changes slowly: it is
    found for a few of the forms, and interpolated by the diagonal part.
    """
    low, high = bounds
    diagonal, found = np.zeros(len(wanted)), np.array(low)
    for some, s in operator.summands(form, wanted):
        diagonal[some] = operator.extreme_shares[0] * diagonal_radius(operator.samples, s.lower)
    near = wanted & (diagonal > 0) & (diagonal < _FAR)
    logs, factors = _factors(operator, form, diagonal, near & (low <= diagonal))
    if logs:
        between = np.exp(np.interp(np.log(diagonal[near]), logs, factors)) * diagonal[near]
        better = np.where(low[near] < _NEARLY * between, between, low[near])
        found[near] = np.minimum(better, high[near])
    return found


def _factors(
    operator: SampledOperator, form: ModeForm, diagonal: Array, places: Array
) -> tuple[list[float], list[float]]:
    """Return logs of radii of the diagonal part, rising, and of the radius over them."""
    lam, samples = operator.spectrum.eigenvalues, operator.samples
    logs, factors = [], []
    ordered = np.flatnonzero(places)
    ordered = ordered[np.argsort(diagonal[ordered])]
    count = min(_NODES if lam.size <= _MANY_MODES else 1, ordered.size)
    nodes = (np.arange(count) + 0.5) * (ordered.size / max(count, 1))
    for place in ordered[nodes.astype(int)].tolist():
        single, part = take(form, slice(place, place + 1)), float(diagonal[place])
        products = quick_pairs(single, lam)
        if are_floats(products):
            least = part * (1 - ROUNDED) / operator.extreme_shares[0]
            ritz = ritz_pair(samples.images, products, partial(_is_roughly, least))
            radius = float(operator.noise.share) * ritz.value  # of epochs the reference
            logs.append(math.log(part))
            factors.append(math.log(max(radius / part, 1.0)))  # a part is no larger
    return logs, factors


def _is_roughly(least: float, ritz: RitzPair) -> bool:
    """Whether a Ritz value above a lower bound of the radius is known to a thousandth."""
    return ritz.value >= least and ritz.error <= _NEAR
