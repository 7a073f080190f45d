"""Rows of data of any size, read piece by piece.

Whatever has a shape, a type and slices is never copied as a whole: memory maps, arrays in short
floats, datasets of HDF5 and Zarr, sparse rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.arrays import as_array, precision, read_reals
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import whole
from sgdmem.symbolic.errors import InputError, shown

TOGETHER = 2**22  # numbers of a piece of the data that is worked on at once
_MATRIX = 2  # dimensions
_PARTS = 8  # of such a piece


@dataclass(frozen=True, eq=False)
class RowPieces:
    """Samples of K rows each; a slice of them is an array of finite floats of shape (m, K, d).

    Attributes
    ----------
    source : array-like
        Of shape (n K, d) or (n, K, d). It must not change while it is in use.
    name : str
        What messages call it.
    shape : (int, int, int)
        n, K, d.
    precision : float
        The relative spacing of the numbers.

    Examples
    --------
    >>> import numpy as np
    >>> rows = RowPieces.of(np.arange(6, dtype=np.float32).reshape(3, 2), "data")
    >>> rows.shape, rows[1:3].tolist()
    ((3, 1, 2), [[[2.0, 3.0]], [[4.0, 5.0]]])
    >>> RowPieces.of(np.arange(8.0).reshape(4, 2), "data", outputs=2)[1:].tolist()
    [[[4.0, 5.0], [6.0, 7.0]]]
    """

    source: Any
    name: str
    shape: tuple[int, int, int]
    precision: float

    @classmethod
    def of(cls, rows: Any, name: str, outputs: Any = 1) -> RowPieces:
        """Look at the shape of data; InputError unless it is one of samples.

        Of a matrix each ``outputs`` consecutive rows are one sample.
        """
        together = whole(outputs, "outputs", 1)
        source = rows
        if hasattr(rows, "tocsr") and len(rows.shape) == _MATRIX:
            source = rows.tocsr()  # of other sparse forms rows are slow to find
        elif not _has_slices(rows):
            source = as_array(rows, name)
        shape = tuple(int(size) for size in source.shape)
        if len(shape) not in (_MATRIX, _MATRIX + 1) or 0 in shape:
            read_reals(source, name)  # a wrong kind of entries is said first
            few = ": Spectrum takes eigenvalues" if len(shape) == 1 else ""
            raise InputError(f"{name} must be a matrix, one sample a row, got shape {shape}{few}")
        if len(shape) == _MATRIX:
            if shape[0] % together:
                raise InputError(
                    f"{name} must have a whole number of samples with outputs = {together} rows "
                    f"each, got {shape[0]} rows"
                )
            return cls(source, name, (shape[0] // together, together, shape[1]), precision(rows))
        if together not in (1, shape[1]):
            raise InputError(
                f"outputs must be K of {name} of shape (n, K, d), here {shape[1]}, got {together}"
                + (": np.swapaxes(…, 1, 2) makes (n, K, d) of (n, d, K)" * (shape[2] == together))
            )
        return cls(source, name, (shape[0], shape[1], shape[2]), precision(rows))

    def __getitem__(self, piece: slice) -> Array:
        n, outputs, size = self.shape
        start, stop, _ = piece.indices(n)
        each = outputs if len(self.source.shape) == _MATRIX else 1
        first, last = each * start, each * stop
        try:
            read = self.source[first:last]
        except Exception as error:  # each library has its own
            raise InputError(
                f"{self.name} cannot be read, rows {first} to {last} ({shown(str(error))[1:-1]})"
            ) from None
        if type(read) is np.ndarray and read.dtype == np.float64 and read.flags.c_contiguous:
            found = read.view()  # no copy: the rows of an array are often all that fits
            found.flags.writeable = False
            with np.errstate(all="ignore"):
                total = found.sum()
            if not np.isfinite(total):  # finite numbers may have no finite sum
                read_reals(read, self.name, first)
        else:
            found = read_reals(read, self.name, first)
        return found.reshape(stop - start, outputs, size)

    @property
    def together(self) -> int:
        """How many samples are read at once: of arrays few, so that what they take is used again.

        A dataset may have to unpack more than is asked for.
        """
        _, outputs, size = self.shape
        every = rows_together(outputs * size)
        return max(1, every // _PARTS) if isinstance(self.source, np.ndarray) else every

    def __getstate__(self) -> dict[str, Any]:
        """A memory map is named by its file, not copied."""
        state, source = dict(vars(self)), self.source
        if isinstance(source, np.memmap) and isinstance(source.base, mmap) and source.filename:
            order = "C" if source.flags.c_contiguous else "F"
            state["source"] = _MappedFile(
                str(source.filename), source.dtype, source.offset, source.shape, order
            )
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        source = state["source"]
        mapped = source.open() if isinstance(source, _MappedFile) else source
        vars(self).update(state, source=mapped)


class _MappedFile(NamedTuple):
    """What a memory map is of."""

    filename: str
    dtype: Any
    offset: int
    shape: tuple[int, ...]
    order: Any

    def open(self) -> Any:
        return np.memmap(
            self.filename, self.dtype, "r", offset=self.offset, shape=self.shape, order=self.order
        )


def rows_together(size: int) -> int:
    """Return how many samples of some size are worked on at once."""
    return max(1, TOGETHER // max(1, size))


def slices(count: int, rows: int) -> Iterator[slice]:
    """Return slices of ``count`` samples, so many rows at once."""
    for start in range(0, count, rows):
        yield slice(start, start + rows)


def _has_slices(rows: Any) -> bool:
    """Whether rows can be read by slices; tensors are shared with NumPy as a whole."""
    shape = getattr(rows, "shape", None)
    has = all(hasattr(rows, name) for name in ("dtype", "__getitem__"))
    return isinstance(shape, tuple) and has and not hasattr(rows, "detach")
