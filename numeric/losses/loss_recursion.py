"""Exact mean losses under mini-batch noise, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.numeric.losses.loss_measures import LossMeasures
from sgdmem.numeric.losses.sampled_losses import sampled_losses
from sgdmem.numeric.moments.conditioning import well_conditioned
from sgdmem.numeric.moments.second_moments import Modes, run_moments, starting_moments
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.coupling import constant_block
from sgdmem.numeric.problems.problem import (
    Problem,
    as_problem,
    require_target,
)
from sgdmem.numeric.schedules.schedule import Schedule, read_schedule, require_one_rest
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, shown

Method = Literal["auto", "recursion", "compressed"]
MOST_STEPS = 10**8  # of which every loss is kept; asymptotics go beyond
_LARGEST_EIGENVALUE = 1e100
_CANCELLED = 1e-9  # of the largest loss around, by which one may be negative where w passes 0
_LISTED = 2000  # eigenvalues up to which they stay as they are


def losses(
    algorithm: Any,
    problem: Any,
    batch_size: Any,
    steps: int,
    *,
    method: Method = "auto",
    progress: bool = False,
) -> Array:
    r"""Return the exact mean losses L_0 ... L_steps under mini-batch noise, above the least loss.

    Parameters
    ----------
    algorithm : Algorithm, Schedule, or list of Algorithm
        One for all steps, or one for each; the last one of a list stays.
        Of one for all steps, only P and Q matter: auxiliary vectors that are nearly alike, and
        cancel in w, are combined anew to 1000 digits. In a schedule they are refused.
    problem : Problem
        With a target, and noise of tau1, or a coupling, tau2 and labels, for Gaussian features
        ``Noise(tau2=-1, label_variance=...)`` is exact; or of `Problem.from_data`, exact for
        drawing its samples, with the residuals of its labels. Of R sets of labels the losses add.
        Of shuffled epochs they are those of the reference, batches that are drawn anew: near the
        floor shuffled losses may be several times lower, and `simulate` shuffles.
        Where a problem of samples has the squares of the start's coefficients alone, their signs
        are taken as random and independent.
    batch_size : number > 0
        B; math.inf for full batches, without noise.
    steps : int
        How many, up to 10**8; beyond, `sgdmem.loss_asymptotics` says what the loss tends to. On
        samples a step costs a pass over them; many steps of one algorithm with few moments, some
        20 modes of memory 1, go together, and `sgdmem.methods.loss_curve` estimates any number of
        steps from some hundred exact ones. With noise of labels, or residuals, losses tend to
        ``loss_floor`` of the verdict. Under weight decay losses are above that of the stationary
        point, see `Problem`, and may be below on the way.
    method : "auto", "recursion" or "compressed"
        The recursion of eqs. (12)-(16) on all eigenvalues, or on the nodes that stand for them, two
        to four hundred for each measure. "auto" compresses what is longer than 2000, but for a
        coupling or a tau2 for each eigenvalue, which need all of them. On a finite
        spectrum both agree to 12 digits, of the losses of steps near where w passes 0; for
        tau2 > 0, where signal and noise have opposite signs and cancel, to 12 digits of their
        sizes. In schedules that cancel large numbers they agree to fewer.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    ndarray, shape (steps + 1,)
        inf from where the losses leave the range of floats; a part of them below 1e-290 reads as 0.

    Raises
    ------
    InputError
        For bad input, for the recursion on an infinite spectrum, where tau2 > tau1, the noise of no
        data, makes a negative loss, and where rounding errors of a schedule might grow by more than
        1e5, since it cancels large numbers.

    Examples
    --------
    >>> from sgdmem import Noise, Problem, Spectrum, heavy_ball
    >>> problem = Problem(Spectrum([1, 0.1]), target=[1, 1])
    >>> losses(heavy_ball("0.5", "0.5"), problem, 4, 2)
    array([0.55      , 0.20484375, 0.08652881])
    >>> found = losses(heavy_ball("0.5", "0.5"), Problem.power_law(1.5, zeta=0.5), 16, 1000)
    >>> f"{found[1000]:.4f}"
    '0.0109'

    Of two modes of which each hears the other alone:

    >>> coupled = Problem(Spectrum([1, 0.5]), Noise.coupled([[0, 2], [2, 0]]), target=[1, 1])
    >>> losses(heavy_ball("0.5", "0.5"), coupled, 4, 2)
    array([0.75      , 0.3125    , 0.12792969])

    On data, with labels that no w fits:

    >>> import numpy as np
    >>> from sgdmem import stability
    >>> rng = np.random.default_rng(0)
    >>> data = Problem.from_data(rng.normal(size=(50, 3)), y=rng.normal(size=50))
    >>> found = losses(heavy_ball("0.05", "0.5"), data, 4, 1000)
    >>> bool(abs(found[-1] / stability(heavy_ball("0.05", "0.5"), data, 4).loss_floor - 1) < 1e-12)
    True
    """
    asked = expected_loss(algorithm, problem, batch_size, steps)
    with shown_progress("stepping", asked.steps + 1, progress) as advance:
        return asked.losses(method, advance)


def losses_by_mode(algorithm: Algorithm, problem: Any, batch_size: Any, steps: int) -> Array:
    """Return what each eigenvalue has of the mean loss after some steps, its copies together.

    Parameters
    ----------
    algorithm : Algorithm
        One for all steps.
    batch_size, steps
        See `losses`.
    problem : Problem
        On a finite spectrum, with a noise that is no drawing of samples, and without weight decay.

    Returns
    -------
    ndarray, shape (N,)
        In the order of the eigenvalues; all inf where the loss leaves the range of floats.

    Raises
    ------
    InputError
        For another problem, and as `losses`.

    Examples
    --------
    >>> from sgdmem import Noise, Problem, Spectrum, sgd
    >>> problem = Problem(Spectrum([4, 1], [1, 2]), Noise(tau2=-1), target=[1, 1])
    >>> found = losses_by_mode(sgd("0.1"), problem, 8, 10)
    >>> bool(abs(found.sum() - losses(sgd("0.1"), problem, 8, 10)[-1]) < 1e-15)
    True
    """
    if not isinstance(algorithm, Algorithm):
        raise InputError(f"algorithm must be one for all steps, got {shown(algorithm)}")
    asked = expected_loss(algorithm, problem, batch_size, steps)
    if asked.mixes_modes or asked.problem.weight_decay:
        raise InputError(
            "problem must have no weight_decay and a noise of tau1 and tau2, or a coupling: "
            "samples mix the modes"
        )
    modes, first = asked._modes("recursion")
    state = starting_moments(asked.schedule.memory, len(modes)) * first
    if asked.steps:  # the state is left after one step more than is read
        at_w, _ = run_moments(asked.schedule, modes, state, asked.steps - 1)
        if not (np.isfinite(at_w[-1]) and np.isfinite(state).all()):
            return np.full(len(modes), np.inf)
    found: Array = modes.masses * state[0] / 2
    return np.maximum(found, 0.0) if asked.noise.is_physical else found


@dataclass(frozen=True)
class ExpectedLoss:
    """The mean loss of a schedule over some steps: what it is computed from."""

    schedule: Schedule
    problem: Problem
    noise: BatchNoise
    steps: int

    @cached_property
    def measures(self) -> LossMeasures:
        """The measures of signal and noise."""
        target = require_target(self.problem)
        return LossMeasures(self.problem.spectrum, target, self.schedule, self.steps)

    def losses(self, method: Method, advance: Callable[[int], None]) -> Array:
        """Return the losses by one of the methods."""
        if self.mixes_modes:
            self.compresses(method)  # refuses what is no method
            if method == "compressed":
                raise InputError("method must be auto or recursion for the noise of samples")
            found = sampled_losses(self.schedule, self.problem, self.noise, self.steps, advance)
            if self.problem.weight_decay or self.schedule.shrinks:
                return found  # it is less on the way than at the stationary point
            return np.maximum(found, 0.0)  # rounding may leave a loss of 0 below
        modes, first = self._modes(method)
        state = starting_moments(self.schedule.memory, len(modes)) * first
        at_w, _ = run_moments(self.schedule, modes, state, self.steps, advance)
        if not self.noise.is_physical:
            self._refuse_negative(at_w)
        elif not (self.problem.weight_decay or self.schedule.shrinks):
            if not self.noise.largest_tau2 > 0:  # then signal and noise cancel by themselves
                self._refuse_cancelled(at_w)
            at_w = np.maximum(at_w, 0.0)
        return at_w / 2

    def _refuse_cancelled(self, doubled: Array) -> None:
        """Raise InputError if rounding errors made a loss negative, by more than a few digits."""
        ends = [*(1 << k for k in range(doubled.size.bit_length())), doubled.size]
        for first, middle, last in zip([0, *ends], ends, ends[1:], strict=False):
            largest = doubled[first:last].max()  # of as many steps before
            negative = doubled[middle:last] < -_CANCELLED * largest
            if negative.any():
                raise InputError(
                    f"{self.schedule.name} cancels huge numbers: by rounding errors its mean loss "
                    f"would be negative after {middle + int(negative.argmax())} steps"
                )

    def _refuse_negative(self, doubled: Array) -> None:
        """Raise InputError if the mean loss of a noise that is not one becomes negative."""
        negative = doubled < 0
        if negative.any():
            raise InputError(
                f"the mean loss would be negative after {int(negative.argmax())} steps: "
                f"tau2 = {to_float(self.noise.largest_tau2):g} exceeds "
                f"tau1 = {to_float(self.noise.tau1):g}, which is the noise of no data (Lemma 1): "
                f"give tau1 >= max(0, tau2)"
            )

    @property
    def mixes_modes(self) -> bool:
        """Whether the noise is that of samples, which the measures say too little about.

        Or the loss is not least where they come to rest, so that it takes means to tell it.
        """
        samples = self.noise.samples
        moves = self.schedule.shrinks or (samples is not None and samples.pull is not None)
        return samples is not None and not (self.noise.is_quiet and not moves)

    def compresses(self, method: Method) -> bool:
        """Whether a few nodes stand for the eigenvalues."""
        if not isinstance(method, str) or method not in get_args(Method):
            raise InputError(f"method must be auto, recursion or compressed, got {shown(method)}")
        spectrum, noise = self.problem.spectrum, self.noise
        alike = isinstance(noise.tau2, Fraction) and (noise.coupling is None or noise.is_quiet)
        if method == "auto":
            short = not spectrum.is_infinite and len(spectrum) <= _LISTED
            return not short and alike
        if method == "compressed" and not alike:
            given = "a tau2 for each eigenvalue" if noise.coupling is None else "a coupling matrix"
            raise InputError(f"a spectrum with {given} cannot be compressed")
        if method == "recursion" and spectrum.is_infinite:
            raise InputError("the recursion needs a finite spectrum: use method='compressed'")
        return method == "compressed"

    def modes(self, nodes: Array, masses: Array, drive: Any = 0.0) -> Modes:
        """Return modes with this noise, ``drive`` times 1 / B; without one they hear nothing."""
        noise, share = self.noise, float(self.noise.share)
        drives, damping = (
            np.broadcast_to(share * np.asarray(x), nodes.shape) for x in (drive, noise.tau2_values)
        )
        label = float(noise.label_variance)
        if self.problem.weight_decay:  # the drift is that of larger eigenvalues, the noise is not
            drift = nodes + float(self.problem.weight_decay)
            nodes, damping = drift, damping * (nodes / drift) ** 2
        return Modes(nodes, masses, drives, damping, label=label)

    def _modes(self, method: Method) -> tuple[Modes, Array]:
        """Return the modes of a run with feedback, and their moments (M)_00 at the start."""
        if not self.compresses(method):
            spectrum, (lam, masses) = self.problem.spectrum, self.measures.listed_signal
            read = spectrum.weights * lam
            return self._coupled(self.modes(lam, read, drive=lam)), masses / read
        modes = self.modes(*self.measures.signal)
        first = np.ones(len(modes))
        if self.noise.spreads or self.noise.stirs:
            noise = self.modes(*self.measures.noise, drive=1.0)
            modes, first = modes.joined(noise), np.append(first, np.zeros(len(noise)))
        return self._coupled(modes), first

    def _coupled(self, modes: Modes) -> Modes:
        """Return modes that hear each other."""
        blocks = self.noise.coupling
        if blocks is None or self.noise.is_quiet:
            blocks = (constant_block(len(modes), self.noise.tau1),)
        return replace(modes, coupling=blocks)


def expected_loss(algorithm: Any, problem: Any, batch_size: Any, steps: int) -> ExpectedLoss:
    """Validate the arguments of `losses`."""
    schedule, given = read_schedule(algorithm), as_problem(problem)
    steps = whole(steps, "steps", 0, MOST_STEPS, "for what the loss tends to see loss_asymptotics")
    largest = given.spectrum.largest
    if not 1 / _LARGEST_EIGENVALUE <= largest <= _LARGEST_EIGENVALUE:
        raise InputError(
            f"the largest eigenvalue must lie between 1e-100 and 1e100, got {largest:g}: "
            f"losses stay the same when it is divided by a factor and learning rates multiplied"
        )
    require_target(given)
    noise = given.noise.at(batch_size)
    samples = given.samples
    if schedule.shrinks and samples is not None and samples.residuals is not None:
        require_one_rest(schedule)
    elif samples is None or samples.pull is None:
        samples = None
    if samples is not None and noise.samples is None:
        raise InputError("noise must be that of the samples for losses of labels and weight decay")
    return ExpectedLoss(well_conditioned(schedule, steps), given, noise, steps)
