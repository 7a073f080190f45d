r"""Accelerated schedules: the memory-1 rule AM1 of arXiv 2410.04228, and its extension to memory M.

The damping 1 - D falls like a power of the step, and the effective learning rate grows as fast as
mini-batch noise lets it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any, TypeAlias

import numpy as np

from sgdmem.numeric.acceleration.best_stationary import LARGEST_MEMORY
from sgdmem.numeric.acceleration.bounded_noise import (
    bounded_power_law,
    resolved_problem,
)
from sgdmem.numeric.acceleration.memory_one import memory_one, read_damping_exponent
from sgdmem.numeric.acceleration.real_root_algorithms import (
    Shape,
    chain_entries,
    interlace,
    rate_exponent,
    real_root_entries,
)
from sgdmem.numeric.acceleration.restarts import restarted
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import positive_float, whole
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem as Problem
from sgdmem.numeric.problems.target import PowerLawTarget
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.errors import InputError, shown

Realisation: TypeAlias = Callable[[Sequence[Any], Sequence[Any], Any], list[Any]]
DELAY = 400  # steps by which the clock of a larger memory is ahead, and the first block
_FITTED, _BOUNDED = 8, 40  # values of the clock at which the shape is fitted, and noise bounded
_LARGEST_LOG_RHO = math.log(0.5)  # poles and zeros that meet would cancel where noise is weak
_LONGEST = 1e9  # horizon


def accelerated(
    problem: Any,
    batch_size: Any,
    *,
    memory: int = 1,
    noise_level: Any = None,
    damping_exponent: Any = None,
    damping_scale: Any = None,
    horizon: Any = None,
    restarts: Any = False,
) -> Schedule:
    r"""Return a schedule whose loss falls with a larger exponent than that of SGD.

    Memory 1 is AM1 of arXiv 2410.04228, in the two-rate form of its eq. (250):

    .. math::
        1-\beta_t = \delta_t = \min(1, d_0t^{-\bar\delta}),\qquad
        \alpha_{1,t} = \alpha_2(\delta_t^{1/\nu}-\delta_t),\qquad
        \alpha_{\mathrm{eff},t} = \alpha_2\delta_t^{-(1-1/\nu)}.

    The constant :math:`\alpha_2` is the largest one, up to 1 / (largest eigenvalue), at which the
    noise sum tends to at most ``noise_level`` as the damping falls; on the way there it is at most
    halfway between that and 1. By eq. (27) the loss falls with the exponent
    :math:`\min(\zeta,2-1/\nu)(1+\bar\delta(1-1/\nu))`.

    A larger memory moves M poles and zeros along the clock :math:`\tau=(t+400)/d_0`, in the
    proportions of `sgdmem.numeric.acceleration.best_stationary.Shape`, which are fitted to the
    problem; one gain keeps the noise sum below ``noise_level`` up to the horizon. The exponent of
    the loss is :math:`\theta_M\min(\zeta,2-1/\nu)`,
    :math:`\theta_M=2-1/(1+(\nu-1)+\dots+(\nu-1)^M)`.

    With ``restarts`` the clock stands still in blocks, the first of 400 steps and each twice as
    long as the one before, and the last step of a block clears the memory. The exponent is the
    same; single losses wave by some tens of percent about it.

    Both exponents of larger memories are theorems for small gains and large damping scales (docs,
    theory/larger-memory-schedules); that the values here suffice is what exact losses show. Poles
    and zeros of a memory of 3 and more, or of an exponent near 1, often do not alternate at the
    first step: then the auxiliary vectors are a chain of lags, since partial fractions would
    cancel, and exact losses are all that is known of the smooth schedule. With restarts, where they
    do not outlast a block, that changes nothing.

    Parameters
    ----------
    problem : Problem
        Its spectrum is a power law with an exponent nu above 1. A power-law target with a small
        exponent :math:`\zeta` allows a smaller ``damping_scale``.
    batch_size : number > 0 or inf
    memory : int
        M from 1 to 6.
    noise_level : number between 0 and 1
        By default 1/2 for memory 1 without restarts, else 1/4.
    damping_exponent : number
        Of memory 1 without restarts, :math:`0<\bar\delta\le1`, by default 0.95; else it is 1.
    damping_scale : number > 0
        :math:`d_0`; with a damping exponent of 1 it must exceed
        :math:`\bar\alpha+(1+\bar\alpha)(\min(\zeta,2-1/\nu)-\tfrac12)`, where the rate grows like
        :math:`t^{\bar\alpha}`, or the memory is too long for the large eigenvalues to keep up;
        with restarts :math:`(1+\bar\alpha)\min(\zeta,2-1/\nu)\ln2`. By default 1, or one more
        than this bound.
    horizon : number from 1000 to 1e9
        Of a larger memory or with restarts, the steps for which the noise is bounded; by default
        1e6.
    restarts : bool

    Raises
    ------
    InputError
        For an argument outside its domain, or of another memory, or if no gain keeps the noise
        below the level at 40 values of the clock.

    Examples
    --------
    >>> rule = accelerated(Problem.power_law(2), batch_size=10)
    >>> rule.steps(0, 1000).effective_learning_rates[[0, 10, 999]]
    array([ 1.        ,  2.98538262, 26.59460883])
    """
    if not isinstance(restarts, bool):
        raise InputError(f"restarts must be True or False, got {shown(restarts)}")
    plain = memory == 1 and not restarts
    level = (0.5 if plain else 0.25) if noise_level is None else noise_level
    problem, law = bounded_power_law(problem, level)
    noise, exponent = problem.noise.at(batch_size), law.exponent
    memory = whole(memory, "memory", 1, LARGEST_MEMORY)
    steepness = 2 - 1 / exponent  # beyond it noise decides
    if isinstance(problem.target, PowerLawTarget):
        steepness = min(steepness, problem.target.exponent)
    if plain:
        if horizon is not None:
            raise InputError(
                "horizon belongs to memory above 1 or to restarts=True: that of AM1 is unlimited"
            )
        power = read_damping_exponent(damping_exponent)
        growth = power * (1 - 1 / exponent)
        d0 = _damping_scale(damping_scale, power, growth, steepness)
        on_the_way = replace(noise, tau1=noise.tau1 * 2 * Fraction(level) / (1 + Fraction(level)))
        return memory_one(problem.spectrum, noise, on_the_way, power, d0)
    if damping_exponent is not None:
        raise InputError(
            "damping_exponent belongs to memory 1 without restarts: with a larger one it is 1"
        )
    growth = rate_exponent(exponent, memory)
    d0 = _damping_scale(damping_scale, 1.0, growth, steepness, restarts)
    steps = positive_float(1e6 if horizon is None else horizon, "horizon")
    if not 1000 <= steps <= _LONGEST:
        raise InputError(f"horizon must lie between 1000 and 1e9, got {steps:g}")
    smooth = _larger_memory(problem.spectrum, noise, memory, d0, steps)
    if not restarts:
        return smooth
    return replace(restarted(smooth, DELAY), name=f"{smooth.name} with restarts")


def _damping_scale(
    value: Any, power: float, growth: float, steepness: float, restarts: bool = False
) -> float:
    """Return d_0 of a damping d_0 t^-power, for a rate that grows like t^growth.

    With power 1 the part of the loss in a mode of a large eigenvalue falls like
    t^-(d_0 - growth + (1 + growth)/2), which must beat the whole loss, t^-((1 + growth) steepness).
    With restarts it falls by e^-d_0 in each block.
    """
    if power < 1:
        return positive_float(1 if value is None else value, "damping_scale")
    least = max(0.0, growth + (1 + growth) * (steepness - 0.5))
    if restarts:
        least = (1 + growth) * steepness * math.log(2)
    d0 = positive_float(max(1.5, least + 1) if value is None else value, "damping_scale")
    if not d0 > least:
        raise InputError(
            f"damping_scale must exceed {least:.6g} when the damping falls like 1/t, got {d0:g}: "
            f"the modes of large eigenvalues would fall more slowly than the loss"
        )
    return d0


def _larger_memory(
    spectrum: Spectrum, noise: BatchNoise, memory: int, d0: float, horizon: float
) -> Schedule:
    shape, gain = _fitted(spectrum, noise, memory, DELAY / d0, (horizon + DELAY) / d0)
    return Schedule(
        memory,
        f"AM{memory} (slowest damping {d0:g}/t)",
        partial(_entries, shape, gain, d0, _realisation(shape, DELAY / d0)),
        acceleration=1 + rate_exponent(shape.exponent, memory),
    )


def _realisation(shape: Shape, first: float) -> Realisation:
    """Return which auxiliary vectors to keep, all the way: ratios of roots grow with the clock."""
    roots = shape.roots(np.array([first]))
    apart = interlace(*roots.poles.tolist(), *roots.zeros.tolist())
    return real_root_entries if apart else chain_entries


def _entries(
    shape: Shape, gain: float, d0: float, realisation: Realisation, t: Array
) -> Sequence[Any]:
    roots = shape.roots((t + DELAY) / d0)
    return realisation([*roots.poles.T], [*roots.zeros.T], gain)


@lru_cache(maxsize=32)
def _fitted(
    spectrum: Spectrum, noise: BatchNoise, memory: int, first: float, last: float
) -> tuple[Shape, float]:
    """Return the shape and the gain for a clock that runs from ``first`` to ``last``."""
    law = spectrum.law
    assert law is not None
    problem = resolved_problem(spectrum, noise, last)
    start = Shape(law.exponent, memory)
    shape = start.fitted(problem, np.geomspace(first, last, _FITTED), _LARGEST_LOG_RHO)
    roots = shape.roots(np.geomspace(first, last, _BOUNDED))
    gain = min(1 / spectrum.largest, float(roots.largest_gains(problem).min()))
    if not (problem.margin(roots.form(np.full(_BOUNDED, gain)), np.ones(_BOUNDED)) >= 0).all():
        raise InputError(
            f"no gain suits memory {memory} at exponent {law.exponent:g} all the way: take fewer "
            f"memory, or another damping_scale"
        )
    return shape, gain
