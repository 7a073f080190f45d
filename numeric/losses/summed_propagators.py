r"""Sums over all times of what one eigenvalue adds to the propagators, to hundreds of bits.

With :math:`X = \sum_t A_\lambda^t e_0e_0^T` and :math:`Y = \sum_t A_\lambda^t vv^T`, the solutions
of Lyapunov equations, read at w (:math:`e_0e_0^T`) and at the gradient's point (:math:`rr^T`).
They are singular at small eigenvalues like 1 / lambda, and much cancels in what is left beside
this; hence the many bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number
from sgdmem.numeric.moments.moment_program import moment_pairs
from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algorithms.algorithm import Algorithm

_BITS = 256  # beside those that a tiny effective learning rate times lambda cancels


@dataclass(frozen=True)
class SummedMode:
    """Sums over t = 0, 1, ... of one mode as arb numbers."""

    signal_at_w: Any  # <e0 e0^T, X>
    signal_at_y: Any  # <r r^T, X>
    noise_at_w: Any  # <e0 e0^T, Y>
    noise_at_y: Any  # <r r^T, Y>


def summed_modes(algorithm: Algorithm, eigenvalues: Array, share2: Fraction) -> list[SummedMode]:
    """Return the sums at some eigenvalues for tau2 / B = ``share2``.

    The second-moment map of each mode must be a contraction.
    """
    from flint import arb, arb_mat, ctx

    entries = [number(entry, "entry") for entry in algorithm.entries]
    M = algorithm.memory
    pairs = moment_pairs(M)
    found = []
    with ctx.workprec(_bits(algorithm, eigenvalues)):
        exact = [arb(entry.numerator) / entry.denominator for entry in entries]
        alpha, b, c, D, a, shrink = Blocks.of_row(exact, M)
        v, r = [-alpha, *c], [arb(1), *a]
        start = [[1 - shrink, *b], *([arb(0), *row] for row in D)]
        twice = [1 if i == j else 2 for i, j in pairs]
        reading = [twice[k] * r[i] * r[j] for k, (i, j) in enumerate(pairs)]
        damping = arb(share2.numerator) / share2.denominator
        starts = arb_mat([[arb(k == 0), v[i] * v[j]] for k, (i, j) in enumerate(pairs)])
        for eigenvalue in map(arb, eigenvalues.tolist()):
            S = [[x + eigenvalue * y * z for x, z in zip(row, r, strict=True)]
                 for row, y in zip(start, v, strict=True)]  # fmt: skip
            damped = [eigenvalue**2 * damping * v[i] * v[j] for i, j in pairs]
            # 1 less the map M -> S M S^T - damping lambda^2 (r^T M r) v v^T, entry by entry
            remaining = arb_mat([
                [
                    arb(row == column) + damped[row] * reading[column]
                    - (S[i][k] * S[j][m] if k == m else S[i][k] * S[j][m] + S[i][m] * S[j][k])
                    for column, (k, m) in enumerate(pairs)
                ]
                for row, (i, j) in enumerate(pairs)
            ])  # fmt: skip
            X = remaining.solve(starts)
            sums = [
                (X[0, side], sum((w * X[k, side] for k, w in enumerate(reading)), start=arb(0)))
                for side in (0, 1)
            ]
            found.append(SummedMode(*sums[0], *sums[1]))
    return found


def _bits(algorithm: Algorithm, eigenvalues: Array) -> int:
    """Return how many bits sums of modes need: they are singular where alpha_eff lambda is 0."""
    rate = number(algorithm.effective_learning_rate, "effective learning rate")
    slowest = abs(rate) * Fraction(float(eigenvalues.min()))
    cancelled = math.log2(slowest.denominator) - math.log2(max(slowest.numerator, 1))
    return _BITS + max(0, 2 * math.ceil(cancelled))


def as_floats(values: list[Any]) -> Array:
    """Return the midpoints of arb numbers."""
    return np.array([float(value) for value in values])


def beside_the_pole(values: list[Any], eigenvalues: Array, algorithm: Algorithm) -> Array:
    """Return sums of the signal without their pole, 1 / (2 alpha_eff lambda).

    In as many bits as the sums, since the pole is nearly all of them at small eigenvalues.
    """
    from flint import arb, ctx

    rate = number(algorithm.effective_learning_rate, "effective learning rate")
    with ctx.workprec(_bits(algorithm, eigenvalues)):
        twice = 2 * arb(rate.numerator) / rate.denominator
        return as_floats(
            [value - 1 / (twice * x) for value, x in zip(values, eigenvalues.tolist(), strict=True)]
        )
