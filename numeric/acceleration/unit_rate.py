r"""Accelerated schedules in units of a learning rate that is tuned instead of derived.

They need to know of a problem only how fast its eigenvalues fall, :math:`\lambda_k\sim k^{-\nu}`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from sgdmem.numeric.acceleration.accelerated import accelerated
from sgdmem.numeric.acceleration.dana_schedule import Dana
from sgdmem.numeric.acceleration.memory_one import memory_one_rule, read_damping_exponent
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import positive_float
from sgdmem.numeric.problems.power_law_fit import fit_power_law
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError

_BATCH_SIZE = 10  # for whose noise the shape of am2 is fitted
MODERATE = 1.5  # an exponent for whoever does not know it


def read_exponent(value: Any) -> float:
    """Return the exponent nu > 1 of a power law: a number, or what a spectrum is fitted by.

    Parameters
    ----------
    value : number, Spectrum, Problem, or list of eigenvalues

    Raises
    ------
    InputError
        For anything else, and an exponent of at most 1: then no schedule is faster under noise.

    Examples
    --------
    >>> round(read_exponent([k**-1.5 for k in range(1, 100)]), 9)
    1.5
    """
    if is_list(value) or isinstance(value, Spectrum | Problem):
        spectrum = as_problem(value).spectrum
        exponent = spectrum.law.exponent if spectrum.law else fit_power_law(spectrum).exponent
    else:
        exponent = positive_float(value, "exponent")
    if not exponent > 1:
        raise InputError(
            f"exponent must be above 1, got {exponent:.3g}: noise of eigenvalues that fall so "
            f"slowly leaves nothing to accelerate"
        )
    return float(exponent)


def am1(
    exponent: Any = MODERATE, *, damping_exponent: Any = None, damping_scale: Any = 1.0
) -> Schedule:
    r"""Return AM1 of arXiv 2410.04228 with :math:`\alpha_2=1`; see `accelerated`.

    Parameters
    ----------
    exponent : number > 1, or Spectrum, or list of eigenvalues
        :math:`\nu`; the effective rate grows like :math:`t^{\bar\delta(1-1/\nu)}`.
    damping_exponent : number
        :math:`0<\bar\delta\le1`, by default 0.95.
    damping_scale : number > 0

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> am1(2).steps(0, 1000).effective_learning_rates[[0, 10, 999]]
    array([ 1.        ,  2.98538262, 26.59460883])
    """
    power = read_damping_exponent(damping_exponent)
    scale = positive_float(damping_scale, "damping_scale")
    return memory_one_rule(read_exponent(exponent), 1.0, power, scale)


def am2(exponent: Any = MODERATE) -> Schedule:
    """Return the smooth schedule of memory 2 that `accelerated` makes, with its first alpha 1.

    Its proportions are those for the power law at batch size 10, and take a second to find.

    Parameters
    ----------
    exponent : number > 1, or Spectrum, or list of eigenvalues

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> rule = am2(2).steps(0, 1001)
    >>> rule.effective_learning_rates[[0, 1000]].round(1)
    array([24.9, 57.4])
    """
    rule = accelerated(Problem.power_law(read_exponent(exponent)), _BATCH_SIZE, memory=2)
    return scaled(rule, 1 / float(rule.steps(0, 1).alpha[0]))


def scaled(rule: Schedule, factor: float) -> Schedule:
    """Return a changing schedule with alpha and c times a number, as if eigenvalues were."""
    return replace(rule, evaluate=partial(_scaled, rule, factor))


def _scaled(rule: Schedule, factor: float, t: Array) -> list[Any]:
    entries, M = list(rule.evaluate(t)), rule.memory
    for i in (0, *range(1 + M, 1 + 2 * M)):
        entries[i] = entries[i] * factor
    return entries


def dana(exponent: Any = MODERATE, *, damping_scale: Any = None, velocity_scale: Any = 1.0) -> Dana:
    r"""Return DANA-decaying of arXiv 2505.16098 with :math:`\gamma_2=1`.

    .. math::
        y\leftarrow(1-\Delta_t)y+g,\qquad w\leftarrow w-g-\gamma_{3,t}y,\qquad
        \Delta_t=\min\Big(1,\frac\delta{1+t}\Big),\qquad
        \gamma_{3,t}=\gamma_{3,0}(1+t)^{-1/\nu}

    Its effective rate grows like :math:`t^{1-1/\nu}`, as that of `am1` with a damping exponent of
    1: these are two papers about one method.

    Parameters
    ----------
    exponent : number > 1, or Spectrum, or list of eigenvalues
        :math:`\nu`; the paper's :math:`\kappa_3=1/(2\alpha)` is :math:`1/\nu`.
    damping_scale : number > 0
        :math:`\delta`. The paper's depends on the target, whose exponent is :math:`\zeta`:
        :math:`1+\max(2\zeta,2-2/\nu)`; the default, :math:`5-2/\nu`, is that of the
        largest :math:`\zeta` that matters under noise.
    velocity_scale : number > 0
        :math:`\gamma_{3,0}/\gamma_2`, 1 by default; sources differ.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> dana(2).steps(0, 1000).effective_learning_rates[[0, 999]].round(3)
    array([2.   , 8.906])
    """
    inverse = 1 / read_exponent(exponent)
    scale = 5 - 2 * inverse if damping_scale is None else damping_scale
    delta = positive_float(scale, "damping_scale")
    gamma = positive_float(velocity_scale, "velocity_scale")
    return replace(Dana.of(1.0, gamma, inverse, delta), acceleration=2 - inverse)
