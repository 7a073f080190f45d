"""An algorithm in SymPy: its matrices, their numbers at points, and where it is stable."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import sympy
from flint import fmpq, fmpq_poly

from sgdmem.symbolic.algebra.polynomials import TransferPolynomials, transfer_polynomials
from sgdmem.symbolic.algebra.routh import HalfPlaneForm, half_plane_form
from sgdmem.symbolic.algebra.scalars import flint_rational, fraction_of, to_sympy
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.algorithms.family import Family
from sgdmem.symbolic.algorithms.parameters import known_parameter
from sgdmem.symbolic.derivations.statements.assumptions import Interval, assumption
from sgdmem.symbolic.derivations.statements.exact_values import (
    Names,
    Point,
    Undefined,
    likely_point,
    matrix_at,
    number_at,
)
from sgdmem.symbolic.derivations.typesetting.notation import Letters
from sgdmem.symbolic.derivations.typesetting.writer import ROOM, Writer
from sgdmem.symbolic.expressions.tidying import Tidier
from sgdmem.symbolic.stability.interlacing import edge_of_form
from sgdmem.symbolic.stability.poles import intervals_by_roots, noiseless_intervals
from sgdmem.symbolic.stability.schur import is_schur_form

_FAR = 10**9  # from where eigenvalues are stable, for the distance to be worth no more
_TRIED, _USUAL = 300, 100  # points for a stable one, and how many of them of usual sizes
_Key: TypeAlias = tuple[int, ...]
_KEPT = 64  # points of which the numbers are kept
_SHORT_DENOMINATOR = 10**6  # what is computed with a short number is short too


class MethodAtPoints:
    """An algorithm about which a derivation is written.

    Attributes
    ----------
    algorithm : Algorithm
    letters : Letters
    alpha, b, c, D, a
        The blocks of eq. (3) in SymPy; b, c and a are columns.
    shrink
        By which w shrinks at each step, in SymPy.
    family : Family, optional
        That of the algorithm, if it is known.
    columns : int
        Of the page, whose width lines have.
    writer : Writer
    names : Names
        Symbols that were introduced on the way.
    half_plane_names : list
        Of the coefficients of chi-hat, once they have names.
    numerator_names : list
        Of those of Q-hat.
    routh : dict
        Names of entries of the Routh array, by step and place.
    """

    def __init__(
        self,
        algorithm: Algorithm,
        letters: Letters,
        family: Family[...] | None = None,
        columns: int = 1,
    ) -> None:
        self.algorithm, self.letters, self.family = algorithm, letters, family
        blocks = algorithm.blocks.map(to_sympy)
        self.alpha, M, matrix = blocks.alpha, algorithm.memory, sympy.ImmutableMatrix
        self.shrink = to_sympy(blocks.shrink)
        self.b, self.c, self.a = (matrix(M, 1, x) for x in (blocks.b, blocks.c, blocks.a))
        self.D = matrix(M, M, [entry for row in blocks.D for entry in row])
        self.names = Names()
        self.half_plane_names: list[Any] = []
        self.numerator_names: list[Any] = []
        self.routh: dict[tuple[int, int], Any] = {}
        x, z, lam = letters.root, letters.half_plane, letters.eigenvalue
        self.writer = Writer(letters.latex, falling=(x, z), rising=(lam,), room=ROOM[columns])
        self._tidier = Tidier((x, z, lam), self._stable_value)

    @property
    def memory(self) -> int:
        """The number of auxiliary vectors."""
        return self.algorithm.memory

    @property
    def parameters(self) -> tuple[Any, ...]:
        """The symbols in the algorithm."""
        return self.letters.parameters

    @property
    def in_order(self) -> list[Any]:
        """The parameters in the order of the family's, if that is known."""
        if self.family is None:
            return list(self.parameters)
        order = list(self.family.spread(len(self.parameters)).parameters)
        places = {name: place for place, name in enumerate(order)}
        return sorted(self.parameters, key=lambda symbol: places.get(str(symbol), len(places)))

    @property
    def shifted(self) -> bool:
        """Whether the gradient is taken elsewhere than at w."""
        return any(entry != 0 for entry in self.algorithm.a)

    @property
    def shrinks(self) -> bool:
        """Whether w shrinks at each step, of decoupled weight decay."""
        return bool(self.shrink != 0)

    @property
    def kept(self) -> Any:
        """The share of w that a step keeps, 1 - shrink."""
        return self.tidy(1 - self.shrink)

    @cached_property
    def own_factor(self) -> Any:
        """The factor x - 1 + shrink of P that is due to w itself."""
        return self.letters.root - self.kept

    @cached_property
    def start(self) -> Any:
        """The state matrix without gradients, S_0."""
        corner = sympy.ImmutableMatrix([[1 - self.shrink]])
        if not self.memory:
            return corner
        zero = sympy.zeros(self.memory, 1)
        return sympy.ImmutableMatrix(sympy.Matrix([[corner, self.b.T], [zero, self.D]]))

    @cached_property
    def v(self) -> Any:
        """The column along which gradients enter, (-alpha; c)."""
        return sympy.ImmutableMatrix([-self.alpha, *self.c])

    @cached_property
    def r(self) -> Any:
        """The column that reads off where the gradient is taken, (1; a)."""
        return sympy.ImmutableMatrix([sympy.Integer(1), *self.a])

    def at(self, point: Point, lam: Any = None) -> tuple[Any, Any, Any]:
        """Return S, v and r at a point, S at another eigenvalue if one is given."""
        value = point[self.letters.eigenvalue if lam is None else lam]
        start, v, r = self.matrices_at(point)
        return start + v * r.transpose() * value, v, r

    def matrices_at(self, point: Point) -> tuple[Any, Any, Any]:
        """Return S_0, v and r at a point."""
        return self._matrices_of(self._key(point))

    @cached_property
    def _matrices_of(self) -> Callable[[_Key], tuple[Any, Any, Any]]:
        def matrices(key: _Key) -> tuple[Any, Any, Any]:
            point = self._point(key)
            start, v, r = (matrix_at(matrix, point) for matrix in (self.start, self.v, self.r))
            return start, v, r

        return lru_cache(maxsize=_KEPT)(matrices)

    @cached_property
    def _exact(self) -> Algorithm:
        return replace(self.algorithm, floats=False)

    def member(self, point: Point) -> Algorithm:
        """Return the algorithm with the parameters of a point."""
        return self._exact.map(lambda entry: fraction_of(number_at(to_sympy(entry), point)))

    def form_at(self, point: Point) -> HalfPlaneForm:
        """Return the half-plane form at a point, in rational numbers of FLINT."""
        return self._numbers_of(self._key(point))[1]

    @cached_property
    def _numbers_of(self) -> Callable[[_Key], tuple[TransferPolynomials, HalfPlaneForm]]:
        """What is asked for at one point is often asked at several eigenvalues."""
        exact = self.algorithm.blocks.map(to_sympy)

        def numbers(key: _Key) -> tuple[TransferPolynomials, HalfPlaneForm]:
            point = self._point(key)
            blocks = exact.map(lambda entry: flint_rational(number_at(entry, point)))
            found = transfer_polynomials(*blocks)
            return found, half_plane_form(found, blocks.shrink)

        return lru_cache(maxsize=_KEPT)(numbers)

    def _key(self, point: Point) -> _Key:
        """Return the values of the parameters in integers, as FLINT hashes no fractions fast."""
        values = (point[symbol] for symbol in self.parameters)
        return tuple(int(part) for value in values for part in (value.p, value.q))

    def _point(self, key: _Key) -> Point:
        pairs = zip(key[::2], key[1::2], strict=True)
        return dict(zip(self.parameters, (fmpq(*pair) for pair in pairs), strict=True))

    def is_schur(self, point: Point) -> bool:
        """Whether P - lambda Q is strictly Schur at a point."""
        return is_schur_form(self.form_at(point), point[self.letters.eigenvalue])

    def is_stable_up_to(self, point: Point, largest: Any) -> bool:
        """Whether P - lambda Q is strictly Schur for 0 < lambda <= largest, a rational number."""
        form = self.form_at(point)
        if not is_schur_form(form, largest):
            return False
        if not self.shrinks:  # a theorem, which is faster than isolating roots
            edge, shares = edge_of_form(form)
            if edge is not None and not shares:
                return bool(edge > largest)
        end, found = fraction_of(largest), self._numbers_of(self._key(point))[0]
        exact = TransferPolynomials(*(tuple(map(fraction_of, row)) for row in found))
        ends = intervals_by_roots(exact, fraction_of(number_at(self.shrink, point)))
        return any(low[1] == 0 and high[0] > end for low, high in ends)

    def coefficients_at(self, point: Point) -> tuple[list[Any], list[Any]]:
        """Return the coefficients of det(x - D) and of Q at a point, lowest first."""
        start, v, r = self.matrices_at(point)
        d = matrix_at(self.D, point).charpoly()
        P = d * fmpq_poly([number_at(self.shrink, point) - 1, 1])
        Q = P - (start + v * r.transpose()).charpoly()  # det(x - S) at eigenvalue 1 is P - Q
        return [d[k] for k in range(self.memory + 1)], [Q[k] for k in range(self.memory + 1)]

    @cached_property
    def stable_point(self) -> Point | None:
        """Parameters and an eigenvalue at which the method is stable, if some are found.

        For an algorithm of numbers they are found if there are any.
        """
        lam = self.letters.eigenvalue
        rng = random.Random(4)
        for tried in range(_TRIED if self.parameters else 1):
            point = likely_point(self.parameters, None, rng)
            if tried < _USUAL:
                point = {x: abs(value) for x, value in point.items()}
            else:
                point = {x: value / 10 ** rng.randint(0, 8) for x, value in point.items()}
            point = {x: self._assumed(x, value) for x, value in point.items()}
            try:
                intervals = noiseless_intervals(self.member(point))
            except ZeroDivisionError:
                continue
            if intervals:
                (_, low), (high, _) = intervals[0]
                high = min(high, low + _FAR)  # it may have no end
                between = ((low + high) / 2 if low else high / 2).limit_denominator(
                    _SHORT_DENOMINATOR
                )
                point[lam] = fmpq(between.numerator, between.denominator)
                if self.is_schur(point):
                    return point
        return None

    def _assumed(self, symbol: Any, value: Any) -> Any:
        interval = self.intervals.get(symbol)
        return value if interval is None else interval.inside(value)

    @cached_property
    def intervals(self) -> dict[Any, Interval]:
        """What is assumed of parameters, by symbol: that they are in their usual ranges."""
        known = {} if self.family is None else self.family.parameters
        found = {}
        for symbol in self.parameters:
            name = str(symbol)
            interval = assumption(known.get(name) or known_parameter(name))
            if interval is not None:
                found[symbol] = interval
        return found

    def _stable_value(self, expression: Any) -> Any:
        """Return an expression's value at the stable point, or None where it has none."""
        if self.stable_point is None:
            return None
        try:
            return self.names.evaluate(expression, dict(self.stable_point))
        except (KeyError, Undefined):
            return None

    @cached_property
    def descends(self) -> bool:
        """Whether there are parameters for which all small eigenvalues are stable."""
        point = self.stable_point
        if point is None:
            return False
        return noiseless_intervals(self.member(point))[0][0][1] == 0

    def near(self, *eigenvalues: Any) -> Point | None:
        """Return the stable point, with its eigenvalue for some more symbols, and usual noise."""
        point = self.stable_point
        letters = self.letters
        noise = dict.fromkeys((letters.batch_size, letters.tau1), fmpq(1))
        return point and {**point, **noise, **dict.fromkeys(eigenvalues, point[letters.eigenvalue])}

    def tidy(self, expression: Any) -> Any:
        """Return an expression as `Tidier` arranges it."""
        return self._tidier(expression)
