r"""Potential of small discs: no polynomial is small on small discs about all eigenvalues.

Take :math:`\lambda_k=k^{-\nu}`, and weights :math:`w_k=k^{\nu s-1}`, :math:`s=\frac12-\delta`, of
the circles :math:`|z-\lambda_k|=q\lambda_k`, :math:`k_1\le k\le k_\ast`, which are disjoint. With
:math:`L=\log(1/q)` the mean of :math:`\log|1-z/\xi|` over all circles, times :math:`\sum w_k`, is

.. math:: \mathcal G(\xi)=\sum_kw_k\log\frac{\max(|\xi-\lambda_k|,q\lambda_k)}{|\xi|}.

Nowhere is it below its least value on the circles, and on that of k it is at least its value at
:math:`\lambda_k` without the term of k, less :math:`w_kL+6k_\ast q\sum w`. These sums are compared
with an integral,

.. math:: \int_0^\infty\log|1-y|\,\frac{dy}{y^{1+s}}=\frac{\pi\cot\pi s}s,

and Lemma P follows: :math:`\mathcal G\ge-CLk_1^{\nu s}-6k_\ast q\sum w` for
:math:`k_1\ge CL/\delta`. The proof has some C; tried is :math:`C=\frac12`, with
:math:`k_1\ge L/8\delta`, :math:`\nu\le6`. Lemma P′ has the same bound with
:math:`|\xi|+\frac14\lambda_{k_\ast}` for :math:`|\xi|`, so that a polynomial is bounded on a disc
about 0, too.

Method: means over points of circles; the integral by quadrature; values on the circles, and at
minima that descents from anywhere find. Computed are means and the integral, and violations of the
bounds; theory is that there are none.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.theorems.check import Case, Claim, Statement, larger

STATEMENT = Statement(
    "Potential of small discs",
    "docs/theory/larger-memory-limits, Lemma P; larger-memory-time-dependent, Lemma P′",
    tolerance=1e-9,
    reason="quadrature and rounding",
)
PLACES = ((1.5, 17.0, 0.1), (2.0, 17.0, 0.05), (3.0, 17.0, 0.02), (4.0, 20.0, 0.1))  # nu, L, delta
_COUNT = 1200  # of circles
_ANGLES = np.exp(1j * np.pi * np.arange(3) / 2)


class Circles(NamedTuple):
    """Circles of the relative radius exp(-L) about the eigenvalues from the first to the last."""

    nu: float
    L: float
    delta: float
    k: Array

    @property
    def q(self) -> float:
        """The relative radius."""
        return float(np.exp(-self.L))

    @property
    def weights(self) -> Array:
        """The masses of the circles."""
        return np.asarray(self.k ** (self.nu * (0.5 - self.delta) - 1))

    @property
    def margin(self) -> float:
        """What places on the circles, and their reach beyond others, can change."""
        return float(6 * self.k[-1] * self.q * self.weights.sum())

    def potential(self, points: Array, reach: float = 0) -> Array:
        """Return G at points of the plane, with abs(xi) + reach h_* for abs(xi), h_* the last."""
        h = self.k**-self.nu
        size = abs(points)[:, None] + reach * h[-1]
        return np.asarray(
            np.log(np.maximum(abs(points[:, None] - h), self.q * h) / size) @ self.weights
        )

    def others(self, k: float) -> float:
        """Return G at the eigenvalue of k without its own circle."""
        apart = self.k != k
        steps = np.expm1(self.nu * np.log(k / self.k[apart]))
        return float(np.log(abs(steps)) @ self.weights[apart])

    def on_circle(self, k: float, reach: float = 0, angles: Array = _ANGLES) -> float:
        """Return the least G at some angles of the circle of k; differences do not cancel."""
        steps = self.q * angles[:, None] - np.expm1(self.nu * np.log(k / self.k))
        size = abs(1 + self.q * angles) + reach * (k / self.k[-1]) ** self.nu
        return float((np.log(abs(steps)) @ self.weights - np.log(size) * self.weights.sum()).min())


class Prediction(NamedTuple):
    """The integral, the first circle, C, the share of its own circle's L, and Lemma P′'s reach."""

    integral: float
    first: float
    constant: float
    own: float
    reach: float


def claim(
    s: float,
    L: float,
    delta: float,
    *,
    first: float = 1 / 8,
    constant: float = 0.5,
    own: float = 1,
    reach: float = 1 / 4,
) -> Prediction:
    """Predict what circles need, and have."""
    integral = float(np.pi / np.tan(np.pi * s)) / s
    return Prediction(integral, first * L / delta, constant, own, reach)


def check(claim: Claim = claim) -> list[Case]:
    """Compare for the integral, and for measures of four kinds."""
    cases = []
    for s in (0.1, 0.3, 0.45, 0.6, 0.7):
        cases.append(Case(f"integral, s = {s:g}", _integral(s), claim(s, 1.0, 1.0).integral))
    rng = np.random.default_rng(0)
    for nu, L, delta in PLACES:
        predicted = claim(0.5 - delta, L, delta)
        first = max(1.0, np.ceil(predicted.first))
        measure = Circles(nu, L, delta, first + np.arange(_COUNT))
        chosen = np.unique(np.geomspace(1, _COUNT, 80).astype(int)) - 1
        lowest, near = ratios(measure, measure.k[chosen], predicted.own)
        further = farthest_below(measure, measure.k[chosen], predicted.reach)
        label = f"nu = {nu:g}, delta = {delta:g}"
        cases.append(Case.within(f"{label}: on circles", near))
        for name, ratio in (("P", lowest), ("P′", further)):
            cases.append(Case.within(f"{label}: Lemma {name}", ratio / predicted.constant))
        cases.append(Case(f"{label}: mean", _mean(rng, measure), 0.0))
        least = min(measure.on_circle(k) for k in measure.k)
        descents = descended(rng, measure, 4).min()
        cases.append(Case.within(f"{label}: descents", descents / least))
    return cases


def ratios(measure: Circles, chosen: Array, own: float = 1) -> tuple[float, float]:
    """Return -(G + margin) over L k_1^(nu s) at its largest, and what G lacks over its bound."""
    near = 0.0
    for k in chosen:
        lost = own * measure.L * k ** (measure.nu * (0.5 - measure.delta) - 1) + measure.margin
        near = larger(near, (measure.others(k) - measure.on_circle(k)) / lost)
    return farthest_below(measure, chosen), float(near)


def farthest_below(measure: Circles, chosen: Array, reach: float = 0) -> float:
    """Return -(G + margin) over L k_1^(nu s) at its largest on chosen circles."""
    scale = measure.L * measure.k[0] ** (measure.nu * (0.5 - measure.delta))
    least = min(measure.on_circle(k, reach) for k in chosen)
    return larger(0.0, -(least + measure.margin) / scale)


def descended(rng: np.random.Generator, measure: Circles, count: int) -> Array:
    """Return values of G where descents from random points of the plane end."""
    from scipy.optimize import minimize

    def at(place: Array) -> float:
        return float(measure.potential(np.array([np.exp(place[0] + 1j * place[1])]))[0])

    first, last = -measure.nu * np.log(measure.k[[-1, 0]])
    starts = np.column_stack([rng.uniform(first, last, count), rng.normal(size=count) * 0.1])
    return np.array([minimize(at, x, method="Nelder-Mead").fun for x in starts])


def _integral(s: float) -> float:
    """Return the integral over log y, with an end at its singular point."""
    import mpmath

    def integrand(v: mpmath.mpf) -> mpmath.mpf:
        if v < -1:  # log1p where expm1 would be -1
            return mpmath.log1p(-mpmath.exp(v)) * mpmath.exp(-s * v)
        return mpmath.log(abs(mpmath.expm1(v))) * mpmath.exp(-s * v)

    return float(mpmath.quad(integrand, [-100, -30, -8, -1, 0, 2, 8, 30, 100, 400]))


def _mean(rng: np.random.Generator, measure: Circles) -> float:
    """Return the largest error of the mean over one circle, for points inside and outside."""
    turn = np.exp(2j * np.pi * np.arange(400) / 400)
    worst = 0.0
    for _ in range(20):
        radius = rng.uniform(0.1, 0.9)
        xi = 1 + radius * rng.choice([0.2, 0.7, 1.5, 3.0]) * np.exp(2j * np.pi * rng.random())
        found = np.log(abs(1 - (1 + radius * turn) / xi)).mean()
        worst = larger(worst, abs(found - np.log(max(abs(xi - 1), radius) / abs(xi))))
    return float(worst)


PERTURBED: dict[str, Claim] = {
    "a constant of 0.2": partial(claim, constant=0.2),
    "any first circle": partial(claim, first=0.0),
    "0.9 L of its own circle": partial(claim, own=0.9),
    "a disc about 0 of four times the last eigenvalue": partial(claim, reach=4.0),
    "pi cot(pi s)": lambda *x: claim(*x)._replace(integral=claim(*x).integral * x[0]),
}
