r"""The poles of the noise summand, and the eigenvalues at which noiseless stability changes.

The denominator of :math:`s_\lambda/\lambda` is :math:`\chi(-1,\lambda)\prod_{i<j}(1-x_ix_j)`, a
constant times the leading coefficient of :math:`\hat\chi` times its Hurwitz determinant of order M
(theory page "Everything sits in M + 1 poles"). Both are polynomials in lambda, found exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any

from sgdmem.symbolic.algebra.polynomials import (
    Polynomial,
    TransferPolynomials,
    add,
    derivative,
    evaluate,
)
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, half_plane_form
from sgdmem.symbolic.algebra.scalars import (
    Element,
    Scalar,
    exact_field,
    flint_rational,
    fraction_of,
)
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, UndefinedError
from sgdmem.symbolic.stability.interlacing import interlacing_edge
from sgdmem.symbolic.stability.noise_fraction import (
    crossing_polynomial,
    linear_coefficients,
    noise_fraction,
)
from sgdmem.symbolic.stability.schur import is_schur_form
from sgdmem.symbolic.stability.unit_circle import (
    CirclePolynomials,
    circle_polynomials,
    complex_roots,
    without,
)

Enclosure = tuple[Fraction, Fraction]

_NARROW = Fraction(1, 10**30)  # relative width of an enclosure
_NONE = Fraction(0)
_FINEST = 1024  # bits in which ends are told apart
_NO_END = Fraction(2) ** 2000  # beyond the range of floats


def boundary_polynomial(algorithm: Algorithm) -> Polynomial:
    r"""Return :math:`\chi(-1,\lambda)\prod_{i<j}(1-x_ix_j)`; all poles of s/lambda are its roots.

    M + 2 coefficients of powers of lambda, lowest first. A root of P - lambda Q crosses the unit
    circle (other than at x = 1) only where it vanishes.

    Examples
    --------
    The heavy ball with learning rate 1/10 and momentum 9/10 is stable below eigenvalue 38:

    >>> from sgdmem.symbolic.zoo.named_algorithms import heavy_ball
    >>> constant, slope, _ = boundary_polynomial(heavy_ball("0.1", "0.9"))
    >>> -constant / slope
    Fraction(38, 1)
    """
    form, back = _in_field(algorithm)
    return tuple(map(back, _boundary(form)))


def noiseless_intervals(
    algorithm: Algorithm, weight_decay: Fraction = _NONE
) -> list[tuple[Enclosure, Enclosure]]:
    """Return the open intervals of lambda > 0 on which P - lambda Q is strictly Schur.

    With weight decay in the gradient, on which P - (lambda + omega) Q is.

    When D is strictly stable and the effective learning rate is positive, the first begins at 0
    and ends at the first positive pole of s / lambda.

    Parameters
    ----------
    algorithm
        With rational entries.

    Returns
    -------
    list of (lower end, upper end)
        Disjoint, ascending; each end is an enclosure ``(low, high)`` of an exact root, relatively
        narrower than 1e-30, or exactly 0. Two intervals may share an end, at which a root touches
        the circle. Bounded, since a root of P - lambda Q leaves the disk as lambda grows.

    Raises
    ------
    InputError
        If the algorithm has symbols.

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.named_algorithms import sgd
    >>> [(float(low[0]), float(high[0])) for low, high in noiseless_intervals(sgd("0.5"))]
    [(0.0, 4.0)]
    """
    if algorithm.is_symbolic:
        raise InputError("noiseless_intervals needs an algorithm with rational entries")
    edge = interlacing_edge(algorithm)
    if edge is not None:  # a theorem, which is faster than isolating roots
        end = edge - weight_decay
        return [((_NONE, _NONE), (end, end))] if end > 0 else []
    if weight_decay:
        _, P, Q, _ = algorithm.polynomials
        P = add(P, [-weight_decay * q for q in Q])
        return list(intervals_of_form(P, Q, algorithm.half_plane_form.decayed(weight_decay)))
    return intervals_by_roots(algorithm.polynomials, algorithm.shrink)


def intervals_by_roots(
    polynomials: TransferPolynomials, shrink: Any
) -> list[tuple[Enclosure, Enclosure]]:
    """Return the `noiseless_intervals` from where a root of P - lambda Q is on the circle."""
    unit, scale = gradient_unit(polynomials)
    found = intervals_of_form(unit.P, unit.Q, half_plane_form(unit, shrink))
    return [((a / scale, b / scale), (c / scale, d / scale)) for (a, b), (c, d) in found]


def gradient_unit(polynomials: TransferPolynomials) -> tuple[TransferPolynomials, Fraction]:
    """Return rational polynomials whose Q has a first coefficient of 1 or -1, and its factor.

    Eigenvalues times the factor are the same question; so is asked once what is asked of multiples.
    """
    D, P, Q, Q_output = polynomials
    factor = next((abs(q) for q in Q if q), Fraction(1))
    return TransferPolynomials(
        D, P, tuple(q / factor for q in Q), tuple(q / factor for q in Q_output)
    ), factor


@lru_cache(maxsize=64)
def intervals_of_form(
    P: Polynomial, Q: Polynomial, form: HalfPlaneForm
) -> tuple[tuple[Enclosure, Enclosure], ...]:
    """Return the `noiseless_intervals` of P, Q and their half-plane form, with rational entries."""
    form = form.at_gradient.map(flint_rational)
    if form.pull == 0 and not form.decay:  # x = 1 is a root for every lambda
        return ()
    zero = Fraction(0)
    if not any(Q):  # the gradient does nothing: as at 0, so everywhere
        everywhere = ((zero, zero), (_NO_END, _NO_END))
        return (everywhere,) if is_schur_form(form, flint_rational(zero + 1)) else ()
    circle = circle_polynomials(P, Q)
    if not circle.crossing:  # at every lambda a root lies on the circle, or a pair is reciprocal
        return ()
    ends: list[Enclosure] = [(zero, zero), *_crossings(circle)]
    # At an end P - lambda Q is not Schur, and between two ends that does not change.
    return tuple(
        (lower, upper)
        for lower, upper in pairwise(ends)
        if is_schur_form(form, _between(lower[1], upper[0]))
    )


def partial_fractions(algorithm: Algorithm) -> list[tuple[Scalar, Scalar]]:
    r"""Return the poles z_i and residues R_i of s/lambda for memory 0 and 1.

    .. math:: \frac{s_\lambda}{\lambda} = \sum_i \frac{R_i}{\lambda - z_i}

    so that the sum of s over a spectrum is :math:`\sum_i (-R_i/z_i)\,T(-1/z_i)` with
    :math:`T(\omega) = \sum_k \lambda_k/(1+\omega\lambda_k)`. The poles of memory 1 are real and
    rational in the entries: one is the zero of chi(-1), the other that of det S = 1.

    Raises
    ------
    InputError
        For a larger memory.
    UndefinedError
        If the two poles coincide, or the noise summand exists at no eigenvalue.

    Examples
    --------
    >>> from sympy import symbols
    >>> from sgdmem.symbolic.zoo.named_algorithms import sgd
    >>> partial_fractions(sgd(symbols("alpha")))
    [(2/alpha, -1)]
    """
    if algorithm.memory > 1:
        raise InputError(
            f"the poles are rational for memory 0 and 1 only, "
            f"this algorithm has memory {algorithm.memory}"
        )
    form, back = _in_field(algorithm)
    if form.decay is not None:
        raise InputError("partial fractions of s are those of a method that does not shrink w")
    if form.pull == 0:
        raise UndefinedError("the noise summand does not exist: Q(1) = 0")
    numerator, denominator = noise_fraction(form)
    if not any(denominator):
        raise UndefinedError("the noise summand does not exist at any eigenvalue")
    slope_of = derivative(denominator)
    poles = [-constant / slope for constant, slope in linear_coefficients(form) if slope != 0]
    if any(evaluate(slope_of, pole) == 0 for pole in poles):
        raise UndefinedError("the two poles of the noise summand coincide")
    residues = [evaluate(numerator, pole) / evaluate(slope_of, pole) for pole in poles]
    return [(back(z), back(R)) for z, R in zip(poles, residues, strict=True) if R != 0]


def _in_field(algorithm: Algorithm) -> tuple[HalfPlaneForm, Callable[[Element], Scalar]]:
    """Return the half-plane form in a fast exact field, and the way back to scalars."""
    form = algorithm.half_plane_form.at_gradient
    if algorithm.is_symbolic:
        elements, back = exact_field(form.row)
        return form.with_row(elements), back
    return form.map(flint_rational), fraction_of


def _boundary(form: HalfPlaneForm) -> Polynomial:
    M = len(form.fixed) - 1
    # a_0 is chi(-1) up to sign; by Orlando's formula the determinant is 2^(M(M+1)/2) times the
    # product over the pairs of roots.
    constant = (-1) ** (M + 1) * 2 ** (M * (M + 1) // 2)
    return tuple(coefficient / constant for coefficient in crossing_polynomial(form))


def _crossings(circle: CirclePolynomials) -> list[Enclosure]:
    """Return narrow, disjoint enclosures of the eigenvalues > 0 with a root on the circle.

    Where pairs of roots cross at once, or within 1e-300, there is one for all of them.
    """
    from flint import fmpz_poly

    scale = Fraction(int(circle.scale_Q), int(circle.scale_P))
    at_ends = [
        scale * Fraction(int(circle.P(x)), int(circle.Q(x))) for x in (1, -1) if circle.Q(x) != 0
    ]
    # where P or Q itself vanishes on the circle there is no crossing, but at 0 or infinity
    polynomial = without(circle.crossing, circle.middle)
    for end in (fmpz_poly([2, 1]), fmpz_poly([-2, 1])):
        polynomial = without(polynomial, end)
    precision = circle.precision
    while True:
        found = _complex_crossings(circle, polynomial, scale, precision)
        narrow = all(low * high > 0 and high - low < _NARROW * abs(low) for low, high in found)
        found = sorted(x for x in [*((end, end) for end in at_ends), *found] if x[0] > 0)
        if narrow and all(x == y or x[1] < y[0] for x, y in pairwise(found)):
            return list(dict.fromkeys(found))
        if narrow and precision >= _FINEST:
            break
        precision *= 2
    merged = [found[0]]
    for low, high in found[1:]:
        if low <= merged[-1][1]:
            low, high = merged[-1][0], max(high, merged.pop()[1])
        merged.append((low, high))
    return merged


def _complex_crossings(
    circle: CirclePolynomials, polynomial: Any, scale: Fraction, precision: int
) -> list[Enclosure]:
    """Return those of real roots c between -2 and 2; (-1, 1) where more bits must tell."""
    from flint import ctx

    found = []
    with ctx.workprec(precision):
        for root, _ in complex_roots(polynomial, precision):
            c = root.real
            if root.imag == 0 and not (c > 2 or c < -2):
                value = circle.middle(c) / (2 * circle.size(c))
                sure = c > -2 and c < 2 and value.is_finite()
                ends = (value.lower(), value.upper()) if sure else (-1, 1)
                low, high = (scale * _exact(end) for end in ends)
                found.append((low, high))
    return found


def _between(low: Fraction, high: Fraction) -> Any:
    """Return a short rational number between two others."""
    from flint import fmpq

    denominator = int(2 / (high - low)) + 1
    return fmpq(round((low + high) / 2 * denominator), denominator)


def _exact(number: Any) -> Fraction:
    if isinstance(number, int):
        return Fraction(number)
    mantissa, exponent = (int(part) for part in number.man_exp())
    return Fraction(mantissa << max(exponent, 0), 1 << max(-exponent, 0))
