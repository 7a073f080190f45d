"""Without noise: where the method is stable, and how far eigenvalues are from its end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.noise_sums.mode_summands import rational_algorithm
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.stability.interlacing import interlacing_edge
from sgdmem.symbolic.stability.poles import noiseless_intervals

_NONE = Fraction(0)
LISTED = 2**12  # eigenvalues of a long power law that are taken one by one where there are gaps


def noiseless_floats(algorithm: Algorithm, weight_decay: Fraction = _NONE) -> list[Interval]:
    """Return the eigenvalues at which P - lambda Q is strictly Schur: intervals of floats.

    With ``weight_decay`` in the gradient.
    """
    found = noiseless_intervals(rational_algorithm(algorithm), weight_decay)
    floats = [(to_float(lower), to_float(upper)) for (lower, _), (_, upper) in found]
    return [(lower, upper) for lower, upper in floats if lower < upper]


def noiseless_proof(algorithm: Algorithm) -> str:
    """Return how the intervals of `noiseless_floats` are proved.

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.named_algorithms import heavy_ball, qhm
    >>> noiseless_proof(heavy_ball(0.1, 0.9)), noiseless_proof(qhm(0.1, 0.9, 1.2))
    ('poles and zeros interlace', 'crossings of the unit circle isolated')
    """
    interlaces = interlacing_edge(rational_algorithm(algorithm)) is not None
    return "poles and zeros interlace" if interlaces else "crossings of the unit circle isolated"


def noiseless_margin(noiseless: Sequence[Interval], spectrum: Spectrum) -> float:
    """Return the smallest relative distance of an eigenvalue from the end of its interval.

    Negative if an eigenvalue lies in none; of a long power law the first 4,096 are looked at.
    """
    if not noiseless or (spectrum.is_infinite and noiseless[0][0] > 0):
        return -math.inf
    if len(noiseless) == 1 and noiseless[0][0] == 0:
        return 1 - spectrum.largest / noiseless[0][1]
    lam = _listed(spectrum)
    with np.errstate(divide="ignore"):
        room = [np.minimum(1 - lam / high, 1 - low / lam) for low, high in noiseless]
    return float(np.max(room, axis=0).min())


def _listed(spectrum: Spectrum) -> Array:
    """Return the eigenvalues, of a long power law the first ones."""
    law = spectrum.law
    if law is None or not spectrum.is_long_law:
        return spectrum.eigenvalues
    count = LISTED if law.count is None else min(law.count, LISTED)
    return law.eigenvalues(np.arange(1.0, count + 1)).mid


def _last(spectrum: Spectrum) -> float:
    law = spectrum.law
    assert law is not None and law.count is not None  # a finite law
    return float(law.scale * float(law.count) ** -law.exponent)


def gaps(noiseless: Sequence[Interval]) -> list[Interval]:
    """Return the intervals from 0 to infinity that are left between disjoint ascending ones."""
    ends = [0.0, *(end for interval in noiseless for end in interval), math.inf]
    return [(low, high) for low, high in zip(ends[::2], ends[1::2], strict=True) if low < high]


def noiseless_scales(noiseless: Sequence[Interval], spectrum: Spectrum) -> list[Interval]:
    """Return the factors c for which every c * lambda lies in a noiseless interval.

    With weight decay every c * (lambda + omega): the intervals are those without.
    """
    decay = to_float(spectrum.weight_decay)
    if not noiseless or (spectrum.is_infinite and noiseless[0][0] > 0 and not decay):
        return []
    if len(noiseless) == 1 and noiseless[0][0] == 0:
        return [(0.0, noiseless[0][1] / (spectrum.largest + decay))]
    # Forbidden factors: the gaps between the intervals, divided by each eigenvalue.
    lam = _listed(spectrum) + decay
    between = gaps(noiseless)
    with np.errstate(divide="ignore"):
        lows = np.concatenate([low / lam for low, _ in between])
        highs = np.concatenate([high / lam for _, high in between])
    if spectrum.is_long_law and spectrum.count > lam.size:
        # What brings the eigenvalues that are not listed near a gap is not looked at.
        ends = [(noiseless[0][1] / lam[lam.size // 2], math.inf)]
        if decay:  # all of them together
            least = decay if spectrum.is_infinite else decay + _last(spectrum)
            ends = [(low / lam[-1], high / least) for low, high in between]
        lows = np.append(lows, [low for low, _ in ends])
        highs = np.append(highs, [high for _, high in ends])
    order = np.argsort(lows)
    allowed: list[Interval] = []
    reached = 0.0
    for low, high in zip(lows[order], highs[order], strict=True):
        if low > reached:
            allowed.append((reached, float(low)))
        reached = max(reached, float(high))
    return allowed
