r"""Exact dynamics of the mean loss under mini-batch noise: the recursion and its propagators.

Both are linear in what starts them. The *signal*, the start's moments, weighs eigenvalues by
:math:`\lambda_kc_k^2`; the *noise* enters with :math:`\lambda_k` and is read with
:math:`\lambda_k`, so it weighs them by :math:`\lambda_k^2`. Each of these measures has a few nodes
of its own, and a long or infinite spectrum costs no more than a few hundred eigenvalues.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from typing import Any, Literal, get_args

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.arithmetic.volterra import causal_convolution, solve_volterra
from sgdmem.numeric.losses.mode_panels import mode_panels
from sgdmem.numeric.losses.schedule import Schedule, read_schedule
from sgdmem.numeric.losses.second_moments import Modes, noise_moments, run_moments, starting_moments
from sgdmem.numeric.machine.progress import shown_progress
from sgdmem.numeric.problems.noise import BatchNoise
from sgdmem.numeric.problems.problem import read_data, read_noise
from sgdmem.numeric.problems.target import PowerLawTarget, Target, read_target
from sgdmem.numeric.spectra.list_rule import POINTS, LongList
from sgdmem.numeric.spectra.power_measure import larger_eigenvalues, power_measure
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.errors import InputError

Method = Literal["auto", "recursion", "compressed"]
MOST_STEPS = 10**8  # of which every loss is kept; asymptotics go beyond
_LARGEST_EIGENVALUE = 1e100
_SAMPLED = 10_000  # steps of a schedule whose learning rates are looked at
_LISTED = 2000  # eigenvalues up to which they stay as they are


@dataclass(frozen=True)
class Propagators:
    r"""The propagators of Theorem 2 at t = 0 ... T, and the loss that they make.

    .. math:: n_t = V'_t + \sum_{s<t}U'_{t-s}n_s,\qquad
        L_t = \tfrac12\Bigl(V_t + \sum_{s<t}U_{t-s}n_s\Bigr)

    Attributes
    ----------
    V, V_prime : ndarray, shape (T + 1,)
        Signal propagators, read at w and at the point where the gradient is taken.
    U, U_prime : ndarray, shape (T + 1,)
        Noise propagators; entry 0 is 0.
    """

    V: Array
    V_prime: Array
    U: Array
    U_prime: Array

    @cached_property
    def noise_levels(self) -> Array:
        """The n_t of the equation."""
        return solve_volterra(self.U_prime, self.V_prime)

    def losses(self) -> Array:
        """Return the losses of the expansion, eq. (19), in O(T log^2 T).

        In O(T^2) up to 30,000 steps if they rise or fall exponentially; beyond, what has fallen to
        1e-16 of the largest loss is rounding errors.
        """
        return (self.V + causal_convolution(self.U, self.noise_levels)) / 2


def losses(
    algorithm: Any,
    spectrum: Any,
    target: Any,
    steps: int,
    batch_size: Any = math.inf,
    tau1: Any = None,
    tau2: Any = None,
    *,
    method: Method = "auto",
    progress: bool = False,
) -> Array:
    r"""Return the exact mean losses L_0 ... L_steps under mini-batch noise.

    Parameters
    ----------
    algorithm : Algorithm, Schedule, or list of Algorithm
        One for all steps, or one for each; the last one of a list stays.
    spectrum : Spectrum or array of shape (n, d)
        Eigenvalues of the Hessian, or a matrix of features, see `sgdmem.stability`.
    target : array of shape (N,), or PowerLawTarget
        The squares :math:`c_k^2` of the coefficients of :math:`w_0-w_*` in the eigenbasis, or
        `PowerLawTarget` on a power law. In the order of the spectrum's eigenvalues; for a
        matrix of features that is the order of ``Spectrum.from_features(X).eigenvalues``, largest
        first, and `sgdmem.target_from_features` returns them.
    steps : int
        How many, up to 10**8; beyond, `sgdmem.loss_asymptotics` says what the loss tends to.
    batch_size, tau1, tau2
        See `sgdmem.stability`; for Gaussian features tau1 = 1, tau2 = -1 are exact.
    method : "auto", "recursion" or "compressed"
        The recursion of eqs. (12)-(16) on all eigenvalues, or on the nodes that stand for them, two
        to four hundred for each measure. "auto" compresses what is longer than 2000. On a finite
        spectrum both agree to 12 digits; for tau2 > 0, where signal and noise have opposite signs
        and cancel, to 12 digits of their sizes.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    ndarray, shape (steps + 1,)
        inf from where the losses leave the range of floats; a part of them below 1e-290 reads as 0.

    Raises
    ------
    InputError
        For bad input, for the recursion on an infinite spectrum, and where tau2 > tau1, the noise
        of no data, makes a negative loss.

    Examples
    --------
    >>> from sgdmem import Spectrum, heavy_ball
    >>> from sgdmem.numeric.problems.target import PowerLawTarget
    >>> losses(heavy_ball("0.5", "0.5"), Spectrum([1, 0.1]), [1, 1], 2, batch_size=4)
    array([0.55      , 0.20484375, 0.08652881])
    >>> infinite = Spectrum.power_law(1.5)
    >>> found = losses(heavy_ball("0.5", "0.5"), infinite, PowerLawTarget(0.5), 1000, 16)
    >>> f"{found[1000]:.4f}"
    '0.0109'
    """
    question = read_question(algorithm, spectrum, target, steps, batch_size, tau1, tau2)
    with shown_progress("stepping", steps + 1, progress) as advance:
        return question.losses(method, advance)


def propagators(
    algorithm: Any,
    spectrum: Any,
    target: Any,
    steps: int,
    batch_size: Any = math.inf,
    tau1: Any = None,
    tau2: Any = None,
    *,
    method: Method = "auto",
    progress: bool = False,
) -> Propagators:
    """Return the propagators of Theorem 2 for a stationary algorithm; parameters as for `losses`.

    The order of a target's entries is that of the eigenvalues, see there.

    Examples
    --------
    >>> from sgdmem import Spectrum, heavy_ball
    >>> question = heavy_ball("0.5", "0.5"), Spectrum([1, 0.1]), [1, 1], 2, 4
    >>> propagators(*question).losses()
    array([0.55      , 0.20484375, 0.08652881])
    """
    question = read_question(algorithm, spectrum, target, steps, batch_size, tau1, tau2)
    if question.schedule.stationary is None:
        raise InputError(
            "propagators belong to a stationary algorithm, got a schedule: use losses()"
        )
    with shown_progress("stepping", 2 * (steps + 1), progress) as advance:
        return question.propagators(method, advance)


@dataclass(frozen=True)
class Question:
    """Validated arguments of `losses`."""

    schedule: Schedule
    spectrum: Spectrum
    target: Target
    noise: BatchNoise
    steps: int

    def losses(self, method: Method, advance: Callable[[int], None]) -> Array:
        """Return the losses by one of the methods."""
        modes, first = self._modes(method)
        state = starting_moments(self.schedule.memory, len(modes)) * first
        at_w, _ = run_moments(self.schedule, modes, state, self.steps, advance)
        if not self.noise.is_physical:
            self._refuse_negative(at_w)
        return at_w / 2

    def propagators(self, method: Method, advance: Callable[[int], None]) -> Propagators:
        """Return the propagators by one of the methods."""
        if not self.noise.is_physical:  # single propagators may be negative, the loss may not
            self.losses(method, lambda count: None)
        compressing = self._compresses(method)
        modes = self._group(*(self.signal if compressing else self._listed_signal), drive=0.0)
        state = starting_moments(self.schedule.memory, len(modes))
        V, V_prime = run_moments(self.schedule, modes, state, self.steps, advance)
        share = float(self.noise.tau1 * self.noise.inverse_batch)
        U, U_prime = np.zeros(self.steps + 1), np.zeros(self.steps + 1)
        if self.steps and share:
            noise = self.noise_measure if compressing else self._listed_noise
            modes = self._group(*noise, drive=0.0)
            state = noise_moments(self.schedule.steps(0, 1), len(modes))
            read = run_moments(self.schedule, modes, state, self.steps - 1, advance)
            U[1:], U_prime[1:] = share * read[0], share * read[1]
        return Propagators(V, V_prime, U, U_prime)

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

    # Modes --------------------------------------------------------------------------------------

    def _compresses(self, method: Method) -> bool:
        if not isinstance(method, str) or method not in get_args(Method):
            raise InputError(f"method must be auto, recursion or compressed, got {method!r}")
        if method == "auto":
            short = not self.spectrum.is_infinite and len(self.spectrum) <= _LISTED
            return not short and isinstance(self.noise.tau2, Fraction)
        if method == "compressed" and not isinstance(self.noise.tau2, Fraction):
            raise InputError("a spectrum with a tau2 for each eigenvalue cannot be compressed")
        if method == "recursion" and self.spectrum.is_infinite:
            raise InputError("the recursion needs a finite spectrum: use method='compressed'")
        return method == "compressed"

    def _modes(self, method: Method) -> tuple[Modes, Array]:
        """Return the modes of a run with feedback, and their moments (M)_00 at the start."""
        share = float(self.noise.tau1 * self.noise.inverse_batch)
        if not self._compresses(method):
            lam, weights = self.spectrum.eigenvalues, self.spectrum.weights
            modes = self._group(lam, weights * lam, drive=share * lam)
            return modes, self.target.masses(self.spectrum) / (weights * lam)
        modes = self._group(*self.signal, drive=0.0)
        first = np.ones(len(modes))
        if share:
            noise = self._group(*self.noise_measure, drive=share)
            modes, first = modes.joined(noise), np.append(first, np.zeros(len(noise)))
        return modes, first

    def _group(self, nodes: Array, masses: Array, drive: Any) -> Modes:
        tau2 = np.asarray(self.noise.tau2_values) * float(self.noise.inverse_batch)
        return Modes(nodes, masses, *(np.broadcast_to(x, nodes.shape) for x in (drive, tau2)))

    @property
    def _listed_signal(self) -> tuple[Array, Array]:
        return self.spectrum.eigenvalues, self.target.masses(self.spectrum)

    @property
    def _listed_noise(self) -> tuple[Array, Array]:
        lam = self.spectrum.eigenvalues
        return lam, self.spectrum.weights * lam**2

    @cached_property
    def signal(self) -> tuple[Array, Array]:
        """Nodes and masses of the measure of the signal."""
        target = self.target
        if isinstance(target, PowerLawTarget):
            law = target.law_of(self.spectrum)
            power = law.exponent * target.exponent + 1
            return power_measure(law, power, target.first_mass(law), self._edges)
        return self._compressed_list(target.masses(self.spectrum))

    @cached_property
    def noise_measure(self) -> tuple[Array, Array]:
        """Nodes and masses of the measure of the noise.

        InputError if the sum of the squared eigenvalues is infinite.
        """
        law = self.spectrum.law
        if law is None:
            return self._compressed_list(self.spectrum.weights * self.spectrum.eigenvalues**2)
        if law.count is None and law.exponent <= 0.5:
            raise InputError(
                f"{self.spectrum!r} has an infinite sum of squared eigenvalues: the loss is "
                f"infinite as soon as noise reaches w"
            )
        return power_measure(law, 2 * law.exponent, law.scale**2, self._edges)

    def _compressed_list(self, masses: Array) -> tuple[Array, Array]:
        lam = self.spectrum.eigenvalues
        some = masses > 0
        lam, masses = lam[some], masses[some]
        rule = LongList(Ball(lam), masses / lam, POINTS).rule(0, self._edges)
        return rule.nodes.mid, rule.weights * rule.nodes.mid

    @cached_property
    def _edges(self) -> Array:
        """The ends of the panels of both measures."""
        law = self.spectrum.law
        if law is None:
            rising = np.sort(self.spectrum.eigenvalues)
            count, least = partial(_larger_ones, rising), float(rising[0])
        else:
            count = partial(larger_eigenvalues, law)
            least = 0.0 if law.count is None else law.scale * float(law.count) ** -law.exponent
        smallest = max(self._smallest, least)
        return mode_panels(self.schedule, self.steps, self.spectrum.largest, smallest, count)

    @cached_property
    def _smallest(self) -> float:
        """What the last panel begins with: there nothing has moved by much after all steps.

        With memory a mode may move by up to lambda alpha T^2 in T steps.
        """
        top, steps = self.spectrum.largest, max(self.steps, 1)
        t = np.unique(np.linspace(0, steps - 1, _SAMPLED).round())
        if self.schedule.stationary is not None:
            t = t[:1]
        rates = self.schedule.some_steps(t).effective_learning_rates
        horizon = float(np.abs(rates).mean()) * steps * top
        if not math.isfinite(horizon) or (self.schedule.memory and horizon > steps**2):
            horizon = float(steps) ** 2
        return top / max(horizon, 1.0)


def _larger_ones(rising: Array, values: Array) -> Array:
    """Return how many entries of a sorted list are larger than each of some numbers."""
    return rising.size - np.searchsorted(rising, values, side="right")


def read_question(
    algorithm: Any, data: Any, target: Any, steps: int, batch_size: Any, tau1: Any, tau2: Any
) -> Question:
    """Validate the arguments of `losses`."""
    chosen = read_schedule(algorithm)
    spectrum, tau1, tau2 = read_data(data, tau1, tau2)
    steps = whole(steps, "steps", 0, MOST_STEPS, "for what the loss tends to see loss_asymptotics")
    if not 1 / _LARGEST_EIGENVALUE <= spectrum.largest <= _LARGEST_EIGENVALUE:
        raise InputError(
            f"the largest eigenvalue must lie between 1e-100 and 1e100, got {spectrum.largest:g}: "
            f"losses stay the same when it is divided by a factor and learning rates multiplied"
        )
    noise = read_noise(spectrum, batch_size, tau1, tau2, None)
    return Question(chosen, spectrum, read_target(target, spectrum), noise, steps)
