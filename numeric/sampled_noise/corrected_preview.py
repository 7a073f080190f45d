r"""Where the next pass over many samples should look: a preview, corrected by what passes found.

With V the space of the matrices whose images :math:`\mathcal M` are known, P the projection on it
and D what the preview misses, the symmetric operator that is closest to the preview and right on V
adds :math:`DP+PD-PDP` to it. Its leading matrix is nearer to the true one than that in V by a
factor of about the part that the preview misses outside V: often more than a hundred, where a step
of Lanczos' method gains ten.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems.images import Known, Preview

_LATEST = 7  # matrices of V, beside the first
_DEPENDENT = 1e-12  # of the inner products: directions that are combinations of others


class CorrectedPreview:
    """What `RitzPair` asks of images: a space to begin with, and the images of further matrices.

    Parameters
    ----------
    preview : Preview
    first : Known
        The matrix to begin with, in V.
    others : Known
        What else spans V; the last ones of these count.
    """

    preview, rounding = None, 0.0

    def __init__(self, preview: Preview, first: Known, others: Known) -> None:
        self._preview = preview
        size = float(np.linalg.norm(first.matrices))
        matrix, image, missed = (part / size for part in first[:3])
        self._first = Known.of(matrix[0], image[0], None)
        pairs = (matrix, others.matrices[-_LATEST:]), (missed, others.missed[-_LATEST:])
        self._basis, self._missed = (
            np.concatenate(pair).reshape(-1, matrix.size) for pair in pairs
        )
        self._inverse = np.linalg.pinv(self._basis @ self._basis.T, _DEPENDENT, hermitian=True)

    def remembered(self) -> Known:
        """Return what is known of the matrix to begin with."""
        return self._first

    def covariance(self, N: Array) -> Array:
        """Return the corrected image of a symmetric matrix."""
        known = (self._inverse @ (self._basis @ N.ravel())) @ self._missed  # D P N
        inner = self._missed @ N.ravel() - self._basis @ known
        beside = (self._inverse @ inner) @ self._basis  # P (D N - D P N)
        return np.asarray(self._preview(N) + (known + beside).reshape(N.shape))
