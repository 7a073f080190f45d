"""Methods side by side: exact losses on a power law, and exponents against theory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.acceleration.accelerated import accelerated
from sgdmem.numeric.acceleration.anchored import anchored
from sgdmem.numeric.acceleration.best_stationary import best_stationary
from sgdmem.numeric.acceleration.bounded_noise import bounded
from sgdmem.numeric.acceleration.corner import advised_theta, corner, power_law_exponents
from sgdmem.numeric.acceleration.real_root_algorithms import rate_exponent
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.losses.loss_bound import loss_bound
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.problems.problem import Problem, as_problem
from sgdmem.numeric.schedules.schedule import Schedule, read_schedule
from sgdmem.numeric.verdicts.learning_rate import largest_learning_rate
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.named_algorithms import sgd

_ACCELERATED = ("AM1", "AM2", "AM3", "restarted AM2", "anchored AM1")
METHODS = ("SGD", *_ACCELERATED, "corner", "best stationary")
_MOST_STEPS = 10**7
_LEVEL = 0.25  # of every noise sum
_CORNER_MEMORY = 5
_BEST_MEMORY = 2
_DECAY = 0.5  # of anchored AM1


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
        In the limit of many steps, on the law without an end: theorems, for "corner" of infinite
        memory, for "AM2", "AM3" and "restarted AM2" of small gains and large damping scales; for
        "anchored AM1" an observation.
        A stationary algorithm of finite memory ends with that of SGD, "best stationary" after about
        its horizon, the steps of the comparison.
    above_bound : float
        The last loss over `loss_bound`, which is proved for every linear method; nan where that is
        given as 0.
    """

    method: str
    rule: Schedule
    losses: Array
    exponent: float
    predicted: float
    above_bound: float

    def __str__(self) -> str:
        bound = "" if math.isnan(self.above_bound) else f", {self.above_bound:.3g} times the bound"
        return (
            f"{self.method:<16} loss {self.losses[-1]:.3e}, exponent {self.exponent:.3f} "
            f"(predicted {self.predicted:.3f}){bound}"
        )


def compare_methods(
    problem: Any, batch_size: Any, steps: int, *, methods: Sequence[str] | None = None
) -> list[Compared]:
    """Return exact losses of several methods on a power law.

    Every method is tuned to the problem by its own rule, with a noise sum of at most 1/4, of AM1 in
    the limit of many steps.

    Parameters
    ----------
    problem : Problem
        With exponents nu above 1 and zeta, as `Problem.power_law` makes it.
    batch_size : number > 0
    steps : int from 1000 to 10**7
        Some seconds for each method up to a million.
    methods : sequence of str
        Some of `METHODS`, by default all, "corner" where it is faster than SGD: "SGD", "AM1" to
        "AM3" (`accelerated`, with a damping that falls like 1/t), "restarted AM2", "anchored AM1"
        (`anchored`, with a decay of 1/2), "corner" (memory 5), "best stationary" (memory 2).

    Returns
    -------
    list of Compared

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> problem = Problem.power_law(2, zeta=0.4)
    >>> for row in compare_methods(problem, 10, 10_000, methods=["SGD", "AM1"]):
    ...     print(row)
    SGD              loss 9.757e-03, exponent 0.400 (predicted 0.400), 98.5 times the bound
    AM1              loss 2.575e-03, exponent 0.593 (predicted 0.600), 26 times the bound
    """
    problem = as_problem(problem)
    nu, zeta = power_law_exponents(problem)
    if not nu > 1:
        raise InputError(
            f"problem must have an exponent nu above 1, got {nu:g}: no noise is bounded"
        )
    if not problem.noise.at(batch_size).spreads:
        raise InputError(
            "methods are compared under noise: batch_size must be finite, and tau1 positive"
        )
    if problem.noise.at(batch_size).stirs:
        raise InputError(
            "noise must have no label_variance: losses that come to rest have no exponents"
        )
    steps = whole(steps, "steps", 1000, _MOST_STEPS)
    applicable = applicable_methods(problem)
    if methods is not None and not (is_list(methods) and len(methods)):
        raise InputError(f"methods must be a list such as ['SGD', 'AM1'], got {shown(methods)}")
    chosen = applicable if methods is None else list(methods)
    for method in chosen:
        if not isinstance(method, str) or method not in METHODS:
            raise InputError(f"unknown method {shown(method)}; known are {', '.join(METHODS)}")
        if method not in applicable:
            raise InputError(
                f"methods must be without {method!r} where it is no faster than SGD, as at "
                f"nu = {nu:g}, zeta = {zeta:g}"
            )
    bound = loss_bound(problem, batch_size, steps)[-1]
    rows = []
    for method in chosen:
        rule = _rule(method, problem, batch_size, steps)
        found = losses(rule, problem, batch_size, steps)
        predicted = predicted_exponent(method, problem)
        above = float(found[-1] / bound) if bound else math.nan
        rows.append(Compared(method, rule, found, local_exponent(found), predicted, above))
    return rows


def applicable_methods(problem: Problem) -> Sequence[str]:
    """Return the methods that are faster than SGD, and SGD."""
    return [method for method in METHODS if method != "corner" or advised_theta(problem) > 1]


def local_exponent(found: Array) -> float:
    """Return the exponent at which losses fell over the last factor of 10 of the steps."""
    last = found.size - 1
    first = last // 10
    with np.errstate(divide="ignore", invalid="ignore"):  # of a loss that has reached 0
        return float(np.log(found[first] / found[last]) / np.log(last / first))


def predicted_exponent(method: str, problem: Problem) -> float:
    """Return the exponent of the loss in the limit of many steps; see `Compared`.

    Examples
    --------
    >>> predicted_exponent("AM1", Problem.power_law(2, zeta=0.4))
    0.6000000000000001
    """
    nu, zeta = power_law_exponents(problem)
    steepness = min(zeta, 2 - 1 / nu)  # Theorem 3: signal or noise decides
    if method in _ACCELERATED:
        theta = 1 + rate_exponent(nu, int(method[-1]))
        if method.startswith("anchored"):  # noise is forgotten, the start is not
            return min(theta * min(zeta, 2), theta * (2 - 1 / nu) + 2 * _DECAY)
        return theta * steepness
    if method == "corner":
        theta = advised_theta(problem)
        return min(theta * zeta, 2 - theta / nu)
    return steepness


def _rule(method: str, problem: Problem, batch_size: Any, steps: int) -> Schedule:
    question: Any = {"problem": problem, "batch_size": batch_size, "noise_level": _LEVEL}
    if method == "SGD":
        most = largest_learning_rate(sgd, bounded(problem, _LEVEL), batch_size)
        return read_schedule(sgd(min(most * (1 - 1e-9), 1 / problem.spectrum.largest)))
    if method == "corner":
        theta = advised_theta(problem)
        return read_schedule(corner(memory=_CORNER_MEMORY, theta=theta, horizon=steps, **question))
    if method == "best stationary":
        return read_schedule(best_stationary(memory=_BEST_MEMORY, horizon=steps, **question))
    memory, restarts = int(method[-1]), method.startswith("restarted")
    own: Any = {"damping_exponent": 1} if memory == 1 else {"horizon": steps, "restarts": restarts}
    rule = accelerated(memory=memory, **own, **question)
    return anchored(rule, _DECAY) if method.startswith("anchored") else rule
