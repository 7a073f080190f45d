r"""The fourth moments of samples as a matrix: many samples of few modes cost as little as a few.

The covariance of a step's gradients is linear in the second moments and in the means of w; for N
modes there are :math:`p=N(N+1)/2` second moments. Made once, a matrix of size p does what a pass
over the samples does, `Samples.covariance`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems.samples import Samples

_LARGEST = 2**24  # entries of a matrix


@dataclass(frozen=True)
class FourthMoments:
    """What `Samples.covariance` returns, in the places i <= j, as a sum of linear parts.

    Attributes
    ----------
    of_moments : ndarray, shape (p, p)
        Times the second moments in these places.
    of_means : ndarray, shape (p, R, N)
        Times the means for R sets of labels.
    constant : ndarray, shape (p,)
    """

    of_moments: Array
    of_means: Array
    constant: Array

    @classmethod
    def of(cls, samples: Samples) -> FourthMoments:
        """Return those of samples."""
        _, K, N = samples.columns.shape
        upper = np.triu_indices(N)
        size, sets = upper[0].size, 0 if samples.residuals is None else len(samples.residuals)
        table, beside = np.zeros((size, size)), np.zeros((size, sets * N))
        constant = np.zeros(size)
        for piece, Z in samples.pieces(K * K * max(size, sets * N)):
            w = samples.weights[piece]
            pairs = np.einsum("nki,nlj->nklij", Z, Z)
            pairs = (pairs + pairs.swapaxes(3, 4))[..., *upper] / 2  # (n, K, K, p)
            weighted = pairs * w[:, None, None, None]
            flat = weighted.reshape(-1, size)
            table += flat.T @ pairs.reshape(-1, size)
            if samples.residuals is not None:
                e = samples.residuals[:, piece]
                constant += np.einsum("nklp,rnk,rnl->p", weighted, e, e, optimize=True)
                both = np.einsum("nki,rnl->nklri", Z, e).reshape(-1, sets * N)
                beside -= 2 * (flat.T @ both)  # of e Z^T delta and its transpose, alike by symmetry
        twice = np.where(upper[0] == upper[1], 1.0, 2.0)
        beside = beside.reshape(size, sets, N)
        if samples.pull is not None:  # see `Samples.shift`
            i, j = upper
            for r, pull in enumerate(samples.pull):
                constant -= pull[i] * pull[j]
                np.add.at(beside[:, r], (np.arange(size), i), pull[j])
                np.add.at(beside[:, r], (np.arange(size), j), pull[i])
        return cls(table * twice, beside, constant)

    @staticmethod
    def pays(samples: Samples, passes: int) -> bool:
        """Whether it costs less than that many passes over the samples."""
        n, K, N = samples.columns.shape
        size = N * (N + 1) // 2
        each, built = n * K * N**2, n * K**2 * size**2 / 2
        # a matrix is read from memory at each use, where a pass is all multiplications
        return bool(size**2 <= min(_LARGEST, each / 4) and built < each * passes)

    @cached_property
    def _places(self) -> tuple[Array, Array]:
        """Where the pairs i <= j, and j >= i, are in a matrix that is one row."""
        N = math.isqrt(2 * self.constant.size)
        i, j = np.triu_indices(N)
        return i * N + j, j * N + i

    def covariance(self, N: Array, means: Array | None = None) -> Array:
        """Return the covariance of gradients, see `Samples.covariance`."""
        upper, lower = self._places
        found = self.of_moments @ N.ravel()[upper]
        if means is not None:
            found += np.tensordot(self.of_means, means, 2) + self.constant
        total = np.empty(N.size)
        total[upper] = total[lower] = found
        return total.reshape(N.shape) - N
