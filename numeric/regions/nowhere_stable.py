r"""Boxes in which a mode is nowhere strictly Schur, their faces included, in exact numbers.

The roots of :math:`\chi=P-\lambda Q`, which is monic of degree n, are inside the unit circle only
if :math:`\chi(1)`, :math:`(-1)^n\chi(-1)` and :math:`1\pm\chi(0)` are positive. Where one of these
rational functions is nowhere positive on a box nothing in it is stable, although balls leave a
sliver open if a face of the box lies on the boundary: learning rates from -1 to 0, say.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from math import comb, prod
from typing import Any

from sgdmem.numeric.regions.intervals import Interval
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.algebra.polynomials import TransferPolynomials
from sgdmem.symbolic.algebra.scalars import to_sympy
from sgdmem.symbolic.errors import InputError

_MOST_COEFFICIENTS = 4096


def is_nowhere_schur(
    polynomials: TransferPolynomials, box: Mapping[Any, Interval], curvature: Interval
) -> bool:
    """Whether it is shown that P - curvature Q is strictly Schur at no point of a box.

    Parameters
    ----------
    polynomials : TransferPolynomials
        Of symbols, which must be real.
    box : mapping of Symbol to (low, high)
    curvature : (low, high)
        An eigenvalue, and the weight decay with it.

    Examples
    --------
    >>> from sympy import Symbol
    >>> from sgdmem import sgd
    >>> rate, one = Symbol("rate", real=True), (Fraction(1), Fraction(1))
    >>> P = sgd(rate).polynomials
    >>> [
    ...     is_nowhere_schur(P, {rate: (Fraction(low), Fraction(high))}, one)
    ...     for low, high in ((-1, 0), (-1, 1), (0, 1), (2, 3))
    ... ]
    [True, False, False, True]
    """
    from sympy import Symbol

    lam = Symbol("curvature", real=True)
    P, Q = ([to_sympy(x) for x in part] for part in (polynomials.P, polynomials.Q))
    chi = [p - lam * q for p, q in zip(P, [*Q, 0], strict=True)]
    at_1, at_minus_1 = sum(chi), sum(x * (-1) ** k for k, x in enumerate(reversed(chi)))
    whole = {**box, lam: curvature}
    conditions = (at_1, at_minus_1, 1 - chi[0], 1 + chi[0])
    return any(_is_nowhere_positive(condition, whole) for condition in conditions)


def _is_nowhere_positive(expression: Any, box: Mapping[Any, Interval]) -> bool:
    """Whether a rational function is shown to be at most 0 on a box, its poles left out.

    A polynomial on the unit cube lies in the convex hull of its Bernstein coefficients.
    """
    from sympy import Dummy, Poly, Rational, fraction, together

    numerator, denominator = fraction(together(expression))
    places, shares = {}, []
    for symbol, (low, high) in box.items():
        share = Dummy()
        shares.append(share)
        width = high - low
        start, step = (Rational(x.numerator, x.denominator) for x in (low, width))
        places[symbol] = start + step * share
    signed = (numerator * denominator).subs(places, simultaneous=True)
    terms = Poly(signed, *shares).as_dict()
    if not all(x.is_Rational for x in terms.values()):
        return False
    degrees = [max((powers[k] for powers in terms), default=0) for k in range(len(shares))]
    if prod(n + 1 for n in degrees) > _MOST_COEFFICIENTS:
        return False
    exact = {powers: Fraction(int(x.p), int(x.q)) for powers, x in terms.items()}
    for place in product(*(range(n + 1) for n in degrees)):
        coefficient = Fraction(0)
        for powers, x in exact.items():
            parts = zip(place, powers, degrees, strict=True)
            coefficient += x * prod(Fraction(comb(i, j), comb(n, j)) for i, j, n in parts)
        if coefficient > 0:
            return False
    return True


def known_ends(spectrum: Spectrum) -> list[Interval]:
    """Return the eigenvalues of a list, intervals of irrational ones; the largest of a law."""
    if spectrum.law is not None:
        scale = spectrum.law.exact[1]
        return [(scale, scale)]
    try:
        return [(x, x) for x in spectrum.exact()]
    except InputError:
        known = zip(spectrum.eigenvalues.tolist(), spectrum.radii.tolist(), strict=True)
        return [(Fraction(x) - Fraction(r), Fraction(x) + Fraction(r)) for x, r in known]
