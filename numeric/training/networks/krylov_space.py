"""What a symmetric matrix, known by its products alone, does to the space that they make."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.symbolic.errors import InputError

_ROUNDING = 1e3  # units of the last place, below which nothing new is left of a vector


class KrylovSpace:
    """An orthonormal basis that grows by products with a symmetric matrix: Lanczos iteration.

    It may begin anew from other directions, since one of them sees equal eigenvalues once.

    Parameters
    ----------
    product : function
        Of a tensor of shape (d,): the matrix times it.
    room : int
        How many vectors are kept.
    start : tensor of shape (d,)

    Attributes
    ----------
    sizes : ndarray of shape (k,)
        The eigenvalues, ascending, of the matrix restricted to the space.
    errors : ndarray of shape (k,)
        An eigenvalue of the whole matrix is within so much of each.
    asymmetry : float
        How far the last product is from that of a symmetric matrix, as a share of its size.
    """

    def __init__(self, product: Callable[[Any], Any], room: int, start: Any) -> None:
        room = min(room, start.numel())
        self.sizes, self.errors, self.asymmetry = np.empty(0), np.empty(0), 0.0
        self._product, self._axes = product, np.empty((0, 0))
        self._basis = torch.empty(room, start.numel(), dtype=start.dtype, device=start.device)
        self._matrix = np.zeros((room, room))
        self._left: list[tuple[int, float]] = []  # vectors whose products go out of the space
        self.begin(start)

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another vector."""
        return len(self) == len(self._basis)

    @property
    def can_grow(self) -> bool:
        """Whether there is room, and something new in the last product."""
        return not self.is_full and self._norm > 0

    def begin(self, start: Any) -> None:
        """Go on from another direction."""
        self._follows = False
        self._take(start, len(self))

    def grow(self) -> None:
        """Make another product. The space must be able to grow.

        Raises
        ------
        InputError
            For a product that is not finite.
        """
        k = len(self)
        self._basis[k] = self._next / self._norm
        product = self._product(self._basis[k])
        along = (self._basis[: k + 1] @ product).cpu().numpy()
        if not math.isfinite(float(product.norm()) + float(along[k])):
            raise InputError("loss must have finite second derivatives: training has diverged")
        self._compare(along[:k], float(product.norm()))
        self._matrix[k, : k + 1] = self._matrix[: k + 1, k] = along
        if self._follows:
            self._left.pop()  # what it left is the new vector
        self._take(product, k + 1)
        self._left.append((k, self._norm))
        self._follows = True
        self.sizes, self._axes = np.linalg.eigh(self._matrix[: k + 1, : k + 1])
        self.errors = sum(norm * abs(self._axes[index]) for index, norm in self._left)

    def axes(self, which: Any) -> Array:
        """Return some eigenvectors, as in ``sizes``, in the basis: shape (k, any)."""
        return self._axes[:, which]

    def directions(self, which: Any) -> Any:
        """Return some eigenvectors, as in ``sizes``: a tensor of shape (d, any)."""
        return self._basis[: len(self)].T @ torch.as_tensor(self.axes(which)).to(self._basis)

    def _take(self, vector: Any, count: int) -> None:
        """Let the next vector be what this one has outside of so many."""
        basis, size = self._basis[:count], float(vector.norm())
        for _ in range(2):  # to rounding
            vector = vector - basis.T @ (basis @ vector)
        norm = float(vector.norm())
        least = _ROUNDING * torch.finfo(vector.dtype).eps * size
        self._next, self._norm = vector, norm if norm > least else 0.0

    def _compare(self, along: Array, size: float) -> None:
        """Compare a product along earlier vectors with theirs along the new one."""
        different = along.copy()
        for index, _ in self._left:  # those that were left are not known there
            different[index] = 0.0
        if self._follows:
            different[-1] = along[-1] - self._norm
        self.asymmetry = float(np.linalg.norm(different)) / size if size else 0.0
