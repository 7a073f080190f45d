"""Memory 1 in the coordinates of Theorem 6 of arXiv 2410.04228: eqs. (25) and (26), derived.

``alpha_eff`` is the effective learning rate, ``q0`` = Q(0) and ``delta`` the damping 1 - D.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sgdmem.symbolic.algebra.scalars import as_scalar
from sgdmem.symbolic.stability.schur import conditions
from sgdmem.symbolic.zoo.named_algorithms import memory_one


class Region(NamedTuple):
    """A range of eigenvalues, and what the noise summand is there to leading order."""

    begins: Any
    ends: Any
    summand: Any


def memory_one_summand(alpha_eff: Any, q0: Any, delta: Any, lam: Any) -> tuple[Any, Any]:
    """Return numerator and denominator of s_lambda for memory 1, eq. (25), arranged as there.

    Derived by the recursion from `memory_one`. The denominator is the product of two of the
    stability `conditions`, so both factors are positive wherever the method is stable.

    Examples
    --------
    >>> from sympy import symbols
    >>> numerator, denominator = memory_one_summand(*symbols("alpha_eff q0 delta lambda"))
    >>> print(numerator)
    lambda*(-alpha_eff*delta*(delta - 2) + lambda*q0*(alpha_eff*delta + 2*q0))
    >>> print(denominator)
    (delta + lambda*q0)*(-2*delta + lambda*(-alpha_eff*delta - 2*q0) + 4)
    """
    import sympy

    letters, parts = _memory_one_summand()
    values = dict(zip(letters, map(sympy.sympify, (alpha_eff, q0, delta, lam)), strict=True))
    top, bottom = (part.subs(values, simultaneous=True) for part in parts)
    return top, bottom


@cache
def _memory_one_summand() -> tuple[tuple[Any, ...], tuple[Any, Any]]:
    import sympy

    letters = α, q, δ, λ = sympy.symbols("alpha q delta lambda", cls=sympy.Dummy)
    algorithm = memory_one(α, q, δ)

    def arranged(expression: Any) -> Any:
        return sympy.collect(sympy.expand(expression), λ, sympy.factor)

    leading, determinant = (
        arranged(condition.primitive()[1]) for condition in conditions(algorithm, λ)[:2]
    )
    numerator = sympy.cancel(algorithm.noise_summand(λ) * leading * determinant)
    return letters, (λ * arranged(numerator / λ), determinant * leading)


def only_root(expression: Any, letter: Any) -> Any:
    """Return where a rational expression is zero, besides at 0: a single place, by a linear factor.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> only_root(x - y / x, y), only_root(x * y - x**2 / 3, x)
    (x**2, 3*y)
    """
    import sympy

    top, _ = sympy.fraction(sympy.cancel(expression))
    _, factors = sympy.factor_list(top)
    (linear,) = (part for part, _ in factors if part.has(letter) and part != letter)
    slope, rest = sympy.Poly(linear, letter).all_coeffs()
    return sympy.factor(-rest / slope)


def complex_range(alpha_eff: Any, q0: Any, delta: Any) -> tuple[Any, Any]:
    """Return the eigenvalues between which the roots of P - lambda Q are complex (Theorem 6.2).

    They are the zeros of the discriminant in x. There are such eigenvalues when
    q0 < (1 - delta) alpha_eff; otherwise both roots are real for every lambda > 0. For q_1 = 0,
    q0 = -delta alpha_eff, the upper end is infinite.

    Examples
    --------
    The heavy ball (q0 = 0) with momentum 1/4:

    >>> from fractions import Fraction
    >>> complex_range(1, 0, Fraction(3, 4))
    (1/3, 3)
    """
    import sympy

    letters = α, q, δ = sympy.symbols("alpha q delta", cls=sympy.Dummy)
    x, λ, S, T = sympy.symbols("x lambda S T", cls=sympy.Dummy)
    chi = memory_one(α, q, δ).characteristic_polynomial(x, λ)
    discriminant = sympy.discriminant(chi, x)
    values = dict(zip(letters, map(sympy.sympify, (alpha_eff, q0, delta)), strict=True))
    given = sympy.Poly(discriminant.subs(values, simultaneous=True), λ)
    if given.degree() == 1:  # q_1 = 0: the circle is a line, without a far end
        return -given.nth(0) / given.nth(1), sympy.oo
    # Its own discriminant in lambda is a square times alpha_eff times one more factor: with the
    # square roots S and T of the two the zeros are rational.
    _, factors = sympy.factor_list(sympy.discriminant(discriminant, λ))
    (radicand,) = (f for f, multiplicity in factors if multiplicity % 2 and f != α)
    radicand *= -sympy.sign(radicand.coeff(q))  # decreasing in q0, so T is real for small q0
    (old_q,) = sympy.solve(radicand - T**2, q)
    _, linear = sympy.factor_list(discriminant.subs(q, old_q).subs(α, S**2), λ)
    roots = {S: sympy.sqrt(α), T: sympy.sqrt(radicand)}
    ends = []
    for factor in (sympy.expand(factor) for factor, _ in linear):
        top, bottom = -factor.subs(λ, 0), sympy.factor(factor.coeff(λ))
        mirrored = bottom.subs(T, -T)  # times it the denominator is free of roots
        bottom = sympy.factor(sympy.expand(bottom * mirrored).subs(roots))
        end = top * mirrored.subs(roots) / bottom
        ends.append((mirrored.subs({S: 2, T: 1}), end.subs(values, simultaneous=True)))
    (_, low), (_, high) = sorted(ends, key=lambda end: end[0])
    return low, high


def regions(alpha_eff: Any, q0: Any, delta: Any, lam: Any) -> list[Region]:
    """Return the simplified summand on its three ranges, eq. (26), by scaling.

    For delta << 1, delta alpha_eff << q0 and alpha_eff >> q0 > 0. With a small e let delta be of
    size e^4, alpha_eff of size e^-2, and lam of size e^6, e^3 or 1, inside each range. The leading
    term in e of s_lambda is the simplification; the ranges meet where neighbours agree, and the
    last one ends where its summand has its pole.

    Parameters
    ----------
    alpha_eff, q0, delta, lam
        SymPy expressions.

    Examples
    --------
    >>> from sympy import symbols
    >>> for region in regions(*symbols("alpha q delta lambda", positive=True)):
    ...     print(f"{region.begins} .. {region.ends}: {region.summand}")
    0 .. delta/q: alpha*lambda/2
    delta/q .. alpha*delta/q**2: alpha*delta/(2*q)
    alpha*delta/q**2 .. 2/q: -lambda*q/(lambda*q - 2)
    """
    import sympy

    letters = α, q, δ, λ = sympy.symbols("alpha q delta lambda", positive=True, cls=sympy.Dummy)
    summand = memory_one_summand(α, q, δ, λ)

    def leading(order_of_lam: int) -> Any:
        """Return the summand with only the terms of the lowest order in e kept."""
        orders = {δ: 4, α: -2, λ: order_of_lam}
        kept = []
        for part in summand:
            terms = sympy.Add.make_args(sympy.expand(part))
            order = [sum(term.as_powers_dict()[x] * n for x, n in orders.items()) for term in terms]
            kept.append(sum(t for t, n in zip(terms, order, strict=True) if n == min(order)))
        return sympy.factor(kept[0] / kept[1])

    low, middle, high = map(leading, (6, 3, 0))
    ends = [
        sympy.Integer(0),
        only_root(low - middle, λ),
        only_root(middle - leading(1), λ),  # the left part of the last range
        only_root(sympy.fraction(high)[1], λ),
    ]
    given = {"alpha_eff": alpha_eff, "q0": q0, "delta": delta, "lam": lam}
    asked = (sympy.sympify(as_scalar(x, name)) for name, x in given.items())
    values = dict(zip(letters, asked, strict=True))
    return [
        Region(*(part.subs(values, simultaneous=True) for part in region))
        for region in zip(ends[:-1], ends[1:], (low, middle, high), strict=True)
    ]
