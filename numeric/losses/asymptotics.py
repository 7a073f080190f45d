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
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

import numpy as np
from scipy.special import gamma, rgamma

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import positive
from sgdmem.numeric.losses.mode_panels import falling_edges
from sgdmem.numeric.losses.recursion import read_question
from sgdmem.numeric.losses.summed_propagators import beside_the_pole, summed_modes
from sgdmem.numeric.losses.transients import Transients, transients
from sgdmem.numeric.problems.noise import BatchNoise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.problems.target import PowerLawTarget
from sgdmem.numeric.spectra.power_law import PowerLaw, riemann_zeta
from sgdmem.numeric.spectra.power_measure import power_measure
from sgdmem.numeric.verdicts.stability import verdict_of
from sgdmem.symbolic.algebra.polynomials import derivative, evaluate
from sgdmem.symbolic.algebra.scalars import is_float, to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError

Regime = Literal[
    "immediate divergence", "eventual divergence", "signal-dominated", "noise-dominated", "border"
]
_NEAR_ONE = 1e-5
_SAME = 1e-12  # zeta and xi of the border, rounded to floats, agree that closely
# beyond, gaps between eigenvalues, or transients, hide the powers of t for longer than anyone waits
_LARGEST_NU, _LARGEST_ZETA = 20.0, 50.0
_LARGEST_POLE = 20.0
# times the size of what is left out: found by trial, and honest in all cases of the tests
_ORDER, _RIPPLE = 3.0, 60.0
_SMALLEST = 3.0**-19  # over the largest eigenvalue: where the last panel begins


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

    @property
    def exponent(self) -> float:
        """The loss falls like t**-exponent: the smaller of zeta and xi, or zeta without noise."""
        return min(self.zeta, self.xi) if self.noise_constant else self.zeta

    @cached_property
    def constant(self) -> float:
        r"""The loss tends to this times t**-exponent (Theorems 3 and 8).

        .. math::
            \frac{1-U'_\Sigma+U_\Sigma}{2(1-U'_\Sigma)}C_V,\quad\text{or}\quad
            \frac{(1-U'_\Sigma+U_\Sigma)V'_\Sigma}{2(1-U'_\Sigma)^2}C_U;

        both together on the border.
        """
        rest = 1 - self.noise_sum
        read = (rest + self.output_noise_sum) / (2 * rest)
        signal = read * self.signal_constant
        noise = read * self.signal_sum * self.noise_constant / rest
        if self.regime == "border":
            return signal + noise
        return signal if self.regime == "signal-dominated" else noise

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
        return f"{self.regime}: the loss tends to {self.constant:.6g} t^-{self.exponent:.6g}"

    def _series(self, t: Array) -> tuple[Any, Any]:
        """Return the terms of relative order below 1/t, and the size of the next ones."""
        if self.neighbours is not None:
            total = sum(found._series(t)[0] for found in self.neighbours) / 2
            near = _ORDER * self._orders * (1 + np.log(t)) / t + _RIPPLE * self.transients.ripple(t)
            return total, near * np.abs(total)
        rest = 1 - self.noise_sum
        read = (rest + self.output_noise_sum) / (2 * rest)
        step = self.xi - 1
        u = self.noise_constant * gamma(1 - self.xi) / rest
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
    def _orders(self) -> float:
        """How large the relative 1/t terms are."""
        return 1 + max(map(abs, self.first_orders))


def loss_asymptotics(
    algorithm: Algorithm,
    spectrum: Any,
    target: Any,
    batch_size: Any = math.inf,
    tau1: Any = None,
    tau2: Any = None,
) -> LossAsymptotics:
    r"""Return exponents and constants of the mean loss on an infinite power law.

    Parameters
    ----------
    algorithm : Algorithm
        Stable, with D strictly stable.
    spectrum : Spectrum
        An infinite power law with exponent above 1, up to 20: beyond, eigenvalues are so far apart
        that the loss falls in stairs, and no power of t is near it in a billion steps.
    target : PowerLawTarget
        See `PowerLawTarget`; of exponent up to 50.
    batch_size, tau1, tau2
        See `sgdmem.stability`; tau2 a single number.

    Raises
    ------
    InputError
        For other spectra and targets, and if the loss does not certainly tend to zero, saying why;
        for tau2 > tau1, the noise of no data, that may be undecided.

    Examples
    --------
    >>> from sgdmem import Spectrum, heavy_ball
    >>> from sgdmem.numeric.problems.target import PowerLawTarget
    >>> found = loss_asymptotics(
    ...     heavy_ball("0.1", "0.9"), Spectrum.power_law(2), PowerLawTarget(0.5), 16
    ... )
    >>> found.regime, found.exponent
    ('signal-dominated', 0.5)
    >>> billion = 10**9
    >>> float(found.loss(billion)), float(found.error(billion) / found.loss(billion)) < 1e-6
    (1.0e-05, True)
    """
    question = read_question(algorithm, spectrum, target, 0, batch_size, tau1, tau2)
    law, aim = question.spectrum.law, question.target
    if law is None or law.count is not None or not isinstance(aim, PowerLawTarget):
        raise InputError(
            "asymptotics need an infinite power law, Spectrum.power_law(nu), and a target "
            "PowerLawTarget(zeta)"
        )
    for name, value, most in (
        ("spectrum", law.exponent, _LARGEST_NU),
        ("target", aim.exponent, _LARGEST_ZETA),
    ):
        if value > most:
            raise InputError(
                f"{name} must have an exponent up to {most:g} for asymptotics, got {value:g}: "
                f"beyond, no power of t is near the loss for very long; losses() is exact"
            )
    if question.schedule.stationary is None:
        raise InputError("asymptotics belong to a stationary algorithm, got a schedule")
    if isinstance(question.noise.tau2, tuple):
        raise InputError("tau2 must be a single number for an infinite spectrum")
    algorithm = question.schedule.stationary
    verdict = verdict_of(algorithm, Problem(question.spectrum), question.noise)
    if verdict.stable is not True:
        raise InputError(f"the loss does not certainly tend to zero: {verdict.explanation}")
    if not to_float(algorithm.effective_learning_rate) > 0:
        raise InputError("algorithm must have an effective learning rate that is no 0 in floats")
    found = _constants(algorithm, law, aim, question.noise, verdict)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        constants = found.constant, found.signal_constant, found.noise_constant, found.signal_sum
    if not (found.constant > 0 and np.isfinite(constants).all()):
        raise InputError(
            f"target must have an exponent and an energy with constants within the range of "
            f"positive floats, got {aim.exponent:g} and {aim.energy:g} with the effective learning "
            f"rate {found.effective_learning_rate:g} and the largest eigenvalue {law.scale:g}"
        )
    if abs(aim.exponent - 1) > _NEAR_ONE:
        return found
    beside = (PowerLawTarget(aim.exponent + side * 2 * _NEAR_ONE, aim.energy) for side in (-1, 1))
    pair = tuple(_constants(algorithm, law, x, question.noise, verdict) for x in beside)
    return replace(found, zeta=aim.exponent, neighbours=pair)  # type: ignore[arg-type]


def _constants(
    algorithm: Algorithm, law: PowerLaw, target: PowerLawTarget, noise: BatchNoise, verdict: Any
) -> LossAsymptotics:
    nu, zeta_exponent = law.exponent, target.exponent
    if zeta_exponent == 1:
        zeta_exponent = 1 + _NEAR_ONE  # where the sums of the signal exist
    xi = 2 - 1 / nu
    rate = to_float(algorithm.effective_learning_rate)
    share1 = float(noise.tau1 * noise.inverse_batch)
    twice = np.float64(2 * rate)  # whose powers may leave the range of floats: the caller looks
    with np.errstate(all="ignore"):
        signal = target.energy * gamma(target.exponent + 1) * twice**-target.exponent
        noise_constant = share1 * rate**2 * law.scale ** (1 / nu) / nu * gamma(xi) * twice**-xi
    sums = _signal_sums(algorithm, law, target, zeta_exponent, noise)
    regime = loss_regime(nu, target.exponent) if share1 else "signal-dominated"
    return LossAsymptotics(
        regime=regime,
        zeta=zeta_exponent,
        xi=xi,
        effective_learning_rate=rate,
        signal_constant=float(signal),
        noise_constant=float(noise_constant),
        noise_sum=float(verdict.noise_sum),
        output_noise_sum=float(verdict.output_noise_sum),
        signal_sum=sums[0],
        output_signal_sum=sums[1],
        first_orders=_first_orders(algorithm, zeta_exponent, xi, noise),
        transients=transients(algorithm, law, target),
    )


def _times(t: Any) -> Array:
    try:
        times = np.asarray(t, dtype=float)
    except (TypeError, ValueError):
        times = np.array(np.nan)
    if not (times > 0).all():
        raise InputError(f"t must be positive numbers of steps, got {t!r}")
    return times


def _first_orders(
    algorithm: Algorithm, zeta_exponent: float, xi: float, noise: BatchNoise
) -> tuple[float, float, float, float]:
    """Return the relative 1/t terms of V, V', U and U' for a pure power law."""
    damping = 1 + float(noise.tau2 * noise.inverse_batch)  # type: ignore[operator]
    rate = to_float(algorithm.effective_learning_rate)
    curvature = _leading_curvature(algorithm) / rate
    shift = to_float(_look_ahead(algorithm)) / rate
    z = zeta_exponent
    signal = -z * (z + 1) * damping / 4 + z * (1 - z) * curvature / 2
    later = xi + 2 * xi * curvature - xi * (xi + 1) * (curvature + damping / 2) / 2
    return signal - z * shift, signal, later - xi * shift, later


def _leading_curvature(algorithm: Algorithm) -> float:
    """Return the number rho of Theorem 4, alpha_eff P''(1) / (2 P'(1)) + Q'(1) / P'(1)."""
    _, P, Q, _ = algorithm.polynomials
    slope = evaluate(derivative(P), 1)
    rate = -evaluate(Q, 1) / slope
    bend = evaluate(derivative(derivative(P)), 1) / (2 * slope)
    return to_float(rate * bend + evaluate(derivative(Q), 1) / slope)


def _look_ahead(algorithm: Algorithm) -> Any:
    """Return a^T (1 - D)^-1 c: how far the gradient's point is from w, over the gradient."""
    direct = Algorithm(0, b=algorithm.a, c=algorithm.c, D=algorithm.D)
    return -direct.effective_learning_rate


def _signal_sums(
    algorithm: Algorithm,
    law: PowerLaw,
    target: PowerLawTarget,
    zeta_exponent: float,
    noise: BatchNoise,
) -> tuple[float, float]:
    """Return the sums of V' and V over all times, regularised by the zeta function.

    lambda times the sum of a mode is a smooth function G of lambda, G(0) = 1 / (2 alpha_eff); with
    s = nu zeta + 1 - nu the sum over k of k^-s G(lambda_k) is G(0) zeta(s) and a convergent rest.
    """
    nu, top = law.exponent, law.scale
    rate = to_float(algorithm.effective_learning_rate)
    power = nu * zeta_exponent + 1
    first = PowerLawTarget(zeta_exponent, target.energy).first_mass(law)
    nodes, masses = power_measure(law, power, first, falling_edges(top, _SMALLEST * top))
    modes = summed_modes(algorithm, nodes, noise.tau2 * noise.inverse_batch)  # type: ignore[operator]
    limit = first / top / (2 * rate) * riemann_zeta(power - nu)
    found = []
    for key in ("signal_at_y", "signal_at_w"):
        rest = beside_the_pole([getattr(mode, key) for mode in modes], nodes, algorithm)
        found.append(limit + float(masses @ rest))
    return found[0], found[1]
