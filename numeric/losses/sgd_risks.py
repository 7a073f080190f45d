r"""Mean risks of SGD on Gaussian features after any number of steps, by resolvents of the Hessian.

The mean risk obeys a discrete Volterra equation,

.. math:: 2P_t=F_t+\sum_{s<t}K_{t-1-s}2P_s,\qquad F_t=\sum r_j^2a_j^t,\quad
    K_t=\frac{\gamma^2}B\sum\lambda_j^2a_j^t,\quad
    a=1-2\gamma\lambda+\frac{B+1}B\gamma^2\lambda^2.

So :math:`2\hat P=\hat F/(1-\hat K)` in :math:`\hat P(x)=\sum P_tx^{-t-1}`, and the transforms are
resolvents at both roots of :math:`a(\lambda)=x`. Their singularities are real, and a contour around
them gives :math:`P_t` from 28 points, however large t is and however many modes there are.

References
----------
    E. Paquette, C. Paquette, L. Xiao and J. Pennington, 4+3 phases of compute-optimal neural
    scaling laws, arXiv 2405.15074 (2024), for the Volterra equation. J. A. C. Weideman, Optimizing
    Talbot's contours, SIAM J. Numer. Anal. 44 (2006), for the contour.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import read_reals
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import positive_float
from sgdmem.numeric.problems.problem import as_problem, require_no_weight_decay
from sgdmem.symbolic.errors import InputError, shown

_GAP = 1e-6  # relative, between the spectrum and what is computed
_POINTS = (28, 22)  # of two contours, which have to agree
_AGREE = 1e-6
_LONGEST = 1e300
_OVERFLOW = 600.0  # of the logarithm of what grows
_FIRST, _RADIUS, _AROUND = 16, 1.5, 96  # up to _FIRST steps the contour is a circle


class SgdRisks(ABC):
    """Mean risks of SGD, from the resolvents of the Hessian of features."""

    @property
    @abstractmethod
    def trace(self) -> float:
        """Tr K."""

    @property
    @abstractmethod
    def largest(self) -> float:
        """The upper end of the spectrum."""

    @abstractmethod
    def resolvents(self, z: Array) -> tuple[Array, Array]:
        r"""Return :math:`\sum r_j^2/(\lambda_j-z)`, r the residuals, and Tr K^2 / (K - z)."""

    def kernel_sum(self, rate: Any, batch_size: Any = 1) -> float:
        r"""Return :math:`\sum_tK_t`, the noise sum of SGD: below 1 exactly if it is stable."""
        γ, B = positive_float(rate, "rate"), positive_float(batch_size, "batch_size")
        end = 2 * B / ((B + 1) * γ)
        if not end > self.largest * (1 + _GAP):
            return np.inf
        far = self.resolvents(np.array([end + 0j]))[1].real[0]
        return float(γ / (2 * B) * (self.trace - far))

    def stable_rate(self, batch_size: Any = 1) -> float:
        """Return the largest stable learning rate of SGD with batches of some size."""
        from scipy.optimize import brentq

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
class ListedSgdRisks(SgdRisks):
    r"""Features whose eigenvalues are known, for the same questions.

    Attributes
    ----------
    eigenvalues, squares : ndarray, shape (d,)
        Of K, and of the residuals of the start in its modes.
    floor : float
        :math:`P_\infty`, the least risk.
    counts : ndarray, shape (d,), or 1
        Multiplicities of the eigenvalues.
    """

    eigenvalues: Array
    squares: Array
    floor: float
    counts: Array | float = 1.0

    @classmethod
    def of(cls, problem: Any) -> ListedSgdRisks:
        """Return what is known of a problem on Gaussian features, with a list and a target."""
        given = as_problem(problem)
        spectrum, noise, target = given.spectrum, given.noise, given.target
        if noise.tau1 != 1 or noise.tau2 != -1 or noise.mixes or target is None:
            raise InputError(f"problem must have Noise(tau2=-1) and a target, got {shown(problem)}")
        require_no_weight_decay(given, "risks by resolvents")
        masses = np.asarray(target.masses(spectrum))
        floor = float(noise.label_variance) / 2
        return cls(spectrum.eigenvalues, masses, floor, spectrum.weights)

    @cached_property
    def trace(self) -> float:
        """Tr K."""
        return float((self.counts * self.eigenvalues).sum())

    @cached_property
    def largest(self) -> float:
        """The largest eigenvalue."""
        return float(self.eigenvalues.max())

    def resolvents(self, z: Array) -> tuple[Array, Array]:
        """Return both sums."""
        inverse = 1 / (self.eigenvalues - z[:, None])
        return inverse @ self.squares - 2 * self.floor / z, inverse @ (
            self.counts * self.eigenvalues**2
        )


def _inverse(risks: SgdRisks, rate: Any, batch_size: Any, steps: Any, what: str) -> Array:
    γ, B = positive_float(rate, "rate"), positive_float(batch_size, "batch_size")
    t = read_reals(steps, "steps")
    if not ((t >= 0) & (t < _LONGEST)).all():
        raise InputError(f"steps must be numbers from 0 to {_LONGEST:g}, got {shown(steps)}")
    if not 2 * B / ((B + 1) * γ) > risks.largest * (1 + _GAP):
        raise InputError(f"rate must be below 2 B / (B + 1) of the edge, got {shown(rate)}")
    growth = 0.0
    if what == "risk" and risks.kernel_sum(γ, B) > 1:
        growth = _growth(risks, γ, B)
    found, few = np.full(t.shape, np.inf), growth * t < _OVERFLOW
    found[few], other = (_on_contour(risks, γ, B, t[few], what, growth, N) for N in _POINTS)
    if not (np.abs(found[few] - other) <= _AGREE * np.abs(other)).all():
        raise InputError(f"steps must be fewer, or the rate smaller, got {shown(steps)}")
    return found[()]


def _transform(risks: SgdRisks, γ: float, B: float, excess: Array, what: str) -> Array:
    """Return the transform at x = 1 + excess, which is small: of the risk, or the kernel."""
    q = (B + 1) / B
    root = np.sqrt(1 + q * excess)
    near, far = -excess / (γ * (1 + root)), (1 + root) / (q * γ)  # where a(lambda) = x
    (F, K), (F_far, K_far) = risks.resolvents(near), risks.resolvents(far)
    noise: Array = γ / B * (K - K_far) / (2 * root)
    return noise if what == "kernel" else np.asarray((F - F_far) / (4 * γ * root) / (1 - noise))


def _growth(risks: SgdRisks, γ: float, B: float) -> float:
    """Return log x where the transform of the kernel is 1, x > 1."""
    from scipy.optimize import brentq

    def above(u: float) -> float:
        excess = np.array([np.exp(u) + 0j])
        return float(_transform(risks, γ, B, excess, "kernel").real[0]) - 1

    lowest = -40.0  # nothing has grown then, in any number of steps that a float has
    return float(np.log1p(np.exp(brentq(above, lowest, 5)))) if above(lowest) > 0 else 0.0


def _on_contour(
    risks: SgdRisks, γ: float, B: float, t: Array, what: str, growth: float, points: int
) -> Array:
    found, early = np.zeros(t.shape), t < _FIRST
    if early.any():  # Cauchy's formula, on a circle
        φ = np.pi * (np.arange(_AROUND // 2) + 0.5) / (_AROUND // 2)
        s = np.log(_RADIUS) + growth + 1j * φ
        values = _transform(risks, γ, B, np.expm1(s), what)
        powers = np.exp(np.outer(np.rint(t[early]) + 1, s))
        found[early] = (values * powers).real.sum(1) / (_AROUND // 2)
    for θ in (np.arange(points // 2) + 0.5) * 2 * np.pi / points:
        cot = 1 / np.tan(0.6407 * θ)
        z = -0.6122 + 0.5017 * θ * cot + 0.2645j * θ
        dz = 0.5017 * (cot - 0.6407 * θ / np.sin(0.6407 * θ) ** 2) + 0.2645j
        n = t[~early] + 1
        values = _transform(risks, γ, B, np.expm1(growth + points * z / n), what)
        found[~early] += 2 / n * (values * np.exp(growth * n + points * z) * dz).imag
    return found
