"""The method that is left where a factor of P and Q cancels, in the letters of the whole one."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import sympy
from flint import fmpq_mat, fmpq_poly

from sgdmem.symbolic.algebra.determinants import hurwitz_determinants
from sgdmem.symbolic.algebra.routh import to_half_plane
from sgdmem.symbolic.algebra.scalars import to_sympy
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.reduction import reduced
from sgdmem.symbolic.derivations.statements.assumptions import follows, minimal
from sgdmem.symbolic.derivations.statements.exact_second_moments import identity, is_strictly_stable
from sgdmem.symbolic.derivations.statements.exact_values import (
    Point,
    number_at,
    random_point,
)
from sgdmem.symbolic.derivations.statements.subject import Subject


def what_is_left(subject: Subject) -> Subject:
    """Return what is left of a subject's method where P and Q share a factor, or itself."""
    algorithm, factor = reduced(subject.algorithm)
    if len(factor) == 1:
        return subject
    left = ReducedSubject(subject, algorithm, tuple(map(to_sympy, factor)))
    # where hidden modes may die out, but no stable parameters were found, nothing is said
    return left if left.forgets or left.never_forgets else subject


class ReducedSubject(Subject):
    """What is left of a method: P, Q and the noise summand without a common factor F.

    Attributes
    ----------
    whole : Subject
        The method, whose characteristic polynomial is F (P - lambda Q).
    factor : tuple
        The coefficients of F, lowest power first.
    """

    def __init__(self, whole: Subject, algorithm: Algorithm, factor: tuple[Any, ...]) -> None:
        super().__init__(algorithm, whole.letters, whole.family)
        self._whole, self.factor = whole, factor
        self.writer, self.names = whole.writer, whole.names

    @property
    def whole(self) -> Subject:
        """The method of which this is left."""
        return self._whole

    @property
    def judged(self) -> Subject:
        """Of what stability is decided: of the whole, unless a hidden mode never dies out."""
        return self._whole if self.forgets else self

    @cached_property
    def forgets(self) -> bool:
        """Whether there are parameters for which all hidden modes die out."""
        return self._whole.stable_point is not None or super().stable_point is None

    @property
    def stable_point(self) -> Point | None:
        """See `Subject`; that of the whole, if there is any."""
        return self._whole.stable_point or super().stable_point

    @property
    def is_structured(self) -> bool:
        """Whether coefficients are given by recursions: those that are left are at hand."""
        return False

    @property
    def shifted(self) -> bool:
        """Whether the gradient is taken elsewhere than at w."""
        return self._whole.shifted

    @property
    def largest(self) -> Any:
        """The largest eigenvalue."""
        return self._whole.largest

    @property
    def two_eigenvalues(self) -> tuple[Any, ...]:
        """Two eigenvalues, on which sums over a spectrum are checked."""
        return self._whole.two_eigenvalues

    @cached_property
    def common(self) -> Any:
        """The polynomial F in x, as a product."""
        x = self.letters.root
        _, parts = sympy.factor_list(self.polynomial(self.factor), x)
        monic = ((sympy.Poly(part, x).monic().all_coeffs()[::-1], k) for part, k in parts)
        return sympy.Mul(*(self.in_powers(part, x) ** k for part, k in monic))

    @cached_property
    def hidden_bounds(self) -> list[tuple[Any, bool]]:
        """What is to be positive for hidden modes to die out, as `minimal` takes it."""
        found: list[tuple[Any, bool]] = []
        _, parts = sympy.factor_list(self.polynomial(self.factor), self.letters.root)
        for part, _ in parts:
            polynomial = sympy.Poly(part, self.letters.root).monic()
            hat = to_half_plane(polynomial.all_coeffs()[::-1])  # of the sum 2^degree > 0
            for value in (*hat, *hurwitz_determinants(hat)[1:]):
                above, below = sympy.fraction(sympy.together(value))
                found.append((sympy.expand(above * below), True))
        return minimal(found, self.intervals)

    @cached_property
    def is_unreached(self) -> bool:
        """Whether gradients excite no hidden mode."""
        return self._divides(lambda start, v, r: adjugate_times(start, v))

    @cached_property
    def is_unread(self) -> bool:
        """Whether no hidden mode shows where gradients are taken."""
        return self._divides(lambda start, v, r: adjugate_times(start.transpose(), r))

    @cached_property
    def is_silent(self) -> bool:
        """Whether gradients bring no hidden mode to w."""
        return self._divides(lambda start, v, r: adjugate_times(start, v)[:1])

    def _divides(self, polynomials: Callable[..., Sequence[Any]]) -> bool:
        """Whether F divides polynomials of S_0, v and r at a random point, so in general."""
        point = random_point(self.parameters, random.Random(8))
        factor = self.factor_at(point)
        found = polynomials(*self._whole.matrices_at(point))
        return all(polynomial % factor == 0 for polynomial in found)

    @property
    def never_forgets(self) -> bool:
        """Whether it is proved that some hidden mode dies out at no parameters."""
        return any(
            follows(-value, self.intervals, strict=not strict)
            for value, strict in self.hidden_bounds
        )

    def forgets_at(self, point: Point) -> bool:
        """Whether hidden modes die out at a point: whether a companion matrix of F is stable."""
        factor = self.factor_at(point)
        size = factor.degree()
        rows = [[int(j == i + 1) for j in range(size)] for i in range(size - 1)]
        last = [-factor[k] for k in range(size)]
        return is_strictly_stable(fmpq_mat([*rows, last]))

    def factor_at(self, point: Point) -> Any:
        """Return F at a point, as a polynomial of FLINT."""
        return fmpq_poly([number_at(value, point) for value in self.factor])


def adjugate_times(matrix: Any, v: Any) -> Sequence[Any]:
    """Return the entries of adj(x - matrix) v, polynomials in x, by Faddeev and LeVerrier."""
    size, chi = matrix.nrows(), matrix.charpoly()
    term, powers = identity(size), []
    for k in range(size - 1, -1, -1):
        powers.append((k, term * v))
        term = matrix * term + identity(size) * chi[k]
    rows = [[0] * size for _ in range(size)]
    for k, column in powers:
        for i in range(size):
            rows[i][k] = column[i, 0]
    return [fmpq_poly(row) for row in rows]
