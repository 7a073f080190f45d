r"""Steps of a method in the coordinates of the points where it takes gradients.

An optimizer's tensors hold the point :math:`y_t = w_t + a_t^Tu_t`. In (y, u) a method is one with
a = 0: by eq. (3) of arXiv 2410.04228, with the share s by which w shrinks,

.. math::
    y_{t+1} = (1-s)y_t - (\alpha - a_{t+1}^Tc)g_t + (b - (1-s)a_t + D^Ta_{t+1})^Tu_t,\qquad
    u_{t+1} = cg_t + Du_t.

A learning rate makes of :math:`(\alpha,b,c,D,a,s)` the method
:math:`(\eta\alpha,\eta b,c,D,\eta a,\eta s)`: all eigenvalues times :math:`\eta`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.schedules.family_schedule import schedule
from sgdmem.numeric.schedules.schedule import Schedule, Steps, read_schedule
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.families_by_name import find_family

_AT_ONCE = 256  # steps whose entries are evaluated together
_ROUNDING = 8 * np.finfo(float).eps


class PointStep(NamedTuple):
    """One step: what is added to y, and how u moves.

    Attributes
    ----------
    shrink : float
        The share of y that goes.
    gradient : float
        Weight of the gradient in what is added to y.
    old, new : tuple of float
        Weights of u before it moves, and afterwards; one of them is empty.
    c : tuple of float
    D : tuple of tuple of float
    """

    shrink: float
    gradient: float
    old: tuple[float, ...]
    new: tuple[float, ...]
    c: tuple[float, ...]
    D: tuple[tuple[float, ...], ...]


class StepEntries(NamedTuple):
    """alpha, b, c, D, a, a of the next step, and the share by which w shrinks, in floats."""

    alpha: Any
    b: Array
    c: Array
    D: Array
    a: Array
    following: Array
    shrink: Any


def read_rule(rule: Any, values: dict[str, Any]) -> Schedule:
    """Return the schedule of a method, or of a family and values of its parameters.

    The parameter ``learning_rate`` of a family is 1 unless it has a value: an optimizer has its own
    factor.

    Raises
    ------
    InputError
        For what is no method, or values of a method that has none.

    Examples
    --------
    >>> read_rule("heavy-ball", {"momentum": 0.9}).stationary
    Algorithm(alpha=1.0, b=(0.9,), c=(-1.0,), D=((0.9,),), a=(0.0,))
    """
    if isinstance(rule, Algorithm | Schedule) or is_list(rule):
        if values:
            raise InputError(
                f"{', '.join(values)}: only a family such as heavy_ball takes values of "
                f"parameters, and rule is {shown(rule)}"
            )
        return read_schedule(rule)
    if not (callable(rule) or isinstance(rule, str)):
        raise InputError(
            f"rule must be an Algorithm, a Schedule, or a family such as heavy_ball with values of "
            f"its parameters, got {shown(rule)}"
        )
    family = find_family(rule)
    if "learning_rate" in family.parameters:
        values = {"learning_rate": 1, **values}
    return schedule(family, **values)


class PointSteps:
    """The steps of a schedule at any learning rate.

    Examples
    --------
    >>> PointSteps(read_rule("heavy-ball", {"momentum": 0.5})).at(0, 0.25)
    PointStep(shrink=0.0, gradient=0.0, old=(), new=(0.25,), c=(-1.0,), D=((0.5,),))
    """

    def __init__(self, rule: Schedule) -> None:
        self.rule = rule
        self._first, self._steps = 0, self._evaluated(0)
        self._known: tuple[tuple[int, float], PointStep] | None = None

    def clock(self, step: int) -> int:
        """Return the step, or 0 if all are alike."""
        return 0 if self.rule.stationary is not None else step

    def shift(self, step: int) -> list[float]:
        """Return a of a step: y = w + a^T u, times the learning rate."""
        row = self._row(self.clock(step))
        return [float(x) for x in self._steps.a[row]]

    def at(self, step: int, rate: float) -> PointStep:
        """Return a step at a learning rate."""
        key = self.clock(step), rate
        if self._known is None or self._known[0] != key:
            self._known = key, self._made(*key)
        return self._known[1]

    def entries(self, step: int) -> StepEntries:
        """Return the entries of a step, and a of the next one.

        Raises
        ------
        InputError
            If the schedule does not know the step, or has a and does not know the next one.
        """
        row, steps = self._row(self.clock(step)), self._steps
        a = steps.a[row]
        if row + 1 < len(steps):
            following = steps.a[row + 1]
        elif not a.any():
            following = a
        else:
            raise InputError(
                f"{self.rule.name} has a, so that step {step} needs a of the next one: its "
                f"functions must know step {step + 1}"
            )
        return StepEntries(
            steps.alpha[row],
            steps.b[row],
            steps.c[row],
            steps.D[row],
            a,
            following,
            steps.shrink[row],
        )

    def _made(self, step: int, rate: float) -> PointStep:
        alpha, b, c, D, a, following, shrink = self.entries(step)
        shrink = float(rate * shrink)
        if a.any() or following.any():
            alpha = alpha - following @ c
            b = b - (1 - shrink) * a + D.T @ following
        new = _of_new_memory(alpha, b, c, D)
        known = tuple(c.tolist()), tuple(map(tuple, D.tolist()))
        if new is not None:
            return PointStep(shrink, 0.0, (), tuple((rate * new).tolist()), *known)
        return PointStep(shrink, float(-rate * alpha), tuple((rate * b).tolist()), (), *known)

    def _row(self, step: int) -> int:
        """Return the row of a step, and if possible also the next one, in evaluated ones."""
        if not self._first <= step < self._first + len(self._steps) - 1:
            self._first, self._steps = step, self._evaluated(step)
        return step - self._first

    def _evaluated(self, step: int) -> Steps:
        for count in (_AT_ONCE, 2):
            try:
                return self.rule.steps(step, step + count)
            except InputError:  # such as an array of rates that ends before
                continue
        return self.rule.steps(step, step + 1)


def _of_new_memory(alpha: Array, b: Array, c: Array, D: Array) -> Array | None:
    """Return the weights y of a step that is y^T u of the u after it, such as that of heavy balls.

    It saves a pass over all numbers. In general -alpha g + b^T u = x g + y^T (c g + D u).
    """
    if not b.any():
        return None
    try:
        y = np.linalg.solve(D.T, b)
    except np.linalg.LinAlgError:
        return None
    sizes = abs(y) @ abs(c)
    rounding = _ROUNDING * (abs(alpha) + sizes)
    return y if abs(alpha + y @ c) <= rounding and sizes <= 8 * abs(alpha) else None
