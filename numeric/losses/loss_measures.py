r"""The two measures of eigenvalues that a mean loss depends on, and a few nodes for each.

The *signal*, the start's moments, weighs eigenvalues by :math:`\lambda_kc_k^2`; the *noise* enters
with :math:`\lambda_k` and is read with :math:`\lambda_k`, so it weighs them by
:math:`\lambda_k^2`. A long or infinite spectrum costs no more than a few hundred eigenvalues.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.losses.mode_panels import mode_panels
from sgdmem.numeric.problems.target import PowerLawTarget, Target
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.numeric.spectra.list_quadrature import POINTS, LongList
from sgdmem.numeric.spectra.power_measure import larger_eigenvalues, power_measure
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.errors import InputError

_SAMPLED = 10_000  # steps of a schedule whose learning rates are looked at


@dataclass(frozen=True)
class LossMeasures:
    """Nodes and masses of signal and noise, good for some steps of a schedule."""

    spectrum: Spectrum
    target: Target
    schedule: Schedule
    steps: int

    @property
    def listed_signal(self) -> tuple[Array, Array]:
        """Every eigenvalue of a finite spectrum, with its mass of the signal."""
        return self.spectrum.eigenvalues, self.target.masses(self.spectrum)

    @property
    def listed_noise(self) -> tuple[Array, Array]:
        """Every eigenvalue of a finite spectrum, with its mass of the noise."""
        lam = self.spectrum.eigenvalues
        return lam, self.spectrum.weights * lam**2

    @cached_property
    def signal(self) -> tuple[Array, Array]:
        """A few nodes and masses of the signal."""
        target = self.target
        if isinstance(target, PowerLawTarget):
            law = target.law_of(self.spectrum)
            power = law.exponent * target.exponent + 1
            return power_measure(law, power, target.first_mass(law), self._edges)
        return self._compressed_list(*self.listed_signal)

    @cached_property
    def noise(self) -> tuple[Array, Array]:
        """A few nodes and masses of the noise.

        InputError if the sum of the squared eigenvalues is infinite.
        """
        law = self.spectrum.law
        if law is None:
            return self._compressed_list(*self.listed_noise)
        if law.count is None and law.exponent <= 0.5:
            raise InputError(
                f"{self.spectrum!r} has an infinite sum of squared eigenvalues: the loss is "
                f"infinite as soon as noise reaches w"
            )
        return power_measure(law, 2 * law.exponent, law.scale**2, self._edges)

    def _compressed_list(self, lam: Array, masses: Array) -> tuple[Array, Array]:
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
        top, decay = self.spectrum.largest, to_float(self.spectrum.weight_decay)
        return mode_panels(self.schedule, self.steps, top, smallest, count, decay)

    @cached_property
    def _smallest(self) -> float:
        """What the last panel begins with: there nothing has moved by much after all steps.

        With memory a mode may move by up to lambda alpha T^2 in T steps.
        """
        top, steps = self.spectrum.largest, max(self.steps, 1)
        t = np.unique(np.linspace(0, steps - 1, _SAMPLED).round())
        if self.schedule.stationary is not None:
            t = t[:1]
        some = self.schedule.some_steps(t)
        rates = np.abs(some.effective_learning_rates)
        if self.schedule.memory:  # w may move and come back, so that its rate is 0
            rates = np.maximum(rates, some.speeds(steps))
        horizon = float(rates.mean()) * steps * top
        if not math.isfinite(horizon) or (self.schedule.memory and horizon > steps**2):
            horizon = float(steps) ** 2
        return top / max(horizon, 1.0)


def _larger_ones(rising: Array, values: Array) -> Array:
    """Return how many entries of a sorted list are larger than each of some numbers."""
    return rising.size - np.searchsorted(rising, values, side="right")
