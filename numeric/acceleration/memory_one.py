"""The memory-1 rule AM1 of arXiv 2410.04228, in the two-rate form of its eq. (250)."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from sgdmem.numeric.acceleration.bounded_noise import largest_factors, resolved_problem
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import positive_float
from sgdmem.numeric.judges.float_problem import FloatProblem
from sgdmem.numeric.noise_sums.mode_summands import ball_form, midpoint_form
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.schedules.family_schedule import schedule
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo.named_algorithms import sgd, two_rate

_LEAST_DAMPING, _DAMPINGS = 1e-6, 40  # down to where the noise sum is that of the limit


def read_damping_exponent(value: Any) -> float:
    """Return the damping exponent of memory 1, by default 0.95."""
    power = positive_float(0.95 if value is None else value, "damping_exponent")
    if power > 1:
        raise InputError(
            f"damping_exponent must be at most 1, got {power:g}: the memory would grow longer than "
            f"the run so far"
        )
    return power


def memory_one(
    spectrum: Spectrum, noise: BatchNoise, on_the_way: BatchNoise, power: float, d0: float
) -> Schedule:
    """Return AM1 with the largest gradient rate that bounds the noise, in the limit and before."""
    law = spectrum.law
    assert law is not None
    rate = _gradient_rate(spectrum, noise)
    dampings = np.geomspace(1, _LEAST_DAMPING, _DAMPINGS).tolist()
    steps = [two_rate(_velocity_rate(rate, 1 / law.exponent, d), rate, 1 - d) for d in dampings]
    problem = resolved_problem(spectrum, on_the_way, 1 / _LEAST_DAMPING)
    factors = largest_factors(problem, midpoint_form(ball_form(steps)))
    return memory_one_rule(law.exponent, rate * min(1.0, float(factors.min())), power, d0)


def memory_one_rule(exponent: float, rate: float, power: float, d0: float) -> Schedule:
    """Return AM1 with the gradient rate alpha_2 and the damping d_0 t^-power."""
    inverse = 1 / exponent
    rule = schedule(
        "two-rate",
        velocity_rate=partial(_velocity_rate_at, rate, inverse, d0, power),
        gradient_rate=rate,
        momentum=partial(_momentum, d0, power),
    )
    name = f"AM1 (damping {d0:g} t^-{power:g})"
    return replace(rule, name=name, acceleration=1 + power * (1 - inverse))


def _damping(d0: float, power: float, t: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.minimum(1.0, d0 * t**-power)


def _velocity_rate(rate: float, inverse: float, damping: Any) -> Any:
    return rate * (damping**inverse - damping)


def _velocity_rate_at(rate: float, inverse: float, d0: float, power: float, t: Array) -> Array:
    return np.asarray(_velocity_rate(rate, inverse, _damping(d0, power, t)))


def _momentum(d0: float, power: float, t: Array) -> Array:
    return 1 - _damping(d0, power, t)


def _gradient_rate(spectrum: Spectrum, noise: BatchNoise) -> float:
    """Return the largest alpha_2 up to 1 / (largest eigenvalue) whose limiting noise is bounded.

    As the damping vanishes, the modes with larger eigenvalues make the noise of SGD with the
    learning rate alpha_2, and the smaller ones that of the integral below.
    """
    from scipy.optimize import brentq

    law = spectrum.law
    assert law is not None
    problem = FloatProblem.of(spectrum, noise)
    form = midpoint_form(ball_form([sgd(1)]))
    share, angle = float(noise.tau1 * noise.inverse_batch), math.pi / law.exponent

    def room(rate: float) -> float:
        small = math.pow(rate * law.scale, 1 / law.exponent) * angle / math.sin(angle) / 2
        return float(problem.margin(form, np.array([rate]))[0]) - share * small

    most = 1 / spectrum.largest
    if room(most) >= 0:
        return float(most)
    return float(brentq(room, 1e-60 * most, most, xtol=1e-300, rtol=1e-13))
