"""The method of the smallest memory that has the same Q / P: what P and Q share cancels."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from sgdmem.symbolic.algebra.scalars import Scalar, flint_polynomial, fraction_of, to_sympy
from sgdmem.symbolic.algorithms.algorithm import Algorithm, require_algorithm

_TRIES = 5  # points at which coefficients may have a vanishing denominator
_PRIME = 2**31 - 1


def reduced(algorithm: Algorithm) -> tuple[Algorithm, tuple[Scalar, ...]]:
    """Return what is left of a method where a factor of P and Q cancels, and that factor.

    With P = F P' and Q = F Q' the points at which gradients are taken obey the recurrence of P' and
    Q', and have its noise summand. The roots of F are modes of the auxiliary vectors (or of w, if
    the gradient is taken elsewhere) that gradients do not reach, or that are not read where they
    are taken: they evolve by themselves, and only a start shows them.

    Parameters
    ----------
    algorithm
        Numeric or symbolic; of one with symbols, what cancels whatever their values are.

    Returns
    -------
    Algorithm
        With a = 0, and the same w from the same gradients if a = 0 in the other, too. The
        algorithm itself if nothing cancels.
    tuple
        The coefficients of F, lowest power first; the leading one is 1.

    Examples
    --------
    The average of an SGD is SGD where its gradients are taken:

    >>> from sgdmem.symbolic.zoo.averaging import averaging
    >>> from sgdmem.symbolic.zoo.named_algorithms import sgd
    >>> left, factor = reduced(averaging(sgd("0.5"), "0.1"))
    >>> left, factor
    (Algorithm(alpha=Fraction(1, 2)), (Fraction(-9, 10), Fraction(1, 1)))
    """
    memory = require_algorithm(algorithm, "algorithm").memory
    if not memory or not _may_cancel(algorithm):
        return algorithm, (Fraction(1),)
    D, _, Q, _ = algorithm.polynomials  # D rather than P, so that x - 1 stays in what is left
    divide = _divided_symbols if algorithm.is_symbolic else _divided_numbers
    factor, D, Q = divide(D, Q)
    if len(factor) == 1:
        return algorithm, factor
    size = len(D) - 1
    Q = (*Q, *[Fraction(0)] * (size + 1 - len(Q)))
    left = Algorithm(
        -Q[size],
        b=[int(i == 0) for i in range(size)],
        c=[Q[size - 1 - i] - Q[size] * D[size - 1 - i] for i in range(size)],
        D=[
            [-D[size - 1 - i] if j == 0 else int(j == i + 1) for j in range(size)]
            for i in range(size)
        ],
        shrink=algorithm.shrink,
        title=algorithm.title,
        floats=algorithm.floats,
    )
    return left, factor


Divided = tuple[tuple[Scalar, ...], tuple[Scalar, ...], tuple[Scalar, ...]]


def _may_cancel(algorithm: Algorithm) -> bool:
    """Whether det(x - D) and Q share a factor at a random point of the symbols.

    If they do not, they share none in general: that is far cheaper to find.
    """
    from random import Random

    rng = Random(1)
    symbols = sorted(algorithm.free_symbols, key=str)
    for _ in range(_TRIES):
        point = {x: to_sympy(Fraction(rng.randint(1, _PRIME), _PRIME)) for x in symbols}
        try:
            D, _, Q, _ = (algorithm.substitute(point) if symbols else algorithm).polynomials
            return len(flint_polynomial(D).gcd(flint_polynomial(Q))) > 1
        except (ZeroDivisionError, TypeError, ValueError):  # a TypeError: irrational numbers
            continue
    return True


def _divided_numbers(D: Sequence[Scalar], Q: Sequence[Scalar]) -> Divided:
    first, second = flint_polynomial(D), flint_polynomial(Q)
    factor = first.gcd(second)
    factor /= factor[len(factor) - 1]
    return tuple(  # type: ignore[return-value]
        tuple(map(fraction_of, polynomial.coeffs()))
        for polynomial in (factor, first // factor, second // factor)
    )


def _divided_symbols(D: Sequence[Scalar], Q: Sequence[Scalar]) -> Divided:
    import sympy

    x = sympy.Dummy("x")
    first, second = (
        sympy.Add(*(to_sympy(value) * x**k for k, value in enumerate(row))) for row in (D, Q)
    )
    common = sympy.gcd(*(sympy.numer(sympy.together(value)) for value in (first, second)))
    factor = sympy.Poly(common, x).monic() if common.has(x) else sympy.Poly(1, x)

    def over(polynomial: Any) -> tuple[Scalar, ...]:
        left = sympy.Poly(sympy.cancel(polynomial / factor.as_expr()), x)
        return tuple(map(sympy.factor, left.all_coeffs()[::-1]))

    own = tuple(map(sympy.factor, factor.all_coeffs()[::-1]))
    return own, over(first), over(second)
