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
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_vector
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import bounded_float, number
from sgdmem.numeric.systems.deep_linear import LARGEST, DeepLinearMode
from sgdmem.numeric.systems.deep_linear_flow import require_mode
from sgdmem.symbolic.errors import InputError, shown

_ORDER = 8  # nodes of a panel
_PANELS = 4000
_TINY = 1e-300
_TAIL = 45.0  # -log of what is left out


class Potential(NamedTuple):
    r""":math:`\int2a/b^2\,d\log s` at the edges of panels, and inside them.

    Attributes
    ----------
    edges, at_edges : ndarray, shape (n + 1,)
        log s, and the potential, 0 at the anchor.
    nodes, at_nodes, weights : ndarray, shape (n, 8)
        Those of Gauss's quadrature.
    """

    edges: Array
    at_edges: Array
    nodes: Array
    at_nodes: Array
    weights: Array


def potential(mode: DeepLinearMode, edges: Array, anchor: int) -> Potential:
    """Integrate twice the drift of log s over its squared diffusion, outward from one edge."""
    x, w, antiderivative = _gauss()
    half = np.diff(edges)[:, None] / 2
    nodes = (edges[:-1, None] + edges[1:, None]) / 2 + half * x
    slope = half * potential_slope(mode, nodes)
    steps = slope @ w
    left, right = -steps[:anchor][::-1].cumsum()[::-1], steps[anchor:].cumsum()
    at_edges = np.concatenate([left, [0.0], right])
    at_nodes = at_edges[:-1, None] + slope @ antiderivative.T
    return Potential(edges, at_edges, nodes, at_nodes, half * w)


def potential_slope(mode: DeepLinearMode, log_s: Array) -> Array:
    """Return twice the drift of log s over its squared diffusion."""
    s = np.exp(log_s)
    slope: Array = 2 * mode.drift(s, "log") / mode.diffusion(s, "log") ** 2
    return slope


@cache
def _gauss() -> tuple[Array, Array, Array]:
    """Return Gauss's nodes and weights, and the integrals from -1 to each node."""
    from numpy.polynomial import legendre

    x, w = legendre.leggauss(_ORDER)
    coefficients = np.linalg.inv(legendre.legvander(x, _ORDER - 1))
    integrals = legendre.legint(coefficients, lbnd=-1, axis=0)
    return x, w, legendre.legvander(x, _ORDER) @ integrals


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


@dataclass(frozen=True, eq=False)
class StationaryLaw:
    """The stationary law of a mode under label noise; see `mode_stationary_law`.

    Attributes
    ----------
    mode : DeepLinearMode
    """

    mode: DeepLinearMode

    @cached_property
    def _potential(self) -> Potential:
        """Panels are fine where the law is: about the target, as wide as it is to first order."""
        mode = self.mode
        width = min(1.0, self.boltzmann_deviation / mode.target)
        growth = potential_slope(mode, np.array(-600.0)) if mode.depth == 2 else math.inf
        ends = (-min(600.0, max(40.0, _TAIL / float(growth))), 20.0)
        left, right = (np.arcsinh(end / width) for end in ends)
        anchor = round(_PANELS * -left / (right - left))
        t = np.concatenate(
            [np.linspace(left, 0, anchor + 1), np.linspace(0, right, _PANELS - anchor + 1)[1:]]
        )
        with np.errstate(all="ignore"):  # what overflows is far outside
            return potential(mode, math.log(mode.target) + width * np.sinh(t), anchor)

    @cached_property
    def _masses(self) -> tuple[Array, float]:
        """The probability of each panel at its nodes, and what lies below all of them."""
        parts = self._potential
        raw = np.nan_to_num(self._raw(parts.nodes, parts.at_nodes)) * parts.weights
        below = float(self._raw(parts.edges[0], parts.at_edges[0]))
        if below:
            below /= float(potential_slope(self.mode, parts.edges[0]))
        return raw / (raw.sum() + below), float(below / (raw.sum() + below))

    def _raw(self, log_s: Array, value: Array) -> Array:
        """Return the density of log s but for a factor."""
        with np.errstate(all="ignore"):
            density: Array = np.exp(value) / self.mode.diffusion(np.exp(log_s), "log") ** 2
        return density

    @cached_property
    def _cdf(self) -> Any:
        from scipy.interpolate import CubicHermiteSpline

        masses, below = self._masses
        values = below + np.append(0, masses.sum(axis=1).cumsum())
        edges = self._potential.edges
        return CubicHermiteSpline(edges, values, self.pdf(np.exp(edges)) * np.exp(edges))

    def pdf(self, s: Any) -> Array:
        """Return the density of s."""
        strengths = read_vector(np.atleast_1d(s), "s").clip(_TINY)
        log_s = np.log(strengths)
        parts = self._potential
        panel = np.clip(np.searchsorted(parts.edges, log_s) - 1, 0, len(parts.nodes) - 1)
        x, w, _ = _gauss()
        half = (log_s - parts.edges[panel])[:, None] / 2
        with np.errstate(all="ignore"):
            slope = potential_slope(self.mode, parts.edges[panel][:, None] + half * (1 + x))
            value = parts.at_edges[panel] + (half * slope) @ w
            masses, _ = self._masses
            factor = masses.sum() / (self._raw(parts.nodes, parts.at_nodes) * parts.weights).sum()
            density: Array = np.nan_to_num(self._raw(log_s, value) * factor) / strengths
        return density

    def cdf(self, s: Any) -> Array:
        """Return the probability of strengths up to s."""
        strengths = read_vector(np.atleast_1d(s), "s").clip(_TINY)
        edges = self._potential.edges
        inside = self._cdf(np.clip(np.log(strengths), edges[0], edges[-1]))
        shares: Array = np.clip(inside, 0, 1)
        return shares

    def quantile(self, q: Any) -> Array:
        """Return the strengths below which are shares q, between 0 and 1, of the law."""
        shares = read_vector(np.atleast_1d(q), "q")
        if not ((shares > 0) & (shares < 1)).all():
            raise InputError(f"q must be between 0 and 1, got {shown(q)}")
        edges = self._potential.edges
        low, high = np.full(shares.shape, edges[0]), np.full(shares.shape, edges[-1])
        for _ in range(60):
            middle = (low + high) / 2
            less = self._cdf(middle) < shares
            low, high = np.where(less, middle, low), np.where(less, high, middle)
        strengths: Array = np.exp((low + high) / 2)
        return strengths

    def mean(self, function: Callable[[Array], Array] = lambda s: s) -> float:
        """Return the mean of a function of s, s itself by default, if it has one."""
        with np.errstate(all="ignore"):
            values = self._masses[0] * function(np.exp(self._potential.nodes))
        return float(np.where(self._masses[0] > 0, values, 0).sum())

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
        deviation, target = self.boltzmann_deviation, self.mode.target
        masses, nodes = self._masses[0], self._potential.nodes
        s = np.exp(nodes)
        whole = (1 + math.erf(target / deviation / math.sqrt(2))) / 2
        normal = np.exp(-(((s - target) / deviation) ** 2) / 2) / (math.sqrt(2 * math.pi) * whole)
        other = normal * s / deviation * self._potential.weights
        return float(np.abs(masses - other).sum() / 2)

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
