r"""Scalar inequality: numbers are small where the noise of all eigenvalues is.

For :math:`\lambda_k=k^{-\nu}` and every complex number u

.. math:: |u|^{1/\nu}\le1+8\sum_k\Bigl|\frac{\lambda_ku}{1-\lambda_ku}\Bigr|^2.

With the symbol :math:`u=Q/P` on the unit circle, theorem A follows.

Method: sums over finitely many k, which are smaller, for u of all sizes and directions. Computed is
the largest violation; theory is that there is none.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.theorems.check import Case, Claim, Statement, larger

STATEMENT = Statement(
    "Scalar inequality",
    "docs/theory/larger-memory-stationary, theorem A",
    tolerance=1e-12,
    reason="rounding of sums",
)
_DIRECTIONS = np.exp(1j * np.array([0.0, 0.05, 0.5, 1.5, 2.5, np.pi]))


def claim(noise: float, exponent: float) -> float:
    """Return the largest modulus of u where the sum has a value."""
    return float((1 + 8 * noise) ** exponent)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for five power laws."""
    return [
        Case.within(f"nu = {nu:g}", _largest_ratio(claim, nu)) for nu in (1.1, 1.3, 2.0, 3.0, 6.0)
    ]


def _largest_ratio(claim: Claim, nu: float) -> float:
    worst = 0.0
    for count in np.geomspace(0.1, 1e5, 25):  # of eigenvalues above 1 / |u|
        eigenvalues = np.arange(1.0, 2 * count + 20) ** -nu
        for direction in _DIRECTIONS:
            terms = eigenvalues * count**nu * direction * (1 + 1e-9)  # off 1 / lambda
            noise = float((abs(terms / (1 - terms)) ** 2).sum())
            worst = larger(worst, count**nu / claim(noise, nu))
    return worst


PERTURBED: dict[str, Claim] = {
    "the power 1.2 / nu": lambda noise, exponent: claim(noise, exponent / 1.2),
    "1 in place of 8": lambda noise, exponent: claim(noise / 8, exponent),
}
