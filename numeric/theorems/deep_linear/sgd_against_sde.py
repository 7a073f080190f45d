r"""SDE against SGD: weak order 1; the error is that of gradient flow against gradient descent.

To first order in the rate, SGD's mean of f(s) after the time :math:`t=\eta k` less the diffusion's
is

.. math:: -\frac\eta2f'(s)\,\dot s\,\ln(\dot u_t/\dot u_0),

where s and :math:`u=s^{1/L}` are gradient flow's, whatever the batches and the noise of labels: for
one mode of a deep linear network, aligned and balanced, with Gaussian inputs.

Method: Kolmogorov's backward equation of both as matrices, on Chebyshev points: steps of SGD by
Gauss quadrature over its batches, the generator of the diffusion from `DeepLinearMode`. The
difference over the rate is extrapolated to 0.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.polynomial import chebyshev
from numpy.polynomial.hermite_e import hermegauss

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.systems.deep_linear.mode import DeepLinearMode
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "SDE against SGD",
    "of our own, about arXiv 2604.06366",
    tolerance=3e-4,
    reason="limit of small rates, extrapolated from three",
)
_TARGET = 2.0
_POINTS, _NODES = 24, 8
_RATES = (0.01, 0.005, 0.0025)


def claim(depth: int, start: float, end: float) -> float:
    """Return the error of the mean of s over the rate, where flow goes from start to end."""
    speeds = [s ** (1 - 1 / depth) * (_TARGET - s) for s in (start, end)]  # of u, but for L
    velocity = depth * end ** (1 - 1 / depth) * speeds[1]
    lag: float = -velocity / 2 * math.log(speeds[1] / speeds[0])
    return lag


def check(claim: Claim = claim) -> list[Case]:
    """Compare means of s and of its square for three depths, batches, and noises of labels."""
    cases = []
    for depth, start, time in ((2, 0.3, 0.5), (2, 0.3, 1.0), (3, 0.4, 0.4), (4, 0.8, 0.1)):
        end = _flow(depth, start, time)
        theory = claim(depth, start, end)
        for batch_size, label_variance in ((8, 0.0), (8, 0.5), (20, 0.2)):
            question = depth, start, time, batch_size, label_variance
            found = [_differences(*question, rate) for rate in _RATES]
            limits = (found[0] - 6 * found[1] + 8 * found[2]) / 3
            text = f"L = {depth}, t = {time}, B = {batch_size}, variance {label_variance}"
            cases.append(Case(f"{text}, E s", float(limits[0]), theory))
            cases.append(Case(f"{text}, E s^2", float(limits[1]), 2 * end * theory))
    return cases


def _flow(depth: int, start: float, time: float) -> float:
    from scipy.integrate import solve_ivp

    def speed(_: float, s: Array) -> Array:
        return np.asarray(depth * s ** (2 - 2 / depth) * (_TARGET - s))

    return float(solve_ivp(speed, (0, time), [start], rtol=1e-10, atol=1e-12).y[0, -1])


def _differences(
    depth: int, start: float, time: float, batch_size: int, label_variance: float, rate: float
) -> Array:
    """Return (E f of SGD - E f of its diffusion) / rate for f = s and s^2."""
    from scipy.linalg import expm
    from scipy.special import roots_genlaguerre

    low, high = 0.6 * start ** (1 / depth), 1.2 * _TARGET ** (1 / depth)
    x = np.cos(np.pi * (np.arange(_POINTS) + 0.5) / _POINTS)
    into = np.linalg.inv(chebyshev.chebvander(x, _POINTS - 1))

    def values_at(u: Array) -> Array:
        """Return what takes values at the points to values at u."""
        return np.asarray(
            chebyshev.chebvander((2 * u - low - high) / (high - low), _POINTS - 1) @ into
        )

    u = (low + high) / 2 + (high - low) / 2 * x
    s = u**depth
    slope = chebyshev.chebder(np.eye(_POINTS)) * 2 / (high - low)
    in_u = chebyshev.chebvander(x, _POINTS - 2) @ slope @ into
    in_s = in_u / (depth * u ** (depth - 1))[:, None]
    mode = DeepLinearMode(depth, _TARGET, 1, rate, batch_size, label_variance)
    generator = mode.drift(s)[:, None] * in_s
    generator += mode.diffusion(s)[:, None] ** 2 / 2 * (in_s @ in_s)
    # a batch: half of the sum of x^2 is of a Gamma law, the noise of labels Gaussian given that
    halves, of_halves = roots_genlaguerre(_NODES, batch_size / 2 - 1)
    normal, of_normal = hermegauss(_NODES)
    weights = np.outer(of_halves / of_halves.sum(), of_normal / of_normal.sum()).ravel()
    squares = 2 * halves[:, None] / batch_size
    noise = np.sqrt(label_variance * squares / batch_size) * normal
    gradients = (s - _TARGET)[:, None, None] * squares - noise
    moved = u[:, None] - rate * u[:, None] ** (depth - 1) * gradients.reshape(_POINTS, -1)
    steps = np.einsum("iqn,q->in", values_at(moved), weights)
    functions = np.stack([s, s**2], axis=1)
    sgd = np.linalg.matrix_power(steps, round(time / rate)) @ functions
    apart = (sgd - expm(time * generator) @ functions) / rate
    return np.asarray((values_at(np.array([start ** (1 / depth)])) @ apart)[0])


PERTURBED: dict[str, Claim] = {
    "half of it": lambda *case: claim(*case) / 2,
    "nothing: order 2": lambda depth, start, end: 0.0,
    "of s in place of u": lambda depth, start, end: (
        claim(depth, start, end)
        * math.log((end / start) ** (2 - 2 / depth) * (_TARGET - end) / (_TARGET - start))
        / math.log((end / start) ** (1 - 1 / depth) * (_TARGET - end) / (_TARGET - start))
    ),
    "ahead in place of behind": lambda *case: -claim(*case),
}
