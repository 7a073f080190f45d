"""The edge of stability found from eqs. (12)-(16) of arXiv 2410.04228 as one dense matrix."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from sgdmem.numeric.theorems.instances import (
    Array,
    Dynamics,
    second_moment_matrix,
    spectral_radius,
)

LETTERS = [(0.1, 0.9), (0.5, 0.5), (1.0, 0.0), (0.02, 0.99), (0.3, -0.4)]  # eta, beta


def dense_operator(
    dynamics: Dynamics, eigenvalues: Array, tau1: float, tau2: float, batch_size: float
) -> Array:
    """Return the map of all second moments under noise of two parameters."""
    coupling = np.full((len(eigenvalues),) * 2, tau1)
    return second_moment_matrix(dynamics, eigenvalues, coupling, tau2, batch_size)


def edge_of_operator(
    dynamics: Dynamics, eigenvalues: Array, tau1: float, tau2: float, batch_size: float
) -> float:
    """Return the factor on all eigenvalues at which the radius of the map first reaches 1."""

    def excess(factor: float) -> float:
        scaled = factor * eigenvalues
        operator = dense_operator(dynamics, scaled, tau1, tau2, batch_size)
        return float(spectral_radius(operator)) - 1

    high = 1e-3 / float(eigenvalues.max())
    while excess(high) < 0:
        high *= 1.3
    return float(brentq(excess, high / 1.3, high, xtol=1e-300, rtol=1e-14))
