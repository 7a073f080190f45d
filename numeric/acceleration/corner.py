r"""Corner SGD (arXiv 2504.12519) with a finite memory.

With infinite memory :math:`P/Q\sim-c(x-1)^\theta` at x = 1, so that the signal falls like
:math:`t^{-\theta\zeta}` and the noise propagator like :math:`t^{\theta/\nu-2}`. M auxiliary vectors
stand for the infinite memory up to a horizon.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sgdmem.numeric.acceleration.bounded_noise import (
    INSIDE,
    bounded,
    largest_factors,
    resolved_problem,
)
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number, positive_float, whole
from sgdmem.numeric.noise_sums.mode_summands import ball_form, midpoint_form
from sgdmem.numeric.problems.problem import (
    Problem,
    as_problem,
    require_no_weight_decay,
    require_target,
)
from sgdmem.numeric.problems.target import PowerLawTarget
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, shown

_LARGEST_MEMORY = 12
_LONGEST = 1e15  # horizon whose slowest damping can be told from 0 in floats, for any memory


def corner(
    problem: Any = None,
    batch_size: Any = math.inf,
    *,
    memory: int,
    theta: Any,
    horizon: Any,
    scale: Any = None,
    noise_level: Any = 0.25,
) -> Algorithm:
    r"""Return corner SGD with M auxiliary vectors, a stationary algorithm.

    .. math::
        \delta_m = e^{-(m-1/2)h},\quad w_m = e^{-(2-\theta)(m-1)h}-e^{-(2-\theta)mh},\quad
        h = \ln(\text{horizon})/M,\qquad
        \alpha = \tfrac1A\sum_mw_m,\quad c_m = -\tfrac1Aw_m(1-\delta_m),\quad D_{mm} = 1-\delta_m

    with b = 1 and a = 0. Without noise it is stable exactly for eigenvalues below
    :math:`2A/\sum_m[w_m/(2-\delta_m)]` (found in numerical checks, not proved here). Up to about a
    tenth of the horizon the loss falls with an exponent close to :math:`\min(\theta\zeta,
    2-\theta/\nu)`; later, as for every stationary algorithm, with that of SGD. With M of 10 or more
    and a long horizon `stability` may leave a verdict undecided.

    Parameters
    ----------
    problem, batch_size : optional
        From which A is chosen: the largest eigenvalue takes at most half of the stable range, and
        the noise sum is at most ``noise_level``. See `stability`.
    memory : int
        M from 1 to 12.
    theta : number
        From 1 to 2, both excluded; `advised_theta` knows a good one.
    horizon : number > 1, up to 1e15
    scale : number > 0, optional
        A, instead of these.
    noise_level : number between 0 and 1

    Raises
    ------
    InputError
        For an argument outside its domain, or if there are both or neither of problem and scale.

    Examples
    --------
    >>> problem = Problem.power_law(2, zeta=0.4)
    >>> theta = advised_theta(problem)
    >>> found = corner(problem, batch_size=10, memory=5, theta=theta, horizon=1e5)
    >>> found.memory, round(found.effective_learning_rate, 2)
    (5, 290.9)
    """
    t = to_float(number(theta, "theta"))
    if not 1 < t < 2:
        raise InputError(f"theta must lie between 1 (SGD) and 2, got {theta}")
    memory = whole(memory, "memory", 1, _LARGEST_MEMORY)
    steps = positive_float(horizon, "horizon")
    if not 1 < steps <= _LONGEST:
        raise InputError(f"horizon must exceed 1 and be at most 1e15, got {shown(horizon)}")
    if (problem is None) == (scale is None):
        raise InputError("give either a problem, from which the scale follows, or the scale")
    h = np.log(steps) / memory
    dampings = np.exp(-(np.arange(memory) + 0.5) * h)
    weights = -np.diff(np.exp(-(2 - t) * np.arange(memory + 1) * h))
    name = f"corner(theta={t:g}, memory={memory}, horizon={steps:g})"
    if scale is not None:
        return _algorithm(dampings, weights, positive_float(scale, "scale"), name)
    problem = bounded(problem, noise_level)
    resolved = resolved_problem(problem.spectrum, problem.noise.at(batch_size), steps)
    # half of the noiseless range
    least = problem.spectrum.largest * float((weights / (2 - dampings)).sum())
    unit = _algorithm(dampings, weights, 1.0, name)
    form = midpoint_form(ball_form([unit]))
    factor = float(largest_factors(resolved, form)[0])
    if not factor > 0:
        raise InputError(f"no scale keeps the noise sum below {noise_level}: it is infinite")
    return _algorithm(dampings, weights, max(least, 1 / (factor * INSIDE)), name)


def _algorithm(dampings: Array, weights: Array, scale: float, name: str) -> Algorithm:
    M = dampings.size
    c = -weights * (1 - dampings) / scale
    D = np.diag(1 - dampings)
    return Algorithm(float(weights.sum()) / scale, b=[1] * M, c=c.tolist(), D=D.tolist(), name=name)


def advised_theta(problem: Problem) -> float:
    r"""Return 0.95 :math:`\theta_{\max}`, and at most 1.9: a good theta of `corner`.

    .. math:: \theta_{\max} = \min(2,\ \nu,\ 2/(\zeta+1/\nu))

    A value up to 1 means that corner SGD is no faster than SGD.

    Parameters
    ----------
    problem : Problem
        A power law with a power-law target, as `Problem.power_law` makes it.

    Raises
    ------
    InputError
        If it is another one.

    Examples
    --------
    >>> round(advised_theta(Problem.power_law(1.5, zeta=0.5)), 3)
    1.425
    """
    nu, zeta = power_law_exponents(problem)
    return 0.95 * min(2.0, nu, 2 / (zeta + 1 / nu))


def power_law_exponents(problem: Any) -> tuple[float, float]:
    """Return nu and zeta of a problem; InputError if it has no such exponents."""
    problem = as_problem(problem)
    require_no_weight_decay(problem, "exponents of its loss")
    target = require_target(problem)
    if problem.spectrum.law is None or not isinstance(target, PowerLawTarget):
        raise InputError(
            "problem must have two exponents, those of a power-law spectrum and of a power-law "
            "target: Problem.power_law(nu, zeta)"
        )
    return problem.spectrum.law.exponent, target.exponent
