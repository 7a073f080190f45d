r"""Moments of DANA: three numbers of each mode move by a linear map, fed by the risk.

.. math::
    \rho' &= \rho+[-2a\lambda+\tfrac{B+1}Ba^2\lambda^2]\rho+\gamma_3^2(1-\Delta)^2\sigma
        -2\gamma_3(1-\Delta)(1-a\lambda)\chi+a^2\lambda\tfrac{2P}B,\\
    \sigma' &= \sigma+\tfrac{B+1}B\gamma_1^2\lambda^2\rho+(\Delta^2-2\Delta)\sigma
        +2\gamma_1\lambda(1-\Delta)\chi+\gamma_1^2\lambda\tfrac{2P}B,\\
    \chi' &= \chi+\gamma_1\lambda(1-\tfrac{B+1}Ba\lambda)\rho-\gamma_3(1-\Delta)^2\sigma
        -[\Delta+(1-\Delta)(a+\gamma_1\gamma_3)\lambda]\chi-a\gamma_1\lambda\tfrac{2P}B,

:math:`a=\gamma_2+\gamma_1\gamma_3`, where P is the risk, with its floor, and gradients are averaged
over B samples.

Method: all second moments of three features that are no eigenvectors, by the fourth moments of
Gaussian batches, at rates that change at each step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Moments of DANA",
    "arXiv 2505.16098, its second moments as a map",
    tolerance=1e-12,
    reason="both are exact, in floats",
)
_STEPS, _FEATURES = 8, 3


def claim(
    rates: tuple[float, ...], lam: Array, B: float, risk: float, moments: Any
) -> tuple[Any, Any, Any]:
    """Return the next rho, sigma and chi of all modes."""
    g1, g2, g3, damping = rates
    rho, sigma, chi = moments
    a, kept, more = g2 + g1 * g3, 1 - damping, (B + 1) / B
    fed = lam * 2 * risk / B
    return (
        rho
        + (-2 * a * lam + more * a**2 * lam**2) * rho
        + g3**2 * kept**2 * sigma
        - 2 * g3 * kept * (1 - a * lam) * chi
        + a**2 * fed,
        sigma
        + more * g1**2 * lam**2 * rho
        + (damping**2 - 2 * damping) * sigma
        + 2 * g1 * lam * kept * chi
        + g1**2 * fed,
        chi
        + g1 * lam * (1 - more * a * lam) * rho
        - g3 * kept**2 * sigma
        - (damping + kept * (a + g1 * g3) * lam) * chi
        - a * g1 * fed,
    )


def check(claim: Claim = claim) -> list[Case]:
    """Compare risks on the way of random problems and rates."""
    cases = []
    for seed, B in enumerate((1, 2, 3, 20)):
        rng = np.random.default_rng(seed)
        lam, floor = rng.uniform(0.1, 1, _FEATURES), rng.uniform(0, 1)
        start = rng.normal(size=_FEATURES)
        rates = [tuple(rng.uniform(0.05, 0.4, 4)) for _ in range(_STEPS)]
        dense = _dense_risks(rates, lam, B, floor, start, rng)
        moments = (start**2, np.zeros(_FEATURES), np.zeros(_FEATURES))
        for t in range(_STEPS + 1):
            risk = float((lam * moments[0]).sum() / 2 + floor)
            if t in (1, 2, _STEPS):
                cases.append(Case(f"B = {B}, {t} steps", dense[t], risk))
            if t < _STEPS:
                moments = claim(rates[t], lam, B, risk, moments)
    return cases


def _dense_risks(
    rates: list[tuple[float, ...]],
    lam: Array,
    B: int,
    floor: float,
    start: Array,
    rng: np.random.Generator,
) -> list[float]:
    """Return risks from the whole matrix of second moments of (theta, y), in a rotated basis."""
    n = lam.size
    Q = np.linalg.qr(rng.normal(size=(n, n)))[0]
    K, one = Q @ np.diag(lam) @ Q.T, np.eye(n)
    z = np.concatenate([Q @ start, np.zeros(n)])
    M, risks = np.outer(z, z), []
    for step in (*rates, rates[-1]):
        risks.append(float(np.trace(K @ M[:n, :n])) / 2 + floor)
        g1, g2, g3, damping = step
        y = np.hstack([0 * one, (1 - damping) * one])  # of (theta, y), without the gradient
        still = np.vstack([np.hstack([one, 0 * one]) - g3 * y, y])
        push = np.vstack([-(g2 + g3 * g1) * one, g1 * one])
        A = still + push @ K @ np.hstack([one, 0 * one])
        C = M[:n, :n]
        # E[(x'Ce) xx'] by Isserlis, less the mean; and the residual of the labels
        noise = (K * np.trace(K @ C) + K @ C @ K + 2 * floor * K) / B
        M = A @ M @ A.T + push @ noise @ push.T
    return risks


def _averaged(rates: Any, lam: Array, B: float, risk: float, moments: Any) -> Any:
    return claim(rates, lam, B, risk - float((lam * moments[0]).sum() / (2 * B)), moments)


def _uncorrelated(rates: Any, lam: Array, B: float, risk: float, moments: Any) -> Any:
    rho, sigma, chi = claim(rates, lam, B, risk, moments)
    g1, g2, g3, _ = rates
    return rho, sigma, chi + g1 * (g2 + g1 * g3) * lam * 2 * risk / B


PERTURBED: dict[str, Claim] = {
    "less noise of the risk": _averaged,
    "noise of y apart from that of theta": _uncorrelated,
    "gradients that are added up": lambda rates, lam, B, risk, moments: claim(
        rates, lam, 1.0, risk, moments
    ),
    "damping before y moves theta": lambda rates, lam, B, risk, moments: claim(
        (rates[0], rates[1], rates[2] * (1 - rates[3]), rates[3]), lam, B, risk, moments
    ),
}
