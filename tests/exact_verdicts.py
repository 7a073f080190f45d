"""Verdicts by exact arithmetic, from state matrices alone. Nothing of sgdmem is used here.

Polynomials are characteristic polynomials of matrices of rational numbers, highest power first;
summands come from the recursion of Åström, Jury and Agniel in the unit disk, samples from the
linear system of all second moments.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flint import fmpq, fmpq_mat

Rational = Any  # FLINT's, which are many times faster than Python's
Matrix = list[list[Rational]]


def rational(x: Any) -> Rational:
    """Return an int, a Fraction or the binary value of a float."""
    return fmpq(*x.as_integer_ratio())


@dataclass(frozen=True)
class ExactMethod:
    """alpha, b, c, D, a and shrink, as `rational` takes them."""

    alpha: Any
    b: Sequence[Any]
    c: Sequence[Any]
    D: Sequence[Sequence[Any]]
    a: Sequence[Any]
    shrink: Any = 0

    @cached_property
    def still(self) -> Matrix:
        """The step at the eigenvalue 0."""
        first = [1 - rational(self.shrink), *map(rational, self.b)]
        return [first, *([fmpq(0), *map(rational, row)] for row in self.D)]

    @cached_property
    def moved(self) -> Matrix:
        """What an eigenvalue of 1 adds to it."""
        r = [fmpq(1), *map(rational, self.a)]
        return [[v * x for x in r] for v in [-rational(self.alpha), *map(rational, self.c)]]

    @cached_property
    def polynomials(self) -> tuple[list[Rational], list[Rational]]:
        """P and Q of det(x - S) = P - lam Q."""
        P = fmpq_mat(self.still).charpoly().coeffs()[::-1]
        at_one = fmpq_mat(add(self.still, self.moved)).charpoly().coeffs()[::-1]
        return P, [p - x for p, x in zip(P, at_one, strict=True)]

    def summand(self, lam: Rational, weight_decay: Rational) -> Rational | None:
        """Return s, and None where P - (lam + weight_decay) Q is not strictly Schur."""
        P, b = self.polynomials
        a = [p - (lam + weight_decay) * q for p, q in zip(P, b, strict=True)]
        total = fmpq(0)
        while True:
            if a[0] <= 0:
                return None
            total += b[-1] * b[-1] / a[0]
            if len(a) == 1:
                return lam * lam * total
            of_a, of_b, turned = a[-1] / a[0], b[-1] / a[0], a[::-1]
            b = [x - of_b * y for x, y in zip(b[:-1], turned[:-1], strict=True)]
            a = [x - of_a * y for x, y in zip(a[:-1], turned[:-1], strict=True)]


def add(A: Matrix, B: Matrix) -> Matrix:
    """Return a sum of matrices."""
    return [[x + y for x, y in zip(*rows, strict=True)] for rows in zip(A, B, strict=True)]


@dataclass(frozen=True)
class ExactNoise:
    """A list of eigenvalues with multiplicities and a noise; tau2 and T may be of each mode."""

    eigenvalues: Sequence[Any]
    tau1: Any = 1
    tau2: Any = 0
    T: Sequence[Sequence[Any]] | None = None
    counts: Sequence[Any] | None = None
    weight_decay: Any = 0

    @cached_property
    def own(self) -> list[Rational]:
        per_mode = isinstance(self.tau2, list | tuple)
        values = self.tau2 if per_mode else [self.tau2] * len(self.eigenvalues)
        return [rational(value) for value in values]

    @cached_property
    def weights(self) -> list[Rational]:
        """Multiplicities."""
        counts = [1] * len(self.eigenvalues) if self.counts is None else self.counts
        return [rational(x) for x in counts]

    def summands(self, method: ExactMethod) -> list[Rational] | None:
        """Return those of all modes; None where one is not strictly Schur."""
        found, decay = [], rational(self.weight_decay)
        for lam in self.eigenvalues:
            s = method.summand(rational(lam), decay)
            if s is None:
                return None
            found.append(s)
        return found

    def damped(self, s: Sequence[Rational], inverse: Rational) -> list[Rational] | None:
        """Return s / (1 + tau2 s / B) over B; None where a denominator is not positive."""
        rooms = [1 + tau * x * inverse for tau, x in zip(self.own, s, strict=True)]
        if min(rooms) <= 0:
            return None
        return [x * inverse / room for x, room in zip(s, rooms, strict=True)]

    def noise_sum(self, s: Sequence[Rational], inverse: Rational) -> Rational | None:
        """Return it, without coupling; None where a mode is unstable by itself."""
        shares = self.damped(s, inverse)
        if shares is None:
            return None
        pairs = zip(self.weights, shares, strict=True)
        return rational(self.tau1) * sum((count * x for count, x in pairs), fmpq(0))

    def is_stable(self, s: Sequence[Rational] | None, inverse: Rational) -> bool:
        """Whether second moments tend to 0, given the summands and 1 / B."""
        if s is None:
            return False
        if self.T is None:
            total = self.noise_sum(s, inverse)
            return total is not None and bool(total < 1)
        shares = self.damped(s, inverse)
        if shares is None:
            return False
        rows = zip(shares, self.T, strict=True)
        return minors_are_positive(
            [
                [(i == j) - share * rational(t) for j, t in enumerate(row)]
                for i, (share, row) in enumerate(rows)
            ]
        )


def minors_are_positive(matrix: Matrix) -> bool:
    """Whether all leading principal minors are positive.

    Of a symmetric matrix: whether it is positive definite. Of 1 - A with A >= 0: whether the radius
    of A is below 1 (M-matrices).
    """
    rows = [[fmpq(x) if isinstance(x, int) else x for x in row] for row in matrix]
    for k, pivot_row in enumerate(rows):
        if pivot_row[k] <= 0:
            return False
        for i in range(k + 1, len(rows)):
            factor = rows[i][k] / pivot_row[k]
            if factor != 0:
                rows[i] = [x - factor * y for x, y in zip(rows[i], pivot_row, strict=True)]
    return True


def samples_are_stable(
    method: ExactMethod,
    rows: Sequence[Sequence[Any]],
    shares: Sequence[Any],
    noise: Rational,
    weight_decay: Any = 0,
) -> bool:
    """Whether second moments on rows of data tend to 0; the rows span the space.

    ``noise`` is the covariance of a batch's mean over that of one row. The operator keeps matrices
    positive, so its radius is below 1 if and only if X - E[G X G'] = 1 has a solution, X > 0.
    """
    d, size = len(rows[0]), len(method.b) + 1
    exact = [[rational(x) for x in row] for row in rows]
    curvatures = [[[x * y for y in row] for x in row] for row in exact]
    each = [(rational(x), C) for x, C in zip(shares, curvatures, strict=True)]
    mean = [[sum((x * C[i][j] for x, C in each), fmpq(0)) for j in range(d)] for i in range(d)]
    decay = rational(weight_decay)
    drift = [[x + decay * (i == j) for j, x in enumerate(row)] for i, row in enumerate(mean)]
    one = [[fmpq(int(i == j)) for j in range(d)] for i in range(d)]
    step = add(kron(one, method.still), kron(drift, method.moved))
    terms = [(fmpq(1), step), (-noise, kron(mean, method.moved))]
    terms += [(noise * x, kron(C, method.moved)) for x, C in each]
    n = d * size
    pairs = [(i, j) for i in range(n) for j in range(i, n)]
    equations = []
    for i, j in pairs:
        line = []
        for p, q in pairs:
            x = fmpq(int((i, j) == (p, q)))
            for factor, G in terms:
                both = G[i][p] * G[j][q] + (G[i][q] * G[j][p] if p != q else 0)
                x -= factor * both
            line.append(x)
        equations.append(line)
    right = fmpq_mat([[fmpq(int(i == j))] for i, j in pairs])
    try:
        solution = fmpq_mat(equations).solve(right)
    except ZeroDivisionError:
        return False
    X = [[fmpq(0)] * n for _ in range(n)]
    for place, (i, j) in enumerate(pairs):
        X[i][j] = X[j][i] = solution[place, 0]
    return minors_are_positive(X)


def kron(A: Matrix, B: Matrix) -> Matrix:
    """Return the Kronecker product."""
    return [[x * y for x in row for y in other] for row in A for other in B]


def inverse_of(batch_size: Any) -> Rational:
    """Return 1 / B."""
    return fmpq(0) if batch_size == math.inf else 1 / rational(batch_size)
