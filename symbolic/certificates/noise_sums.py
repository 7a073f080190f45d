r"""Proofs about a list of eigenvalues, by the exact condition (docs, "The exact condition").

A method is stable if and only if every mode is strictly Schur, every :math:`1+\tau_{2,i}s_i/B` is
positive, and the radius of :math:`\mathrm{diag}(s_i/(1+\tau_{2,i}s_i/B))\,T/B` is below 1, which
for :math:`T_{ij}=\tau_1` is the noise sum. All summands are exact; sums are rounded outward to the
bits that a proof asks for, and of a proof that has none nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from sgdmem.symbolic.certificates import coupled
from sgdmem.symbolic.certificates.fields import field, rationals, require, row, whole
from sgdmem.symbolic.certificates.listed_modes import ListedModes
from sgdmem.symbolic.certificates.modes import is_schur
from sgdmem.symbolic.certificates.wording import short, shown_bounds

_MOST_BITS = 10**5


def check_stable(modes: ListedModes, witness: Any) -> str:
    """Check that it is stable; return what was found, as a sentence."""
    if modes.noise.is_quiet:
        for i in range(len(modes.noise.eigenvalues)):
            modes.summand(i)
        return "every mode is strictly Schur, and there is no noise"
    if isinstance(modes.noise.feed, list):
        return coupled.check_stable(modes, witness)
    low, high = _noise_sum(modes, witness)
    require(high < 1, "the noise sum is below 1")
    return f"every mode is strictly Schur, and the noise sum, {shown_bounds(low, high)}, is below 1"


def check_unstable(modes: ListedModes, witness: Any) -> str:
    """Check that it is not stable; return what was found, as a sentence."""
    how = field(witness, "by")
    if how == "noiseless":
        i = modes.noise.place(witness)
        where, found = modes.noise.named(i), modes.mode.summand(modes.noise.eigenvalues[i])
        require(found is None, f"P - lambda Q is not strictly Schur at {where}")
        return f"P - lambda Q has a root on or outside the unit circle at {where}"
    if how == "mode_noise":
        i = modes.noise.place(witness)
        where, denominator = modes.noise.named(i), 1 + modes.noise.damping[i] * modes.summand(i)
        require(denominator <= 0, f"1 + tau2 s / B is not positive at {where}")
        return f"1 + tau2 s / B = {short(denominator)} is not positive at {where}"
    require(how == "noise_sum", "by must be noiseless, mode_noise or noise_sum")
    if isinstance(modes.noise.feed, list):
        return coupled.check_unstable(modes, witness)
    low, high = _noise_sum(modes, witness)
    require(low >= 1, "the noise sum is at least 1")
    return f"the noise sum, {shown_bounds(low, high)}, is at least 1"


def check_boundary(modes: ListedModes, witness: Any) -> str:
    """Check that it is at a limit exactly: the noise sum is 1, or roots are on the circle at most.

    With noise such roots are no limit of what is stable, but of what is stable without noise.
    """
    how = field(witness, "by")
    if how == "noise_sum":
        if isinstance(modes.noise.feed, list):
            return coupled.check_boundary(modes, witness)
        low, high = _noise_sum(modes, {})
        require(low == high == 1, "the noise sum is exactly 1")
        return "every mode is strictly Schur, and the noise sum is exactly 1"
    require(how == "noiseless", "by must be noiseless or noise_sum")
    circles = row(field(witness, "on_circle"), "on_circle", lambda x, name: rationals(x, name))
    require(len(circles) == len(modes.noise.eigenvalues), "on_circle has one factor of each mode")
    for i, factor in enumerate(circles):
        A = modes.mode.characteristic(modes.noise.eigenvalues[i])
        require_in_disc(A, factor, modes.noise.named(i))
    require(any(len(factor) > 1 for factor in circles), "a root lies on the unit circle")
    first = next(i for i, factor in enumerate(circles) if len(factor) > 1)
    return (
        f"P - lambda Q has a root on the unit circle at {modes.noise.named(first)}, and none "
        "outside of it at any"
    )


def require_in_disc(A: list[Fraction], circle: list[Fraction], where: str) -> None:
    """Require that A has no root outside: it is what ``circle`` leaves, times powers of it.

    All roots of a self-inversive polynomial lie on the circle, and are simple, if its derivative
    is strictly Schur (A. Cohn, Math. Z. 14, 1922).
    """
    if len(circle) > 1:
        turned = circle[::-1]
        require(circle[0] != 0, f"the factor at {where}, does not begin with 0")
        require(
            circle == turned or circle == [-x for x in turned],
            f"the factor at {where}, is self-inversive",
        )
        degree = len(circle) - 1
        slopes = [(degree - k) * x for k, x in enumerate(circle[:-1])]
        require(is_schur(slopes), f"the factor at {where}, has its roots on the circle")
        quotient, rest = _divided(A, circle)
        require(not any(rest), f"the factor divides P - lambda Q at {where}")
        # some of its roots may be multiple
        require_in_disc(quotient, _common_factor(quotient, circle), where)
    else:
        require(is_schur(A), f"the other roots at {where}, lie inside the circle")


def _divided(A: list[Fraction], B: list[Fraction]) -> tuple[list[Fraction], list[Fraction]]:
    """Return quotient and remainder of polynomials, highest power first."""
    rest, quotient = list(A), []
    while len(rest) >= len(B):
        factor = rest[0] / B[0]
        quotient.append(factor)
        padded = [*B, *[Fraction(0)] * (len(rest) - len(B))]
        rest = [x - factor * y for x, y in zip(rest, padded, strict=True)][1:]
    return quotient, rest


def _common_factor(A: list[Fraction], B: list[Fraction]) -> list[Fraction]:
    while any(B):
        while B[0] == 0:
            B = B[1:]
        A, B = B, _divided(A, B)[1]
    return A


def _noise_sum(modes: ListedModes, witness: Any) -> tuple[Fraction, Fraction]:
    """Return bounds of the noise sum: the same number twice if the proof asks for no bits."""
    assert isinstance(modes.noise.feed, Fraction)
    terms = (count * modes.damped(i) for i, count in enumerate(modes.noise.multiplicities))
    if "bits" not in witness:
        total = modes.noise.feed * exact_sum(terms)
        return total, total
    bits = whole(witness["bits"], "bits", 1, _MOST_BITS)
    floors = [(x.numerator << bits) // x.denominator for x in terms]
    low = Fraction(sum(floors), 1 << bits)
    return modes.noise.feed * low, modes.noise.feed * (low + Fraction(len(floors), 1 << bits))


def exact_sum(terms: Iterable[Fraction]) -> Fraction:
    """Return the sum of some fractions, added in pairs so that few numbers are long.

    Examples
    --------
    >>> exact_sum(Fraction(1, n) for n in (2, 3, 6))
    Fraction(1, 1)
    """
    left = list(terms)
    while len(left) > 1:
        left = [sum(left[i : i + 2], Fraction(0)) for i in range(0, len(left), 2)]
    return left[0]
