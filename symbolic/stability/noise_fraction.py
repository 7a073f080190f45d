r"""The noise summand as a quotient of two polynomials in the eigenvalue.

With the Hurwitz matrix of :math:`\hat\chi` (theory page "Everything sits in M + 1 poles")

.. math:: \frac{s_\lambda}{\lambda} = (-1)^M\frac{\det B}{-Q(1)\;a_0\,\Delta_M},

where :math:`a_0` is the leading coefficient, :math:`\Delta_M` the Hurwitz determinant of order M,
and B the Hurwitz matrix of order M + 1 whose first row is replaced by the coefficients of
:math:`\hat Q(z)\hat Q(-z)`. All entries are linear in the eigenvalue or do not contain it. With
weight decay :math:`\lambda/(P(1)-\lambda Q(1))` stands in the place of :math:`1/-Q(1)`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sgdmem.symbolic.algebra.determinants import determinant, hurwitz_matrix
from sgdmem.symbolic.algebra.polynomials import Polynomial, multiply
from sgdmem.symbolic.algebra.routh import HalfPlaneForm
from sgdmem.symbolic.algebra.scalars import Element


def noise_fraction(form: HalfPlaneForm) -> tuple[Polynomial, Polynomial]:
    """Return numerator and denominator of s / lambda: M + 1 and M + 2 coefficients, lowest first.

    With weight decay one more each. Nothing is divided, so any kind of number will do.

    Examples
    --------
    >>> from sgdmem.symbolic.zoo.named_algorithms import sgd
    >>> numerator, denominator = noise_fraction(sgd("1/2").half_plane_form)
    >>> numerator, denominator  # (1/4) / (1 - lambda/4)
    ((Fraction(1, 4),), (Fraction(1, 1), Fraction(-1, 4)))
    """
    size = len(form.fixed)
    chi = [*linear_coefficients(form), _constant(form)]
    row = [(entry,) for entry in _even_part(form.Q)]
    B = [row, *hurwitz_matrix(chi, size)[1:]]
    sign = (-1) ** (size - 1)
    numerator = _padded(tuple(sign * entry for entry in determinant(B)), size)
    crossing = crossing_polynomial(form)
    if form.decay is not None:
        return (0 * form.decay, *numerator), multiply(_constant(form), crossing)
    return numerator, tuple(form.pull * entry for entry in crossing)


def linear_coefficients(form: HalfPlaneForm) -> list[Polynomial]:
    """Return the coefficients of chi-hat as polynomials in lambda, without the constant one."""
    return [(fixed, -moving) for fixed, moving in zip(form.fixed, form.moving, strict=True)]


def _constant(form: HalfPlaneForm) -> Polynomial:
    """Return the constant coefficient of chi-hat as a polynomial in lambda."""
    return (0 * form.pull if form.decay is None else form.decay, form.pull)


def crossing_polynomial(form: HalfPlaneForm) -> Polynomial:
    """Return a_0 times the Hurwitz determinant of order M, with M + 2 coefficients.

    A root of P - lambda Q crosses the unit circle (other than at 1) only where it vanishes.
    """
    chi = linear_coefficients(form)
    hurwitz = hurwitz_matrix([*chi, _constant(form)], len(chi) - 1)
    return _padded(multiply(chi[0], determinant(hurwitz)), len(chi) + 1)


def _even_part(Q: Sequence[Element]) -> list[Element]:
    """Return the coefficients of Q(z) Q(-z), highest power first; only even powers occur."""
    size = len(Q)
    found: list[Element] = []
    for k in range(size):
        total: Element = 0
        for i in range(max(0, 2 * k - size + 1), min(size, 2 * k + 1)):
            term = Q[i] * Q[2 * k - i]
            total = total - term if (size - 1 - (2 * k - i)) % 2 else total + term
        found.append(total)
    return found


def _padded(polynomial: Sequence[Element], size: int) -> Polynomial:
    """Return a polynomial with that many coefficients; those beyond must vanish."""
    zeros = (0 * polynomial[0] for _ in range(size - len(polynomial)))
    return (*polynomial[:size], *zeros)
