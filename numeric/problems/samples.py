r"""Samples as they are: the curvature of each, in the eigenbasis of their mean.

Sample i has the curvature :math:`H_i=Z_iZ_i^T`, one column for each output; least squares on rows
has :math:`Z_i=x_i`. Their mean is :math:`H=V\Lambda V^T`, and the whitened columns
:math:`\Lambda^{-1/2}V^TZ_i` have the identity as their second moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.arrays import as_array, precision, read_vector
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.spectra.data_matrix import principal_axes, read_rows
from sgdmem.symbolic.errors import InputError

_MORE = 120  # roundings, beside those of the sums
_TOGETHER = 2**22  # numbers of a piece of the data that is worked on at once


@dataclass(frozen=True, eq=False)
class Samples:
    """Whitened samples.

    Attributes
    ----------
    eigenvalues : ndarray, shape (N,)
        Of their mean curvature, largest first.
    columns : ndarray, shape (n, K, N)
        Of n samples with K outputs, in the order of the eigenvalues.
    weights : ndarray, shape (n,)
        Probabilities with which they are drawn.
    replacement : bool
        Whether one sample may be in a batch twice.
    """

    eigenvalues: Array
    columns: Array
    weights: Array
    replacement: bool = True

    @classmethod
    def of(cls, rows: Any, weights: Any = None, replacement: bool = True) -> Samples:
        """Read rows of shape (n, d), or (n, K, d) for K outputs; see `Noise.sampled`."""
        matrix = as_array(rows, "rows")
        outputs = matrix.shape[1] if matrix.ndim == 3 else 1
        if matrix.ndim == 3 and matrix.size:
            matrix = matrix.reshape(-1, matrix.shape[2])
        flat = read_rows(matrix, "rows")
        count = len(flat) // outputs
        shares = _read_weights(weights, count)
        if weights is not None and not replacement:
            raise InputError("weights have no meaning without replacement: give one of the two")
        scale = np.repeat(np.sqrt(shares * count), outputs)[:, None]
        eigenvalues, axes = principal_axes(flat * scale, precision(rows))
        eigenvalues = eigenvalues * outputs  # their mean was over n K rows
        columns = (flat @ axes.T) / np.sqrt(eigenvalues)
        return cls(eigenvalues, columns.reshape(count, outputs, -1), shares, replacement)

    def __len__(self) -> int:
        return len(self.columns)

    def share(self, inverse_batch: Fraction) -> Fraction:
        """Return by which the covariance of one sample is multiplied in the mean of a batch.

        That is 1 / B with replacement, and (n - B) / (B (n - 1)) without.

        Raises
        ------
        InputError
            For a batch of more than all samples without replacement.
        """
        n = len(self)
        if self.replacement or inverse_batch == 0:
            return inverse_batch
        if inverse_batch * n < 1:
            raise InputError(
                f"batch_size must be at most the number of samples, {n}, without replacement, "
                f"got {float(1 / inverse_batch):g}"
            )
        return (n * inverse_batch - 1) / (n - 1) if n > 1 else Fraction(0)

    @cached_property
    def coupling(self) -> Array:
        r"""The diagonal part of `covariance`, shape (N, N): :math:`E[z_i^2z_j^2]-\delta_{ij}`."""
        return np.array(
            sum(
                np.einsum("n,nki,nkj,nli,nlj->ij", *(w, Z, Z, Z, Z), optimize=True)
                if Z.shape[1] > 1
                else (Z[:, 0] ** 2 * w[:, None]).T @ Z[:, 0] ** 2
                for Z, w in self._pieces()
            )
            - np.eye(self.eigenvalues.size)
        )

    def _pieces(self) -> Iterator[tuple[Array, Array]]:
        for start in range(0, len(self), self._rows):
            piece = slice(start, start + self._rows)
            yield self.columns[piece], self.weights[piece]

    @cached_property
    def fourth_moment(self) -> float:
        """The mean of the squared norm of a whitened curvature: what rounding is measured in."""
        squares = np.einsum("nkd,nkd->n", self.columns, self.columns)
        return float(self.weights @ squares**2) * (1 + 1e-6)

    @property
    def rounding(self) -> float:
        """A bound of the rounding error of `covariance`, over the norm of what it is given.

        It leaves room for what is given being rounded itself, by a hundred operations.
        """
        piece = min(len(self), self._rows)
        _, outputs, modes = self.columns.shape
        terms = 2 * modes + outputs + piece + len(self) // piece + _MORE
        return float(terms * UNIT * (self.fourth_moment + 1))

    @property
    def _rows(self) -> int:
        return max(1, _TOGETHER // int(self.columns[0].size))

    def covariance(self, N: Array) -> Array:
        r"""Return :math:`\sum_iw_iH_iNH_i-N` of the whitened curvatures, for a symmetric N."""
        total = np.zeros_like(N)
        for Z, w in self._pieces():
            n, K, d = Z.shape
            turned = (Z.reshape(n * K, d) @ N).reshape(n, K, d)
            if K == 1:
                inner = np.einsum("nd,nd->n", turned[:, 0], Z[:, 0]) * w
                total += Z[:, 0].T @ (inner[:, None] * Z[:, 0])
            else:
                inner = np.einsum("nkd,nld->nkl", turned, Z) * w[:, None, None]
                mixed = np.einsum("nkl,nld->nkd", inner, Z)
                total += Z.reshape(n * K, d).T @ mixed.reshape(n * K, d)
        return (total + total.T) / 2 - N


def _read_weights(weights: Any, count: int) -> Array:
    """Return probabilities; InputError for anything but ``count`` nonnegative numbers."""
    if weights is None:
        return np.full(count, 1 / count)
    found = read_vector(weights, "weights")
    if found.shape != (count,):
        raise InputError(f"weights must be one for each of {count} samples, got {found.shape}")
    if (found < 0).any() or not found.any():
        raise InputError("weights must be nonnegative, and not all zero")
    return np.asarray(found / found.sum())
