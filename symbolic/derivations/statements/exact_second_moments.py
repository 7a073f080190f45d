"""Exact second moments of a method at a point: the independent side of statements about noise."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from flint import fmpq, fmpq_mat

from sgdmem.symbolic.algebra.routh import to_half_plane


@cache
def _pairs(size: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(size) for j in range(i, size)]


def _congruence(S: Any) -> Any:
    """Return the matrix of M -> S M S^T on the upper triangles of symmetric matrices."""
    pairs, rows = _pairs(S.nrows()), S.tolist()  # whose entries are found faster
    entries = [
        rows[k][i] * rows[m][j] + (rows[k][j] * rows[m][i] if i < j else 0)
        for k, m in pairs
        for i, j in pairs
    ]
    return fmpq_mat(len(pairs), len(pairs), entries)


def _square(v: Any) -> Any:
    """Return the upper triangle of v v^T."""
    return fmpq_mat(len(_pairs(v.nrows())), 1, [v[i, 0] * v[j, 0] for i, j in _pairs(v.nrows())])


def _reading(r: Any) -> Any:
    """Return the row that takes the upper triangle of M to r^T M r."""
    pairs = _pairs(r.nrows())
    return fmpq_mat(1, len(pairs), [r[i, 0] * r[j, 0] * (1 if i == j else 2) for i, j in pairs])


def identity(size: int) -> Any:
    """Return the unit matrix."""
    return fmpq_mat(size, size, [fmpq(int(i == j)) for i in range(size) for j in range(size)])


def _symmetric(triangle: Sequence[Any], size: int) -> Any:
    """Return the symmetric matrix of an upper triangle."""
    entries = dict(zip(_pairs(size), triangle, strict=True))
    return fmpq_mat(
        size, size, [entries[min(i, j), max(i, j)] for i in range(size) for j in range(size)]
    )


def summed_moments(S: Any, v: Any, r: Any, damping: Any = fmpq(0)) -> Any:  # noqa: B008
    """Return the sum over t of A^t v v^T with A M = S M S^T - damping <r r^T, M> v v^T.

    The sum is that of the resolvent at 1: where A has a root outside the unit circle it is the
    rational function that continues it. A `ZeroDivisionError` says that A has the eigenvalue 1.
    """
    entered = _square(v)
    A = _congruence(S) - entered * _reading(r) * damping
    return _symmetric((identity(A.nrows()) - A).solve(entered).entries(), v.nrows())


def summed_response(S: Any, v: Any, r: Any, damping: Any = fmpq(0)) -> Any:  # noqa: B008
    """Return the sum over t of <r r^T, A^t v v^T>, see `summed_moments`."""
    return (r.transpose() * summed_moments(S, v, r, damping) * r)[0, 0]


def mean_loss_vanishes(
    modes: Sequence[tuple[Any, Any]], v: Any, r: Any, tau1: Any, tau2: Any
) -> bool:
    """Whether the moments of all modes together vanish, decided by an exact Routh test.

    Parameters
    ----------
    modes
        Pairs of an eigenvalue and its state matrix.
    v, r
        Columns along which noise enters and is read.
    tau1, tau2
        Over the batch size.
    """
    return is_strictly_stable(_step_of_all(modes, v, r, tau1, tau2))


def moments_at_rest(
    modes: Sequence[tuple[Any, Any]], v: Any, r: Any, tau1: Any, tau2: Any, stirred: Any
) -> list[Any]:
    """Return the second moments of each mode that a step leaves as they are.

    Parameters as in `mean_loss_vanishes`; each step adds ``stirred`` times the eigenvalue to the
    noise of a mode. A `ZeroDivisionError` says that a step has the eigenvalue 1.
    """
    whole, entered, size = _step_of_all(modes, v, r, tau1, tau2), _square(v).entries(), v.nrows()
    added = [stirred * eigenvalue * x for eigenvalue, _ in modes for x in entered]
    column = fmpq_mat(len(added), 1, added)
    found = (identity(len(added)) - whole).solve(column).entries()
    block = len(entered)
    return [_symmetric(found[k * block : (k + 1) * block], size) for k in range(len(modes))]


def _step_of_all(modes: Sequence[tuple[Any, Any]], v: Any, r: Any, tau1: Any, tau2: Any) -> Any:
    """Return the matrix of a step on the upper triangles of the moments of all modes."""
    noise = _square(v) * _reading(r)
    size = noise.nrows()
    whole = fmpq_mat(size * len(modes), size * len(modes))
    for i, (left, S) in enumerate(modes):
        own = _congruence(S) - noise * (tau2 * left**2)
        for j, (right, _) in enumerate(modes):
            block = noise * (tau1 * left * right)
            if i == j:
                block = block + own
            for k in range(size):
                for m in range(size):
                    whole[i * size + k, j * size + m] = block[k, m]
    return whole


def is_strictly_stable(matrix: Any) -> bool:
    """Whether all eigenvalues of a matrix, or a number, are inside the unit circle."""
    if not isinstance(matrix, fmpq_mat):
        return bool(abs(matrix) < 1)
    polynomial = matrix.charpoly().coeffs()
    lowest = next(k for k, c in enumerate(polynomial) if c != 0)
    a = list(to_half_plane(polynomial[lowest:]))
    sign = 1 if a[0] > 0 else -1
    a = [sign * c for c in a]
    while len(a) > 1:
        if a[0] <= 0 or a[1] <= 0:
            return False
        ratio = a[0] / a[1]
        for i in range(2, len(a) - 1, 2):
            a[i] -= ratio * a[i + 1]
        del a[0]
    return bool(a[0] > 0)


def _kronecker(left: Any, right: Any) -> Any:
    rows = [(i, j) for i in range(left.nrows()) for j in range(right.nrows())]
    columns = [(i, j) for i in range(left.ncols()) for j in range(right.ncols())]
    entries = [left[i, k] * right[j, m] for i, j in rows for k, m in columns]
    return fmpq_mat(len(rows), len(columns), entries)


def summed_product(left: Any, right: Any, v: Any, r: Any) -> Any:
    """Return the sum over t of (r^T S^t v)(r^T R^t v), S and R being ``left`` and ``right``."""
    moved = _kronecker(left, right)
    entered, reading = _kronecker(v, v), _kronecker(r, r).transpose()
    return (reading * (identity(moved.nrows()) - moved).solve(entered))[0, 0]


def two_modes_of_samples(modes: Sequence[Any], v: Any, r: Any, spread: Any, share: Any) -> Any:
    """Return the matrix of a step on the second moments of the states of two modes together.

    The curvature of a sample is the mean one plus or minus ``spread``, a symmetric matrix; in the
    mean of a batch the covariance of that is multiplied by ``share``.
    """
    size = v.nrows()
    still = fmpq_mat(2 * size, 2 * size)
    for k, S in enumerate(modes):
        for i in range(size):
            for j in range(size):
                still[k * size + i, k * size + j] = S[i, j]
    kick = _kronecker(spread, v * r.transpose())
    return _congruence(still) + _congruence(kick) * share
