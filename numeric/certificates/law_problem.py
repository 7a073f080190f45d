"""A method on a power law in exact numbers: its noise summand, a quotient of polynomials."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from sgdmem.numeric.certificates.proof import texts
from sgdmem.numeric.judges.exact_list import characteristic
from sgdmem.numeric.noise_sums.mode_summands import decayed_form
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.symbolic.algebra.scalars import flint_polynomial, flint_rational, to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.stability.noise_fraction import noise_fraction

MOST_INDEX = 10**15
_FAR = 40  # of the largest eigenvalue from 1, as an exponent of 2


@dataclass(frozen=True)
class LawProblem:
    """A method on a power law under the noise of two parameters."""

    algorithm: Algorithm
    law: PowerLaw
    noise: BatchNoise
    weight_decay: Fraction
    unit: Fraction = Fraction(1)

    def in_unit(self) -> LawProblem:
        """Return the question in a unit near the largest eigenvalue, if that is far from 1."""
        scale = self.law.exact[1]
        size = scale.numerator.bit_length() - scale.denominator.bit_length()
        if abs(size) <= _FAR:
            return self
        unit = Fraction(2) ** size
        return LawProblem(
            self.algorithm.scaled(unit), self.law.scaled(1 / unit), self.noise,
            self.weight_decay / unit, unit,
        )  # fmt: skip

    @cached_property
    def cuts(self) -> list[int]:
        """Last indices before an unstable interval, or a pole, between eigenvalues."""
        exponent, scale = self.law.exponent, to_float(self.law.exact[1])
        ratios = [scale / root for root in self.poles if 0 < root < scale]
        near = [x for x in ratios if math.log(x) < exponent * math.log(MOST_INDEX)]
        found = {math.floor(x ** (1 / exponent)) for x in near}
        return sorted(k for k in found if k < (self.law.count or MOST_INDEX))

    @cached_property
    def poles(self) -> list[float]:
        """Real roots of the denominator of s."""
        roots = [root.real for root, _ in self.fraction[1].complex_roots() if root.imag == 0]
        return [float(root.mid()) for root in roots]

    @cached_property
    def scale(self) -> Any:
        """The largest eigenvalue."""
        return flint_rational(self.law.exact[1])

    @cached_property
    def decays(self) -> bool:
        """Whether w falls where there is no gradient, so that s is small as squared eigenvalues."""
        _, P, Q, _ = self.algorithm.polynomials
        return bool(sum(P) != self.weight_decay * sum(Q))

    @property
    def least_exponent(self) -> Fraction:
        """Of an endless law whose noise sum is finite, or what is just not such an exponent."""
        return Fraction(1, 1 + self.decays)

    @cached_property
    def raw_fraction(self) -> tuple[Any, Any]:
        """Numerator and denominator of s / lambda; 0 where no mode is ever strictly Schur."""
        form = decayed_form(self.algorithm, self.weight_decay).map(flint_rational)
        numerator, denominator = map(flint_polynomial, noise_fraction(form))
        return numerator, denominator

    @cached_property
    def fraction(self) -> tuple[Any, Any]:
        """Numerator and denominator of s / lambda; the denominator is positive where it matters."""
        numerator, denominator = self.raw_fraction
        common = numerator.gcd(denominator)
        numerator, denominator = numerator / common, denominator / common
        second = flint_rational(Fraction(float(self.eigenvalue(2))))
        sign = 1 if (denominator(self.scale) or denominator(second)) > 0 else -1
        return sign * numerator, sign * denominator

    @property
    def fraction_witness(self) -> dict[str, Any]:
        """Numerator and denominator as a proof holds them."""
        degree = self.algorithm.memory + 1 + self.decays
        numerator, denominator = self.fraction
        known: dict[str, Any] = {"cuts": self.cuts} if self.cuts else {}
        if self.unit != 1:
            known["unit"] = str(self.unit)
        return {
            **known,
            "numerator": texts(_padded(numerator, degree)),
            "denominator": texts(_padded(denominator, degree + 1)),
        }

    @property
    def characteristic(self) -> Any:
        """P - lambda Q at the first eigenvalue, a polynomial of FLINT."""
        return characteristic(self.algorithm, self.law.exact[1] + self.weight_decay)

    @cached_property
    def share(self) -> tuple[Any, Any]:
        """Numerator and denominator of s / (1 + tau2 s / B)."""
        from flint import fmpq_poly

        numerator, denominator = self.fraction
        top = numerator * fmpq_poly([0, 1])
        tau2 = self.noise.tau2
        assert isinstance(tau2, Fraction)  # of a law there is one
        return top, denominator + flint_rational(tau2 * self.noise.inverse_batch) * top

    def eigenvalue(self, k: int) -> Any:
        """Return eigenvalue number k as a ball."""
        from flint import arb

        return arb(self.scale) * arb(k) ** -arb(flint_rational(self.law.exact[0]))


def _padded(polynomial: Any, size: int) -> list[Any]:
    found = list(polynomial)
    return found + [0] * (size - len(found))
