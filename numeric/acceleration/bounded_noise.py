"""Bounds on the noise sum, and the largest gains that keep them.

The noise sum is below a level u where the algorithm is stable with tau1 / u in place of tau1.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.bisection import bisect, multisect
from sgdmem.numeric.arithmetic.inputs import positive_float
from sgdmem.numeric.judges.float_problem import FloatProblem
from sgdmem.numeric.noise_sums.noise_operator import ScalarOperator
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem, as_problem, require_no_weight_decay
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.numeric.spectra.power_law_quadrature import LongLaw
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.routh import HalfPlaneForm
from sgdmem.symbolic.errors import InputError

_HEAD, _POINTS = 64, 8  # of the rule that sums over a power law, to 9 digits
INSIDE = 1 - 1e-8  # of the largest factor: sums over these nodes err by less
_SEARCHED = (1e-40, 1e5)  # factors on Q, in units of 1 / (largest eigenvalue)
CLOSELY = 46  # halvings of this range: to 12 digits


def bounded(problem: Any, noise_level: Any) -> Problem:
    """Return the problem on which an algorithm is stable if its noise sum is below the level.

    InputError for an argument outside its domain.
    """
    given = as_problem(problem)
    require_no_weight_decay(given, "methods that are fitted to it")
    level = positive_float(noise_level, "noise_level")
    if level >= 1:
        raise InputError(f"noise_level must be below 1, where noise feeds itself, got {level:g}")
    if given.noise.mixes:
        raise InputError("problem must have noise of tau1 and tau2, not of a coupling or samples")
    return replace(given, noise=replace(given.noise, tau1=given.noise.tau1 / Fraction(level)))


def bounded_power_law(problem: Any, noise_level: Any) -> tuple[Problem, PowerLaw]:
    """Return what `bounded` returns, and the law of the spectrum, whose exponent exceeds 1."""
    problem = as_problem(problem)
    law = problem.spectrum.law
    if law is None or not law.exponent > 1:
        raise InputError(
            f"problem must have a power-law spectrum with an exponent above 1, got "
            f"{problem.spectrum!r}: the exponent decides how fast an algorithm may be "
            f"(fit_power_law estimates it)"
        )
    if not isinstance(problem.noise.tau2, Fraction):
        raise InputError("tau2 must be one number")
    return bounded(problem, noise_level), law


def resolved_problem(spectrum: Spectrum, noise: BatchNoise, horizon: float) -> FloatProblem:
    """Return a problem with nodes down to eigenvalues that do not move within the horizon."""
    if isinstance(spectrum.long, LongLaw):
        law = LongLaw(spectrum.long.law, _POINTS, last=horizon**-2)
        edges = law.edges(_HEAD)
        if edges.size:  # it is not a steep one
            rule = law.rule(_HEAD, edges)
            return FloatProblem(rule.nodes.mid, rule.weights, ScalarOperator(noise, spectrum))
    return FloatProblem.of(spectrum, noise)


def largest_factors(problem: FloatProblem, form: HalfPlaneForm, halvings: int = CLOSELY) -> Array:
    """Return the factors on Q up to which a problem is stable, by bisection; 0 if there is none.

    The arrays of the form have the shape (n, 1).
    """
    first, last = (float(np.log(end) - np.log(problem.lam.max())) for end in _SEARCHED)

    def holds(logs: Array) -> Array:
        return problem.margin(form, np.exp(logs)) > 0

    if len(form.pull) == 1:
        low = np.array([multisect(holds, first, last, -(-halvings // 4))[0]])
    else:
        shape = len(form.pull)
        low, _ = bisect(holds, np.full(shape, first), np.full(shape, last), halvings)
    return np.where(low > first, np.exp(low), 0.0)
