"""Long runs of moments on samples: exact steps until what they tell of later ones has settled."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import positive_float
from sgdmem.numeric.arithmetic.memory import require_memory
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.numeric.losses.loss_curve import LossCurve
from sgdmem.numeric.losses.loss_recursion import ExpectedLoss, expected_loss
from sgdmem.numeric.losses.sampled_losses import step_parts
from sgdmem.numeric.moments.epoch_map import EpochMap
from sgdmem.numeric.moments.moment_growth import second_moment_growth
from sgdmem.numeric.moments.moment_map import MomentMap, Moments
from sgdmem.numeric.moments.reduced_moments import Exponentials, reduced_losses
from sgdmem.numeric.moments.sampled_moments import SampledMoments
from sgdmem.numeric.sampled_noise.epoch_radius import require_possible
from sgdmem.numeric.verdicts.stability import verdict_of
from sgdmem.symbolic.errors import InputError

_FIRST, _MOST = 256, 2**15  # exact steps
_FEWEST = 4  # epochs
_SNAPSHOTS = 24  # of the last three quarters of the exact steps
_ROOM = 2**30  # bytes that they may take
_STATES = 200  # as large as the moments, that an estimate holds at once
_STEP = 1e100  # times the eigenvalue: squares of larger ones, or of smaller ones, are no floats
_LEAST, _LARGEST = 1e-290, 1e290  # losses that are followed
_TIMES = np.append(0.0, 2.0 ** np.arange(0, 60, 0.25))  # over the exact steps, to be compared at


def loss_curve(
    algorithm: Any,
    problem: Any,
    batch_size: Any,
    *,
    tolerance: float = 1e-6,
    progress: bool = False,
) -> LossCurve:
    """Return the mean loss on data after any number of steps, above the least one as `losses`.

    Some hundred steps or more are exact, as of `losses`. What is left then is a sum of exponentials
    whose bases are Ritz values of the map of a step, found in a space in which slow and fast modes
    are (theory page "Finite data"): estimated, with an error.

    Parameters
    ----------
    algorithm : Algorithm
        One for all steps; it may be unstable, and the loss then diverges.
    problem : Problem
        Of `Problem.from_data`. Where epochs have a smaller last batch they are what exponentials
        follow, and at the end losses go round in a cycle, see `LossCurve.floors`. That takes as
        many passes over the data for each step of an epoch: minutes where it has dozens.
    batch_size : number > 0
    tolerance : number > 0
        The relative error that is wanted at all times. The exact steps, 512 or 8 epochs at least,
        are doubled until what half of them predict differs by no more, or until they are 32768 or
        more.
    progress : bool
        Show a progress bar on stderr.

    Raises
    ------
    InputError
        For bad input, schedules, full batches, and noise that is not of samples.

    Examples
    --------
    >>> import numpy as np
    >>> from sgdmem import Problem, sgd
    >>> rng = np.random.default_rng(0)
    >>> data = Problem.from_data(rng.normal(size=(50, 3)), rng.normal(size=50))
    >>> curve = loss_curve(sgd("0.001"), data, 4)
    >>> curve.loss([0, 100, 10_000, 10**12]).round(6)
    array([0.028882, 0.023455, 0.000123, 0.000123])
    >>> curve.exact_steps, bool(curve.error(10_000) < 1e-9)
    (512, True)
    >>> print(curve)  # doctest: +NORMALIZE_WHITESPACE
    mean loss: exact for 512 steps, estimated beyond; in the end its slowest part halves every
    1020.68 steps, and it comes to rest at 0.000123373
    >>> f"{loss_curve(sgd('1.1'), data, 4).growth:.5f}"  # it diverges
    '1.05569'
    """
    asked = expected_loss(algorithm, problem, batch_size, _MOST)
    if not asked.mixes_modes or asked.noise.is_quiet:
        raise InputError(
            "loss_curve needs the noise of samples, Problem.from_data, and batches that are drawn; "
            "losses() and loss_asymptotics() take other problems"
        )
    if asked.schedule.stationary is None:
        raise InputError("loss_curve needs one algorithm for all steps, got a schedule")
    tolerance = positive_float(tolerance, "tolerance")
    with shown_progress("stepping", _MOST, progress) as advance, np.errstate(all="ignore"):
        return _followed(_Run.of(asked), tolerance, advance)


@dataclass
class _Run:
    """Moments that are stepped.

    Attributes
    ----------
    growth : float
        Of the map of a step, on what tends to 0, or to infinity.
    is_reference : bool
        As in `LossCurve`.
    rest : Moments or None
        Those at which the method comes to rest, where that is stirred up; of epochs at their begin.
    """

    moments: SampledMoments
    mapping: MomentMap
    growth: float
    floors: Array
    is_reference: bool
    rest: Moments | None
    losses: list[float]
    snapshots: list[Moments] = field(default_factory=list)

    @classmethod
    def of(cls, asked: ExpectedLoss) -> _Run:
        algorithm, samples = asked.schedule.stationary, asked.noise.samples
        assert samples is not None and algorithm is not None  # asked before
        run = SampledMoments.at_start(asked.problem, asked.noise, asked.schedule, _MOST)
        require_memory(_STATES * run.second.nbytes, f"losses on {len(run.eigenvalues):,} modes")
        still, v, r = (part[0] for part in step_parts(asked.schedule.steps(0, 1)))
        if run.shares.size > 1:
            require_possible(samples, run.shares.size, len(v))
        kind = MomentMap if run.shares.size == 1 else EpochMap
        mapping = kind(run, (still, v, r))
        size = float(np.abs(v).max() * run.eigenvalues.max())
        if not (1 / _STEP < size < _STEP and np.abs(mapping.products(0.5)).max() > _STEP**-2):
            raise InputError(
                "algorithm must take steps along the gradient, of 1e-100 to 1e100 over the largest "
                "eigenvalue, for loss_curve"
            )
        stable = verdict_of(algorithm, asked.problem, asked.noise).stable is True
        growth = second_moment_growth(mapping, samples)
        rest, floors = None, np.full(1, 0.0 if stable else math.inf)
        if run.means is not None:  # residuals: the means are heard, and the constant
            growth = max(growth, mapping.slowest_root, 0.0 if stable else 1.0)
            if stable and mapping.slowest_root >= 1:
                raise InputError(
                    "algorithm must shrink every mode by more than rounding in a step for "
                    "loss_curve on labels that are not fitted: its slowest root is 1 in floats"
                )
            if stable:
                rest = mapping.resting()
                floors, _ = mapping.moved(rest)
                if mapping.rounding:
                    floors[:] = 0.0
        return cls(run, mapping, growth, floors, asked.noise.is_reference, rest, [run.loss])

    @property
    def now(self) -> Moments:
        """The moments that are left, without those at rest."""
        means = None if self.moments.means is None else self.moments.means.copy()
        found = Moments(self.moments.second.copy(), means, 0.0 if means is None else 1.0)
        return found if self.rest is None else found.less(self.rest)

    def go_on(self, stop: int) -> bool:
        """Step until ``stop``, whole periods; False if losses leave the range that is followed."""
        count, T = max(1, min(_SNAPSHOTS, _ROOM // self.moments.second.nbytes)), self.mapping.period
        first, last = stop / 4 / T, stop / T - 1
        kept = set((T * np.linspace(first, last, count).astype(int)).tolist())
        while len(self.losses) <= stop:
            if len(self.losses) - 1 in kept:
                self.snapshots.append(self.now)
            self.moments.step(*self.mapping.step)
            self.losses.append(self.moments.loss)
            if not _LEAST < abs(self.losses[-1]) < _LARGEST:
                return False
        del self.snapshots[:-count]
        return True

    def estimate(self) -> Exponentials:
        """Return exponentials for what follows."""
        T = self.mapping.period
        periods, growth = (len(self.losses) - 1) / T, self.growth**T
        return reduced_losses(self.mapping, self.now, self.snapshots, periods, growth)

    def curve(self, estimates: tuple[Exponentials, ...], starts: tuple[int, ...]) -> LossCurve:
        """Return the losses so far with what is estimated."""
        exact, signed = np.array(self.losses), self.moments.pull is not None
        exact[~np.isfinite(exact)] = np.inf
        kind = signed, self.is_reference, 0.0 if self.rest is None else self.mapping.rounding
        return LossCurve(exact, self.floors, self.growth, estimates, starts, *kind)


def _followed(run: _Run, tolerance: float, advance: Callable[[int], None]) -> LossCurve:
    estimates: tuple[Exponentials, ...] = ()
    starts: tuple[int, ...] = ()
    steps = run.mapping.period * max(_FEWEST, math.ceil(_FIRST / run.mapping.period))
    while run.go_on(steps):
        advance(steps - sum(starts[:1]))
        estimates, starts = (run.estimate(), *estimates[:1]), (steps, *starts[:1])
        curve = run.curve(estimates, starts)
        if len(starts) > 1 and (steps >= _MOST or _agree(curve, tolerance)):
            return curve
        steps *= 2
    return run.curve((), ())


def _agree(curve: LossCurve, tolerance: float) -> bool:
    """Whether both estimates agree, and the earlier one with the exact steps since."""
    times = np.rint(curve.exact_steps * (1 + _TIMES))
    now, before = curve.estimated(times), curve.estimated(times, 1)
    sizes = curve.size(now)
    followed = (sizes > _LEAST) & (sizes < _LARGEST)
    later = np.arange(curve.starts[1], curve.exact_steps + 1)
    exact = curve.exact[later]
    before_exact = curve.estimated(later.astype(float), 1)
    return not (
        curve.differ(now[followed], before[followed], tolerance)
        or curve.differ(exact, before_exact, tolerance)
    )
