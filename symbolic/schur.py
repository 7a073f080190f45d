"""Noiseless stability as inequalities (Routh-Hurwitz conditions in the half plane)."""

from __future__ import annotations

from typing import Any

from sgdmem.symbolic.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.poles import determinant
from sgdmem.symbolic.polynomials import Polynomial
from sgdmem.symbolic.scalars import Scalar, as_scalar, exact_field, to_sympy


def conditions(algorithm: Algorithm, lam: Any) -> list[Scalar]:
    """Return expressions that are all positive exactly when P - lam Q is strictly Schur.

    They are the leading coefficient of the polynomial in z = (x - 1)/(x + 1), its Hurwitz
    determinants of order 1 ... M, and its constant coefficient: M + 2 expressions, polynomial in
    ``lam`` and in the coefficients of P and Q. The first is positive when chi(-1) has the right
    sign, the last when chi(1) has; the determinants exclude complex pairs outside.

    Examples
    --------
    >>> from sgdmem.symbolic.named import sgd
    >>> conditions(sgd("0.5"), 1)
    [Fraction(3, 2), Fraction(1, 2)]
    """
    form = algorithm.half_plane_form
    scalars = (as_scalar(lam, "lam"), *form.fixed, *form.moving, form.pull)
    (eigenvalue, *rest), back = exact_field(scalars)
    order = algorithm.memory
    fixed, moving, pull = rest[: order + 1], rest[order + 1 : -1], rest[-1]
    a = [f - eigenvalue * m for f, m in zip(fixed, moving, strict=True)]
    a.append(eigenvalue * pull)
    minors = [
        determinant([[_entry(a, 2 * (j + 1) - (i + 1)) for j in range(size)] for i in range(size)])
        for size in range(1, order + 1)
    ]
    return [back(value) for value in (a[0], *(minor[0] for minor in minors), a[-1])]


def uniform_conditions(algorithm: Algorithm, largest: Any) -> list[Scalar]:
    """Return expressions that are positive exactly when P - lam Q is Schur on (0, largest].

    For memory 0 and 1, where every condition is linear in the eigenvalue: such a condition holds
    on the whole interval when it holds at both ends (at 0 after division by a common factor
    lam). For `memory_one` this is Theorem 6.1 of arXiv 2410.04228. Conditions at 0 that could hold
    with equality are excluded by the others.

    Raises
    ------
    InputError
        For a larger memory.

    Examples
    --------
    >>> from sympy import symbols
    >>> from sgdmem.symbolic.named import memory_one
    >>> rate, q0, damping, top = symbols("alpha_eff q_0 delta lambda_max")
    >>> for condition in uniform_conditions(memory_one(rate, q0, damping), top):
    ...     print(condition, "> 0")
    2 - delta > 0
    -alpha_eff*delta*lambda_max - 2*delta - 2*lambda_max*q_0 + 4 > 0
    delta > 0
    delta + lambda_max*q_0 > 0
    alpha_eff*delta > 0
    """
    if algorithm.memory > 1:
        raise InputError(
            f"the conditions are linear in the eigenvalue for memory 0 and 1 only, "
            f"this algorithm has memory {algorithm.memory}"
        )
    import sympy

    lam = sympy.Dummy("lambda", positive=True)
    found = []
    for condition in conditions(algorithm, lam):
        polynomial = sympy.Poly(to_sympy(condition), lam)
        while polynomial.nth(0) == 0 and not polynomial.is_zero:
            polynomial = sympy.quo(polynomial, sympy.Poly(lam, lam))
        ends = [polynomial.eval(0), polynomial.eval(to_sympy(as_scalar(largest, "largest")))]
        for end in ends[: 1 if polynomial.is_ground else 2]:
            factor, expression = sympy.expand(end).primitive()
            found.append(expression if factor > 0 else -expression)
    return found


def _entry(a: list[Any], index: int) -> Polynomial:
    return (a[index],) if 0 <= index < len(a) else (0 * a[0],)
