r"""Proofs about a list of eigenvalues, by the exact condition (docs, "The exact condition").

A method is stable if and only if every mode is strictly Schur, every :math:`1+\tau_{2,i}s_i/B` is
positive, and the radius of :math:`\mathrm{diag}(s_i/(1+\tau_{2,i}s_i/B))\,T/B` is below 1, which
for :math:`T_{ij}=\tau_1` is the noise sum. All summands are exact; sums are rounded outward to the
bits that a proof asks for, and of a proof that has none nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sgdmem.symbolic.certificates.fields import field, rational, rationals, require, row, whole
from sgdmem.symbolic.certificates.modes import Mode, is_schur, read_step
from sgdmem.symbolic.certificates.wording import named, short, shown_bounds
from sgdmem.symbolic.errors import ProofError

_MOST_BITS = 10**5


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
        return sum((t * count * x for t, count, x in parts), Fraction(0))

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
    decay = rational(field(field(record, "problem"), "weight_decay"), "weight_decay")
    if inverse < 0 or decay < 0:
        raise ProofError("the batch size and the weight decay must not be negative")
    return inverse, decay


def check_stable(modes: ListedModes, witness: Any) -> str:
    """Check that it is stable; return what was found, as a sentence."""
    if modes.noise.is_quiet:
        for i in range(len(modes.noise.eigenvalues)):
            modes.summand(i)
        return "every mode is strictly Schur, and there is no noise"
    if isinstance(modes.noise.feed, list):
        return _check_vector(modes, witness, below=True)
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
    for i in range(len(modes.noise.eigenvalues)):
        modes.summand(i)
    if how == "mode_noise":
        i = modes.noise.place(witness)
        where, denominator = modes.noise.named(i), 1 + modes.noise.damping[i] * modes.summand(i)
        require(denominator <= 0, f"1 + tau2 s / B is not positive at {where}")
        return f"1 + tau2 s / B = {short(denominator)} is not positive at {where}"
    require(how == "noise_sum", "by must be noiseless, mode_noise or noise_sum")
    if isinstance(modes.noise.feed, list):
        return _check_vector(modes, witness, below=False)
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
            return _check_sets(modes, witness)
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
        A, common = quotient, _common_factor(quotient, circle)
        if len(common) > 1:  # some of its roots are multiple
            require_in_disc(A, common, where)
            return
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
    """Return the sum of fractions, added in pairs so that few numbers are long.

    Examples
    --------
    >>> exact_sum(Fraction(1, n) for n in (2, 3, 6))
    Fraction(1, 1)
    """
    left = list(terms)
    while len(left) > 1:
        left = [sum(left[i : i + 2], Fraction(0)) for i in range(0, len(left), 2)]
    return left[0] if left else Fraction(0)


def _check_vector(modes: ListedModes, witness: Any, below: bool) -> str:
    """Check a vector v of Collatz and Wielandt against N = diag(damped s) T / B.

    0 <= N v < v says that the radius is below 1; N v >= v >= 0, v not 0, that it is at least 1.
    """
    size = len(modes.noise.eigenvalues)
    v = rationals(field(witness, "vector"), "vector", size)
    require(all(x >= 0 for x in v) and any(v), "the vector is not negative, and not 0")
    for i in range(size):
        image = modes.damped(i) * modes.noise.fed(i, v)
        if below:
            require(image < v[i], f"N v is below v at {modes.noise.named(i)}")
        else:
            require(image >= v[i], f"N v is at least v at {modes.noise.named(i)}")
    word = "below" if below else "at least"
    return f"every mode is strictly Schur, and the noise radius is {word} 1, by a vector"


def _check_sets(modes: ListedModes, witness: Any) -> str:
    """Check that the radius of N is 1 exactly.

    Sets of modes, of which none gets noise from a later one, so that the radius is the largest of
    those of the blocks of N; v > 0 with N v <= v in every block, and N v = v in some.
    """
    size, feed = len(modes.noise.eigenvalues), modes.noise.feed
    assert isinstance(feed, list)
    v = rationals(field(witness, "vector"), "vector", size)
    require(all(x > 0 for x in v), "the vector is positive")
    sets = row(
        field(witness, "sets"),
        "sets",
        lambda entry, name: row(entry, name, lambda i, _: whole(i, "sets", 0, size - 1)),
    )
    together = sorted(i for members in sets for i in members)
    require(together == list(range(size)), "each eigenvalue is in one of the sets")
    some, later = False, set(range(size))
    for members in sets:
        later -= set(members)
        inside = [x if i in members else Fraction(0) for i, x in enumerate(v)]
        images = [modes.damped(i) * modes.noise.fed(i, inside) for i in members]
        for i, image in zip(members, images, strict=True):
            alone = all(feed[i][j] == 0 for j in later)
            require(alone, f"{modes.noise.named(i)}, gets no noise from later sets")
            require(image <= v[i], f"N v is at most v at {modes.noise.named(i)}")
        equal = all(image == v[i] for i, image in zip(members, images, strict=True))
        some = some or (bool(members) and equal)
    require(some, "N v is v in some set")
    return "every mode is strictly Schur, and the noise radius is exactly 1, by vectors"
