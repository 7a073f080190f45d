r"""Proofs about a power law :math:`\lambda_k=\Lambda k^{-\nu}`, k = 1, 2, ... N or without end.

With :math:`s_\lambda=\lambda n(\lambda)/d(\lambda)`, of degrees M and M + 1 (one more with decay of
the weights, in the gradient or decoupled), the summand :math:`f=s/(1+\tau_2s/B)` is a quotient of
polynomials. A proof cuts the indices into pieces, and has a polynomial for each that f does not
exceed there (or does not fall below); sums of powers of the eigenvalues have bounds (`power_sums`),
so that of f has one.

n and d are not believed: they are compared with exact summands at more eigenvalues than their
degrees allow to differ. Those of s follow from its formula, as
:math:`\lambda^2N/(\chi(1)\chi(-1)\Delta)`, :math:`\chi=P-\lambda Q`, N and
:math:`\Delta=\prod_{i<j}(1-x_ix_j)` of degree M in the coefficients of :math:`\chi`; without decay
:math:`\chi(1)=-\lambda Q(1)`. d must be positive from 0, or the last eigenvalue, to
:math:`\Lambda`, so that s is finite there; since a mode at :math:`\Lambda` is strictly Schur, and s
becomes infinite where a root comes to the unit circle (a root that P and Q share never moves), all
modes are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import Any

from sgdmem.symbolic.certificates.fields import field, rational, rationals, require, row, whole
from sgdmem.symbolic.certificates.listed_modes import read_batch
from sgdmem.symbolic.certificates.modes import Mode, is_schur, read_step
from sgdmem.symbolic.certificates.noise_sums import require_in_disc
from sgdmem.symbolic.certificates.positivity import is_positive
from sgdmem.symbolic.certificates.power_sums import Bounds, power, power_sum
from sgdmem.symbolic.certificates.wording import named, short, shown_bounds
from sgdmem.symbolic.errors import ProofError

_MOST_BITS, _MOST_INDEX, _MOST_DEGREE = 20_000, 10**40, 200
LARGEST_EXPONENT = 1000


@dataclass(frozen=True)
class PowerLawModes:
    """A power law and the noise of a batch: tau1 / B and tau2 / B."""

    mode: Mode
    scale: Fraction
    exponent: Fraction
    count: int | None
    feed: Fraction
    damping: Fraction

    @cached_property
    def least(self) -> Fraction:
        """A number below all eigenvalues, and not below 0."""
        if self.count is None:
            return Fraction(0)
        return _eigenvalue(self, self.count)[0]

    def named(self, k: int) -> str:
        """Return which eigenvalue is meant, for a sentence."""
        return named(k, self.scale if k == 1 else _eigenvalue(self, k)[0])


@dataclass(frozen=True)
class Summand:
    """The numerator and the denominator of f, lowest power first; the denominator is positive."""

    numerator: list[Fraction]
    denominator: list[Fraction]


def read_power_law(record: Any) -> PowerLawModes:
    """Return the algorithm and the power law of a proof, and its noise.

    That must be the noise of some data.
    """
    law, noise = field(field(record, "problem"), "power_law"), field(record, "noise")
    scale, exponent = (rational(field(law, name), name) for name in ("scale", "exponent"))
    count = field(law, "count")
    if count is not None:
        count = whole(count, "count", 1, _MOST_INDEX)
    if scale <= 0 or not 0 < exponent <= LARGEST_EXPONENT:
        raise ProofError("the scale and the exponent of the power law must be positive")
    inverse, decay = read_batch(record)
    mode = read_step(field(record, "algorithm")).mode(decay)
    feed, damping = (inverse * rational(field(noise, name), name) for name in ("tau1", "tau2"))
    require(feed >= max(damping, Fraction(0)), "the noise is that of some data")
    return PowerLawModes(mode, scale, exponent, count, feed, damping)


def check_stable(modes: PowerLawModes, witness: Any) -> str:
    """Check that it is stable; return what was found, as a sentence."""
    summand = _summand(modes, witness)
    _require_end(modes)
    if not modes.feed and not modes.damping:
        return "every mode is strictly Schur, and there is no noise"
    high = _bound(modes, summand, field(witness, "above"), above=True)
    require(high < 1, "the noise sum is below 1")
    return (
        f"every mode is strictly Schur, and the noise sum, at most {shown_bounds(high)}, is below 1"
    )


def check_unstable(modes: PowerLawModes, witness: Any) -> str:
    """Check that it is not stable; return what was found, as a sentence."""
    how = field(witness, "by")
    if how == "noiseless":
        k = whole(field(witness, "index"), "index", 1, modes.count or _MOST_INDEX)
        outside = modes.mode.summand(modes.scale) is None
        if k > 1:
            outside = modes.mode.is_nowhere_schur(*_eigenvalue(modes, k))
        require(outside, f"P - lambda Q is not strictly Schur at {modes.named(k)}")
        return f"P - lambda Q has a root on or outside the unit circle at {modes.named(k)}"
    if how == "trace":
        return _check_trace(modes)
    if how == "mode_noise":
        return _check_mode_noise(modes, witness)
    require(how == "noise_sum", "by must be noiseless, mode_noise, noise_sum or trace")
    low = _bound(modes, _summand(modes, witness), field(witness, "below"), above=False)
    require(low >= 1, "the noise sum is at least 1")
    least = f"the noise sum, at least {shown_bounds(low)}, is not below 1"
    return f"every mode is strictly Schur, and {least}"


def _check_mode_noise(modes: PowerLawModes, witness: Any) -> str:
    """Check that 1 + tau2 s / B is not positive at an eigenvalue; the first is rational."""
    k = whole(field(witness, "index"), "index", 1, modes.count or _MOST_INDEX)
    if k == 1:
        s = modes.mode.summand(modes.scale)
        negative = s is not None and 1 + modes.damping * s <= 0
    else:
        n, d = _fraction(modes, witness, modes.scale)
        below = [-x for x in _damped(modes, n, d)]
        negative = is_positive(below, *_eigenvalue(modes, k))
    said = f"1 + tau2 s / B is not positive at {modes.named(k)}"
    require(negative, said)
    return said


def check_boundary(modes: PowerLawModes, witness: Any) -> str:
    """Check that the first mode has roots on the unit circle, none outside, and the others none."""
    circle = rationals(field(witness, "on_circle"), "on_circle")
    require(len(circle) > 1, "a root lies on the unit circle")
    require_in_disc(modes.mode.characteristic(modes.scale), circle, modes.named(1))
    if modes.count != 1:
        _fraction(modes, witness, _eigenvalue(modes, 2)[1])
    return (
        f"P - lambda Q has a root on the unit circle at {modes.named(1)}, and all others are "
        "strictly Schur"
    )


def check_open(modes: PowerLawModes, witness: Any) -> str:
    """Check bounds of the noise sum, which leave open whether it is below 1."""
    summand = _summand(modes, witness)
    _require_end(modes)
    low = _bound(modes, summand, field(witness, "below"), above=False)
    high = _bound(modes, summand, field(witness, "above"), above=True)
    return f"every mode is strictly Schur, and the noise sum is {shown_bounds(low, high)}"


def _check_trace(modes: PowerLawModes) -> str:
    """Check that the noise sum is infinite.

    s is at least a multiple of the squared eigenvalue, by the first response to a gradient that is
    not 0; and without decay one of the eigenvalue, since near x = 1, P - lambda Q is at most a
    multiple of abs(x - 1) + lambda.
    """
    require(modes.count is None and modes.feed > 0, "there is noise, of eigenvalues without end")
    require(any(modes.mode.Q), "Q is not 0")
    if modes.exponent <= Fraction(1, 2):
        return "the squared eigenvalues have an infinite sum, and the noise sum is infinite with it"
    require(modes.exponent <= 1, "the eigenvalues have no finite sum")
    require(modes.mode.is_free and sum(modes.mode.Q) != 0, "P(1) is 0, and Q(1) is not")
    return "the eigenvalues have an infinite sum, and the noise sum is infinite with it"


def _require_end(modes: PowerLawModes) -> None:
    """Require of infinitely many eigenvalues that D is strictly stable, as the theorem does.

    With weight decay, in the gradient or decoupled, w is part of it.
    """
    if modes.count is not None:
        return
    P = modes.mode.characteristic(Fraction(0))
    quotient = [P[0]]
    for coefficient in P[1:-1]:  # P = (x - 1) det(x - D) without decay
        quotient.append(coefficient + quotient[-1])
    moving = quotient if modes.mode.is_free else P
    require(is_schur(moving), "the method is strictly stable at 0")


def _summand(modes: PowerLawModes, witness: Any) -> Summand:
    """Return f, after every mode is shown to be strictly Schur."""
    n, d = _fraction(modes, witness, modes.scale)
    numerator, denominator = [Fraction(0), *n], _damped(modes, n, d)
    damped = is_positive(denominator, modes.least, modes.scale)
    require(damped, "1 + tau2 s / B is positive everywhere")
    return Summand(numerator, denominator)


def _fraction(
    modes: PowerLawModes, witness: Any, largest: Fraction
) -> tuple[list[Fraction], list[Fraction]]:
    """Return n and d, compared with exact summands; every mode up to the largest is Schur."""
    degree = modes.mode.memory + 1 + (not modes.mode.is_free)
    n = rationals(field(witness, "numerator"), "numerator", degree)
    d = rationals(field(witness, "denominator"), "denominator", degree + 1)
    size = 2 * degree
    for i in range(1, size + 1):
        lam = modes.least + (largest - modes.least) * Fraction(i, size)
        s = modes.mode.summand(lam)
        require(s is not None, f"P - lambda Q is strictly Schur at lambda = {short(lam, 6)}")
        assert s is not None
        require(
            s * value(d, lam) == lam * value(n, lam), "numerator and denominator are those of s"
        )
    require(is_positive(d, modes.least, largest), "s is finite at every eigenvalue")
    return n, d


def _damped(modes: PowerLawModes, n: list[Fraction], d: list[Fraction]) -> list[Fraction]:
    """Return d (1 + tau2 s / B), lowest power first."""
    return [x + modes.damping * y for x, y in zip(d, [Fraction(0), *n], strict=True)]


def value(polynomial: Sequence[Fraction], at: Fraction) -> Fraction:
    """Return the value of a polynomial, lowest power first."""
    total = Fraction(0)
    for coefficient in reversed(polynomial):
        total = total * at + coefficient
    return total


def _bound(modes: PowerLawModes, summand: Summand, witness: Any, above: bool) -> Fraction:
    """Return a bound of the noise sum, from pieces that follow each other.

    Each has its last index, and the coefficients of 1, lambda, ... of a polynomial.
    """
    bits = whole(field(witness, "bits"), "bits", 8, _MOST_BITS)
    total, first = Fraction(0), 1
    for piece in row(field(witness, "pieces"), "pieces", lambda x, _: x):
        require(first > 0, "nothing follows a piece without end")
        last = field(piece, "last")
        if last is not None:
            last = whole(last, "last", first, modes.count or _MOST_INDEX)
        polynomial = rationals(field(piece, "polynomial"), "polynomial")
        require(0 < len(polynomial) <= _MOST_DEGREE, "a polynomial has some coefficients")
        _require_bound(modes, summand, polynomial, first, last, above)
        total += _sum(modes, polynomial, first, last, bits)[above]
        first = 0 if last is None else last + 1
    end = 0 if modes.count is None else modes.count + 1
    require(first == end or not above, "the pieces reach the last eigenvalue")
    return modes.feed * total


def _require_bound(
    modes: PowerLawModes,
    summand: Summand,
    polynomial: list[Fraction],
    first: int,
    last: int | None,
    above: bool,
) -> None:
    """Require that the polynomial is a bound of f on what contains the eigenvalues of a piece."""
    require(last is not None or modes.count is None, "the power law has no end")
    require(last is not None or polynomial[0] == 0, "a polynomial without end begins with lambda")
    high = _eigenvalue(modes, first)[1]
    low = Fraction(0) if last is None else _eigenvalue(modes, last)[0]
    difference = [Fraction(0)] * (len(polynomial) + len(summand.denominator) - 1)
    for i, x in enumerate(polynomial):
        for j, y in enumerate(summand.denominator):
            difference[i + j] += x * y
    for i, x in enumerate(summand.numerator):
        difference[i] -= x
    signed = difference if above else [-x for x in difference]
    while last is None and signed and signed[0] == 0:
        signed = signed[1:]  # both vanish at 0
    require(
        bool(signed) and is_positive(signed, low, high),
        f"the polynomial of indices from {first:,} on is {'above' if above else 'below'} s / "
        "(1 + tau2 s / B)",
    )


def _eigenvalue(modes: PowerLawModes, k: int) -> tuple[Fraction, Fraction]:
    bits = 64 + ceil(modes.exponent) * k.bit_length()
    low, high = power(Fraction(k), -modes.exponent, bits).ends
    return modes.scale * low, modes.scale * high


def _sum(
    modes: PowerLawModes, polynomial: list[Fraction], first: int, last: int | None, bits: int
) -> tuple[Fraction, Fraction]:
    """Return bounds of the sum of a polynomial of the eigenvalues of a piece."""
    total, scale = Bounds(0, 0, bits), Fraction(1)
    for j, coefficient in enumerate(polynomial):
        if coefficient and j == 0:
            assert last is not None
            total = total + Bounds(1 << bits, 1 << bits, bits).scaled(
                coefficient * (last - first + 1)
            )
        elif coefficient:
            require(last is not None or j * modes.exponent > 1, "the sum of the powers is finite")
            powers = power_sum(j * modes.exponent, first, last, bits)
            total = total + powers.scaled(coefficient * scale)
        scale *= modes.scale
    return total.ends
