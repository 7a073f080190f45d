r"""The end corrections of Euler-Maclaurin summation at midpoints, for power laws.

.. math::
    \sum_{k>K}F(k) - \int_{K+1/2}^\infty F\,dk
    = \frac{F'}{24} - \frac{7F'''}{5760} + \frac{31F^{(5)}}{967680} + r, \qquad
    |r| \le \frac{2\zeta(7)}{(2\pi)^7}\int|F^{(7)}|\,dk

with derivatives at K + 1/2. Combinations of six terms around that place stand for these.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import factorial

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.symbolic.algebra.determinants import determinant_of_numbers

_OFF_CENTER, _END_RADIUS = 0.04, 0.46  # of the disks at the ends, over the eigenvalue there
_SHORT = 512  # terms one by one, beyond which the disks shrink with their number, to this power
_SHRINK = -0.8
_END_TERMS = {1: Fraction(1, 24), 3: Fraction(-7, 5760), 5: Fraction(31, 967680)}
REST = 5.22e-6  # the factor of the integral in r


@lru_cache(maxsize=1)
def end_correction() -> tuple[Array, Array]:
    """Return offsets and weights of the end correction, exact up to the fifth derivative."""
    offsets = [Fraction(1, 2), Fraction(3, 2), Fraction(5, 2)]
    # Solve sum_i 2 w_i x_i^m = m! e_m for m = 1, 3, 5 by Cramer's rule on a Vandermonde matrix.
    matrix = [[2 * x**m for x in offsets] for m in _END_TERMS]
    right = [factorial(m) * e for m, e in _END_TERMS.items()]
    weights = []
    for column in range(3):
        replaced = [
            [right[i] if j == column else row[j] for j in range(3)] for i, row in enumerate(matrix)
        ]
        weights.append(determinant_of_numbers(replaced) / determinant_of_numbers(matrix))
    return (
        np.array([*(-float(x) for x in offsets), *map(float, offsets)]),
        np.array([*(-float(w) for w in weights), *map(float, weights)]),
    )


def end_disks_and_errors(law: PowerLaw, head: int) -> tuple[Ball, Array]:
    """Return the disks at the ends of the integral and the errors of the end corrections.

    Taylor's remainder with Cauchy's estimate of the seventh derivative within 5/2 of the end. After
    a long head terms are close to each other, and small disks keep clear of poles that are near.
    """
    nu = law.exponent
    size = max(1.0, head / _SHORT) ** _SHRINK
    center, radius = 1 + _OFF_CENTER * size, _END_RADIUS * size
    offsets, weights = end_correction()
    spread = float(np.sum(np.abs(weights) * np.abs(offsets) ** 7))  # over 7!, times |F^(7)|
    ends = np.array([head, *([] if law.count is None else [law.count])]) + 0.5
    places = law.scale * ends**-nu
    nearest, farthest = (1 + offsets.min() / ends) ** -nu, (1 + offsets.max() / ends) ** -nu
    room = np.minimum(
        (radius - np.abs(nearest - center)) / nearest,
        (radius - np.abs(farthest - center)) / farthest,
    )
    x = np.log1p(room)
    rho = x / (nu + x)
    largest = places * nearest * np.exp(x) / (rho * (ends + offsets.min())) ** 7
    rounding = 4 * UNIT * (1 + 1 / nu) * ends * places  # the ends of the panels are rounded
    disks = Ball(center * places, radius * places * (1 + 8 * UNIT))
    return disks, 1.01 * (spread * largest + rounding)
