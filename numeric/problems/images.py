"""What passes over samples found: matrices with their covariances, for every algorithm."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.memory import require_memory
from sgdmem.numeric.problems.previews import Preview

_MOST = 24  # matrices that are remembered
_ROOM = 2**27  # floats that they may take
_MATRICES = 64  # as large as these that a question works with


class Known(NamedTuple):
    """Symmetric matrices of norm 1 and what passes found of them.

    Attributes
    ----------
    matrices, images : ndarray, shape (m, N, N)
        And the covariance of each.
    missed : ndarray, shape (m, N, N), or shape (m, 0) without a preview
        What that misses of the images.
    form : ndarray, shape (m, m)
        The inner products of matrices and images.
    """

    matrices: Array
    images: Array
    missed: Array
    form: Array

    @classmethod
    def of(cls, matrix: Array, image: Array, preview: Preview | None) -> Known:
        """Return what a pass found of one matrix."""
        missed = np.empty(0) if preview is None else image - preview(matrix)
        return cls(matrix[None], image[None], missed[None], np.array([[np.vdot(matrix, image)]]))

    def joined(self, other: Known) -> Known:
        """Return both, one after the other."""
        across = np.tensordot(self.images, other.matrices, ((1, 2), (1, 2)))
        form = np.block([[self.form, across], [across.T, other.form]])
        parts = zip(self[:3], other[:3], strict=True)
        matrices, images, missed = map(np.concatenate, parts)
        return Known(matrices, images, missed, form)

    def without(self, places: slice) -> Known:
        """Return what is left without some."""
        form = np.delete(np.delete(self.form, places, 0), places, 1)
        matrices, images, missed = (np.delete(part, places, 0) for part in self[:3])
        return Known(matrices, images, missed, form)


class RememberedImages:
    """What is known for all algorithms; the first matrix is the identity.

    Several threads may use it at once.

    Attributes
    ----------
    covariance : callable
        A pass over the data, see `Samples.covariance`.
    of_identity : ndarray, shape (N, N)
        The covariance of the identity.
    rounding : float
        A bound of its error, over the norm of what it is given.
    preview : Preview or None
        Of many samples.
    short : RememberedImages or None
        What passes in short floats found, which prove nothing: they take half as long.
    """

    def __init__(
        self,
        covariance: Callable[[Array], Array],
        of_identity: Array,
        rounding: float,
        preview: Preview | None = None,
        short: RememberedImages | None = None,
    ) -> None:
        size = len(of_identity)
        room = 8.0 * _MATRICES * size**2
        require_memory(room, f"verdicts on the noise of {size:,} modes")
        self.covariance, self.rounding = covariance, rounding
        self.of_identity, self.preview, self.short = of_identity, preview, short
        root = size**0.5
        self._known = Known.of(np.eye(size) / root, of_identity / root, preview)
        self._most = max(2, min(_MOST, _ROOM // (3 * size * size)))
        self._lock = Lock()

    def remembered(self) -> Known:
        """Return what is known."""
        return self._known

    def remember(self, found: Known) -> None:
        """Add matrices that others do not make up; the oldest ones but the first go."""
        if self.short is not None:
            self.short.remember(found)
        with self._lock:
            together = self._known.joined(found)
            beyond = max(0, len(together.matrices) - self._most)
            self._known = together.without(slice(1, 1 + beyond)) if beyond else together
