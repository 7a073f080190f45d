r"""Samples as they are: the curvature of each, in the eigenbasis of their mean.

Sample i has the curvature :math:`H_i=Z_iZ_i^T`, one column for each output; least squares on rows
has :math:`Z_i=x_i`. Their mean is :math:`H=V\Lambda V^T`, and the whitened columns
:math:`\Lambda^{-1/2}V^TZ_i` have the identity as their second moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np

from sgdmem.numeric.arithmetic.arrays import EPS, read_vector
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.compilation.gpu_arrays import chosen_library, require_digits
from sgdmem.numeric.compilation.progress import report_pass
from sgdmem.numeric.problems.drawing import Drawing
from sgdmem.numeric.problems.first_pass import FirstPass, squared_moments
from sgdmem.numeric.problems.images import RememberedImages
from sgdmem.numeric.problems.passes_on_gpu import PassesOnGpu
from sgdmem.numeric.problems.previews import SHORT, Preview, count_asked_first, covariance_of_few
from sgdmem.numeric.problems.symmetric_products import fourth_moments
from sgdmem.numeric.problems.whitened import RowsLeft, WhitenedRows, decompose
from sgdmem.numeric.spectra.row_pieces import RowPieces, rows_together, slices
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.errors import InputError, shown

_AFRESH = Drawing()
OPERATIONS = 120  # roundings, beside those of the sums
_SHORT_ROWS = 128  # modes, below which calls take longer than products
_VERY_LONG_PASS, _SHORT_RANGE = 10**9, 1e30  # products, and squares of whitened rows, at most
_LOCAL = ("images", "given", "on_gpu")  # what stays where it is


@dataclass(frozen=True, eq=False, repr=False)
class Samples:
    """Whitened samples.

    Attributes
    ----------
    eigenvalues : ndarray, shape (N,)
        Of their mean curvature, largest first.
    columns : ndarray, shape (n, K, N), or WhitenedRows
        Of n samples with K outputs, in the order of the eigenvalues; of large data what makes a
        slice of them from the rows.
    weights : ndarray, shape (n,)
        Probabilities with which they are drawn.
    axes : ndarray, shape (N, d)
        The unit eigenvectors, one a row.
    drawing : Drawing
        How batches are made of them.
    residuals : ndarray, shape (R, n, K), or None
        What the best fit leaves of the labels, for each of R sets of labels; the gradient of
        sample i at the minimum is minus its columns times these. None where no labels are given.
    pull : ndarray, shape (R, N), or None
        Under weight decay the residuals are those of the stationary point, where the mean of the
        whitened columns times them is no longer 0, but this. None without.
    minimum : ndarray, shape (R, N), or None
        The minimum, or stationary point, itself, whitened; None where no labels are given.
    precision : float
        The relative spacing of the numbers that the samples came in.
    trace_share : float
        Of the trace of their curvature that these modes have, where the others were left out. Those
        are taken to make noise in proportion, which is an estimate.
    left_out : float
        The largest trace that the curvature of one sample has in modes that were left out.
    given : RowPieces or None
        The rows, where they are all of these samples.
    device
        Where passes over them run.
    """

    eigenvalues: Array
    columns: Array | WhitenedRows
    weights: Array
    axes: Array
    drawing: Drawing = _AFRESH
    residuals: Array | None = None
    pull: Array | None = None
    minimum: Array | None = None
    precision: float = EPS
    trace_share: float = 1.0
    left_out: float = 0.0
    given: RowPieces | None = field(default=None, repr=False)
    device: Literal["cpu", "cuda"] = "cpu"

    @classmethod
    def of(
        cls,
        rows: Any,
        weights: Any = None,
        drawing: Drawing = _AFRESH,
        name: str = "rows",
        outputs: Any = 1,
    ) -> Samples:
        """Read rows of shape (n K, d), or (n, K, d) for K outputs; see `Noise.sampled`."""
        given = RowPieces.of(rows, name, outputs)
        shares = _read_weights(weights, given.shape[0])
        if weights is not None and not drawing.weighted:
            way = "without replacement" if not drawing.replacement else "in shuffled epochs"
            raise InputError(f"weights have no meaning {way}: give one of the two")
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            eigenvalues, axes = decompose(given, shares)
        least = np.finfo(float).tiny  # smaller ones have few digits
        if not (eigenvalues.size and np.isfinite(eigenvalues).all() and min(eigenvalues) >= least):
            raise InputError(f"{name} must have eigenvalues within the range of floats")
        columns = WhitenedRows.of(given, axes, eigenvalues).settled(shares)
        return cls(
            eigenvalues, columns, shares, axes, drawing, precision=given.precision, given=given
        )

    def __len__(self) -> int:
        return len(self.columns)

    def __repr__(self) -> str:
        return f"<{len(self):,} samples of {self.eigenvalues.size} modes>"

    @property
    def outputs(self) -> int:
        """K."""
        return int(self.columns.shape[1])

    def mean(self, values: Array) -> Array:
        """Return the weighted mean of the whitened columns times values, (n, K, R) to (N, R)."""
        weighted = values * self.weights[:, None, None]
        parts = (np.tensordot(Z, weighted[piece], ((0, 1), (0, 1))) for piece, Z in self.pieces())
        return np.asarray(sum(parts))

    def forms(self, vectors: Array) -> Array:
        """Return the whitened columns times vectors, (N, R) to (n, K, R)."""
        return np.concatenate([np.tensordot(Z, vectors, 1) for _, Z in self.pieces()])

    @property
    def has_residuals(self) -> bool:
        """Whether some label of a sample that is drawn is not fitted."""
        return self.residuals is not None and bool(self.residuals[:, self.weights > 0].any())

    @property
    def least_loss(self) -> float:
        """The loss at the minimum, half the mean of the squared residuals; 0 without labels.

        Under weight decay that at the stationary point, without the penalty.
        """
        if self.residuals is None:
            return 0.0
        return float(np.einsum("rnk,rnk,n->", self.residuals, self.residuals, self.weights) / 2)

    def check(self, spectrum: Spectrum) -> None:
        """Raise InputError unless a spectrum is theirs."""
        largest, count = float(self.eigenvalues[0]), self.eigenvalues.size
        same = not spectrum.is_infinite and len(spectrum) == count
        if same:  # singular values are found up to rounding of the largest one
            given = spectrum.eigenvalues
            rounding = 64 * count * EPS * np.sqrt(given) * largest**0.5
            same = bool((np.abs(self.eigenvalues - given) <= 1e-9 * given + rounding).all())
        if not same:
            raise InputError(
                f"the spectrum must be that of the samples, {count} eigenvalues with the largest "
                f"{largest:.6g}, got {spectrum}: Problem.from_data(rows) has both"
            )

    @cached_property
    def images(self) -> RememberedImages:
        """What passes over the samples found so far."""
        identity = np.eye(self.eigenvalues.size)
        of_identity = _symmetric(self._first_pass.of_identity) - identity
        preview = self._preview
        short = None
        in_range = float(self.lengths.max()) < _SHORT_RANGE
        if preview is not None and self._is_long and in_range:
            covariance = partial(self.covariance, kind=SHORT)
            short = RememberedImages(covariance, of_identity, np.inf, preview)
        return RememberedImages(self.covariance, of_identity, self.rounding, preview, short)

    @property
    def _is_long(self) -> bool:
        """Whether passes in short floats save others."""
        n, outputs, modes = self.columns.shape
        long = outputs == 1 and modes >= _SHORT_ROWS and n * modes**2 >= _VERY_LONG_PASS
        return long and self.on_gpu is None

    @property
    def _preview(self) -> Preview | None:
        """What the samples that can feed the noise most tell of it, if these are few of all.

        A sample's part in the mean of :math:`|H_s|^2`, in the units of the loss, is what counts.
        """
        n, outputs, modes = self.columns.shape
        count = count_asked_first(n, outputs, modes)
        if count == 0:
            return None
        chosen = self._first_pass.heaviest(self.weights, count)
        columns = self.columns
        some = columns[chosen] if isinstance(columns, np.ndarray) else columns.some(chosen)
        rest = self._first_pass.coupling - squared_moments(some, self.weights[chosen])
        some, weights = (x.astype(SHORT) for x in (some, self.weights[chosen]))
        seen: Callable[[Array], Array]
        if outputs == 1 and modes < _SHORT_ROWS:
            seen = partial(covariance_of_few, some[:, 0], weights)
        else:
            alone: dict[str, Any] = {"residuals": None, "pull": None, "given": None}
            few = replace(self, columns=some, weights=weights, **alone)
            seen = partial(few.covariance, told=_silent, kind=SHORT)
        return Preview.of(seen, rest, count, n)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key not in _LOCAL}

    @cached_property
    def _first_pass(self) -> FirstPass:
        """What the columns alone tell, in one pass over them."""
        if self.on_gpu is not None:
            return self.on_gpu.first_pass(self.eigenvalues)
        kind = SHORT if self._is_long else np.float64
        return FirstPass.of(self.pieces(), self.weights, self.eigenvalues, self._image, kind)

    @cached_property
    def coupling(self) -> Array:
        r"""The diagonal part of `covariance`, shape (N, N): :math:`E[z_i^2z_j^2]-\delta_{ij}`."""
        found = self._first_pass.coupling
        if self._first_pass.blurred:
            parts = (squared_moments(Z, self.weights[piece]) for piece, Z in self.pieces())
            found = np.asarray(sum(parts))
        return np.asarray(found - np.eye(self.eigenvalues.size))

    @cached_property
    def rough_coupling(self) -> tuple[Array, float]:
        """The coupling as the first pass has it, and a bound of its errors over coupling plus 1."""
        found = self._first_pass.coupling - np.eye(self.eigenvalues.size)
        return found, self._first_pass.blurred

    def pieces(self, size: int = 0) -> Iterator[tuple[slice, Array]]:
        """Return slices of the samples and their columns, for work of some size on each."""
        for piece in slices(len(self), rows_together(max(self._numbers, size))):
            yield piece, self.columns[piece]

    @cached_property
    def on_gpu(self) -> PassesOnGpu | None:
        """What does passes over them on a GPU."""
        if self.device == "cpu":
            return None
        library, (n, outputs, modes) = chosen_library(self.device), self.columns.shape
        together = min(n, rows_together(self._numbers))
        require_digits(library, (together * outputs, modes))
        return PassesOnGpu(self.columns, self.weights, self.residuals, together, library)

    @property
    def _numbers(self) -> int:
        """How many numbers of a sample are worked on at once: of its row too where that is read."""
        _, outputs, modes = self.columns.shape
        return int(outputs * (modes if self.is_kept else max(modes, self.axes.shape[1])))

    @property
    def is_kept(self) -> bool:
        """Whether the columns are in memory."""
        return isinstance(self.columns, np.ndarray)

    @property
    def lengths(self) -> Array:
        """The squared norms of the whitened columns, shape (n,)."""
        return self._first_pass.lengths

    @cached_property
    def errors(self) -> Array:
        """Bounds of the rounding errors of the columns, shape (n,); 0 where they are kept.

        Those that are kept are the samples, by definition; others may differ at each pass.
        """
        return self.columns.errors() if isinstance(self.columns, WhitenedRows) else np.zeros(1)

    @cached_property
    def fourth_moment(self) -> float:
        """The mean of the squared norm of a whitened curvature: what rounding is measured in."""
        return float(self.weights @ self.lengths**2) * (1 + 1e-6)

    @cached_property
    def whitening(self) -> float:
        r"""A bound of the error of `covariance` from that of the columns, over the norm of N.

        Columns that err by :math:`\delta` change :math:`ZZ^TNZZ^T`, of degree 4 in them, by at most
        :math:`4\delta(|Z|+\delta)^3|N|` (Frobenius norms); the norm itself is known to
        :math:`\delta`.
        """
        most = np.sqrt(self.lengths) * (1 + 1e-6) + 2 * self.errors
        return float(self.weights @ (4 * self.errors * most**3)) * (1 + 1e-6)

    @property
    def rounding(self) -> float:
        """A bound of the rounding error of `covariance`, over the norm of what it is given.

        It leaves room for what is given being rounded itself, by a hundred operations. One half of
        N, doubled, is at most the root of 2 times as large, so 2 N roundings count as 3 N.
        """
        _, outputs, modes = self.columns.shape
        piece = min(len(self), rows_together(self._numbers))
        terms = 3 * modes + outputs + piece * outputs + len(self) // piece + OPERATIONS
        return float(terms * UNIT * (self.fourth_moment + 1)) + self.whitening

    def without(self, indices: Any) -> Samples:
        """Return the samples without some, with a spectrum and axes of their own, and no labels.

        Raises
        ------
        InputError
            If an index is not one of a sample, or none is left.
        """
        places = np.atleast_1d(np.asarray(indices))
        n, wrong = len(self), places.dtype.kind not in "iu" or places.ndim != 1
        if places.size and (wrong or places.min() < -n or places.max() >= n):
            raise InputError(f"indices must be integers below {n}, got {shown(indices)}")
        kept = np.delete(np.arange(n), places.astype(int))
        if kept.size == 0:
            raise InputError("indices must leave a sample")
        rows = RowsLeft(self.columns, self.eigenvalues, kept)
        weights = self.weights[kept] if self.drawing.weighted else None
        found = Samples.of(rows, weights, self.drawing)
        of_modes: dict[str, Any] = {"trace_share": self.trace_share, "left_out": self.left_out}
        of_modes["device"] = self.device
        axes = found.axes @ self.axes
        return replace(found, axes=axes, precision=self.precision, given=None, **of_modes)

    def squared_forms(self, N: Array) -> Array:
        r"""Return :math:`|Z_s^TNZ_s|^2` of each sample's whitened columns, for a symmetric N."""
        found = []
        for _, Z in self.pieces():
            inner = np.einsum("nkd,nld->nkl", np.tensordot(Z, N, 1), Z)
            found.append(np.einsum("nkl,nkl->n", inner, inner))
        return np.concatenate(found)

    def covariance(
        self,
        N: Array,
        means: Array | None = None,
        told: Callable[[float], None] = report_pass,
        kind: type[np.floating[Any]] = np.float64,
    ) -> Array:
        r"""Return :math:`\sum_iw_iH_iNH_i-N` of the whitened curvatures, for a symmetric N.

        With ``means``, shape (R, N), the covariance of the gradients
        :math:`Z_i(Z_i^T\delta_r-e_{ri})` summed over the R sets of labels: the whitened distances
        :math:`\delta_r` from the minimum have these means, and second moments of the sum N.

        ``told`` is called with the parts of the pass that are done. Rows, on a processor, may be
        multiplied in another ``kind`` of floats.
        """
        if self.on_gpu is not None:
            total = self.on_gpu.image(N, means, told)
        else:
            total = np.zeros(N.shape)
            for piece, Z in self.pieces():
                total += self._image(piece, Z, N, means, kind)
                told(len(Z) / len(self))
        total = _symmetric(total) - N
        return total if means is None else total + self.shift(means)

    def shift(self, means: Array) -> Array:
        """Return what `covariance` has to add where the mean of the gradients at rest is not 0."""
        if self.pull is None:
            return np.zeros((means.shape[1],) * 2)
        both = means.T @ self.pull
        return np.asarray(both + both.T - self.pull.T @ self.pull)

    def _image(
        self,
        piece: slice,
        Z: Array,
        N: Array,
        means: Array | None = None,
        kind: type[np.floating[Any]] = np.float64,
    ) -> Array:
        """Return what some samples, with columns Z, are in `covariance`."""
        w = self.weights[piece]
        n, K, d = Z.shape
        if K == 1:
            beside = None
            if means is not None:
                beside = np.broadcast_to(self._beside(piece, Z, means)[:, 0, 0], (n,))
            return fourth_moments(Z[:, 0], N, w, beside, kind)
        turned = (Z.reshape(n * K, d) @ N).reshape(n, K, d)
        inner = np.einsum("nkd,nld->nkl", turned, Z)
        if means is not None:
            inner += self._beside(piece, Z, means)
        mixed = np.einsum("nkl,nld->nkd", inner * w[:, None, None], Z)
        return np.asarray(Z.reshape(n * K, d).T @ mixed.reshape(n * K, d))

    def _beside(self, piece: slice, Z: Array, means: Array) -> Array:
        """Return E[ee^T - Z^T delta e^T - e delta^T Z] of some samples, shape (n, K, K)."""
        if self.residuals is None:
            return np.zeros((1, 1, 1))
        e = self.residuals[:, piece]
        cross = np.einsum("nkr,rnl->nkl", np.tensordot(Z, means.T, 1), e)
        return np.asarray(self._residual_squares[piece] - cross - cross.transpose(0, 2, 1))

    @cached_property
    def _residual_squares(self) -> Array:
        e = np.zeros((0, len(self), self.outputs)) if self.residuals is None else self.residuals
        return np.asarray(np.einsum("rnk,rnl->nkl", e, e))


def _silent(share: float) -> None: ...


def _symmetric(matrix: Array) -> Array:
    return np.asarray((matrix + matrix.T) / 2)


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
