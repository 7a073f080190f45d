r"""Proofs about data, by what a step does to second moments (`sampled_steps`).

It keeps X positive semidefinite, so a matrix Y proves what a family does in `periods`. Without
noise, or to show an instability that needs none, S itself is tested. That Y and Y - A(Y) are
positive definite is shown by matrices R for which :math:`RYR^T` has a dominant diagonal.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flint import fmpq, fmpq_mat

from sgdmem.symbolic.certificates.fields import field, rationals, require
from sgdmem.symbolic.certificates.periods import is_positive_definite, is_semidefinite
from sgdmem.symbolic.certificates.sampled_steps import SampledStep, moved, read_matrix


def check_stable(sampled: SampledStep, witness: Any) -> str:
    """Check that second moments decrease from step to step."""
    if not sampled.share and "Y" not in witness:
        require(sampled.is_schur(), "a step is strictly Schur")
        return "a step is strictly Schur, and there is no noise"
    Y = _check(sampled, witness)
    require_definite(Y, field(witness, "of_Y"), "Y")
    return "second moments of w and its memory fall from step to step, in the order of a matrix Y"


def check_unstable(sampled: SampledStep, witness: Any) -> str:
    """Check that they do not decrease."""
    require_spanned(sampled)
    if "X" in witness:
        require_not_falling(sampled, witness["X"], partial(moved, sampled))
        return "second moments X of w and its memory do not fall from step to step"
    if "by" in witness:
        require(field(witness, "by") == "noiseless", "by must be noiseless, or not be there")
        require(not sampled.is_schur(), "a step is not strictly Schur")
        return "the mean of w and its memory does not fall from step to step, even without noise"
    Y = _check(sampled, witness)
    require_negative(Y, field(witness, "vector"))
    return "second moments of w and its memory do not fall: they would sum to a negative number"


def check_boundary(sampled: SampledStep, witness: Any) -> str:
    """Check that some second moments, positive definite, are the same after a step."""
    require_spanned(sampled)
    require_kept(sampled, field(witness, "X"), partial(moved, sampled))
    return "second moments X of w and its memory are the same after a step, so its radius is 1"


def require_spanned(sampled: SampledStep) -> None:
    """Require that every direction is one of the loss."""
    spanned = sampled.curvature().det() != 0
    require(spanned, "the rows span their coordinates: other directions are not of the loss")


def require_not_falling(sampled: SampledStep, value: Any, after: Callable[[Any], Any]) -> None:
    """Require that second moments, not 0, are not less after a step, or after a period."""
    X = read_square(sampled, value, "X")
    require(X != 0 * X, "X is not 0")
    require(is_semidefinite(X.tolist()), "X is semidefinite")
    require(is_semidefinite((after(X) - X).tolist()), "A(X) - X is semidefinite")


def require_kept(sampled: SampledStep, value: Any, after: Callable[[Any], Any]) -> None:
    """Require that second moments, positive definite, are the same after a step, or a period."""
    X = read_square(sampled, value, "X")
    require(is_positive_definite(X.tolist()), "X is positive definite")
    require(bool(after(X) == X), "A(X) is X")


def _check(sampled: SampledStep, witness: Any) -> Any:
    Y = read_square(sampled, field(witness, "Y"), "Y")
    left = Y - moved(sampled, Y)
    require_definite(left, witness.get("of_difference"), "Y - A(Y)")
    return Y


def read_square(sampled: SampledStep, value: Any, name: str) -> Any:
    """Return a symmetric matrix of the size of the state."""
    Y = read_matrix(value, name)
    size = sampled.step.size * sampled.size
    require(Y.nrows() == Y.ncols() == size, f"{name} has the size of the state")
    require(bool(Y.transpose() == Y), f"{name} is symmetric")
    return Y


def require_negative(Y: Any, vector: Any) -> None:
    """Require that z Y z is negative for a vector z."""
    entries = [fmpq(*x.as_integer_ratio()) for x in rationals(vector, "vector", Y.ncols())]
    z = fmpq_mat(1, len(entries), entries)
    require((z * Y * z.transpose())[0, 0] < 0, "Y is negative somewhere")


def require_definite(X: Any, record: Any, name: str) -> None:
    """Require that R X R^T has a dominant positive diagonal, so that X is positive definite.

    R is the identity if a proof has none.
    """
    near, size = X, X.nrows()
    if record is not None:
        R = read_matrix(record, "R")
        require(R.nrows() == R.ncols() == size, f"R has the size of {name}")
        near = R * X * R.transpose()
    for i in range(size):
        others = sum((abs(near[i, j]) for j in range(size) if j != i), fmpq(0))
        require(near[i, i] > others, f"{name} is positive definite")
