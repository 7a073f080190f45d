"""Limits of sequences that approach them by known powers of the time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array

_CLOSEST = 0.05  # powers nearer to each other are told apart by nothing


def expand(times: Array, values: Array, powers: Sequence[float]) -> Array:
    """Return c_0, c_1, ... of ``values = c_0 + sum_i c_i * times**-powers[i]`` by least squares.

    Examples
    --------
    >>> t = np.geomspace(10, 1000, 20)
    >>> np.allclose(expand(t, 3 - 5 / t, [1, 2]), [3, -5, 0])
    True
    """
    scale = times[0]
    basis = np.array([(times / scale) ** -power for power in (0.0, *powers)]).T
    found = np.linalg.lstsq(basis, values, rcond=None)[0]
    return np.asarray(found * scale ** np.array([0.0, *powers]))


def fitted_exponent(losses: Array, power: float) -> float:
    """Return the exponent over the last two decades, with two powers of ``t^-power`` beside it."""
    t = late_times(losses.size - 1, 2, 40)
    basis = np.array([np.ones(t.size), -np.log(t), t**-power, t ** (-2 * power)]).T
    return float(np.linalg.lstsq(basis, np.log(losses[t]), rcond=None)[0][1])


def powers_of_the_loss(zeta: float, xi: float, count: int) -> list[float]:
    """Return the smallest relative powers of 1/t in the loss of a power law."""
    step, gap = xi - 1, abs(zeta - xi)
    every = sorted(i * gap + k * step + m for i in (0, 1) for k in range(12) for m in range(4))
    found: list[float] = []
    for power in every:
        if power > _CLOSEST and all(abs(power - x) > _CLOSEST for x in found):
            found.append(power)
    return found[:count]


def late_times(last: int, decades: float, count: int = 60) -> Array:
    """Return log-spaced whole times up to the last one."""
    return np.unique(np.geomspace(last / 10**decades, last, count).round()).astype(int)
