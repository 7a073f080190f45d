"""Rates in plain floats: the largest roots, and the discount at which noise keeps a method going.

Dividing the state by a factor at each step divides distances by it, and second moments by its
square: a rate is the factor at which the discounted algorithm is on the edge of stability.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import distinct
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.judges.float_problem import FloatProblem
from sgdmem.numeric.noise_sums.long_memory import LONGEST_IN_FLOATS
from sgdmem.numeric.noise_sums.mode_summands import ModeForm, form_under, midpoint_form
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.symbolic.algebra.polynomials import TransferPolynomials, multiply
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, to_half_plane
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm

LEAST = 1e-9  # a rate that is as good as 0
ACCURACY = 1e-13  # relative, of a rate without noise
_LARGEST = 1e6  # a rate that is as good as infinite
_SAMPLED = 129  # eigenvalues of an interval that is looked at


def discounted(algorithm: Algorithm, factor: Any) -> Algorithm:
    """Return the algorithm whose state is divided by a factor at each step.

    Examples
    --------
    >>> from sgdmem import sgd
    >>> half = discounted(sgd("0.5"), Fraction(1, 2))
    >>> half.alpha, half.shrink
    (Fraction(1, 1), Fraction(-1, 1))
    """
    s = Fraction(factor)
    alpha, b, c, D, a, shrink = algorithm.blocks
    found = Algorithm(
        alpha / s,
        b=[x / s for x in b],
        c=[x / s for x in c],
        D=[[x / s for x in row] for row in D],
        a=a,
        shrink=1 - (1 - shrink) / s,
    )
    M = algorithm.memory
    degrees = (M, M + 1, M + 1, M + 1)
    powers = [s ** (k - M - 1) for k in range(M + 2)]  # from those of x, which are derived once
    polynomials = (
        tuple(x * powers[k + M + 1 - degree] for k, x in enumerate(polynomial))
        for polynomial, degree in zip(algorithm.polynomials, degrees, strict=True)
    )
    vars(found)["polynomials"] = TransferPolynomials(*polynomials)
    return found


def discounted_form(algorithm: Algorithm, factor: float, noise: BatchNoise) -> ModeForm:
    """Return the half-plane form of the discounted algorithm, in floats."""
    M = algorithm.memory
    if M > LONGEST_IN_FLOATS:
        return midpoint_form(form_under(noise, [discounted(algorithm, factor)]))
    det_D, _, Q, _ = algorithm.polynomials
    d, q = (
        [np.array([[to_float(x) * factor ** (k - power)]]) for k, x in enumerate(row)]
        for row, power in ((det_D, M), (Q, M + 1))
    )
    shrink = 1 - (1 - to_float(algorithm.shrink)) / factor
    q_hat = to_half_plane(q)
    moving = multiply((-1, 1), q_hat)
    *fixed, decay = multiply((2 - shrink, shrink), to_half_plane(d))
    return HalfPlaneForm(tuple(fixed), moving[:-1], -moving[-1], q_hat, q_hat, decay)


def largest_roots(algorithm: Algorithm, drift: Array) -> Array:
    """Return the largest modulus of a root of P - lambda Q for each lambda, in plain floats."""
    still, v, r = map(np.array, algorithm.blocks.map(to_float).state)
    S = still + drift[:, None, None] * np.outer(v, r)
    if len(v) <= 2:  # also where two roots coincide
        trace = np.trace(S, axis1=1, axis2=2)
        room = (trace / 2) ** 2 - np.linalg.det(S)
        with np.errstate(invalid="ignore"):
            real = np.abs(trace / 2) + np.sqrt(np.maximum(room, 0))
            found = np.where(room < 0, np.sqrt((trace / 2) ** 2 - room), real)
        return np.asarray(found if len(v) == 2 else np.abs(trace))
    return np.asarray(np.abs(np.linalg.eigvals(S)).max(axis=1))


def moment_root(
    algorithm: Algorithm, quick: FloatProblem, least: float, accuracy: float = ACCURACY
) -> float:
    """Return the root of the rate of second moments, in plain floats, from ``least`` on."""
    from scipy.optimize import brentq

    def margin(s: float) -> float:
        form = discounted_form(algorithm, s, quick.noise)
        return max(float(quick.margin(form, np.ones(1))[0]), -1.0)

    low = max(least, LEAST)
    if margin(low * (1 + 1e-12)) > 0:
        return low
    high = max(1.0, low)
    while not margin(high) > 0:
        low, high = high, 2 * high
        if high > _LARGEST:
            return math.inf
    return float(brentq(margin, low, high, rtol=max(accuracy, 1e-15), xtol=1e-300))


def interval_sample(smallest: Any, largest: Any) -> Array:
    """Return eigenvalues between two, closer together at both ends."""
    low, high = float(smallest), float(largest)
    turn = (1 - np.cos(np.pi * np.arange(_SAMPLED) / (_SAMPLED - 1))) / 2
    return distinct(np.concatenate([low + (high - low) * turn, np.geomspace(low, high, _SAMPLED)]))
