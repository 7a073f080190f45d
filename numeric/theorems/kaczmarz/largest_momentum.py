r"""Largest momentum of Kaczmarz: every system bears 1/2, and more by its least eigenvalue.

With the rate 1, :math:`w\leftarrow w-H_i(w-w_*)+\beta(w-w_-)` for projections :math:`H_i` converges
in mean square, from every start in their span, for

.. math:: \beta<\frac{\sqrt{(1-2\lambda)^2+8}-(1-2\lambda)}4,\qquad\lambda=\lambda_{\min}(H),

above 1/2, and no further if H is a multiple of the identity. Proof by the exact verdict, with the
sums of squares :math:`h_{ij}` of its theory: for C = diag(1 / h_ii)

.. math:: E H_i(h\circ C)H_i-H(h\circ C)H=H-H^2\prec C

exactly if :math:`1-\lambda_i<(1-\beta)(2-\lambda_i/(1+\beta))` for every eigenvalue.

Method: the radius of the map of all second moments of two iterates, the mean over the rows. Where
H is a multiple of the identity, the momentum at which it is 1; elsewhere what it exceeds 1 by.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import spectral_radius

STATEMENT = Statement(
    "Largest momentum of Kaczmarz",
    "of our own, by the exact verdict on samples",
    tolerance=1e-8,
    reason="radii of maps in floats, which cross 1 at an angle",
)


def claim(least: float) -> float:
    """Return the largest momentum, by the least eigenvalue."""
    return (math.sqrt((1 - 2 * least) ** 2 + 8) - (1 - 2 * least)) / 4


def check(claim: Claim = claim) -> list[Case]:
    """Compare for one or two bases of 2 to 5 dimensions, and for random rows."""
    cases = []
    for d in range(2, 6):
        rng = np.random.default_rng(d)
        bases = [np.linalg.qr(rng.normal(size=(d, d)))[0] for _ in range(1 + d % 2)]
        rows = np.concatenate(bases)
        found = brentq(lambda beta, rows=rows: _radius(rows, beta) - 1, 0.3, 0.95, xtol=1e-13)
        cases.append(Case(f"{len(rows)} rows of {d}, orthogonal", float(found), claim(1 / d)))
    for place in range(6):
        rng = np.random.default_rng(place)
        rows = rng.normal(size=(4 + place, 2 + place % 3)) + place % 2
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        beta = claim(float(np.linalg.eigvalsh(rows.T @ rows / len(rows))[0]))
        excess = max(_radius(rows, beta) - 1, 0.0)
        cases.append(Case(f"random rows {place}", excess, 0.0))
    return cases


def _radius(rows: Array, beta: float) -> float:
    one = np.eye(rows.shape[1])
    move = np.zeros((4 * one.size, 4 * one.size))
    for x in rows:
        step = np.block([[(1 + beta) * one - np.outer(x, x), -beta * one], [one, 0 * one]])
        move += np.kron(step, step) / len(rows)
    return float(spectral_radius(move))


PERTURBED: dict[str, Claim] = {
    "1/2": lambda least: 0.5,
    "1, as full batches": lambda least: 1.0,
    "by twice the eigenvalue": lambda least: claim(2 * least),
}
