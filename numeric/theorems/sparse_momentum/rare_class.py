r"""Gradients of a rare class: their moments at any weights need one integral over the logit.

With the classes :math:`Z` and :math:`\mu+Z`, labels y, logits :math:`\ell` of variance
:math:`|w|^2`, :math:`A=E\sigma'(\ell)` and :math:`h=(\sigma(\ell)-y)^2`: along :math:`\mu` the mean
gradient is :math:`Aw_\parallel+\rho\,E[y(\sigma-1)]`, across it is :math:`Aw_\perp`, and there the
mean square is :math:`(d-1)E[h]+|w_\perp|^2E[h'']`.

Method: integrals over both Gaussian coordinates that the logit has, in either class.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from sgdmem.numeric.systems.rare_class import RareClass
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Gradients of a rare class",
    "arXiv 2605.28961, logistic regression; sgdmem, docs/systems/sparse-momentum.md",
    tolerance=1e-7,
    reason="Gaussian quadrature of 120 nodes in each of two directions",
)

_LETTERS = [  # p, rho, d, w along mu, |w across|^2
    (0.05, 2.0, 10, 0.0, 0.5),
    (0.01, 3.0, 100, 1.5, 0.2),
    (0.2, 1.0, 3, 1.0, 1.5),
    (0.5, 0.5, 2, -0.7, 0.1),
]


def claim(
    p: float, separation: float, dimension: int, along: float, across: float
) -> tuple[float, ...]:
    """Return the mean along mu, that across over w, and the mean square across."""
    found = RareClass(p, separation, dimension).gradient_moments(along, across)
    return found.along, found.pull, found.square


def check(claim: Claim = claim) -> list[Case]:
    """Compare all three for several weights."""
    return [
        Case(f"{name} (p, rho, d, along, across) {letters}", found, theory)
        for letters in _LETTERS
        for name, found, theory in zip(
            ("mean along,", "mean across,", "square across,"),
            _integrated(*letters),
            claim(*letters),
            strict=True,
        )
    ]


@cache
def _integrated(
    p: float, separation: float, dimension: int, along: float, across: float
) -> tuple[float, ...]:
    points, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()
    chance = np.outer(weights, weights)
    bias = RareClass(p, separation, dimension).bias
    means = np.zeros(3)
    for share, label in ((1 - p, 0.0), (p, 1.0)):
        x = points[:, None] + label * separation
        z = points[None, :]  # along the weights across
        error = 1 / (1 + np.exp(-(along * x + math.sqrt(across) * z + bias))) - label
        for place, value in enumerate(
            (error * x, error * z / math.sqrt(across), error**2 * (z**2 + dimension - 2))
        ):
            means[place] += share * (chance * value).sum()
    return tuple(means.tolist())


PERTURBED: dict[str, Claim] = {
    "errors independent of inputs": lambda p, rho, d, m, R: (  # (d - 1) E[h] alone
        *claim(p, rho, d, m, R)[:2],
        (d - 1) * (claim(p, rho, d + 1, m, R)[2] - claim(p, rho, d, m, R)[2]),
    ),
    "d in place of d - 1": lambda p, rho, d, m, R: claim(p, rho, d + 1, m, R),
    "the rare class alone pulls": lambda p, rho, d, m, R: (
        claim(p, rho, d, m, R)[0] - m * claim(p, rho, d, m, R)[1],
        *claim(p, rho, d, m, R)[1:],
    ),
    "logits without the variance across": lambda p, rho, d, m, R: claim(p, rho, d, m, 0.0),
}
