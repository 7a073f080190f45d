"""On which side of 1 the radius of a nonnegative matrix lies, decided exactly.

A matrix A >= 0 has a radius below 1 if and only if all leading principal minors of 1 - A are
positive (M-matrices). If noise leads from each of its modes to each other one, a part of them has a
smaller radius than the whole: then only the last minor can be 0, and where it is the radius is 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Ball
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.arithmetic.perron import radius_bounds, strong_components
from sgdmem.symbolic.algebra.scalars import fraction_of

_BITS = (64, 256)


def side_of_one(N: list[list[Any]]) -> tuple[int, Interval]:
    """Return -1, 0 or 1, the sign of the radius less 1, and bounds of the radius.

    Examples
    --------
    >>> from flint import fmpq
    >>> [side_of_one([[fmpq(0), fmpq(2)], [fmpq(x, 4), fmpq(0)]])[0] for x in (1, 2, 3)]
    [-1, 0, 1]
    """
    linked = np.array([[x != 0 for x in line] for line in N])
    sets = strong_components(linked)
    sign = max(_sign([[N[i][j] for j in modes] for i in modes]) for modes in sets)
    if sign == 0:
        return 0, (1.0, 1.0)
    entries = Ball.exactly(fraction_of(x) for line in N for x in line)
    matrix = Ball(entries.mid.reshape(linked.shape), entries.rad.reshape(linked.shape))
    low, high = radius_bounds(matrix, linked)
    return sign, (low, min(high, 1.0)) if sign < 0 else (max(low, 1.0), high)


def _sign(inner: list[list[Any]]) -> int:
    """Return the same sign for modes that are connected."""
    from flint import arb, ctx, fmpq_mat

    less = [[(i == j) - x for j, x in enumerate(line)] for i, line in enumerate(inner)]
    for bits in _BITS:
        with ctx.workprec(bits):
            start, last = positive_pivots([[arb(x) for x in line] for line in less])
        if start == len(less):
            return -1
        if last < 0:
            return 1
    for size in range(start + 1, len(less) + 1):
        minor = fmpq_mat([line[:size] for line in less[:size]]).det()
        if minor < 0 or (minor == 0 and size < len(less)):
            return 1
        if minor == 0:
            return 0
    return -1


def positive_pivots(rows: list[list[Any]]) -> tuple[int, Any]:
    """Return how many leading minors of a matrix of balls are certainly positive.

    And the pivot after them, or the last one.
    """
    rows = list(rows)
    for k in range(len(rows)):
        top = rows[k]
        if not top[k] > 0:
            return k, top[k]
        for i in range(k + 1, len(rows)):
            if not rows[i][k].is_zero():
                factor = rows[i][k] / top[k]
                rows[i] = [x - factor * y for x, y in zip(rows[i], top, strict=True)]
    return len(rows), rows[-1][-1]
