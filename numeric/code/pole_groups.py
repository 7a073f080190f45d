r"""Sums over eigenvalues of a summand with a single pole, in the machine code of polynomials.

For memory 0, and for heavy ball, the summand divided by its eigenvalue has one pole p, beyond the
largest eigenvalue. With the distances :math:`y_k = (\lambda_1 - \lambda_k)/\lambda_1` and
:math:`c = p/\lambda_1 - 1` its sums are

.. math:: T(c) = \sum_k\frac{m_k}{c + y_k}
        = \sum_{\text{groups}}\frac{\sum_k m_k\prod_{j\ne k}(c + y_j)}{\prod_k(c + y_k)}.

Numerators and denominators are polynomials in c that are the same for all members of a family: a
group takes two Horner schemes and one division. All coefficients, and c, are nonnegative, so that
nothing cancels.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sgdmem.numeric.arithmetic.ball import Array

TOGETHER = 4  # eigenvalues of a group
_ALIGNED = 8  # numbers: vectors are loaded faster where they begin
NEAREST, FARTHEST = 1e-30, 1e30  # of c; fourth powers remain far inside the range of floats
_MEMBERS, _GROUPS = 64, 256  # of a block: the coefficients of its groups fit the nearest cache


def pole_groups(nodes: Array, masses: Array) -> Array:
    """Return the coefficients of denominators (the last one is 1) and numerators, lowest first.

    Parameters
    ----------
    nodes, masses : ndarray, shape (N,)
        A multiple of `TOGETHER`; the first node is the largest.

    Returns
    -------
    ndarray, shape (2 * TOGETHER, N / TOGETHER or a few more)
        What was added to align the rows has numerators of 0.
    """
    groups = _aligned_zeros(2 * TOGETHER, nodes.size // TOGETHER)
    _fill(nodes, masses, groups)
    return groups


def _aligned_zeros(rows: int, columns: int) -> Array:
    """Return zeros in rows of at least so many columns that begin at a line of the cache."""
    columns += -columns % _ALIGNED
    whole = np.zeros(rows * columns + _ALIGNED)
    start = -(whole.ctypes.data // whole.itemsize) % _ALIGNED
    return whole[start : start + rows * columns].reshape(rows, columns)


@njit("void(f8[::1], f8[::1], f8[:,::1])", cache=True, nogil=True, error_model="numpy")
def _fill(nodes: Array, masses: Array, groups: Array) -> None:  # pragma: no cover - compiled
    count = nodes.size // TOGETHER
    low, top = np.empty(TOGETHER + 1), np.empty(TOGETHER + 1)
    for j in range(count):
        low[:], top[:] = 0.0, 0.0
        low[0] = 1.0
        for place in range(j, nodes.size, count):
            distance, mass = (nodes[0] - nodes[place]) / nodes[0], masses[place]
            # top becomes top (c + distance) + mass low, and low becomes low (c + distance)
            for k in range(TOGETHER, 0, -1):
                top[k] = top[k - 1] + distance * top[k] + mass * low[k]
                low[k] = low[k - 1] + distance * low[k]
            top[0] = distance * top[0] + mass * low[0]
            low[0] *= distance
        for k in range(TOGETHER):
            groups[k, j], groups[TOGETHER + k, j] = low[k], top[k]


@njit(
    "void(f8[:,::1], f8[::1], f8[::1], i8, i8)",
    cache=True,
    nogil=True,
    error_model="numpy",
    fastmath={"reassoc", "contract", "nsz"},
)
def multiply_by_pole_sums(
    groups: Array, poles: Array, out: Array, start: int, stop: int
) -> None:  # pragma: no cover - compiled
    """Multiply ``out`` from start to stop by T(c) for the c of ``poles``, unless c is 0."""
    d0, d1, d2, d3 = groups[0], groups[1], groups[2], groups[3]
    n0, n1, n2, n3 = groups[4], groups[5], groups[6], groups[7]
    totals = np.empty(_MEMBERS)
    for first in range(start, stop, _MEMBERS):
        last = min(first + _MEMBERS, stop)
        totals[:] = 0.0
        for begin in range(0, d0.size, _GROUPS):
            end = min(begin + _GROUPS, d0.size)
            for p in range(first, last):
                c = poles[p]
                if c > 0.0:
                    total = 0.0
                    for j in range(begin, end):
                        top = ((n3[j] * c + n2[j]) * c + n1[j]) * c + n0[j]
                        low = (((c + d3[j]) * c + d2[j]) * c + d1[j]) * c + d0[j]
                        total += top / low
                    totals[p - first] += total
        for p in range(first, last):
            if poles[p] > 0.0:
                out[p] *= totals[p - first]
