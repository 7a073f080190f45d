"""Methods side by side: exact losses on an infinite power law, and exponents against theory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.acceleration.accelerated import accelerated
from sgdmem.numeric.acceleration.best_stationary import best_stationary
from sgdmem.numeric.acceleration.corner import advised_theta, corner
from sgdmem.numeric.acceleration.real_roots import partial_sum
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import is_list, positive_float, whole
from sgdmem.numeric.losses.recursion import losses
from sgdmem.numeric.losses.schedule import Schedule, read_schedule
from sgdmem.numeric.problems.target import PowerLawTarget
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.learning_rate import largest_learning_rate
from sgdmem.symbolic.algorithms.named import sgd
from sgdmem.symbolic.errors import InputError

METHODS = ("SGD", "AM1", "AM2", "AM3", "corner", "best stationary")
_MOST_STEPS = 10**7
_LEVEL = 0.25  # of every noise sum
_CORNER_MEMORY = 5
_BEST_MEMORY = 2


@dataclass(frozen=True, eq=False)
class Compared:
    """One method of a comparison.

    Attributes
    ----------
    method : str
    rule : Schedule
        With the parameters that were chosen.
    losses : ndarray, shape (steps + 1,)
    exponent : float
        Measured over the last factor of 10 of the steps.
    predicted : float
        In the limit of many steps. A theorem for "SGD", "AM1" and "corner" (of infinite memory), a
        conjecture for "AM2" and "AM3". A stationary algorithm of finite memory ends with that of
        SGD, "best stationary" after about its horizon, the steps of the comparison.
    """

    method: str
    rule: Schedule
    losses: Array
    exponent: float
    predicted: float

    def __str__(self) -> str:
        return (
            f"{self.method:<16} loss {self.losses[-1]:.3e}, exponent {self.exponent:.3f} "
            f"(predicted {self.predicted:.3f})"
        )


def compare_methods(
    spectrum_exponent: Any,
    target_exponent: Any,
    batch_size: Any,
    steps: int,
    methods: Sequence[str] | None = None,
) -> list[Compared]:
    r"""Return exact losses of several methods on :math:`\lambda_k = k^{-\nu}`, without an end.

    Every method is tuned to the problem by its own rule, with a noise sum of at most 1/4. The noise
    has tau1 = 1 and tau2 = 0.

    Parameters
    ----------
    spectrum_exponent : number > 1
        :math:`\nu`
    target_exponent : number > 0
        :math:`\zeta` of `power_law_target`.
    batch_size : number > 0
    steps : int from 1000 to 10**7
        Some seconds for each method up to a million.
    methods : sequence of str
        Some of `METHODS`, by default all that are faster than SGD, and SGD: "SGD", "AM1" to "AM3"
        (`accelerated`, with a damping that falls like 1/t), "corner" (memory 5), "best stationary"
        (memory 2).

    Returns
    -------
    list of Compared

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> for row in compare_methods(2, 0.4, 10, 10_000, methods=["SGD", "AM1"]):
    ...     print(row)
    SGD              loss 9.757e-03, exponent 0.400 (predicted 0.400)
    AM1              loss 2.575e-03, exponent 0.593 (predicted 0.600)
    """
    nu = positive_float(spectrum_exponent, "spectrum_exponent")
    zeta = positive_float(target_exponent, "target_exponent")
    if not nu > 1:
        raise InputError(f"spectrum_exponent must exceed 1, got {nu:g}: the noise has no bound")
    steps = whole(steps, "steps", 1000, _MOST_STEPS)
    if methods is not None and not is_list(methods):
        raise InputError(f"methods must be a list such as ['SGD', 'AM1'], got {methods!r}")
    chosen = _applicable(nu, zeta) if methods is None else list(methods)
    for method in chosen:
        if not isinstance(method, str) or method not in METHODS:
            raise InputError(f"unknown method {method!r}; known are {', '.join(METHODS)}")
    spectrum, target = Spectrum.power_law(nu), PowerLawTarget(zeta)
    rows = []
    for method in chosen:
        rule = _rule(method, spectrum, zeta, batch_size, steps)
        found = losses(rule, spectrum, target, steps, batch_size)
        exponent = local_exponent(found)
        rows.append(Compared(method, rule, found, exponent, predicted_exponent(method, nu, zeta)))
    return rows


def _applicable(nu: float, zeta: float) -> Sequence[str]:
    return [method for method in METHODS if method != "corner" or advised_theta(nu, zeta) > 1]


def local_exponent(found: Array) -> float:
    """Return the exponent at which losses fell over the last factor of 10 of the steps."""
    last = found.size - 1
    first = last // 10
    return float(np.log(found[first] / found[last]) / np.log(last / first))


def predicted_exponent(method: str, nu: float, zeta: float) -> float:
    r"""Return the exponent of the loss in the limit of many steps; see `Compared`.

    Examples
    --------
    >>> predicted_exponent("AM1", 2, 0.4)
    0.6000000000000001
    """
    steepness = min(zeta, 2 - 1 / nu)  # Theorem 3: signal or noise decides
    if method.startswith("AM"):
        return steepness * (2 - 1 / partial_sum(nu, int(method[2:]) + 1))
    if method == "corner":
        theta = advised_theta(nu, zeta)
        return min(theta * zeta, 2 - theta / nu)
    return steepness


def _rule(method: str, spectrum: Spectrum, zeta: float, batch_size: Any, steps: int) -> Schedule:
    if method == "SGD":
        most = largest_learning_rate(sgd, spectrum, batch_size, tau1=1 / _LEVEL)
        return read_schedule(sgd(min(most * (1 - 1e-9), 1 / spectrum.largest)))
    if method == "corner":
        assert spectrum.law is not None
        theta = advised_theta(spectrum.law.exponent, zeta)
        return read_schedule(
            corner(theta, _CORNER_MEMORY, steps, spectrum, batch_size, noise_level=_LEVEL)
        )
    if method == "best stationary":
        found = best_stationary(_BEST_MEMORY, spectrum, batch_size, steps, noise_level=_LEVEL)
        return read_schedule(found)
    memory = int(method[2:])
    own = {"damping_exponent": 1} if memory == 1 else {"horizon": steps}
    return accelerated(
        spectrum, batch_size, memory, target_exponent=zeta, noise_level=_LEVEL, **own
    )
