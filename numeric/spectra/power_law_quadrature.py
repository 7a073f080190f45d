r"""Sums over long and infinite power laws, with rigorous error bounds.

For :math:`\lambda_k = \Lambda k^{-\nu}` and a summand :math:`f(\lambda) = \lambda g(\lambda)`:

- the first terms, the head, are added one by one;
- Euler-Maclaurin at midpoints turns the rest into
  :math:`\int f\,dk = (\Lambda^{1/\nu}/\nu)\int g(\lambda)\lambda^{-1/\nu}d\lambda`
  and end corrections, which are exact combinations of six neighbouring terms;
- the integral is cut into panels of ratio 3, with a Gauss-Legendre rule on each and one
  Gauss-Jacobi rule on the last panel (0, L].

Where no eigenvalue is left to itself, as under weight decay, the summand is
:math:`f(\lambda)=\lambda^2g(\lambda)`, and an infinite law of exponent 1 or less has a sum too.

Beyond an exponent of 8 nothing but the head is summed, and the tail is an error term.

All of this is a list of nodes and weights that depends on the law alone, with the disks of
`sgdmem.numeric.spectra.quadrature` for its error.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, factorial
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import distinct
from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.spectra.euler_maclaurin import REST, end_correction, end_disks_and_errors
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.numeric.spectra.quadrature import RATIO, REACH, Rule
from sgdmem.symbolic.errors import InputError

HEAD = 512  # terms added one by one, unless the caller asks for more
_STEEP = 8.0  # exponent from which the tail beyond the head is negligible: below 1e-19 of the head
_TINY_SHARE = 1e-30  # of the largest eigenvalue: where the head of a steep law ends
_LAST_REACH = 2.0
_MOST_STEPS = 50  # of Newton's method; three are usual
_SMALLEST = 1e-290  # an eigenvalue; below, relative rounding errors are no longer bounded by UNIT


@dataclass(frozen=True)
class LongLaw:
    """A power law as a `LongSpectrum`.

    Attributes
    ----------
    law : PowerLaw
    points : int
        Nodes of a panel.
    last : float
        Where the last panel (0, L] of an infinite law begins, relative to the first one.
    power : int
        1, or 2 where the disks bound f / lambda^2.

    Examples
    --------
    The sum of all k^-2, that is of lambda g with g = 1:

    >>> squares = LongLaw(PowerLaw(2.0, 1.0, None))
    >>> found = squares.rule(HEAD, squares.edges(HEAD))
    >>> float((found.weights * found.nodes.mid).sum()), float(found.errors.sum()) < 1e-13
    (1.64493406684822..., True)
    """

    law: PowerLaw
    points: int = 20
    last: float = 1e-20
    power: int = 1

    @property
    def count(self) -> int | None:
        """How many eigenvalues it has; None if infinitely many."""
        return self.law.count

    def every(self) -> tuple[Ball, Array]:
        """Return all its eigenvalues and their multiplicities."""
        assert self.count is not None
        return self.law.eigenvalues(np.arange(1.0, self.count + 1)), np.ones(self.count)

    def edges(self, head: int, ratio: float = RATIO) -> Array:
        """Return the ends of the panels that cover [lambda(N), lambda(head)], largest first.

        None for a steep law. A ``ratio`` below 3 makes the panels shorter.

        Raises
        ------
        InputError
            If the law leaves the range of floating-point numbers beyond the head.
        """
        law = self.law
        if law.exponent > _STEEP:
            return np.empty(0)
        top = (head + 0.5) ** -law.exponent
        last = top * self.last if law.count is None else (law.count + 0.5) ** -law.exponent
        if not law.scale * last > _SMALLEST:
            raise InputError(
                f"a power law with exponent {law.exponent:g} and scale {law.scale:g} needs a count "
                f"of at most {head}: its further eigenvalues leave the range of floating-point "
                f"numbers"
            )
        pieces = max(1, ceil(np.log(top / last) / np.log(ratio)))
        edges = top * (last / top) ** (np.arange(pieces + 1) / pieces)
        if law.count is None:
            edges = np.append(edges, 0.0)
        return np.asarray(law.scale * edges)

    def rule(self, head: int, edges: Array) -> Rule:
        """Return the rule with these panels; a steep law has a head of its own."""
        if self.law.exponent > _STEEP:
            return _head_only(self.law, head)
        return _assemble(self.law, head, tuple(edges.tolist()), self.points, self.power)

    def beside(self, values: Array, head: int) -> tuple[Ball, Array]:
        """Return the eigenvalues next to some values, beyond the first ones, and their places."""
        law = self.law
        with np.errstate(over="ignore"):
            place = (law.scale / values) ** (1 / law.exponent)
        last = np.inf if law.count is None else float(law.count)
        k = distinct(np.concatenate([np.floor(place), np.ceil(place)]))
        k = k[(k > head) & (k <= last) & np.isfinite(k)]
        return law.eigenvalues(k), k - 1


@lru_cache(maxsize=64)
def _head_only(law: PowerLaw, most: int) -> Rule:
    # what is negligible is left out, unless a caller asks for more
    least = np.log(_TINY_SHARE) if most <= HEAD else np.log(_SMALLEST) - np.log(law.scale)
    head = max(1, min(most, int(np.exp(max(0.0, -least / law.exponent)))))
    first = law.eigenvalues(np.arange(1.0, head + 1))
    end = max(law.scale * (head + 1.0) ** -law.exponent, _SMALLEST)
    # sum_(k>K) k^-nu <= int_(K+1/2)^oo, the summand being convex
    tail = law.scale * (head + 0.5) ** (1 - law.exponent) / (law.exponent - 1)
    return Rule(
        np.arange(head),
        # the end of (0, L] has no weight: it shows which side of stability the panel is on
        Ball(np.append(first.mid, end), np.append(first.rad, 0.0)),
        np.append(np.ones(head), 0.0),
        Ball(np.array([end / 2]), np.array([_LAST_REACH * end / 2 * (1 + 8 * UNIT)])),
        np.array([1.01 * max(tail, _SMALLEST)]),
        np.array([-1]),
    )


@lru_cache(maxsize=64)
def _assemble(law: PowerLaw, head: int, ends: tuple[float, ...], points: int, power: int) -> Rule:
    edges = np.array(ends)
    upper, lower = edges[:-1], edges[1:]
    offsets, end_weights = end_correction()
    k = [np.arange(1.0, head + 1), head + 0.5 + offsets]
    weights = [np.ones(head), end_weights]
    if law.count is not None:
        k.append(law.count + 0.5 + offsets)
        weights.append(-end_weights)
    at_ends = law.eigenvalues(np.concatenate(k))
    regular = lower > 0
    parts = [_legendre_panels(law, lower[regular], upper[regular], points)]
    if not regular.all():
        parts.append(_jacobi_panel(law, float(upper[~regular][0]), points, power))
    inside = np.concatenate([nodes for nodes, _ in parts])
    end_disks, end_errors = end_disks_and_errors(law, head)
    center, half = (upper + lower) / 2, (upper - lower) / 2
    reach = np.where(regular, REACH, _LAST_REACH)
    if power == 2:  # |f / lambda| is at most the bound times the largest |lambda| in the disk
        end_errors = end_errors * (end_disks.mid + end_disks.rad) * (1 + 8 * UNIT)
    return Rule(
        np.arange(head),
        Ball(
            np.concatenate([at_ends.mid, inside]),
            np.concatenate([at_ends.rad, 8 * UNIT * inside]),
        ),
        np.concatenate([*weights, *(weights for _, weights in parts)]),
        Ball(
            np.concatenate([center, end_disks.mid]),
            np.concatenate([reach * half * (1 + 8 * UNIT), end_disks.rad]),
        ),
        np.concatenate([_panel_errors(law, lower, upper, points, power), end_errors]),
        np.concatenate([np.arange(upper.size), np.full(end_errors.size, -1)]),
    )


def _legendre_panels(law: PowerLaw, lower: Array, upper: Array, points: int) -> tuple[Array, Array]:
    """Return nodes and weights of f dk = g(lam) density dlam = f(lam) density / lam dlam."""
    nu = law.exponent
    center, half = (upper + lower)[:, None] / 2, (upper - lower)[:, None] / 2
    x, w = legendre_rule(points)
    lam = center + half * x
    with np.errstate(over="ignore"):  # of laws that hardly fall, whose sums are infinite
        density = (law.scale / lam) ** (1 / nu) / nu
    return lam.ravel(), (half * w * density / lam).ravel()


def _jacobi_panel(law: PowerLaw, end: float, points: int, power: int) -> tuple[Array, Array]:
    """Return nodes and weights of the last panel (0, end]."""
    t, probability = _jacobi_rule(law.exponent, points, power)
    return end * t, _last_mass(law, end, power) * probability / (end * t) ** power


def _last_mass(law: PowerLaw, end: float, power: int) -> float:
    """Return int_0^L lam^(p-1) (Lambda/lam)^(1/nu) / nu dlam."""
    if power * law.exponent <= 1:
        return np.inf
    return float(end**power * (law.scale / end) ** (1 / law.exponent) / (power * law.exponent - 1))


@lru_cache(maxsize=8)
def legendre_rule(points: int) -> tuple[Array, Array]:
    """Return the nodes and weights of the Gauss-Legendre rule on (-1, 1)."""
    from flint import arb

    pairs = [arb.legendre_p_root(points, i, weight=True) for i in range(points)]
    nodes, weights = zip(*((float(x), float(w)) for x, w in pairs), strict=True)
    return np.array(nodes), np.array(weights)


@lru_cache(maxsize=64)
def _jacobi_rule(nu: float, points: int, power: int) -> tuple[Array, Array]:
    """Return Gauss nodes on (0, 1) and probabilities for the density t^(p-1-1/nu)."""
    from flint import arb, arb_poly, ctx

    with ctx.workprec(140 + 8 * points):  # the coefficients alternate and cancel
        # without a finite mass any rule will do: the sum is infinite
        b = power - 1 - 1 / arb(nu) if power * nu > 1 else arb(0)
        # the orthogonal polynomial is 2F1(-n, n + 1 + b; 1 + b; t)
        coefficients = [arb(1)]
        for j in range(points):
            factor = (j - points) * (points + 1 + b + j) / ((1 + b + j) * (j + 1))
            coefficients.append(coefficients[-1] * factor)
        polynomial = arb_poly(coefficients)
        slope = polynomial.derivative()
        near = _jacobi_nodes_nearly(float(b), points).tolist()
        around_one = arb(1, arb(2) ** -(60 + 4 * points))
        roots = [_enclosed_root(polynomial, slope, arb(t), around_one) for t in near]
        weights = [1 / (t * (1 - t) * slope(t) ** 2) for t in roots]
        total = sum(weights)
        nodes, probabilities = [*map(float, roots)], [float(w / total) for w in weights]
    return np.array(nodes), np.array(probabilities)


def _jacobi_nodes_nearly(b: float, points: int) -> Array:
    """Return the nodes for the density t^b in floats: eigenvalues of the recurrence's matrix."""
    k = np.arange(points, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        diagonal = np.where(k == 0, b / (b + 2), b * b / ((2 * k + b) * (2 * k + b + 2)))
        n = k[1:]
        beside = 4 * n**2 * (n + b) ** 2 / ((2 * n + b) ** 2 * (2 * n + b + 1) * (2 * n + b - 1))
    beside[:1] = 4 * (1 + b) / ((2 + b) ** 2 * (3 + b))  # the same without 0 / 0 at b = -1
    return (1 + np.linalg.eigvalsh(np.diag(diagonal) + np.diag(np.sqrt(beside), -1))) / 2


def _enclosed_root(polynomial: Any, slope: Any, root: Any, around_one: Any) -> Any:
    """Return an enclosure of the one root near a number, by the interval Newton method."""
    for _ in range(_MOST_STEPS):
        root = (root - polynomial(root) / slope(root)).mid()
        around = root * around_one
        enclosed = root - polynomial(root) / slope(around)
        if around.contains_interior(enclosed):
            return enclosed
    raise ArithmeticError(f"no root of a Jacobi polynomial was found near {float(root)}")


def _panel_errors(law: PowerLaw, lower: Array, upper: Array, points: int, power: int) -> Array:
    """Return each panel's error for a summand whose g is bounded by 1 on its disk."""
    nu, scale = law.exponent, law.scale
    regular = lower > 0
    half = (upper - lower) / 2
    reach = np.where(regular, REACH, _LAST_REACH)
    r = reach + np.sqrt(reach**2 - 1)  # of the Bernstein ellipse inside the disk
    with np.errstate(all="ignore"):
        # of the weights: a power of 1 / nu, itself rounded, magnifies errors of its base
        size = np.log(scale / np.where(regular, lower, upper))
        rounding = (64 + (16 + 2 * size) / nu) * UNIT
        # L. N. Trefethen, Approximation Theory and Approximation Practice, Theorem 19.3
        nearest = np.where(regular, (upper + lower) / 2 - reach * half, upper)
        density = (scale / nearest) ** (1 / nu) / nu
        gauss = density * 64 / 15 * half * r ** (-2 * points) / (1 - r**-2)
        first, beyond = (scale / upper) ** (1 / nu), (scale / lower) ** (1 / nu)
        error = gauss + rounding * upper * (beyond - first)  # more than the panel's mass
        # a positive rule that is exact to degree 2n - 1 errs by twice the best approximation
        last = np.array([_last_mass(law, end, power) for end in upper])
        last *= 4 * r ** (1 - 2 * points) / (r - 1) + rounding
        # Rest of Euler-Maclaurin: Cauchy's estimate on |y - k| <= rho k, where lambda(y) stays
        # in the disk and below exp(x) lambda(k).
        x = np.log1p((reach - 1) * half / upper)
        rho = x / (nu + x)
        powers = (first**-6.0 - beyond**-6.0) / 6  # of the integral of k^-7
        rest = REST * factorial(7) / rho**7 * np.exp(x) * upper * powers
        if power == 2:
            error = error * ((upper + lower) / 2 + reach * half)  # the largest |lambda| in the disk
            rest = rest * np.exp(x) * upper
    total = 1.01 * (np.where(regular, error, last) + rest)
    return np.where(np.isnan(total), np.inf, total)  # of panels without a width
