"""What one pass over the whitened columns of samples tells of each of them, and of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.progress import expect_passes, report_pass
from sgdmem.numeric.problems.symmetric_products import blocks, weighted_squares
from sgdmem.numeric.spectra.row_pieces import rows_together, slices

_LEAST_WEIGHT = 1e-20
EXPECTED = 4  # passes that a question takes, as far as is known before the first


class FirstPass(NamedTuple):
    """What the columns alone tell, without any algorithm.

    Attributes
    ----------
    lengths, curvatures : ndarray, shape (n,)
        The squared norms of the columns, and of the rows: traces of whitened and other curvatures.
    coupling, of_identity : ndarray, shape (N, N)
        :math:`E[z_i^2z_j^2]`, summed over pairs of outputs, and the mean of :math:`(ZZ^T)^2`.
    blurred : float
        A bound of the relative errors of the coupling where it was summed in short floats, else 0.
    """

    lengths: Array
    curvatures: Array
    coupling: Array
    of_identity: Array
    blurred: float = 0.0

    @classmethod
    def of(
        cls,
        pieces: Iterable[tuple[slice, Array]],
        weights: Array,
        eigenvalues: Array,
        image: Callable[[slice, Array, Array], Array],
        kind: type[np.floating[Any]] = np.float64,
    ) -> FirstPass:
        """Read pieces of columns, shape (m, K, N); ``image`` is what they are in `covariance`.

        The coupling of rows may be summed in another ``kind`` of floats, block by block.
        """
        expect_passes(EXPECTED)
        size, n = eigenvalues.size, weights.size
        lengths, curvatures, sums = np.empty(n), np.empty(n), np.zeros((2, size, size))
        found = cls(lengths, curvatures, sums[0], sums[1], _blur(weights, size, kind))
        kind = kind if found.blurred else np.float64
        both = np.stack([np.ones(size), eigenvalues], axis=1)
        for piece, Z in pieces:
            w, lengths = weights[piece], found.lengths[piece]  # of the latter a view
            for rows in blocks(len(Z), Z[0].size):
                squares = np.einsum("nki,nki->ni", Z[rows], Z[rows])
                lengths[rows], found.curvatures[piece][rows] = (squares @ both).T
                if Z.shape[1] == 1:
                    squares *= np.sqrt(w[rows])[:, None]
                    short = squares.astype(kind, copy=False)
                    found.coupling[:] += short.T @ short
            if Z.shape[1] > 1:
                found.coupling[:] += squared_moments(Z, w)
            if Z.shape[1] == 1:
                found.of_identity[:] += weighted_squares(Z[:, 0], lengths * w)
            else:
                found.of_identity[:] += image(piece, Z, np.eye(size))
            report_pass(len(Z) / n)
        return found

    def heaviest(self, weights: Array, count: int) -> Array:
        r"""Return the places of so many samples with the largest parts in :math:`E|H_s|^2`."""
        return np.sort(np.argpartition(weights * self.curvatures**2, -count)[-count:])


def _blur(weights: Array, size: int, kind: type[np.floating[Any]]) -> float:
    """Return a bound of the relative errors of sums over a block; 0 where they are to be long.

    Each term has the roundings of its two factors, those of a sum come to it, and one is left for
    the rest. In whitened rows z^2 is at most one over the weight, so that no number overflows, and
    those that underflow are nothing beside the diagonal, which is at least 1.
    """
    if kind is np.float64 or weights[weights > 0].min() < _LEAST_WEIGHT:
        return 0.0
    rows = max(block.stop - block.start for block in blocks(len(weights), size))
    return float((rows + 4) * np.finfo(kind).eps)


def squared_moments(Z: Array, weights: Array) -> Array:
    """Return the sum of the squared entries of the curvatures of columns, shape (m, K, N)."""
    n, outputs, size = Z.shape
    found = np.zeros((size, size))
    if outputs == 1:
        for rows in blocks(n, size):
            squares = Z[rows, 0] * Z[rows, 0]
            squares *= np.sqrt(weights[rows])[:, None]
            found += squares.T @ squares
    else:
        for rows in slices(n, rows_together(size**2)):
            curvature = Z[rows].transpose(0, 2, 1) @ Z[rows]
            found += np.tensordot(weights[rows], curvature * curvature, 1)
    return found
