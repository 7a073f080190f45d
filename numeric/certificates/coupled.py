r"""Witnesses for coupled noise: vectors of Collatz and Wielandt, in rational numbers.

The radius of :math:`N=\mathrm{diag}(s_i/(1+\tau_{2,i}s_i/B))\,T\,\mathrm{diag}(m)/B` is the largest
of those of strongly connected sets of modes. The Perron vector v of each, in as many digits as it
takes, has :math:`Nv<v` or :math:`Nv>v`; if the radius is 1 exactly, the checker finds v itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.perron import strong_components
from sgdmem.numeric.certificates.perron_digits import PerronVector
from sgdmem.numeric.certificates.rounding import rounded_ball
from sgdmem.numeric.judges.coupled_side import positive_pivots
from sgdmem.numeric.judges.exact_list import ExactFinding, ExactList
from sgdmem.numeric.judges.reason import Reason
from sgdmem.symbolic.errors import UndecidedError

_BITS = (64, 128, 256)
_MANY_BITS = (256, 512, 1024, 2048, 3072)  # a number of a proof has up to 4,000 digits


def coupled_witness(modes: ExactList) -> tuple[ExactFinding, dict[str, Any]]:
    """Return on which side of 1 the radius lies, and vectors that show it.

    Every mode must be strictly Schur, and damped.

    Raises
    ------
    UndecidedError
        If it is within some 1e-900 of 1, and not 1.
    """
    N = modes.matrix()
    linked = np.array([[x != 0 for x in line] for line in N])
    sets = _ordered([component.tolist() for component in strong_components(linked)], linked)
    vector, boundary = ["0"] * len(N), False
    for members in sets:
        sign, own = _side([[N[i][j] for j in members] for i in members])
        if sign > 0:
            alone = ["0"] * len(N)
            for i, x in zip(members, own, strict=True):
                alone[i] = str(x)
            return ExactFinding(Reason.NOISE_SUM), {"by": "noise_sum", "vector": alone}
        boundary = boundary or sign == 0
        for i, x in zip(members, own, strict=True):
            vector[i] = str(x)
    witness: dict[str, Any] = {"vector": vector}
    if boundary:
        return ExactFinding(Reason.BOUNDARY), {"by": "noise_sum", **witness, "sets": sets}
    return ExactFinding(Reason.STABLE), {**witness, "sets": sets} if len(sets) > 1 else witness


def _ordered(components: list[list[int]], linked: Any) -> list[list[int]]:
    """Return sets of modes in an order in which each gets noise from itself and earlier ones."""
    left, order = list(components), list[list[int]]()
    inside = np.zeros(len(linked), dtype=bool)
    while left:
        for members in left:
            inside[members] = True
            if not linked[members][:, ~inside].any():
                break
            inside[members] = False
        order.append(members)
        left.remove(members)
    return order


def _side(N: list[list[Any]]) -> tuple[int, Sequence[Any]]:
    """Return the sign of the radius of a connected set, less 1, and a vector that shows it.

    It is 0 where the radius is 1.
    """
    if len(N) == 1:
        return (N[0][0] > 1) - (N[0][0] < 1), [1]
    perron = PerronVector(N)
    for bits in _BITS:
        sign, vector = perron.side(bits)
        if sign:
            return sign, vector
    if _is_one(N):
        return 0, [0] * len(N)
    for bits in _MANY_BITS:
        found = _by_elimination(N, bits)
        if found is not None:
            return found
    raise UndecidedError("the noise radius is too close to 1 to be proved on either side of it")


def _is_one(N: list[list[Any]]) -> bool:
    """Whether the radius of a connected set, which is near 1, is 1 exactly: N x = x for some x."""
    from flint import fmpq_mat

    size = len(N) - 1
    inner = fmpq_mat([[(i == j) - N[i][j] for j in range(size)] for i in range(size)])
    try:
        x = inner.solve(fmpq_mat(size, 1, [N[i][size] for i in range(size)]))
    except ZeroDivisionError:
        return False
    last = fmpq_mat(1, size, N[size][:size]) * x
    return bool(last[0, 0] + N[size][size] == 1)


def _by_elimination(N: list[list[Any]], bits: int) -> tuple[int, Sequence[Any]] | None:
    r"""Return the sign and a vector, from leading minors of 1 - N in balls; None if bits are few.

    If all but the last minor of the first modes are positive, their :math:`v=(x,1)` with
    :math:`(1-N')x=n` is kept by N, but in the last place: there it falls if the last is positive,
    or grows. With a little of :math:`(1-N')^{-1}x` added or subtracted, so it does everywhere.
    """
    from flint import arb, arb_mat, ctx

    with ctx.workprec(2 * bits):
        less = [[arb((i == j) - x) for j, x in enumerate(line)] for i, line in enumerate(N)]
        count, last = positive_pivots(less)
        if not last > 0 and not last < 0:
            return None
        sign, size = (-1, len(N) - 1) if last > 0 else (1, count)
        inner = arb_mat([line[:size] for line in less[:size]])
        try:
            x = inner.solve(arb_mat([[-less[i][size]] for i in range(size)]))
            found = list(zip(x.entries(), inner.solve(x).entries(), strict=True))
        except ZeroDivisionError:
            return None
        if not all(a.is_finite() and a > 0 and b > 0 for a, b in found):
            return None
        fed = sum((-x * b for x, (_, b) in zip(less[size], found, strict=False)), arb(0))
        share = min([abs(last) / fed, *(a / b for a, b in found)], key=lambda x: float(x.log()))
        moved = [a - sign * share.mid() / 8 * b for a, b in found]
        v = [*(rounded_ball(x, 2 * bits) for x in moved), 1]
    return sign, [*v, *[0] * (len(N) - size - 1)]
