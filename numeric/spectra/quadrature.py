r"""Quadrature of sums over a spectrum: few nodes with weights, and disks that bound the error.

For a summand :math:`f(\lambda) = \lambda g(\lambda)` a `Rule` says
:math:`\sum_k w_k f(\lambda_k) = \sum_i \omega_i f(\theta_i) + e` with
:math:`|e| \le \sum_j \epsilon_j \sup_{D_j}|g|`: g has to be bounded on a few complex disks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, log
from typing import Protocol, TypeAlias

import numpy as np

from sgdmem.numeric.arithmetic.arrays import distinct
from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.rounding import UNIT

REACH = 1.95  # radius of a panel's disk over the half-width of the panel
RATIO = 3.0  # at most, between the ends of a panel
_MOST_HALVINGS = 12
_STRETCH, _MOST_STRETCHES = 1e-20, 3  # of the panels towards 0, where a pole is close to it
_PIECES = 1 + ceil(-log(_STRETCH) / log(RATIO))
_LEAST = 1e-250  # an eigenvalue at which a panel may begin
_NO_MORE = 1e-13  # share of what the square of a polynomial usually weighs: rounding errors
_BEYOND = 1.0 + 1e-9  # no diagonal entry of its Jacobi matrix can be larger

Bound: TypeAlias = Callable[[Ball], tuple[Array, Array]]


@dataclass(frozen=True)
class Rule:
    """Nodes and weights, and what the error bounds need.

    Attributes
    ----------
    places : ndarray, shape (h,)
        The first h nodes are eigenvalues, with their multiplicities as weights: which ones. Beyond,
        each disk holds a node.
    nodes : Ball, shape (n,)
        Eigenvalues at which the summand is evaluated.
    weights : ndarray, shape (n,)
        Their weights.
    disks : Ball, shape (d,)
        Complex disks, with real centers, that cover all other eigenvalues.
    errors : ndarray, shape (d,)
        ``sum(errors * bounds)`` bounds the error for a summand with ``|g| <= bounds`` on the disks.
    panels : ndarray of int, shape (d,)
        The panel that a disk belongs to, or -1.
    """

    places: Array
    nodes: Ball
    weights: Array
    disks: Ball
    errors: Array
    panels: Array

    @property
    def head(self) -> int:
        """How many nodes are eigenvalues."""
        return int(self.places.size)


class LongSpectrum(Protocol):
    """A spectrum that is summed by a rule: a power law or a long list."""

    @property
    def count(self) -> int | None:
        """How many eigenvalues it has; None if infinitely many."""

    @property
    def power(self) -> int:
        """The power of lambda in f = lambda^p g: 1, or 2 where no mode is left to itself."""

    def every(self) -> tuple[Ball, Array]:
        """Return all its eigenvalues and their multiplicities."""

    def edges(self, head: int) -> Array:
        """Return the ends of the panels that cover the eigenvalues beyond the first ones."""

    def rule(self, head: int, edges: Array) -> Rule:
        """Return the rule that takes the first eigenvalues one by one and has these panels."""

    def beside(self, values: Array, head: int) -> tuple[Ball, Array]:
        """Return the eigenvalues next to some values, beyond the first ones, and their places."""


def bounded_rule(
    spectrum: LongSpectrum, head: int, bound: Bound
) -> tuple[Rule, tuple[Array, Array]]:
    """Return a rule whose disks suit a pair of summands, and their bounds on the disks.

    A panel whose disk is too large (it meets a pole, or the enclosure is too wide) is halved; in
    the place of the last one, (0, L], come more panels and a shorter last one.

    Parameters
    ----------
    spectrum
        At least twice as long as ``head``.
    head
        How many eigenvalues are taken one by one.
    bound
        Maps balls (complex disks) to upper bounds of ``|g|`` on them, for two summands at once;
        infinite where there is none.

    Returns
    -------
    rule, bounds
        A bound is infinite where halving did not help.
    """
    edges = spectrum.edges(head)
    found = spectrum.rule(head, edges)
    bounds = bound(found.disks)
    stretches = 0
    for _ in range(_MOST_HALVINGS):
        panels = found.panels[~(np.isfinite(bounds[0]) & np.isfinite(bounds[1]))]
        panels = panels[panels >= 0]
        last = edges[panels + 1] == 0  # halving (0, L] would move the trouble closer to 0
        panels, more = panels[~last], np.empty(0)
        if last.any() and stretches < _MOST_STRETCHES and edges[-2] * _STRETCH > _LEAST:
            stretches += 1
            more = np.geomspace(edges[-2], edges[-2] * _STRETCH, _PIECES)
        if panels.size + more.size == 0:
            break
        middles = np.sqrt(edges[panels]) * np.sqrt(edges[panels + 1])
        edges = distinct(np.concatenate([edges, middles, more]))[::-1]
        found = spectrum.rule(head, edges)
        bounds = bound(found.disks)
    return found, bounds


def gauss_rule_of_moments(moments: Array) -> tuple[Array, Array]:
    """Return the Gauss rule of a measure on [-1, 1] from its first 2n moments of T_0, T_1, ...

    By the modified Chebyshev algorithm (W. Gautschi, Orthogonal Polynomials, 2004, section 2.1.7),
    which loses no digits on one interval. The measure must have at least n nodes;
    single weights may be negative if its moments are those of a positive measure. The rule has
    fewer nodes if rounding errors leave no more: nearly all of the measure sits in a few points.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 1001)  # nearly Gauss-Legendre
    >>> theta, omega = gauss_rule_of_moments(chebyshev_moments(x, np.full(1001, 2 / 1001), 6))
    >>> np.allclose(theta, [-0.7746, 0, 0.7746], atol=1e-3), np.allclose(omega.sum(), 2)
    (True, True)
    """
    n = moments.size // 2
    monic = moments * np.array([1.0, *(2.0 ** (1 - k) for k in range(1, 2 * n))])
    b = np.full(2 * n, 0.25)
    b[1] = 0.5
    diagonal, beside = np.zeros(n), np.zeros(n)
    previous, current = np.zeros(2 * n), monic
    diagonal[0] = monic[1] / monic[0]
    for k in range(1, n):
        new = np.zeros(2 * n)
        inner = slice(k, 2 * n - k)
        new[inner] = (
            current[k + 1 : 2 * n - k + 1]
            - diagonal[k - 1] * current[inner]
            - (beside[k - 1] * previous[inner] if k > 1 else 0)
            + b[inner] * current[k - 1 : 2 * n - k - 1]
        )
        beside[k] = new[k] / current[k - 1]
        if not new[k] > _NO_MORE * monic[0] * 4.0**-k:
            n = k
            break
        diagonal[k] = new[k + 1] / new[k] - current[k] / current[k - 1]
        if not abs(diagonal[k]) < _BEYOND:
            n = k
            break
        previous, current = current, new
    off = np.sqrt(beside[1:n])
    theta, vectors = np.linalg.eigh(np.diag(diagonal[:n]) + np.diag(off, 1) + np.diag(off, -1))
    return theta, vectors[0] ** 2 * moments[0]


def chebyshev_moments(nodes: Array, weights: Array, count: int) -> Array:
    """Return the sums of weights times T_k at the nodes, k = 0 ... count - 1."""
    found = np.empty(count)
    twice, term = 2 * nodes, np.empty_like(nodes)
    before, now = np.ones_like(nodes), nodes.copy()
    found[0] = np.add.reduce(weights)
    for k in range(1, count):
        np.multiply(weights, now, out=term)
        found[k] = np.add.reduce(term)
        np.multiply(twice, now, out=term)
        term -= before
        before, now, term = now, term, before
    return found


def gauss_error(moments: Array, total: float, theta: Array, omega: Array, reach: float) -> float:
    """Bound the error of a rule on [-1, 1] for functions bounded by 1 on a disk of radius reach.

    The disk holds the ellipse with foci -1, 1 and half-axes that add up to r, on which the
    Chebyshev coefficients of the function are at most 2 r^-k; the rule errs by what its moments
    differ from those of the measure (measured, with their rounding) and by the terms beyond them.

    Parameters
    ----------
    moments : array
        Of the measure, by `chebyshev_moments`.
    total : float
        Sum of the absolute weights of the measure.
    theta, omega : arrays
        The rule.
    reach : float
    """
    count = moments.size
    r = reach + (reach**2 - 1) ** 0.5
    difference = np.abs(moments - chebyshev_moments(theta, omega, count))
    mass = total + float(omega.sum())
    # of the sums, added up in pairs, and of T_k, whose recursion and whose slope grow like k^2
    rounding = (40 + 6 * np.arange(float(count)) ** 2) * UNIT * mass
    known = 2 * float(((difference + rounding) * r ** -np.arange(float(count))).sum())
    return float(known + 2 * mass * r ** -float(count) / (1 - 1 / r))
