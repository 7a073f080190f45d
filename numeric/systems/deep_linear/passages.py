r"""When deep linear modes under SGD first reach a strength: means and deviations, by quadrature.

With a and b the drift and diffusion of :math:`y=\log s`, the mean time m(y) to reach a level
solves :math:`\frac12b^2m''+am'=-1`, its variance V the same with :math:`-b^2m'^2` on the right.
Both are linear equations of first order for :math:`-m'` and :math:`-V'`, which forget what they
begin with far below the start. Gradient flow has :math:`-m'=1/a`.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import bounded_float
from sgdmem.numeric.systems.deep_linear.flow import mode_flow_time, require_mode
from sgdmem.numeric.systems.deep_linear.laws import potential_slope, survives
from sgdmem.numeric.systems.deep_linear.mode import LARGEST, DeepLinearMode
from sgdmem.symbolic.errors import InputError, shown

_BELOW = 30.0  # in log s: how far below the start is as good as 0
_LEAST = -340.0  # below, squares of s are no floats
_PANELS = 2000
_ORDER = 6


class PassageTime(NamedTuple):
    """The first time at which a mode reaches a level, in units of learning rate times steps.

    Attributes
    ----------
    probability : float
        That it ever does.
    mean, deviation : float
        Of the time; infinite where the mode may tend to 0 before.
    flow_time : float
        Of gradient flow; infinite from the target on.
    delay : float
        What noise adds to it in the mean, to first order in the learning rate; NaN from the target
        on.
    """

    probability: float
    mean: float
    deviation: float
    flow_time: float
    delay: float


def mode_passage(mode: DeepLinearMode, start: Any, level: Any) -> PassageTime:
    """Return when SGD's diffusion first takes a mode from a start up to a level.

    Parameters
    ----------
    mode : DeepLinearMode
    start, level : number > 0
        The level above the start; below the target if nothing but data makes noise.

    Returns
    -------
    PassageTime
        Relative errors of mean and deviation are some 1e-9.

    Raises
    ------
    InputError
        For levels that cannot be reached from below.

    Examples
    --------
    >>> mode = DeepLinearMode(2, 1, learning_rate=0.02, batch_size=1, label_variance=10)
    >>> found = mode_passage(mode, 1e-4, 0.5)
    >>> print(*(round(x, 4) for x in found))
    1.0 5.1443 1.3254 4.6051 0.4318
    """
    mode = require_mode(mode)
    first, last = (bounded_float(s, x, LARGEST) for s, x in ((start, "start"), (level, "level")))
    everywhere = mode.noisy and (mode.label_variance > 0 or not mode.target)
    if not first < last or (not everywhere and last >= mode.target):
        most = "" if everywhere else f" and below the target, {mode.target:g}"
        raise InputError(f"level must be above start, {first:g}{most}, got {shown(level)}")
    ends = math.log(first), math.log(last)
    flow, delay = math.inf, math.nan
    if last < mode.target:
        flow = mode_flow_time(mode, first, last)
        if not mode.noisy:
            return PassageTime(1.0, flow, 0.0, flow, 0.0)
        delay = _delay(mode, *ends)
    if not survives(mode):
        return PassageTime(_chance(mode, *ends), math.inf, math.inf, flow, delay)
    mean, variance = _moments(mode, *ends)
    return PassageTime(1.0, mean, math.sqrt(variance), flow, delay)


def _lowest(mode: DeepLinearMode, first: float) -> float:
    """Return log s where the drift away from 0 is strong against noise, and layers alike."""
    low = min(first, math.log(mode.target)) - _BELOW
    if mode.depth > 2:
        drive = 2 * mode.eigenvalue * mode.target / mode.depth / _BELOW
        noise = mode.learning_rate * float(mode.gradient_variance(0.0))
        low = min(low, math.log(drive / noise) / (1 - 2 / mode.depth) if noise else low)
    if low < _LEAST:
        raise InputError(f"mode must have less noise, for its passage to take finite time: {mode}")
    return low


def _moments(mode: DeepLinearMode, first: float, last: float) -> tuple[float, float]:
    """Return the mean and the variance, by implicit collocation, which stiff equations need."""
    below = np.linspace(_lowest(mode, first), first, _PANELS // 2 + 1)
    edges = np.concatenate([below, np.linspace(first, last, _PANELS // 2 + 1)[1:]])
    width = np.diff(edges)[:, None]
    x, antiderivative = _radau()
    s = np.exp(edges[:-1, None] + width * x)
    squared = mode.diffusion(s, "log") ** 2
    slope = 2 * mode.drift(s, "log") / squared
    steps = width[..., None] * antiderivative
    matrix = np.eye(len(x)) + steps * slope[:, None, :]

    def solved(source: Array, begin: float) -> Array:
        """Return z of z' + slope z = source at all nodes."""
        right = np.stack([np.ones_like(source), (steps @ source[..., None])[..., 0]], axis=-1)
        kept, added = np.moveaxis(np.linalg.solve(matrix, right), -1, 0)
        values = np.empty_like(source)
        for panel in range(len(source)):
            values[panel] = kept[panel] * begin + added[panel]
            begin = values[panel, -1]
        return values

    wait = solved(2 / squared, 2 / (squared * slope)[0, 0])
    spread = solved(2 * wait**2, (2 * wait**2 / slope)[0, 0])
    mean, variance = (
        float((z * width * antiderivative[-1])[_PANELS // 2 :].sum()) for z in (wait, spread)
    )
    return mean, variance


@cache
def _radau() -> tuple[Array, Array]:
    """Return Radau's nodes in (0, 1], and the integrals from 0 to each of them."""
    from numpy.polynomial import legendre

    nodes = np.sort(legendre.legroots([0] * (_ORDER - 1) + [-1, 1]).real)  # P_n - P_{n-1}
    nodes[-1] = 1
    basis = legendre.legvander(nodes, _ORDER - 1)
    integrals = legendre.legint(np.linalg.inv(basis), lbnd=-1, axis=0)
    return (nodes + 1) / 2, legendre.legvander(nodes, _ORDER) @ integrals / 2


def _chance(mode: DeepLinearMode, first: float, last: float) -> float:
    """Return how likely a mode reaches a level before it tends to 0, by its scale function."""
    from scipy.interpolate import CubicSpline

    below = _BELOW if mode.target else 2 * _BELOW
    low = min(first, math.log(mode.target) if mode.target else first) - below
    down = np.linspace(0, last - low, 4001)
    slope = potential_slope(mode, last - down)
    if slope[-1] >= 0:
        return 1.0
    risen = CubicSpline(down, slope).antiderivative()  # outward from the level
    scale = CubicSpline(down, np.exp(risen(down))).antiderivative()
    whole = float(scale(down[-1]) + np.exp(risen(down[-1])) / -slope[-1])
    return 1 - float(scale(last - first)) / whole


def _delay(mode: DeepLinearMode, first: float, last: float) -> float:
    from scipy.integrate import quad

    def speed(log_s: float) -> float:
        s = np.exp([log_s])
        noise = mode.learning_rate * mode.gradient_variance(s)
        more = _delay_of_noise()(s, mode.depth, mode.gradient(s), mode.eigenvalue)
        return float((noise * more * s)[0])

    return float(quad(speed, first, last, limit=200)[0])


@cache
def _delay_of_noise() -> Any:
    r"""Return what noise adds to the mean time, a unit of s and of eta D, to first order.

    Derived: with :math:`-m'=w+w_1` and the drift :math:`1/w+a_1` without and with noise, the
    equation of m has :math:`w_1=-w(a_1w+\frac12b^2w')`.
    """
    import sympy

    from sgdmem.symbolic.systems.deep_linear_mode import mode_equation, mode_symbols

    s, L, G, V = mode_symbols()
    equation, curvature = mode_equation(), sympy.Symbol("lambda", positive=True)
    flow, noise = (sympy.expand(equation.drift).coeff(V, k) for k in (0, 1))
    w = 1 / flow
    slope = sympy.diff(w, s) + sympy.diff(w, G) * curvature
    more = -w * (noise * w + equation.diffusion**2 / V * slope / 2)
    return sympy.lambdify((s, L, G, curvature), sympy.simplify(more), "numpy")
