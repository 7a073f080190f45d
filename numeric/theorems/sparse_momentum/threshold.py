r"""Threshold of sparse inputs: one formula for coordinates that are alike, whatever is active when.

SGDM is stable in mean square exactly for

.. math:: \frac1\eta > \frac12\Bigl[\frac{F-p}B+p\,\frac{1-\beta}{1+\beta}\Bigr],\qquad
    F=\frac{E[x_i^2\,x^Tx]}{E[x_i^2]},

the mean square of an input in which coordinate i is active: :math:`d+2` where all are active
together, :math:`(d-1)p+3` where each is by itself, and 2 less for :math:`\pm1` in place of
Gaussian values.

Method: all inputs with their probabilities, a Gaussian value being one of
:math:`0,\pm\sqrt3`, which have the same moments up to the fifth; with them the map of all second
moments of w and m, correlations of coordinates included, is one matrix, whose spectral radius
reaches 1 by bisection.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import product

import numpy as np
from scipy.optimize import brentq

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import Array, spectral_radius

STATEMENT = Statement(
    "Threshold of sparse inputs",
    "arXiv 2605.28961, least squares; sgdmem, docs/systems/sparse-momentum.md",
    tolerance=1e-9,
    reason="radii of matrices up to 36 by 36",
)

_LETTERS = [(0.05, 0.9, 1), (0.3, 0.5, 4), (0.3, -0.4, 2), (0.02, 0.99, 32)]  # p, beta, B
_GAUSSIAN = ((0.0, 2 / 3), (math.sqrt(3), 1 / 6), (-math.sqrt(3), 1 / 6))
_SIGNS = ((1.0, 0.5), (-1.0, 0.5))


def claim(
    activity: str, signs: bool, dimension: int, p: float, momentum: float, batch_size: float
) -> float:
    """Return the largest stable learning rate."""
    others = (dimension - 1) * (p if activity == "independent" else 1.0)
    active = others + (1 if signs else 3)
    noise = (active - p) / batch_size
    return 2 / (noise + p * (1 - momentum) / (1 + momentum))


def check(claim: Claim = claim) -> list[Case]:
    """Compare for four kinds of inputs; of exclusive tokens the rate is that of each."""
    cases = []
    for activity, signs, dimension in (
        ("shared", False, 1), ("shared", False, 3), ("shared", True, 3),
        ("independent", False, 2), ("independent", False, 3), ("independent", True, 3),
        ("exclusive", False, 2), ("exclusive", True, 2),
    ):  # fmt: skip
        for p, momentum, batch_size in _LETTERS:
            found = _edge(activity, signs, dimension, p, momentum, batch_size)
            theory = claim(activity, signs, dimension, p, momentum, batch_size)
            values = "signs" if signs else "Gaussian"
            letters = f"d {dimension}, p {p}, beta {momentum}, B {batch_size}"
            cases.append(Case(f"{activity}, {values}, {letters}", found, theory))
    return cases


def _inputs(activity: str, signs: bool, dimension: int, p: float) -> tuple[Array, Array]:
    """Return all inputs and their probabilities; two tokens if they are exclusive."""
    one = _SIGNS if signs else _GAUSSIAN
    rows, chances = [], []
    for values in product(one, repeat=dimension):
        x = np.array([value for value, _ in values])
        chance = math.prod(weight for _, weight in values)
        if activity == "independent":
            for active in product((0, 1), repeat=dimension):
                rows.append(x * active)
                chances.append(chance * math.prod(p if on else 1 - p for on in active))
        else:
            groups = 2 if activity == "exclusive" else 1
            for group in range(groups):
                rows.append(np.concatenate([x * (k == group) for k in range(groups)]))
                chances.append(chance * p)
    rows.append(np.zeros_like(rows[0]))
    return np.array(rows), np.array([*chances, 1 - sum(chances)])


@cache
def _edge(
    activity: str, signs: bool, dimension: int, p: float, momentum: float, batch_size: int
) -> float:
    X, chances = _inputs(activity, signs, dimension, p)
    H = np.einsum("n,ni,nj->ij", chances, X, X)
    size = X.shape[1]
    # E g g^T of a batch as a matrix on vec(E w w^T)
    fourth = np.einsum("n,ni,nj,nk,nl->ijkl", chances, X, X, X, X).reshape(size**2, size**2)
    drift = np.kron(H, H)
    gradients = drift + (fourth - drift) / batch_size
    identity = np.eye(size)

    def excess(rate: float) -> float:
        ε = 1 - momentum
        # state (w, m): m' = beta m + eps g, w' = w - eta m'
        S = np.block(
            [
                [identity - rate * ε * H, -rate * momentum * identity],
                [ε * H, momentum * identity],
            ]
        )
        push = ε * np.vstack([-rate * identity, identity])
        read = np.hstack([identity, np.zeros((size, size))])
        noise = np.kron(push, push) @ (gradients - drift) @ np.kron(read, read)
        return float(spectral_radius(np.kron(S, S) + noise)) - 1

    high = 1e-3 / np.trace(H)
    while excess(high) < 0:
        high *= 1.4
    return float(brentq(excess, high / 1.4, high, rtol=1e-13))


PERTURBED: dict[str, Claim] = {
    "as if coordinates were always active": lambda activity, signs, d, p, beta, B: claim(
        activity, signs, d, 1.0, beta, B
    ),
    "one activity for all": lambda activity, signs, d, p, beta, B: claim(
        "shared", signs, d, p, beta, B
    ),
    "signs as Gaussian values": lambda activity, signs, d, p, beta, B: claim(
        activity, False, d, p, beta, B
    ),
    "F in place of F - p": lambda activity, signs, d, p, beta, B: (
        1 / (1 / claim(activity, signs, d, p, beta, B) + p / (2 * B))
    ),
    "without momentum": lambda activity, signs, d, p, beta, B: claim(activity, signs, d, p, 0.0, B),
}
