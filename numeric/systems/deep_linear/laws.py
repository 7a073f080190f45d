r"""Where deep linear modes end under SGD: stationary laws, and whether a feature survives.

With a and b the drift and diffusion of log s, the stationary density of log s is
:math:`b^{-2}\exp\int2a/b^2`, if that has a finite integral. Label noise makes it wide; without
any, the target itself is where a mode rests. Near 0 two layers move log s by

.. math:: 2\lambda s^*-\eta D(0)

a unit of time: if that is negative the feature dies, however long it was learned. More layers
leave the noise no hold there, so that features with :math:`s^*>0` never die of the diffusion; long
steps of real SGD may still jump over 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_vector
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import bounded_float, number
from sgdmem.numeric.systems.deep_linear.flow import require_mode
from sgdmem.numeric.systems.deep_linear.mode import LARGEST, DeepLinearMode
from sgdmem.symbolic.errors import InputError, shown

_BELOW, _ABOVE = 650.0, 100.0  # of the target, in log s
_LEAST = 700.0  # -log of densities that are left out
_SCAN, _POINTS = 4001, 20_001


def potential_slope(mode: DeepLinearMode, log_s: Array) -> Array:
    """Return twice the drift of log s over its squared diffusion."""
    s = np.exp(log_s)
    slope: Array = 2 * mode.drift(s, "log") / mode.diffusion(s, "log") ** 2
    return slope


def mode_survival(mode: DeepLinearMode, start: Any) -> float:
    r"""Return the probability that a feature is there in the end; 1 less it, that s tends to 0.

    Without label noise, two layers end at :math:`s^*` or at 0 if :math:`\eta\lambda s^*(\kappa-1)>
    B`, which is beyond what SGD itself bears: see the page on this paper.

    Parameters
    ----------
    mode : DeepLinearMode
    start : number > 0

    Raises
    ------
    InputError
        For a start that is not positive.

    Examples
    --------
    >>> mode_survival(DeepLinearMode(2, 1, 1, 0.1, 1, label_variance=21), 1)
    0.0
    >>> mode_survival(DeepLinearMode(3, 1, 1, 0.1, 1, label_variance=21), 1)
    1.0
    """
    mode, s = require_mode(mode), bounded_float(start, "start", LARGEST)
    if mode.target == 0:
        return 0.0
    if survives(mode):
        return 1.0
    if mode.label_variance or s >= mode.target:
        return float(not mode.label_variance)
    from scipy.special import betainc

    rate = mode.learning_rate * mode.eigenvalue * mode.target * (mode.kurtosis - 1)
    power = mode.batch_size / rate  # of the scale function's density at both ends
    return float(betainc(0.5 - power, 1 + power, s / mode.target)) if power < 0.5 else 1.0


def survives(mode: DeepLinearMode) -> bool:
    """Whether 0 repels a mode: whatever is learned stays."""
    return mode.target > 0 and (mode.depth > 2 or bool(mode.drift(0.0, "log") > 0))


class _Table(NamedTuple):
    r"""The density at places x, with splines of :math:`\int2a/b^2` and of the probability below.

    The potential has a norm to be taken off; ``below`` is the probability under all places.
    """

    x: Array
    density: Array
    potential: Any
    norm: float
    cdf: Any
    below: float


@dataclass(frozen=True, eq=False)
class StationaryLaw:
    """The stationary law of a mode under label noise; see `mode_stationary_law`.

    Attributes
    ----------
    mode : DeepLinearMode
    """

    mode: DeepLinearMode

    @cached_property
    def _table(self) -> _Table:
        from scipy.interpolate import CubicSpline

        ends = np.arcsinh(np.array([-_BELOW, _ABOVE]) / self._width)
        with np.errstate(all="ignore"):  # what overflows is far outside
            scan = np.linspace(ends[0], ends[1], _SCAN)
            slope, shape = self._in_x(scan)
            steps = (slope[1:] + slope[:-1]) / 2 * (scan[1] - scan[0])
            target = int(np.abs(scan).argmin())  # outward from there
            up, down = steps[target:].cumsum(), -steps[:target][::-1].cumsum()
            rough = np.nan_to_num(np.concatenate([down[::-1], [0], up]) + shape, nan=-np.inf)
        inside = np.flatnonzero(rough > rough.max() - _LEAST)
        x = np.linspace(scan[inside[0]], scan[inside[-1]], _POINTS)
        slope, shape = self._in_x(x)
        potential = CubicSpline(x, slope).antiderivative()
        density = potential(x) + shape
        highest = density.max()
        density = np.exp(density - highest)
        cdf = CubicSpline(x, density).antiderivative()
        below = float(density[0] / slope[0])
        total = float(cdf(x[-1])) + below
        cdf.c /= total
        norm = highest + math.log(total)
        return _Table(x, density / total, potential, norm, cdf, below / total)

    @property
    def _width(self) -> float:
        """That of the law in log s, to first order: places are fine there."""
        return min(1.0, self.boltzmann_deviation / self.mode.target)

    def _log_s(self, x: Array) -> Array:
        place: Array = math.log(self.mode.target) + self._width * np.sinh(x)
        return place

    def _in_x(self, x: Array) -> tuple[Array, Array]:
        """Return the potential's slope, and what the density's logarithm has beside it."""
        log_s, stretch = self._log_s(x), self._width * np.cosh(x)
        noise = self.mode.diffusion(np.exp(log_s), "log")
        return potential_slope(self.mode, log_s) * stretch, np.log(stretch / noise) - np.log(noise)

    def _place(self, s: Any) -> tuple[Array, Array, Array]:
        """Return log s, and x and log s of the nearest places in the table."""
        x = self._table.x
        with np.errstate(divide="ignore"):
            log_s = np.log(read_vector(np.atleast_1d(s), "s").clip(0))
        place = np.arcsinh((log_s - math.log(self.mode.target)) / self._width).clip(x[0], x[-1])
        return log_s, place, self._log_s(place)

    def pdf(self, s: Any) -> Array:
        """Return the density of s."""
        log_s, x, near = self._place(s)
        value = np.exp(self._table.potential(x) - self._table.norm - near)
        density: Array = value / self.mode.diffusion(np.exp(near), "log") ** 2
        return np.where(np.abs(log_s - near) < 1e-9, density, 0)

    def cdf(self, s: Any) -> Array:
        """Return the probability of strengths up to s."""
        table, (log_s, x, near) = self._table, self._place(s)
        below = table.below * np.exp(self._growth * np.minimum(log_s - near, 0))
        shares: Array = np.clip(below + table.cdf(x), 0, 1)
        return shares

    @property
    def _growth(self) -> float:
        """The power with which what lies below the table grows there."""
        return float(potential_slope(self.mode, self._log_s(self._table.x[0])))

    def quantile(self, q: Any) -> Array:
        """Return the strengths below which are shares q, between 0 and 1, of the law."""
        shares = read_vector(np.atleast_1d(q), "q")
        if not ((shares > 0) & (shares < 1)).all():
            raise InputError(f"q must be between 0 and 1, got {shown(q)}")
        table = self._table
        low, high = (np.full(shares.shape, end) for end in table.x[[0, -1]])
        for _ in range(60):
            middle = (low + high) / 2
            less = table.below + table.cdf(middle) < shares
            low, high = np.where(less, middle, low), np.where(less, high, middle)
        with np.errstate(divide="ignore"):
            under = np.minimum(np.log(shares / table.below), 0) / self._growth
        strengths: Array = np.exp(self._log_s((low + high) / 2) + under)
        return strengths

    def mean(self, function: Callable[[Array], Array] = lambda s: s) -> float:
        """Return the mean of a function of s, s itself by default.

        Raises
        ------
        InputError
            If it has none, as it grows as fast as the law falls.
        """
        from scipy.interpolate import CubicSpline

        table, order, tails = self._table, 4 - 3 / self.mode.depth, self.mode.kurtosis > 1
        s = np.exp(np.append(self._log_s(table.x), [90.0, 100.0]))
        with np.errstate(all="ignore"):
            *values, near, far = np.broadcast_to(function(s), s.shape).astype(float)
            parts = np.where(table.density > 0, values * table.density, 0)
            steep = tails and np.log(np.abs(far / near)) > 10 * order - 1e-6
        if steep or not np.isfinite(parts).all():
            some = f": powers below {order:g} do" if tails else ""
            raise InputError(f"function must have a mean under this law{some}")
        inside = CubicSpline(table.x, parts).integrate(table.x[0], table.x[-1])
        return float(inside + table.below * values[0])

    @property
    def boltzmann_temperature(self) -> float:
        r"""T of :math:`e^{-loss/T}` about the target, :math:`\eta D(s^*)L(s^*)^{2-2/L}/2`."""
        mode = self.mode
        slope = mode.depth * mode.target ** (2 - 2 / mode.depth)
        return float(mode.learning_rate * mode.gradient_variance(mode.target) * slope / 2)

    @property
    def boltzmann_deviation(self) -> float:
        """The standard deviation of s under it, before it is cut off at 0."""
        return math.sqrt(self.boltzmann_temperature / self.mode.eigenvalue)

    def boltzmann_distance(self) -> float:
        """Return the total variation between this law and the Boltzmann law of the loss, s > 0."""
        deviation, target, table = self.boltzmann_deviation, self.mode.target, self._table
        log_s = self._log_s(table.x)
        whole = (1 + math.erf(target / deviation / math.sqrt(2))) / 2
        stretch = np.exp(log_s) * self._width * np.cosh(table.x) / deviation
        other = np.exp(-(((np.exp(log_s) - target) / deviation) ** 2) / 2) * stretch
        other /= math.sqrt(2 * math.pi) * whole
        apart = np.trapezoid([np.abs(table.density - other), -other], table.x).sum()
        return float((apart + 1) / 2)  # and what the other has outside

    def kolmogorov_smirnov(self, samples: Any, level: Any = "1/100") -> tuple[float, float]:
        """Return the largest distance of the distribution of samples, and its critical value.

        Parameters
        ----------
        samples : sequence of numbers > 0
            Independent of each other.
        level : number
            The probability with which samples of this law are further away.
        """
        from scipy.stats import kstwo

        values = np.sort(read_vector(samples, "samples"))
        chance = number(level, "level")
        if not 0 < chance < 1:
            raise InputError(f"level must be between 0 and 1, got {shown(level)}")
        n = len(values)
        if not n:
            raise InputError("samples must be numbers, got none")
        expected = self.cdf(values)
        above = np.arange(1, n + 1) / n - expected
        distance = max(above.max(), (1 / n - above).max())
        return float(distance), float(kstwo.ppf(1 - float(chance), n))


def mode_stationary_law(mode: DeepLinearMode) -> StationaryLaw:
    r"""Return the stationary law of a mode with label noise.

    With inputs of kurtosis 1 its density is :math:`s^{-3(1-1/L)}e^{-\Phi/T}`,
    :math:`\Phi'=(s-s^*)s^{-2+2/L}/L` and :math:`T=\eta\sigma^2/(2B)`; of two layers, Gamma with the
    shape :math:`s^*B/(\eta\sigma^2)-\frac12` and the scale :math:`\eta\sigma^2/B`. With more the
    data's noise gives it the tail :math:`s^{-5+3/L}`.

    Parameters
    ----------
    mode : DeepLinearMode
        With labels' noise and finite batches.

    Raises
    ------
    InputError
        Where there is none, as the mode comes to rest at its target or at 0.

    Examples
    --------
    >>> mode = DeepLinearMode(2, 1, learning_rate=0.1, batch_size=2, label_variance=4, kurtosis=1)
    >>> law = mode_stationary_law(mode)
    >>> round(law.mean(), 9)  # (5 - 1/2) / 5
    0.9
    >>> law.quantile([0.25, 0.5, 0.75]).round(4)
    array([0.5899, 0.8343, 1.1389])
    """
    mode = require_mode(mode)
    if not (mode.noisy and mode.label_variance):
        raise InputError(f"mode must have labels with noise, and finite batches, got {mode}")
    if not survives(mode):
        raise InputError(f"mode must survive its noise, which drives it to 0: {mode}")
    return StationaryLaw(mode)
