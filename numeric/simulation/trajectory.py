"""Trajectories on any loss: the steps of an algorithm with a gradient function of the caller's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_reals, real_array
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.numeric.schedules.schedule import read_schedule
from sgdmem.symbolic.errors import InputError, shown

MOST_STEPS = 10**8
_MOST_NUMBERS = 5 * 10**8  # in the points that are returned


def trajectory(
    algorithm: Any,
    gradient: Callable[[Array, int], Any],
    w0: Any,
    steps: int,
    u0: Any = None,
) -> Array:
    r"""Return the points w_0 ... w_steps of an algorithm on any loss, eq. (3).

    Parameters
    ----------
    algorithm : Algorithm, Schedule, or list of Algorithm
        One for all steps, or one for each; M is its memory.
    gradient : function
        ``gradient(point, step)`` returns the gradient, shape (d,), that step 0, 1, ... takes at
        the point :math:`w_t + a^Tu_t`: of a loss, or of a mini-batch.
    w0 : array of shape (d,)
        The start.
    steps : int
        How many, up to 10**8.
    u0 : array of shape (M, d), optional
        Auxiliary vectors at the start, by default 0. ``torch.optim.SGD`` does not damp its first
        gradient g_0: it starts from ``u0 = [dampening / momentum * g_0]``, see
        `sgdmem.torch_sgd`.

    Returns
    -------
    ndarray, shape (steps + 1, d)
        Infinite or NaN after a step that leaves the range of floats.

    Raises
    ------
    InputError
        For bad input, and for a gradient of another shape than the point.

    Examples
    --------
    >>> from sgdmem import heavy_ball
    >>> trajectory(heavy_ball("0.5", "0.5"), lambda w, step: w**3, [1.0], 3).ravel()
    array([1.       , 0.5      , 0.1875   , 0.0279541])
    """
    chosen = read_schedule(algorithm)
    if not callable(gradient):
        raise InputError(
            f"gradient must be a function of a point and a step, got {shown(gradient)}"
        )
    steps = whole(steps, "steps", 0, MOST_STEPS)
    w = read_reals(w0, "w0")
    if w.ndim != 1 or not w.size:
        raise InputError(f"w0 must be a vector of at least one number, got shape {w.shape}")
    shape = (chosen.memory, w.size)
    u = np.zeros(shape) if u0 is None else read_reals(u0, "u0")
    if u.shape != shape:
        raise InputError(f"u0 must have shape {shape}, a row for each of M, got {u.shape}")
    if (steps + 1) * w.size > _MOST_NUMBERS:
        raise InputError(
            f"steps must be at most {_MOST_NUMBERS // w.size - 1:,} for {w.size:,} coordinates: "
            f"all points are kept, got {steps}"
        )
    entries = chosen.steps(0, max(steps, 1))
    points = np.empty((steps + 1, w.size))
    points[0] = w
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(steps):
            g = _checked(gradient(w + entries.a[t] @ u, t), w.shape, t)
            w = (1 - entries.shrink[t]) * w - entries.alpha[t] * g + entries.b[t] @ u
            u = entries.c[t][:, None] * g + entries.D[t] @ u
            points[t + 1] = w
    return points


def _checked(gradient: Any, shape: tuple[int, ...], step: int) -> Array:
    try:
        g = real_array(gradient, "gradient")
    except InputError:
        raise InputError(
            f"gradient must return numbers, got {shown(gradient)} at step {step}"
        ) from None
    if g.shape != shape:
        raise InputError(f"gradient must return shape {shape}, got {g.shape} at step {step}")
    return g
