"""DANA of arXiv 2505.16098 in the letters of the paper: two rates, one of which may decay."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_reals
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.schedules.family_schedule import schedule
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.zoo.several_momenta import dana_step


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Dana(Schedule):
    r"""DANA, with :math:`\gamma_1=1`, which only scales y.

    .. math::
        y\leftarrow(1-\Delta_t)y+g,\qquad \theta\leftarrow\theta-\gamma_2g-\gamma_{3,t}y,\qquad
        \Delta_t=\min\Big(1,\frac\delta{1+t}\Big),\qquad
        \gamma_{3,t}=\gamma_3(1+t)^{-\kappa_3}

    Attributes
    ----------
    gamma_2, gamma_3, kappa_3, delta : float
        ``gamma_3`` is that of the first step.
    """

    gamma_2: float
    gamma_3: float
    kappa_3: float
    delta: float

    @classmethod
    def of(cls, gamma_2: float, gamma_3: float, kappa_3: float, delta: float) -> Dana:
        """Return the schedule with these constants."""
        rule = schedule(
            dana_step,
            gamma_1=1,
            gamma_2=gamma_2,
            gamma_3=partial(_power, gamma_3, kappa_3),
            damping=partial(_damping, delta),
        )
        kind = "decaying" if kappa_3 else "constant"
        name = f"DANA-{kind} (damping {delta:g}/t)"
        return cls(
            memory=rule.memory,
            name=name,
            evaluate=rule.evaluate,
            gamma_2=gamma_2,
            gamma_3=gamma_3,
            kappa_3=kappa_3,
            delta=delta,
        )

    def gamma_3_at(self, t: Any) -> Array:
        r"""Return :math:`\gamma_{3,t}` at some times."""
        return _power(self.gamma_3, self.kappa_3, _times(t))

    def damping_at(self, t: Any) -> Array:
        r"""Return :math:`\Delta_t` at some times."""
        return _damping(self.delta, _times(t))

    def time_change(self, t: Any) -> Array:
        r"""Return how much time SGD would have needed, up to a constant factor.

        .. math:: \vartheta(t)=1+2\gamma_2t+\Bigl(\int_0^t\sqrt{\gamma_{3,s}}\,ds\Bigr)^2

        The last part overtakes later than here: without a decay a mode is small from
        :math:`\gamma_3\lambda t^2\approx1+\delta` on.

        Examples
        --------
        >>> rule = Dana.of(0.3, 0.001, 0, 4)
        >>> print(rule.time_change([0, 100, 10000]).round(1))
        [1.00000e+00 7.10000e+01 1.06001e+05]
        """
        times, half = _times(t), 1 - self.kappa_3 / 2
        passed = np.log1p(times) if half == 0 else np.expm1(half * np.log1p(times)) / half
        return np.asarray(1 + 2 * self.gamma_2 * times + self.gamma_3 * passed**2)


def _times(t: Any) -> Array:
    times = read_reals(t, "t")
    if (times < 0).any():
        raise InputError(f"t must be 0 or more, got {shown(t)}")
    return times


def _power(scale: float, power: float, t: Array) -> Array:
    return np.asarray(scale * (1 + t) ** -power)


def _damping(delta: float, t: Array) -> Array:
    return np.asarray(np.minimum(1.0, delta / (1 + t)))
