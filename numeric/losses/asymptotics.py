"""Exponents and constants of the mean loss on an infinite power law, from sums over all times."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from sgdmem.numeric.losses.loss_recursion import expected_loss
from sgdmem.numeric.losses.loss_series import LossAsymptotics, loss_regime
from sgdmem.numeric.losses.mode_panels import falling_edges
from sgdmem.numeric.losses.summed_propagators import beside_the_pole, summed_modes
from sgdmem.numeric.losses.transients import transients
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.problem import require_no_weight_decay
from sgdmem.numeric.problems.target import PowerLawTarget
from sgdmem.numeric.spectra.power_law import PowerLaw, riemann_zeta
from sgdmem.numeric.spectra.power_measure import power_measure
from sgdmem.numeric.verdicts.stability import verdict_of
from sgdmem.symbolic.algebra.polynomials import derivative, evaluate
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_no_shrink
from sgdmem.symbolic.errors import InputError

_NEAR_ONE = 1e-5
# beyond, gaps between eigenvalues, or transients, hide the powers of t for longer than anyone waits
_LARGEST_NU, _LARGEST_ZETA = 20.0, 50.0
_SMALLEST = 3.0**-19  # over the largest eigenvalue: where the last panel begins


def loss_asymptotics(
    algorithm: Algorithm, problem: Any, batch_size: Any = math.inf
) -> LossAsymptotics:
    r"""Return exponents and constants of the mean loss on an infinite power law.

    With noise of the labels also the floor to which it tends, and from when on it is there.

    Parameters
    ----------
    algorithm : Algorithm
        Stable, with D strictly stable.
    problem : Problem
        Of `Problem.power_law(nu, zeta)`, infinite, with nu above 1, up to 20: beyond, eigenvalues
        are so far apart that the loss falls in stairs, and no power of t is near it in a billion
        steps. Zeta is at most 50.
    batch_size : number > 0
        B, by default infinite: no noise.

    Raises
    ------
    InputError
        For other problems, and if the loss does not certainly tend to zero, saying why;
        for tau2 > tau1, the noise of no data, that may be undecided.

    Examples
    --------
    >>> from sgdmem import Problem, heavy_ball
    >>> found = loss_asymptotics(heavy_ball("0.1", "0.9"), Problem.power_law(2, zeta=0.5), 16)
    >>> found.regime, found.exponent
    ('signal-dominated', 0.5)
    >>> billion = 10**9
    >>> float(found.loss(billion)), float(found.error(billion) / found.loss(billion)) < 1e-6
    (1.0e-05, True)

    Labels with noise of a variance of 1/100:

    >>> from sgdmem import Noise
    >>> problem = Problem.power_law(2, zeta=0.5, noise=Noise(label_variance="0.01"))
    >>> found = loss_asymptotics(heavy_ball("0.1", "0.9"), problem, 16)
    >>> f"{found.floor:.6f}, from about step {found.crossover:.2g}"
    '0.000276, from about step 1.4e+06'
    """
    asked = expected_loss(algorithm, problem, batch_size, 0)
    require_no_weight_decay(asked.problem, "asymptotics: modes below it fall together")
    law, aim = asked.problem.spectrum.law, asked.problem.target
    if law is None or law.count is not None or not isinstance(aim, PowerLawTarget):
        raise InputError(
            "asymptotics need an infinite power law and its target, Problem.power_law(nu, zeta); "
            "on data methods.loss_curve follows the loss for any number of steps"
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
    if asked.schedule.stationary is None:
        raise InputError("asymptotics belong to a stationary algorithm, got a schedule")
    algorithm = asked.schedule.stationary
    require_no_shrink(algorithm, "asymptotics: slow modes fall together")
    verdict = verdict_of(algorithm, asked.problem, asked.noise)
    if verdict.stable is not True:
        raise InputError(f"the loss does not certainly tend to zero: {verdict.explanation}")
    if not to_float(algorithm.effective_learning_rate) > 0:
        raise InputError("algorithm must have an effective learning rate that is no 0 in floats")
    if not math.isfinite(verdict.loss_floor):
        raise InputError(f"the loss tends to no limit: {verdict.explanation}")
    found = _constants(algorithm, law, aim, asked.noise, verdict)
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
    pair = tuple(_constants(algorithm, law, x, asked.noise, verdict) for x in beside)
    return replace(found, zeta=aim.exponent, neighbours=pair)  # type: ignore[arg-type]


def _constants(
    algorithm: Algorithm, law: PowerLaw, target: PowerLawTarget, noise: BatchNoise, verdict: Any
) -> LossAsymptotics:
    from scipy.special import gamma

    nu, zeta_exponent = law.exponent, target.exponent
    if zeta_exponent == 1:
        zeta_exponent = 1 + _NEAR_ONE  # where the sums of the signal exist
    xi = 2 - 1 / nu
    rate = to_float(algorithm.effective_learning_rate)
    share1 = float(noise.tau1 * noise.inverse_batch)
    twice = np.float64(2 * rate)  # whose powers may leave the range of floats: the caller looks
    with np.errstate(all="ignore"):
        signal = target.energy * gamma(target.exponent + 1) * twice**-target.exponent
        unit = rate**2 * law.scale ** (1 / nu) / nu * gamma(xi) * twice**-xi  # for tau1 / B = 1
    sums = _signal_sums(algorithm, law, target, zeta_exponent, noise)
    regime = loss_regime(nu, target.exponent) if share1 else "signal-dominated"
    return LossAsymptotics(
        regime=regime,
        zeta=zeta_exponent,
        xi=xi,
        effective_learning_rate=rate,
        signal_constant=float(signal),
        noise_constant=float(share1 * unit),
        noise_sum=float(verdict.noise_sum),
        output_noise_sum=float(verdict.output_noise_sum),
        signal_sum=sums[0],
        output_signal_sum=sums[1],
        first_orders=_first_orders(algorithm, zeta_exponent, xi, noise),
        transients=transients(algorithm, law, target),
        floor=verdict.loss_floor,
        label_constant=float(noise.label_variance * noise.inverse_batch) * float(unit),
    )


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
