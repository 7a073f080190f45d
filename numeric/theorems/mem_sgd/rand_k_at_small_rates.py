r"""Rand-k at small rates: with memory it makes the noise of SGD, for every k; without, d/k times.

With an effective learning rate :math:`\eta\to0`, :math:`s_\lambda/(\eta\lambda/2)\to1` with memory,
and :math:`\to d/k` without, where the rate must be :math:`\eta d/k`.

Method: stationary second moments of (w, m) under a noise of variance 1 in the gradient, solved as
linear equations, at two small rates, extrapolated.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Rand-k at small rates",
    "the main claim of arXiv 1809.07599, read off the noise sum",
    tolerance=1e-5,
    reason="of the second order in the rate over k / d",
)

_RATE = 1e-5


def claim(share: float, memory: bool) -> float:
    """Return the noise over that of SGD at the same effective rate."""
    return 1.0 if memory else 1 / share


def check(claim: Claim = claim) -> list[Case]:
    """Compare for several shares and eigenvalues, with and without memory."""
    cases = []
    for share in (1.0, 0.5, 0.1, 0.02):
        for lam in (0.1, 1.0):
            for memory in (True, False):
                near, far = (_noise(x, share, lam, memory) for x in (_RATE, 2 * _RATE))
                label = f"k/d = {share}, lambda {lam}, {'with' if memory else 'without'} memory"
                cases.append(Case(label, 2 * near - far, claim(share, memory)))
    return cases


def _noise(effective: float, share: float, lam: float, memory: bool) -> float:
    rate = effective if memory else effective / share
    sent = np.array([[1 - rate * lam, -1.0], [0, 0]]), np.array([-rate, 0])
    stays = np.array([[1.0, 0], [rate * lam, 1]]), np.array([0, rate])
    if not memory:
        stays = np.eye(2), np.zeros(2)
    move, fed = np.zeros((4, 4)), np.zeros(4)
    for weight, (A, v) in ((share, sent), (1 - share, stays)):
        move += weight * np.kron(A, A)
        fed += weight * np.kron(v, v)
    if not memory:
        move, fed = move[:1, :1], fed[:1]
    moments = np.linalg.solve(np.eye(len(fed)) - move, fed)
    return float(lam**2 * moments[0] / (effective * lam / 2))


PERTURBED: dict[str, Claim] = {
    "memory changes nothing": lambda share, memory: 1 / share,
    "without memory the same": lambda share, memory: 1.0,
    "(2 - rho) / rho with memory": lambda share, memory: (
        (2 - share) / share if memory else 1 / share
    ),
}
