r"""The exact condition on a finite list of rational eigenvalues, decided by exact arithmetic.

The summand is a quotient of two polynomials in the eigenvalue (`noise_fraction`), so each takes a
few products of rational numbers; sums are enclosed by balls of more and more bits, and where these
do not decide they are computed exactly. Nothing stays open: what is neither stable nor unstable by
a margin is shown to lie on the boundary of stability, with noise or without.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import zip_longest
from typing import Any

from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.judges.coupled_side import side_of_one
from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.noise_sums.mode_summands import decayed_form
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, to_half_plane
from sgdmem.symbolic.algebra.scalars import flint_polynomial, flint_rational, fraction_of, to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.stability.noise_fraction import noise_fraction
from sgdmem.symbolic.stability.schur import is_hurwitz, is_schur_form

_FIRST_BITS, _MOST_BITS = 80, 2**13
_SPARE_BITS = 32  # of a proof, that it tells the noise sum closely


@dataclass(frozen=True)
class ExactFinding:
    """What exact arithmetic decides.

    Attributes
    ----------
    reason : Reason
    eigenvalue : int or None
        The place of the eigenvalue at fault, where one is.
    bits : int or None
        In which every summand, rounded down, still decides the noise sum; None where nothing may
        be rounded.
    circles : list of lists or None
        On the boundary of stability without noise, the factor of each P - lambda Q whose
        roots are on the unit circle.
    noise_sum : (float, float)
        Bounds of it, or of the radius; infinite where a mode is unstable by itself.
    """

    reason: Reason
    eigenvalue: int | None = None
    bits: int | None = None
    circles: list[list[Any]] | None = None
    noise_sum: Interval = (math.inf, math.inf)


@dataclass(frozen=True)
class ExactList:
    """An algorithm on a list of eigenvalues, in exact numbers.

    Attributes
    ----------
    algorithm : Algorithm
    eigenvalues, weights : list of Fraction
    noise : BatchNoise
        Of two parameters, tau2 perhaps for each eigenvalue, or coupled.
    weight_decay : Fraction
    """

    algorithm: Algorithm
    eigenvalues: list[Fraction]
    weights: list[Fraction]
    noise: BatchNoise
    weight_decay: Fraction

    @cached_property
    def form(self) -> HalfPlaneForm:
        """The algorithm in the half plane."""
        return decayed_form(self.algorithm, self.weight_decay)

    @cached_property
    def fraction(self) -> tuple[Any, Any]:
        """Numerator and denominator of s / lambda, polynomials of FLINT."""
        parts = noise_fraction(self.form.map(flint_rational))
        numerator, denominator = map(flint_polynomial, parts)
        return numerator, denominator

    @cached_property
    def damping(self) -> list[Fraction]:
        """tau2 / B of each eigenvalue."""
        tau2, inverse = self.noise.tau2, self.noise.inverse_batch
        each = tau2 if isinstance(tau2, tuple) else [tau2] * len(self.eigenvalues)
        return [inverse * value for value in each]

    @cached_property
    def coupling(self) -> list[list[Fraction]]:
        """T: tau1 everywhere, or blocks and zero beside them."""
        size, before = len(self.eigenvalues), 0
        if self.noise.coupling is None:
            return [[self.noise.tau1] * size] * size
        matrix = []
        for block in self.noise.coupling:
            left, right = [Fraction(0)] * before, [Fraction(0)] * (size - before - block.size)
            matrix += [[*left, *line, *right] for line in block.exact()]
            before += block.size
        return matrix

    def first_unstable(self) -> int | None:
        """Return the place of an eigenvalue at which P - lambda Q is not strictly Schur."""
        order = sorted(range(len(self.eigenvalues)), key=lambda i: -self.eigenvalues[i])
        return next((i for i in order if not is_schur_form(self.form, self.eigenvalues[i])), None)

    @cached_property
    def shares(self) -> list[tuple[Any, Any]]:
        """`share` of every mode."""
        return [self.share(i) for i in range(len(self.eigenvalues))]

    def share(self, i: int) -> tuple[Any, Any]:
        """Return numerator and denominator of s / (1 + tau2 s / B) of a strictly Schur mode.

        The denominator of s is positive there: a product of Hurwitz determinants.
        """
        lam = flint_rational(self.eigenvalues[i])
        numerator, denominator = self.fraction
        top = lam * numerator(lam)
        return top, denominator(lam) + flint_rational(self.damping[i]) * top

    def find(self) -> ExactFinding:
        """Decide everything."""
        return self._found

    @cached_property
    def _found(self) -> ExactFinding:
        return self.before_noise() or self.noise_side()

    def before_noise(self) -> ExactFinding | None:
        """Decide modes by themselves; None where the noise between them does."""
        unstable = self.first_unstable()
        if unstable is not None:
            circles = self.circles()
            if circles is None:
                return ExactFinding(Reason.NOISELESS, unstable)
            first = next(i for i, factor in enumerate(circles) if len(factor) > 1)
            return ExactFinding(Reason.BOUNDARY, first, circles=circles)
        if self.noise.is_none:
            return ExactFinding(Reason.STABLE, noise_sum=(0.0, 0.0))
        for i, (_, bottom) in enumerate(self.shares):
            if bottom <= 0:
                return ExactFinding(Reason.MODE_NOISE, i)
        return None

    def noise_side(self) -> ExactFinding:
        """Decide on which side of 1 the noise sum lies, or the radius."""
        if self.noise.coupling is not None:
            sign, bounds = side_of_one(self.matrix())
            reason = (Reason.STABLE, Reason.BOUNDARY, Reason.NOISE_SUM)[1 + sign]
            return ExactFinding(reason, noise_sum=bounds)
        feed = flint_rational(self.noise.tau1 * self.noise.inverse_batch)
        return _side(feed, [flint_rational(weight) for weight in self.weights], self.shares)

    def matrix(self) -> list[list[Any]]:
        """Return diag(s / (1 + tau2 s / B)) T diag(weights) / B, in rational numbers of FLINT."""
        inverse = flint_rational(self.noise.inverse_batch)
        weights = [flint_rational(weight) for weight in self.weights]
        matrix = []
        for (top, bottom), line in zip(self.shares, self.coupling, strict=True):
            share = inverse * top / bottom
            row = zip(line, weights, strict=True)
            matrix.append([share * flint_rational(x) * weight for x, weight in row])
        return matrix

    def output_noise_sum(self) -> float:
        """Return the noise sum of the loss at w; every mode is strictly Schur, and damped."""
        if not self.form.shifted:
            return sum(self.find().noise_sum) / 2
        at_w = self.form._replace(Q=self.form.Q_output).map(flint_rational)
        numerator = flint_polynomial(noise_fraction(at_w)[0])
        terms = []
        for i, weight in enumerate(self.weights):
            lam, (_, bottom) = flint_rational(self.eigenvalues[i]), self.shares[i]
            terms.append(flint_rational(weight) * lam * numerator(lam) / bottom)
        share = self.noise.tau1 * self.noise.inverse_batch
        return to_float(share * fraction_of(summed(terms)))

    def circles(self) -> list[list[Any]] | None:
        """Return the factor of each P - lambda Q whose roots are those on the unit circle.

        Coefficients, highest power first; None where a root lies outside.
        """
        found = []
        for lam in self.eigenvalues:
            circle = circle_factor(characteristic(self.algorithm, lam + self.weight_decay))
            if circle is None:
                return None
            found.append(list(circle)[::-1])
        return found


def _side(feed: Any, counts: Sequence[Any], shares: Sequence[tuple[Any, Any]]) -> ExactFinding:
    """Return on which side of 1 a number times a sum of counts times fractions lies."""
    from flint import arb, ctx

    bits = _FIRST_BITS
    while bits <= _MOST_BITS:
        with ctx.workprec(bits):
            pairs = zip(counts, shares, strict=True)
            terms = (arb(count * top) / arb(bottom) for count, (top, bottom) in pairs)
            total = arb(feed) * sum(terms, arb(0))
            gap = abs(total - 1).lower()
            if gap > 0:
                reason = Reason.STABLE if total < 1 else Reason.NOISE_SUM
                # roundings of all terms are less than the gap, and few of its digits are lost
                enough = int(feed * len(shares) / gap.fmpq()).bit_length() + _SPARE_BITS
                return ExactFinding(reason, bits=enough, noise_sum=_ends(total))
        bits *= 2
    pairs = zip(counts, shares, strict=True)
    whole = feed * summed(count * top / bottom for count, (top, bottom) in pairs)
    if whole == 1:
        return ExactFinding(Reason.BOUNDARY, noise_sum=(1.0, 1.0))
    reason = Reason.STABLE if whole < 1 else Reason.NOISE_SUM
    return ExactFinding(reason, noise_sum=_ends(arb(whole)))


def _ends(total: Any) -> Interval:
    """Return floats around a ball."""
    low, high = float(total.lower()), float(total.upper())
    return math.nextafter(low, -math.inf), math.nextafter(high, math.inf)


def summed(terms: Iterable[Any], add: Callable[[Any, Any], Any] = lambda x, y: x + y) -> Any:
    """Return a sum of rational numbers, added in pairs so that few of them are long."""
    left = list(terms)
    while len(left) > 1:
        odd = left[2 * (len(left) // 2) :]
        left = [add(*left[i : i + 2]) for i in range(0, len(left) - 1, 2)] + odd
    return left[0]


def characteristic(algorithm: Algorithm, curvature: Fraction) -> Any:
    """Return P - curvature Q as a polynomial of FLINT."""
    _, P, Q, _ = algorithm.polynomials
    return flint_polynomial(p - curvature * q for p, q in zip_longest(P, Q, fillvalue=0))


def circle_factor(chi: Any) -> Any:
    """Return a square-free polynomial with the roots that another one has on the unit circle.

    None if a root lies outside. A root that is one of the reversed polynomial too lies on the
    circle, or its inverse is another one.
    """
    common = chi.gcd(flint_polynomial(reversed(list(chi))))
    simple = common / common.gcd(common.derivative())
    if not is_schur_polynomial(simple.derivative()):  # Cohn: some lie elsewhere
        return None
    inside = chi
    while len(factor := inside.gcd(simple)) > 1:
        inside = inside / factor
    return simple if is_schur_polynomial(inside) else None


def is_schur_polynomial(polynomial: Any) -> bool:
    """Whether all roots of a polynomial of FLINT lie strictly inside the unit circle."""
    if len(polynomial) < 2:
        return True
    return is_hurwitz(to_half_plane([fraction_of(x) for x in polynomial]))
