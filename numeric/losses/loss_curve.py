"""Mean losses on samples after any number of steps: exact to begin with, and estimated beyond."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import EPS
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.moments.reduced_moments import Exponentials
from sgdmem.symbolic.errors import InputError, shown

_AROUND = 2.0 ** np.array([-1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0])
_SAFETY = 3.0  # times the difference of two estimates
_ROUNDING = 1e-10  # relative


@dataclass(frozen=True, eq=False)
class LossCurve:
    """Mean losses as of `sgdmem.losses`: exact up to `exact_steps`, and estimated beyond.

    Of a problem of shuffled epochs all of them are those of batches drawn anew, and near the floor
    shuffled losses may be several times lower: `sgdmem.simulate` shuffles.

    Attributes
    ----------
    exact : ndarray, shape (exact_steps + 1,)
        The losses that were stepped.
    floors : ndarray, shape (T,)
        What a stable method tends to, at each step of an epoch where the last batch is smaller, and
        otherwise in one number; inf for another one.
    growth : float
        The factor by which the slowest part of the loss, less the floor, is multiplied in a step;
        above 1 the rate of divergence.
    estimates : tuple of Exponentials
        From all exact steps, and from half as many. None where the exact steps left nothing to
        estimate.
    starts : tuple of int
        How many exact steps each of them had.
    is_signed : bool
        Whether losses may be below 0, which is that of the stationary point under weight decay.
    is_reference : bool
        Whether the problem has shuffled epochs, which these losses are not those of.
    rounding : float
        About how large losses are that are 0, but for rounding.
    """

    exact: Array
    floors: Array
    growth: float
    estimates: tuple[Exponentials, ...]
    starts: tuple[int, ...]
    is_signed: bool = False
    is_reference: bool = False
    rounding: float = 0.0

    @property
    def floor(self) -> float:
        """What a stable method tends to, in the mean over an epoch; inf for another one."""
        return float(self.floors.mean())

    @property
    def exact_steps(self) -> int:
        """How many steps were made one by one."""
        return len(self.exact) - 1

    @property
    def halving(self) -> float:
        """In how many steps the slowest part is halved in the end, or doubled if negative."""
        return -math.log(2) / math.log(self.growth) if self.growth != 1 else math.inf

    def loss(self, t: Any) -> Any:
        """Return the losses after whole numbers of steps t >= 0."""
        times = _times(t)
        found, known = np.empty(times.shape), times <= self.exact_steps
        found[known] = self.exact[times[known].astype(int)]
        found[~known] = self.estimated(times[~known])
        return found[()]

    def error(self, t: Any) -> Any:
        """Return an estimate of the absolute error of `loss`; 0 where it is exact.

        Three times the largest relative difference, between t/2 and 2t, from what half as many
        exact steps say, and rounding. Not a proven bound.
        """
        times = _times(t)
        found, later = np.zeros(times.shape), times > self.exact_steps
        if later.any() and len(self.estimates) > 1:
            some = times[later]
            near = np.maximum(np.rint(some * _AROUND[:, None]), self.exact_steps)
            now, before = self.estimated(near), self.estimated(near, 1)
            with np.errstate(all="ignore"):
                gaps = np.abs(now - before) / self.size(now)
                share = _SAFETY * np.where(np.isfinite(gaps), gaps, 0.0).max(axis=0)
                value = self.estimated(some)
                rounding = 64 * EPS * some * np.abs(value - self._base(some))
                total = (share + _ROUNDING) * self.size(value) + rounding + self.rounding
                found[later] = np.where(np.isfinite(value), total, np.inf)
        return found[()]

    def estimated(self, t: Array, which: int = 0) -> Array:
        """Return what one of the estimates says."""
        if not self.estimates:  # the range of floats was left, or all is 0
            return np.full(t.shape, np.inf if self.exact[-1] > 1 else 0.0)
        found = self._base(t) + self.estimates[which].at(t - self.starts[which])
        return found if self.is_signed else np.maximum(found, 0.0)

    def size(self, losses: Array) -> Array:
        """Return in what errors are measured: the loss itself, but where decay lets it cross 0."""
        signed = self.is_signed and math.isfinite(self.floor)
        return np.asarray(np.abs(losses) + (self.floor if signed else 0.0))

    def differ(self, losses: Array, others: Array, tolerance: float) -> bool:
        """Whether losses are farther from others than a relative error, and rounding."""
        return bool((np.abs(losses - others) > tolerance * self.size(losses) + self.rounding).any())

    def _base(self, t: Array) -> Array:
        if not math.isfinite(self.floor):
            return np.zeros(t.shape)
        return np.asarray(self.floors[(t % self.floors.size).astype(int)])

    def __str__(self) -> str:
        steps, end = abs(self.halving), "halves" if self.growth < 1 else "doubles"
        slowest = f"its slowest part {end} every {steps:.6g} steps"
        if self.growth == 1:
            slowest = "its slowest part stays as it is"
        elif 0 < self.floor < math.inf:
            slowest += f", and it comes to rest at {self.floor:.6g}"
            slowest += " in the mean over an epoch" if self.floors.size > 1 else ""
        made = f"exact for {self.exact_steps:,} steps, estimated beyond"
        if self.is_reference:
            slowest += "; of batches drawn anew: shuffled epochs may rest far lower, see simulate()"
        return f"mean loss: {made}; in the end {slowest}"

    def __repr__(self) -> str:
        return f"<LossCurve: {self}>"


def _times(t: Any) -> Array:
    try:
        times = np.asarray(t, dtype=float)
    except (TypeError, ValueError):
        times = np.array(np.nan)
    if not ((times >= 0) & (times < 2**53) & (times == np.rint(times))).all():
        raise InputError(f"t must be whole numbers of steps, 0 or more, got {shown(t)}")
    return times
