r"""Polynomials above and below the noise summand of a power law, piece by piece.

Eigenvalues are cut into pieces in each of which the largest is at most twice the smallest, down to
where the summand is an analytic function of the eigenvalue with its poles far away; there is one
last piece. On each the summand is interpolated at Chebyshev's points, in so many digits that
nothing is lost, and the polynomial is raised, or lowered, by a little more than its largest error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sgdmem.numeric.certificates.law_problem import MOST_INDEX, LawProblem
from sgdmem.numeric.certificates.proof import texts
from sgdmem.symbolic.algebra.scalars import flint_rational
from sgdmem.symbolic.errors import UndecidedError

_DEGREES = (4, 8, 16, 32, 48, 64, 80)
_RATIO = 2  # of the ends of a piece
_FAR = 4  # times the last piece's end is where the first pole lies


@dataclass(frozen=True)
class Piece:
    """Consecutive eigenvalues, with a polynomial near the summand.

    Attributes
    ----------
    first, last : int, int or None
        Indices; None where they have no end.
    polynomial : fmpq_poly
        In the eigenvalue.
    error : fmpq_poly
        What is added or subtracted: a constant, or, from 0 on, a multiple of a power.
    """

    first: int
    last: int | None
    polynomial: Any
    error: Any

    def bound(self, above: bool) -> Any:
        """Return a polynomial above or below the summand."""
        return self.polynomial + self.error if above else self.polynomial - self.error


def bits_for(target: Fraction) -> int:
    """Return binary digits for a relative error, with some to spare."""
    return 64 + target.denominator.bit_length()


def summand_pieces(problem: LawProblem, target: Fraction) -> list[Piece]:
    """Return polynomials within a relative error of the summand on all eigenvalues."""
    law = problem.law
    first, pieces = 1, list[Piece]()
    most = math.inf if law.count is None else law.count
    end = _analytic_end(problem)
    while first <= most:
        run = next((cut for cut in problem.cuts if cut >= first), most)
        if float(problem.eigenvalue(first).upper()) <= end:
            pieces.append(_interpolated(problem, first, law.count, target, from_zero=True))
            break
        last = max(first, int(first * _RATIO ** (1 / law.exponent)) - 1)
        pieces += _covered(problem, first, int(min(last, run)), target)
        first = int(min(last, run)) + 1
        if first > MOST_INDEX:
            raise UndecidedError("the noise summand has poles too close to 0 for a proof")
    return pieces


def _analytic_end(problem: LawProblem) -> float:
    """Return below which eigenvalue the last piece may begin."""
    _, denominator = problem.share
    roots = denominator.complex_roots()
    return min((float(abs(root).lower()) for root, _ in roots), default=math.inf) / _FAR


def _covered(problem: LawProblem, first: int, last: int, target: Fraction) -> list[Piece]:
    """Return pieces of a range of indices, cut in two where poles come close."""
    piece = _interpolated(problem, first, last, target)
    if piece is not None:
        return [piece]
    middle = int(math.sqrt(first) * math.sqrt(last))
    middle = min(max(middle, first), last - 1)
    parts = (first, middle), (middle + 1, last)
    return [piece for part in parts for piece in _covered(problem, *part, target)]


def _interpolated(
    problem: LawProblem, first: int, last: int | None, target: Fraction, from_zero: bool = False
) -> Any:
    """Return a piece within the relative error; None where no degree will do, if it can be cut."""
    for degree in (0, *_DEGREES) if first == last else _DEGREES:
        piece = _of_degree(problem, first, last, degree, target, from_zero)
        if piece is not None:
            return piece
    if last is None or first == last or from_zero:
        raise UndecidedError("a polynomial near the noise summand would need too high a degree")
    return None


def _of_degree(
    problem: LawProblem,
    first: int,
    last: int | None,
    degree: int,
    target: Fraction,
    from_zero: bool,
) -> Piece | None:
    from flint import arb, ctx, fmpq, fmpq_poly

    bits = bits_for(target) + 8 * degree
    with ctx.workprec(bits):
        top, bottom = problem.share
        order = next(k for k, x in enumerate(top) if x != 0) if from_zero else 0
        top = fmpq_poly(list(top)[order:])  # from 0 on f / lambda, with decay f / lambda^2
        high = problem.eigenvalue(first).upper()
        low = arb(0) if from_zero or last is None else problem.eigenvalue(last).lower()
        unit = _power_of_two(float(high))
        low, high = arb(low) / arb(unit), arb(high) / arb(unit)

        def value(t: Any) -> Any:
            lam = t * arb(unit)
            return _at(top, lam) / _at(bottom, lam)

        nodes = [
            (low + high) / 2 + (high - low) / 2 * (arb(2 * i + 1) / (2 * degree + 2)).cos_pi()
            for i in range(degree + 1)
        ]
        nodes = [arb(node.mid()) for node in nodes]
        values = [value(node) for node in nodes]
        coefficients = _interpolation(nodes, values)
        least = min(math.frexp(float(x.mid()))[1] for x in values)
        shift = fmpq(2) ** (bits - min(least, 0))
        rounded = [fmpq((c.mid() * arb(shift)).floor().unique_fmpz() or 0) / shift
                   for c in coefficients]  # fmt: skip
        polynomial = fmpq_poly([c / unit**j for j, c in enumerate(rounded)])
        samples = 4 * degree + 9
        errors, sizes = [], []
        for i in range(samples):
            t = low + (high - low) * arb(i) / (samples - 1)
            exact = value(t)
            errors.append(float(abs(_at(polynomial, t * arb(unit)) - exact).upper()))
            sizes.append(float(exact.mid()))
    allowed = float(target) * min(sizes)
    if not 2 * max(errors) <= allowed:
        return None
    error = fmpq_poly([_dyadic(max(2 * max(errors), allowed / 4))])
    factor = fmpq_poly([0] * order + [1])
    return Piece(first, last, polynomial * factor, error * factor)


def _at(polynomial: Any, x: Any) -> Any:
    """Return the value of a rational polynomial at a ball."""
    from flint import arb

    total = arb(0)
    for coefficient in reversed(list(polynomial)):
        total = total * x + arb(coefficient)
    return total


def _power_of_two(value: float) -> Any:
    return _dyadic(2.0 ** math.frexp(value)[1])


def _dyadic(value: float) -> Any:
    """Return a float as a rational number of few digits, not below it."""
    from flint import fmpq

    digits, exponent = math.frexp(value)
    return fmpq(math.ceil(digits * 2**16)) * fmpq(2) ** (exponent - 16)


def _interpolation(nodes: Sequence[Any], values: Sequence[Any]) -> list[Any]:
    """Return the coefficients, lowest power first, of the polynomial through some points."""
    table = list(values)
    for k in range(1, len(nodes)):  # Newton's divided differences
        for i in range(len(nodes) - 1, k - 1, -1):
            table[i] = (table[i] - table[i - 1]) / (nodes[i] - nodes[i - k])
    found = [table[-1]]
    for node, value in zip(reversed(nodes[:-1]), reversed(table[:-1]), strict=True):
        shifted = [0 * value, *found]
        found = [x - node * y for x, y in zip(shifted, [*found, 0 * value], strict=True)]
        found[0] = found[0] + value
    return found


def noise_sum_of(problem: LawProblem, pieces: Sequence[Piece], above: bool, bits: int) -> Any:
    """Return the noise sum of the polynomials, as a ball."""
    from flint import arb, ctx

    with ctx.workprec(4 * bits + 400):
        exponent, total = arb(flint_rational(problem.law.exact[0])), arb(0)
        for piece in pieces:
            for j, coefficient in enumerate(piece.bound(above)):
                if coefficient != 0:
                    powers = _powers(j * exponent, piece.first, piece.last)
                    total += arb(coefficient) * arb(problem.scale) ** j * powers
        feed = problem.noise.tau1 * problem.noise.inverse_batch
        return arb(flint_rational(feed)) * total


def _powers(s: Any, first: int, last: int | None) -> Any:
    """Return the sum of k^-s over a range of integers, as a ball."""
    from flint import arb

    if last is not None and last - first < 64:
        return sum((arb(k) ** -s for k in range(first, last + 1)), arb(0))
    if last is None:
        return s.zeta(first)
    if s == 1:
        return arb(last + 1).digamma() - arb(first).digamma()
    if s == 0:
        return arb(last - first + 1)
    return s.zeta(first) - s.zeta(last + 1)


def written_pieces(
    problem: LawProblem, pieces: Sequence[Piece], above: bool, bits: int
) -> dict[str, Any]:
    """Return polynomials as a proof holds them; the checker gets bits for what cancels."""
    feed = problem.noise.tau1 * problem.noise.inverse_batch
    size = feed.numerator.bit_length() - feed.denominator.bit_length()
    bounds, cancelled = [piece.bound(above) for piece in pieces], 0
    for bound in bounds:
        for j, x in enumerate(bound):
            if j and x != 0:  # the sum of 1 is exact
                term = x * problem.scale**j
                cancelled = max(cancelled, int(term.p).bit_length() - int(term.q).bit_length())
    return {
        "bits": bits + cancelled + max(size, 0) + 64,
        "pieces": [
            {"last": piece.last, "polynomial": texts(bound)}
            for piece, bound in zip(pieces, bounds, strict=True)
        ],
    }
