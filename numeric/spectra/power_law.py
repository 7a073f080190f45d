"""A power law of eigenvalues: its members with error bounds, and its sums."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.inputs import positive, positive_float, whole
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.spectra.eigenvalue_list import EigenvalueList
from sgdmem.symbolic.errors import InputError, shown

STEEPEST = 10**6  # exponent: beyond some 1000, all but the first eigenvalue are 0 as floats
LARGEST_COUNT = 10**18  # beyond, an infinite law is meant

_NEAR_ONE = 1e-3
_POWER_ERROR = 32 * UNIT  # relative; libm's pow and the product with the scale
_UNDERFLOW = 2.0**-1072  # absolute, of a power or a product below the normal range


@dataclass(frozen=True)
class PowerLaw:
    """``scale * k**-exponent`` for k = 1 ... count; ``count`` is None for an infinite law.

    Examples
    --------
    >>> law = PowerLaw.read("1.5", 2)
    >>> print(law)
    infinitely many eigenvalues 2 k^-1.5
    >>> law.sum()  # 2 zeta(1.5)
    5.224750697370976
    """

    exponent: float
    scale: float
    count: int | None
    given: tuple[Fraction, Fraction] | None = field(default=None, compare=False, repr=False)

    @classmethod
    def read(cls, exponent: Any, scale: Any = 1.0, count: int | None = None) -> PowerLaw:
        """Return the law of what a caller gives; InputError unless it is one."""
        if count is not None:
            count = whole(count, "count", 1, LARGEST_COUNT)
        given = positive(exponent, "exponent"), positive(scale, "scale")
        steepness = positive_float(exponent, "exponent")
        if steepness > STEEPEST:
            raise InputError(f"exponent must be at most {STEEPEST:,}, got {shown(exponent)}")
        return cls(steepness, positive_float(scale, "scale"), count, given)

    @property
    def exact(self) -> tuple[Fraction, Fraction]:
        """The exponent and the scale as they were given, before they were rounded."""
        return self.given or (Fraction(self.exponent), Fraction(self.scale))

    @property
    def modes(self) -> float:
        """How many modes there are; inf for an infinite law."""
        return math.inf if self.count is None else float(self.count)

    @property
    def largest(self) -> float:
        """The largest eigenvalue."""
        return self.scale

    def eigenvalues(self, k: Array) -> Ball:
        """Return enclosures of the eigenvalues number ``k``, an array of whole floats."""
        with np.errstate(under="ignore"):
            mid = self.scale * k**-self.exponent
        return Ball(mid, _POWER_ERROR * mid + _UNDERFLOW * (1 + self.scale))

    def listed(self) -> EigenvalueList:
        """Return all its eigenvalues, one by one."""
        assert self.count is not None
        ball = self.eigenvalues(np.arange(1.0, self.count + 1))
        return EigenvalueList(ball.mid, ball.rad, np.ones(self.count))

    def scaled(self, factor: Any) -> PowerLaw:
        """Return the law times a factor; InputError if it leaves the range of floats."""
        # as a Fraction, so that leaving the range of floats is noticed
        exponent, scale = self.exact
        return PowerLaw.read(exponent, scale * positive(factor, "factor"), self.count)

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

    @property
    def arguments(self) -> str:
        """What `Spectrum.power_law` would be given."""
        scale = "" if self.scale == 1 else f", scale={self.scale:g}"
        count = "" if self.count is None else f", count={self.count}"
        return f"{self.exponent:g}{scale}{count}"

    def __str__(self) -> str:
        scale = "" if self.scale == 1 else f"{self.scale:.4g} "
        many = f"{self.count or 'infinitely many'} eigenvalue{'s' * (self.count != 1)}"
        digits = 4 if abs(self.exponent - 1) > _NEAR_ONE else 8  # on which side it is matters
        return f"{many} {scale}k^-{self.exponent:.{digits}g}"


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
