r"""The noise summands of an algorithm as sums over poles, with error bounds.

Exact polynomials give poles and residues (`sgdmem.symbolic.stability.unit_circle`), so that a mode
costs M + 1 divisions, whatever the memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.rounding import TINY, UNIT
from sgdmem.symbolic.algebra.polynomials import TransferPolynomials
from sgdmem.symbolic.algebra.scalars import flint_polynomial, flint_rational
from sgdmem.symbolic.stability.unit_circle import (
    CirclePolynomials,
    circle_polynomials,
    complex_roots,
    poles_tell_all,
    squared_modulus,
    without,
)

_TIGHT = 2.0**-50  # relative radius of poles and weights
_DOUBLINGS = 6  # of the bits: poles near 1 are told apart with many
_SMALLEST, _LARGEST = 1e-290, 1e290  # squares of distances that are known to rounding


@dataclass(frozen=True)
class SummandPoles:
    r"""Poles and residues: :math:`s_\lambda/\lambda^2 = \sum_i G_i/(z_i-\mu)` at the drift mu.

    Attributes
    ----------
    poles, weights, output_weights : Ball, shape (n,)
        z and G, at the point of the gradient and at w; of two conjugate poles the upper one, with
        twice its weight.
    is_first_at_zero : bool
        Whether the first one is exactly 0: that of x = 1, where P(1) = 0.
    """

    poles: Ball
    weights: Ball
    output_weights: Ball
    is_first_at_zero: bool

    @classmethod
    def of(cls, polynomials: TransferPolynomials) -> SummandPoles | None:
        """Return those of P and Q; None where two coincide, or do not tell all of a summand."""
        _, P, Q, Q_output = polynomials
        if not any(Q):
            return None
        circle = circle_polynomials(P, Q)
        output = flint_polynomial(Q_output)
        if output.numer() % circle.common:
            return None
        output = output / circle.common
        scale = flint_rational(circle.scale_P) / circle.scale_Q
        ratio = flint_rational(circle.scale_Q) / output.denom()
        numerators = [(circle.Q, scale)]
        if Q_output != Q:
            numerators.append((output.numer(), scale * ratio**2))
        if not all(poles_tell_all(circle, top) for top, _ in numerators):
            return None
        found = (_balls(circle, numerators, circle.precision << k) for k in range(_DOUBLINGS))
        # finite is not enough: what is rounded to floats must be known as well as they are
        tight = (x for x in found if all((y.rad <= _TIGHT * np.abs(y.mid) + TINY).all() for y in x))
        balls = next(tight, None)
        if balls is None:
            return None
        return cls(balls[0], balls[1], balls[-1], circle.Q(1) != 0 == circle.P(1))

    def responses(self, lam: Ball, drift: Ball, weight: Ball | None) -> list[Ball]:
        """Return the weight, by default ``lam``, times the sums over all poles, for both weights.

        Also on disks with real centres: conjugate poles see a disk alike.
        """
        # in this form small eigenvalues cost no accuracy
        plain = self.is_first_at_zero and drift is lam and weight is None
        weight = lam if weight is None else weight
        found: list[Ball] = []
        for weights in (self.weights, self.output_weights):
            if found and self.output_weights is self.weights:
                found = [*found, found[0]]
                break
            start = int(self.is_first_at_zero)
            rest = sum_over_poles(self.poles[start:], weights[start:], drift)
            first = Ball(weights.mid[0].real, weights.rad[0])
            if plain:
                found.append(weight * rest - first)
            else:
                found.append(weight * (rest - first / drift if self.is_first_at_zero else rest))
        return found

    def floats(self, lam: Array, drift: Array) -> tuple[Array, Array]:
        """Return ``lam`` times the sum over all poles in plain floats, and the sum of sizes."""
        total, size = np.zeros((2, *drift.shape))
        with np.errstate(all="ignore"):
            for k, (z, G) in enumerate(zip(self.poles.mid, self.weights.mid, strict=True)):
                if k == 0 and self.is_first_at_zero:
                    term = -G.real * (lam / drift)
                elif z.imag == 0:
                    term = lam * (G.real / (z.real - drift))
                else:  # the real part
                    apart = z.real - drift
                    square = apart * apart + z.imag**2
                    term = lam * ((G.real * apart + G.imag * z.imag) / square)
                total += term
                size += np.abs(term)
        return total, size


def _balls(
    circle: CirclePolynomials, numerators: Sequence[tuple[Any, Any]], precision: int
) -> list[Ball]:
    """Return the poles, and the weights for each numerator and its factor, in so many bits."""
    from flint import acb, ctx, fmpz_poly

    roots = complex_roots(without(circle.crossing, circle.size), precision)
    if any(multiplicity > 1 for _, multiplicity in roots):
        return [Ball(0.0, np.inf)]
    ends = [acb(x) for x in (2, -2) if circle.Q(x // 2) != 0]
    scale = numerators[0][1]
    with ctx.workprec(precision):
        places = [*ends, *(c for c, _ in roots if not c.imag < 0)]
        slopes = [*map((circle.crossing * fmpz_poly([-4, 0, 1])).derivative(), places)]
        balls = [complex_ball([circle.middle(c) / (2 * circle.size(c) * scale) for c in places])]
        for top, factor in numerators:
            square = squared_modulus(top)
            twice = [(2 if c.imag == 0 else 4) * factor for c in places]
            values = zip(twice, places, slopes, strict=True)
            balls.append(complex_ball([k * square(c) / slope for k, c, slope in values]))
    return balls


def sum_over_poles(poles: Ball, weights: Ball, drift: Ball) -> Ball:
    """Return the real parts of sum_i G_i / (z_i - mu) for each of the drifts mu."""
    mu, spread = drift.mid, np.broadcast_to(drift.rad, drift.mid.shape)
    total, size, error = np.zeros((3, *mu.shape))
    parts = (poles.mid, poles.rad, weights.mid, weights.rad)
    with np.errstate(all="ignore"):
        for z, z_error, G, G_error in zip(*parts, strict=True):
            apart = z.real - mu
            square = apart * apart + z.imag * z.imag
            far, off = np.sqrt(square), spread + (z_error + UNIT * np.abs(apart))
            room = far * (1 - 8 * UNIT) - off
            known = (room > 0) & (square > _SMALLEST) & (square < _LARGEST)
            total += (G.real * apart + G.imag * z.imag) / square
            size += abs(G) / far
            # |G/w - G/w'| <= |G| |w - w'| / |w w'|
            error += np.where(known, (abs(G) * off / far + G_error) / room, np.inf)
        rounding = (16 + poles.mid.size) * UNIT * size
        return Ball(total, (1 + 1e-9) * (error + rounding))


def complex_ball(values: Sequence[Any]) -> Ball:
    """Return complex balls of FLINT as balls of floats."""
    mids = np.array([complex(float(x.real.mid()), float(x.imag.mid())) for x in values])
    apart = [float(abs(x - complex(mid)).upper()) for x, mid in zip(values, mids, strict=True)]
    return Ball(mids, np.nextafter(apart, np.inf))
