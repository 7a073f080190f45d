r"""Proofs about a list of eigenvalues and methods that repeat a period of steps.

One step takes the second moments :math:`X_i` of the modes to

.. math:: S_iX_iS_i^T+\frac1B\Bigl(\lambda_i\sum_jT_{ij}\lambda_jr^TX_jr
    -\tau_{2,i}\lambda_i^2\,r^TX_ir\Bigr)vv^T ,

a map that keeps families of positive semidefinite matrices so if the noise is that of some data;
a period is the product A of such maps. A proof is a family Y with Y - A(Y) positive definite. If Y
is positive definite the radius of A is below 1, by

.. math:: A^n(Y)\le(1-\epsilon)^nY ;

if Y is not even semidefinite it is at least 1, since otherwise :math:`Y=\sum_nA^n(Y-A(Y))`. So it
is by a semidefinite family X, not 0, with A(X) - X semidefinite, for which :math:`A^n(X)\ge X`; and
by a mode whose product of steps is not strictly Schur, with or without noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, TypeAlias

from sgdmem.symbolic.certificates.fields import field, rationals, require, row, whole
from sgdmem.symbolic.certificates.listed_modes import ListedNoise, read_listed_noise
from sgdmem.symbolic.certificates.modes import (
    Step,
    characteristic_polynomial,
    is_schur,
    read_step,
)

Matrix: TypeAlias = list[list[Fraction]]
MOST_STEPS, MOST_WORKERS = 10**4, 10**9


@dataclass(frozen=True)
class Period:
    """The steps of a period, the eigenvalues with their noise, and how many workers there are."""

    steps: list[Step]
    noise: ListedNoise
    workers: int = 1

    def is_schur(self, i: int) -> bool:
        """Whether the product of the steps of a mode is strictly Schur."""
        curvature = self.noise.eigenvalues[i] + self.noise.weight_decay
        first, *others = (step.matrix(curvature) for step in self.steps)
        for S in others:
            first = [[dot(line, column) for column in zip(*first, strict=True)] for line in S]
        return is_schur(characteristic_polynomial(first))


def read_period(record: Any) -> Period:
    """Return the steps of a proof, and the eigenvalues with their noise."""
    noise = read_listed_noise(record)
    steps = row(field(record, "steps"), "steps", lambda step, _: read_step(step))
    require(0 < len(steps) <= MOST_STEPS, "a period has some steps")
    require(len({step.size for step in steps}) == 1, "all steps have the same memory")
    return Period(steps, noise, read_workers(record))


def read_workers(record: Any) -> int:
    """Return how many workers make a period by themselves and go on from their average."""
    return whole(record.get("workers", 1), "workers", 1, MOST_WORKERS)


def check_stable(period: Period, witness: Any) -> str:
    """Check that the second moments decrease from period to period."""
    if period.noise.is_quiet:
        every = all(map(period.is_schur, range(len(period.noise.eigenvalues))))
        require(every, "a period of each mode is strictly Schur")
        return f"a period of {_told(period)} is strictly Schur in every mode, and there is no noise"
    _check(period, family := _read_family(period, witness, "Y"))
    require(all(map(is_positive_definite, family)), "Y is positive definite")
    return (
        f"second moments fall from period to period of {_told(period)}, in the order of a family Y"
    )


def check_boundary(period: Period, witness: Any) -> str:
    """Check that some second moments, positive definite, are the same after a period."""
    family = _read_family(period, witness, "X")
    require(all(map(is_positive_definite, family)), "X is positive definite")
    require(_after(period, family) == family, "a period does not change X")
    return f"second moments X are the same after a period of {_told(period)}, so its radius is 1"


def check_unstable(period: Period, witness: Any) -> str:
    """Check that they do not decrease."""
    every = f"from period to period of {_told(period)}"
    if "X" in witness:
        family = _read_family(period, witness, "X")
        require(any(x for X in family for line in X for x in line), "X is not 0")
        grown = map(difference, _after(period, family), family)
        require(all(map(is_semidefinite, [*family, *grown])), "X and A(X) - X are semidefinite")
        return f"second moments do not fall {every}, those of a family X"
    if "by" in witness:
        require(field(witness, "by") == "noiseless", "by must be noiseless, or not be there")
        i = period.noise.place(witness)
        where = period.noise.named(i)
        require(not period.is_schur(i), f"a period is not strictly Schur at {where}")
        return f"a mode does not fall {every} even without noise, that of {where}"
    _check(period, family := _read_family(period, witness, "Y"))
    i = period.noise.place(witness)
    z = rationals(field(witness, "vector"), "vector", len(family[i]))
    require(quadratic(family[i], z) < 0, f"Y is negative somewhere at {period.noise.named(i)}")
    found = f"those at {period.noise.named(i)}, would sum to a negative number"
    return f"second moments do not fall {every}: {found}"


def _told(period: Period) -> str:
    return steps_told(len(period.steps), period.workers)


def steps_told(count: int, workers: int) -> str:
    """Return how many steps a period has, and who makes them, for a sentence.

    Examples
    --------
    >>> steps_told(1, 1), steps_told(3, 4)
    ('1 step', '3 steps, averaged over 4 workers')
    """
    averaged = f", averaged over {workers} workers" * (workers > 1)
    return f"{count} step{'s' * (count > 1)}{averaged}"


def _read_family(period: Period, witness: Any, name: str) -> list[Matrix]:
    size = period.steps[0].size
    blocks = row(field(witness, name), name, lambda x, _: x)
    require(len(blocks) == len(period.noise.eigenvalues), f"{name} has a matrix of each eigenvalue")
    family = []
    for block in blocks:
        lines = [rationals(line, name, size) for line in row(block, name, lambda x, _: x)]
        require(len(lines) == size, f"{name} has square matrices")
        require(lines == [list(x) for x in zip(*lines, strict=True)], f"{name} is symmetric")
        family.append(lines)
    return family


def _check(period: Period, family: list[Matrix]) -> None:
    for i, left in enumerate(map(difference, family, _after(period, family))):
        where = period.noise.named(i)
        require(is_positive_definite(left), f"Y - A(Y) is positive definite at {where}")


def _after(period: Period, family: list[Matrix]) -> list[Matrix]:
    """Return the second moments after a period, those of the average of the workers.

    Two of them have nothing in common but where they began: of second moments between them a period
    makes what it would without noise.
    """
    noisy = still = family
    quiet = replace(period.noise, feed=Fraction(0), damping=[Fraction(0)] * len(family))
    for step in period.steps:
        noisy = _moved(period.noise, step, noisy)
        if period.workers > 1:
            still = _moved(quiet, step, still)
    if period.workers == 1:
        return noisy
    return [
        [[(x + (period.workers - 1) * y) / period.workers for x, y in zip(*lines, strict=True)]
         for lines in zip(X, Y, strict=True)]
        for X, Y in zip(noisy, still, strict=True)
    ]  # fmt: skip


def difference(X: Matrix, Y: Matrix) -> Matrix:
    """Return X - Y."""
    return [[x - y for x, y in zip(*lines, strict=True)] for lines in zip(X, Y, strict=True)]


def _moved(noise: ListedNoise, step: Step, family: list[Matrix]) -> list[Matrix]:
    """Return the second moments after a step."""
    lam = noise.eigenvalues
    read = [x * quadratic(X, step.r) for x, X in zip(lam, family, strict=True)]
    moved, noises = [], noise.fed_everywhere(read)
    for i, X in enumerate(family):
        S = step.matrix(lam[i] + noise.weight_decay)
        fed = lam[i] * (noises[i] - noise.damping[i] * read[i])
        half = [[dot(line, column) for column in X] for line in S]  # X is symmetric
        moved.append(
            [
                [dot(line, other) + fed * a * b for other, b in zip(S, step.v, strict=True)]
                for line, a in zip(half, step.v, strict=True)
            ]
        )
    return moved


def dot(x: Sequence[Fraction], y: Sequence[Fraction]) -> Fraction:
    """Return the inner product."""
    return sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0))


def quadratic(X: Matrix, z: Sequence[Fraction]) -> Fraction:
    """Return z X z."""
    return dot(z, [dot(line, z) for line in X])


def is_positive_definite(X: Sequence[Sequence[Any]]) -> bool:
    """Whether a symmetric matrix of rational numbers is, by its pivots.

    Examples
    --------
    >>> one, two = Fraction(1), Fraction(2)
    >>> (
    ...     is_positive_definite([[two, one], [one, one]]),
    ...     is_positive_definite([[one, two], [two, one]]),
    ... )
    (True, False)
    """
    return all(pivot > 0 for pivot in _pivots(X))


def is_semidefinite(X: Sequence[Sequence[Any]]) -> bool:
    """Whether a symmetric matrix of rational numbers is positive definite or semidefinite.

    Examples
    --------
    >>> is_semidefinite([[0, 0], [0, 1]]), is_semidefinite([[0, 1], [1, 1]])
    (True, False)
    """
    return all(pivot >= 0 for pivot in _pivots(X))


def _pivots(X: Sequence[Sequence[Any]]) -> Iterator[Any]:
    """Yield pivots; after a negative one, or a 0 beside which some number is not 0, only -1."""
    left = [list(line) for line in X]
    while left:
        pivot, *others = left[0]
        if pivot < 0 or (pivot == 0 and any(others)):
            yield -1
            return
        yield pivot
        left = [
            [x - line[0] * y / pivot if pivot else x for x, y in zip(line[1:], others, strict=True)]
            for line in left[1:]
        ]
