"""Data matrices and labels in files: which columns, and what they are called.

Formats are those of `sgdmem.numeric.spectra.files`. The first line of a text may name its columns:
if it has commas, semicolons or tabs, names may have blanks. A .npz may also hold a sparse matrix,
as ``scipy.sparse.save_npz`` writes it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.spectra.files import load_file
from sgdmem.numeric.spectra.text_lines import entries_of_lines, is_number, require_numbers
from sgdmem.symbolic.errors import InputError, shown

MOST_EXACT = 10**6  # numbers that are kept as they are written
_MATRIX = 2  # dimensions


class DataTable(NamedTuple):
    """Rows of shape (n, d), or (n, K, d); the names of their columns, if the file has some; labels.

    Attributes
    ----------
    rows : ndarray
    names : list of str
        Of the columns, or their numbers in the file.
    labels : ndarray, shape (n, R), or None
        The columns that are targets.
    """

    rows: Array
    names: list[str]
    labels: Array | None = None


def load_matrix(path: Any, exact: bool = False) -> Array:
    """Return a data matrix from a .npy, .npz, .csv, .tsv or .txt file, one sample a row.

    A .npy of any size is a memory map. See `load_data` for ``exact``.
    """
    expected = "a matrix of numbers, one sample a row"
    return _load(path, (_MATRIX,), expected, exact=exact).rows


def load_labels(path: Any) -> Array:
    """Return labels, one or several for each sample."""
    rows: Any = _load(path, (1, _MATRIX), "labels, one sample a row").rows
    return np.asarray(rows.toarray() if hasattr(rows, "tocsr") else rows)


def load_data(
    path: Any, targets: Sequence[str] = (), dropped: Sequence[str] = (), exact: bool = False
) -> DataTable:
    """Return rows of shape (n, d), or Jacobians (n, K, d) from a .npy or .npz, and labels.

    Parameters
    ----------
    path
        Of a file.
    targets, dropped
        Columns that hold labels, and those that are left out: names, or numbers from 0, negative
        ones from the end. What is left out of a text need not be numbers.
    exact
        Whether the rows of a text are returned as the decimals that it has, texts, not as floats.

    Raises
    ------
    InputError
        Naming the file and what is wrong with it.
    """
    expected = "a matrix of numbers, one sample a row, or (n, K, d)"
    found = _load(path, (_MATRIX, _MATRIX + 1), expected, dropped, exact)
    rows, names, given = found.rows, found.names, [*targets, *dropped]
    if not given:
        return found
    if rows.ndim != _MATRIX:
        raise InputError(f"{path}: only a matrix has columns, found shape {rows.shape}")
    left_out = {_place(path, which, names) for which in dropped}
    columns = [_place(path, which, names) for which in targets]
    for k in columns:
        if k in left_out or columns.count(k) > 1:
            raise InputError(f"{path}: column {shown(names[k] or k)} is given twice")
    kept = [k for k in range(len(names)) if k not in left_out and k not in columns]
    if not kept:
        raise InputError(f"{path}: no column is left")
    alone = kept[-1] - kept[0] == len(kept) - 1  # then a part of a memory map is one
    rows = rows[:, kept[0] : kept[-1] + 1] if alone else rows[:, kept]
    labels = _dense(found.rows[:, columns]) if columns else None
    return DataTable(rows, [names[k] for k in kept], labels)


def _load(
    path: Any,
    dimensions: Sequence[int],
    expected: str,
    dropped: Sequence[str] = (),
    exact: bool = False,
) -> DataTable:
    data = load_file(path, partial(_read_text, dropped, exact), mapped=True)
    if isinstance(data, DataTable):
        return data
    if isinstance(data, dict) and "format" in data:  # as scipy.sparse.save_npz writes it
        from scipy.sparse import load_npz

        try:
            data = load_npz(path).tocsr()
        except (ValueError, KeyError, IndexError) as error:
            raise InputError(f"{path}: holds no sparse matrix: {error}") from None
    if isinstance(data, dict):
        if len(data) != 1:
            raise InputError(f"{path}: expected one array, found {', '.join(data) or 'none'}")
        (data,) = data.values()
    found = data if hasattr(data, "tocsr") else np.asanyarray(data)
    if found.dtype.kind not in "fiucb" or found.ndim not in dimensions:
        raise InputError(f"{path}: expected {expected}")
    return DataTable(found, list(map(str, range(found.shape[-1]))))


def _dense(columns: Any) -> Array:
    whole = columns.toarray() if hasattr(columns, "tocsr") else columns
    return np.asarray(whole, dtype=float)


def _read_text(dropped: Sequence[str], exact: bool, path: Path, lines: Iterable[str]) -> DataTable:
    """Return the rows of a text; columns that are left out are 0."""
    names: list[str] = []
    numbers: array[float] | list[str] = [] if exact else array("d")
    width = 0
    blanks: set[int] = set()
    for number, row in entries_of_lines(path, lines, named=True):
        if width == 0 and not names and _names_columns(row):
            names = row
            continue
        if width == 0:
            width = len(row)
            names = names if len(names) == width else list(map(str, range(width)))
            blanks = {_place(path, which, names) for which in dropped}
        if blanks and len(row) == width:
            row = ["0" if k in blanks else entry for k, entry in enumerate(row)]
        words = [k for k, entry in enumerate(row[:width]) if not is_number(entry)]
        if words and len(row) == width:
            column, entry = names[words[0]] or words[0], shown(row[words[0]])
            raise InputError(
                f"{path}, line {number}: {entry} is not a number; a column can be left out, "
                f"here --drop-column {shown(column)}"
            )
        require_numbers(path, number, row, width)
        if isinstance(numbers, list):
            numbers += row
            if len(numbers) > MOST_EXACT:
                raise InputError(f"{path}: a proof holds at most {MOST_EXACT:,} numbers of data")
        else:
            numbers.extend(map(float, row))
    if width == 0:
        raise InputError(f"{path}: holds no numbers")
    table = np.array(numbers, dtype=object if exact else float)
    return DataTable(table.reshape(-1, width), names)


def _names_columns(row: Sequence[str]) -> bool:
    """Whether a line names columns, all of them but one of row numbers."""
    named = [entry for entry in row if entry]
    return (
        len(named) >= max(1, len(row) - 1)
        and all(any(map(str.isalpha, entry)) for entry in named)  # such as 1stFlrSF
        and any(entry[0].isalpha() for entry in named)
        and not any(map(is_number, named))
    )


def _place(path: Any, which: str, names: Sequence[str]) -> int:
    """Return the place of a column that is given by its name or number."""
    if names.count(which) > 1:
        raise InputError(f"{path}: has several columns {shown(which)}: give a number")
    if which in names:
        return names.index(which)
    try:
        return range(len(names))[int(which)]
    except (ValueError, IndexError):
        some = ", ".join(name for k, name in enumerate(names) if name not in ("", str(k)))
        known = f", or one of the names {shown(some)[1:-1]}" if some else ""
        raise InputError(
            f"{path}: has no column {shown(which)}: give a number from 0 to {len(names) - 1}{known}"
        ) from None
