"""Spectra in files.

Formats, told by the suffix:

- ``.npy``: one array; ``.npz``: one array, or arrays named ``eigenvalues`` and ``weights``;
- ``.csv``, ``.tsv``, ``.txt``: UTF-8 text, one row an eigenvalue, a second column for its
  multiplicity, separated by commas, semicolons or blanks; ``#`` and ``%`` begin comments. A header
  line of names is allowed; over two columns there must be one, which says which is the
  ``eigenvalue`` and which the ``weight`` (or ``multiplicity``, or ``count``), in either order.
  Numbers have decimal points, or are fractions such as 1/3, and may stand in quotes; they are read
  exactly in files of up to 100,000 rows, as floats in longer ones. An eigenvalue that was measured
  may be an interval LOW:HIGH, see `load_band`. What `save_columns` wrote has a digest, with which
  it must agree.

Files over 1 GiB, packed or unpacked, are refused, but for data in a ``.npy``, which is mapped into
memory and read as it is used; nothing is ever unpickled. A spectrum has at most 10,000,000
eigenvalues, as text at most 100 MB.
"""

from __future__ import annotations

import re
import zipfile
from array import array
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.spectra.text_lines import (
    as_float,
    ends_of,
    entries_of_lines,
    is_exact_number,
    is_number,
    require_numbers,
)
from sgdmem.symbolic.errors import InputError, shown
from sgdmem.symbolic.files.marks import checked_lines, marked_text
from sgdmem.symbolic.files.whole_files import write_text

LARGEST_FILE = 2**30  # bytes
LARGEST_TEXT = 10**8  # bytes of a spectrum
MOST_LISTED = 10**7  # eigenvalues
MOST_EXACT_ROWS = 10**5
_TEXTS = (".csv", ".tsv", ".txt")
_SUFFIXES = (".npy", ".npz", *_TEXTS)
_NAME = re.compile(r"[^\W\d]\w*")  # of a column, which no damaged number resembles
_EIGENVALUE_NAMES = {"eigenvalue", "eigenvalues", "lambda", "λ"}
_WEIGHT_NAMES = {"weight", "weights", "multiplicity", "multiplicities", "count", "counts"}


def load_columns(path: Any) -> tuple[Any, ...]:
    """Return (eigenvalues,) or (eigenvalues, weights) from a file.

    Raises
    ------
    InputError
        Naming the file and what is wrong with it.
    """
    data = load_file(path, _read_spectrum, most=MOST_LISTED)
    if isinstance(data, dict):
        if "eigenvalues" in data:
            return tuple(data[key] for key in ("eigenvalues", "weights") if key in data)
        if len(data) != 1 or "weights" in data:
            raise InputError(
                f"{path}: expected one array, or arrays named eigenvalues and weights, "
                f"found {', '.join(data) or 'none'}"
            )
        (data,) = data.values()
    if isinstance(data, tuple):  # from text, where the names of two columns are known
        return data
    values = np.asarray(data)
    if values.ndim != 1 and values.shape[1:] != (1,):
        raise InputError(
            f"{path}: expected a list of eigenvalues, found shape {values.shape}; multiplicities "
            f"are in a .npz with arrays named eigenvalues and weights"
        )
    return (values.ravel(),)


def load_band(path: Any) -> tuple[list[str], list[str], list[str] | None] | None:
    """Return the low ends, the high ends and the weights of a text with intervals LOW:HIGH.

    A number alone is both ends. None where no eigenvalue is an interval, or the file is another.

    Raises
    ------
    InputError
        Naming the file and what is wrong with it.
    """
    path = Path(path)
    if path.suffix.lower() not in _TEXTS or not _has_colons(path):
        return None
    lam, *weights = load_file(path, partial(_read_spectrum, intervals=True), most=MOST_LISTED)
    ends = [ends_of(x) for x in lam]
    if all(len(pair) == 1 for pair in ends):
        return None
    return [pair[0] for pair in ends], [pair[-1] for pair in ends], *(weights or [None])


def _has_colons(path: Path) -> bool:
    """Whether a line that is no comment has a colon; not where it cannot be read."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_TEXT:
            return False
        text = path.read_bytes()
    except OSError:
        return False
    place = text.find(b":")
    while place >= 0:
        line = text[text.rfind(b"\n", 0, place) + 1 : place]
        if b"#" not in line and b"%" not in line:
            return True
        place = text.find(b":", place + 1)
    return False


def save_columns(path: Any, eigenvalues: Array, weights: Array) -> None:
    """Write eigenvalues and multiplicities as text that `load_columns` reads back."""
    rows = zip(eigenvalues.tolist(), weights.tolist(), strict=True)
    text = "".join(f"{lam!r},{weight!r}\n" for lam, weight in rows)
    write_text(path, marked_text(f"eigenvalue,weight\n{text}"))


def load_file(
    path: Any,
    read_text: Callable[[Path, Iterable[str]], Any],
    mapped: bool = False,
    most: int | None = None,
) -> Any:
    """Return an array, a dictionary of arrays, or what a function reads from the lines of a text.

    A .npy is a memory map if it may be ``mapped``. More than ``most`` numbers in an array, or a
    text so long that reading it takes minutes, are refused before they are read.

    Raises
    ------
    InputError
        Naming the file and what is wrong with it.
    """
    try:
        path = Path(path)
    except TypeError:
        raise InputError(f"a file name must be a string or a path, got {shown(path)}") from None
    if path.suffix.lower() not in _SUFFIXES:
        found = shown(str(path))
        raise InputError(f"{found}: expected a file ending in {', '.join(_SUFFIXES)}")
    try:
        size = path.stat().st_size
        if not path.is_file():
            kind = "a folder" if path.is_dir() else "not a regular file"
            raise InputError(f"{path}: is {kind}")
        is_map = mapped and path.suffix.lower() == ".npy"
        if size > LARGEST_FILE and not is_map:
            raise InputError(f"{path}: has {size} bytes, more than the limit of {LARGEST_FILE}")
        if size == 0:
            raise InputError(f"{path}: is empty")
        if most is not None:
            _require_few(path, size, most)
        if path.suffix.lower() == ".npy":
            return np.load(path, mmap_mode="r" if is_map else None, allow_pickle=False)
        if path.suffix.lower() == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                size = sum(member.file_size for member in archive.zip.infolist())
                if size > LARGEST_FILE:
                    raise InputError(f"{path}: unpacks to {size} bytes, more than {LARGEST_FILE}")
                return {key: archive[key] for key in archive.files}
        with path.open(encoding="utf-8-sig") as file:
            return read_text(path, checked_lines(path, file))
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except InputError:
        raise
    except Exception as error:  # NumPy raises many kinds on a damaged file
        told = "" if "pickle" in str(error) else f" ({error})"  # nothing is ever unpickled
        raise InputError(f"{path}: cannot be read as {path.suffix}{told}") from None


def _require_few(path: Path, size: int, most: int) -> None:
    """Raise InputError for a file of too many numbers, told by its size or its header."""
    kind = path.suffix.lower()
    if kind == ".npy" and size > most:  # of one byte each at least
        count = np.load(path, mmap_mode="r", allow_pickle=False).size
    elif kind == ".npz":
        with zipfile.ZipFile(path) as archive:
            count = max((member.file_size // 8 for member in archive.infolist()), default=0)
    elif kind in _TEXTS and size > LARGEST_TEXT:
        raise InputError(
            f"{path}: has {size:,} bytes of text, more than the limit of {LARGEST_TEXT:,}: write "
            f"up to {most:,} numbers as .npy"
        )
    else:
        return
    if count > most:
        raise InputError(
            f"{path}: has {count:,} eigenvalues, more than the limit of {most:,}: give alike ones "
            "once, with weights"
        )


def _read_spectrum(path: Path, lines: Iterable[str], intervals: bool = False) -> Any:
    """Return the columns of a spectrum, exact numbers as texts or many floats."""
    header: list[str] = []
    entries: list[list[str]] = []
    floats = array("d")  # of the rows beyond those that are kept as text
    width = 0
    for number, row in entries_of_lines(path, lines):
        if width == 0 and not header and _is_header(row):
            header = [name.lower() for name in row]
            continue
        if width == 0:
            width = len(row)
            _check_columns(path, header, width)
        require_numbers(path, number, row, width, is_exact_number, intervals)
        if len(entries) < MOST_EXACT_ROWS:
            entries.append(row)
        else:
            if intervals:
                raise InputError(f"{path}: has intervals, and over {MOST_EXACT_ROWS:,} eigenvalues")
            floats.extend(map(as_float, row))
    if width == 0:
        raise InputError(f"{path}: holds no numbers")
    found: list[Any] = list(map(list, zip(*entries, strict=True)))
    if floats:
        rows = np.array(floats).reshape(-1, width)
        first = np.array([list(map(as_float, column)) for column in found])
        found = list(np.concatenate([first, rows.T], axis=1))
    return tuple(found[::-1] if width == 2 and _weights_first(path, header) else found)


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and not is_number(text)  # nan is no name


def _is_header(row: list[str]) -> bool:
    """Whether a line names its columns; one of row numbers may have no name."""
    return any(map(_is_name, row)) and all(_is_name(entry) or not entry for entry in row)


def _check_columns(path: Path, header: list[str], width: int) -> None:
    """Raise InputError unless it is certain what one or two columns of a spectrum are."""
    if width > 2:
        raise InputError(f"{path}: expected one eigenvalue a line, found {width} columns")
    if width == 2 and not header:
        raise InputError(
            f"{path}: has two columns without names, which may be multiplicities, numbers of rows, "
            f"decimal commas or a list in one line: begin with the line eigenvalue,weight, or "
            f"write one number a line, with a decimal point"
        )
    if header and len(header) != width:
        raise InputError(
            f"{path}: has {width} columns below {len(header)} names; numbers have decimal points"
        )


def _weights_first(path: Path, header: list[str]) -> bool:
    """Whether a header of two columns puts the weights first."""
    for names, answer in ((header, False), (header[::-1], True)):
        if len(names) == 2 and names[0] in _EIGENVALUE_NAMES and names[1] in _WEIGHT_NAMES:
            return answer
    raise InputError(
        f"{path}: expected columns named eigenvalue and weight, found {shown(', '.join(header))}"
    )
