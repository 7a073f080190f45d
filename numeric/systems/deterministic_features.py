r"""Mean risks of SGD on power-law random features of any width, for any number of steps.

Problem
    `sgdmem.systems.random_features`, whose W is not drawn: its *deterministic equivalent* stands
    for all of them, of any width d, with relative errors of the order :math:`d^{-1/2}`.
Reduction
    With :math:`D=\mathrm{diag}(j^{-2\alpha})` the resolvents of :math:`\hat K=D^{1/2}WW^TD^{1/2}`
    tend to :math:`(\hat K-z)^{-1}\simeq(m(z)D-z)^{-1},\ 1-m=\frac md\mathrm{Tr}D(mD-z)^{-1}`. With
    :math:`\xi=-z/m` that is one equation, :math:`z=-\xi(1-\frac1d\mathrm{Tr}D(D+\xi)^{-1})`.
    The mean risk obeys :math:`2P_t=F_t+\sum_{s<t}K_{t-1-s}2P_s`, where
    :math:`F_t=\sum r_j^2a_j^t,\ K_t=\frac{\gamma^2}B\sum\lambda_j^2a_j^t,
    \quad a=1-2\gamma\lambda+\frac{B+1}B\gamma^2\lambda^2`. So :math:`2\hat P=\hat F/(1-\hat K)` in
    :math:`\hat P(x)=\sum P_tx^{-t-1}`, and the transforms are resolvents at both roots of
    :math:`a(\lambda)=x`. Their singularities are real, and a contour around them gives
    :math:`P_t` from 28 points, however large t and d are.

References
----------
    E. Paquette, C. Paquette, L. Xiao and J. Pennington, 4+3 phases of compute-optimal neural
    scaling laws, arXiv 2405.15074 (2024), for the model and its Volterra equation. J. A. C.
    Weideman, Optimizing Talbot's contours, SIAM J. Numer. Anal. 44 (2006), for the contour.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import brentq

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number, positive_float, whole
from sgdmem.numeric.spectra.power_law import LARGEST_COUNT, PowerLaw
from sgdmem.numeric.spectra.power_measure import power_measure
from sgdmem.numeric.systems.random_features import RandomFeatures
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.errors import InputError, shown

_FARTHEST = 1e-3  # of the least eigenvalue: panels of inputs go down to there
_NEWTON = 100
_GAP = 1e-6  # relative, between the spectrum and what is computed
_POINTS = (28, 22)  # of two contours, which have to agree
_AGREE = 1e-6
_OVERFLOW = 600.0  # of the logarithm of what grows
_FIRST, _RADIUS, _AROUND = 16, 1.5, 96  # up to _FIRST steps the contour is a circle


class Features:
    """Mean risks of SGD, from the resolvents of the Hessian of features."""

    @cached_property
    def trace(self) -> float:
        """Tr K."""
        raise NotImplementedError

    @cached_property
    def largest(self) -> float:
        """The upper end of the spectrum."""
        raise NotImplementedError

    def resolvents(self, z: Array) -> tuple[Array, Array]:
        r"""Return :math:`\sum r_j^2/(\lambda_j-z)`, r the residuals, and Tr K^2 / (K - z)."""
        raise NotImplementedError

    def kernel_sum(self, rate: float, batch_size: float = 1) -> float:
        r"""Return :math:`\sum_tK_t`, the noise sum of SGD: below 1 exactly if it is stable."""
        B = batch_size
        end = 2 * B / ((B + 1) * rate)
        if not end > self.largest * (1 + _GAP):
            return np.inf
        far = self.resolvents(np.array([end + 0j]))[1].real[0]
        return float(rate / (2 * B) * (self.trace - far))

    def stable_rate(self, batch_size: Any = 1) -> float:
        """Return the largest stable learning rate of SGD with batches of some size."""
        B = positive_float(batch_size, "batch_size")
        most = min(2 * B / (B + 1) / self.largest, 2 * B / self.trace * (1 + _GAP))

        def excess(rate: float) -> float:
            return max(-1.0, min(1.0, self.kernel_sum(rate, B) - 1))

        return float(brentq(excess, most / 100, most, xtol=1e-15 * most, rtol=1e-13))

    def risks(self, rate: Any, batch_size: Any, steps: Any) -> Array:
        r"""Return the mean risk of SGD after each of some numbers of steps.

        Parameters
        ----------
        rate : number > 0
            :math:`\gamma`; beyond `stable_rate` the risk grows in the end.
        batch_size : number > 0
        steps : array of numbers >= 0
            Below 16 rounded to whole ones; beyond, risks go smoothly from one to the next.

        Returns
        -------
        ndarray, of the shape of ``steps``
            inf where it leaves the range of floats.

        Raises
        ------
        InputError
            For an argument outside its domain; where some mode grows by itself; and where two
            contours differ by more than a millionth.
        """
        return _inverse(self, rate, batch_size, steps, "risk")

    def kernel(self, rate: Any, batch_size: Any, steps: Any) -> Array:
        """Return the kernel K_t of the Volterra equation; arguments as for `risks`."""
        return _inverse(self, rate, batch_size, steps, "kernel")


@dataclass(frozen=True)
class DeterministicFeatures(Features):
    r"""The deterministic equivalent of power-law random features.

    Attributes
    ----------
    alpha, beta : float
        Exponents of inputs and labels, as for `sgdmem.systems.random_features`.
    width : float
        d.
    ambient : int or None
        v; None for infinitely many inputs.
    """

    alpha: float
    beta: float
    width: float
    ambient: int | None

    @cached_property
    def _measures(self) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """Nodes and masses: of the inputs by their variances, and of the labels."""
        lowest = _FARTHEST * max(self.width, self.ambient or 1) ** (-2 * self.alpha)
        edges = np.append(2.0 ** -np.arange(np.ceil(-np.log2(lowest)) + 1), 0)
        law = PowerLaw(2 * self.alpha, 1.0, self.ambient)
        powers = 2 * self.alpha, 2 * (self.alpha + self.beta)
        inputs, labels = (power_measure(law, power, 1.0, edges) for power in powers)
        return inputs, labels

    @cached_property
    def trace(self) -> float:
        """Tr K, in the mean over W."""
        return float(self._measures[0][1].sum())

    @cached_property
    def largest(self) -> float:
        """The upper end of the spectrum."""
        D, w = self._measures[0]

        def slope(u: float) -> float:
            return float(1 - w @ (D / (D - 1 - np.exp(u)) ** 2) / self.width)

        return self._place(-1 - np.exp(brentq(slope, -30, 30)))

    @cached_property
    def floor(self) -> float:
        r""":math:`P_\infty`, the least risk."""
        D, w = self._measures[0]

        def excess(u: float) -> float:
            return float(w @ (1 / (D + np.exp(u)))) - self.width

        lowest = 2 * np.log(_FARTHEST) - 2 * self.alpha * np.log(max(self.width, self.ambient or 1))
        xi = np.exp(brentq(excess, lowest, 10, xtol=1e-14))
        nodes, masses = self._measures[1]
        return float(masses @ (xi / (nodes + xi))) / 2

    def _place(self, xi: float) -> float:
        D, w = self._measures[0]
        return float(-xi * (1 - w @ (1 / (D + xi)) / self.width))

    def resolvents(self, z: Array) -> tuple[Array, Array]:
        r"""Return both resolvents at complex z outside the spectrum, by Newton's method.

        Parameters
        ----------
        z : ndarray of complex, shape (n,)

        Returns
        -------
        ndarray, ndarray of complex, shape (n,)
            :math:`\langle D^{1/2}b,(\hat K-z)^{-1}D^{1/2}b\rangle` and
            :math:`\mathrm{Tr}\,K^2(K-z)^{-1}`.
        """
        (D, w), (nodes, masses) = self._measures
        # on the real axis z is convex in xi on either side, and these starts are outside the roots
        xi = np.where(z.real > self.largest, 0, self.trace / self.width) - z
        for _ in range(_NEWTON):
            inverse = 1 / (D + xi[:, None])
            share = inverse @ w / self.width  # 1 - m
            step = (xi * (1 - share) + z) / (1 - inverse**2 @ (w * D) / self.width)
            xi = xi - step
            if (np.abs(step) < 1e-12 * np.abs(xi)).all():
                break
        else:
            raise InputError(f"z must be outside the spectrum, got {shown(z)}")
        inverse = 1 / (D + xi[:, None])
        share, m = inverse @ w / self.width, -z / xi
        signal = (1 / (nodes + xi[:, None])) @ masses / m
        return signal, inverse @ (w * D) - z * share**2 * self.width / m


def deterministic_features(
    alpha: Any, beta: Any, width: Any, ambient: Any = None
) -> DeterministicFeatures:
    r"""Return the deterministic equivalent of power-law random features.

    Parameters
    ----------
    alpha : number > 0
    beta : number
        With :math:`2(\alpha+\beta)>1`.
    width : number >= 1
        d, as large as one likes.
    ambient : int, optional
        v > d; by default infinite for :math:`2\alpha>1`, and otherwise 4 d.

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> features = deterministic_features(1, 0.7, 10**9)
    >>> print(features.risks(features.stable_rate() / 2, 1, [10**3, 10**6, 10**12]))
    [1.68321210e-04 3.91475843e-08 5.03153643e-15]
    """
    alpha, beta = positive_float(alpha, "alpha"), to_float(number(beta, "beta"))
    width = positive_float(width, "width")
    if width < 1:
        raise InputError(f"width must be 1 or more, got {shown(width)}")
    if not alpha + beta > 0.5:
        raise InputError(f"beta must exceed 1/2 - alpha, {0.5 - alpha:g}, got {beta:g}")
    if ambient is None and alpha <= 0.5:
        ambient = round(4 * width)
    if ambient is not None:
        ambient = whole(ambient, "ambient", 1, LARGEST_COUNT)
        if ambient <= width:
            raise InputError(f"ambient must be above width, {width:g}, got {ambient}: d < v")
    return DeterministicFeatures(alpha, beta, width, ambient)


@dataclass(frozen=True)
class ListedFeatures(Features):
    r"""Features whose eigenvalues are known, for the same questions.

    Attributes
    ----------
    eigenvalues, squares : ndarray, shape (d,)
        Of K, and of the residuals of the start in its modes.
    floor : float
        :math:`P_\infty`, the least risk.
    """

    eigenvalues: Array
    squares: Array
    floor: float

    @classmethod
    def of(cls, features: RandomFeatures) -> ListedFeatures:
        """Return what is known of a realised W."""
        spectrum = features.problem.spectrum
        assert features.problem.target is not None
        λ = spectrum.eigenvalues
        return cls(λ, np.asarray(features.problem.target.masses(spectrum)), features.floor)

    @cached_property
    def trace(self) -> float:
        """Tr K."""
        return float(self.eigenvalues.sum())

    @cached_property
    def largest(self) -> float:
        """The largest eigenvalue."""
        return float(self.eigenvalues.max())

    def resolvents(self, z: Array) -> tuple[Array, Array]:
        """Return both sums."""
        inverse = 1 / (self.eigenvalues - z[:, None])
        return inverse @ self.squares - 2 * self.floor / z, inverse @ self.eigenvalues**2


def _inverse(features: Features, rate: Any, batch_size: Any, steps: Any, what: str) -> Array:
    γ, B = positive_float(rate, "rate"), positive_float(batch_size, "batch_size")
    t = np.asarray(steps, dtype=float)
    if not (t >= 0).all():
        raise InputError(f"steps must be numbers, 0 or more, got {shown(steps)}")
    if not 2 * B / ((B + 1) * γ) > features.largest * (1 + _GAP):
        raise InputError(f"rate must be below 2 B / (B + 1) of the edge, got {shown(rate)}")
    growth = 0.0
    if what == "risk" and features.kernel_sum(γ, B) > 1:
        growth = _growth(features, γ, B)
    found, few = np.full(t.shape, np.inf), growth * t < _OVERFLOW
    found[few], other = (_on_contour(features, γ, B, t[few], what, growth, N) for N in _POINTS)
    if not (np.abs(found[few] - other) <= _AGREE * np.abs(other)).all():
        raise InputError(f"steps must be fewer, or the rate smaller, got {shown(steps)}")
    return found[()]


def _transform(features: Features, γ: float, B: float, excess: Array, what: str) -> Array:
    """Return the transform at x = 1 + excess, which is small: of twice the risk, or the kernel."""
    q = (B + 1) / B
    root = np.sqrt(1 + q * excess)
    near, far = -excess / (γ * (1 + root)), (1 + root) / (q * γ)  # where a(lambda) = x
    (F, K), (F_far, K_far) = features.resolvents(near), features.resolvents(far)
    noise: Array = γ / B * (K - K_far) / (2 * root)
    return noise if what == "kernel" else np.asarray((F - F_far) / (4 * γ * root) / (1 - noise))


def _growth(features: Features, γ: float, B: float) -> float:
    """Return log x where the transform of the kernel is 1, x > 1."""

    def above(u: float) -> float:
        excess = np.array([np.exp(u) + 0j])
        return float(_transform(features, γ, B, excess, "kernel").real[0]) - 1

    lowest = -40.0  # nothing has grown then, in any number of steps that a float has
    return float(np.log1p(np.exp(brentq(above, lowest, 5)))) if above(lowest) > 0 else 0.0


def _on_contour(
    features: Features, γ: float, B: float, t: Array, what: str, growth: float, points: int
) -> Array:
    found, early = np.zeros(t.shape), t < _FIRST
    if early.any():  # Cauchy's formula, on a circle
        φ = np.pi * (np.arange(_AROUND // 2) + 0.5) / (_AROUND // 2)
        s = np.log(_RADIUS) + growth + 1j * φ
        values = _transform(features, γ, B, np.expm1(s), what)
        powers = np.exp(np.outer(np.rint(t[early]) + 1, s))
        found[early] = (values * powers).real.sum(1) / (_AROUND // 2)
    for θ in (np.arange(points // 2) + 0.5) * 2 * np.pi / points:
        cot = 1 / np.tan(0.6407 * θ)
        z = -0.6122 + 0.5017 * θ * cot + 0.2645j * θ
        dz = 0.5017 * (cot - 0.6407 * θ / np.sin(0.6407 * θ) ** 2) + 0.2645j
        n = t[~early] + 1
        values = _transform(features, γ, B, np.expm1(growth + points * z / n), what)
        found[~early] += 2 / n * (values * np.exp(growth * n + points * z) * dz).imag
    return found
