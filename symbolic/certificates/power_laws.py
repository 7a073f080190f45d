r"""Proofs about a power law :math:`\lambda_k=\Lambda k^{-\nu}`, k = 1, 2, ... N or without end.

With :math:`s_\lambda=\lambda n(\lambda)/d(\lambda)`, of degrees M and M + 1 (one more with decay of
the weights, in the gradient or decoupled), the summand :math:`f=s/(1+\tau_2s/B)` is a quotient of
polynomials. A proof cuts the indices into pieces, and has a polynomial for each that f does not
exceed there (or does not fall below); sums of powers of the eigenvalues have bounds (`power_sums`),
so that of f has one. That n and d are those of s is seen in `law_modes`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sgdmem.symbolic.certificates.fields import field, rationals, require, row, whole
from sgdmem.symbolic.certificates.law_modes import (
    MOST_INDEX,
    PowerLawModes,
    Summand,
    damped,
    eigenvalue,
    fraction,
    law_summand,
)
from sgdmem.symbolic.certificates.modes import is_schur
from sgdmem.symbolic.certificates.noise_sums import require_in_disc
from sgdmem.symbolic.certificates.positivity import is_positive
from sgdmem.symbolic.certificates.power_sums import Bounds, power_sum
from sgdmem.symbolic.certificates.wording import shown_bounds

_MOST_BITS, _MOST_DEGREE = 20_000, 200


def check_stable(modes: PowerLawModes, witness: Any) -> str:
    """Check that it is stable; return what was found, as a sentence."""
    summand = law_summand(modes, witness)
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
        k = whole(field(witness, "index"), "index", 1, modes.count or MOST_INDEX)
        outside = modes.mode.summand(modes.scale) is None
        if k > 1:
            outside = modes.mode.is_nowhere_schur(*eigenvalue(modes, k))
        require(outside, f"P - lambda Q is not strictly Schur at {modes.named(k)}")
        return f"P - lambda Q has a root on or outside the unit circle at {modes.named(k)}"
    if how == "trace":
        return _check_trace(modes)
    if how == "mode_noise":
        return _check_mode_noise(modes, witness)
    require(how == "noise_sum", "by must be noiseless, mode_noise, noise_sum or trace")
    low = _bound(modes, law_summand(modes, witness), field(witness, "below"), above=False)
    require(low >= 1, "the noise sum is at least 1")
    least = f"the noise sum, at least {shown_bounds(low)}, is not below 1"
    return f"every mode is strictly Schur, and {least}"


def _check_mode_noise(modes: PowerLawModes, witness: Any) -> str:
    """Check that 1 + tau2 s / B is not positive at an eigenvalue; the first is rational."""
    k = whole(field(witness, "index"), "index", 1, modes.count or MOST_INDEX)
    if k == 1:
        s = modes.mode.summand(modes.scale)
        negative = s is not None and 1 + modes.damping * s <= 0
    else:
        n, d = fraction(modes, witness, 1)
        below = [-x for x in damped(modes, n, d)]
        negative = is_positive(below, *eigenvalue(modes, k))
    said = f"1 + tau2 s / B is not positive at {modes.named(k)}"
    require(negative, said)
    return said


def check_boundary(modes: PowerLawModes, witness: Any) -> str:
    """Check that the first mode has roots on the unit circle, none outside, and the others none."""
    circle = rationals(field(witness, "on_circle"), "on_circle")
    require(len(circle) > 1, "a root lies on the unit circle")
    require_in_disc(modes.mode.characteristic(modes.scale), circle, modes.named(1))
    if modes.count != 1:
        require(modes.cuts[:1] != (1,), "a cut is not after the first index")
        fraction(modes, witness, 2)
    return (
        f"P - lambda Q has a root on the unit circle at {modes.named(1)}, and all others are "
        "strictly Schur"
    )


def check_open(modes: PowerLawModes, witness: Any) -> str:
    """Check bounds of the noise sum, which leave open whether it is below 1."""
    summand = law_summand(modes, witness)
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
            last = whole(last, "last", first, modes.count or MOST_INDEX)
        polynomial = rationals(field(piece, "polynomial"), "polynomial")
        require(0 < len(polynomial) <= _MOST_DEGREE, "a polynomial has some coefficients")
        _require_bound(modes, summand, polynomial, first, last, above, max(bits, 64))
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
    bits: int = 64,
) -> None:
    """Require that the polynomial is a bound of f on what contains the eigenvalues of a piece."""
    require(last is not None or modes.count is None, "the power law has no end")
    require(last is not None or polynomial[0] == 0, "a polynomial without end begins with lambda")
    inside = any(
        start <= first and (end is None or (last or MOST_INDEX + 1) <= end)
        for start, end in modes.runs(1)
    )
    require(inside, "a piece lies in one run of eigenvalues")
    high = eigenvalue(modes, first, bits)[1]
    low = Fraction(0) if last is None else eigenvalue(modes, last, bits)[0]
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
