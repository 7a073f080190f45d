r"""Simplified DANA: to first order in the eigenvalue, gamma_3 and the damping together.

.. math::
    \Omega=\begin{pmatrix}-2\gamma_2\lambda&0&-2\gamma_3\\0&-2\Delta&2\lambda\\
    \lambda&-\gamma_3&-\Delta-\gamma_2\lambda\end{pmatrix},\qquad
    \frac{2P\lambda}B\begin{pmatrix}\gamma_2^2\\1\\0\end{pmatrix},

if gradients for y and for theta come at different times; at the same times the last entry is
:math:`-\gamma_2`.

Method: the speeds of the whole step are derived from the update, and differentiated where all
three are small, by differences.
"""

from __future__ import annotations

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.systems.dana_ode import Clock, moment_speeds, symbols
from sgdmem.numeric.theorems.check import Case, Claim, Statement

STATEMENT = Statement(
    "Simplified DANA",
    "arXiv 2505.16098, its simplified differential equation",
    tolerance=1e-9,
    reason="differences of polynomials in floats",
)
_CLOCKS: tuple[Clock, ...] = ("step", "coin-flip")


def claim(g2: float, g3: float, damping: float, lam: float, B: float, clock: Clock) -> Array:
    """Return the matrix, and the force as its last column."""
    return np.array(
        [
            [-2 * g2 * lam, 0, -2 * g3, lam / B * g2**2],
            [0, -2 * damping, 2 * lam, lam / B],
            [lam, -g3, -damping - g2 * lam, -lam / B * g2 * (clock == "step")],
        ]
    )


def check(claim: Claim = claim) -> list[Case]:
    """Compare all entries, at random rates."""
    cases = []
    for seed, clock in enumerate(_CLOCKS):
        rng = np.random.default_rng(seed)
        for B in (1.0, 7.0):
            rates = tuple(rng.uniform(0.2, 1, 4))
            found, theory = _first_order(rates, B, clock), claim(*rates, B, clock)
            cases += [
                Case(f"{clock}, B = {B:g}, entry {k}", float(x), float(y))
                for k, (x, y) in enumerate(zip(found.ravel(), theory.ravel(), strict=True))
            ]
    return cases


def _first_order(rates: tuple[float, ...], B: float, clock: Clock) -> Array:
    """Return the derivative of the whole speeds along (gamma_3, damping, lambda), at 0."""
    g2, *small = rates
    matrix, force = moment_speeds(clock)
    entries = matrix.row_join(force)
    h = 2.0**-5  # of polynomials of degree 4: these differences are exact
    points = np.array(
        [
            np.array(
                entries.subs(zip(symbols(), (g2, *(h * k * x for x in small), -1, B), strict=True)),
                dtype=float,
            )
            for k in (-2, -1, 1, 2)
        ]
    )
    return np.asarray(np.tensordot([1, -8, 8, -1], points, axes=1) / (12 * h))


PERTURBED: dict[str, Claim] = {
    "no noise in common": lambda g2, g3, damping, lam, B, clock: claim(
        g2, g3, damping, lam, B, "coin-flip"
    ),
    "noise in common": lambda g2, g3, damping, lam, B, clock: claim(
        g2, g3, damping, lam, B, "step"
    ),
    "gamma_3 in the force": lambda g2, g3, *rest: (
        claim(g2, g3, *rest) + np.outer([1, 0, 0], [0, 0, 0, g3])
    ),
    "twice the damping": lambda g2, g3, damping, *rest: claim(g2, g3, 2 * damping, *rest),
}
