r"""Peak of diffusion: it is at :math:`s^*(2-2/L)/(3-2/L)`, before the feature is learned.

That is without label noise. With :math:`r=\sigma^2/((\kappa-1)\lambda s^{*2})` and p = 2 - 2/L it
is at :math:`s^*\frac{2p+1-\sqrt{1-4p(p+1)r}}{2p+2}`, and nowhere if :math:`4p(p+1)r\ge1`: then
diffusion grows all the way to the target.

Method: the largest of the diffusion's values on fine grids, refined around the first local maximum.
"""

from __future__ import annotations

import math

import numpy as np

from sgdmem.numeric.systems.deep_linear.mode import DeepLinearMode
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Peak of diffusion",
    "arXiv 2604.06366, maximal diffusion; with label noise our own",
    tolerance=1e-6,
    reason="a maximum is flat: half the digits of floats",
)


def claim(depth: int, r: float) -> float:
    """Return the strength at the first maximum of diffusion over the target, 1 if there is none."""
    p = 2 - 2 / depth
    inside = 1 - 4 * p * (p + 1) * r
    return (2 * p + 1 - math.sqrt(inside)) / (2 * p + 2) if inside > 0 else 1.0


def check(claim: Claim = claim) -> list[Case]:
    """Compare for four depths, without and with label noise, up to where there is no peak."""
    cases = []
    for depth in (2, 3, 5, 50):
        for r in (0.0, 0.02, 0.03, 0.05, 0.2):
            mode = DeepLinearMode(depth, 2, 0.5, 0.1, 3, r * 2 * 0.5 * 4)
            found = _first_maximum(mode) / mode.target
            cases.append(Case(f"L = {depth}, r = {r}", found, claim(depth, r)))
    return cases


def _first_maximum(mode: DeepLinearMode) -> float:
    low, high = 0.0, mode.target
    for _ in range(12):
        s = np.linspace(low, high, 401)
        falls = np.flatnonzero(np.diff(mode.diffusion(s)) < 0)
        if not falls.size:
            return high
        low, high = s[max(falls[0] - 1, 0)], s[falls[0] + 1]
        if high - low < 1e-8:
            break
    return float((low + high) / 2)


PERTURBED: dict[str, Claim] = {
    "at the target": lambda depth, r: 1.0,
    "at half of it": lambda depth, r: 0.5,
    "label noise does not move it": lambda depth, r: claim(depth, 0),
    "one layer more": lambda depth, r: claim(depth + 1, r),
}
