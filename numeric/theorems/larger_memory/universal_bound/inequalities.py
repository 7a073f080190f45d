r"""Universal bound: what no linear method is below, whatever its memory and its schedule.

With the kernel K of the method, conjugated by the square roots of losses over weights p,
:math:`\sigma` its norm and :math:`A=\lambda K` for an eigenvalue, the bound of `loss_bound` rests
on inequalities for strictly triangular A and :math:`X=A(1+A)^{-1}`, with
:math:`x=\lambda\sigma=\Vert A\Vert`,

.. math:: \Vert X\Vert_F^2\ge\varphi(x)=\max\left\{\Bigl(\frac x{1+x}\Bigr)^2,
    2\ln m-1+\frac1{m^2}\right\},\quad m=\max(1,x-1),\qquad
    |(1+A)^{-1}v|\ge\frac{|v|}{1+x},

and on what the loss at a point is made of: with :math:`\tau=\tau_1-\max(\tau_2,0)`, batches B
and n samples, for every point r and, together, for every :math:`\mu>0`

.. math:: \frac12\sum_k\lambda_kc_k^2a_r(\lambda_k)^2+\tau\sum_{s<r}\frac{L_s}{B_s}\sum_k
    \lambda_k^2R_{rs}(\lambda_k)^2\le L_r,\qquad
    \tau\sum_k\varphi(\lambda_k\sigma)+\frac\mu2\sum_k\frac{\lambda_kc_k^2}
    {(1+\lambda_k\sigma)^2}\le n+\mu L_t.

No singular value of X is below :math:`x_j/(1+x_j)`, :math:`x_j` that of A in the same order.

Method: the first three where they are nearly equalities, single entries, long shifts, and
triangular matrices whose singular values are alike but one; rows of SGD, heavy ball, AM1 and AM2,
by the library's losses; exact losses of random methods with unequal batches, of descents over all
methods of two steps, of copies and shares of modes, and of long lists with one heavy mass, over the
bound. Computed is the largest violation; theory is that there is none.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.acceleration.accelerated import accelerated
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.losses.loss_bound import least_noise, loss_bound
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.theorems.check import Case, Claim, Statement, larger, widen
from sgdmem.numeric.theorems.larger_memory.universal_bound.kernels import (
    example_methods,
    kernel_of,
    listed,
    losses_of,
    responses,
)
from sgdmem.symbolic.zoo.named_algorithms import heavy_ball, sgd

STATEMENT = Statement(
    "Universal bound",
    "docs/theory/universal-bound",
    tolerance=1e-9,
    reason="rounding of norms",
)
_STEPS = 60  # of known methods


class Bounds(NamedTuple):
    """At norms x: the least noise, what is least left of a vector, and the least singular value.

    ``row`` is the share of its loss that what is said to be part of it is at most.
    """

    noise: Array
    left: Array
    value: Array
    row: float


def claim(x: Array) -> Bounds:
    """Return the bounds at norms, or singular values."""
    return Bounds(least_noise(x), 1 / (1 + x), x / (1 + x), 1.0)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for matrices of four kinds, for rows, and for methods."""
    cases = []
    for label, matrices in _kinds().items():
        worst: dict[str, float] = {}
        for A in matrices:
            one = np.eye(A.shape[0])
            X = np.linalg.solve(one + A, A)
            x, found = (np.linalg.svd(matrix, compute_uv=False) for matrix in (A, X))
            bounds = claim(x)
            rounding = 1e-15 * len(x) * found[0]
            ratios = {
                "noise": bounds.noise[0] / (found**2).sum(),
                "signal": bounds.left[0] * np.linalg.norm(one + A, 2),
                "singular values": 1 + (bounds.value - found).max() - rounding,
            }
            widen(worst, ratios)
        cases += [Case.within(f"{name}, {label}", ratio) for name, ratio in worst.items()]
    for tau2 in (-1, 0, 0.5):
        known = zip(("rows", "sums"), _row_ratios(claim, tau2), strict=True)
        cases += [Case.within(f"{name}, tau2 = {tau2}", ratio) for name, ratio in known]
    worst = {}
    for problem, K, batches in example_methods():
        *_, point = found = losses_of(problem, K, batches)
        bound = loss_bound(problem, int(batches.sum()), 1)[-1]
        above = bound / point if bound else 0.0
        widen(worst, {"sums": _sum_ratio(claim, problem, K, batches, found), "losses": above})
    return [*cases, *(Case.within(f"{name} of methods", ratio) for name, ratio in worst.items())]


def _kinds() -> dict[str, list[Array]]:
    rng = np.random.default_rng(0)
    return {
        "single entries": [np.array([[0, 0], [x, 0]]) for x in np.geomspace(1e-3, 1e3, 40)],
        "shifts": [x * np.eye(300, k=-1) for x in (0.05, 0.5, 0.9, 2.0)],
        "random": [
            np.tril(rng.normal(size=(t, t)) / t * 10 ** rng.uniform(-2, 1), -1)
            for t in rng.integers(2, 30, 300)
        ],
        "alike but one": [_alike_but_one(t, m) for t in (2, 8, 60, 200) for m in (1.5, 10.0, 1e3)],
    }


def _alike_but_one(t: int, m: float) -> Array:
    """Return A of which 1 / (1 + A) has t singular values that are alike, and one that is 1/m.

    By rotations in the plane of two coordinates at a time, from a diagonal matrix: of two entries,
    one above 1 and one below, the first becomes 1.
    """
    s = m ** (1 / t)
    R = np.diag([s, 1 / m, *np.full(t - 1, s)])
    for k in range(t):
        a, b = R[k, k], R[k + 1, k + 1]
        c = np.sqrt((1 - b * b) / (a * a - b * b))
        s = np.sqrt(1 - c * c)
        right, left = np.array([[c, -s], [s, c]]), np.array([[c * a, s * b], [-s * b, c * a]])
        R[:, k : k + 2] = R[:, k : k + 2] @ right
        R[k : k + 2] = left @ R[k : k + 2]
    return np.linalg.inv(R.T) - np.eye(t + 1)


@cache
def _known_methods() -> list[tuple[Schedule, Array]]:
    law = Problem.power_law(1.5)
    rules = [Schedule.constant(x) for x in (sgd("0.3"), heavy_ball("0.3", "0.9"))]
    rules += [accelerated(law, 4, memory=M) for M in (1, 2)]
    return [(rule, kernel_of(rule, _STEPS)) for rule in rules]


def _row_ratios(claim: Claim, tau2: float) -> tuple[float, float]:
    """Return parts of losses of known methods over the losses, and sums over their bound.

    Losses are the library's, of schedules and their algorithms.
    """
    h = np.arange(1.0, 21) ** -1.5
    squares, batches = np.linspace(1, 2, h.size), np.full(_STEPS, 4)
    problem = Problem(Spectrum(h), Noise(tau2=tau2), target=squares)
    rows = sums = 0.0
    for rule, K in _known_methods():
        found = losses(rule, problem, 4, _STEPS)
        means, answers = responses(K, h)
        parts = (h * squares) @ means**2 / 2
        parts += (1 - max(tau2, 0)) / 4 * np.tensordot(h**2, answers**2, 1) @ found
        rows = larger(rows, (parts / found).max() / claim(np.ones(1)).row)
        sums = larger(sums, _sum_ratio(claim, problem, K, batches, found))
    return rows, sums


def _sum_ratio(claim: Claim, problem: Problem, K: Array, batches: Array, found: Array) -> float:
    """Return the two sums over n + mu L_t, for the worst of some mu."""
    h, counts, squares, tau2 = listed(problem)
    n, ratio = float(batches.sum()), 0.0
    taus = (1 - max(tau2, 0) / np.minimum(counts, 1)) * counts
    if found.min() < 1e-9 * found[0] or taus.min() < 0:
        return ratio  # rounding of losses, and modes that may be without noise
    for kappa in (0.01, 0.3, 1.0, 10.0):
        weights = np.sqrt(found / np.append(batches, kappa * n))
        bounds = claim(h * np.linalg.norm(K * weights / weights[:, None], 2))
        mu = kappa * n / found[-1]
        sums = taus @ bounds.noise + mu / 2 * (counts * h * squares) @ bounds.left**2
        ratio = larger(ratio, sums / ((1 + kappa) * n))
    return ratio


def _with(x: Array, **changes: Any) -> Bounds:
    return claim(x)._replace(**changes)


PERTURBED: dict[str, Claim] = {
    "a tenth more noise": lambda x: _with(x, noise=1.1 * least_noise(x)),
    "1 + 0.98 x": lambda x: _with(x, left=1 / (1 + 0.98 * x)),
    "3 ln m": lambda x: _with(
        x, noise=np.maximum(least_noise(x), 3 * np.log(np.maximum(1, x - 1)) - 1)
    ),
    "as much noise as of a single entry": lambda x: _with(x, noise=x * x),
    "singular values of x / (1 + 0.98 x)": lambda x: _with(x, value=x / (1 + 0.98 * x)),
    "0.95 of the loss of a row": lambda x: _with(x, row=0.95),
}
