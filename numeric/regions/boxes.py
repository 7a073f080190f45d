r"""Whole boxes of parameters judged at once, by ball arithmetic.

A box is a set of methods and of noises: parameters of a family that are known to lie in intervals,
and with them tau1, tau2 and the batch size. What the recursion says of balls is true of every point
in them. With :math:`x=1/B` the summand :math:`\tau_1xs/(1+\tau_2xs)` grows with x and
:math:`\tau_1` and falls with :math:`\tau_2`, as long as its denominator is positive; so of the
noise the two extremes of a box say all.

A box may be proved unstable without knowing every mode: at each of its points either one of the
others is unstable, or all terms of the noise sum are positive, and those that are known reach 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.compiled_maps.family_program import FamilyProgram
from sgdmem.numeric.noise_sums.mode_summands import (
    ModeSummands,
    disk_bounds,
    members,
    mode_summands,
    no_pull,
)
from sgdmem.numeric.spectra.power_law_quadrature import LongLaw
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, half_plane_polynomial

_BLOCK = 2**17  # modes of boxes that are in memory at once
_HEAD = 64  # eigenvalues of a law without a trace that are taken one by one

STABLE, UNSTABLE, OPEN = 1, 0, -1


@dataclass(frozen=True)
class Modes:
    """A spectrum as boxes are judged on it: eigenvalues, and nodes and disks for all others.

    Attributes
    ----------
    pieces : Ball, shape (N, J)
        Eigenvalues, each as the union of J balls: an interval is cut in pieces.
    weights : ndarray, shape (N,)
        Their multiplicities.
    nodes : Ball, shape (n,)
        Nodes of a rule for the others, see `sgdmem.numeric.spectra.quadrature`.
    node_weights : ndarray, shape (n,)
    disks : Ball, shape (d,)
        Disks that cover the others.
    errors : ndarray, shape (d,)
        Of the rule for a summand bounded by 1 on each disk.
    power : int
        Of lambda, by which the summand is divided there.
    """

    pieces: Ball
    weights: Array
    nodes: Ball
    node_weights: Array
    disks: Ball
    errors: Array
    power: int = 1

    @property
    def size(self) -> int:
        """How often the recursion runs for a box."""
        return self.pieces.mid.size + self.nodes.mid.size + self.disks.mid.size

    @cached_property
    def every_piece(self) -> Ball:
        """The pieces of all eigenvalues, shape (N J,)."""
        mid = self.pieces.mid
        return Ball(mid.ravel(), np.broadcast_to(self.pieces.rad, mid.shape).ravel())

    @cached_property
    def piece_weights(self) -> Array:
        """Their multiplicities."""
        return np.repeat(self.weights, self.pieces.mid.shape[1])

    @classmethod
    def of(cls, spectrum: Spectrum, listed: bool = False) -> Modes:
        """Return those of a spectrum, all of them one by one if ``listed``."""
        law, bare = spectrum.law, spectrum.decayed(0)
        if listed:
            return cls.explicit(Ball(spectrum.eigenvalues, spectrum.radii), spectrum.weights)
        if law is not None and bare.diverges and not spectrum.diverges:  # its squares have a sum
            long = LongLaw(law, power=2)
            rule = long.rule(_HEAD, long.edges(_HEAD))
            parts = rule.nodes, rule.weights, rule.disks, rule.errors
            return cls._of_rule(rule.head, *parts, power=2)
        short = bare.compressed
        nodes = Ball(short.nodes, short.node_spread * short.nodes)
        disks = Ball(short.centers, short.reaches)
        return cls._of_rule(short.eigenvalues.size, nodes, short.weights, disks, short.errors)

    @classmethod
    def explicit(cls, eigenvalues: Ball, weights: Array) -> Modes:
        """Return those of a list and nothing else; shape (N,) or (N, J)."""
        pieces = eigenvalues if eigenvalues.mid.ndim == 2 else eigenvalues[:, None]
        none = np.empty(0)
        return cls(pieces, weights, Ball(none), none, Ball(none), none)

    @classmethod
    def _of_rule(
        cls, head: int, nodes: Ball, weights: Array, disks: Ball, errors: Array, power: int = 1
    ) -> Modes:
        first, rest = slice(head), slice(head, None)
        parts = nodes[first][:, None], weights[first], nodes[rest], weights[rest]
        return cls(*parts, disks, errors, power)


class NoiseShares(NamedTuple):
    """An extreme of the noise of boxes: tau1 / B and tau2 / B, shape (A, 1) or (1, 1).

    Given mode by mode the second is of shape (A, N) or (1, N).
    """

    first: Ball
    second: Ball

    def take(self, piece: slice) -> NoiseShares:
        """Return those of some of the boxes; what is the same for all stays."""
        return NoiseShares(*(x[piece] if x.mid.shape[0] > 1 else x for x in self))

    def by_piece(self, count: int) -> NoiseShares:
        """Return those of eigenvalues that are cut in pieces."""
        if count == 1 or self.second.mid.shape[1] == 1:
            return self
        second = (np.repeat(x, count, axis=1) for x in (self.second.mid, self.second.rad))
        return NoiseShares(self.first, Ball(*second))


@dataclass(frozen=True)
class BoxJudge:
    """Judges boxes of a family on a spectrum.

    Attributes
    ----------
    program : FamilyProgram
    modes : Modes
    weight_decay : Fraction
    diverges : bool
        Whether no noise sum converges on the spectrum.
    """

    program: FamilyProgram
    modes: Modes
    weight_decay: Fraction
    diverges: bool = False

    def verdicts(
        self, values: Mapping[str, Ball], least: NoiseShares, most: NoiseShares, size: int
    ) -> Array:
        """Return 1 for boxes in which all is stable, 0 for those where nothing is, -1 otherwise.

        Parameters
        ----------
        values
            The parameters of the family, shape (A, 1).
        least, most
            The extremes of the noise of each box.
        size
            A, the number of boxes.
        """
        step = max(1, _BLOCK // self.modes.size)
        found = np.empty(size, np.int8)
        for start in range(0, size, step):
            piece = slice(start, min(start + step, size))
            some = {name: value[piece] for name, value in values.items()}
            form = self.program.form(some, (piece.stop - start, 1))
            if self.weight_decay:
                form = form.decayed(self.weight_decay)
            found[piece] = self._judge(form, least.take(piece), most.take(piece))
        return found

    def _judge(self, form: HalfPlaneForm, least: NoiseShares, most: NoiseShares) -> Array:
        lam, weights = self.modes.every_piece, self.modes.piece_weights
        pieces = self.modes.pieces.mid.shape[1]
        least, most = least.by_piece(pieces), most.by_piece(pieces)
        listed, ruled = mode_summands(form, lam), mode_summands(form, self.modes.nodes)
        schur, noise = listed.schur, listed.noise

        # all is stable: the largest terms, which grow with the summand
        f, damping = _terms(lam, weights, Ball(np.where(schur == 1, noise.upper, 0)), most.second)
        good = (schur == 1) & (damping.lower > 0)
        each = self._by_eigenvalue(f.where(good).upper).max(axis=2)
        others, known = self._others(form, ruled, most.second)
        high = (most.first[:, 0] * (Ball(each).sum() + others)).upper
        below = (most.first.mid == 0).all(axis=1) if self.diverges else high < 1
        stable = good.all(axis=1) & known & below

        # all is unstable: the smallest terms of modes that may be stable
        least_noise = np.where(schur == 1, np.maximum(noise.lower, 0), _least_of_stable(form, lam))
        f, damping = _terms(lam, weights, Ball(least_noise), least.second)
        bad = (schur == -1) | (damping.upper <= 0) | no_pull(form)[:, None]
        every_bad = np.any(self._by_eigenvalue(bad).all(axis=2), axis=1)
        terms = np.where(damping.lower > 0, np.maximum(f.lower, 0), 0)
        each = self._by_eigenvalue(np.where(bad, np.inf, terms)).min(axis=2)
        if least.second is not most.second:
            others, known = self._others(form, ruled, least.second)
        total = Ball(np.where(np.isinf(each), 0, each)).sum() + others.where(known)
        unstable = every_bad | ((least.first[:, 0] * total).lower >= 1)
        if self.diverges:
            unstable |= (least.first.lower > 0).all(axis=1)
        return np.where(stable, STABLE, np.where(unstable, UNSTABLE, OPEN)).astype(np.int8)

    def _others(self, form: HalfPlaneForm, found: ModeSummands, share: Ball) -> tuple[Ball, Array]:
        """Return the sum over all eigenvalues beyond the first, and where it is known."""
        modes, size = self.modes, members(form)
        if modes.disks.mid.size == 0 and modes.nodes.mid.size == 0:
            return Ball(np.zeros(size)), np.ones(size, bool)
        f, damping = _terms(modes.nodes, modes.node_weights, found.noise, share)
        bounds = disk_bounds(form, modes.disks, share, modes.power)[0].reshape(size, -1)
        known = ((found.schur == 1) & (damping.lower > 0)).all(axis=1)
        known &= np.isfinite(bounds).all(axis=1)
        errors = 1.01 * (modes.errors * np.where(known[:, None], bounds, 0)).sum(axis=1)
        total = f.where(known[:, None]).sum() + Ball(np.zeros(size), errors)
        return total.where(known), known

    def _by_eigenvalue(self, values: Array) -> Array:
        """Return values at all pieces as an array of shape (A, N, J)."""
        return values.reshape(len(values), *self.modes.pieces.mid.shape)


def _terms(lam: Ball, weights: Array, noise: Ball, share: Ball) -> tuple[Ball, Ball]:
    """Return s / (1 + (tau2/B) s) with multiplicities, and the denominator."""
    damping = 1 + share * (lam * noise)
    return lam * weights * noise / damping, damping


def _least_of_stable(form: HalfPlaneForm, lam: Ball) -> Array:
    """Return what s / lambda is at least, at those points of a box where a mode is stable.

    Its first two pivots have the same sign there, and the summand is a sum of positive parts, the
    first of which they give: large where a root is about to be at -1.
    """
    first, second, *_ = half_plane_polynomial(form, lam)
    sign = np.where(second.lower > 0, 1.0, np.where(second.upper < 0, -1.0, 0.0))
    top, size = (first * sign).upper, np.maximum(form.Q[0].lower, -form.Q[0].upper)
    known = (sign != 0) & (top > 0) & (lam.lower > 0) & (size > 0)
    size, divisor = (Ball(np.where(known, x, 1.0)) for x in (size, top))
    part = size * size * Ball(np.where(known, lam.lower, 0.0)) / divisor
    return np.maximum((part / Ball(np.where(known, second.magnitude, 1.0))).lower, 0)
