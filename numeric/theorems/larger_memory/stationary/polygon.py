r"""Polygon of the symbol: moduli of roots alone bound it.

At a distance s > 0 from a point of the unit circle, straight outwards, with roots :math:`\pi_i` of
P and :math:`\xi_j` of Q relative to that point and :math:`\kappa` the first coefficient of Q,

.. math:: \Bigl|\frac QP\Bigr|\le2^M\Phi(s),\qquad
    \Phi(s)=|\kappa|\frac{\prod_j\max(s,|\xi_j|)}{\prod_i\max(s,|\pi_i|)}.

Method: random roots, those of P in the unit disk, on scales from 10^-6 to 1, those of Q anywhere,
among them all at -s, where the bound is nearly attained. Computed is the largest violation; theory
is that there is none.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.theorems.check import Case, Claim, Statement, larger

STATEMENT = Statement(
    "Polygon of the symbol",
    "docs/theory/larger-memory-stationary, F1",
    tolerance=1e-12,
    reason="rounding of products",
)
_DRAWS = 4000


def claim(height: float, memory: int) -> float:
    """Return the largest symbol where the polygon has a value."""
    return float(2**memory * height)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for random roots, for each memory."""
    return [Case.within(f"memory {M}", largest_ratio(M, _DRAWS, claim)) for M in range(6)]


def polygon(s: Array | float, poles: Array, zeros: Array) -> Array:
    """Return Phi at distances s, in units of the first coefficient of Q."""
    above, below = (np.maximum(np.asarray(s)[..., None], abs(x)) for x in (zeros, poles))
    return np.asarray(above.prod(axis=-1) / below.prod(axis=-1))


def largest_ratio(memory: int, draws: int, claim: Claim = claim) -> float:
    """Return the largest symbol over its bound, for roots drawn at random."""
    rng = np.random.default_rng(memory)
    largest = 0.0
    for draw in range(draws):
        s = 10 ** rng.uniform(-5, 1)
        # |1 + pi| <= 1 is |pi| <= 2 cos(angle from -1)
        angles = rng.uniform(-np.pi / 2, np.pi / 2, memory + 1)
        moduli = 2 * np.cos(angles) * 10 ** rng.uniform(-6, 0, memory + 1)
        poles = -moduli * np.exp(1j * angles)
        if draw % 3:
            zeros = 10 ** rng.uniform(-6, 1, memory) * np.exp(2j * np.pi * rng.random(memory))
        else:
            zeros = np.full(memory, -s + 0j)
        found = np.prod(abs(s - zeros)) / np.prod(abs(s - poles))
        largest = larger(largest, found / claim(float(polygon(s, poles, zeros)), memory))
    return largest


PERTURBED: dict[str, Claim] = {
    "without the power of 2": lambda height, memory: height,
    "2^(M - 1/2)": lambda height, memory: 2 ** (memory - 0.5) * height,
}
