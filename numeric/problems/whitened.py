r"""Whitened columns of samples: kept while they are small, else made anew from the rows each time.

Sample s, of rows :math:`X_s`, has the columns :math:`Z_s=\Lambda^{-1/2}VX_s^T`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.memory import memory, require_memory
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.compilation.progress import expect_passes, report_pass
from sgdmem.numeric.problems.symmetric_products import blocks
from sgdmem.numeric.spectra.data_matrix import (
    axes_of_factor,
    axes_of_products,
    triangular_factor,
)
from sgdmem.numeric.spectra.row_pieces import RowPieces, rows_together, slices
from sgdmem.symbolic.errors import InputError

KEPT = 2**32  # bytes of columns that are kept, if half of the memory holds them
_TALL = 2  # rows of a piece, over its columns, from which decompositions are stacked at little cost
_LONG, _MANY_COLUMNS = 40, 32  # rows, over the columns, from which products of columns are tried
_SHORTER = 8  # first, and rows from which of so many columns, whose decompositions take long
_EXPECTED = 6  # passes of reading and of a question after it
_FACTORS = 8  # matrices as large as the triangular factor that finding its axes takes
_ALIKE, _SMALL = 10.0, 1e6  # ratios of eigenvalues: columns are orthonormal below the first one
_NARROW, _PARTS = 64, 8  # columns up to which triangular products are whole, and parts beyond
_NEAR, _SHORT_RANGE = 2.0**-29, 1e30  # of moves in short floats: the largest, and of what
_STEPS = 4  # roundings of a whitened number beside those of its sum


@dataclass(frozen=True, eq=False)
class WhitenedRows:
    r"""Columns that are made as they are read: a slice is an array of shape (m, K, N).

    Attributes
    ----------
    rows : RowPieces
    eigenvalues : ndarray, shape (N,)
    whitening : ndarray, shape (N, d)
        What turns a row into its column, :math:`\Lambda^{-1/2}V` but for rounding.
    """

    rows: RowPieces
    eigenvalues: Array
    whitening: Array

    @classmethod
    def of(cls, rows: RowPieces, axes: Array, eigenvalues: Array) -> WhitenedRows:
        """Return those of unit eigenvectors, one a row."""
        return cls(rows, eigenvalues, axes / np.sqrt(eigenvalues)[:, None])

    @property
    def shape(self) -> tuple[int, int, int]:
        """n, K, N."""
        return (*self.rows.shape[:2], self.eigenvalues.size)

    def __len__(self) -> int:
        return self.rows.shape[0]

    def __getitem__(self, piece: Any) -> Array:
        if not isinstance(piece, slice):
            raise InputError(self.refusal)
        return self._whitened(self.rows[piece])

    def some(self, indices: Array) -> Array:
        """Return the columns of some samples."""
        parts = [self.rows[index : index + 1] for index in indices.tolist()]
        return self._whitened(np.concatenate(parts))

    def _whitened(self, rows: Array) -> Array:
        flat = rows.reshape(-1, rows.shape[2]) @ self.whitening.T
        return np.asarray(flat.reshape(*rows.shape[:2], -1))

    @property
    def bytes(self) -> int:
        """How many all of them would take."""
        return int(np.prod(self.shape, dtype=float)) * self.whitening.itemsize

    @property
    def refusal(self) -> str:
        """Why not all of them can be had at once."""
        return (
            f"{len(self):,} whitened samples take {self.bytes / 1e9:.3g} GB, more than the "
            f"{KEPT / 1e9:.3g} GB that are kept for simulations and fits of noise: "
            f"give them fewer samples"
        )

    def settled(self, weights: Array) -> Array | WhitenedRows:
        """Return all of them as an array if they are few, else what makes them.

        Along axes with a small eigenvalue rounding leaves them less orthonormal, in the mean with
        these weights, than proofs may assume. What makes them so again is smaller than the rounding
        of the rows themselves.
        """
        found: Array | WhitenedRows = self
        if self.bytes <= min(KEPT, memory() / 2):
            found = np.empty(self.shape)
            for piece in slices(len(self), self.rows.together):
                flat = self.rows[piece].reshape(-1, self.rows.shape[2])
                np.matmul(flat, self.whitening.T, out=found[piece].reshape(len(flat), -1))
                report_pass(len(found[piece]) / len(self))
        if self.eigenvalues.max() <= _ALIKE * self.eigenvalues.min():
            return found
        turn = self._orthonormalizing(found, weights)
        if isinstance(found, WhitenedRows):
            return replace(self, whitening=turn.T @ self.whitening)
        _turn(found.reshape(-1, self.eigenvalues.size), turn)
        return found

    def _orthonormalizing(self, columns: Array | WhitenedRows, weights: Array) -> Array:
        """Return what makes columns orthonormal, shape (N, N): upper, and near the identity."""
        modes, shares = self.eigenvalues.size, _shares(weights)

        def pieces() -> Iterator[Array]:
            together = max(rows_together(self.shape[1] * modes), _TALL * modes)
            for piece in slices(len(self), together):
                some = columns[piece]
                yield _scaled(some, shares[piece]).reshape(-1, modes)
                if isinstance(columns, WhitenedRows):
                    report_pass(len(some) / len(self))

        if self.eigenvalues.max() > _SMALL * self.eigenvalues.min():
            factor = triangular_factor(pieces())
        else:  # they are nearly so
            factor = np.linalg.cholesky(sum(piece.T @ piece for piece in pieces())).T
        return np.asarray(np.linalg.inv(factor) * (len(self) ** 0.5 * np.sign(np.diag(factor))))

    def errors(self) -> Array:
        r"""Return bounds of the norm of the rounding errors of each sample's columns.

        The sum of d products for axis k errs by at most :math:`du|x||w_k|`, the row of the
        whitening being :math:`w_k`.
        """
        n, outputs, size = self.rows.shape
        norms = np.empty(n)
        for piece in slices(n, self.rows.together):
            norms[piece] = np.linalg.norm(self.rows[piece].reshape(-1, outputs * size), axis=1)
        each = (size + _STEPS) * UNIT * float(np.linalg.norm(self.whitening))
        return norms * each * (1 + 1e-6)


@dataclass(frozen=True, eq=False)
class RowsLeft:
    """The rows of some samples in the coordinates of the eigenbasis, to be read by slices."""

    columns: Array | WhitenedRows
    eigenvalues: Array
    left: Array  # their numbers, ascending
    dtype: ClassVar = np.dtype(float)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of `Problem.from_data`."""
        _, outputs, modes = self.columns.shape
        return (self.left.size, outputs, modes)

    def __getitem__(self, piece: slice) -> Array:
        chosen = self.left[piece]
        around = self.columns[int(chosen[0]) : int(chosen[-1]) + 1]
        return np.asarray(around[chosen - chosen[0]] * np.sqrt(self.eigenvalues))


def decompose(rows: RowPieces, weights: Array) -> tuple[Array, Array]:
    """Return the eigenvalues of the weighted mean curvature, largest first, and its axes.

    Raises
    ------
    InputError
        For rows that are all zero or not finite, and for more columns than fit.
    """
    n, outputs, size = rows.shape
    rows_each = max(rows_together(outputs * size), -(-_TALL * size // outputs))
    piece, factor = min(rows_each, n) * outputs * size, min(size, n * outputs) * size
    require_memory(8.0 * (3 * piece + _FACTORS * factor), f"the axes of {size:,} columns")
    shares = _shares(weights)

    def pieces(together: int) -> Iterator[Array]:
        for some in slices(n, together):
            yield _scaled(rows[some], shares[some]).reshape(-1, size)
            report_pass(min(together, n - some.start) / n)

    expect_passes(_EXPECTED)
    known = None
    if n * outputs >= (_LONG if size < _MANY_COLUMNS else _SHORTER) * size:
        known = axes_of_products(lambda: pieces(rows.together), n * outputs, rows.precision)
    if known is None:
        found = triangular_factor(pieces(rows_each))
        if not found.any():
            raise InputError(f"{rows.name} must not be all zero")
        known = axes_of_factor(found, n * outputs, rows.precision)
    eigenvalues, axes = known
    return eigenvalues * outputs, axes  # their mean was over all n K rows


def _shares(weights: Array) -> Array:
    """Return probabilities over their mean: 1 where all are alike."""
    alike = weights.min() == weights.max()
    return np.ones_like(weights) if alike else weights * weights.size


def _scaled(samples: Array, shares: Array) -> Array:
    """Return samples times the roots of their shares."""
    if (shares == 1).all():
        return samples
    return np.asarray(samples * np.sqrt(shares)[:, None, None])


def _turn(columns: Array, turn: Array) -> None:
    """Replace columns, one a row, by their products with an upper triangular matrix.

    What is within 2^-29 of the identity moves them so little that moves in short floats, of 24
    digits, err by no more than products in long ones, of 53.
    """
    size = len(turn)
    step = -(-size // _PARTS) if size > _NARROW else size
    moves = turn - np.eye(size)
    is_near = float(np.linalg.norm(moves)) <= _NEAR
    short_moves = moves.astype(np.float32)
    for rows in blocks(*columns.shape):
        some = columns[rows]
        if is_near and np.abs(some).max() < _SHORT_RANGE:
            short = some.astype(np.float32)
            for start in range(0, size, step):
                stop = start + step
                some[:, start:stop] += short[:, :stop] @ short_moves[:stop, start:stop]
            continue
        for start in range(0, size, step)[::-1]:  # later ones are not needed for earlier ones
            stop = start + step
            some[:, start:stop] = some[:, :stop] @ turn[:stop, start:stop]
