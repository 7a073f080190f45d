"""What passes over samples found: matrices with their covariances, for every algorithm."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.memory import require_memory

_MOST = 24  # matrices that are remembered
_ROOM = 2**26  # floats that they may take
_MATRICES = 64  # as large as these that a question works with
_NEW = 1e-3  # of a matrix that is outside the space of the others, to be remembered


class RememberedImages:
    """Symmetric matrices of norm 1 and the covariance of each; the first is the identity.

    Several threads may use it at once.

    Attributes
    ----------
    covariance : callable
        A pass over the data, see `Samples.covariance`.
    rounding : float
        A bound of its error, over the norm of what it is given.
    """

    def __init__(self, covariance: Callable[[Array], Array], rounding: float, size: int) -> None:
        room = 8.0 * _MATRICES * size**2
        require_memory(room, f"verdicts on the noise of {size:,} modes")
        self.covariance, self.rounding = covariance, rounding
        self.of_identity = covariance(np.eye(size))
        root = size**0.5
        self._pairs = [(np.eye(size) / root, self.of_identity / root)]
        self._most = max(2, min(_MOST, _ROOM // (2 * size * size)))
        self._lock = Lock()

    def remembered(self) -> tuple[list[Array], list[Array]]:
        """Return the matrices, and their images."""
        with self._lock:
            matrices, images = zip(*self._pairs, strict=True)
        return list(matrices), list(images)

    def remember(self, matrix: Array) -> None:
        """Add a matrix, unless others nearly make it up; the oldest one but the first goes."""
        rest = matrix / np.linalg.norm(matrix)
        others, _ = self.remembered()
        for _ in range(2):
            for other in others:
                rest = rest - np.vdot(other, rest) * other
        norm = float(np.linalg.norm(rest))
        if not norm > _NEW:
            return
        pair = rest / norm, self.covariance(rest / norm)
        with self._lock:
            self._pairs.append(pair)
            if len(self._pairs) > self._most:
                del self._pairs[1]
