r"""Sums over long and infinite power laws, with rigorous error bounds.

For :math:`\lambda_k = \Lambda k^{-\nu}` and a summand :math:`f(\lambda) = \lambda g(\lambda)`:

- the first `HEAD` terms are added one by one;
- Euler-Maclaurin at midpoints turns the rest into
  :math:`\int f\,dk = (\Lambda^{1/\nu}/\nu)\int g(\lambda)\lambda^{-1/\nu}d\lambda`
  and end corrections, which are exact combinations of six neighbouring terms;
- the integral is cut into panels of ratio 3, with a Gauss-Legendre rule on each and one
  Gauss-Jacobi rule on the last panel (0, L].

All of this is a list of nodes and weights that depends on the law alone. The error bounds need
one number of the summand on each panel: an upper bound of :math:`|g|` on a complex disk around it.
A panel whose disk is too large (it meets a pole, or the enclosure is too wide) is halved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import factorial

import numpy as np

from sgdmem.numeric.ball import Array, Ball
from sgdmem.numeric.spectrum import PowerLaw
from sgdmem.symbolic.errors import InputError

HEAD = 512
_POINTS = 20  # nodes of a panel
_LAST = 1e-20  # where the last panel (0, L] of an infinite law begins, relative to its tail
_REACH = 1.6  # radius of a panel's disk over the half-width of the panel
_LAST_REACH = 2.0
_MOST_HALVINGS = 12
_UNIT = 2.0**-53
_SMALLEST = 1e-290  # an eigenvalue; below, relative rounding errors are no longer bounded by _UNIT
# Midpoint Euler-Maclaurin at K + 1/2: sum_(k>K) F(k) - int_(K+1/2)^oo F = F'/24 - 7 F'''/5760
# + 31 F^(5)/967680 + rest, with |rest| <= 2 zeta(7) / (2 pi)^7 int |F^(7)|.
_END_TERMS = {1: Fraction(1, 24), 3: Fraction(-7, 5760), 5: Fraction(31, 967680)}
_REST = 5.22e-6
_SHRINK = 0.1  # F is bounded on disks |y - k| <= rho k, rho = _SHRINK / nu but at most 0.3

Bound = Callable[[Ball], tuple[Array, Array]]


@dataclass(frozen=True)
class Rule:
    """Nodes and weights for one power law, and what the error bounds need.

    Attributes
    ----------
    nodes : Ball, shape (n,)
        Eigenvalues at which the summand is evaluated.
    weights : ndarray, shape (n,)
        Their weights (the few end corrections can be negative).
    lower, upper : ndarray, shape (panels,)
        Panels of the integral; the last one may begin at 0.
    """

    nodes: Ball
    weights: Array
    lower: Array
    upper: Array


@lru_cache(maxsize=64)
def rule(law: PowerLaw) -> Rule:
    """Return the rule of a power law, before any panel is halved."""
    return _assemble(law, *_panels(law))


def bounded_rule(law: PowerLaw, bound: Bound) -> tuple[Rule, bool, float, float]:
    """Return a rule for summands bounded on its disks, and its errors for the two summands.

    Parameters
    ----------
    law
        The power law; infinite, or longer than `HEAD` by far.
    bound
        Maps balls (complex disks) to upper bounds of ``|g|`` on them, for two summands at once;
        infinite where there is none.

    Returns
    -------
    rule, covered, error, output_error
        ``covered`` says whether every disk could be bounded; if not, the errors are infinite.
    """
    lower, upper = _panels(law)
    found = [np.full(lower.shape, np.inf), np.full(lower.shape, np.inf)]
    todo = np.ones(lower.shape, dtype=bool)
    halvings = 0
    while True:
        fresh = bound(_disks(lower[todo], upper[todo]))
        for values, new in zip(found, fresh, strict=True):
            values[todo] = new
        todo = ~np.isfinite(found[0]) | ~np.isfinite(found[1])
        todo &= lower > 0  # halving (0, L] would only move the trouble closer to 0
        if not todo.any() or halvings == _MOST_HALVINGS:
            break
        halvings += 1
        lower, upper, found, todo = _halve(lower, upper, found, todo)
    whole = rule(law) if halvings == 0 else _assemble(law, lower, upper)
    ends = [HEAD] if law.count is None else [HEAD, law.count]
    places = np.array([law.scale * (end + 0.5) ** -law.exponent for end in ends])
    at_ends = bound(Ball(1.04 * places + 0j, 0.46 * places))
    errors = [
        _integral_error(law, lower, upper, values)
        + _end_error(law, float(np.max(at_end)), len(ends))
        for values, at_end in zip(found, at_ends, strict=True)
    ]
    covered = all(np.isfinite(values).all() for values in (*found, *at_ends))
    return whole, covered, errors[0], errors[1]


def _panels(law: PowerLaw) -> tuple[Array, Array]:
    """Return the panels that cover [lambda(N), lambda(HEAD)], largest first."""
    top = (HEAD + 0.5) ** -law.exponent
    last = top * _LAST if law.count is None else (law.count + 0.5) ** -law.exponent
    if not law.scale * last > _SMALLEST:
        raise InputError(
            f"a power law with exponent {law.exponent:g} and scale {law.scale:g} needs a count of "
            f"at most {HEAD}: its further eigenvalues leave the range of floating-point numbers"
        )
    pieces = max(1, round(np.log(top / last) / np.log(3.0)))
    edges = top * (last / top) ** (np.arange(pieces + 1) / pieces)
    if law.count is None:
        edges = np.append(edges, 0.0)
    return law.scale * edges[1:], law.scale * edges[:-1]


def _disks(lower: Array, upper: Array) -> Ball:
    center, half = (upper + lower) / 2, (upper - lower) / 2
    reach = np.where(lower > 0, _REACH, _LAST_REACH)
    return Ball(center + 0j, reach * half * (1 + 8 * _UNIT))


def _halve(
    lower: Array, upper: Array, found: list[Array], todo: Array
) -> tuple[Array, Array, list[Array], Array]:
    middle = np.sqrt(lower[todo] * upper[todo])
    keep = ~todo
    infinite = np.full(2 * middle.size, np.inf)
    return (
        np.concatenate([lower[keep], middle, lower[todo]]),
        np.concatenate([upper[keep], upper[todo], middle]),
        [np.concatenate([values[keep], infinite]) for values in found],
        np.concatenate([np.zeros(keep.sum(), bool), np.ones(infinite.size, bool)]),
    )


def _assemble(law: PowerLaw, lower: Array, upper: Array) -> Rule:
    nu, scale = law.exponent, law.scale
    offsets, ends = _end_correction()
    indices = [np.arange(1.0, HEAD + 1), HEAD + 0.5 + offsets]
    weights = [np.ones(HEAD), ends]
    if law.count is not None:
        indices.append(law.count + 0.5 + offsets)
        weights.append(-ends)
    k = np.concatenate(indices)
    nodes = [scale * k**-nu]
    regular = lower > 0
    center = (upper[regular] + lower[regular])[:, None] / 2
    half = (upper[regular] - lower[regular])[:, None] / 2
    x, w = np.polynomial.legendre.leggauss(_POINTS)
    lam = center + half * x
    nodes.append(lam.ravel())
    # f dk = g(lam) density dlam = f(lam) density / lam dlam, density = (Lambda/lam)^(1/nu) / nu
    weights.append((half * w * (scale / lam) ** (1 / nu) / (nu * lam)).ravel())
    if not regular.all():
        end = upper[~regular][0]
        t, probability = _jacobi_rule(nu)
        # int_0^L g (Lambda/lam)^(1/nu) / nu dlam = L (Lambda/L)^(1/nu) / (nu - 1) E[g(L t)]
        mass = end * (scale / end) ** (1 / nu) / (nu - 1) if nu > 1 else np.inf
        nodes.append(end * t)
        weights.append(mass * probability / (end * t))
    lam = np.concatenate(nodes)
    return Rule(Ball(lam, 32 * _UNIT * lam), np.concatenate(weights), lower, upper)


@lru_cache(maxsize=1)
def _end_correction() -> tuple[Array, Array]:
    """Return offsets and weights of the end correction, exact up to the fifth derivative."""
    offsets = [Fraction(1, 2), Fraction(3, 2), Fraction(5, 2)]
    # Solve sum_i 2 w_i x_i^m = m! e_m for m = 1, 3, 5 by Cramer's rule on a Vandermonde matrix.
    matrix = [[2 * x**m for x in offsets] for m in _END_TERMS]
    right = [factorial(m) * e for m, e in _END_TERMS.items()]
    weights = []
    for column in range(3):
        replaced = [
            [right[i] if j == column else row[j] for j in range(3)] for i, row in enumerate(matrix)
        ]
        weights.append(_determinant(replaced) / _determinant(matrix))
    return (
        np.array([*(-float(x) for x in offsets), *map(float, offsets)]),
        np.array([*(-float(w) for w in weights), *map(float, weights)]),
    )


def _determinant(m: list[list[Fraction]]) -> Fraction:
    return (
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
        - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    )


@lru_cache(maxsize=64)
def _jacobi_rule(nu: float) -> tuple[Array, Array]:
    """Return Gauss nodes on (0, 1) and probabilities for the density t^(-1/nu) (Golub-Welsch)."""
    b = -1 / nu if nu > 1 else 0.0  # without a finite mass any rule will do: the sum is infinite
    n = np.arange(1, _POINTS, dtype=float)
    # Jacobi polynomials with exponents 0 at t = 1 and b at t = 0, on (-1, 1)
    diagonal = np.concatenate([[b / (b + 2)], b * b / ((2 * n + b) * (2 * n + b + 2))])
    squares = 4 * n**2 * (n + b) ** 2 / ((2 * n + b) ** 2 * ((2 * n + b) ** 2 - 1))
    beside = np.sqrt(squares)
    values, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1))
    return (1 + values) / 2, vectors[0] ** 2


def _integral_error(law: PowerLaw, lower: Array, upper: Array, bounds: Array) -> float:
    """Bound the error of the panels for a summand whose g is bounded by ``bounds`` on the disks."""
    if not np.isfinite(bounds).all():
        return np.inf
    nu, scale = law.exponent, law.scale
    regular = lower > 0
    center, half = (upper + lower) / 2, (upper - lower) / 2
    total = 0.0
    for index in range(lower.size):
        reach = _REACH if regular[index] else _LAST_REACH
        r = reach + (reach**2 - 1) ** 0.5
        if regular[index]:
            nearest = center[index] - reach * half[index]
            if nearest <= 0:
                return np.inf
            density = (scale / nearest) ** (1 / nu) / nu
            # Trefethen, Approximation Theory and Approximation Practice, Theorem 19.3
            rule_error = 64 / 15 * half[index] * r ** (-2 * _POINTS) / (1 - r**-2)
            mass = 2 * half[index] * (scale / lower[index]) ** (1 / nu) / nu
            total += bounds[index] * (density * rule_error + 256 * _UNIT * mass)
        else:
            if nu <= 1:
                return np.inf
            mass = upper[index] * (scale / upper[index]) ** (1 / nu) / (nu - 1)
            rule_error = 4 * r ** (1 - 2 * _POINTS) / (r - 1)
            total += bounds[index] * mass * (rule_error + 256 * _UNIT)
    return float(1.01 * total)


def _end_error(law: PowerLaw, largest: float, ends: int) -> float:
    """Bound the rest of Euler-Maclaurin and of the finite differences at the ends of the integral.

    Cauchy's estimate on disks |y - k| <= rho k, on which |F(y)| <= largest |lambda(y)| and
    |lambda(y)| <= lambda(k) exp(_SHRINK / (1 - rho)).
    """
    nu = law.exponent
    rho = min(_SHRINK / nu, 0.3)
    offsets, weights = _end_correction()
    first = HEAD + 0.5 + offsets[0]
    growth = np.exp(_SHRINK / (1 - rho))
    derivative = factorial(7) / rho**7 * largest * growth * law.scale  # of k^(-nu-7), at most
    at_end = derivative * first ** (-nu - 7)
    integral = derivative * first ** (-nu - 6) / (nu + 6)
    differences = float(np.sum(np.abs(weights) * np.abs(offsets) ** 7)) / factorial(7)
    return float(_REST * integral + ends * differences * at_end)
