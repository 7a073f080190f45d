r"""Algorithms whose poles and zeros are real.

In the variable :math:`X = 2(x-1)/(x+1)` all coefficients are sums of positive numbers,

.. math::
    P \propto X\prod_i(X+p_i),\qquad -Q \propto g\,(1-X/2)\prod_i(X+z_i),\qquad
    \alpha_{\mathrm{eff}} = g\prod_i z_i/p_i,

so that nothing cancels in the Routh-Astrom recursion, however close to 1 the roots of D are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf, prod
from typing import Any

import numpy as np

from sgdmem.numeric.acceleration.bounded_noise import CLOSELY, largest_factors
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.judges.float_problem import FloatProblem
from sgdmem.symbolic.algebra.polynomials import multiply
from sgdmem.symbolic.algebra.routh import HalfPlaneForm

_ROUGHLY = 26  # halvings of the range of gains: to six digits


@dataclass(frozen=True)
class RealRoots:
    """The roots of n algorithms of memory M: p and z above, positive arrays of shape (n, M)."""

    poles: Array
    zeros: Array

    def form(self, gains: Array) -> HalfPlaneForm:
        """Return what the recursion needs, in arrays of shape (n, 1), for gains of shape (n,)."""
        fixed = _product(self.poles / 2)  # the recursion's variable is X / 2
        Q = tuple(-gains[:, None] * entry for entry in _product(self.zeros / 2))
        *moving, last = multiply((-1, 1), Q)
        return HalfPlaneForm(tuple(2 * entry for entry in fixed), tuple(moving), -last, Q, Q)

    def log_rates(self, gains: Array) -> Array:
        """Return the logarithms of the effective learning rates."""
        return np.asarray(np.log(gains) + np.log(self.zeros / self.poles).sum(axis=1))

    def largest_gains(self, problem: FloatProblem, halvings: int = CLOSELY) -> Array:
        """Return the largest gains at which the problem is stable."""
        return largest_factors(problem, self.form(np.ones(len(self.poles))), halvings)


def _product(roots: Array) -> Sequence[Any]:
    """Return the product of all z + root, highest power first."""
    found: Sequence[Any] = (np.ones((len(roots), 1)),)
    for column in roots.T:
        found = multiply((1.0, column[:, None]), found)
    return found


def real_root_entries(poles: Sequence[Any], zeros: Sequence[Any], gain: Any) -> list[Any]:
    """Return the entries of an algorithm with given p, z and g, numbers or arrays.

    D is diagonal, b = 1 and a = 0; c holds the residues of Q / P. Where poles and zeros interlace
    these have one sign; else they are as large as poles are close, and cancel: see `chain_entries`.

    Examples
    --------
    >>> from fractions import Fraction
    >>> real_root_entries([Fraction(1, 2)], [Fraction(2)], Fraction(1, 4))
    [Fraction(2, 5), 1, Fraction(-6, 25), Fraction(3, 5), 0]
    """
    alpha, dampings, places = _in_steps(poles, zeros, gain)
    M = len(dampings)
    c = []
    for i, own in enumerate(dampings):
        others = prod(other - own for j, other in enumerate(dampings) if j != i)
        c.append(-alpha * prod(place - own for place in places) / others)
    D = [1 - dampings[i] if i == j else 0 for i in range(M) for j in range(M)]
    return [alpha, *[1] * M, *c, *D, *[0] * M]


def chain_entries(poles: Sequence[Any], zeros: Sequence[Any], gain: Any) -> list[Any]:
    r"""Return the entries of an algorithm with the same P and Q as that of `real_root_entries`.

    Its auxiliary vectors are a chain of lags, each of which hears the gradient and those before it,

    .. math::
        \frac{-Q}P = \frac\alpha{x-1}\prod_i\Bigl(1+\frac{z_i'-\delta_i}{x-1+\delta_i}\Bigr),
        \qquad z_i' = \frac{z_i}{1+z_i/2},\qquad \delta_i = \frac{p_i}{1+p_i/2},

    so that no entry is large wherever the roots are. D is a lower triangle, c = 1 and a = 0.

    Examples
    --------
    >>> from fractions import Fraction
    >>> chain_entries([Fraction(1, 2)], [Fraction(2)], Fraction(1, 4))
    [Fraction(2, 5), Fraction(-6, 25), 1, Fraction(3, 5), 0]
    """
    alpha, dampings, places = _in_steps(poles, zeros, gain)
    M = len(dampings)
    lifts = [place - damping for place, damping in zip(places, dampings, strict=True)]
    D = [
        1 - dampings[i] if i == j else lifts[j] if j < i else 0 for i in range(M) for j in range(M)
    ]
    return [alpha, *[-alpha * lift for lift in lifts], *[1] * M, *D, *[0] * M]


def _in_steps(
    poles: Sequence[Any], zeros: Sequence[Any], gain: Any
) -> tuple[Any, list[Any], list[Any]]:
    """Return alpha, and the roots as distances from x = 1."""
    dampings, places = ([x / (1 + x / 2) for x in roots] for roots in (poles, zeros))
    alpha = gain * prod((2 + z) / (2 + p) for z, p in zip(zeros, poles, strict=True))
    return alpha, dampings, places


def interlace(poles: Sequence[Any], zeros: Sequence[Any]) -> bool:
    """Whether z_1 > p_1 > z_2 > ... > p_M, in the order given."""
    falling = [root for pair in zip(zeros, poles, strict=True) for root in pair]
    return all(above > below for above, below in pairwise(falling))


@dataclass(frozen=True)
class Shape:
    r"""Poles and zeros in proportions that suit every value of a clock tau.

    .. math:: p_i = \tau^{-S_{i+1}/S_{M+1}}e^{a(1-S_{i+1}/S_{M+1})},\qquad
        z_1 = \tau^{-1/S_{M+1}}e^b,\qquad z_i = \rho p_{i-1},\qquad
        S_j = 1+(\nu-1)+\dots+(\nu-1)^{j-1}

    The slowest pole is 1 / tau. At one gain for all tau the noise sum stays bounded and the rate
    grows like :math:`\tau^{1-1/S_{M+1}}`. For M = 1 this is Theorem 7 of arXiv 2410.04228; for
    larger M it is proved, too, for poles and zeros that alternate and rho < 1, and no stationary
    method of memory M has a larger exponent (docs, theory/larger-memory-construction, theorem D,
    and theory/larger-memory-stationary, theorem C).
    """

    exponent: float
    memory: int
    log_rho: float = -1.0
    a: float = 0.0
    b: float = 0.0

    def roots(self, clocks: Array) -> RealRoots:
        """Return the roots at some values of tau, an array of shape (n,)."""
        shares, tau = root_exponents(self.exponent, self.memory), clocks[:, None]
        poles = tau ** -shares[1:] * np.exp(self.a * (1 - shares[1:]))
        first = tau ** -shares[:1] * np.exp(self.b)
        return RealRoots(poles, np.hstack([first, np.exp(self.log_rho) * poles[:, :-1]]))

    def fitted(self, problem: FloatProblem, clocks: Array, largest_log_rho: float = 0.0) -> Shape:
        """Return the shape with the largest rate at the last clock; its gain serves all clocks."""

        def loss(x: Array) -> float:
            shape = replace(self, log_rho=x[0], a=x[1], b=x[2])
            return np.inf if x[0] > largest_log_rho else -log_rate(shape.roots(clocks), problem)

        found = minimum(loss, np.array([self.log_rho, self.a, self.b]), 1.0)
        return Shape(self.exponent, self.memory, *map(float, found))


def partial_sum(exponent: Any, count: int) -> Any:
    """Return S_count = 1 + (nu - 1) + ... + (nu - 1)^(count - 1), a whole number if nu is one."""
    return sum((exponent - 1) ** j for j in range(count))


def root_exponents(exponent: float, memory: int) -> Array:
    """Return S_1 / S_(M + 1), ..., S_(M + 1) / S_(M + 1): of 1 / z_1 and all 1 / p_i by a horizon.

    Examples
    --------
    >>> root_exponents(3, 1)
    array([0.33333333, 1.        ])
    """
    sums = np.array([partial_sum(exponent, j + 1) for j in range(memory + 1)])
    return np.asarray(sums / sums[-1])


def rate_exponent(exponent: float, memory: float) -> float:
    """Return h_M = 1 - 1 / S_(M + 1), the largest power of a horizon that bounded noise allows.

    Examples
    --------
    >>> from math import inf
    >>> [round(rate_exponent(2, memory), 4) for memory in (0, 1, 2, inf)]
    [0.0, 0.5, 0.6667, 1.0]
    """
    if memory == inf:
        return min(1.0, exponent - 1)
    return float(1 - 1 / partial_sum(exponent, int(memory) + 1))


def log_rate(roots: RealRoots, problem: FloatProblem) -> float:
    """Return the rate of the last algorithm at a gain that serves all; -inf if none may be."""
    poles, zeros = roots.poles, roots.zeros
    ordered = (poles[:, :-1] >= poles[:, 1:]).all()
    if not (ordered and (poles < 2).all() and (zeros < 1e6).all()):
        return -np.inf
    gain = roots.largest_gains(problem, _ROUGHLY).min()
    return float(roots.log_rates(gain)[-1])


def minimum(loss: Callable[[Array], float], start: Array, step: float) -> Array:
    """Return where a function is least, by the method of J. A. Nelder and R. Mead (1965)."""
    from scipy.optimize import minimize

    simplex = np.vstack([start, start + step * np.eye(start.size)])
    accuracy = {"xatol": 1e-3, "fatol": 1e-5, "maxfev": 500 * start.size, "adaptive": True}
    options = {"initial_simplex": simplex, **accuracy}
    return np.asarray(minimize(loss, start, method="Nelder-Mead", options=options).x)
