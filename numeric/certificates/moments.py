r"""Witnesses about a map A of second moments, in exact numbers, where floats leave it open.

The map is written as a matrix of rational numbers. Y with :math:`Y-A(Y)=1` is solved for in balls
of more and more bits, and rounded; where no bits suffice the map has the radius 1, or seems to, and
second moments X that it does not change are sought exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.certificates.rounding import dyadic, rounded_ball

Family: TypeAlias = list[Any]  # of matrices of FLINT, symmetric

MOST_UNKNOWN = 150
_BITS = (160, 640, 2560)
_MOST_KERNEL = 12  # dimensions in which a semidefinite family is looked for
_STEPS = 2000  # of a mean over powers of A, in floats
_PARTS = (1, 12, 1000, 10**6)  # into which coordinates in a kernel are rounded


@dataclass(frozen=True)
class MomentWitness:
    """What shows on which side of 1 the radius lies.

    Attributes
    ----------
    claim : str
        "stable", "unstable" or "boundary".
    family : list of fmpq_mat
        Y, or X if it is ``fixed``.
    fixed : bool
    negative : (int, list of str) or None
        Of an unstable Y, the block that is negative along a vector.
    """

    claim: str
    family: Family
    fixed: bool = False
    negative: tuple[int, list[str]] | None = None


def moment_witness(sizes: Sequence[int], moved: Callable[[Family], Family]) -> MomentWitness | None:
    """Return a witness for a map of families of symmetric matrices of some sizes; None without one.

    The map must keep positive semidefinite families, of at most `MOST_UNKNOWN` numbers together.
    """
    from flint import arb, arb_mat, ctx

    A = _matrix(sizes, moved)
    unknown = A.nrows()
    ones = [int(a == b) for size in sizes for a in range(size) for b in range(a + 1)]
    for bits in _BITS:
        with ctx.workprec(bits):
            entries = [arb(int(i == j) - A[i, j]) for i in range(unknown) for j in range(unknown)]
            try:
                found = arb_mat(unknown, unknown, entries).solve(arb_mat([[arb(x)] for x in ones]))
            except ZeroDivisionError:
                continue
        values = [found[i, 0] for i in range(unknown)]
        if all(x.is_finite() for x in values):
            witness = _decreasing(_family(sizes, [rounded_ball(x, bits) for x in values]), moved)
            if witness is not None:
                return witness
    return _unchanged(sizes, A)


def _matrix(sizes: Sequence[int], moved: Callable[[Family], Family]) -> Any:
    """Return the map as a matrix, of the entries below and on diagonals."""
    from flint import fmpq_mat

    unknown = sum(size * (size + 1) // 2 for size in sizes)
    columns = []
    for k in range(unknown):
        image = moved(_family(sizes, [int(k == i) for i in range(unknown)]))
        columns.append([X[a, b] for X in image for a in range(X.nrows()) for b in range(a + 1)])
    return fmpq_mat(
        unknown, unknown, [columns[j][i] for i in range(unknown) for j in range(unknown)]
    )


def _family(sizes: Sequence[int], values: Sequence[Any]) -> Family:
    """Return symmetric matrices of the entries below and on their diagonals."""
    from flint import fmpq_mat

    family, left = [], iter(values)
    for size in sizes:
        lower = [[next(left) for _ in range(a + 1)] for a in range(size)]
        family.append(
            fmpq_mat(
                size, size, [lower[max(a, b)][min(a, b)] for a in range(size) for b in range(size)]
            )
        )
    return family


def _decreasing(Y: Family, moved: Callable[[Family], Family]) -> MomentWitness | None:
    left = [before - after for before, after in zip(Y, moved(Y), strict=True)]
    if not all(_is_definite(X) for X in left):
        return None
    if all(_is_definite(X) for X in Y):
        return MomentWitness("stable", Y)
    for i, X in enumerate(Y):
        vectors = np.linalg.eigh(_floats(X))[1][:, :1].T
        texts = dyadic(vectors, 60)[0]
        if _quadratic(X, texts) < 0:
            return MomentWitness("unstable", Y, negative=(i, texts))
    return None


def _unchanged(sizes: Sequence[int], A: Any) -> MomentWitness | None:
    """Return second moments that A does not change."""
    from flint import fmpq, fmpq_mat

    unknown = A.nrows()
    less = [A[i, j] - int(i == j) for i in range(unknown) for j in range(unknown)]
    reduced, rank = fmpq_mat(unknown, unknown, less).rref()
    if not unknown - _MOST_KERNEL <= rank < unknown:
        return None
    pivots = [next(j for j in range(unknown) if reduced[i, j] != 0) for i in range(rank)]
    free = [j for j in range(unknown) if j not in pivots]
    for coordinates in _coordinates(sizes, A, free):
        values = [fmpq(0)] * unknown
        for j, x in zip(free, coordinates, strict=True):
            values[j] += x
            for i, pivot in enumerate(pivots):
                values[pivot] -= reduced[i, j] * x
        X = _family(sizes, values)
        if any(values) and all(_is_definite(block, strictly=False) for block in X):
            definite = all(_is_definite(block) for block in X)
            return MomentWitness("boundary" if definite else "unstable", X, fixed=True)
    return None


def _coordinates(sizes: Sequence[int], A: Any, free: list[int]) -> list[list[Any]]:
    """Return guesses of some coordinates of what A does not change: of its mean over powers."""
    from flint import fmpq

    if len(free) == 1:
        return [[fmpq(1)], [fmpq(-1)]]
    step, state = _floats(A), np.array([float(a == b) for s in sizes for a in range(s)
                                        for b in range(a + 1)])  # fmt: skip
    total = 0 * state
    for _ in range(_STEPS):
        state = step @ state
        total += state
    if not np.isfinite(total).all() or not np.abs(total).max() > 0:
        return []
    mean = total[free] / np.abs(total).max()
    return [[fmpq(round(part * x), part) for x in mean.tolist()] for part in _PARTS]


def _is_definite(X: Any, strictly: bool = True) -> bool:
    """Whether a symmetric matrix is positive definite, or semidefinite, by elimination."""
    left = X.tolist()
    while left:
        pivot, *others = left[0]
        if pivot < 0 or (pivot == 0 and (strictly or any(others))):
            return False
        left = [
            [x - line[0] * y / pivot if pivot else x for x, y in zip(line[1:], others, strict=True)]
            for line in left[1:]
        ]
    return True


def _floats(X: Any) -> Array:
    """Return a matrix of rational numbers as floats, which may be divided by its largest."""
    largest = max((abs(x) for x in X.entries()), default=1) or 1
    scale = largest if largest > 10**150 else 1
    return np.array([[_float(x / scale) for x in line] for line in X.tolist()])


def _float(x: Any) -> float:
    return int(x.p) / int(x.q)


def _quadratic(X: Any, texts: Sequence[str]) -> Any:
    from flint import fmpq, fmpq_mat

    row = fmpq_mat(1, len(texts), [fmpq(*map(int, text.split("/"))) for text in texts])
    return (row * X * row.transpose())[0, 0]
