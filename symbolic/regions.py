"""Memory 1 in the coordinates of Theorem 6 of arXiv 2410.04228: eqs. (25) and (26), derived."""

from __future__ import annotations

from typing import Any, NamedTuple

from sgdmem.symbolic.named import memory_one


class Region(NamedTuple):
    """A range of eigenvalues, and what the noise summand is there to leading order."""

    begins: Any
    ends: Any
    summand: Any


def memory_one_summand(alpha_eff: Any, q0: Any, delta: Any, lam: Any) -> tuple[Any, Any]:
    """Return numerator and denominator of s_lambda for memory 1, eq. (25), factored.

    Derived by the recursion from `memory_one`; ``delta`` is the damping 1 - D.

    Examples
    --------
    >>> from sympy import symbols
    >>> _, denominator = memory_one_summand(*symbols("alpha q delta lambda"))
    >>> print(denominator)
    (delta + lambda*q)*(alpha*delta*lambda + 2*delta + 2*lambda*q - 4)
    """
    import sympy

    summand = memory_one(alpha_eff, q0, delta).noise_summand(lam)
    numerator, denominator = sympy.fraction(sympy.cancel(summand))
    return sympy.factor(numerator), sympy.factor(denominator)


def complex_range(alpha_eff: Any, q0: Any, delta: Any) -> tuple[Any, Any]:
    """Return the eigenvalues between which the roots of P - lambda Q are complex (Theorem 6.2).

    They are the zeros of the discriminant in x, and real when q0 < (1 - delta) alpha_eff; otherwise
    both roots are real for every lambda > 0.
    """
    import sympy

    x, lam = sympy.Dummy("x"), sympy.Dummy("lambda")
    chi = memory_one(alpha_eff, q0, delta).characteristic_polynomial(x, lam)
    discriminant = sympy.Poly(sympy.discriminant(chi, x), lam)
    low, high = (sympy.simplify(root) for root in sympy.solve(discriminant.as_expr(), lam))
    return low, high


def regions(alpha_eff: Any, q0: Any, delta: Any, lam: Any) -> list[Region]:
    """Return the simplified summand on its three ranges, eq. (26), by scaling.

    For delta << 1 and delta alpha_eff << q0. With a small number e put delta = e^4,
    alpha_eff = A / e^2 and lam = l e^6, l e^3, l: one size of lam inside each range. The
    leading term in e of s_lambda, written in the old variables, is the simplification.

    Parameters
    ----------
    alpha_eff, q0, delta, lam
        Positive SymPy symbols.

    Examples
    --------
    >>> from sympy import symbols
    >>> for region in regions(*symbols("alpha q delta lambda", positive=True)):
    ...     print(region.summand)
    alpha*lambda/2
    alpha*delta/(2*q)
    -lambda*q/(lambda*q - 2)
    """
    import sympy

    e, A, size = sympy.symbols("e A l", positive=True)
    numerator, denominator = memory_one_summand(alpha_eff, q0, delta, lam)
    ends = [0, delta / q0, delta * alpha_eff / q0**2, sympy.oo]
    found = []
    for index, power in enumerate((6, 3, 0)):
        small = {delta: e**4, alpha_eff: A / e**2, lam: size * e**power}
        leading = 1
        for part, exponent in ((numerator, 1), (denominator, -1)):
            scaled = sympy.Poly(sympy.expand(part.subs(small) * e**2), e)
            (lowest,), coefficient = scaled.terms()[-1]
            leading *= (coefficient * e**lowest) ** exponent
        root = delta ** sympy.Rational(1, 4)
        old = {A: alpha_eff * root**2, size: lam / root**power, e: root}
        summand = sympy.factor(sympy.powsimp(sympy.cancel(leading).subs(old)))
        found.append(Region(ends[index], ends[index + 1], summand))
    return found
