r"""Lemma 1: the noise covariance of a mini-batch and its spectrally expressible approximation.

For samples x with :math:`H = E[xx^T]` and a second moment :math:`C \ge 0` let

.. math:: \Sigma(C) = E[\langle x, Cx\rangle xx^T] - HCH,\qquad
    \Sigma^{SE}(C) = \tau_1\mathrm{Tr}(HC)H - \tau_2HCH.

1. :math:`HCH \le \mathrm{Tr}(HC)H`. 2. With equality for H of rank 1.
3. If :math:`\tau_1 \ge \max(0,\tau_2)`, then :math:`\Sigma^{SE}(C) \ge 0`, and it grows with C.
4. If :math:`\tau_1 < 0` or :math:`\tau_2 > \tau_1`, then not for all H and C.
5. If :math:`\tau_1 \ge 0`, then :math:`\Sigma^{SE}(C) \ge (\tau_1-\tau_2)HCH`.
6. :math:`\Sigma(C) \ge 0`, and it grows with C.

Method: random finite data of rank 1 to 4 in four dimensions, and white data (H = 1), with random C
of every rank. For 1, 3, 5 and 6 the most negative eigenvalue of a difference is compared with 0;
for 4, signs are counted over a grid of (tau1, tau2). For 6 the covariance of a sample's gradient is
also averaged literally: :math:`E[(xx^T-H)C(xx^T-H)]`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import Array

STATEMENT = Statement(
    "Lemma 1",
    "arXiv 2410.04228, Lemma 1 (parts 5 and 6 as reconstructed from its proof)",
    tolerance=1e-12,
    reason="rounding of eigenvalues, relative to the size of the matrices before they cancel",
)

_SIZE = 4
_DRAWS = 40
_VALUES = (-1.0, -0.25, 0.0, 0.25, 0.75, 1.0)
_PAIRS = [(tau1, tau2) for tau1 in _VALUES for tau2 in _VALUES]
_NEGATIVE = -1e-9


class Prediction(NamedTuple):
    """What the lemma says of several C: bounds, formulas, and whether Sigma^SE >= 0 for all C."""

    most: Array
    approximate: Array
    least: Array
    covariance: Array
    positive: bool


def claim(samples: Array, C: Array, tau1: float, tau2: float) -> Prediction:
    """Return Tr(HC)H, Sigma^SE, (tau1 - tau2)HCH, Sigma, and tau1 >= max(0, tau2)."""
    H = samples.T @ samples / len(samples)
    HCH = H @ C @ H
    most = np.trace(H @ C, axis1=-2, axis2=-1)[:, None, None] * H
    heights = np.einsum("ni,kij,nj->kn", samples, C, samples)
    fourth = np.einsum("kn,ni,nj->kij", heights, samples, samples) / len(samples)
    return Prediction(
        most=most,
        approximate=tau1 * most - tau2 * HCH,
        least=(tau1 - tau2) * HCH,
        covariance=fourth - HCH,
        positive=tau1 >= max(0.0, tau2),
    )


def check(claim: Claim = claim) -> list[Case]:
    """Look for violations of every part on data of every rank."""
    rng = np.random.default_rng(31)
    data = {f"rank {rank}": _random_samples(rng, rank) for rank in range(1, _SIZE + 1)}
    data["white"] = np.sqrt(_SIZE) * np.eye(_SIZE)
    C = np.array([_random_moment(rng) for _ in range(_DRAWS)])
    more = C + np.roll(C, 1, axis=0)
    cases, negative = [], dict.fromkeys(_PAIRS, False)
    for name, samples in data.items():
        H = samples.T @ samples / len(samples)
        plain, grown = claim(samples, C, 1.0, 0.0), claim(samples, more, 1.0, 0.0)
        found = {"part 1": _violation(plain.most - H @ C @ H)}
        if name == "rank 1":
            found["part 2"] = float(np.abs(plain.most / (H @ C @ H) - 1).max())
        found |= dict.fromkeys(("part 3, sign", "part 3, growth", "part 5"), 0.0)
        for tau1, tau2 in _PAIRS:
            small, large = claim(samples, C, tau1, tau2), claim(samples, more, tau1, tau2)
            least = np.linalg.eigvalsh(small.approximate).min()
            negative[tau1, tau2] |= bool(least < _NEGATIVE)
            if small.positive:
                differences = {"sign": small.approximate, "growth": large.approximate}
                differences["growth"] = differences["growth"] - small.approximate
                for key, matrices in differences.items():
                    found[f"part 3, {key}"] = max(found[f"part 3, {key}"], _violation(matrices))
            if tau1 >= 0:
                above = _violation(small.approximate - small.least)
                found["part 5"] = max(found["part 5"], above)
        centred = np.einsum("ni,nj->nij", samples, samples) - H
        literal = np.mean(centred @ C[:, None] @ centred, axis=1)
        sizes = np.linalg.norm(plain.most, axis=(1, 2))
        errors = np.linalg.norm(plain.covariance - literal, axis=(1, 2)) / sizes
        found["part 6, formula"] = float(errors.max())
        found["part 6, sign"] = _violation(plain.covariance)
        found["part 6, growth"] = _violation(grown.covariance - plain.covariance)
        cases += [Case(f"{part}, {name}", violation, 0) for part, violation in found.items()]
    wrong = sum(claim(samples, C, *pair).positive == found for pair, found in negative.items())
    return [*cases, Case(f"parts 3 and 4, {len(_PAIRS)} pairs of tau1 and tau2", int(wrong), 0)]


def _random_samples(rng: np.random.Generator, rank: int) -> Array:
    plane = rng.normal(size=(rank, _SIZE)) * 10 ** rng.uniform(-1, 0, (rank, 1))
    return np.asarray(rng.normal(size=(7, rank)) @ plane)


def _random_moment(rng: np.random.Generator) -> Array:
    root = rng.normal(size=(int(rng.integers(1, _SIZE + 1)), _SIZE))
    return np.asarray(root.T @ root)


def _violation(matrices: Array) -> float:
    """Return how negative an eigenvalue is at most, relative to the largest of all."""
    eigenvalues = np.linalg.eigvalsh(matrices)
    return max(0.0, float(-eigenvalues.min() / max(np.abs(eigenvalues).max(), 1.0)))


PERTURBED: dict[str, Claim] = {
    "half the upper bound": lambda *x: claim(*x)._replace(most=claim(*x).most / 2),
    "positive if tau1 >= 0": lambda *x: claim(*x)._replace(positive=x[2] >= 0),
    "positive if tau1 >= tau2": lambda *x: claim(*x)._replace(positive=x[2] >= x[3]),
    "a lower bound with tau1 + |tau2|": lambda *x: claim(*x)._replace(
        least=claim(x[0], x[1], x[2], -abs(x[3])).least
    ),
    "HCH not subtracted from Sigma": lambda *x: claim(*x)._replace(
        covariance=claim(*x).covariance + claim(x[0], x[1], 0.0, -1.0).least
    ),
}
