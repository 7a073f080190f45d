r"""Extrapolated outputs: averages of leaky methods, combined so that their bias cancels.

Run m leaky methods with :math:`F_j`, whose signals tend to :math:`1/(1+\lambda F_j)` ("Leaky
methods"), and return :math:`w_0-\sum_j\kappa_j\bar g_j`, where :math:`\bar g_j` is an average of
the gradients of the j-th and :math:`\kappa_j=F_j\prod_{i\ne j}(1-F_i/F_j)^{-1}`. Then

.. math:: 1-\sum_j\frac{\kappa_j\lambda}{1+\lambda F_j}=\prod_j\frac1{1+\lambda F_j}.

With :math:`\rho=T/(T+1)`, :math:`r=\rho^2` and the weights :math:`\mathsf w_i`,
:math:`\sum\mathsf w_i\zeta^i=\bigl(\frac{(1-r)\zeta}{1-r\zeta}\bigr)^p`, the average answers to an
error of the last gradient but i - 1 by

.. math:: \chi_i=[\zeta^i]\Bigl(\frac{(1-r)\zeta}{1-r\zeta}\Bigr)^p
    \frac1{1-\lambda\varphi(1/\rho\zeta)},\qquad
    \lambda^2\sum_i\chi_i^2\le\frac cT\min\Bigl(\lambda,\frac1F\Bigr)^2,

here with :math:`c=\frac34`, p = 6, and theorem D's methods of memory M. So noise adds

.. math:: \sum_k\lambda_k^2F^2\sum_i\chi_i^2\asymp T^{-1}F^{1/\nu}\asymp T^{-1+\theta_M/\nu},\qquad
    \theta_M=2-\frac1{S_{M+1}}.

Method: the identity in fractions; answers from steps of leaky methods; sums of squares by integrals
over the circle, on a grid of eigenvalues, at :math:`T=10^9` and :math:`10^{12}`. Compared are both
sides of the identity, answers, and exponents of T; and the largest sum over its bound.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache, partial
from math import prod
from typing import NamedTuple

import numpy as np

from sgdmem.numeric.acceleration.real_root_algorithms import rate_exponent, root_exponents
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.instances import Dynamics
from sgdmem.numeric.theorems.larger_memory.construction.interlacing import (
    EVERY,
    Interlacing,
    fast_method,
)
from sgdmem.numeric.theorems.larger_memory.power_law_groups import grouped_law

STATEMENT = Statement(
    "Extrapolated outputs",
    "docs/theory/larger-memory-limits, Theorem K",
    tolerance=1e-3,
    reason="sums are not yet powers of T",
)
_POWER, _GAIN, _RHO = 6, 0.3, 0.5
_STEP = 0.02  # of the grid of log omega
_SINGLE, _GROUPS = 20, 149  # of eigenvalues
_HORIZONS = (1e9, 1e12)
METHODS = ((2.0, 1), (3.0, 1), (3.0, 2), (4.0, 2))  # nu and M


class Prediction(NamedTuple):
    """The exponent of T of noise, a bound of T times that of an eigenvalue; the runs that count."""

    exponent: float
    constant: float
    runs: slice


def claim(nu: float, memory: int, *, constant: float = 0.75, first: int = 0) -> Prediction:
    """Predict the noise of the output, and which runs have a factor in its signal."""
    exponent = -1 + (1 + rate_exponent(nu, memory)) / nu
    return Prediction(exponent, constant, slice(first, None))


def check(claim: Claim = claim) -> list[Case]:
    """Compare for fractions, answers, and exponents."""
    rng = np.random.default_rng(0)
    runs = claim(2.0, 1).runs
    cases = [Case(f"identity, m = {m}", float(difference(rng, m, runs)), 0.0) for m in range(1, 6)]
    for memory in (1, 2, 3):
        method = fast_method([20**e for e in root_exponents(2.0, memory)], _RHO, _GAIN, EVERY)
        cases.append(Case(f"answers, memory {memory}", _error_of_answers(method, 20.0), 0.0))
    for nu, memory in METHODS:
        predicted, label = claim(nu, memory), f"nu = {nu:g}, memory {memory}"
        (early, _), (late, largest) = (noises(nu, memory, T) for T in _HORIZONS)
        slope = float(np.log(late / early) / np.log(_HORIZONS[1] / _HORIZONS[0]))
        # differences, and not relative ones: exponents are of the order of 1
        cases.append(Case(f"{label}: exponent", slope - predicted.exponent, 0.0))
        cases.append(Case.within(f"{label}: an eigenvalue", largest / predicted.constant))
    return cases


def difference(rng: np.random.Generator, m: int, runs: slice) -> Fraction:
    """Return the largest difference of both sides of the identity, in fractions."""
    worst = Fraction(0)
    for _ in range(20):
        denominator = int(rng.integers(1, 10**4))
        numbers = rng.choice(10**6, m + 1, replace=False)
        lam, *F = (Fraction(int(x) + 1, denominator) for x in numbers)
        kappa = [f / prod(1 - g / f for g in F if g != f) for f in F]
        left = 1 - sum(k * lam / (1 + lam * f) for k, f in zip(kappa, F, strict=True))
        worst = max(worst, abs(left - 1 / prod((1 + lam * f for f in F[runs]), start=Fraction(1))))
    return worst


def _symbol(method: Interlacing, T: float, omega: Array) -> tuple[Array, Array]:
    r"""Return :math:`-\varphi(1/\rho\zeta)` at points of the circle, and the weights' transform."""
    apart = -2j * np.sin(omega / 2) * np.exp(-0.5j * omega)  # 1 / zeta - 1
    beyond = apart + np.exp(-1j * omega) / T  # 1 / (rho zeta) - 1
    gap = (2 + 1 / T) / T / (1 + 1 / T) ** 2  # 1 - r
    return _minus_phi(method, 2 * beyond / (beyond + 2)), (gap / (apart + gap)) ** _POWER


def _minus_phi(method: Interlacing, w: Array) -> Array:
    found = method.gain / w * (1 - w / 2)
    for zero, pole in zip(method.zeros, method.poles, strict=True):
        found = found * (w + zero) / (w + pole)
    return np.asarray(found)


def _error_of_answers(method: Interlacing, T: float) -> float:
    """Return the largest error of the answers, against steps of the leaky method."""
    count, steps, lam = 2048, 300, 0.3
    omega = 2 * np.pi * (np.arange(count) + 0.5) / count  # not 0
    phi, weights = _symbol(method, T, omega)
    values = np.array([weights, weights / (1 + lam * phi)])
    averaging, found = (np.fft.fft(values) * np.exp(-1j * np.pi / count * np.arange(count))).real[
        :, :steps
    ] / count
    dynamics, rho = Dynamics.of(method.algorithm), T / (T + 1)
    state, gradients = rho * dynamics.v, np.ones(steps)
    for j in range(1, steps):
        gradients[j] = lam * state @ dynamics.r
        state = rho * (dynamics.matrix(lam) @ state)
    answers = np.convolve(averaging, gradients)[:steps]
    return float(abs(answers - found).max() / abs(answers).max())


@cache
def noises(nu: float, memory: int, T: float) -> tuple[float, float]:
    r"""Return the noise of the output, and the largest of one, times T, over min(1, lam F)^2."""
    method = fast_method([T**e for e in root_exponents(nu, memory)], _RHO, _GAIN, EVERY)
    omega = np.exp(np.arange(np.log(1e-6 / T), np.log(np.pi), _STEP))
    phi, weights = _symbol(method, T, omega)
    F = float(_minus_phi(method, np.array([2 / T / (2 + 1 / T)]))[0])
    lam, counts = grouped_law(nu, (1e6 * F) ** (1 / nu), _SINGLE, _GROUPS)
    density = abs(weights) ** 2 / abs(1 + lam[:, None] * phi) ** 2
    parts = (lam * F) ** 2 * (density * omega).sum(axis=1) * _STEP / np.pi
    return float(counts @ parts), float((parts * T / np.minimum(1, lam * F) ** 2).max())


PERTURBED: dict[str, Claim] = {
    "the exponent of memory without end": lambda nu, memory: claim(nu, memory)._replace(
        exponent=-1 + min(2, nu) / nu
    ),
    "0.01 more": lambda nu, memory: claim(nu, memory)._replace(
        exponent=claim(nu, memory).exponent + 0.01
    ),
    "as of the average of one eigenvalue, 1 / T": lambda nu, memory: claim(nu, memory)._replace(
        exponent=-1.0
    ),
    "a factor less": partial(claim, first=1),
    "a constant of 2/3": partial(claim, constant=2 / 3),
}
