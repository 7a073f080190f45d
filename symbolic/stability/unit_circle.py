r"""Where roots of P - lambda Q meet the unit circle, and all poles of the noise summand.

A root x lies on the circle at the eigenvalue :math:`\lambda=P(x)/Q(x)` if that number is real, that
is where

.. math:: P(x)Q(1/x)-P(1/x)Q(x)=(x-1/x)\,W(c),\qquad c=x+1/x,

vanishes: at x = 1, at x = -1, and at the real roots of W, a polynomial of degree M at most, between
-2 and 2. Its coefficients are sums of products of those of P and Q, so that any memory will do. At
every root, complex ones included, two roots of :math:`P-\lambda Q` have the product 1, and
the noise summand has a pole there:

.. math:: \frac{s_\lambda}{\lambda^2}=\|Q/(P-\lambda Q)\|^2=\sum_i\frac{G_i}{z_i-\lambda},\qquad
    z_i=\frac{P}{Q}(x_i),\quad G_i=2\,\frac{Q(x_i)Q(1/x_i)}{V'(c_i)},\quad V(c)=(c^2-4)\,W(c),

over the roots of V. Proof: with :math:`Q^*(x)=Q(1/x)` and likewise :math:`P^*`,

.. math:: \frac1{(P-\lambda Q)(P^*-\lambda Q^*)}
    =\frac1{(x-1/x)W}\Bigl[\frac{Q^*}{P^*-\lambda Q^*}-\frac Q{P-\lambda Q}\Bigr],

and the mean over the circle of the two terms with :math:`QQ^*` in front is twice that of the
second one, on a circle with its mirror image; it has no pole outside but the roots of
:math:`(x-1/x)W`. With another numerator N, as of the noise at w, only the one of G changes.

The second one may have more poles at infinity, and where roots of W are roots of both Q and
:math:`Q^*`. There P and :math:`P^*` do not vanish, since P and Q have no common factor. If the
orders of the zeros differ, W has a zero of the smaller order, and there is no pole. If both are a,
it has none if W has at most a zeros there more than :math:`NN^*`; at x = 1 and x = -1, where this
is so for :math:`(x-1/x)W`, as well (`poles_tell_all`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sgdmem.symbolic.algebra.scalars import Element, flint_polynomial

_PRECISION = 128  # bits
_MORE = 4  # for each root


class CirclePolynomials(NamedTuple):
    """Polynomials of FLINT in c = x + 1/x, of P and Q without common factors.

    Attributes
    ----------
    crossing : fmpz_poly
        W, times ``scale_P scale_Q``.
    middle : fmpz_poly
        P(x) Q(1/x) + P(1/x) Q(x), times the same: where W vanishes it is 2 z Q(x) Q(1/x).
    size : fmpz_poly
        Q(x) Q(1/x), times ``scale_Q`` squared.
    P, Q : fmpz_poly
        In x, times ``scale_P`` and ``scale_Q``.
    common : fmpz_poly
        The factor that P and Q had in common.
    scale_P, scale_Q : fmpz
    """

    crossing: Any
    middle: Any
    size: Any
    P: Any
    Q: Any
    common: Any
    scale_P: Any
    scale_Q: Any

    @property
    def precision(self) -> int:
        """Bits in which roots and values are computed at first: powers of c cancel."""
        return _PRECISION + _MORE * len(self.P)


def circle_polynomials(P: Sequence[Element], Q: Sequence[Element]) -> CirclePolynomials:
    """Return the polynomials of rational P and Q; coefficients lowest power first.

    Examples
    --------
    Roots of the heavy ball with learning rate 1/10 and momentum 9/10 cross the circle at -1 only:

    >>> from sgdmem.symbolic.zoo.named_algorithms import heavy_ball
    >>> _, P, Q, _ = heavy_ball("0.1", "0.9").polynomials
    >>> found = circle_polynomials(P, Q)
    >>> found.crossing, found.P(-1) / found.Q(-1) * found.scale_Q / found.scale_P
    ((-1), 38)
    """
    p, q = flint_polynomial(P), flint_polynomial(Q)
    common = p.numer().gcd(q.numer())
    p, q = p / common, q / common
    top, bottom = p.numer(), q.numer()
    mixed = _correlation(top, bottom)
    degree = max(len(top), len(bottom)) - 1
    upper = [mixed[degree + k] for k in range(degree + 1)]
    lower = [mixed[degree - k] for k in range(degree + 1)]
    return CirclePolynomials(
        crossing=_odd([x - y for x, y in zip(upper, lower, strict=True)]),
        middle=_even([x + y for x, y in zip(upper, lower, strict=True)]),
        size=squared_modulus(bottom),
        P=top,
        Q=bottom,
        common=common,
        scale_P=p.denom(),
        scale_Q=q.denom(),
    )


def squared_modulus(polynomial: Any) -> Any:
    """Return p(x) p(1/x) as a polynomial in c, of an integer polynomial."""
    if not polynomial:
        return polynomial
    products, degree = _correlation(polynomial, polynomial), len(polynomial) - 1
    return _even([products[degree + k] for k in range(degree + 1)])


def poles_tell_all(circle: CirclePolynomials, numerator: Any) -> bool:
    """Whether poles where P - lambda Q has two roots of product 1 are all of a summand's.

    The summand is that of an integer polynomial in the place of Q in the numerator.

    Examples
    --------
    Q has a double root at -1, and the numerator none:

    >>> from flint import fmpz_poly
    >>> circle = circle_polynomials([0, 0, -1, 1], [1, 2, 1])
    >>> poles_tell_all(circle, circle.Q), poles_tell_all(circle, fmpz_poly([1]))
    (True, False)
    """
    from flint import fmpq_poly, fmpz_poly

    lowest = next((k for k, x in enumerate(numerator) if x != 0), 0)
    spread = len(numerator) - 1 - lowest
    if spread + len(circle.Q) - len(circle.P) >= len(circle.crossing):
        return False
    shared = circle.crossing // without(circle.crossing, circle.size)
    ends = [fmpz_poly([-2 * x, 1]) for x in (1, -1) if circle.Q(x) == 0]
    if len(shared) == 1 and not ends:
        return True
    needed = shared * shared
    for end in ends:
        needed = needed * end
    return not fmpq_poly(circle.size * squared_modulus(numerator) ** 2) % fmpq_poly(needed)


def complex_roots(polynomial: Any, precision: int) -> list[tuple[Any, int]]:
    """Return balls around the roots of an integer polynomial, with multiplicities."""
    return _complex_roots(tuple(polynomial), precision)


@lru_cache(maxsize=16)
def _complex_roots(coefficients: tuple[Any, ...], precision: int) -> list[tuple[Any, int]]:
    from flint import ctx, fmpz_poly

    with ctx.workprec(precision):
        found: Any = fmpz_poly(list(coefficients)).complex_roots()
    return list(found)


def without(polynomial: Any, other: Any) -> Any:
    """Return an integer polynomial without the roots that it shares with another one."""
    shared = polynomial.gcd(other)
    while len(shared) > 1:
        polynomial = polynomial // shared
        shared = polynomial.gcd(shared)
    return polynomial


def _correlation(left: Any, right: Any) -> Any:
    """Return the coefficients of left(x) right(1/x) x^n, n the larger degree."""
    from flint import fmpz_poly

    size = max(len(left), len(right))
    return left * fmpz_poly([right[size - 1 - k] for k in range(size)])


def _odd(coefficients: Sequence[Any]) -> Any:
    """Return sum_k a_k (x^k - x^-k) / (x - 1/x), without a_0."""
    from flint import fmpz_poly

    c, now, before = fmpz_poly([0, 1]), fmpz_poly([0]), fmpz_poly([0])
    for a in reversed(coefficients[1:]):  # Clenshaw's recursion
        now, before = c * now - before + a, now
    return now


def _even(coefficients: Sequence[Any]) -> Any:
    """Return a_0 + sum_(k>0) a_k (x^k + x^-k)."""
    from flint import fmpz_poly

    c, now, before = fmpz_poly([0, 1]), fmpz_poly([0]), fmpz_poly([0])
    for a in reversed(coefficients[1:]):
        now, before = c * now - before + a, now
    return c * now - 2 * before + coefficients[0]
