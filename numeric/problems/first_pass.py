"""What one pass over the whitened columns of samples tells of each of them, and of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.progress import expect_passes, report_pass
from sgdmem.numeric.problems.symmetric_products import weighted_squares
from sgdmem.numeric.spectra.row_pieces import rows_together, slices

_EXPECTED = 4  # passes that a question takes, as far as is known before the first


class FirstPass(NamedTuple):
    """What the columns alone tell, without any algorithm.

    Attributes
    ----------
    lengths, curvatures : ndarray, shape (n,)
        The squared norms of the columns, and of the rows: traces of whitened and other curvatures.
    coupling, of_identity : ndarray, shape (N, N)
        :math:`E[z_i^2z_j^2]`, summed over pairs of outputs, and the mean of :math:`(ZZ^T)^2`.
    """

    lengths: Array
    curvatures: Array
    coupling: Array
    of_identity: Array

    @classmethod
    def of(
        cls,
        pieces: Iterable[tuple[slice, Array]],
        weights: Array,
        eigenvalues: Array,
        image: Callable[[slice, Array, Array], Array],
    ) -> FirstPass:
        """Read pieces of columns, shape (m, K, N); ``image`` is what they are in `covariance`."""
        expect_passes(_EXPECTED)
        size, n = eigenvalues.size, weights.size
        found = cls(np.empty(n), np.empty(n), *np.zeros((2, size, size)))
        for piece, Z in pieces:
            w, squares = weights[piece], Z * Z
            found.curvatures[piece] = squares.sum(axis=1) @ eigenvalues
            found.lengths[piece] = lengths = squares.sum(axis=(1, 2))
            if Z.shape[1] == 1:
                squares *= np.sqrt(w)[:, None, None]
                found.coupling[:] += squares[:, 0].T @ squares[:, 0]
                found.of_identity[:] += weighted_squares(Z[:, 0], lengths * w)
            else:
                for few in slices(len(Z), rows_together(size**2)):
                    curvature = Z[few].transpose(0, 2, 1) @ Z[few]
                    found.coupling[:] += np.tensordot(w[few], curvature * curvature, 1)
                found.of_identity[:] += image(piece, Z, np.eye(size))
            report_pass(len(Z) / n)
        return found

    def heaviest(self, weights: Array, count: int) -> Array:
        r"""Return the places of so many samples with the largest parts in :math:`E|H_s|^2`."""
        return np.sort(np.argpartition(weights * self.curvatures**2, -count)[-count:])
