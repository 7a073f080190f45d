"""A step of a method in matrices of rational numbers, and what it does to moments on data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sgdmem.symbolic.algebra.scalars import flint_rational
from sgdmem.symbolic.algorithms.algorithm import Algorithm


def exact_state(step: Algorithm) -> tuple[Any, Any, Any]:
    """Return S_0, v and r as matrices of FLINT, v and r of one column."""
    from flint import fmpq_mat

    free, v, r = step.blocks.map(flint_rational).state
    size = len(v)
    lines = [x for line in free for x in line]
    return fmpq_mat(size, size, lines), fmpq_mat(size, 1, list(v)), fmpq_mat(size, 1, list(r))


@dataclass(frozen=True)
class ExactStep:
    """What a step does to second moments, in rational numbers.

    Attributes
    ----------
    S, inflow, reading : fmpq_mat
        Of the mean of the state; v and r times the identity.
    curvatures, weights : lists
        A_s and p_s of each sample, in coordinates.
    H : fmpq_mat
    share : fmpq
    """

    S: Any
    inflow: Any
    reading: Any
    curvatures: list[Any]
    weights: list[Any]
    H: Any
    share: Any

    def moved(self, X: Any) -> Any:
        """Return second moments after the step."""
        Z = self.reading.transpose() * X * self.reading
        noise = 0 * Z - self.H * Z * self.H.transpose()
        for p, A in zip(self.weights, self.curvatures, strict=True):
            noise += p * (A * Z * A.transpose())
        fed = self.share * (self.inflow * noise * self.inflow.transpose())
        return self.S * X * self.S.transpose() + fed


def kronecker(A: Any, B: Any) -> Any:
    """Return the Kronecker product of matrices of FLINT."""
    from flint import fmpq_mat

    rows, columns = B.nrows(), B.ncols()
    entries = [
        A[i // rows, j // columns] * B[i % rows, j % columns]
        for i in range(A.nrows() * rows)
        for j in range(A.ncols() * columns)
    ]
    return fmpq_mat(A.nrows() * rows, A.ncols() * columns, entries)
