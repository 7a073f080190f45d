r"""Row sums of schedules: what noise of all steps leaves in a smooth schedule stays bounded.

With :math:`\omega_s` the response of :math:`w_t` to a unit shift of :math:`w_s` and
:math:`r(t,s)` that to a unit error of the gradient of step s, in a mode of the eigenvalue
:math:`\lambda`, every method with a = 0 has, however its parameters change,

.. math:: \lambda\,r(t,s)=\omega_s-\omega_{s+1},\qquad\omega_t=1.

For the smooth schedule with poles and zeros

.. math:: z_1=\tfrac18T^{-e_0},\quad p_i=.45z_iT^{-(e_i-e_{i-1})},\quad z_{i+1}=\rho p_i,\quad
    T=\hat t/C,\quad\hat t=t+t_0,

:math:`e_i=S_{i+1}/S_{M+1}`, and the power law :math:`\lambda_k=k^{-\nu}`, the sums
:math:`\sum_k\sum_{s<t}\lambda_k^2r_k(t,s)^2(\hat t/\hat s)^\varpi` stay bounded for
:math:`\varpi\le\theta_M(2-1/\nu)`, if C is large.

Method: responses of random changing methods, forward from each step and backward; and sums by the
backward recursion over a grid of eigenvalues, at two times of a schedule that begins at T = 1,
relative to the unweighted sums of the method of that time alone. Computed are the largest error,
and the exponent with which these ratios, which are 1.1 to 1.2, grow; theory is 0.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple, TypeAlias

import numpy as np

from sgdmem.numeric.acceleration.real_root_algorithms import rate_exponent, root_exponents
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.theorems.check import Case, Claim, Statement, larger
from sgdmem.numeric.theorems.larger_memory.construction.interlacing import (
    EVERY,
    Interlacing,
    fast_method,
)
from sgdmem.numeric.theorems.larger_memory.power_law_groups import grouped_law

STATEMENT = Statement(
    "Row sums of schedules",
    "docs/theory/larger-memory-schedules, equation (7) and Lemma 12",
    tolerance=0.03,
    reason="sums settle slowly",
)
_RHO, _GAIN = 0.5, 0.1
_TIMES = (1500, 12_000)
_SINGLE, _GROUPS = 24, 119  # of eigenvalues
METHODS = ((2.0, 1), (3.0, 1), (2.0, 2))  # nu and M


Parameters: TypeAlias = tuple[Array, Array, Array]


class Weighted(NamedTuple):
    """The weight's exponent, and C times the constant of the slowest damping."""

    power: float
    decay: float


def claim(exponent: float, memory: int, *, more: float = 0.0, decay: float = 12.0) -> Weighted:
    """Return the largest exponent of weights with which sums are bounded."""
    theta = 1 + rate_exponent(exponent, memory)
    return Weighted(theta * (2 - 1 / exponent) + more, decay)


def check(claim: Claim = claim) -> list[Case]:
    """Compare responses, and sums at two times."""
    rng = np.random.default_rng(0)
    cases = [Case(f"responses, M = {M}", _response_error(rng, M), 0.0) for M in (1, 2, 3)]
    for nu, memory in METHODS:
        weighted = claim(nu, memory)
        early, late = (row_sum_ratio(nu, memory, weighted, t) for t in _TIMES)
        first = _clock(memory, weighted.decay)
        growth = np.log(late / early) / np.log((_TIMES[1] + first) / (_TIMES[0] + first))
        cases.append(Case(f"growth, nu = {nu:g}, M = {memory}", larger(0.0, growth), 0.0))
    return cases


def row_sum_ratio(
    nu: float, memory: int, weighted: Weighted, t: int, first: float | None = None
) -> float:
    """Return the weighted row sum at step t, over that of the method of step t alone.

    ``first`` is t_0, that of T = 1 by default.
    """
    dated = np.arange(t) + (_clock(memory, weighted.decay) if first is None else first)
    weights = (dated[-1] / dated) ** weighted.power
    moving = _parameters(nu, memory, dated, weighted.decay)
    constant = _parameters(nu, memory, np.full(t, dated[-1]), weighted.decay)
    last = (100 * dated[-1] ** 2) ** (1 / nu) + 100  # beyond it eigenvalues never move
    eigenvalues = grouped_law(nu, last, _SINGLE, _GROUPS)
    return _row_sum(moving, weights, *eigenvalues) / _row_sum(constant, weights**0, *eigenvalues)


def _row_sum(parameters: Parameters, weights: Array, lam: Array, counts: Array) -> float:
    """Return the weighted sum by the backward recursion, equations (7) and (9)."""
    g, beta, delta = parameters
    root = np.sqrt(lam)[:, None]
    W, hat = np.ones(lam.size), root * beta[-1]
    squares = np.zeros(lam.size)
    for s in range(g.size - 1, -1, -1):
        change = lam * g[s] * W + (root * beta[s] * hat).sum(axis=1)
        squares += weights[s] * change**2
        W = W - change
        if s:
            hat = (1 - delta[s]) * hat + root * beta[s - 1] * W[:, None]
    return float(counts @ squares)


def _clock(memory: int, decay: float) -> float:
    """Return C, with which the slowest pole of a date is ``decay`` over it."""
    (slowest,) = _method(2.0, memory, np.ones(1)).poles[-1]  # at T = 1, for any nu
    return float(decay / slowest)


def _method(nu: float, memory: int, T: Array) -> Interlacing:
    return fast_method([T**e for e in root_exponents(nu, memory)], _RHO, _GAIN, EVERY)


def _parameters(nu: float, memory: int, dated: Array, decay: float) -> Parameters:
    """Return g, beta and delta of all steps."""
    parts = _method(nu, memory, dated / _clock(memory, decay)).partial_fractions
    return parts.g, np.sqrt(parts.squares).T, np.array(parts.dampings).T


def _response_error(rng: np.random.Generator, M: int) -> float:
    """Return the largest error of the identity for one random method that changes."""
    t, lam = 12, 0.7
    alpha, b, c = rng.normal(size=t), rng.normal(size=(t, M)), rng.normal(size=(t, M))
    D = rng.normal(size=(t, M, M)) / (2 * M)
    steps = np.zeros((t, M + 1, M + 1))
    steps[:, 0, 0], steps[:, 0, 1:] = 1 - lam * alpha, b
    steps[:, 1:, 0], steps[:, 1:, 1:] = lam * c, D
    backward = np.zeros((t + 1, M + 1))
    backward[t, 0] = 1
    for s in range(t - 1, -1, -1):
        backward[s] = backward[s + 1] @ steps[s]
    error = 0.0
    for s in range(t):
        state = np.concatenate([[-alpha[s]], c[s]])
        for later in range(s + 1, t):
            state = steps[later] @ state
        error = larger(error, abs(lam * state[0] - (backward[s, 0] - backward[s + 1, 0])))
    return float(error / np.abs(backward).max())


PERTURBED: dict[str, Claim] = {
    "a weight steeper by 0.5": partial(claim, more=0.5),
    "a damping of 1 / t is enough": partial(claim, decay=1.0),
}
