"""The one way in which files are written: beside, and then renamed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sgdmem.symbolic.errors import InputError, shown

_LONGEST = 100  # characters of an ending that the temporary name has, too


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a file beside another one, which takes its name when all is written.

    Until then what had the name stays as it was, whatever happens: an error, an interrupt, a full
    disk, a process that is killed. Of several writers the last one has the name. Links are
    followed, and permissions stay. Pipes and devices get what was written when all of it is there.

    Parameters
    ----------
    path : path
        Of the file that is meant.

    Yields
    ------
    Path
        Of the file to write, which exists, is empty, and has the ending of the one that is meant.
        It is removed unless the block ends well.

    Raises
    ------
    OSError
        Naming the file that is meant.
    InputError
        If it is no path.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "numbers.txt"
    ...     with whole_file(path) as young:
    ...         _ = young.write_text("1 2 3")
    ...     path.read_text()
    '1 2 3'
    """
    try:
        target = Path(path)
    except TypeError:
        raise InputError(f"path must be the name of a file, got {shown(path)}") from None
    if target.exists() and not target.is_file():
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
        with _names(target, target), TemporaryDirectory() as folder:
            whole = Path(folder, f"whole{target.suffix[:_LONGEST]}")
            whole.touch()
            yield whole
            _pour(whole, target)
        return
    place = Path(os.path.realpath(target))
    if place.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(target))
    young = place.with_name(f".sgdmem-{os.urandom(8).hex()}{target.suffix[:_LONGEST]}")
    try:
        with _names(target, young):
            _create(young, place)
            yield young
            to_disk(young)
            os.replace(young, place)
    except BaseException:
        young.unlink(missing_ok=True)
        raise


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text in UTF-8, see `whole_file`."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file, see `whole_file`."""
    with whole_file(path) as young:
        young.write_bytes(data)


def _create(young: Path, place: Path) -> None:
    """Make an empty file with the permissions of the one whose name it will take."""
    exists = place.exists()
    if exists and not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(young))
    os.close(os.open(young, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    if exists:
        young.chmod(stat.S_IMODE(place.stat().st_mode))


def _pour(whole: Path, target: Path) -> None:
    """Write a file to a pipe, which somebody must read, or a device."""
    try:
        end = os.open(target, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        raise OSError(errno.ENXIO, "nobody reads this pipe", str(target)) from None
    os.set_blocking(end, True)
    with open(end, "wb") as file:
        file.write(whole.read_bytes())


def to_disk(path: Path) -> None:
    """Wait for the disk: or the name may outlive what was written when the power fails."""
    file = os.open(path, os.O_RDWR)
    try:
        os.fsync(file)
    finally:
        os.close(file)


@contextmanager
def _names(target: Path, young: Path) -> Iterator[None]:
    """Let errors name the file that is meant; some libraries' name none."""
    try:
        yield
    except OSError as error:
        if error.filename is not None and str(error.filename) != str(young):
            raise
        why = error.strerror or str(error)
        raise OSError(error.errno or errno.EIO, why, str(target)) from error
