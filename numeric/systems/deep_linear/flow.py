r"""Gradient flow of deep linear modes: times between strengths, and the staircase of several modes.

With :math:`x=(s/s^*)^{1/L}` the flow :math:`\dot s=-Ls^{2-2/L}\lambda(s-s^*)` takes the time

.. math:: \frac{F(x_1)-F(x_0)}{\lambda\,s^{*\,2-2/L}},\qquad
          F'(x)=\frac{x^{1-L}}{1-x^L}=x^{1-L}+\frac x{1-x^L},

of which F is elementary: a power (log x of two layers), and logarithms of x less the roots of one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_reals
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import bounded_float, number
from sgdmem.numeric.systems.deep_linear.mode import LARGEST, DeepLinearMode
from sgdmem.symbolic.algebra.scalars import is_list
from sgdmem.symbolic.errors import InputError, shown

_HALVINGS = 100


def require_mode(mode: Any) -> DeepLinearMode:
    """Return a mode; InputError for anything else."""
    if not isinstance(mode, DeepLinearMode):
        raise InputError(f"mode must be a DeepLinearMode, got {shown(mode)}")
    return mode


def mode_flow_time(mode: DeepLinearMode, start: Any, end: Any) -> float:
    """Return how long gradient flow takes from one strength to another, in closed form.

    Parameters
    ----------
    mode : DeepLinearMode
    start, end : number > 0
        The end between the start and the target.

    Returns
    -------
    float
        In units of learning rate times steps; infinite for the target itself.

    Raises
    ------
    InputError
        Where gradient flow does not come by.

    Examples
    --------
    >>> mode = DeepLinearMode(depth=2, target=1)
    >>> round(mode_flow_time(mode, 1e-6, 0.5), 4)  # log(10^6 - 1) / 2
    6.9078
    >>> round(mode_flow_time(DeepLinearMode(depth=3, target=1), 1e-6, 0.5), 2)
    99.15
    """
    mode = require_mode(mode)
    first, last = (bounded_float(s, x, LARGEST) for s, x in ((start, "start"), (end, "end")))
    if not min(first, mode.target) <= last <= max(first, mode.target):
        raise InputError(
            f"end must be between start, {first:g}, and target, {mode.target:g}, got {shown(end)}"
        )
    return float(_duration(mode, np.array(first), np.array(last)))


def _duration(mode: DeepLinearMode, first: Array, last: Array) -> Array:
    p = 2 - 2 / mode.depth
    if not mode.target:
        return (last**-p - first**-p) / (mode.depth * mode.eigenvalue * p)
    one, other = (_antiderivative(s / mode.target, mode.depth) for s in (first, last))
    time: Array = (other - one) / (mode.eigenvalue * mode.target**p)
    return np.where(first == last, 0, time)


def _antiderivative(ratio: Array, depth: int) -> Array:
    """Return F of x = ratio^(1/L); the root 1 is real, the others come in pairs."""
    x = ratio ** (1 / depth)
    near = -np.expm1(np.log(ratio) / depth)  # 1 - x
    roots = np.exp(2j * np.pi * np.arange(1, depth) / depth)
    with np.errstate(divide="ignore"):
        total = np.log(np.abs(near))
    for root in roots:
        total = total + (root**2 * np.log(x - root)).real
    power = np.log(x) if depth == 2 else -(x ** (2 - depth)) / (depth - 2)
    return power - total / depth


def mode_flow(mode: DeepLinearMode, start: Any, times: Any) -> Array:
    """Return the strengths of gradient flow at some times, by bisection of their closed form.

    Parameters
    ----------
    mode : DeepLinearMode
    start : number > 0
    times : array_like
        In units of learning rate times steps, not negative.

    Returns
    -------
    ndarray
        Of the shape of the times.

    Raises
    ------
    InputError
        For numbers out of their range.

    Examples
    --------
    >>> mode_flow(DeepLinearMode(depth=2, target=1), 1e-6, [0, 6.9078, 14]).round(4)
    array([0. , 0.5, 1. ])
    """
    mode, moments = require_mode(mode), read_times(times)
    first = bounded_float(start, "start", LARGEST)
    if first == mode.target:
        return np.full(moments.shape, first)
    near = np.full(moments.shape, np.log(first))
    far = np.full(moments.shape, np.log(mode.target or 1 / LARGEST))
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        early = _duration(mode, np.array(first), np.exp(middle)) < moments
        near, far = np.where(early, middle, near), np.where(early, far, middle)
    strengths: Array = np.exp((near + far) / 2)
    return strengths


def read_times(times: Any) -> Array:
    """Return times as an array; InputError where one is negative or not finite."""
    moments = read_reals(times, "times")
    if (moments < 0).any():
        raise InputError(f"times must not be negative, got {shown(moments.min())}")
    return moments


def read_rising(times: Any) -> Array:
    """Return a list of times, or one alone; InputError where they are not positive and rising."""
    moments = np.atleast_1d(read_times(times))
    if moments.ndim != 1 or not moments.size or not (np.diff(moments, prepend=0) > 0).all():
        raise InputError(f"times must be positive and rising, got {shown(times)}")
    return moments


class Staircase(NamedTuple):
    """The losses of gradient flow with several modes, from saddle to saddle.

    Attributes
    ----------
    order : ndarray of int
        The modes as they are learned.
    times : ndarray
        When, each.
    plateaus : ndarray
        The losses before the first is learned, between, and after the last.
    """

    order: Array
    times: Array
    plateaus: Array


def mode_staircase(modes: Sequence[DeepLinearMode], start: Any, *, share: Any = "1/2") -> Staircase:
    r"""Return when gradient flow learns each of several modes, and its losses in between.

    Parameters
    ----------
    modes : sequence of DeepLinearMode
    start : number > 0
        The strength of all of them, below that share of their targets.
    share : number
        A mode is learned where it has this share of its target.

    Raises
    ------
    InputError
        For other modes or numbers.

    Examples
    --------
    >>> modes = [DeepLinearMode(depth=3, target=target) for target in (1, 3, 2)]
    >>> print(*mode_staircase(modes, "0.001"))
    [1 2 0] [3.1362674  4.66132754 9.14474731] [7.  2.5 0.5 0. ]
    """
    if not is_list(modes):
        raise InputError(f"modes must be a list of modes, got {shown(modes)}")
    found = [require_mode(mode) for mode in modes]
    part = number(share, "share")
    if not 0 < part < 1:
        raise InputError(f"share must be between 0 and 1, got {shown(share)}")
    first = bounded_float(start, "start", LARGEST)
    ends = [float(part) * mode.target for mode in found]
    if min(ends, default=math.inf) < first:
        raise InputError(f"start must be below that share of all targets, got {shown(start)}")
    times = np.array([mode_flow_time(m, first, end) for m, end in zip(found, ends, strict=True)])
    order = times.argsort(kind="stable")
    whole = np.array([m.eigenvalue * m.target**2 / 2 for m in found])[order]
    return Staircase(order, times[order], np.append(whole[::-1].cumsum()[::-1], 0.0))
