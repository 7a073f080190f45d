"""What is wrong with the files of a store: told by their checksums, without unpacking them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path

from sgdmem.numeric.arithmetic.ball import Array

FILES = "files"  # the attribute of a group with the digests of what its arrays say of themselves
CHECKSUM = 4  # bytes at the end of a chunk


def chunk_file(name: str, place: Iterable[int]) -> str:
    """Return where a chunk of a variable is, in the folder of the group."""
    return "/".join([name, "c", *map(str, place)])


def description_file(name: str) -> str:
    """Return the file in which an array, or the group by the name "", says what it is."""
    return f"{name}/zarr.json" if name else "zarr.json"


def fault_of(path: Path, file: str) -> str:
    """Say what is wrong with a chunk, empty if nothing is."""
    try:
        data = (path / file).read_bytes()
    except FileNotFoundError:
        return f"{file} is missing"
    except OSError as error:
        return f"{file} cannot be read ({error.strerror})"
    if not data:
        return f"{file} is empty"
    whole = checksum(data[:-CHECKSUM]) == data[-CHECKSUM:]
    return "" if whole else f"{file} is damaged"


def checksum(data: bytes | Array) -> bytes:
    """Return what stands behind the data of a chunk, CRC-32C."""
    found: int = import_module("google_crc32c").value(data)
    return found.to_bytes(CHECKSUM, "little")


def described_files(path: Path, names: Sequence[str]) -> dict[str, str]:
    """Return the digests of what a group and its arrays say of themselves, by their files."""
    return {description_file(name): _digest(path, name) for name in ("", *names)}


def listed_files(path: Path) -> dict[str, str]:
    """Return what `described_files` found when a group was made; nothing if it is none of ours."""
    try:
        described = json.loads((path / description_file("")).read_bytes())
        return dict(json.loads(described["attributes"][FILES]))
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def damaged_descriptions(path: Path, names: Iterable[str]) -> list[str]:
    """Return the arrays, and the group by the name "", that do not say what they said at first."""
    listed, found = listed_files(path), []
    for name in names:
        try:
            same = _digest(path, name) == listed.get(description_file(name))
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            same = False
        if not same:
            found.append(name)
    return found


def shortened(faults: Sequence[str]) -> str:
    """Return what is wrong as a line, the first of many.

    Examples
    --------
    >>> shortened(["stable/c/0/0 is empty", "stable/c/0/1 is empty"])
    'stable/c/0/0 is empty (and 1 more)'
    """
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{faults[0]}{more}"


def _digest(path: Path, name: str) -> str:
    data = (path / description_file(name)).read_bytes()
    if not name:  # whose list has no digest of itself
        described = json.loads(data)
        described["attributes"].pop(FILES, None)
        data = json.dumps(described, sort_keys=True).encode()
    return hashlib.sha256(data).hexdigest()[:32]
