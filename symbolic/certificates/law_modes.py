r"""The modes of a power law in proofs: n and d of their summand, and intervals of eigenvalues.

With :math:`s_\lambda=\lambda n(\lambda)/d(\lambda)`, of degrees M and M + 1 (one more with decay of
the weights, in the gradient or decoupled), the summand :math:`f=s/(1+\tau_2s/B)` is a quotient of
polynomials.

n and d are not believed: they are compared with exact summands at more eigenvalues than their
degrees allow to differ. Those of s follow from its formula, as
:math:`\lambda^2N/(\chi(1)\chi(-1)\Delta)`, :math:`\chi=P-\lambda Q`, N and
:math:`\Delta=\prod_{i<j}(1-x_ix_j)` of degree M in the coefficients of :math:`\chi`; without decay
:math:`\chi(1)=-\lambda Q(1)`. d must be positive from 0, or the last eigenvalue, to
:math:`\Lambda`, so that s is finite there; since a mode at :math:`\Lambda` is strictly Schur, and s
becomes infinite where a root comes to the unit circle (a root that P and Q share never moves), all
modes are. Where some values between eigenvalues are unstable a proof cuts the indices into runs,
and that holds of each run's own interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil
from operator import lt
from typing import Any

from sgdmem.symbolic.certificates.fields import field, rational, rationals, require, row, whole
from sgdmem.symbolic.certificates.listed_modes import read_batch
from sgdmem.symbolic.certificates.modes import Mode, read_step
from sgdmem.symbolic.certificates.positivity import is_positive
from sgdmem.symbolic.certificates.power_sums import power
from sgdmem.symbolic.certificates.wording import named, short
from sgdmem.symbolic.errors import ProofError

MOST_INDEX = 10**40
LARGEST_EXPONENT = 1000


@dataclass(frozen=True)
class PowerLawModes:
    """A power law and the noise of a batch: tau1 / B and tau2 / B.

    Eigenvalues, and Q by its inverse, are in a unit; ``cuts`` are last indices of runs of
    eigenvalues, between which other values may be unstable.
    """

    mode: Mode
    scale: Fraction
    exponent: Fraction
    count: int | None
    feed: Fraction
    damping: Fraction
    unit: Fraction = Fraction(1)
    cuts: tuple[int, ...] = ()

    @cached_property
    def least(self) -> Fraction:
        """A number below all eigenvalues, and not below 0."""
        if self.count is None:
            return Fraction(0)
        return eigenvalue(self, self.count)[0]

    def named(self, k: int) -> str:
        """Return which eigenvalue is meant, for a sentence."""
        return named(k, self.unit * (self.scale if k == 1 else eigenvalue(self, k)[0]))

    def runs(self, first: int) -> list[tuple[int, int | None]]:
        """Return the first and the last index of each run, from an index on; None has no end."""
        firsts = [first, *(cut + 1 for cut in self.cuts)]
        return list(zip(firsts, [*self.cuts, self.count], strict=True))

    def interval(self, first: int, last: int | None) -> tuple[Fraction, Fraction]:
        """Return an interval that contains some consecutive eigenvalues."""
        low = self.least if last == self.count or last is None else eigenvalue(self, last)[0]
        return low, self.scale if first == 1 else eigenvalue(self, first)[1]


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
        count = whole(count, "count", 1, MOST_INDEX)
    if scale <= 0 or not 0 < exponent <= LARGEST_EXPONENT:
        raise ProofError("the scale and the exponent of the power law must be positive")
    inverse, decay = read_batch(record)
    mode = read_step(field(record, "algorithm")).mode(decay)
    feed, damping = (inverse * rational(field(noise, name), name) for name in ("tau1", "tau2"))
    require(feed >= max(damping, Fraction(0)), "the noise is that of some data")
    witness = record.get("witness", {})
    of_polynomials = witness if "numerator" in witness else {}
    unit = rational(of_polynomials.get("unit", "1"), "unit")
    require(unit > 0, "the unit is positive")
    mode = Mode(mode.P, [unit * q for q in mode.Q], decay / unit)
    given = of_polynomials.get("cuts", [])
    cuts = row(given, "cuts", lambda k, name: whole(k, name, 1, MOST_INDEX))
    ends = [0, *cuts, count or MOST_INDEX + 1]
    require(all(map(lt, ends, ends[1:])), "cuts are indices before the last, one after the other")
    return PowerLawModes(mode, scale / unit, exponent, count, feed, damping, unit, tuple(cuts))


def law_summand(modes: PowerLawModes, witness: Any) -> Summand:
    """Return f, after every mode is shown to be strictly Schur."""
    n, d = fraction(modes, witness, 1)
    numerator, denominator = [Fraction(0), *n], damped(modes, n, d)
    positive = all(is_positive(denominator, *modes.interval(*run)) for run in modes.runs(1))
    require(positive, "1 + tau2 s / B is positive everywhere")
    return Summand(numerator, denominator)


def fraction(
    modes: PowerLawModes, witness: Any, first: int
) -> tuple[list[Fraction], list[Fraction]]:
    """Return n and d, compared with exact summands; every mode from an index on is Schur."""
    degree = modes.mode.memory + 1 + (not modes.mode.is_free)
    n = rationals(field(witness, "numerator"), "numerator", degree)
    d = rationals(field(witness, "denominator"), "denominator", degree + 1)
    *others, (low, high) = [modes.interval(*run) for run in modes.runs(first)]
    require(low < high or not others, "points of the last run differ")
    size = 2 * degree
    for i in range(1, size + 1):
        lam = low + (high - low) * Fraction(i, size)
        require(
            _schur_summand(modes, lam) * value(d, lam) == lam * value(n, lam),
            "numerator and denominator are those of s",
        )
    for _, most in others:
        _schur_summand(modes, most)
    for run in [*others, (low, high)]:
        require(is_positive(d, *run), "s is finite at every eigenvalue")
    return n, d


def _schur_summand(modes: PowerLawModes, lam: Fraction) -> Fraction:
    """Return s, of a mode that must be strictly Schur."""
    s = modes.mode.summand(lam)
    at = f"lambda = {short(modes.unit * lam, 6)}"
    if s is None:
        raise ProofError(f"not proved: P - lambda Q is strictly Schur at {at}")
    return s


def damped(modes: PowerLawModes, n: list[Fraction], d: list[Fraction]) -> list[Fraction]:
    """Return d (1 + tau2 s / B), lowest power first."""
    return [x + modes.damping * y for x, y in zip(d, [Fraction(0), *n], strict=True)]


def value(polynomial: Sequence[Fraction], at: Fraction) -> Fraction:
    """Return the value of a polynomial, lowest power first."""
    total = Fraction(0)
    for coefficient in reversed(polynomial):
        total = total * at + coefficient
    return total


def eigenvalue(modes: PowerLawModes, k: int, bits: int = 64) -> tuple[Fraction, Fraction]:
    """Return bounds of an eigenvalue, of which so many bits are the same; the first is rational."""
    if k == 1:
        return modes.scale, modes.scale
    bits += ceil(modes.exponent) * k.bit_length()
    low, high = power(Fraction(k), -modes.exponent, bits).ends
    return modes.scale * low, modes.scale * high
