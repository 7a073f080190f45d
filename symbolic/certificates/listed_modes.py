"""Lists of eigenvalues in proofs: their modes, exact summands, and the noise between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sgdmem.symbolic.certificates.fields import field, rational, rationals, require, row, whole
from sgdmem.symbolic.certificates.modes import Mode, read_step
from sgdmem.symbolic.certificates.wording import named
from sgdmem.symbolic.errors import ProofError


@dataclass(frozen=True)
class ListedNoise:
    """Eigenvalues with multiplicities, and the noise of a batch between them.

    Attributes
    ----------
    eigenvalues, multiplicities : list of Fraction
    feed : list of lists of Fraction, or Fraction
        T / B, or the one number tau1 / B.
    damping : list of Fraction
        tau2 / B of each eigenvalue.
    weight_decay : Fraction
    """

    eigenvalues: list[Fraction]
    multiplicities: list[Fraction]
    feed: Fraction | list[list[Fraction]]
    damping: list[Fraction]
    weight_decay: Fraction

    @property
    def is_quiet(self) -> bool:
        """Whether there is none."""
        lines = self.feed if isinstance(self.feed, list) else [[self.feed]]
        return not any(self.damping) and not any(x for line in lines for x in line)

    def named(self, i: int) -> str:
        """Return which eigenvalue is meant, for a sentence."""
        return named(i + 1, self.eigenvalues[i])

    def place(self, witness: Any) -> int:
        """Return the index of an eigenvalue that a witness names, from 0."""
        last = len(self.eigenvalues) - 1
        return whole(field(witness, "eigenvalue"), "the index 'eigenvalue'", 0, last)

    def fed(self, i: int, values: Sequence[Fraction]) -> Fraction:
        """Return the i-th entry of T / B times a vector, multiplicities counted."""
        line = self.feed[i] if isinstance(self.feed, list) else [self.feed] * len(values)
        parts = zip(line, self.multiplicities, values, strict=True)
        return sum((t * count * x for t, count, x in parts if t and x), Fraction(0))

    def fed_everywhere(self, values: Sequence[Fraction]) -> list[Fraction]:
        """Return T / B times a vector; where T is one number, so is that."""
        if isinstance(self.feed, list):
            return [self.fed(i, values) for i in range(len(values))]
        return [self.fed(0, values)] * len(values)


@dataclass(frozen=True)
class ListedModes:
    """The modes of a stationary method, and the noise between them."""

    mode: Mode
    noise: ListedNoise

    def summand(self, i: int) -> Fraction:
        """Return s of an eigenvalue, whose mode must be strictly Schur."""
        s = self.mode.summand(self.noise.eigenvalues[i])
        if s is None:
            where = self.noise.named(i)
            raise ProofError(f"not proved: P - lambda Q is strictly Schur at {where}")
        return s

    def damped(self, i: int) -> Fraction:
        """Return s / (1 + tau2 s / B), whose denominator must be positive."""
        s = self.summand(i)
        denominator = 1 + self.noise.damping[i] * s
        require(denominator > 0, f"1 + tau2 s / B is positive at {self.noise.named(i)}")
        return s / denominator


def read_listed(record: Any) -> ListedModes:
    """Return the algorithm of a proof, and the eigenvalues with their noise."""
    noise = read_listed_noise(record)
    return ListedModes(read_step(field(record, "algorithm")).mode(noise.weight_decay), noise)


def read_listed_noise(record: Any) -> ListedNoise:
    """Return the eigenvalues of a proof and their noise, which must be that of some data."""
    problem, noise = field(record, "problem"), field(record, "noise")
    lam = rationals(field(problem, "eigenvalues"), "eigenvalues")
    counts = rationals(field(problem, "multiplicities"), "multiplicities", len(lam))
    if not lam or min(lam) <= 0 or min(counts) <= 0:
        raise ProofError("eigenvalues and their multiplicities must be positive")
    inverse, decay = read_batch(record)
    damping = [inverse * value for value in rationals(field(noise, "tau2"), "tau2", len(lam))]
    feed: Fraction | list[list[Fraction]]
    if "coupling" in noise:
        require("tau1" not in noise, "the noise is of tau1 or of a coupling, not of both")
        lines = [
            rationals(line, "coupling", len(lam))
            for line in row(noise["coupling"], "coupling", lambda x, _: x)
        ]
        require(len(lines) == len(lam), "the coupling matrix is square")
        require(all(x >= 0 for line in lines for x in line), "the coupling is not negative")
        feed = [[inverse * x for x in line] for line in lines]
        own: Sequence[Fraction] = [feed[i][i] for i in range(len(lam))]
    else:
        feed = inverse * rational(field(noise, "tau1"), "tau1")
        require(feed >= 0, "tau1 is not negative")
        own = [feed] * len(lam)
    # of less than one mode less noise comes back to it
    least = [t * min(count, Fraction(1)) for t, count in zip(own, counts, strict=True)]
    require(
        all(t >= d for t, d in zip(least, damping, strict=True)), "the noise is that of some data"
    )
    return ListedNoise(lam, counts, feed, damping, decay)


def read_batch(record: Any) -> tuple[Fraction, Fraction]:
    """Return one over the batch size, and the weight decay of the problem."""
    inverse = rational(field(record, "inverse_batch_size"), "inverse_batch_size")
    if inverse < 0:
        raise ProofError("the batch size must not be negative")
    return inverse, read_decay(record)


def read_decay(record: Any) -> Fraction:
    """Return the weight decay of the problem."""
    decay = rational(field(field(record, "problem"), "weight_decay"), "weight_decay")
    if decay < 0:
        raise ProofError("the weight decay must not be negative")
    return decay
