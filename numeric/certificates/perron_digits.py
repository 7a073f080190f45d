r"""The Perron vector of a nonnegative matrix in as many digits as are asked for.

Newton's method for :math:`Nv=\rho v` with the inverse of its first derivative, in floats: each step
gives some ten digits, and takes one product of N with a vector in balls. Coordinates are scaled by
powers of 2 first, so that entries of very different sizes have floats, and those of v are alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.perron import perron_vector
from sgdmem.numeric.certificates.rounding import rounded_ball

_SPARE = 64  # bits
_STEPS = 400  # of the power method for logarithms
_SMALLEST = -1000  # exponent of what has a float


class PerronVector:
    """The Perron vector of a matrix of rational numbers of FLINT, strongly connected."""

    def __init__(self, N: list[list[Any]]) -> None:
        from flint import arb, arb_mat, ctx

        self._entries = N
        self._powers = _exponents(N)
        floats = self._floats()
        radius, v = perron_vector(floats)
        size = len(N)
        bordered = np.block([[floats - radius * np.eye(size), -v[:, None]], [v, np.zeros(1)]])
        self._inverse = np.linalg.pinv(bordered, rcond=1e-300)
        with ctx.workprec(_SPARE):
            self._v, self._radius = arb_mat(size, 1, v.tolist()), arb(radius)

    def _floats(self) -> Array:
        """Return the matrix in scaled coordinates."""
        return np.array([
            [_float(x, int(b - a)) for x, b in zip(line, self._powers, strict=True)]
            for line, a in zip(self._entries, self._powers, strict=True)
        ])  # fmt: skip

    def side(self, bits: int) -> tuple[int, Sequence[Any]]:
        """Return the sign of N v - v for a vector of so many bits; 0 if entries differ in it."""
        from flint import arb, ctx, fmpq

        with ctx.workprec(bits + _SPARE):
            A = self._matrix()
            self._refine(A, bits)
            v = [rounded_ball(x, bits) for x in self._v.entries()]
            if not min(v) > 0:
                return 0, v
            image = (A * self._column(v)).entries()
            below = all(y < arb(x) for x, y in zip(v, image, strict=True))
            above = all(y > arb(x) for x, y in zip(v, image, strict=True))
        back = [x * fmpq(2) ** int(power) for x, power in zip(v, self._powers, strict=True)]
        return int(above) - int(below), back

    def _matrix(self) -> Any:
        """Return the matrix in scaled coordinates, in balls."""
        from flint import arb, arb_mat

        powers = [int(x) for x in self._powers]
        return arb_mat([
            [arb(x) * arb((1, b - a)) if x else arb(0) for x, b in zip(line, powers, strict=True)]
            for line, a in zip(self._entries, powers, strict=True)
        ])  # fmt: skip

    @staticmethod
    def _column(values: Sequence[Any]) -> Any:
        from flint import arb, arb_mat

        return arb_mat([[arb(x)] for x in values])

    def _refine(self, A: Any, bits: int) -> None:
        """Improve vector and radius until N v is the radius times v to the bits."""
        from flint import arb

        v, radius, before = self._v, self._radius, None
        for _ in range(bits):
            rest = (A * v - v * radius).mid().entries()
            size = max(abs(x) for x in rest)
            if not size > 0:
                break
            exponent = _exponent(size)
            if exponent < -bits - 8 or (before is not None and exponent >= before - 2):
                break
            before = exponent
            unit = arb((1, exponent))
            step = -self._inverse @ [*(float(x / unit) for x in rest), 0.0]
            change = self._column([unit * x for x in step[:-1].tolist()])
            v, radius = (v + change).mid(), (radius + unit * float(step[-1])).mid()
        self._v, self._radius = v, radius


def _exponent(x: Any) -> int:
    digits, power = x.mid().man_exp()
    return int(power) + int(digits.bit_length())


def _float(x: Any, power: int) -> float:
    """Return x 2^power as a float."""
    digits = int(x.p.bit_length()) - int(x.q.bit_length())
    if not x or digits + power < _SMALLEST:
        return 0.0
    p, q = int(x.p), int(x.q)
    return p * 2**power / q if power >= 0 else p / (q << -power)


def _exponents(N: list[list[Any]]) -> Array:
    """Return about the logarithms of the Perron vector, to base 2: of any size."""
    sizes = np.full((len(N), len(N)), -np.inf)
    for i, line in enumerate(N):
        for j, x in enumerate(line):
            if x:
                sizes[i, j] = int(x.p.bit_length()) - int(x.q.bit_length())
    v = np.zeros(len(N))
    for _ in range(_STEPS):
        terms = sizes + v
        most = terms.max(axis=1)
        image = most + np.log2(np.exp2(terms - most[:, None]).sum(axis=1))
        growth = image - v
        if np.ptp(growth) < 1:
            break
        # a part of v keeps periodic matrices from oscillating
        v = np.logaddexp2(image, v + (growth.max() + growth.min()) / 2 - 2)
        v -= v.max()
    return np.round(v).astype(int)
