"""A power law of eigenvalues: its members with error bounds, and its sums."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball

_POWER_ERROR = 32 * 2.0**-53  # relative; libm's pow and the product with the scale
_UNDERFLOW = 2.0**-1072  # absolute, of a power or a product below the normal range


@dataclass(frozen=True)
class PowerLaw:
    """``scale * k**-exponent`` for k = 1 ... count; ``count`` is None for an infinite law."""

    exponent: float
    scale: float
    count: int | None

    def eigenvalues(self, k: Array) -> Ball:
        """Return enclosures of the eigenvalues number ``k``, an array of whole floats."""
        with np.errstate(under="ignore"):
            mid = self.scale * k**-self.exponent
        return Ball(mid, _POWER_ERROR * mid + _UNDERFLOW * (1 + self.scale))

    def sum(self, power: float = 1.0) -> float:
        r"""Return :math:`\sum_k\lambda_k^p`, to the nearest float or the one beside it.

        Infinite when it diverges. By the Hurwitz zeta function, whatever the length.
        """
        from flint import arb, ctx

        precision = 128  # holds the product of two floats exactly: divergence is told exactly
        while True:
            with ctx.workprec(precision):
                exponent = arb(self.exponent) * arb(power)
                if self.count is None and not exponent > 1:
                    return math.inf
                zeta = exponent.zeta(1) if self.count is None else _zeta(exponent, self.count)
                total = arb(self.scale) ** arb(power) * zeta
                if total.rel_accuracy_bits() >= 64:
                    return float(total)
            precision *= 2  # an exponent very close to 1 cancels digits


def riemann_zeta(s: float) -> float:
    """Return Riemann's zeta function, also left of 1."""
    from flint import arb

    return float(arb(s).zeta())


def _zeta(exponent: Any, count: int) -> Any:
    """Return sum_(k<=count) k^-exponent as an arb."""
    from flint import arb

    direct = min(count, 1000)
    total = sum((arb(k) ** -exponent for k in range(1, direct + 1)), start=arb(0))
    if count > direct:
        # zeta(s, a) - zeta(s, b) also holds for s <= 1, by continuation, except at s = 1
        if exponent == 1:
            total += arb(count + 1).digamma() - arb(direct + 1).digamma()
        else:
            total += exponent.zeta(direct + 1) - exponent.zeta(count + 1)
    return total
