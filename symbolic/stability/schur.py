"""Noiseless stability: exact tests at one eigenvalue, and inequalities for all of them.

Everything is read off the polynomial chi-hat in z, x = (1 + z)/(1 - z), of
`sgdmem.symbolic.algebra.routh`: P - lambda Q is strictly Schur exactly when chi-hat is strictly
Hurwitz. (SymPy 1.14 has no Schur conditions of its own.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sgdmem.symbolic.algebra.determinants import hurwitz_determinants
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, half_plane_polynomial, summands
from sgdmem.symbolic.algebra.scalars import (
    Element,
    Scalar,
    as_scalar,
    exact_field,
    flint_polynomial,
    flint_rational,
    is_symbolic,
    to_sympy,
)
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_algorithm
from sgdmem.symbolic.errors import InputError, shown

_FEW = 8  # coefficients for which fractions are fast
_BITS = (8, 32, 128)  # of balls, for each coefficient


def is_schur(algorithm: Algorithm, lam: Any) -> bool:
    """Whether all roots of P - lam Q lie strictly inside the unit circle, decided exactly.

    Parameters
    ----------
    algorithm
        With rational entries (a float is its exact binary value).
    lam
        Any rational number, negative ones and zero included.

    Raises
    ------
    InputError
        If a symbol or an irrational number is among them.

    Examples
    --------
    The heavy ball with learning rate 1/10 and momentum 9/10 is stable below eigenvalue 38:

    >>> from sgdmem.symbolic.zoo.named_algorithms import heavy_ball
    >>> is_schur(heavy_ball("0.1", "0.9"), "37.999"), is_schur(heavy_ball("0.1", "0.9"), 38)
    (True, False)
    """
    eigenvalue = as_scalar(lam, "lam")
    if require_algorithm(algorithm, "algorithm").is_symbolic or is_symbolic(eigenvalue):
        raise InputError("is_schur needs an algorithm and an eigenvalue made of rational numbers")
    return is_schur_form(algorithm.half_plane_form, eigenvalue)


def is_schur_form(form: HalfPlaneForm, lam: Element) -> bool:
    """Whether P - lam Q is strictly Schur, decided exactly for rational numbers.

    A strictly Hurwitz polynomial has no zero pivot, so a division by one says no. Of many numbers
    fractions grow long: there balls decide, and fractions only what balls of many bits leave open.
    """
    if len(form.fixed) > _FEW:
        decided = _by_balls(form, lam)
        if decided is not None:
            return decided
    try:
        pivots = summands(form, lam).pivots
    except ZeroDivisionError:
        return False
    return all(pivot > 0 for pivot in pivots) or all(pivot < 0 for pivot in pivots)


def is_hurwitz(polynomial: Sequence[Element]) -> bool:
    """Whether all roots lie strictly left of the imaginary axis, decided exactly.

    Rational coefficients, highest power first; at least two.

    Examples
    --------
    >>> [is_hurwitz([1, 2, c]) for c in (3, 0)]
    [True, False]
    """
    *first, last = map(flint_rational, polynomial)
    nothing = (flint_rational(0),) * len(first)
    form = HalfPlaneForm(tuple(first), nothing, nothing[0], nothing, nothing, decay=last)
    return is_schur_form(form, flint_rational(1))


def _by_balls(form: HalfPlaneForm, lam: Element) -> bool | None:
    """Whether P - lam Q is strictly Schur; None where two roots z and -z may be too close."""
    from flint import arb, ctx

    for bits in _BITS:
        with ctx.workprec(bits * len(form.fixed)):
            pivots = summands(
                form.map(lambda x: arb(flint_rational(x))), arb(flint_rational(lam))
            ).pivots
            positive, negative = ([sign * x > 0 for x in pivots] for sign in (1, -1))
        if all(positive) or all(negative):
            return True
        if any(positive) and any(negative):
            return False
    a = half_plane_polynomial(form.map(flint_rational), flint_rational(lam))
    # a root and its negative are roots of the even and of the odd part
    even, odd = (flint_polynomial(reversed(a[start::2])) for start in (0, 1))
    return False if len(even.gcd(odd)) > 1 else None


def conditions(algorithm: Algorithm, lam: Any) -> list[Scalar]:
    """Return expressions that are all positive exactly when P - lam Q is strictly Schur.

    They are the leading coefficient of the polynomial in z = (x - 1)/(x + 1), its Hurwitz
    determinants of order 1 ... M, and its constant coefficient: M + 2 expressions, polynomial in
    ``lam`` and in the coefficients of P and Q. The first is positive when chi(-1) has the right
    sign, the last when chi(1) has; the determinants exclude complex pairs outside.

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.named_algorithms import sgd
    >>> conditions(sgd("0.5"), 1)
    [Fraction(3, 2), Fraction(1, 2)]
    """
    form = algorithm.half_plane_form
    (eigenvalue, *row), back = exact_field((as_scalar(lam, "lam"), *form.row))
    a = half_plane_polynomial(form.with_row(row), eigenvalue)
    return [back(value) for value in (a[0], *hurwitz_determinants(a), a[-1])]


def uniform_conditions(algorithm: Algorithm, largest: Any) -> list[Any]:
    """Return inequalities that all hold exactly when P - lam Q is Schur for 0 < lam <= largest.

    For memory 0 and 1, where each of the `conditions` is linear in the eigenvalue once a common
    factor lam is divided out: it is positive on the half-open interval if and only if it is
    positive at ``largest`` and not negative at 0. A factor that another inequality bounds by 0 is
    then split off products.

    For `memory_one` this is Theorem 6.1 of arXiv 2410.04228, in its exact form: damping = 2 is
    allowed, D itself being only marginally stable there.

    Parameters
    ----------
    algorithm
        Numeric or symbolic.
    largest
        The largest eigenvalue, a positive number or symbol.

    Returns
    -------
    list of SymPy inequalities
        Without those that hold always; for numbers an empty list or ``[false]``.

    Raises
    ------
    InputError
        For a larger memory, or a largest eigenvalue that is not positive.

    Examples
    --------
    >>> from sympy import symbols
    >>> from sgdmem.symbolic.zoo.named_algorithms import memory_one
    >>> rate, q0, damping, top = symbols("alpha_eff q_0 delta lambda_max")
    >>> for inequality in uniform_conditions(memory_one(rate, q0, damping), top):
    ...     print(inequality)
    2 - delta >= 0
    -alpha_eff*delta*lambda_max - 2*delta - 2*lambda_max*q_0 + 4 > 0
    delta > 0
    delta + lambda_max*q_0 > 0
    alpha_eff > 0
    """
    if algorithm.memory > 1:
        raise InputError(
            f"the conditions are linear in the eigenvalue for memory 0 and 1 only, "
            f"this algorithm has memory {algorithm.memory}"
        )
    import sympy

    end = to_sympy(as_scalar(largest, "largest"))
    if end.is_positive is False:
        raise InputError(f"largest must be positive, got {shown(largest)}")
    lam = sympy.Dummy("lambda", positive=True)
    bounds: list[tuple[Any, bool]] = []  # an expression, and whether it must differ from 0
    for condition in conditions(algorithm, lam):
        polynomial = sympy.Poly(to_sympy(condition), lam)
        while polynomial.nth(0) == 0 and not polynomial.is_zero:
            polynomial = sympy.quo(polynomial, sympy.Poly(lam, lam))
        if polynomial.degree() > 0:
            bounds.append((polynomial.eval(0), False))
        bounds.append((polynomial.eval(end), True))
    inequalities = list(dict.fromkeys(map(_inequality, _split(bounds))))
    if sympy.false in inequalities:
        return [sympy.false]
    return [inequality for inequality in inequalities if inequality != sympy.true]


def _split(bounds: Sequence[tuple[Any, bool]]) -> list[tuple[Any, bool]]:
    """Use that f >= 0 and f g > 0 together mean f > 0 and g > 0."""
    import sympy

    bounds = [(sympy.expand(bound), strict) for bound, strict in bounds]
    loose = [bound for bound, strict in bounds if not strict and bound.free_symbols]
    nonzero = []
    found = []
    for bound, strict in bounds:
        for factor in loose if strict else ():
            quotient = sympy.cancel(bound / factor)
            if sympy.fraction(quotient)[1].is_number:
                nonzero.append(factor)
                bound = quotient
        found.append((bound, strict))
    return [(bound, strict or bound in nonzero) for bound, strict in found]


def _inequality(bound: tuple[Any, bool]) -> Any:
    """Return the inequality, freed of a positive constant."""
    value, strict = bound
    _, value = value.primitive()
    return value > 0 if strict else value >= 0
