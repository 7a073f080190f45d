r"""Bounds of the radius of the noise operator of samples, from the noise of single modes alone.

They need the products :math:`p_{ii}=\lambda_i^2h_{ii}`, for any number of algorithms at once, and
no pass over the samples for each (theory page "Finite data").
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.problems.symmetric_products import blocks

_POWERS = 8  # of the diagonal part
_ROUNDING = 1e-9  # relative: far more than that of these sums


def diagonal_radius(samples: Samples, diagonal: Array) -> Array:
    r"""Return lower bounds of the radius for kappa = 1, from p_ii alone, shape (A, N).

    A on diagonal matrices is :math:`\sqrt{p_{ii}}T_{ij}\sqrt{p_{jj}}` with T the samples'
    `coupling`: any vector's Rayleigh quotient.
    """
    roots = np.sqrt(np.where(np.isfinite(diagonal), np.maximum(diagonal, 0), 0))
    vectors, (coupling, blurred) = roots.copy(), samples.rough_coupling
    with np.errstate(all="ignore"):
        for _ in range(_POWERS):
            images = roots * ((roots * vectors) @ coupling)
            vectors = images / np.sqrt(np.einsum("ai,ai->a", images, images))[:, None]
        vectors[~np.isfinite(vectors)] = 0
    products = roots * vectors
    squares = (products * products).sum(axis=1)
    error = samples.rounding * squares
    if blurred:
        sizes = np.abs(products)
        error += blurred * (((sizes @ np.abs(coupling)) * sizes).sum(axis=1) + squares)
    found = ((products @ coupling) * products).sum(axis=1) * (1 - _ROUNDING) - error
    return np.asarray(np.maximum(0.0, found))


def longest_sample(samples: Samples, diagonal: Array) -> Array:
    r"""Return upper bounds of the radius for kappa = 1, from p_ii alone, shape (A, N).

    With :math:`Y_s=Z_s^T(p\circ C)Z_s`, T without its negative part is
    :math:`Y_s\mapsto\sum_tw_tZ_s^T(p\circ Z_tY_tZ_t^T)Z_s`; for :math:`Y_t\preceq y` the sum is
    at most :math:`yZ_s^T\mathrm{diag}(p)Z_s`, since the second moment of the columns is the
    identity. So the largest trace of these bounds the radius.
    """
    finite = np.where(np.isfinite(diagonal), diagonal, 0)
    longest = np.zeros(len(diagonal))
    if samples.on_gpu is not None:
        longest = samples.on_gpu.largest_forms(finite)
    else:
        for piece, Z in samples.pieces():
            drawn = samples.weights[piece] > 0
            for rows in blocks(len(Z), max(Z[0].size, len(diagonal))):
                squares = np.einsum("nki,nki->ni", Z[rows], Z[rows])
                if not drawn[rows].all():
                    squares = squares[drawn[rows]]
                longest = np.maximum(longest, (finite @ squares.T).max(axis=1, initial=0.0))
    away = np.sqrt(finite.max(axis=1)) * samples.errors.max()  # of the columns, in this norm
    longest = (np.sqrt(longest) + away) ** 2
    return np.where(np.isfinite(diagonal).all(axis=1), longest * (1 + _ROUNDING), np.inf)
