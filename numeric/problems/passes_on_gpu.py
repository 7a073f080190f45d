"""Passes over the whitened columns of samples on a GPU: products of matrices, and sums over rows.

The bounds of `Samples` hold for them: they count one rounding for each term of a sum, whatever the
order, and products that are rounded together with a sum have fewer. What is summed at once are the
same pieces as on a processor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.gpu_arrays import ArrayLibrary
from sgdmem.numeric.compilation.progress import expect_passes, report_pass
from sgdmem.numeric.problems.first_pass import EXPECTED, FirstPass
from sgdmem.numeric.problems.whitened import WhitenedRows
from sgdmem.numeric.spectra.row_pieces import rows_together, slices

_SHARE = 0.7  # of the free memory that columns may take


class _Piece(NamedTuple):
    """Some samples on the GPU."""

    Z: Any  # columns, shape (m, K, N)
    w: Any  # weights, shape (m,)
    e: Any  # residuals, shape (m, R, K), or None


@dataclass(frozen=True, eq=False)
class PassesOnGpu:
    """Passes over samples whose columns stay on a GPU if they fit, else are sent for each pass.

    Attributes
    ----------
    columns, weights, residuals
        Of `Samples`.
    together : int
        Samples of a piece.
    library : ArrayLibrary
    """

    columns: Array | WhitenedRows
    weights: Array
    residuals: Array | None
    together: int
    library: ArrayLibrary

    def image(
        self, N: Array, means: Array | None = None, told: Callable[[float], None] = report_pass
    ) -> Array:
        """Return the sum of w Z (Z^T N Z + E[ee^T - Z^T delta e^T - e delta^T Z]) Z^T."""
        put = self.library.put
        matrix, turned_means = put(N), None if means is None else put(means.T)
        total = put(np.zeros_like(N))
        for piece in self._pieces():
            total = total + _image(piece, matrix, turned_means)
            told(len(piece.w) / len(self.weights))
        return self.library.get(total)

    def first_pass(self, eigenvalues: Array) -> FirstPass:
        """Return what one pass tells, see `FirstPass`."""
        expect_passes(EXPECTED)
        put, get, size = self.library.put, self.library.get, eigenvalues.size
        both = put(np.stack([np.ones(size), eigenvalues], axis=1))
        identity, total, coupling = put(np.eye(size)), *map(put, np.zeros((2, size, size)))
        norms: list[Array] = []
        for piece in self._pieces():
            norms.append(get((piece.Z * piece.Z).sum(1) @ both))
            coupling = coupling + _squared_moments(piece)
            total = total + _image(piece._replace(e=None), identity, None)
            report_pass(len(piece.w) / len(self.weights))
        lengths, curvatures = np.ascontiguousarray(np.concatenate(norms).T)
        return FirstPass(lengths, curvatures, get(coupling), get(total))

    def largest_forms(self, diagonals: Array) -> Array:
        """Return the largest trace of Z^T diag(p) Z of a sample that is drawn, for p, (A, N)."""
        forms = self.library.put(np.ascontiguousarray(diagonals.T))
        found = np.zeros(len(diagonals))
        for piece in self._pieces():
            squares = (piece.Z * piece.Z).sum(1) * (piece.w > 0)[:, None]
            for rows in slices(len(piece.w), rows_together(len(diagonals))):
                some = self.library.module.amax(squares[rows] @ forms, 0)
                found = np.maximum(found, self.library.get(some))
        return found

    def _pieces(self) -> Iterator[_Piece]:
        if self._kept is not None:
            yield from self._kept
        else:
            yield from map(self._sent, slices(len(self.weights), self.together))

    @cached_property
    def _kept(self) -> list[_Piece] | None:
        """All pieces, if they fit."""
        numbers = np.prod(self.columns.shape, dtype=float) + self.weights.size
        numbers += 0 if self.residuals is None else self.residuals.size
        if 8.0 * numbers > _SHARE * self.library.room():
            return None
        return [self._sent(piece) for piece in slices(len(self.weights), self.together)]

    def _sent(self, piece: slice) -> _Piece:
        put, columns, e = self.library.put, self.columns, None
        if isinstance(columns, WhitenedRows):
            rows = columns.rows[piece]
            flat = put(rows.reshape(-1, rows.shape[2])) @ self._whitening
            Z = flat.reshape(*rows.shape[:2], -1)
        else:
            Z = put(columns[piece])
        if self.residuals is not None:
            e = put(np.moveaxis(self.residuals[:, piece], 0, 1))
        return _Piece(Z, put(self.weights[piece]), e)

    @cached_property
    def _whitening(self) -> Any:
        assert isinstance(self.columns, WhitenedRows)
        return self.library.put(self.columns.whitening.T)


def _image(piece: _Piece, N: Any, means: Any) -> Any:
    """Return what a piece is in `PassesOnGpu.image`, for means of shape (N, R)."""
    Z, w, e = piece
    n, K, d = Z.shape
    flat = Z.reshape(n * K, d)
    turned = (flat @ N).reshape(n, K, d)
    beside = None
    if means is not None and e is not None:
        cross = (flat @ means).reshape(n, K, -1) @ e
        beside = e.swapaxes(1, 2) @ e - cross - cross.swapaxes(1, 2)
    if K == 1:  # rows: no products of many small matrices
        forms = (turned[:, 0] * flat).sum(1)
        if beside is not None:
            forms = forms + beside[:, 0, 0]
        return flat.T @ (flat * (forms * w)[:, None])
    inner = turned @ Z.swapaxes(1, 2)
    if beside is not None:
        inner = inner + beside
    mixed = (inner * w[:, None, None]) @ Z
    return flat.T @ mixed.reshape(n * K, d)


def _squared_moments(piece: _Piece) -> Any:
    """Return the sum of w times the squared entries of the curvatures of samples."""
    Z, w, _ = piece
    n, K, d = Z.shape
    if K == 1:
        squares = Z[:, 0] * Z[:, 0]
        return squares.T @ (squares * w[:, None])
    total = 0.0
    for rows in slices(n, rows_together(d * d)):
        curvature = (Z[rows].swapaxes(1, 2) @ Z[rows]).reshape(-1, d * d)
        total = total + w[rows] @ (curvature * curvature)
    return total.reshape(d, d)  # type: ignore[attr-defined]
