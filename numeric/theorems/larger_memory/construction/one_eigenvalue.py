r"""Noise of an eigenvalue: at most a constant times y over the phase, at the crossing.

For spaced interlacing methods (`sum_rule`), :math:`g\le1` and :math:`0<\lambda\le1`,

.. math:: s_\lambda\le25\cdot2^{M/2}\,\frac{y_\lambda}{\vartheta(y_\lambda)},\qquad
    \lambda\Phi(y_\lambda)=1,\qquad\Phi(y)=\frac gy\prod_i\frac{\max(y,z_i)}{\max(y,p_i)}.

For :math:`\lambda_k=k^{-\nu}` the sum of this is at most theorem D's bound: with
:math:`\alpha_i=g\prod_{j\le i}z_j/p_j`, :math:`\mu_i=p_i/\alpha_{i-1}`,
:math:`R=\max p_i/z_{i+1}` and :math:`m=\nu-1`,

.. math:: \frac{y_\lambda}{\vartheta(y_\lambda)}\le\lambda g+R\sum_iz_i\min(1,\lambda/\mu_i),\qquad
    \sum_k\min(1,\lambda_k/\mu)\le\Bigl(2+\frac1m\Bigr)\mu^{-1/\nu}.

Method: random methods and eigenvalues, and those where the phase is least; of the noise summand in
balls the upper end. Computed is how far the left side is above the right one, at most, for each of
the three inequalities; theory is that it is not.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.noise_sums.mode_summands import ball_form, mode_summands
from sgdmem.numeric.theorems.check import Case, Claim, Statement
from sgdmem.numeric.theorems.larger_memory.construction.interlacing import (
    Interlacing,
    random_interlacing,
)

STATEMENT = Statement(
    "Noise of an eigenvalue",
    "docs/theory/larger-memory-construction",
    tolerance=1e-9,
    reason="rounding of crossings, of which one inequality is sharp",
)
_DRAWS = 24
_EIGENVALUES, _FIRST = 200, -30.0  # for each method, from 10^_FIRST
_DECADES = 8  # of a stretch


class Prediction(NamedTuple):
    """Bounds of s over y, of y over the phase, and of the sum of min(1, lambda / mu)."""

    noise: Array
    crossing: Array
    total: float


def claim(method: Interlacing, lam: Array, y: Array, nu: float, mu: float) -> Prediction:
    """Predict for eigenvalues, their crossings, and a power law of which some are above mu."""
    p, z = (np.array(roots, float) for roots in (method.poles, method.zeros))
    rates = method.gain * np.cumprod(z / p)
    plateaus = p / np.append(method.gain, rates[:-1])
    spread = float((p[:-1] / z[1:]).max(initial=1.0))
    total = (z * np.minimum(1, lam[:, None] / plateaus)).sum(axis=1)
    return Prediction(
        25 * 2 ** (len(p) / 2) * y / method.phase(y),
        lam * method.gain + spread * total,
        (2 + 1 / (nu - 1)) * mu ** (-1 / nu),
    )


def check(claim: Claim = claim) -> list[Case]:
    """Compare for random methods of memory 1 to 4."""
    rng, cases = np.random.default_rng(0), []
    for draw in range(_DRAWS):
        method = random_interlacing(rng, 1 + draw % 4, _DECADES)
        lam = np.append(10 ** rng.uniform(_FIRST, 0, _EIGENVALUES), resonant(method))
        y, nu, mu = method.crossing(lam), rng.uniform(1.1, 4), 10 ** rng.uniform(-6, 1)
        predicted = claim(method, lam, y, nu, mu)
        count = np.minimum(1, np.arange(1.0, 10**5) ** -nu / mu).sum()
        label = f"memory {len(method.poles)}, draw {draw}"
        for name, ratio in (
            ("noise", (noise_summands(method, lam) / predicted.noise).max()),
            ("crossing", (y / method.phase(y) / predicted.crossing).max()),
            ("count", count / predicted.total),
        ):
            cases.append(Case.within(f"{label}: {name}", ratio))
    return cases


def resonant(method: Interlacing) -> Array:
    """Return the eigenvalues up to 1 at whose crossing the phase is least on a stretch."""
    middles = np.sqrt(np.array(method.poles, float) * np.array(method.zeros, float))
    found = 1 / method.modulus(middles)
    return np.asarray(found[found <= 1])


def noise_summands(method: Interlacing, lam: Array) -> Array:
    """Return what the summands are at most, proved."""
    modes = mode_summands(ball_form([method.algorithm]), Ball(lam))
    assert (modes.schur == 1).all()
    return np.asarray((Ball(lam) * modes.noise).upper[0])


PERTURBED: dict[str, Claim] = {
    "at most 1.4 y over the phase": lambda method, *x: claim(method, *x)._replace(
        noise=1.4 * x[1] / method.phase(x[1])
    ),
    "the phase does not matter": lambda method, *x: claim(method, *x)._replace(
        noise=25 * 2 ** (len(method.poles) / 2) * x[1]
    ),
    "without the spread": lambda method, lam, y, nu, mu: claim(method, lam, y, nu, mu)._replace(
        crossing=claim(method, lam, y, nu, mu).crossing - 0.9 * lam * method.gain
    ),
    "1/m in the place of 2 + 1/m": lambda *x: claim(*x)._replace(
        total=claim(*x).total / (2 * x[3] - 1)
    ),
}
