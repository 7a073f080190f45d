r"""The root locus: the roots of :math:`P-\lambda Q` as the eigenvalue runs, as continuous branches.

Every set of roots is computed from exact coefficients by FLINT, which isolates them with proofs:
roots that nearly coincide lose no digits, as the eigenvalues of a companion matrix would. The
eigenvalues at which roots collide, the positive zeros of the discriminant, are among the samples,
and between samples more are taken until no root moves far: a pair of roots leaves a collision like
the square root of what is left, so that is where most of them are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import bounded_float
from sgdmem.numeric.noise_sums.mode_summands import rational_algorithm
from sgdmem.symbolic.algebra.polynomials import evaluate
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError

_FARTHEST = 1e150  # of eigenvalues and roots: squares are in the range of floats
_STEP = 0.02  # how far a root moves between two samples, over max(1, its size)
_PER_DECADE = 8  # samples at least, so that no loop is jumped over
_SMALLEST = 2.0**-200  # over the largest eigenvalue
_CLOSEST = 1e-13  # samples, relative
_LARGEST_MEMORY = 20

Roots = Callable[[float], Array]


@dataclass(frozen=True, eq=False)
class RootLocus:
    """Roots of P - lambda Q for eigenvalues from 0 on.

    Attributes
    ----------
    eigenvalues : ndarray, shape (n,)
        Rising, the first one is 0.
    branches : ndarray of complex, shape (n, M + 1)
        A column for each root, continuous from row to row; the first row is the roots of P.
    zeros : ndarray of complex
        Roots of Q, where branches end for an infinite eigenvalue; there are at most M.
    collisions : tuple of float
        Eigenvalues, among ``eigenvalues``, at which two roots are equal.
    """

    eigenvalues: Array
    branches: Array
    zeros: Array
    collisions: tuple[float, ...]


@dataclass(frozen=True)
class Circle:
    """Where all complex roots of an algorithm of memory 1 lie, Theorem 6.2 of arXiv 2410.04228.

    Attributes
    ----------
    centre : float
        Real; where the vertical line crosses the real axis if the radius is infinite.
    radius : float
        Infinite for Q(x) = q_0.
    """

    centre: float
    radius: float


def root_locus(algorithm: Algorithm, largest_eigenvalue: Any) -> RootLocus:
    """Return the roots of P - lambda Q for 0 <= lambda <= ``largest_eigenvalue``.

    Parameters
    ----------
    algorithm : Algorithm
        Without free symbols, of memory up to 20.
    largest_eigenvalue : number from 1e-150 to 1e150

    Raises
    ------
    InputError
        For an argument outside its domain.

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.named_algorithms import heavy_ball
    >>> found = root_locus(heavy_ball("0.1", "0.81"), 5)
    >>> found.collisions
    (0.1,)
    >>> complex_ones = found.branches[found.eigenvalues > 0.1]
    >>> bool(np.allclose(abs(complex_ones), 0.9))
    True
    """
    exact = rational_algorithm(algorithm)
    if exact.memory > _LARGEST_MEMORY:
        raise InputError(
            f"algorithm must have a memory up to {_LARGEST_MEMORY} for a root locus, "
            f"got {exact.memory}"
        )
    top = bounded_float(largest_eigenvalue, "largest_eigenvalue", _FARTHEST)
    _, P, Q, _ = exact.polynomials
    known: dict[float, Array] = {}

    def roots(lam: float) -> Array:
        if lam not in known:
            known[lam] = roots_at(exact, lam)
        return known[lam]

    collisions = _collisions(P, Q, top)
    low = min([top, *collisions])
    while _distance(roots(0.0), roots(low)) > _STEP / 2 and low > _SMALLEST * top:
        low /= 2
    count = max(2, int(_PER_DECADE * (np.log10(top) - np.log10(low))) + 2)
    start = np.unique([*np.geomspace(low, top, count)[1:-1], low, top, *collisions])
    lam = [0.0, *_refined(start.tolist(), roots)]
    branches = [roots(0.0)]
    for one in lam[1:]:
        following = roots(one)
        branches.append(following[_order(branches[-1], following)])
    return RootLocus(np.array(lam), np.array(branches), complex_roots(Q), collisions)


def roots_at(algorithm: Algorithm, eigenvalue: float) -> Array:
    """Return the roots of P - lambda Q of an exact algorithm at one eigenvalue, in any order."""
    _, P, Q, _ = algorithm.polynomials
    lam = Fraction(eigenvalue)
    return complex_roots(
        [Fraction(p) - lam * Fraction(q) for p, q in zip(P, (*Q, 0), strict=False)]
    )


def complex_circle(algorithm: Algorithm) -> Circle | None:
    r"""Return the circle on which all complex roots of memory 1 lie; None if all roots are real.

    Q has one root :math:`x_Q`, at which :math:`\chi=P-\lambda Q` is :math:`P(x_Q)` for every
    :math:`\lambda`. For a complex pair it is :math:`|x-x_Q|^2` as well: a circle. If Q is
    constant, the sum of both roots is minus the coefficient of x in P: a vertical line.

    Raises
    ------
    InputError
        For another memory.

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.named_algorithms import heavy_ball, memory_one
    >>> complex_circle(heavy_ball("0.1", "0.81"))
    Circle(centre=0.0, radius=0.9)
    >>> complex_circle(memory_one("0.5", "-0.4", "0.8"))
    Circle(centre=0.6, radius=inf)
    """
    exact = rational_algorithm(algorithm)
    if exact.memory != 1:
        raise InputError(
            f"algorithm must have memory 1 for the circle of Theorem 6.2, got {exact.memory}"
        )
    _, P, Q, _ = exact.polynomials
    if not _collisions(P, Q, np.inf) and not _is_complex(P, Q):
        return None
    if Q[1] == 0:
        return Circle(to_float(-P[1] / 2), np.inf)
    centre = -Fraction(Q[0]) / Q[1]
    square = evaluate(P, centre)
    return Circle(to_float(centre), to_float(square) ** 0.5) if square > 0 else None


def _is_complex(P: Sequence[Any], Q: Sequence[Any]) -> bool:
    """Whether the roots of memory 1 are complex at small eigenvalues."""
    # the discriminant (p_1 - lambda q_1)^2 - 4 (p_0 - lambda q_0) by rising powers of lambda
    terms = P[1] ** 2 - 4 * P[0], -2 * P[1] * Q[1] + 4 * Q[0], Q[1] ** 2
    return next((term < 0 for term in terms if term != 0), False)


def complex_roots(polynomial: Sequence[Any]) -> Array:
    """Return all roots of an exact polynomial, repeated by multiplicity, each to full precision.

    Parameters
    ----------
    polynomial : sequence of Fraction
        Lowest power first; leading zeros are dropped.

    Examples
    --------
    >>> complex_roots([Fraction(-1), Fraction(3), Fraction(-3), Fraction(1)])
    array([1.+0.j, 1.+0.j, 1.+0.j])
    """
    from flint import fmpq, fmpq_poly

    terms = [fmpq(value.numerator, value.denominator) for value in map(Fraction, polynomial)]
    poly = fmpq_poly(terms)
    if poly.degree() < 1:
        return np.zeros(0, dtype=complex)
    isolated: Any = poly.complex_roots()
    found = [
        [complex(float(root.real.mid()), float(root.imag.mid()))] * multiplicity
        for root, multiplicity in isolated
    ]
    return np.array([root for several in found for root in several], dtype=complex)


def _collisions(P: Sequence[Any], Q: Sequence[Any], top: float) -> tuple[float, ...]:
    """Return the eigenvalues in (0, top] at which P - lambda Q has a double root, rising."""
    from flint import Ordering, fmpq, fmpq_mpoly_ctx

    context = fmpq_mpoly_ctx.get(["x", "lam"], Ordering.lex)
    terms: dict[tuple[int, ...], Any] = {}
    for power, value in enumerate(P):
        terms[(power, 0)] = fmpq(*Fraction(value).as_integer_ratio())
    for power, value in enumerate(Q):
        terms[(power, 1)] = -fmpq(*Fraction(value).as_integer_ratio())
    discriminant = context.from_dict(terms).discriminant("x").to_dict()
    size = max((lam for _, lam in discriminant), default=0) + 1
    coefficients = [Fraction(0)] * size
    for (_, lam), value in discriminant.items():
        coefficients[lam] = Fraction(int(value.p), int(value.q))
    found = complex_roots(coefficients)
    real = {float(root.real) for root in found if root.imag == 0 and 0 < root.real <= top}
    return tuple(sorted(real))


def _refined(lam: list[float], roots: Roots) -> list[float]:
    """Return rising eigenvalues with more between them wherever a root moves far."""
    found = [lam[0]]
    ahead = lam[:0:-1]
    while ahead:
        low, high = found[-1], ahead[-1]
        near = high / low - 1 < _CLOSEST
        if near or _distance(roots(low), roots(high)) <= _STEP:
            found.append(ahead.pop())
        else:
            ahead.append((low * high) ** 0.5 if high > 2 * low else (low + high) / 2)
    return found


def _distance(one: Array, other: Array) -> float:
    """Return how far the root moves that moves furthest."""
    moved = other[_order(one, other)]
    return float((np.abs(moved - one) / np.maximum(1, np.abs(one))).max())


def _order(one: Array, other: Array) -> Array:
    """Return the places in ``other`` of the roots that follow those of ``one``."""
    from scipy.optimize import linear_sum_assignment

    # squares: two short ways rather than a long one and none at all
    away = np.nan_to_num(np.abs(one[:, None] - other[None]), nan=_FARTHEST)
    places: Array = linear_sum_assignment(np.minimum(away, _FARTHEST) ** 2)[1]
    return places
