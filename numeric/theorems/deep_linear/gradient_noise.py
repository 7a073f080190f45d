r"""Noise of modes: :math:`D=((\kappa-1)\lambda^2(s-s^*)^2+\lambda\sigma^2)/B`, each its own.

Gradients of two modes do not correlate. What the assumption of aligned weights leaves out is the
noise off the diagonal: the gradient that mixes output i with input j has the variance
:math:`(\lambda_i\lambda_j\delta_i^2+\lambda_j\sigma^2)/B`, :math:`\delta=s-s^*`, and the covariance
:math:`\lambda_i\lambda_j\delta_i\delta_j/B` with that of j and i.

Method: all batches, with replacement, of two inputs and two labels with finitely many values, of
which the fourth moments are those of Gaussian ones, of random signs, and others.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Noise of modes",
    "arXiv 2604.06366, the noise of aligned weights; what it leaves out is our own",
    tolerance=1e-12,
    reason="sums over all batches in floats",
)


class Pair(NamedTuple):
    """Variances and covariances of the gradients 11, 22, 12 and 21 of two modes."""

    own: float
    between: float
    mixed: float
    crossed: float


def claim(
    lam: tuple[float, float], gap: tuple[float, float], variance: float, kurtosis: float, B: int
) -> Pair:
    """Return Var g11, Cov(g11, g22), Var g12 and Cov(g12, g21)."""
    (a, b), (d, e) = lam, gap
    return Pair(
        ((kurtosis - 1) * a**2 * d**2 + a * variance) / B,
        0.0,
        (a * b * d**2 + b * variance) / B,
        a * b * d * e / B,
    )


def check(claim: Claim = claim) -> list[Case]:
    """Compare for three kinds of inputs, and batches of up to three."""
    cases = []
    kinds = {
        3.0: ((-(3**0.5), 0.0, 3**0.5), (1 / 6, 2 / 3, 1 / 6)),
        1.0: ((-1.0, 1.0), (0.5, 0.5)),
        1.5: ((-(1.5**0.5), 0.0, 1.5**0.5), (1 / 3, 1 / 3, 1 / 3)),
    }
    for kurtosis, (points, chances) in kinds.items():
        for B, variance in ((1, 0.7), (2, 0.0), (2, 0.3)):
            lam, gap = (1.3, 0.4), (-0.8, 0.5)
            found = _enumerated(points, chances, lam, gap, variance, B)
            theory = claim(lam, gap, variance, kurtosis, B)
            for name, one, other in zip(Pair._fields, found, theory, strict=True):
                label = f"{name}, kurtosis {kurtosis:g}, B = {B}, label variance {variance:g}"
                cases.append(Case(label, one, other))
    return cases


def _enumerated(
    points: tuple[float, ...],
    chances: tuple[float, ...],
    lam: tuple[float, float],
    gap: tuple[float, float],
    variance: float,
    B: int,
) -> Pair:
    singles, weights = [], []
    for i, j, k, m in itertools.product(*[range(len(points))] * 2, (-1, 1), (-1, 1)):
        x = np.array([points[i] * lam[0] ** 0.5, points[j] * lam[1] ** 0.5])
        residual = np.array(gap) * x - np.sqrt(variance) * np.array([k, m])
        singles.append(np.outer(residual, x))
        weights.append(chances[i] * chances[j] / 4)
    g, p = np.array(singles), np.array(weights)
    for _ in range(B - 1):  # sums of one more sample, with their probabilities
        g = (g[:, None] + np.array(singles)).reshape(-1, 2, 2)
        p = np.outer(p, weights).ravel()
    g = g / B - np.tensordot(p, g / B, 1)

    def moment(a: tuple[int, int], b: tuple[int, int]) -> float:
        return float(p @ (g[:, a[0], a[1]] * g[:, b[0], b[1]]))

    pairs = (((0, 0), (0, 0)), ((0, 0), (1, 1)), ((0, 1), (0, 1)), ((0, 1), (1, 0)))
    return Pair(*(moment(a, b) for a, b in pairs))


PERTURBED: dict[str, Claim] = {
    "kurtosis in place of kurtosis - 1": lambda lam, gap, v, k, B: claim(lam, gap, v, k + 1, B),
    "Gaussian always": lambda lam, gap, v, k, B: claim(lam, gap, v, 3, B),
    "labels' noise without the eigenvalue": lambda lam, gap, v, k, B: claim(
        lam, gap, v / lam[0], k, B
    ),
    "modes that correlate": lambda lam, gap, v, k, B: claim(lam, gap, v, k, B)._replace(
        between=lam[0] * lam[1] * gap[0] * gap[1] / B
    ),
    "no noise off the diagonal": lambda lam, gap, v, k, B: claim(lam, gap, v, k, B)._replace(
        mixed=0.0, crossed=0.0
    ),
}
