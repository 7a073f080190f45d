r"""Largest momentum of Kaczmarz: orthogonal equations allow it above 1/2, and many only 1/2.

With the rate 1 and :math:`w\leftarrow w-x_ix_i^T(w-w_*)+\beta(w-w_-)`, n orthogonal equations that
are drawn alike are solved in mean square exactly below

.. math:: \beta=\frac{\sqrt{(n-2)^2+8n^2}-(n-2)}{4n}\to\frac12.

Method: the momentum at which the map of all second moments of (w, w_-), the mean over the rows, has
the spectral radius 1.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import spectral_radius

STATEMENT = Statement(
    "Largest momentum of Kaczmarz",
    "of our own, by the exact verdict on samples",
    tolerance=1e-8,
    reason="radii of maps in floats, which cross 1 at an angle",
)


def claim(n: int) -> float:
    """Return the largest momentum."""
    return (math.sqrt((n - 2) ** 2 + 8 * n**2) - (n - 2)) / (4 * n)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for 2 to 6 equations, in turned axes."""
    cases = []
    for n in range(2, 7):
        Q, _ = np.linalg.qr(np.random.default_rng(n).normal(size=(n, n)))
        found = brentq(lambda beta, rows=Q: _radius(rows, beta) - 1, 0.3, 0.95, xtol=1e-13)
        cases.append(Case(f"{n} equations", float(found), claim(n)))
    return cases


def _radius(rows: np.ndarray, beta: float) -> float:
    n, one = len(rows), np.eye(rows.shape[1])
    move = np.zeros((4 * n * n, 4 * n * n))
    for x in rows:
        step = np.block([[(1 + beta) * one - np.outer(x, x), -beta * one], [one, 0 * one]])
        move += np.kron(step, step) / n
    return float(spectral_radius(move))


PERTURBED: dict[str, Claim] = {
    "1/2": lambda n: 0.5,
    "1, as full batches": lambda n: 1.0,
    "for n + 1 equations": lambda n: claim(n + 1),
}
