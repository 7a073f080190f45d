"""What passes over samples found: matrices with their covariances, for every algorithm."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.memory import require_memory

_MOST = 24  # matrices that are remembered
_ROOM = 2**27  # floats that they may take
_MATRICES = 64  # as large as these that a question works with


class RememberedImages:
    """Symmetric matrices of norm 1 and the covariance of each; the first is the identity.

    Several threads may use it at once.

    Attributes
    ----------
    covariance : callable
        A pass over the data, see `Samples.covariance`.
    of_identity : ndarray, shape (N, N)
        The covariance of the identity.
    rounding : float
        A bound of its error, over the norm of what it is given.
    preview : RememberedImages or None
        Those of the few heaviest samples alone, whose passes take no time to speak of. What is
        left out is positive, so that their leading matrix tells where to look, and proves nothing.
    """

    def __init__(
        self,
        covariance: Callable[[Array], Array],
        of_identity: Array,
        rounding: float,
        preview: RememberedImages | None = None,
    ) -> None:
        size = len(of_identity)
        room = 8.0 * _MATRICES * size**2
        require_memory(room, f"verdicts on the noise of {size:,} modes")
        self.covariance, self.rounding = covariance, rounding
        self.of_identity, self.preview = of_identity, preview
        root = size**0.5
        self._pairs = [(np.eye(size) / root, of_identity / root)]
        self._most = max(2, min(_MOST, _ROOM // (2 * size * size)))
        self._lock = Lock()

    def remembered(self) -> tuple[list[Array], list[Array]]:
        """Return the matrices, and their images."""
        with self._lock:
            matrices, images = zip(*self._pairs, strict=True)
        return list(matrices), list(images)

    def remember(self, matrix: Array, image: Array) -> None:
        """Add a matrix of norm 1 that others do not make up; the oldest one but the first goes."""
        with self._lock:
            self._pairs.append((matrix, image))
            if len(self._pairs) > self._most:
                del self._pairs[1]
