r"""Batch Sharpness of data at the edge of stochastic stability, exactly (arXiv 2604.14108).

A batch of B rows, drawn with replacement, has the curvature :math:`H_B=\frac1B\sum z_iz_i^T`. With
the second moments N with which the loss begins to grow at the edge, the leading matrix of the noise
operator, and :math:`h=zz^T`,

.. math:: E H_B^2 = \tfrac1BE h^2+(1-\tfrac1B)H^2,\quad
    E H_B^3 = \tfrac1{B^2}E h^3+\tfrac{B-1}{B^2}E[h^2H+Hh^2+hHh]+\tfrac{(B-1)(B-2)}{B^2}H^3.
"""

from __future__ import annotations

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.noise_sums.mode_summands import ball_form
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.sampled_noise.mode_pairs import quick_pairs
from sgdmem.numeric.sampled_noise.sampled_radius import ritz_pair
from sgdmem.symbolic.algorithms.algorithm import Algorithm

_ERROR = 1e-9  # relative, of the radius


def growing_moments(method: Algorithm, samples: Samples) -> Array:
    """Return the second moments with which the loss grows, whitened; shape (N, N), any scale."""
    products = quick_pairs(ball_form([method]), samples.eigenvalues)
    pair = ritz_pair(samples.images, products, lambda pair: pair.error <= _ERROR)
    found: Array = pair.matrix
    return found


def drawn_batch_sharpness(samples: Samples, batch_size: float, moments: Array) -> float | None:
    r"""Return :math:`E g^TH_Bg/E|g|^2` of batches of rows at whitened second moments.

    None for batches without replacement or in epochs, and for rows of several outputs.
    """
    way = samples.drawing
    if samples.columns.shape[1] > 1 or not way.replacement or way.shuffle or not way.drop_last:
        return None
    λ, γ, N = samples.eigenvalues, 1 / batch_size, moments
    second = (1 - γ) * float(λ @ N.diagonal())
    third = (1 - γ) * (1 - 2 * γ) * float(λ**2 @ N.diagonal())
    for piece, Z in samples.pieces():
        z, w = Z[:, 0], samples.weights[piece]
        zN = z @ N
        a, q = z**2 @ λ, (zN * z).sum(axis=1)
        beside = 2 * a * (zN * z * λ).sum(axis=1) + (z**2 @ λ**2) * q
        second += γ * float(w @ (a * q))
        third += γ * float(w @ (γ * a**2 * q + (1 - γ) * beside))
    return third / second
