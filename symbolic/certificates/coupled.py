r"""Proofs about coupled noise: vectors of Collatz and Wielandt for a nonnegative matrix N.

Sets of modes of which none gets noise from a later one make N block triangular, and its radius the
largest of those of the blocks :math:`N_{SS}`. That of a block is below 1 if :math:`N_{SS}v_S<v_S`
for some :math:`v_S>0`, and exactly 1 if :math:`N_{SS}v_S=v_S`. N has a radius of at least 1 if
:math:`Nv\ge v` for some :math:`v\ge0`, not 0. Where a proof has zeros for a whole set the checker
solves :math:`N_{SS}v_S=v_S` itself, since v has more digits than a file should hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_mat

from sgdmem.symbolic.certificates.fields import field, rationals, require, row, whole
from sgdmem.symbolic.certificates.listed_modes import ListedModes
from sgdmem.symbolic.errors import ProofError


def check_stable(modes: ListedModes, witness: Any) -> str:
    """Check that the radius of N is below 1; return what was found, as a sentence."""
    equal = _sets_that_keep(modes, witness)
    require(not equal, "N v is below v in every set")
    return "every mode is strictly Schur, and the noise radius is below 1, by a vector"


def check_unstable(modes: ListedModes, witness: Any) -> str:
    """Check that it is at least 1, by a vector v >= 0, not 0, with N v >= v."""
    size = len(modes.noise.eigenvalues)
    v = _vector(modes, witness)
    require(any(v), "the vector is not 0")
    for i in range(size):
        grown = modes.damped(i) * modes.noise.fed(i, v) >= v[i]
        require(grown, f"N v is at least v at {modes.noise.named(i)}")
    return "every mode is strictly Schur, and the noise radius is at least 1, by a vector"


def check_boundary(modes: ListedModes, witness: Any) -> str:
    """Check that it is exactly 1: at most 1 in every set, and 1 in some."""
    require(_sets_that_keep(modes, witness), "N v is v in some set")
    return "every mode is strictly Schur, and the noise radius is exactly 1, by vectors"


def _vector(modes: ListedModes, witness: Any) -> list[Fraction]:
    v = rationals(field(witness, "vector"), "vector", len(modes.noise.eigenvalues))
    require(all(x >= 0 for x in v), "the vector is not negative")
    return v


def _sets_that_keep(modes: ListedModes, witness: Any) -> bool:
    """Return whether N v = v in some set; in the others it must be below v."""
    size, feed = len(modes.noise.eigenvalues), modes.noise.feed
    assert isinstance(feed, list)
    v, damped = _vector(modes, witness), [modes.damped(i) for i in range(size)]
    some, later = False, set(range(size))
    for members in _sets(witness, size):
        later -= set(members)
        for i in members:
            alone = damped[i] == 0 or all(feed[i][j] == 0 for j in later)
            require(alone, f"{modes.noise.named(i)}, gets no noise from later sets")
        own = [v[i] for i in members]
        if not any(own):
            _require_kept(modes, damped, members)
            some = True
            continue
        require(all(x > 0 for x in own), "the vector is positive")
        inside = [Fraction(0)] * size
        for i, x in zip(members, own, strict=True):
            inside[i] = x
        images = [damped[i] * modes.noise.fed(i, inside) for i in members]
        if images == own:
            some = True
            continue
        for i, x, image in zip(members, own, images, strict=True):
            require(image < x, f"N v is below v at {modes.noise.named(i)}")
    return some


def _sets(witness: Any, size: int) -> list[list[int]]:
    """Return sets of modes, each mode in one of them; one set if a proof names none."""
    if "sets" not in witness:
        return [list(range(size))]
    sets = row(
        witness["sets"],
        "sets",
        lambda entry, name: row(entry, name, lambda i, _: whole(i, "sets", 0, size - 1)),
    )
    together = sorted(i for members in sets for i in members)
    require(together == list(range(size)), "each eigenvalue is in one of the sets")
    require(all(sets), "no set is empty")
    return sets


def _require_kept(modes: ListedModes, damped: Sequence[Fraction], members: list[int]) -> None:
    """Require that N x = x for some x > 0, of which the last entry is 1, in a set."""
    feed, counts = modes.noise.feed, modes.noise.multiplicities
    assert isinstance(feed, list)
    size = len(members)
    N = [[_fmpq(damped[i] * feed[i][j] * counts[j]) for j in members] for i in members]
    left = [(i == j) - N[i][j] for i in range(size - 1) for j in range(size - 1)]
    right = fmpq_mat(size - 1, 1, [line[-1] for line in N[:-1]])
    try:
        found = fmpq_mat(size - 1, size - 1, left).solve(right)
    except ZeroDivisionError:
        raise ProofError("not proved: one vector alone is kept in the set of zeros") from None
    x = fmpq_mat(size, 1, [*found.entries(), fmpq(1)])
    require(min(x.entries()) > 0, "a positive vector is kept in the set of zeros")
    require(bool(fmpq_mat(N) * x == x), "N x is x in the set of zeros")


def _fmpq(x: Fraction) -> Any:
    return fmpq(x.numerator, x.denominator)
