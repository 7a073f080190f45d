"""Modes of algorithms of long memory: summands from their poles, and the recursion in many bits.

In floats the Routh-Astrom recursion loses about a bit for each auxiliary vector. Here modes are
compared with the eigenvalues at which roots cross the unit circle, which exact polynomials give,
and summands are sums over poles (`sgdmem.numeric.noise_sums.summand_poles`). What balls around
these leave open is decided by the recursion in balls of more bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.noise_sums.long_member import (
    MOST_COEFFICIENTS,
    LongMember,
    is_sharp,
    long_member,
)
from sgdmem.symbolic.algebra.routh import summands
from sgdmem.symbolic.algebra.scalars import flint_rational
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.stability.poles import gradient_unit

LONGEST_IN_FLOATS = 8  # memory for which floats are enough
_BITS = (8, 32, 128)  # of balls, for each coefficient
_MOST = 2048  # modes whose sums are found in many bits: the others keep wider bounds
_LOST = 1e-4  # of the sizes of what is added up, below which floats do not tell a sum
_NONE = Fraction(0)

Modes = tuple[Array, Ball, Ball]  # schur, s / lambda, and the same at w


@dataclass(frozen=True)
class LongAlgorithm:
    """An algorithm of long memory: a member times a factor of Q, and so of eigenvalues."""

    algorithm: Algorithm
    member: LongMember
    factor: Fraction

    @classmethod
    def of(cls, algorithm: Algorithm) -> LongAlgorithm:
        """Read an algorithm with rational entries."""
        unit, factor = gradient_unit(algorithm.polynomials)
        return cls(algorithm, long_member(unit, algorithm.shrink), factor)

    @cached_property
    def _factor(self) -> Ball:
        return Ball.exactly([self.factor])

    def modes(self, lam: Ball, weight_decay: Fraction) -> Modes:
        """Return what is certain of every mode."""
        scaled = self._factor * lam
        drift = self._factor * (lam + weight_decay) if weight_decay else scaled
        schur = self.member.schur(drift)
        noise, output = (self._factor * x for x in self.member.responses(scaled, drift, None))
        rough = (schur == 1) & ~(is_sharp(noise) & is_sharp(output))
        for k in [*np.flatnonzero(schur == 0), *np.flatnonzero(rough)[:_MOST]]:
            flag, values = self.refined(lam[k], weight_decay)
            schur[k] = flag or schur[k]
            for ball, value in zip((noise, output), values, strict=True):
                if not ball.rad[k] <= value.rad:
                    ball.mid[k], ball.rad[k] = value.mid, value.rad
        return schur, noise, output

    def is_schur_to(self, largest: float, weight_decay: Fraction) -> bool:
        """Whether it certainly is strictly Schur for all eigenvalues in (0, largest]."""
        (lows, highs), _ = self.member.certain
        ends = [self._factor * (Ball(x) + weight_decay) for x in (0.0, largest)]
        low = ends[0].lower if weight_decay else 0.0
        return bool(((low >= lows) & (ends[1].upper < highs)).any())

    def refined(self, lam: Ball, weight_decay: Fraction) -> tuple[int, list[Ball]]:
        """Return what the recursion says of one mode, in balls of as many bits as it takes."""
        return modes_in_bits(self.algorithm, lam, weight_decay)

    def on_disks(self, disks: Ball, weight_decay: Fraction, power: int) -> tuple[Ball, Ball]:
        """Return what encloses s / lambda^power on disks with real centres."""
        scaled = self._factor * disks
        drift = self._factor * (disks + weight_decay) if weight_decay else scaled
        weight = None if power == 1 else Ball(1.0)
        factor = self._factor if power == 1 else self._factor * self._factor
        noise, output = (factor * x for x in self.member.responses(scaled, drift, weight))
        return noise, output

    def floats(self, lam: Array, weight_decay: Array) -> tuple[Array, Array]:
        """Return where modes are strictly Schur, and s / lambda there, without error bounds."""
        factor, drift = float(self.factor), lam + weight_decay
        schur, summand = self.member.is_schur(factor * drift), self.member.summand
        if summand is None:
            total, lost = np.zeros(drift.shape), schur
        else:
            total, size = summand.floats(factor * lam, factor * drift)
            lost = schur & ~(size * _LOST <= np.abs(total))
        if len(self.member.form.Q) <= MOST_COEFFICIENTS and lost.any():
            with np.errstate(all="ignore"):
                places = factor * drift[lost], factor * np.broadcast_to(lam, drift.shape)[lost]
                total[lost] = summands(self.member.in_floats, *places).noise
            return schur, factor * total
        for place in zip(*np.nonzero(lost), strict=True):
            at = drift[place]
            value = self.refined(Ball(at), _NONE)[1][0].mid
            total[place] = value / factor * (np.broadcast_to(lam, drift.shape)[place] / at)
        return schur, factor * total


@dataclass(frozen=True)
class LongForm:
    """Algorithms of one long memory, in the place of a `HalfPlaneForm` in balls.

    Attributes
    ----------
    algorithms : tuple of LongAlgorithm
    weight_decay : Fraction or ndarray of shape (A, 1)
        In the gradient; an array of floats for what is searched with them.
    """

    algorithms: tuple[LongAlgorithm, ...]
    weight_decay: Any  # Fraction | Array

    @classmethod
    def of(cls, algorithms: Sequence[Algorithm], weight_decay: Fraction) -> LongForm:
        """Read algorithms with rational entries."""
        return cls(tuple(map(LongAlgorithm.of, algorithms)), weight_decay)

    def __len__(self) -> int:
        return len(self.algorithms)

    def take(self, piece: slice | Array) -> LongForm:
        """Return some of the algorithms."""
        chosen = np.arange(len(self))[piece].tolist()
        return LongForm(tuple(self.algorithms[k] for k in chosen), self.weight_decay)

    def single(self, index: int) -> LongForm:
        """Return one of them, or the one of all, with its weight decay."""
        decay = self.weight_decay
        if not isinstance(decay, Fraction):
            rates = np.ravel(decay)
            decay = Fraction(float(rates[index if rates.size > 1 else 0]))
        return LongForm((self.algorithms[index if len(self) > 1 else 0],), decay)

    @property
    def no_pull(self) -> Array:
        """Whether P(1) and Q(1) are exactly 0."""
        forms = [x.member.form for x in self.algorithms]
        return np.array([form.pull == 0 and not form.decay for form in forms])

    @property
    def has_poles(self) -> bool:
        """Whether summands are sums over poles; else many modes may take long."""
        return all(x.member.summand is not None for x in self.algorithms)

    def is_schur_to(self, largest: float) -> bool:
        """Whether it certainly is strictly Schur at all eigenvalues from 0, itself left out, on."""
        return all(x.is_schur_to(largest, self.weight_decay) for x in self.algorithms)

    def modes(self, lam: Ball) -> Modes:
        """Return what is certain of every mode, shape (A, N)."""
        found = [x.modes(lam, self.weight_decay) for x in self.algorithms]
        schur, *sums = zip(*found, strict=True)
        return np.stack(schur), *(_stacked(x) for x in sums)  # type: ignore[return-value]

    def on_disks(self, disks: Ball, power: int) -> tuple[Ball, Ball]:
        """Return what encloses s / lambda^power on disks, of one algorithm."""
        return self.algorithms[0].on_disks(disks, self.weight_decay, power)

    def decayed(self, rates: Array | float) -> LongForm:
        """Return the form with weight decay in the gradient, a rate for each row or for all."""
        return LongForm(self.algorithms, rates)

    def floats(self, lam: Array) -> tuple[Array, Array]:
        """Return where modes are strictly Schur, and s / lambda, in plain floats.

        The rows are those of one algorithm, or of one each.
        """
        decay = np.asarray(self.weight_decay, dtype=float)
        if len(self) == 1:
            return self.algorithms[0].floats(lam, decay)
        rates = np.broadcast_to(decay, (len(self), 1))
        lam = np.broadcast_to(lam, (len(self), lam.shape[1]))
        rows = zip(self.algorithms, lam, rates, strict=True)
        parts = [algorithm.floats(*row) for algorithm, *row in rows]
        return tuple(map(np.stack, zip(*parts, strict=True)))  # type: ignore[return-value]


def modes_in_bits(
    algorithm: Algorithm, lam: Ball, weight_decay: Fraction
) -> tuple[int, list[Ball]]:
    """Return whether one mode is strictly Schur, 1, -1 or 0 if open, and s / lambda, also at w.

    By the recursion in balls of as many bits as it takes, for rational entries and any memory.
    """
    from flint import arb, ctx

    form = algorithm.half_plane_form
    form = form.decayed(weight_decay) if weight_decay else form
    flag, values = 0, [Ball(0.0, np.inf)] * 2
    for bits in _BITS:
        with ctx.workprec(bits * len(form.fixed)):
            exact = form.map(lambda x: arb(flint_rational(x)))
            pivots, *sums = summands(exact, arb(float(lam.mid), float(lam.rad)))
            signs = [1 if x > 0 else -1 if x < 0 else 0 for x in pivots]
            flag = int(abs(sum(signs)) == len(signs)) or -int(min(signs) * max(signs) < 0)
            values = [_ball(x) for x in sums]
        if flag == -1 or (flag == 1 and all(is_sharp(x) for x in values)):
            break
    return flag, values


def _ball(value: Any) -> Ball:
    """Return a real ball of FLINT as one of floats."""
    mid = float(value.mid())
    apart = float(abs(value - mid).upper())
    return Ball(mid, np.nextafter(apart, np.inf) if np.isfinite(apart) else np.inf)


def _stacked(balls: Sequence[Ball]) -> Ball:
    return Ball(*(np.stack([getattr(x, key) for x in balls]) for key in ("mid", "rad")))
