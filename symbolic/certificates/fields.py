"""What a proof may consist of: numbers as text, within limits, each error in one line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, TypeVar

from sgdmem.symbolic.errors import ProofError, shown

_NUMBER = re.compile(r"-?[0-9]+(/[0-9]*[1-9][0-9]*)?", re.ASCII)
_MOST_DIGITS = 4000  # of a number; Python reads no more than 4,300 by default
_NAME = re.compile(r"[A-Za-z0-9 ()+.,'_-]*", re.ASCII)  # nothing that could imitate a question
_LONGEST_NAME = 100
_Read = TypeVar("_Read")


class AbsentError(ProofError):
    """Something has no field of a name."""


def field(record: Any, name: str) -> Any:
    """Return what a record holds under a name.

    Raises
    ------
    ProofError
        If there is none.
    """
    if not isinstance(record, Mapping) or name not in record:
        raise AbsentError(f"the proof has no {name!r}")
    return record[name]


def rational(value: Any, name: str = "a number") -> Fraction:
    """Return the rational number that a text such as "-3/4" stands for, and nothing else.

    Examples
    --------
    >>> rational("-3/4")
    Fraction(-3, 4)
    """
    if not isinstance(value, str):
        raise ProofError(f"{name} must be a text such as '-3/4', got {shown(value)}")
    if len(value) > _MOST_DIGITS:
        raise ProofError(
            f"{name} must be a text of at most {_MOST_DIGITS:,} digits, got {len(value):,}"
        )
    if not _NUMBER.fullmatch(value):
        raise ProofError(
            f"{name} must be a whole number or a fraction such as '-3/4', without a decimal point "
            f"or an exponent, got {shown(value)}"
        )
    return Fraction(value)


def label(record: Any, name: str) -> str:
    """Return a name of something, which is only said, "" if there is none.

    Without colons, semicolons and signs of equality it cannot be taken for what was asked.
    """
    found = record.get(name, "") if isinstance(record, Mapping) else None
    if not isinstance(found, str) or len(found) > _LONGEST_NAME or not _NAME.fullmatch(found):
        raise ProofError(
            f"{name!r} must be a text of at most {_LONGEST_NAME} ASCII letters, digits, spaces and "
            f"-_()+.,' alone, got {shown(found)}"
        )
    return found


def whole(value: Any, name: str, least: int, most: int = 10**6) -> int:
    """Return an integer between two others."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ProofError(f"{name} must be an integer from {least} to {most}, got {shown(value)}")
    return value


def row(value: Any, name: str, read: Callable[[Any, str], _Read]) -> list[_Read]:
    """Return a list of what is read of its members."""
    if not isinstance(value, list):
        raise ProofError(f"{name} must be a list, got {shown(value)}")
    return [read(entry, name) for entry in value]


def rationals(value: Any, name: str, length: int | None = None) -> list[Fraction]:
    """Return a list of rational numbers, of a length if one is given."""
    found = row(value, name, rational)
    if length is not None and len(found) != length:
        raise ProofError(f"{name} must have {length} entries, got {len(found)}")
    return found


def require(holds: bool, otherwise: str) -> None:
    """Raise ProofError unless what a proof needs holds."""
    if not holds:
        raise ProofError(f"not proved: {otherwise}")
