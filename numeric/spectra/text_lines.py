"""Lines of text that hold numbers, as programs write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path

from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.errors import InputError, shown

_SEPARATOR = re.compile(r"\s*[,;\s]\s*")
_WIDE_SEPARATOR = re.compile(r"\s*[,;\t]\s*")  # where there is one, blanks belong to names
_COMMENT = re.compile(r"#.*|(^|\s)%.*")
_QUOTED = re.compile(r"""(["'])(.*)\1""")
_NUMBER = re.compile(  # what every program reads alike: float() knows more, such as 1_000
    r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(nan|inf|infinity)", re.ASCII | re.IGNORECASE
)
_FRACTION = re.compile(r"[+-]?\d+/0*[1-9]\d*", re.ASCII)
_UNNAMED = re.compile(r"\t\s*[^\W\d]")  # a column of row numbers before those with names
_DECIMAL_COMMAS = re.compile(r"(?=.*\d,\d)(.*;|.*\d\s+[-+.\d])")  # beside another separator


def entries_of_lines(
    path: Path, lines: Iterable[str], named: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield the numbers of lines, from 1, and their entries; empty lines and comments are left out.

    If they may be ``named``, blanks separate entries only where nothing else does.
    """
    for number, line in enumerate(lines, 1):
        plain = line.strip()
        if _NUMBER.fullmatch(plain):  # most lines of long files
            yield number, [plain]
            continue
        text = _COMMENT.sub("", line).rstrip(",; \t\r\n")
        if not (named and _UNNAMED.match(text)):
            text = text.strip()
        if not text:
            continue
        if _DECIMAL_COMMAS.match(text):
            raise InputError(f"{path}, line {number}: has decimal commas: write decimal points")
        separator = _WIDE_SEPARATOR if named and _WIDE_SEPARATOR.search(text) else _SEPARATOR
        yield number, [_QUOTED.sub(r"\2", entry) for entry in separator.split(text)]


def is_number(text: str) -> bool:
    """Whether a text is a number, nan included."""
    return _NUMBER.fullmatch(text) is not None


def is_exact_number(text: str) -> bool:
    """Whether a text is a number or a fraction such as 1/3.

    Examples
    --------
    >>> is_exact_number("1/3"), is_exact_number("1/0"), is_exact_number("1e-3")
    (True, False, True)
    """
    return is_number(text) or _FRACTION.fullmatch(text) is not None


def as_float(text: str) -> float:
    """Return the float nearest to a number or a fraction."""
    return to_float(Fraction(text)) if "/" in text else float(text)


def ends_of(text: str) -> list[str]:
    """Return the ends of an interval LOW:HIGH, and a number alone.

    Examples
    --------
    >>> ends_of("3.6:4.4"), ends_of("4")
    (['3.6', '4.4'], ['4'])
    """
    return text.split(":", 1)


def require_numbers(
    path: Path,
    number: int,
    row: list[str],
    width: int,
    known: Callable[[str], bool] = is_number,
    intervals: bool = False,
) -> None:
    """Raise InputError unless a row has so many numbers, or maybe intervals, and nothing else."""
    if len(row) != width:
        raise InputError(f"{path}, line {number}: has {len(row)} columns instead of {width}")
    for entry in row:
        if not all(map(known, ends_of(entry) if intervals else [entry])):
            hint = (
                ": `sgdmem stable` alone takes intervals" if all(map(known, ends_of(entry))) else ""
            )
            raise InputError(f"{path}, line {number}: {shown(entry)} is not a number{hint}")
