r"""Leaky methods: what weight decay towards the start leaves of a method's signal and noise.

Multiply :math:`w-w_0` and the memory by :math:`\rho<1` after each step of a method that is stable
at all eigenvalues, of the symbol :math:`\varphi=Q/P`, :math:`F=-\varphi(1/\rho)`, with
:math:`u=\frac1B\sum_ks_{\lambda_k}`. Without noise, and with noise of :math:`\tau_1=1`,
:math:`\tau_2=0` and :math:`u\le\frac12` (Lemma J)

.. math:: \Bigl|a_r-\frac1{1+\lambda F}\Bigr|\le\sqrt{\frac{s_\lambda}{1-\rho^2}}\,\rho^{r+1},\qquad
    L_r\le2V_\infty+\mathcal E\rho^{2r},

.. math:: V_\infty=\sum_k\frac{\lambda_kc_k^2}{(1+\lambda_kF)^2},\qquad
    \mathcal E=\frac2{1-\rho}\sum_k\lambda_kc_k^2s_{\lambda_k}.

Method: exact second moments of random methods of memory up to 4, and of barely stable heavy balls,
at the points of their gradients, with batches that make :math:`u=\frac12`, or larger ones. Computed
is by how much the left side of each is above the right one, relative to it; theory is that it is
not.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.theorems.check import Case, Claim, Statement, larger
from sgdmem.numeric.theorems.instances import Dynamics
from sgdmem.numeric.theorems.larger_memory.stationary.methods import (
    heavy_balls,
    random_methods,
    symbol_at,
)
from sgdmem.symbolic.algorithms.algorithm import Algorithm

STATEMENT = Statement(
    "Leaky methods",
    "docs/theory/larger-memory-limits, Lemma J",
    tolerance=1e-9,
    reason="rounding of moments",
)
_MODES, _STEPS = 20, 300
_MEMORIES = (0, 1, 2, 3, 4)


class Prediction(NamedTuple):
    """The limit of the signal, its distance at each step, and bounds of losses."""

    limit: Array
    distance: Array
    losses: Array


def claim(
    h: Array,
    squares: Array,
    s: Array,
    F: float,
    rho: float,
    r: Array,
    *,
    last: float = 2.0,
    speed: float = 1.0,
    signal: float = 1.0,
) -> Prediction:
    """Predict for eigenvalues, squared coefficients, noise summands and steps."""
    limit = 1 / (1 + h * F)
    distance = signal * np.sqrt(s / (1 - rho**2))[:, None] * rho ** (speed * (r + 1))
    final = last * float((h * squares * limit**2).sum())
    lost = 2 / (1 - rho) * float((h * squares * s).sum())
    return Prediction(limit, distance, final + lost * rho ** (2 * speed * r))


def check(claim: Claim = claim) -> list[Case]:
    """Compare for random methods, by memory, and for heavy balls."""
    cases = []
    for memory in _MEMORIES:
        rng = np.random.default_rng(memory)
        methods = random_methods(rng, 12, (memory,))
        cases += _cases(f"memory {memory}", largest_ratios(methods, rng, claim))
    rng = np.random.default_rng(9)
    return [*cases, *_cases("heavy balls", largest_ratios(heavy_balls(), rng, claim))]


def _cases(label: str, ratios: tuple[float, float]) -> list[Case]:
    names = ("signal", "losses")
    return [
        Case.within(f"{label}: {name}", ratio) for name, ratio in zip(names, ratios, strict=True)
    ]


def largest_ratios(
    methods: Iterable[Algorithm], rng: np.random.Generator, claim: Claim = claim
) -> tuple[float, float]:
    """Return the largest ratios for signals and for losses, at random leaks and problems."""
    signals, losses = 0.0, 0.0
    for method in methods:
        nu, zeta = rng.uniform(1.2, 4), 10 ** rng.uniform(-1, 0.6)
        k = np.arange(1.0, _MODES + 1)
        h = k**-nu
        squares = h ** (zeta - 1) / k
        rho = 1 - 10 ** rng.uniform(-2.5, -0.1)
        dynamics = Dynamics.of(method)
        s = dynamics.noise_summand(h)
        batch = 2 * float(s.sum()) * (1 if rng.random() < 0.7 else 10 ** rng.uniform(0, 3))
        F = -float(symbol_at(method, np.array([1 / rho]))[0])
        predicted = claim(h, squares, s, F, rho, np.arange(_STEPS + 1.0))
        means, found = _run(dynamics, h, squares, rho, batch)
        apart = abs(means - predicted.limit[:, None])
        floor = 1e-12 * abs(means).max()  # of rounding, where bounds have become smaller
        signals = larger(signals, (apart / (predicted.distance + floor)).max())
        losses = larger(losses, (found / predicted.losses).max())
    return signals, losses


def _run(
    dynamics: Dynamics, h: Array, squares: Array, rho: float, batch: float
) -> tuple[Array, Array]:
    """Return means of c = 1 at all points of gradients, and losses there."""
    S, v, r = dynamics.matrix(h), dynamics.v, dynamics.r
    mean = np.zeros((h.size, len(v)))
    mean[:, 0] = 1
    covariance = np.zeros((h.size, len(v), len(v)))
    pushed = np.outer(v, v)
    means, losses = np.zeros((h.size, _STEPS + 1)), np.zeros(_STEPS + 1)
    for step in range(_STEPS + 1):
        means[:, step] = mean @ r
        moments = squares * means[:, step] ** 2 + covariance @ r @ r
        losses[step] = h @ moments / 2
        mean = rho * (S @ mean[:, :, None])[:, :, 0]
        mean[:, 0] += 1 - rho
        error = 2 * losses[step] * h / batch
        covariance = S @ covariance @ S.swapaxes(1, 2) + error[:, None, None] * pushed
        covariance *= rho**2
    return means, losses


PERTURBED: dict[str, Claim] = {
    "0.9 of the distance of the signal": partial(claim, signal=0.9),
    "0.8 V": partial(claim, last=0.8),
    "forgotten twice as fast": partial(claim, speed=2.0),
}
