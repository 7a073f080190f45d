"""Spectra and data matrices in files.

Formats, told by the suffix:

- ``.npy``: one array; ``.npz``: one array, or arrays named ``eigenvalues`` and ``weights``;
- ``.csv``, ``.txt``: UTF-8 text, one row an eigenvalue, a second column for its multiplicity,
  separated by commas, semicolons or blanks; ``#`` begins a comment. A header line of names is
  allowed; over two columns it must say which is the ``eigenvalue`` and which the ``weight`` (or
  ``multiplicity``, or ``count``), in either order. Numbers are read as exact decimals in files of
  up to 100,000 rows, as floats in longer ones.

Files over 1 GiB, packed or unpacked, are refused, and nothing is ever unpickled.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.symbolic.errors import InputError

LARGEST_FILE = 2**30  # bytes
_MOST_EXACT_ROWS = 10**5
_SUFFIXES = (".npy", ".npz", ".csv", ".txt")
_SEPARATOR = re.compile(r"\s*[,;\s]\s*")
_NAME = re.compile(r"""(["']?)[^\W\d]\w*\1""")  # a column's name, which no damaged number resembles
_EIGENVALUE_NAMES = {"eigenvalue", "eigenvalues", "lambda", "λ"}
_WEIGHT_NAMES = {"weight", "weights", "multiplicity", "multiplicities", "count", "counts"}


def load_columns(path: Any) -> tuple[Any, ...]:
    """Return (eigenvalues,) or (eigenvalues, weights) from a file.

    Raises
    ------
    InputError
        Naming the file and what is wrong with it.
    """
    data = _load(path)
    if isinstance(data, dict):
        if "eigenvalues" in data:
            return tuple(data[key] for key in ("eigenvalues", "weights") if key in data)
        if len(data) != 1 or "weights" in data:
            raise InputError(
                f"{path}: expected one array, or arrays named eigenvalues and weights, "
                f"found {', '.join(data) or 'none'}"
            )
        (data,) = data.values()
    if isinstance(data, list):
        return tuple(map(list, zip(*data, strict=True)))
    values = np.asarray(data)
    if values.dtype.kind not in "fiu":
        raise InputError(f"{path}: expected real numbers, found an array of type {values.dtype}")
    if values.ndim == 2 and values.shape[1] in (1, 2):
        return tuple(values.T)
    if values.ndim != 1:
        raise InputError(f"{path}: expected a list of eigenvalues, found shape {values.shape}")
    return (values,)


def save_columns(path: Any, eigenvalues: Array, weights: Array) -> None:
    """Write eigenvalues and multiplicities as text that `load_columns` reads back."""
    rows = zip(eigenvalues.tolist(), weights.tolist(), strict=True)
    text = "".join(f"{lam!r},{weight!r}\n" for lam, weight in rows)
    Path(path).write_text(f"eigenvalue,weight\n{text}", encoding="utf-8")


def load_matrix(path: Any) -> Array:
    """Return a data matrix from a .npy, .npz, .csv or .txt file, one sample a row."""
    data = _load(path, columns=None)
    if isinstance(data, dict):
        if len(data) != 1:
            raise InputError(f"{path}: expected one array, found {', '.join(data) or 'none'}")
        (data,) = data.values()
    matrix = np.array(data, dtype=float) if isinstance(data, list) else np.asarray(data)
    if matrix.dtype.kind not in "fiu" or matrix.ndim != 2:
        raise InputError(f"{path}: expected a matrix of numbers, one sample a row")
    return matrix


def _load(path: Any, columns: int | None = 2) -> Any:
    """Return an array, a dictionary of arrays, or rows of decimal strings."""
    try:
        path = Path(path)
    except TypeError:
        raise InputError(f"a file name must be a string or a path, got {path!r}") from None
    if path.suffix.lower() not in _SUFFIXES:
        raise InputError(f"{path}: expected a file ending in {', '.join(_SUFFIXES)}")
    try:
        size = path.stat().st_size
        if not path.is_file():
            kind = "a folder" if path.is_dir() else "not a regular file"
            raise InputError(f"{path}: is {kind}")
        if size > LARGEST_FILE:
            raise InputError(f"{path}: has {size} bytes, more than the limit of {LARGEST_FILE}")
        if size == 0:
            raise InputError(f"{path}: is empty")
        if path.suffix.lower() == ".npy":
            return np.load(path, allow_pickle=False)
        if path.suffix.lower() == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                size = sum(member.file_size for member in archive.zip.infolist())
                if size > LARGEST_FILE:
                    raise InputError(f"{path}: unpacks to {size} bytes, more than {LARGEST_FILE}")
                return {key: archive[key] for key in archive.files}
        with path.open(encoding="utf-8-sig") as file:
            return _rows(path, file, columns)
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except InputError:
        raise
    except Exception as error:  # NumPy raises many kinds on a damaged file
        raise InputError(f"{path}: cannot be read ({error})") from None


def _rows(path: Path, lines: Iterable[str], columns: int | None) -> Any:
    """Return the rows of a text: decimal strings, or an array where there are many or a matrix."""
    header: list[str] = []
    entries: list[list[str]] = []
    floats = array("d")  # of the rows beyond those that are kept as text
    width = 0
    for number, line in enumerate(lines, 1):
        row = _SEPARATOR.split(line.split("#")[0].strip().rstrip(",; "))
        if row == [""]:
            continue
        if width == 0 and not header and all(map(_is_name, row)):
            header = [name.strip("\"'").lower() for name in row]
            continue
        width = width or len(row)
        if columns is not None and width > columns:
            raise InputError(f"{path}: expected one or two columns, found {width}")
        if len(row) != width:
            raise InputError(f"{path}, line {number}: has {len(row)} columns instead of {width}")
        for entry in row:
            if not _is_number(entry):
                raise InputError(f"{path}, line {number}: {entry!r} is not a number")
        if columns is not None and len(entries) < _MOST_EXACT_ROWS:
            entries.append(row)
        else:
            floats.extend(map(float, row))
    if width == 0:
        raise InputError(f"{path}: holds no numbers")
    turned = columns is not None and width == 2 and header and _weights_first(path, header)
    if not floats:
        return [row[::-1] for row in entries] if turned else entries
    first = np.array(entries, dtype=float).reshape(-1, width)
    rows = np.concatenate([first, np.array(floats).reshape(-1, width)])
    return rows[:, ::-1] if turned else rows


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and not _is_number(text)  # nan and inf are not names


def _weights_first(path: Path, header: list[str]) -> bool:
    """Whether a header of two columns puts the weights first."""
    for names, answer in ((header, False), (header[::-1], True)):
        if len(names) == 2 and names[0] in _EIGENVALUE_NAMES and names[1] in _WEIGHT_NAMES:
            return answer
    raise InputError(
        f"{path}: expected columns named eigenvalue and weight, found {', '.join(header)}"
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
