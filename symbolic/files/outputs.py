"""What a call writes must be free: no input, and nothing that is somebody else's."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path

from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.files.marks import is_unchanged


def require_free(
    named: Sequence[Path],
    unnamed: Sequence[Path] = (),
    inputs: Iterable[tuple[str, str | os.PathLike[str]]] = (),
) -> None:
    """Raise unless all that a call writes can be written, and nothing is lost thereby.

    Asked before work starts.

    Parameters
    ----------
    named
        Files whose names the caller gave: what is there is written over.
    unnamed
        Files whose names follow from others, or are usual ones: what is there must have been
        written by sgdmem, and not changed since.
    inputs
        What is read, with words that say as what.

    Raises
    ------
    InputError
        Naming the file.
    """
    every = [*named, *unnamed]
    for file in every:
        require_writable(file)
    for what, given in inputs:
        for file in every:
            if is_same(file, Path(given)):
                raise InputError(f"{file} would be written over, which is read as {what}")
    for first, second in combinations(every, 2):
        if is_same(first, second):
            raise InputError(f"{first} and {second} are the same file, and both are written")
    for file in unnamed:
        if file.exists() and not (file.is_file() and is_unchanged(file)):
            raise InputError(
                f"{file} would be written over, which sgdmem did not write, or which was changed "
                "since: choose another name, or move it"
            )


def require_writable(path: Path) -> None:
    """Raise InputError unless a file can be written: beside it, then renamed."""
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {path.parent}")
    if path.is_dir():
        raise InputError(f"{path} is a folder")
    if path.exists() and not path.is_file():
        return  # a pipe or a device
    try:
        place = Path(os.path.realpath(path))
    except FileNotFoundError:
        raise InputError(
            f"{path} may not be written: the current folder has been deleted"
        ) from None
    if place.is_symlink():
        raise InputError(f"{path} is a link that leads back to itself")
    if place.exists() and not os.access(place, os.W_OK):
        raise InputError(f"{path} may not be written")
    if not os.access(place.parent, os.W_OK):
        raise InputError(f"{path} may not be written: its folder takes no new files")


def is_same(first: Path, second: Path) -> bool:
    """Whether two paths lead to the same file, by links too, also to one that is not there yet."""
    try:
        return first.samefile(second)
    except OSError:
        return os.path.realpath(first) == os.path.realpath(second)
