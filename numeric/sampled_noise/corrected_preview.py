r"""Where the next pass over many samples should look: a preview, corrected by what passes found.

With V the space of the matrices whose images :math:`\mathcal M` are known, P the projection on it
and D what the preview misses, the symmetric operator that is closest to the preview and right on V
adds :math:`DP+PD-PDP` to it. Its leading matrix is nearer to the true one than that in V by a
factor of about the part that the preview misses outside V: often more than a hundred, where a step
of Lanczos' method gains ten.

All but the first step is in short floats, twice as fast: their rounding is one of the correction
alone, and far less than what the preview misses of it.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems.images import Known
from sgdmem.numeric.problems.previews import SHORT, Preview

_LATEST = 7  # matrices of V, beside the first
_DEPENDENT = 1e-12  # of the inner products: directions that are combinations of others
_FEWEST = 4  # steps that are always made
_NOTHING = 1e-6  # part of an image that is left outside of the space: rounding of short floats


class CorrectedPreview:
    """The preview, right on a space of matrices.

    Parameters
    ----------
    preview : Preview
    first : Known
        The matrix to begin with, in V.
    others : Known
        What else spans V; the last ones of these count.
    """

    def __init__(self, preview: Preview, first: Known, others: Known) -> None:
        self._preview, self._first = preview, first
        size = float(np.linalg.norm(first.matrices))
        pairs = (
            (first.matrices / size, others.matrices[-_LATEST:]),
            (first.missed / size, others.missed[-_LATEST:]),
        )
        basis, missed = (np.concatenate(x).reshape(-1, first.matrices.size) for x in pairs)
        values, vectors = np.linalg.eigh(basis @ basis.T)
        kept = values > _DEPENDENT * values[-1]
        turn = (vectors[:, kept] / np.sqrt(values[kept])).T
        self._basis, self._missed = ((turn @ part).astype(SHORT) for part in (basis, missed))
        self._within = self._missed @ self._basis.T

    def covariance(self, N: Array) -> Array:
        """Return the corrected image of a symmetric matrix, in short floats."""
        image, flat = self._preview(N), N.ravel()
        within = self._basis @ flat
        beside = self._missed @ flat - self._within @ within
        image += (within @ self._missed + beside @ self._basis).reshape(N.shape)
        return np.asarray(image)

    def leading_matrix(self, products: Array, wanted: float, most: int) -> Array | None:
        """Return about the leading matrix N, after Lanczos' steps from the first one.

        Parameters
        ----------
        products : ndarray, shape (N, N)
            p of pairs of modes.
        wanted, most
            The residual, over the radius, and the steps, after which it ends. None is returned
            where there is nothing to look at.
        """
        roots = np.sqrt(products / products.max())
        x = self._first.matrices[0] / roots
        size = np.linalg.norm(x)
        x, y = x / size, roots * self._first.images[0] / size
        T = np.zeros((most + 1, most + 1))
        T[0, 0] = np.vdot(x, y)
        y -= T[0, 0] * x
        left = float(np.linalg.norm(y))
        if not left > 0:
            return None
        short, vectors = roots.astype(SHORT), np.empty((most + 1, x.size), SHORT)
        vectors[0], vectors[1] = x.ravel(), (y / left).ravel()
        T[0, 1] = T[1, 0] = left
        for k in range(1, most + 1):
            N = short * vectors[k].reshape(short.shape)
            image = (short * self.covariance(N)).ravel()
            before = float(np.linalg.norm(image))
            inner = vectors[: k + 1] @ image
            image -= inner @ vectors[: k + 1]
            again = vectors[: k + 1] @ image  # rounding
            image -= again @ vectors[: k + 1]
            T[1:k, k] = T[k, 1:k] = (inner + again)[1:k]
            T[k, k] = inner[k] + again[k]
            left = float(np.linalg.norm(image))
            last = k == most or not left > _NOTHING * before
            if last or k >= _FEWEST:
                values, parts = np.linalg.eigh(T[: k + 1, : k + 1])
                if last or left * abs(float(parts[-1, -1])) <= wanted * values[-1]:
                    break
            vectors[k + 1] = image / SHORT(left)
        share = parts[:, -1]
        correction = (share[1:].astype(SHORT) @ vectors[1 : k + 1]).reshape(x.shape)
        found = roots * (share[0] * x + correction)
        return np.asarray((found + found.T) / 2)  # passes take halves of it
