r"""Proved bounds of the radius of the noise operator of epochs whose last batch is smaller.

Let :math:`\mathcal G_t` be step t on the second moments of all states, with noise of the share
:math:`\kappa_t/\mu`. All these maps preserve the cone of positive semidefinite moments, so for the
ordered product :math:`\Phi=\mathcal G_T\circ\dots\circ\mathcal G_1` of an epoch

- :math:`\Phi(X)\prec X` for one positive definite X proves that its radius is below 1, and
- :math:`\Phi(X)\succ X` for one X that has a positive diagonal entry that it is at least 1;

then the radius of the noise operator (`epoch_radius`) is at most, or at least, :math:`\mu`. Each
step is rounded to one side: twice a positive definite matrix that no error exceeds is added, or
taken away. The later steps preserve that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.definiteness import is_definite
from sgdmem.numeric.arithmetic.intervals import Interval
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.sampled_noise.epoch_radius import EpochNoise
from sgdmem.numeric.sampled_noise.mode_states import ModeStates

_ROOM = 10.0 ** np.arange(-8, 0.0)  # relative distances of bounds from the radius that are tried
_SHARES = (0.1, 1e-3)  # of the room: how much of the diagonal is added to the leading matrices
_SLACK = 8.0  # times the rounding of a step: what is added to every step's moments


@dataclass(frozen=True)
class EpochBounds:
    """What proves bounds for one algorithm.

    Attributes
    ----------
    samples : Samples
    states : ModeStates
    noise : EpochNoise
    leading : ndarray, shape (T, N, N)
        The matrices C that belong to the radius, to rounding.
    """

    samples: Samples
    states: ModeStates
    noise: EpochNoise
    leading: Array

    def enclose(self, radius: float, done: Callable[[float, float], bool]) -> Interval:
        """Return bounds around an estimate, as far from it as they are ``done``, or farther."""
        if radius == 0:  # without noise, to rounding
            return 0.0, np.inf
        rooms = np.sort(np.append(_ROOM, min(0.1, 0.9 * abs(1 / radius - 1))))
        wanted = [x for x in rooms if done(radius * (1 - x), radius * (1 + x))]
        rooms = rooms[rooms >= max(wanted, default=_ROOM[0])]
        high = self._closest(radius, 1, rooms)
        return (0.0 if done(0.0, high) else self._closest(radius, -1, rooms)), high

    def _closest(self, radius: float, sign: int, rooms: Array) -> float:
        """Return the closest bound that is proved, from above for ``sign`` 1, below for -1."""
        for room in rooms:
            bound = radius * (1 + sign * room)
            for share in _SHARES:
                if self.proves(bound, sign, share * room):
                    return float(bound * (1 + 4 * sign * UNIT))  # that of the shares
        return np.inf if sign > 0 else 0.0

    def proves(self, bound: float, sign: int, share: float) -> bool:
        """Whether the radius is proved to be below a bound, or, for ``sign`` -1, not below."""
        start = self._start(bound, sign, share)
        if sign > 0 and not is_definite(start, 0.0):
            return False
        X = start
        for kappa in np.tile(self.noise.shares, self._epochs):
            X = self._rounded_step(X, kappa / bound, sign)
            if not np.isfinite(X).all():
                return False
        rounding = 4 * UNIT * float(np.linalg.norm(X) + np.linalg.norm(start))
        return bool((np.diag(start) > 0).any()) and is_definite(sign * (start - X), rounding)

    @property
    def _epochs(self) -> int:
        """How many make so many steps that noise has reached every entry of the state."""
        return -(-(self.states.shape[1] + 1) // self.noise.shares.size)

    def _start(self, bound: float, sign: int, share: float) -> Array:
        """Return the moments at the start of an epoch that the leading matrices make.

        With a share of the diagonal, and of what rounds every step, above; less it, below.
        """
        T, states = self.noise.shares.size, self.states
        diagonal = np.diag(np.diag(1 / self.noise.roots**2))
        moments = self.noise.moments(self.leading)
        scale = len(diagonal) * T / float(np.einsum("tii->", moments))
        X = np.zeros((states.kicks.size,) * 2)
        for C in self.leading:
            X = states.moved(X) + states.kicked(scale * C)
        X = states.summed(X, T)
        slack = _SLACK * self._rounding(X, float(self.noise.shares.max()) / bound)
        return np.asarray(X + sign * states.summed(share * states.kicked(diagonal) + slack))

    def _rounded_step(self, X: Array, share: float, sign: int) -> Array:
        states = self.states
        image = self.samples.covariance(states.read(X))
        moved = states.moved(X) + share * states.kicked(image)
        return np.asarray((moved + moved.T) / 2 + 2 * sign * self._rounding(X, share))

    def _rounding(self, X: Array, share: float) -> Array:
        r"""Return a positive definite matrix that no error of a step exceeds.

        An error of norm e in a pass adds at most e times what kicks of the identity do; one of the
        share e in kicks :math:`k_i` at most e times the norm of the pass and :math:`|k_i|^2`.
        """
        states, (N, m) = self.states, self.states.shape
        size, fourth = float(np.linalg.norm(X)), self.samples.fourth_moment + 1
        largest = float(np.linalg.norm(states.S, axis=(1, 2)).max())
        wrong = float(np.linalg.norm(states.errors, axis=(1, 2)).max())
        read = float(states.reading.max()) ** 2 * size
        kicks = np.linalg.norm(states.kicks, axis=1)
        with np.errstate(all="ignore"):
            amiss = float((np.linalg.norm(states.kick_errors, axis=1) / kicks).max())
        moved = (2 * (m + 4) * UNIT * largest**2 + 2 * wrong * (largest + wrong)) * size
        passes = (self.samples.rounding + 8 * UNIT * fourth) * read
        kicked = m * (8 * UNIT + (2 + amiss) * amiss) * fourth * read
        diagonal = moved + share * kicked * np.repeat(kicks**2, m)
        return (states.kicked(share * passes * np.eye(N)) + np.diag(diagonal)) * (1 + 1e-6)
