r"""A mode of an algorithm, exactly: whether it is strictly Schur, and its noise summand.

The state (w, u) of a mode moves by :math:`S=S_0+\lambda vr^T`, with

.. math:: S_0=\begin{pmatrix}1-\text{shrink}&b^T\\0&D\end{pmatrix},\quad
    v=\begin{pmatrix}-\alpha\\c\end{pmatrix},\quad r=\begin{pmatrix}1\\a\end{pmatrix},\qquad
    \det(x-S)=P(x)-\lambda Q(x).

P and Q come from Faddeev and LeVerrier's recursion, the summand
:math:`s=\lambda^2\sum_t(r^TS^tv)^2` and the Schur test from that of Åström, Jury and Agniel:
neither is how verdicts are made.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from sgdmem.symbolic.certificates.fields import field, label, rational, rationals, row
from sgdmem.symbolic.errors import ProofError

_LARGEST_MEMORY = 64


@dataclass(frozen=True)
class Mode:
    """P and Q of an algorithm, coefficients of the highest power first, M + 2 of each."""

    P: list[Fraction]
    Q: list[Fraction]
    weight_decay: Fraction = Fraction(0)

    @property
    def memory(self) -> int:
        """M."""
        return len(self.P) - 2

    def characteristic(self, lam: Fraction) -> list[Fraction]:
        """Return the coefficients of P - (lam + weight decay) Q, highest power first."""
        curvature = lam + self.weight_decay
        return [p - curvature * q for p, q in zip(self.P, self.Q, strict=True)]

    @property
    def is_free(self) -> bool:
        """Whether 1 is a root at the eigenvalue 0: nothing but gradients moves w to the minimum."""
        return sum(self.characteristic(Fraction(0))) == 0

    def summand(self, lam: Fraction) -> Fraction | None:
        """Return s of an eigenvalue, and None where P - lam Q is not strictly Schur.

        Examples
        --------
        >>> sgd = Mode([Fraction(1), Fraction(-1)], [Fraction(0), Fraction(-1, 2)])
        >>> sgd.summand(Fraction(2)), sgd.summand(Fraction(4))
        (Fraction(1, 1), None)
        """
        integral = square_integral(self.characteristic(lam), self.Q)
        return None if integral is None else lam * lam * integral

    def is_nowhere_schur(self, low: Fraction, high: Fraction) -> bool:
        """Whether it is shown that P - lam Q is strictly Schur for no lam of an interval."""
        a = [
            _Range(min(ends), max(ends))
            for ends in zip(self.characteristic(low), self.characteristic(high), strict=True)
        ]
        while len(a) > 1 and a[0].low > 0:
            factor = a[-1].over(a[0])
            a = [x.minus(factor.times(y)) for x, y in zip(a[:-1], a[:0:-1], strict=True)]
        return a[0].high <= 0


class _Range(NamedTuple):
    """An interval of rational numbers."""

    low: Fraction
    high: Fraction

    def minus(self, other: _Range) -> _Range:
        return _Range(self.low - other.high, self.high - other.low)

    def times(self, other: _Range) -> _Range:
        ends = [x * y for x in self for y in other]
        return _Range(min(ends), max(ends))

    def over(self, other: _Range) -> _Range:
        return self.times(_Range(1 / other.high, 1 / other.low))


def square_integral(A: list[Fraction], B: list[Fraction]) -> Fraction | None:
    """Return the sum of the squared coefficients of B / A at infinity; None unless A is Schur.

    K. J. Åström, E. I. Jury, R. G. Agniel, IEEE Trans. Automat. Control 15 (1970). A must begin
    with 1; it is strictly Schur if and only if all numbers that follow in its place are positive.
    """
    a, b = list(A), list(B)
    total = Fraction(0)
    while True:
        if a[0] <= 0:
            return None
        total += b[-1] * b[-1] / a[0]
        if len(a) == 1:
            return total
        of_a, of_b = a[-1] / a[0], b[-1] / a[0]
        turned = a[::-1]
        a, b = (
            [x - factor * y for x, y in zip(old[:-1], turned[:-1], strict=True)]
            for old, factor in ((a, of_a), (b, of_b))
        )


def is_schur(A: list[Fraction]) -> bool:
    """Whether all roots lie strictly inside the unit circle; the highest power, not 0, is first."""
    return square_integral([x / A[0] for x in A], [Fraction(0)] * len(A)) is not None


@dataclass(frozen=True)
class Step:
    """S_0, v and r of an algorithm."""

    free: list[list[Fraction]]
    v: list[Fraction]
    r: list[Fraction]

    @property
    def size(self) -> int:
        """M + 1."""
        return len(self.v)

    def matrix(self, curvature: Fraction) -> list[list[Fraction]]:
        """Return S at an eigenvalue, to which weight decay is added."""
        return [
            [x + curvature * a * b for x, b in zip(line, self.r, strict=True)]
            for line, a in zip(self.free, self.v, strict=True)
        ]

    def mode(self, weight_decay: Fraction) -> Mode:
        """Return P and Q."""
        return Mode(*transfer_polynomials(self.free, self.v, self.r), weight_decay)


def read_step(record: Any) -> Step:
    """Return what an algorithm of a proof does in a step."""
    label(record, "name")
    b = rationals(field(record, "b"), "b")
    memory = len(b)
    if memory > _LARGEST_MEMORY:
        raise ProofError(f"the memory must be at most {_LARGEST_MEMORY}, got {memory}")
    c, a = (rationals(field(record, name), name, memory) for name in ("c", "a"))
    D = [rationals(line, "D", memory) for line in row(field(record, "D"), "D", lambda x, _: x)]
    if len(D) != memory:
        raise ProofError(f"D must have {memory} rows, got {len(D)}")
    alpha, shrink = (rational(field(record, name), name) for name in ("alpha", "shrink"))
    free = [[1 - shrink, *b], *([Fraction(0), *line] for line in D)]
    return Step(free, [-alpha, *c], [Fraction(1), *a])


def characteristic_polynomial(S: list[list[Fraction]]) -> list[Fraction]:
    """Return det(x - S), highest power first."""
    zero = [Fraction(0)] * len(S)
    return transfer_polynomials(S, zero, zero)[0]


def transfer_polynomials(
    S: list[list[Fraction]], v: list[Fraction], r: list[Fraction]
) -> tuple[list[Fraction], list[Fraction]]:
    """Return det(x - S) and r adj(x - S) v, highest power first (Faddeev and LeVerrier)."""
    size = len(S)
    P, Q = [Fraction(1)], [Fraction(0)]
    adjugate = [[Fraction(i == j) for j in range(size)] for i in range(size)]
    for k in range(1, size + 1):
        Q.append(sum((r[i] * adjugate[i][j] * v[j] for i in range(size) for j in range(size)),
                     Fraction(0)))  # fmt: skip
        product = [
            [sum((S[i][k] * adjugate[k][j] for k in range(size)), Fraction(0)) for j in range(size)]
            for i in range(size)
        ]
        P.append(-sum((product[i][i] for i in range(size)), Fraction(0)) / k)
        adjugate = [
            [entry + P[-1] * (i == j) for j, entry in enumerate(line)]
            for i, line in enumerate(product)
        ]
    return P, Q
