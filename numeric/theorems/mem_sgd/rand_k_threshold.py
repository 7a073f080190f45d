r"""Threshold of rand-k: with memory the largest stable rate is that of a negative momentum.

.. math:: \frac{\tau_1}B\sum_i\frac{\lambda_i}
    {2/\eta-\lambda_i\bigl(\frac{2-\rho}\rho-\frac{\tau_2}B\bigr)} = 1,\qquad\rho=k/d,

or, at full batches, :math:`\eta\lambda_{\max}=2\rho/(2-\rho)`. On quadratics whose modes are the
coordinates.

Method: the rate at which the map of all second moments of (w, m), the mean over all masks of k
coordinates, has the spectral radius 1.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import spectral_radius
from sgdmem.numeric.theorems.mem_sgd.masks import all_masks

STATEMENT = Statement(
    "Threshold of rand-k",
    "of our own, about arXiv 1809.07599",
    tolerance=1e-7,
    reason="radii of maps in floats, which cross 1 at an angle",
)


def claim(share: float) -> float:
    """Return what stands in the place of (1 - momentum) / (1 + momentum)."""
    return (2 - share) / share


def check(claim: Claim = claim) -> list[Case]:
    """Compare for all k of up to 3 coordinates, three noises, and batches of 1, 6 and all."""
    rng = np.random.default_rng(5)
    cases = []
    for d, k in ((1, 1), (2, 1), (3, 1), (3, 2)):
        eigenvalues = rng.uniform(0.2, 1, d)
        for noise in ((1.0, -1.0), (1.0, 1.0)):
            for batch_size in (1.0, 6.0, 1e15):
                found = _dense(k, eigenvalues, noise, batch_size)
                theory = _largest(claim(k / d), eigenvalues, noise, batch_size)
                label = f"{k} of {d}, tau2 = {noise[1]:g}, B = {batch_size:g}"
                cases.append(Case(label, found, theory))
    return cases


def _dense(k: int, eigenvalues: Array, noise: tuple[float, float], batch_size: float) -> float:
    def excess(rate: float) -> float:
        return float(spectral_radius(all_masks(rate, k, eigenvalues, noise, batch_size)[0])) - 1

    low = high = 0.01
    while excess(high) < 0:
        low, high = high, 1.5 * high
    return float(brentq(excess, low, high, xtol=1e-12))


def _largest(
    factor: float, eigenvalues: Array, noise: tuple[float, float], batch_size: float
) -> float:
    """Return the least rate at which the sum is 1, or noise apart from it grows."""

    def excess(inverse: float) -> float:
        summands = eigenvalues / (2 * inverse - eigenvalues * (factor - noise[1] / batch_size))
        return float(noise[0] / batch_size * summands.sum()) - 1

    least = eigenvalues.max() * max(factor, factor - noise[1] / batch_size) / 2
    if excess(least * (1 + 1e-12)) < 0:
        return float(1 / least)
    return 1 / float(brentq(excess, least * (1 + 1e-12), 1e4, xtol=1e-14))


PERTURBED: dict[str, Claim] = {
    "rho / (2 - rho), as momentum 1 - rho": lambda share: share / (2 - share),
    "1, as SGD": lambda share: 1.0,
    "1 / rho": lambda share: 1 / share,
    "2 / rho": lambda share: 2 / share,
}
