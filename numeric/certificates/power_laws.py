r"""Proofs about power laws: polynomials above and below the noise summand, piece by piece.

Eigenvalues are cut into pieces in each of which the largest is at most twice the smallest, down to
where the summand is an analytic function of the eigenvalue with its poles far away; there is one
last piece. On each the summand is interpolated at Chebyshev's points, in so many digits that
nothing is lost, and the polynomial is raised, or lowered, by a little more than its largest error.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

from sgdmem.numeric.certificates.proof import Proof, proof_record, step_record, text, texts
from sgdmem.numeric.judges.exact_list import characteristic, circle_factor
from sgdmem.numeric.noise_sums.mode_summands import decayed_form
from sgdmem.numeric.problems.noise import BatchNoise
from sgdmem.numeric.spectra.power_law import PowerLaw
from sgdmem.symbolic.algebra.routh import HalfPlaneForm
from sgdmem.symbolic.algebra.scalars import flint_polynomial, flint_rational
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import UndecidedError
from sgdmem.symbolic.stability.noise_fraction import noise_fraction
from sgdmem.symbolic.stability.schur import is_schur_form

_DEGREES = (4, 8, 16, 32, 48, 64, 80)
_RATIO = 2  # of the ends of a piece
_FAR = 4  # times the last piece's end is where the first pole lies
_MOST_INDEX = 10**15
_LIMITS = (Fraction(1, 4), *(Fraction(1, 10**k) for k in (2, 4, 8, 16, 24, 31, 40, 60)))


@dataclass(frozen=True)
class LawProblem:
    """A method on a power law under the noise of two parameters."""

    algorithm: Algorithm
    law: PowerLaw
    noise: BatchNoise
    weight_decay: Fraction

    @cached_property
    def scale(self) -> Any:
        """The largest eigenvalue."""
        return flint_rational(self.law.exact[1])

    @cached_property
    def decays(self) -> bool:
        """Whether w falls where there is no gradient, so that s is small as squared eigenvalues."""
        _, P, Q, _ = self.algorithm.polynomials
        return bool(sum(P) != self.weight_decay * sum(Q))

    @property
    def least_exponent(self) -> Fraction:
        """Of an endless law whose noise sum is finite, or what is just not such an exponent."""
        return Fraction(1, 1 + self.decays)

    @cached_property
    def raw_fraction(self) -> tuple[Any, Any]:
        """Numerator and denominator of s / lambda; 0 where no mode is ever strictly Schur."""
        form = decayed_form(self.algorithm, self.weight_decay).map(flint_rational)
        numerator, denominator = map(flint_polynomial, noise_fraction(form))
        return numerator, denominator

    @cached_property
    def fraction(self) -> tuple[Any, Any]:
        """Numerator and denominator of s / lambda; the denominator is positive where it matters."""
        numerator, denominator = self.raw_fraction
        common = numerator.gcd(denominator)
        sign = 1 if (denominator(self.scale) or denominator(self.scale / 2)) > 0 else -1
        return sign * numerator / common, sign * denominator / common

    @property
    def fraction_witness(self) -> dict[str, Any]:
        """Numerator and denominator as a proof holds them."""
        degree = self.algorithm.memory + 1 + self.decays
        numerator, denominator = self.fraction
        return {
            "numerator": texts(_padded(numerator, degree)),
            "denominator": texts(_padded(denominator, degree + 1)),
        }

    @property
    def characteristic(self) -> Any:
        """P - lambda Q at the first eigenvalue, a polynomial of FLINT."""
        return characteristic(self.algorithm, self.law.exact[1] + self.weight_decay)

    @cached_property
    def share(self) -> tuple[Any, Any]:
        """Numerator and denominator of s / (1 + tau2 s / B)."""
        from flint import fmpq_poly

        numerator, denominator = self.fraction
        top = numerator * fmpq_poly([0, 1])
        tau2 = self.noise.tau2
        assert isinstance(tau2, Fraction)  # of a law there is one
        return top, denominator + flint_rational(tau2 * self.noise.inverse_batch) * top

    def eigenvalue(self, k: int) -> Any:
        """Return eigenvalue number k as a ball."""
        from flint import arb

        return arb(self.scale) * arb(k) ** -arb(flint_rational(self.law.exact[0]))


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


def prove_power_law(problem: LawProblem) -> Proof:
    """Return the proof for an algorithm on a power law.

    Raises
    ------
    UndecidedError
        If the noise summand has poles between eigenvalues, or too close to one or to 0.
    """
    law, noise = problem.law, problem.noise
    unstable = _noiseless(problem)
    if unstable is not None:
        return unstable
    if law.count is None and noise.spreads and law.exact[0] <= problem.least_exponent:
        return _proof(problem, "unstable", {"by": "trace"})
    witness = problem.fraction_witness
    if noise.is_quiet:
        return _proof(problem, "stable", witness)
    if noise.largest_tau2 < 0:  # s is largest at an end, or nearly so
        for k in (1, law.count or 1):
            of = {**witness, "by": "mode_noise", "index": k}
            proof = _proof(problem, "unstable", of)
            if proof.is_accepted:
                return proof
    for target in _LIMITS:
        pieces, bits = _pieces(problem, target), _bits(target)
        low, high = (_total(problem, pieces, above, bits) for above in (False, True))
        if high < 1:
            above = _written(pieces, True, bits)
            return _proof(problem, "stable", {**witness, "above": above})
        if low > 1:
            below = _written(pieces, False, bits)
            of = {**witness, "by": "noise_sum", "below": below}
            return _proof(problem, "unstable", of)
    both = {"below": _written(pieces, False, bits), "above": _written(pieces, True, bits)}
    return _proof(problem, "open", {**witness, **both})


def _noiseless(problem: LawProblem) -> Proof | None:
    """Return the proof that a mode is not strictly Schur; None if all seem to be."""
    law, form = problem.law, decayed_form(problem.algorithm, problem.weight_decay)
    if not is_schur_form(form, law.exact[1]):
        circle = circle_factor(problem.characteristic)
        if circle is not None and any(problem.raw_fraction[1]):
            witness = {**problem.fraction_witness, "on_circle": texts(list(circle)[::-1])}
            proof = _proof(problem, "boundary", witness)
            if proof.is_accepted:
                return proof
        return _proof(problem, "unstable", {"by": "noiseless", "index": 1})
    suspects = _suspects(problem, form)
    proofs = (_proof(problem, "unstable", {"by": "noiseless", "index": k}) for k in suspects)
    return next((proof for proof in proofs if proof.is_accepted), None)


def _suspects(problem: LawProblem, form: HalfPlaneForm) -> Iterator[int]:
    """Yield indices of eigenvalues between poles of s where modes are not strictly Schur."""
    exponent, most = problem.law.exponent, problem.law.count or math.inf
    scale = float(problem.law.exact[1])
    real = [root.real for root, _ in problem.fraction[1].complex_roots() if root.imag == 0]
    ends = sorted({x for x in (float(root.mid()) for root in real) if 0 < x < scale} | {0.0, scale})
    for low, high in pairwise(ends):
        if is_schur_form(form, Fraction((low + high) / 2)):
            continue
        first = (scale / high) ** (1 / exponent)
        last = min((scale / low) ** (1 / exponent) if low else 4 * first + 4, most, _MOST_INDEX)
        for k in {round(math.sqrt(first * last)), math.ceil(first), math.floor(last)}:
            if 1 <= k <= most:
                yield k


def _proof(problem: LawProblem, claim: str, witness: dict[str, Any]) -> Proof:
    law, noise = problem.law, problem.noise
    exponent, scale = law.exact
    asked = {
        "problem": {
            "power_law": {"scale": text(scale), "exponent": text(exponent), "count": law.count},
            "weight_decay": text(problem.weight_decay),
        },
        "noise": {"tau1": text(noise.tau1), "tau2": text(noise.tau2)},
        "inverse_batch_size": text(noise.inverse_batch),
    }
    method = step_record(problem.algorithm)
    return Proof(proof_record(claim, asked, witness, algorithm=method))


def _padded(polynomial: Any, size: int) -> list[Any]:
    found = list(polynomial)
    return found + [0] * (size - len(found))


def _bits(target: Fraction) -> int:
    """Return binary digits for a relative error, with some to spare."""
    return 64 + target.denominator.bit_length()


def _pieces(problem: LawProblem, target: Fraction) -> list[Piece]:
    """Return polynomials within a relative error of the summand on all eigenvalues."""
    law = problem.law
    first, pieces = 1, list[Piece]()
    most = math.inf if law.count is None else law.count
    end = _analytic_end(problem)
    while first <= most:
        if float(problem.eigenvalue(first).upper()) <= end:
            pieces.append(_interpolated(problem, first, law.count, target, from_zero=True))
            break
        last = max(first, int(first * _RATIO ** (1 / law.exponent)) - 1)
        pieces += _covered(problem, first, int(min(last, most)), target)
        first = last + 1
        if first > _MOST_INDEX:
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

    bits = _bits(target) + 8 * degree
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
        coefficients = _interpolation(nodes, [value(node) for node in nodes])
        shift = fmpq(2) ** bits
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


def _total(problem: LawProblem, pieces: Sequence[Piece], above: bool, bits: int) -> Any:
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


def _written(pieces: Sequence[Piece], above: bool, bits: int) -> dict[str, Any]:
    """Return polynomials as a proof holds them; the checker gets bits for what cancels."""
    degree = max(len(piece.polynomial) for piece in pieces)
    return {
        "bits": bits + 8 * degree + 64,
        "pieces": [
            {"last": piece.last, "polynomial": texts(piece.bound(above))} for piece in pieces
        ],
    }
