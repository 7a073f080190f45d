r"""The Routh-Astrom recursion: strict stability and the noise summand, for any kind of number.

With :math:`x = (1+z)/(1-z)` the unit disk becomes the left half plane. Put
:math:`\hat D(z) = (1-z)^M \det(x-D)` and :math:`\hat Q(z) = (1-z)^M Q(x)`. Then

.. math::
    \hat\chi(z) = (1-z)^{M+1}(P - \lambda Q) = 2z\hat D(z) - \lambda(1-z)\hat Q(z), \qquad
    s_\lambda = \lambda^2 \Bigl\|\frac{Q}{P-\lambda Q}\Bigr\|^2
              = 2\lambda^2 \Bigl\|\frac{\hat Q}{\hat\chi}\Bigr\|^2_{\text{continuous time}},

and the continuous-time norm is Astrom's extension of the Routh array (K. J. Astrom, Introduction to
Stochastic Control Theory, 1970, chapter 5). All pivots have one sign exactly when
:math:`P - \lambda Q` is strictly Schur. The constant coefficient :math:`-\lambda Q(1)` of
:math:`\hat\chi` is never touched by the recursion, so the factor :math:`\lambda` is kept aside and
small eigenvalues cost no accuracy.

With weight decay :math:`P(1)\ne0`: the drift is that of the eigenvalue :math:`\lambda+\omega`,
while the noise keeps :math:`\lambda`, or w shrinks at each step. Then :math:`\hat\chi` has the
constant coefficient :math:`P(1)-\lambda Q(1)`, and all else stays.

The functions use only ``+ - * /`` and small integers: floats, arrays, fractions, balls, polynomials
and SymPy expressions all go through the same lines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from math import comb
from typing import NamedTuple

from sgdmem.symbolic.algebra.polynomials import Polynomial, TransferPolynomials, multiply
from sgdmem.symbolic.algebra.scalars import Element, flint_polynomial, fraction_of

_FEW = 8  # degree up to which binomials are fast


class HalfPlaneForm(NamedTuple):
    r"""What the recursion needs of an algorithm; coefficients of z, highest power first.

    Attributes
    ----------
    fixed, moving : tuple
        :math:`\hat\chi = \text{fixed} - \lambda\,\text{moving}`, without the constant coefficient:
        M + 1 coefficients each.
    pull : Element
        :math:`-Q(1) = \alpha_{\mathrm{eff}}\det(1-D)`; the constant coefficient is
        :math:`\lambda\,\text{pull}`.
    Q, Q_output : tuple
        :math:`\hat Q` to the point of the gradient and to w, M + 1 coefficients each.
    decay : Element or None
        P(1), of weight decay: it is added to the constant coefficient. None where P(1) = 0.
    """

    fixed: Polynomial
    moving: Polynomial
    pull: Element
    Q: Polynomial
    Q_output: Polynomial
    decay: Element | None = None

    @property
    def effective_learning_rate(self) -> Element:
        r"""The effective learning rate: :math:`-Q(1) / \hat D(0)`, where fixed ends in 2 D^(0)."""
        return 2 * self.pull / self.fixed[-1]

    def decayed(self, rate: Element) -> HalfPlaneForm:
        r"""Return the form of :math:`P-\omega Q` in the place of P: weight decay in the gradient.

        What it says of an eigenvalue :math:`\lambda` is then the drift of :math:`\lambda+\omega`
        under the noise of :math:`\lambda`.
        """
        fixed = tuple(x - rate * y for x, y in zip(self.fixed, self.moving, strict=True))
        more = rate * self.pull
        return self._replace(fixed=fixed, decay=more if self.decay is None else self.decay + more)

    @property
    def shifted(self) -> bool:
        """Whether the gradient is taken elsewhere than at w; if not, Q_output is Q itself."""
        return self.Q_output is not self.Q

    @property
    def at_gradient(self) -> HalfPlaneForm:
        """The form without what it says of w: Q_output is Q."""
        return self._replace(Q_output=self.Q)

    @property
    def row(self) -> tuple[Element, ...]:
        """All its numbers: fixed, moving, pull, Q, Q_output if shifted, decay if there is one."""
        output = self.Q_output if self.shifted else ()
        decay = () if self.decay is None else (self.decay,)
        return (*self.fixed, *self.moving, self.pull, *self.Q, *output, *decay)

    @staticmethod
    def of_row(row: Sequence[Element], memory: int, decays: bool = False) -> HalfPlaneForm:
        """Return the form whose numbers are given in one row; without Q_output, it is Q.

        The last number is ``decay`` if it ``decays``.

        Examples
        --------
        >>> form = HalfPlaneForm.of_row([2, 1, 5, -3], memory=0)
        >>> form.moving, form.pull, form.shifted, form.row
        ((1,), 5, False, (2, 1, 5, -3))
        """
        n = memory + 1
        *row, decay = row if decays else (*row, None)
        fixed, moving, Q, Q_output = (
            tuple(row[start : start + n]) for start in (0, n, 2 * n + 1, 3 * n + 1)
        )
        return HalfPlaneForm(fixed, moving, row[2 * n], Q, Q_output or Q, decay)

    def with_row(self, row: Sequence[Element]) -> HalfPlaneForm:
        """Return the form with other numbers; as shifted, and with decay, as before."""
        return self.of_row(row, len(self.fixed) - 1, self.decay is not None)

    def map(self, function: Callable[[Element], Element]) -> HalfPlaneForm:
        """Return the form with ``function`` applied to every number."""
        return self.with_row([function(number) for number in self.row])


class Summands(NamedTuple):
    """The outcome of the recursion at one eigenvalue (or at an array of them).

    Attributes
    ----------
    pivots : list
        M + 2 numbers, all positive or all negative exactly when P - lambda Q is strictly Schur.
    noise, output_noise : Element
        s / lambda at the point of the gradient, and at w. Meaningful when it is Schur.
    """

    pivots: list[Element]
    noise: Element
    output_noise: Element


def to_half_plane(polynomial: Sequence[Element]) -> Polynomial:
    """Return ``(1-z)^n p((1+z)/(1-z))`` for p of degree n, highest power of z first.

    Examples
    --------
    >>> to_half_plane((3, 1))  # 3 + x  ->  3(1-z) + (1+z)
    (-2, 4)
    """
    degree = len(polynomial) - 1
    if degree > _FEW and all(isinstance(x, Fraction) for x in polynomial):
        return _long_to_half_plane(polynomial)
    total: list[Element] = [0] * (degree + 1)
    for power, coefficient in enumerate(polynomial):
        for i, factor in enumerate(_power_in_half_plane(power, degree)):
            total[i] = total[i] + factor * coefficient
    return tuple(reversed(total))


@lru_cache(maxsize=1024)
def _power_in_half_plane(power: int, degree: int) -> Polynomial:
    """Return ``(1-z)^(n-k) (1+z)^k`` for a power k of x, lowest power first."""
    rising = [comb(power, i) for i in range(power + 1)]
    falling = [(-1) ** i * comb(degree - power, i) for i in range(degree - power + 1)]
    return multiply(rising, falling)


def _long_to_half_plane(polynomial: Sequence[Fraction]) -> Polynomial:
    """Return the same of many fractions, by two shifts: x = -1 + 2/y with y = 1 - z."""
    from flint import fmpq_poly

    shifted = flint_polynomial(polynomial)(fmpq_poly([-1, 1]))
    size = len(polynomial)
    in_y = fmpq_poly([shifted[k] * 2**k for k in reversed(range(size))])
    in_z = in_y(fmpq_poly([1, -1]))
    return tuple(fraction_of(in_z[k]) for k in reversed(range(size)))


def around_one(polynomial: Sequence[Element]) -> Polynomial:
    """Return p(1 + y), lowest power first, from ``(1-z)^n p((1+z)/(1-z))``, highest power first.

    Its constant coefficient is that of the other.

    Examples
    --------
    >>> from fractions import Fraction
    >>> tuple(map(int, around_one((Fraction(-2), Fraction(4)))))  # 3 + x is 4 + y
    (4, 1)
    """
    degree = len(polynomial) - 1
    total: list[Element] = [0] * (degree + 1)
    for power, coefficient in enumerate(reversed(polynomial)):  # z = y / (2 + y)
        for i in range(degree - power + 1):
            factor = comb(degree - power, i)
            total[power + i] = total[power + i] + coefficient * factor / 2 ** (power + i)
    return tuple(total)


def half_plane_form(polynomials: TransferPolynomials, shrink: Element = 0) -> HalfPlaneForm:
    """Return the half-plane form of an algorithm's polynomials; P(1) = 0 unless w shrinks."""
    Q = to_half_plane(polynomials.Q)
    moving = multiply((-1, 1), Q)  # (1 - z) Q, highest power first
    D, decay = to_half_plane(polynomials.D), None
    fixed = [2 * coefficient for coefficient in D]
    if shrink != 0:  # (1 - z)(x - 1 + shrink) = (2 - shrink) z + shrink
        *fixed, decay = multiply((2 - shrink, shrink), D)
    return HalfPlaneForm(
        fixed=tuple(fixed),
        moving=moving[:-1],
        pull=-moving[-1],
        Q=Q,
        Q_output=Q
        if polynomials.Q_output == polynomials.Q
        else to_half_plane(polynomials.Q_output),
        decay=decay,
    )


def half_plane_polynomial(form: HalfPlaneForm, lam: Element) -> list[Element]:
    r"""Return the coefficients of :math:`\hat\chi` at eigenvalue ``lam``, highest power first."""
    a = [fixed - lam * moving for fixed, moving in zip(form.fixed, form.moving, strict=True)]
    constant = lam * form.pull
    return [*a, constant if form.decay is None else form.decay + constant]


def summands(form: HalfPlaneForm, lam: Element, weight: Element = None) -> Summands:
    r"""Run the recursion at eigenvalue ``lam``.

    The results are ``weight``, by default ``lam``, times :math:`\|Q/(P-\lambda Q)\|^2`.

    A vanishing pivot raises `ZeroDivisionError` or gives an infinite value, as the kind of number
    does it; the caller decides what that means.

    Examples
    --------
    SGD with learning rate 1/2 at eigenvalue 1 has s = 1/3:

    >>> from fractions import Fraction
    >>> form = HalfPlaneForm(
    ...     (2,), (Fraction(1, 2),), Fraction(1, 2), (Fraction(-1, 2),), (Fraction(-1, 2),)
    ... )
    >>> summands(form, Fraction(1)).noise
    Fraction(1, 3)
    """
    a = half_plane_polynomial(form, lam)
    weight = lam if weight is None else weight
    numerators = [list(form.Q), list(form.Q_output)] if form.shifted else [list(form.Q)]
    totals: list[Element] = [0 for _ in numerators]
    pivots = [a[0]]
    inverse_of_first: Element = None
    while len(a) > 2:
        pivots.append(a[1])
        if inverse_of_first is None:  # one division serves the first two pivots
            product = 1 / (a[0] * a[1])
            inverse, share = a[0] * product, weight * product
        else:
            inverse = 1 / a[1]
            share = weight * inverse * inverse_of_first
        ratio = a[0] * inverse
        inverse_of_first = inverse
        for index, b in enumerate(numerators):
            totals[index] = totals[index] + b[0] * b[0] * share
            gain = b[0] * inverse
            for i in range(2, len(b), 2):
                b[i] = b[i] - gain * a[i + 1]
            del b[0]
        for i in range(2, len(a) - 1, 2):
            a[i] = a[i] - ratio * a[i + 1]
        del a[0]
    pivots.append(a[1])
    # In the last step a[1] = lam * pull exactly: dividing by pull alone keeps lam aside.
    is_plain = form.decay is None and weight is lam
    last = 1 / form.pull if is_plain else weight / a[1]
    share = (1 / a[0] if inverse_of_first is None else inverse_of_first) * last
    totals = [total + b[0] * b[0] * share for total, b in zip(totals, numerators, strict=True)]
    return Summands(pivots, totals[0], totals[-1])
