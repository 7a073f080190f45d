"""The noise summand s in fractions, in floats for tiny eigenvalues, and summed over a power law."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from sgdmem.numeric.theorems.instances import Array
from sgdmem.symbolic.algebra.routh import summands
from sgdmem.symbolic.algorithms.algorithm import Algorithm

_EXPLICIT = 1000  # terms of a power-law sum that are added one by one
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


def exact_noise_summand(algorithm: Algorithm, lam: Fraction) -> Fraction:
    """Return s = lam^2 <r r^T, X> with X = S X S^T + v v^T, solved in fractions."""
    from flint import fmpq, fmpq_mat

    def row(values: Sequence[Fraction]) -> list[fmpq]:
        return [fmpq(x.numerator, x.denominator) for x in values]

    size = algorithm.memory + 1
    v, r = row([-algorithm.alpha, *algorithm.c]), row([Fraction(1), *algorithm.a])
    still = [row([Fraction(1), *algorithm.b])]
    still += [row([Fraction(0), *entries]) for entries in algorithm.D]
    (eigenvalue,) = row([lam])
    S = [[x + eigenvalue * v[i] * r[j] for j, x in enumerate(still[i])] for i in range(size)]
    places = [(i, j) for i in range(size) for j in range(size)]
    operator = [[((i, j) == (k, m)) - S[i][k] * S[j][m] for k, m in places] for i, j in places]
    X = fmpq_mat(operator).solve(fmpq_mat([[v[i] * v[j]] for i, j in places]))
    seen = (r[i] * r[j] * X[place, 0] for place, (i, j) in enumerate(places))
    found = eigenvalue**2 * sum(seen, start=fmpq(0))
    return Fraction(int(found.p), int(found.q))


def summand_in_floats(algorithm: Algorithm) -> Callable[[ArrayLike], Array]:
    """Return s as a function of the eigenvalue: the library's recursion on rounded parameters.

    The half-plane form is exact before it is rounded, so that a memory of 1e30 steps keeps its
    digits, which the entries 1 - 1e-30 would not.
    """
    form = algorithm.half_plane_form.at_gradient.map(float)

    def summand(lam: ArrayLike) -> Array:
        eigenvalues = np.asarray(lam, float)
        return np.asarray(eigenvalues * summands(form, eigenvalues).noise)

    return summand


def power_law_sum(
    summand: Callable[[Array], Array], exponent: float, scale: float, linear_below: float
) -> float:
    """Return the sum of s over the eigenvalues scale k^-exponent, k >= 1, by Euler and Maclaurin.

    Below ``linear_below`` s must be proportional to the eigenvalue.
    """

    def at(k: ArrayLike) -> Array:
        return summand(scale * np.asarray(k, float) ** -exponent)

    # Gauss-Legendre panels in log k, half a unit each or a little less.
    end = np.log((scale / linear_below) ** (1 / exponent) / _EXPLICIT)
    edges = np.linspace(0, end, int(2 * end) + 2)
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    k = _EXPLICIT * np.exp(middle[:, None] + half[:, None] * _NODES)
    integral = float((half * ((k * at(k)) @ _WEIGHTS)).sum())
    last = _EXPLICIT * np.exp(end)
    integral += float(at(last)) * last / (exponent - 1)
    before, here, after = at(_EXPLICIT + np.array([-1.0, 0.0, 1.0]))
    slope = float(after - before) / 2
    return float(at(np.arange(1.0, _EXPLICIT + 1)).sum() + integral - here / 2 - slope / 12)
