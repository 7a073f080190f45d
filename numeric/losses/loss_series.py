r"""What the mean loss tends to on an infinite power law (Theorems 3, 5 and 8 of arXiv 2410.04228).

With :math:`z = e^{-s}` the generating functions of the propagators are, at small s,

.. math::
    \hat V \simeq V_* + w,\quad \hat V' \simeq V'_* + w,\quad \hat U \simeq U_\Sigma + u,\quad
    \hat U' \simeq U'_\Sigma + u,\qquad w = C_V\Gamma(1-\zeta)s^{\zeta-1},\;
    u = C_U\Gamma(1-\xi)s^{\xi-1},

up to a factor 1 + O(s), and the Volterra equation makes
:math:`2\hat L = \hat V + \hat U\hat V'/(1-\hat U')`, a series in u and w. A power :math:`s^{q}`
belongs to :math:`t^{-q-1}/\Gamma(-q)`. The largest terms are those of Theorems 3 and 8; all others
of relative order below 1/t are kept.

Noise of the labels adds :math:`\sigma^2/\tau_1` to the noise of every step, that is
:math:`\tfrac{\sigma^2}{\tau_1s}\hat U/(1-\hat U')` to :math:`2\hat L`: the floor, and a series in u
that tells how it is approached from below.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import positive
from sgdmem.numeric.losses.transients import Transients
from sgdmem.symbolic.algebra.scalars import is_float
from sgdmem.symbolic.errors import InputError, shown

Regime = Literal[
    "immediate divergence", "eventual divergence", "signal-dominated", "noise-dominated", "border"
]
_SAME = 1e-12  # zeta and xi of the border, rounded to floats, agree that closely
_LARGEST_POLE = 20.0
# times the size of what is left out: found by trial, and honest in all cases of the tests
_ORDER, _RIPPLE = 3.0, 60.0


def loss_regime(nu: Any, zeta: Any) -> Regime:
    """Return the regime of arXiv 2410.04228, Fig. 2, for spectral and target exponents.

    Parameters
    ----------
    nu : number > 0
        Eigenvalues k^-nu.
    zeta : number > 0
        Energy of the target below lambda ~ lambda^zeta.

    Returns
    -------
    str
        "immediate divergence" for nu <= 1/2, "eventual divergence" for nu <= 1; else
        "signal-dominated" for zeta < 2 - 1/nu, "noise-dominated" above, "border" exactly between:
        ints, fractions and decimal strings are compared exactly, floats to 1e-12, since few borders
        are floats.

    Examples
    --------
    >>> loss_regime(1.5, 0.5), loss_regime(1.5, 2), loss_regime(0.75, 0.5)
    ('signal-dominated', 'noise-dominated', 'eventual divergence')
    """
    rounded = is_float(nu) or is_float(zeta)
    nu, zeta = positive(nu, "nu"), positive(zeta, "zeta")
    if nu <= Fraction(1, 2):
        return "immediate divergence"
    if nu <= 1:
        return "eventual divergence"
    gap = zeta - (2 - 1 / nu)
    if abs(gap) <= (_SAME if rounded else 0):
        return "border"
    return "signal-dominated" if gap < 0 else "noise-dominated"


@dataclass(frozen=True)
class LossAsymptotics:
    r"""Constants of the propagators and of the loss on an infinite power law.

    Attributes
    ----------
    regime : str
        See `loss_regime`; "signal-dominated", "noise-dominated" or, where zeta and xi agree to
        1e-12, "border".
    zeta, xi : float
        Exponents of the signal and the noise propagators, xi = 2 - 1/nu.
    effective_learning_rate : float
    signal_constant, noise_constant : float
        C_V and C_U of Theorem 5: V_t ~ C_V t^-zeta, U_t ~ C_U t^-xi.
    noise_sum, output_noise_sum : float
        U'_Sigma and U_Sigma.
    signal_sum, output_signal_sum : float
        V'_Sigma and V_Sigma, regularised where they diverge (zeta < 1); at zeta = 1, where that has
        a pole, their values slightly beside it.
    floor : float
        Where noise of the labels lets the loss come to rest; 0 without.
    label_constant : float
        sigma^2 C_U / tau1.
    first_orders : tuple of float
        Relative 1/t terms of V, V', U and U' (the numbers A of their 1 + A/t).
    transients : Transients
        What the series in powers of t knows nothing of.
    neighbours : pair of LossAsymptotics or None
        At zeta = 1 two coefficients have poles that cancel and leave a logarithm; the series is the
        mean of those slightly left and right of it.
    """

    regime: Regime
    zeta: float
    xi: float
    effective_learning_rate: float
    signal_constant: float
    noise_constant: float
    noise_sum: float
    output_noise_sum: float
    signal_sum: float
    output_signal_sum: float
    first_orders: tuple[float, float, float, float]
    transients: Transients
    neighbours: tuple[LossAsymptotics, LossAsymptotics] | None = None
    floor: float = 0.0
    label_constant: float = 0.0

    @property
    def exponent(self) -> float:
        """The loss falls like t**-exponent: the smaller of zeta and xi, or zeta without noise.

        With noise of the labels this, `constant` and `leading` are those of the loss without it.
        """
        return min(self.zeta, self.xi) if self.noise_constant else self.zeta

    @cached_property
    def constant(self) -> float:
        r"""The loss tends to this times t**-exponent (Theorems 3 and 8).

        .. math::
            \frac{1-U'_\Sigma+U_\Sigma}{2(1-U'_\Sigma)}C_V,\quad\text{or}\quad
            \frac{(1-U'_\Sigma+U_\Sigma)V'_\Sigma}{2(1-U'_\Sigma)^2}C_U;

        both together on the border.
        """
        rest, read, *_ = self._expansion
        signal = read * self.signal_constant
        noise = read * self.signal_sum * self.noise_constant / rest
        if self.regime == "border":
            return signal + noise
        return signal if self.regime == "signal-dominated" else noise

    @property
    def crossover(self) -> float:
        """The time at which the leading term without noise of the labels has fallen to the floor.

        Later steps hardly lower the loss; inf without a floor.
        """
        if self.floor == 0:
            return float("inf")
        return float((self.constant / self.floor) ** (1 / self.exponent))

    def leading(self, t: Any) -> Any:
        """Return the leading term of the loss at times t > 0.

        Beside the border the next term is nearly as large for very long: `loss` has both.
        """
        return self.constant * _times(t) ** -self.exponent

    def loss(self, t: Any) -> Any:
        """Return the loss at times t > 0 with all terms of relative order below 1/t.

        See `error` for how close it is.
        """
        found, _ = self._series(_times(t))
        return found

    def error(self, t: Any) -> Any:
        """Return an estimate of the absolute error of `loss`.

        The size of the terms left out, of what the gaps between eigenvalues make, and of what is
        left of the start where nothing has settled yet. Not a proven bound.
        """
        times = _times(t)
        _, error = self._series(times)
        return error + self.transients.size(times)

    def __str__(self) -> str:
        falling = f"{self.constant:.6g} t^-{self.exponent:.6g}"
        if self.floor == 0:
            return f"{self.regime}: the loss tends to {falling}"
        return (
            f"{self.regime}: the loss falls like {falling} until about step "
            f"{self.crossover:.3g}, and comes to rest at {self.floor:.6g} above the least one"
        )

    def _series(self, t: Array) -> tuple[Any, Any]:
        """Return the terms of relative order below 1/t, and the size of the next ones."""
        total, error = self._falling(t)
        if self.floor:
            rising, more = self._approach(t)
            total, error = total + self.floor - rising, error + more
        return total, error

    def _approach(self, t: Array) -> tuple[Any, Any]:
        """Return how far below the floor noise of the labels alone is, and the error of that."""
        from scipy.special import gamma, rgamma  # takes a quarter of a second

        rest, read, step, u = self._expansion
        first = read * self.label_constant * gamma(1 - self.xi) / rest
        below, kept, left_out = np.zeros_like(t), np.zeros_like(t), np.zeros_like(t)
        for k in range(1, int(1 / step) + 3):
            term = -first * u ** (k - 1) * rgamma(1 - k * step) * t ** (-k * step)
            if (k - 1) * step < 1:
                below, kept = below + term, kept + np.abs(term)
            else:
                left_out = left_out + np.abs(term)
        ripple = _RIPPLE * self.transients.ripple(t) * kept
        return below, left_out + _ORDER * self._orders * kept / t + ripple

    def _falling(self, t: Array) -> tuple[Any, Any]:
        """Return the terms without noise of the labels, and the size of the next ones."""
        from scipy.special import gamma, rgamma

        if self.neighbours is not None:
            total = sum(found._falling(t)[0] for found in self.neighbours) / 2
            near = _ORDER * self._orders * (1 + np.log(t)) / t + _RIPPLE * self.transients.ripple(t)
            return total, near * np.abs(total)
        _, read, step, u = self._expansion
        pole = float(gamma(1 - self.zeta))
        # near 2, 3, ... the pole cancels against terms that are left out, and a logarithm remains
        resonant = self.zeta > 1.5 and not abs(pole) <= _LARGEST_POLE
        total, kept, left_out = np.zeros_like(t), np.zeros_like(t), np.zeros_like(t)
        for start, power in ((self.signal_sum, 0.0), (self.signal_constant, self.zeta - 1)):
            for k in range(int(2 / step) + 2):
                q = power + k * step
                if power == 0.0:
                    weight = read * start * rgamma(-q)
                elif k == 0:
                    weight = read * start  # the pole cancels
                else:
                    weight = read * start * (1.0 if resonant else pole * rgamma(-q))
                term = weight * u**k * t ** (-q - 1)
                signal = power != 0.0 and k == 0  # kept at any order: noise may be weak
                if signal or (q < self.exponent and not (resonant and power and k)):
                    total = total + term
                    kept = kept + np.abs(term)
                elif q < self.exponent + step:
                    left_out = left_out + np.abs(term) * (1 + np.log(t) if resonant else 1)
        ripple = _RIPPLE * self.transients.ripple(t) * kept
        return total, left_out + _ORDER * self._orders * kept / t + ripple

    @property
    def _expansion(self) -> tuple[float, float, float, float]:
        """Return 1 - U', the factor of what is read, and step and factor of the series in u."""
        from scipy.special import gamma

        rest = 1 - self.noise_sum
        read = (rest + self.output_noise_sum) / (2 * rest)
        return rest, read, self.xi - 1, self.noise_constant * gamma(1 - self.xi) / rest

    @property
    def _orders(self) -> float:
        """How large the relative 1/t terms are."""
        return 1 + max(map(abs, self.first_orders))


def _times(t: Any) -> Array:
    try:
        times = np.asarray(t, dtype=float)
    except (TypeError, ValueError):
        times = np.array(np.nan)
    if not (times > 0).all():
        raise InputError(f"t must be positive numbers of steps, got {shown(t)}")
    return times
