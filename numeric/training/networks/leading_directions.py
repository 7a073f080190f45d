"""The directions of largest curvature: from rows that are in memory, or from products alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.training.networks.krylov_space import KrylovSpace

MANY, FEW = 128, 12  # directions, of rows and of products, where no number is given
_ENOUGH = 0.95  # of the trace, at which further ones are left out
_ROUNDS, _BESIDE = 3, 10  # of the subspace iteration, and least dimensions more than are asked for
_SMALL = 1024  # rows or columns, of which all directions are found by squares
_NO_SIZE = 1e-3  # of the largest
_LOOSE = 1e-2  # relative accuracy of eigenvalues by products
_AGAIN = 4  # products from another start


def leading_of_rows(rows: Any, count: int | None) -> Any:
    """Return leading directions of a matrix, one a column.

    Parameters
    ----------
    rows : tensor of shape (m, d)
    count : int or None
        How many; None for those of 95% of the trace, up to 128.
    """
    most = MANY if count is None else count
    if min(rows.shape) <= _SMALL:
        sizes, axes = _all_of_small(rows)
    else:
        state = torch.random.get_rng_state()
        torch.manual_seed(0)  # the same directions each time
        size = min(most + max(_BESIDE, most // 4), *rows.shape)
        _, sizes, axes = torch.svd_lowrank(rows, size, niter=_ROUNDS)
        torch.random.set_rng_state(state)
    if count is None:
        parts = (sizes**2 / rows.square().sum()).cumsum(0)
        most = min(most, int((parts < _ENOUGH).sum()) + 1)
    return axes[:, :most]


def _all_of_small(rows: Any) -> tuple[Any, Any]:
    """Return singular values and directions of a matrix of few rows or columns."""
    wide = rows.shape[0] < rows.shape[1]
    squares, turned = torch.linalg.eigh(rows @ rows.T if wide else rows.T @ rows)
    sizes, turned = squares.flip(0).clamp(min=0).sqrt(), turned.flip(1)
    kept = sizes > _NO_SIZE * sizes[0]  # below it rounding of squares is all that is there
    sizes, turned = sizes[kept], turned[:, kept]
    return sizes, (rows.T @ turned) / sizes if wide else turned


def products_for(count: int | None) -> int:
    """Return how many products `leading_of_products` takes at most."""
    return _AGAIN + (2 * FEW if count is None else 4 * count)


def leading_of_products(
    product: Callable[[Any], Any], start: Callable[[], Any], count: int | None
) -> tuple[KrylovSpace, Array]:
    """Return a space with the leading eigenvectors of a symmetric matrix, and which they are.

    The largest comes first; those below a thousandth of it are left out. One direction to begin
    with sees equal eigenvalues once: the space begins anew from others until these bring nothing.

    Parameters
    ----------
    product : function
        Of a tensor of shape (d,).
    start : function
        Returns a direction to begin with, each time another one.
    count : int or None
        How many; None for up to 12, those that some 24 products find.
    """
    most = FEW if count is None else count
    room = products_for(count)
    space = KrylovSpace(product, room, first := start())
    if not space.can_grow:  # of a matrix that is 0
        space.begin(torch.ones_like(first))
    while space.can_grow and len(space) < room - _AGAIN and not _are_found(space, most):
        space.grow()
    while not space.is_full:
        above = space.sizes[_found(space, most)[-1]] * (1 + _LOOSE)
        known = (space.sizes > above).sum()
        space.begin(start())
        for _ in range(_AGAIN):
            if space.can_grow:
                space.grow()
        if (space.sizes > above).sum() == known:
            break
        while space.can_grow and not _are_found(space, most):
            space.grow()
    return space, _found(space, most)


def _are_close(space: KrylovSpace) -> Any:
    """Whether each eigenvalue is near one of the whole matrix, or no more than nothing."""
    allowed = _LOOSE * np.maximum(space.sizes, _NO_SIZE * space.sizes[-1:])
    return space.errors <= allowed


def _are_found(space: KrylovSpace, most: int) -> bool:
    """Whether the leading eigenvalues are, so many, or those of any size."""
    if not len(space):
        return False
    leading = space.sizes[-most:]
    enough = len(leading) == most or leading[0] <= _NO_SIZE * leading[-1]
    return bool(enough and _are_close(space)[-most:].all())


def _found(space: KrylovSpace, most: int) -> Array:
    """Return which the leading ones are, the largest first: those that are known, at least one."""
    known = _are_close(space) & (space.sizes > _NO_SIZE * space.sizes[-1])
    count = int(np.cumprod(known[::-1]).sum())
    return np.arange(len(space))[::-1][: max(1, min(count, most))]
