"""What all sections of a derivation share: polynomials, the noise summand, and names for them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import sympy

from sgdmem.symbolic.algebra.scalars import to_sympy
from sgdmem.symbolic.derivations.statements.exact_values import random_point
from sgdmem.symbolic.derivations.statements.method_at_points import MethodAtPoints
from sgdmem.symbolic.derivations.typesetting.width import width
from sgdmem.symbolic.expressions.products import times
from sgdmem.symbolic.stability.noise_fraction import noise_fraction
from sgdmem.symbolic.stability.schur import uniform_conditions

SHORT = 12  # terms that the coefficients of a polynomial may have together and still be written out
_LARGE_MEMORY = 4  # from here on the second moments of two eigenvalues take minutes
# Beyond this memory the coefficients of polynomials in more symbols are given by recursions.
EXPANDED_MEMORY, MOST_EXPANDED_SYMBOLS = 3, 3


class Subject(MethodAtPoints):
    """An algorithm about which a derivation is written."""

    @property
    def whole(self) -> Subject:
        """The method as it is described, of which this may be what is left (`ReducedSubject`)."""
        return self

    @property
    def judged(self) -> Subject:
        """Of what stability is decided."""
        return self

    @property
    def hidden_bounds(self) -> list[tuple[Any, bool]]:
        """What is to be positive for modes to die out that are not among those of P - lambda Q."""
        return []

    @cached_property
    def two_eigenvalues(self) -> tuple[Any, ...]:
        """Two eigenvalues, on which sums over a spectrum are checked; one for large memories."""
        return tuple(map(self._eigenvalue, "1" if self.memory >= _LARGE_MEMORY else "12"))

    @cached_property
    def largest(self) -> Any:
        """The largest eigenvalue."""
        return self._eigenvalue(r"{\max}")

    @cached_property
    def uniform_conditions(self) -> list[Any]:
        """Inequalities for all eigenvalues up to the largest, for memory 0 and 1."""
        return uniform_conditions(self.algorithm, self.largest)

    def _eigenvalue(self, mark: str) -> Any:
        letter = self.writer.line(self.letters.eigenvalue)
        symbol = sympy.Dummy(f"eigenvalue {mark}", positive=True)
        return self.writer.name(symbol, f"{letter}_{mark}", rising=True)

    @property
    def is_structured(self) -> bool:
        """Whether coefficients are given by recursions, since they have too many terms."""
        return self.memory > EXPANDED_MEMORY and len(self.parameters) > MOST_EXPANDED_SYMBOLS

    @cached_property
    def polynomials(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The coefficients of det(x - D) and of Q, lowest first, as SymPy expressions.

        Names whose meaning is found at a point, for a structured derivation.
        """
        if self.is_structured:
            places = range(self.memory + 1)
            d, q = (
                [self.named(rf"{letter}_{{{k}}}", self._coefficient(row, k)) for k in places]
                for row, letter in enumerate("dq")
            )
            return (*d[:-1], sympy.Integer(1)), tuple(q)
        found = self.algorithm.polynomials
        return tuple(map(to_sympy, found.D)), tuple(map(to_sympy, found.Q))

    def _coefficient(self, row: int, place: int) -> Any:
        return lambda point: self.coefficients_at(point)[row][place]

    @property
    def det_D(self) -> tuple[Any, ...]:
        """The coefficients of det(x - D), lowest first."""
        return self.polynomials[0]

    @property
    def Q(self) -> tuple[Any, ...]:
        """The coefficients of Q, lowest first."""
        return self.polynomials[1]

    @cached_property
    def _fraction(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Numerator and denominator of s / lambda at generic parameters."""
        point = random_point(self.parameters, random.Random(6))
        return noise_fraction(self.member(point).half_plane_form)

    @property
    def has_summand(self) -> bool:
        """Whether the noise summand exists for generic parameters."""
        return any(self._fraction[1])

    @property
    def has_noise(self) -> bool:
        """Whether there is a noise summand, and it is not zero everywhere."""
        return self.has_summand and any(self._fraction[0])

    @property
    def has_slope(self) -> bool:
        """Whether the noise summand is regular at eigenvalue 0 for generic parameters."""
        return bool(self._fraction[1][0] != 0)

    @cached_property
    def summand(self) -> Any:
        """The noise summand as one tidy expression in the eigenvalue."""
        return self.tidy(to_sympy(self.algorithm.noise_summand(self.letters.eigenvalue)))

    @cached_property
    def linear_inverse(self) -> tuple[Any, Any] | None:
        """The coefficients of lambda / s if it is linear in the eigenvalue: s has a single pole."""
        lam = self.letters.eigenvalue
        if self.summand == 0:
            return None
        inverse = sympy.cancel(lam / self.summand)
        top, bottom = sympy.fraction(inverse)
        if bottom.has(lam) or sympy.degree(top, lam) != 1:
            return None
        pieces = sympy.Poly(sympy.expand(inverse), lam)
        return self.tidy(pieces.nth(0)), self.tidy(pieces.nth(1))

    def in_powers(self, coefficients: Sequence[Any], symbol: Any) -> Any:
        """Return a polynomial from its coefficients, lowest first, each of them tidied."""
        return sympy.Add(
            *(times(self.tidy(value), symbol**power) for power, value in enumerate(coefficients))
        )

    def polynomial(self, coefficients: Sequence[Any]) -> Any:
        """Return a polynomial in x from its coefficients, lowest first."""
        return sympy.Add(*(value * self.letters.root**k for k, value in enumerate(coefficients)))

    def as_fits(self, coefficients: Sequence[Any], name: str) -> Any:
        """Return a polynomial in x as a product if that fits in a line after its name.

        Else in powers of x, which come apart without brackets around several lines.
        """
        product = self.tidy(self.polynomial(coefficients))
        if width(f"{name} = {self.writer.line(product)}") <= self.writer.room:
            return product
        return self.in_powers(coefficients, self.letters.root)

    @cached_property
    def is_short(self) -> bool:
        """Whether the coefficients are short enough to be carried through everything."""
        if self.is_structured:
            return False
        terms = sum(
            len(sympy.Add.make_args(sympy.expand(value))) for value in (*self.det_D, *self.Q)
        )
        return self.memory <= 1 or terms <= SHORT

    @cached_property
    def d(self) -> tuple[Any, ...]:
        """The coefficients of det(x - D) below the leading one, or names for them."""
        return self._named("d", self.det_D[:-1])

    @cached_property
    def q(self) -> tuple[Any, ...]:
        """The coefficients of Q, or names for them."""
        return self._named("q", self.Q)

    @property
    def P_in_d(self) -> tuple[Any, ...]:
        """The coefficients of P = (x - 1 + shrink) det(x - D), lowest first, in d."""
        d, kept = (*self.d, sympy.Integer(1)), 1 - self.shrink
        return tuple(below - kept * own for below, own in zip((0, *d), (*d, 0), strict=True))

    @cached_property
    def effective_rate(self) -> Any:
        """The effective learning rate -Q(1) / P'(1) in d and q.

        None if w shrinks or D has the eigenvalue 1.
        """
        if self.shrinks or self.remembers:
            return None
        return self.tidy(-sympy.Add(*self.q) / sympy.Add(1, *self.d))

    @cached_property
    def remembers(self) -> bool:
        """Whether D has the eigenvalue 1."""
        return bool(self.tidy(sympy.Add(*self.det_D)) == 0)

    def _named(self, letter: str, values: Sequence[Any]) -> tuple[Any, ...]:
        if self.is_short:
            return tuple(map(self.tidy, values))
        if self.is_structured:
            return tuple(values)
        return tuple(
            self.named(rf"{letter}_{{{place}}}", value) if value != 0 else value
            for place, value in enumerate(values)
        )

    @cached_property
    def parts(self) -> dict[Any, Any]:
        """Names of parts of noise summands that have been given a meaning, by what they are."""
        return {}

    def named(self, latex: str, meaning: Any) -> Any:
        """Introduce a symbol for an expression."""
        symbol = sympy.Dummy(latex, real=True)
        self.writer.name(symbol, latex)
        return self.names.define(symbol, meaning)
