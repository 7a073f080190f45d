r"""Mean risks of SGD on power-law random features of any width, for any number of steps.

Problem
    `sgdmem.systems.random_features`, whose W is not drawn: its *deterministic equivalent* stands
    for the mean over W, of any width d. Risks of a drawn W are about :math:`d^{-1/2}` away,
    relative; where the embedding bias dominates, some :math:`(\gamma t)^{-1/4\alpha}`, as few
    modes decide; and some W of few features are unstable at nearly the largest stable rate.
Reduction
    With :math:`D=\mathrm{diag}(j^{-2\alpha})` the resolvents of :math:`\hat K=D^{1/2}WW^TD^{1/2}`
    tend to :math:`(\hat K-z)^{-1}\simeq(m(z)D-z)^{-1},\ 1-m=\frac md\mathrm{Tr}D(mD-z)^{-1}`. With
    :math:`\xi=-z/m` that is one equation, :math:`z=-\xi(1-\frac1d\mathrm{Tr}D(D+\xi)^{-1})`.
    Mean risks of SGD follow from resolvents, see `sgdmem.numeric.losses.sgd_risks`.

References
----------
    E. Paquette, C. Paquette, L. Xiao and J. Pennington, 4+3 phases of compute-optimal neural
    scaling laws, arXiv 2405.15074 (2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number, positive_float, whole
from sgdmem.numeric.losses.sgd_risks import SgdRisks
from sgdmem.numeric.spectra.power_law import LARGEST_COUNT, PowerLaw
from sgdmem.numeric.spectra.power_measure import power_measure
from sgdmem.numeric.systems.random_features import require_variance
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.errors import InputError, shown

_FARTHEST = 1e-3  # of the least eigenvalue: panels of inputs go down to there
_NEWTON = 100
_RATIO = 4
WIDEST = 4e15  # beyond ranks of eigenvalues are no whole floats
_FLATTEST, _STEEPEST = 0.01, 10.0  # alpha
_LEAST = 1e-280  # eigenvalue


@dataclass(frozen=True)
class DeterministicFeatures(SgdRisks):
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
        from scipy.optimize import brentq

        D, w = self._measures[0]

        def slope(u: float) -> float:
            return float(1 - w @ (D / (D - 1 - np.exp(u)) ** 2) / self.width)

        return self._place(-1 - np.exp(brentq(slope, -30, 30)))

    @cached_property
    def floor(self) -> float:
        r""":math:`P_\infty`, the least risk."""
        from scipy.optimize import brentq

        D, w = self._measures[0]

        def excess(u: float) -> float:
            return float(w @ (1 / (D + np.exp(u)))) - self.width

        lowest = 2 * np.log(_FARTHEST) - 2 * self.alpha * np.log(max(self.width, self.ambient or 1))
        highest = max(10.0, np.log(2 * self.trace / self.width))
        xi = np.exp(brentq(excess, lowest, highest, xtol=1e-14))
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
    alpha : number
        From 0.01 to 10.
    beta : number
        With :math:`2(\alpha+\beta)>1`, up to 100.
    width : number
        d, from 1 to 4e15.
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
    if not 1 <= width <= WIDEST:
        raise InputError(f"width must be from 1 to {WIDEST:g}, got {shown(width)}")
    if not _FLATTEST <= alpha <= _STEEPEST:
        raise InputError(f"alpha must be from {_FLATTEST} to {_STEEPEST:g}, got {alpha:g}")
    if not beta <= 10 * _STEEPEST:
        raise InputError(f"beta must be at most {10 * _STEEPEST:g}, got {beta:g}")
    require_variance(alpha, beta)
    if ambient is None and alpha <= 0.5:
        ambient = round(_RATIO * width)
    if ambient is not None:
        ambient = whole(ambient, "ambient", 1, LARGEST_COUNT)
        if ambient <= width:
            raise InputError(f"ambient must be above width, {width:g}, got {ambient}: d < v")
    if not max(width, ambient or 1) ** (-2 * alpha) > _LEAST:
        raise InputError(
            f"width must be smaller for alpha = {alpha:g}, got {width:g}: eigenvalues vanish"
        )
    return DeterministicFeatures(alpha, beta, width, ambient)
