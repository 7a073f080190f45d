"""The propagators of the mean loss: what signal and noise leave after each number of steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.volterra import causal_convolution, solve_volterra
from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.numeric.losses.loss_recursion import ExpectedLoss, Method, expected_loss
from sgdmem.numeric.moments.second_moments import noise_moments, run_moments, starting_moments
from sgdmem.symbolic.errors import InputError


@dataclass(frozen=True, eq=False)
class Propagators:
    r"""The propagators of Theorem 2 at t = 0 ... T, and the loss that they make.

    .. math:: n_t = V'_t + \sum_{s<t}U'_{t-s}n_s,\qquad
        L_t = \tfrac12\Bigl(V_t + \sum_{s<t}U_{t-s}n_s\Bigr)

    Noise of the labels adds :math:`\sigma^2/\tau_1` to every n_s in the sums.

    Attributes
    ----------
    V, V_prime : ndarray, shape (T + 1,)
        Signal propagators, read at w and at the point where the gradient is taken.
    U, U_prime : ndarray, shape (T + 1,)
        Noise propagators; entry 0 is 0.
    label_level : float
        sigma^2 / tau1.
    """

    V: Array
    V_prime: Array
    U: Array
    U_prime: Array
    label_level: float = 0.0

    @cached_property
    def noise_levels(self) -> Array:
        """The n_t of the equation, with what labels add to them."""
        return solve_volterra(self.U_prime, self.V_prime + self.label_level)

    def losses(self) -> Array:
        """Return the losses of the expansion, eq. (19), in O(T log^2 T).

        In O(T^2) up to 30,000 steps if they rise or fall exponentially; beyond, what has fallen to
        1e-16 of the largest loss is rounding errors.
        """
        return (self.V + causal_convolution(self.U, self.noise_levels)) / 2


def propagators(
    algorithm: Any,
    problem: Any,
    batch_size: Any,
    steps: int,
    *,
    method: Method = "auto",
    progress: bool = False,
) -> Propagators:
    """Return the propagators of Theorem 2 for a stationary algorithm; parameters as for `losses`.

    Examples
    --------
    >>> from sgdmem import Problem, Spectrum, heavy_ball
    >>> problem = Problem(Spectrum([1, 0.1]), target=[1, 1])
    >>> propagators(heavy_ball("0.5", "0.5"), problem, 4, 2).losses()
    array([0.55      , 0.20484375, 0.08652881])
    """
    asked = expected_loss(algorithm, problem, batch_size, steps)
    if asked.schedule.stationary is None:
        raise InputError(
            "propagators belong to a stationary algorithm, got a schedule: use losses()"
        )
    coupled = asked.noise.coupling is not None and not asked.noise.is_quiet
    if coupled or asked.mixes_modes:
        got = "a coupling matrix" if coupled else "samples"
        raise InputError(f"propagators need noise of tau1 and tau2, got {got}: use losses()")
    if asked.noise.stirs and not asked.noise.spreads:
        raise InputError("propagators need tau1 > 0 where labels have noise: use losses()")
    with shown_progress("stepping", 2 * (asked.steps + 1), progress) as advance:
        return _propagators(asked, method, advance)


def _propagators(
    asked: ExpectedLoss, method: Method, advance: Callable[[int], None]
) -> Propagators:
    if not asked.noise.is_physical:  # single propagators may be negative, the loss may not
        asked.losses(method, lambda count: None)
    schedule, measures, steps = asked.schedule, asked.measures, asked.steps
    compressing = asked.compresses(method)
    modes = asked.modes(*(measures.signal if compressing else measures.listed_signal))
    state = starting_moments(schedule.memory, len(modes))
    V, V_prime = run_moments(schedule, modes, state, steps, advance)
    share = float(asked.noise.tau1 * asked.noise.share)
    U, U_prime = np.zeros(steps + 1), np.zeros(steps + 1)
    if steps and share:
        modes = asked.modes(*(measures.noise if compressing else measures.listed_noise))
        state = noise_moments(schedule.steps(0, 1), len(modes))
        read = run_moments(schedule, modes, state, steps - 1, advance)
        U[1:], U_prime[1:] = share * read[0], share * read[1]
    label = float(asked.noise.label_variance / asked.noise.tau1) if asked.noise.stirs else 0.0
    return Propagators(V, V_prime, U, U_prime, label)
