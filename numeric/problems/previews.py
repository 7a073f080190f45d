"""Previews of passes over samples, by those of them that can feed the noise most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array

SHORT = np.float32  # of previews, which prove nothing
_HEAVY = 1000  # samples that are asked first
_MANY = 10  # times as many, at least, are there altogether
_LONG_PASS = 5 * 10**6  # products, below which it is as quick to ask all
_FEWEST_STEPS, _MOST_STEPS = 5, 30  # of a preview


@dataclass(frozen=True)
class Preview:
    r"""Nearly what a pass finds, in little time: it tells where to look, and proves nothing.

    The heaviest samples are taken as they are. Of the others only moments that do not depend on the
    signs of coordinates are: for rows these are :math:`E[z_i^2z_j^2]`.

    Attributes
    ----------
    heavy : callable
        The covariance of the heaviest samples, in short floats.
    rest : ndarray, shape (N, N)
        What the others add to these moments, in short floats.
    most_steps : int
        Previews that take about half as long as a pass.
    """

    heavy: Callable[[Array], Array]
    rest: Array
    most_steps: int

    @classmethod
    def of(cls, heavy: Callable[[Array], Array], rest: Array, count: int, total: int) -> Preview:
        """Return that of so many of all samples."""
        steps = min(_MOST_STEPS, max(_FEWEST_STEPS, total // count))
        return cls(heavy, rest.astype(SHORT), steps)

    def __call__(self, N: Array) -> Array:
        """Return about the covariance of a symmetric matrix, in short floats."""
        N = N.astype(SHORT, copy=False)
        image, own = self.heavy(N).astype(SHORT, copy=False) + 2 * self.rest * N, np.diag(N)
        image[np.diag_indices(len(N))] += self.rest @ own - 2 * np.diag(self.rest) * own
        return np.asarray(image)


def count_asked_first(n: int, outputs: int, modes: int) -> int:
    """Return how many of n samples a preview asks; 0 where it would not save time."""
    count = min(_HEAVY, n // _MANY)
    return 0 if count < _HEAVY and 2 * n * outputs * modes**2 < _LONG_PASS else count


def covariance_of_few(Z: Array, weights: Array, N: Array) -> Array:
    """Return the covariance of rows in the fewest calls: not half of the products."""
    forms = np.einsum("nd,nd->n", Z @ N, Z)
    total = Z.T @ (Z * (weights * forms)[:, None])
    return np.asarray((total + total.T) / 2 - N)
