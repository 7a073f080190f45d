"""Where results that take time are kept: one file each, checked by its digest, of bounded size.

What is kept is run later, so nothing is read from a folder or a file that somebody else owns or can
write. A folder that cannot be read or written does no harm: then things are made anew.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from sgdmem.symbolic.files.whole_files import whole_file

ENVIRONMENT_VARIABLE = "SGDMEM_CACHE_DIR"
LARGEST_CACHE = 2**28  # bytes
_ENDING = ".kept"
_PATIENCE = 10  # seconds; nothing takes as long to compile
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_DIGEST = hashlib.sha256().digest_size


def cache_folder() -> Path | None:
    """Return the folder: $SGDMEM_CACHE_DIR, or the user's cache; None if it is of no use."""
    return _folder(os.environ.get(ENVIRONMENT_VARIABLE))


@lru_cache(maxsize=8)  # a boundary asks thousands of times
def _folder(chosen: str | None) -> Path | None:
    from platformdirs import user_cache_path

    try:
        folder = Path(chosen).expanduser().absolute() if chosen else user_cache_path("sgdmem")
    except RuntimeError:  # "~" of a user without a home
        return None
    if not folder.is_absolute():
        return None
    with suppress(OSError):
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    with suppress(OSError):
        fault = _fault(folder.stat())
        if fault is not None:
            warnings.warn(
                f"the cache folder {folder} is not used, for others could put code there: {fault}; "
                f"${ENVIRONMENT_VARIABLE} names another one",
                UserWarning,
                stacklevel=2,
            )
            return None
    return folder


def _fault(found: os.stat_result) -> str | None:
    """Return why a file or folder is not to be trusted, or None."""
    if not hasattr(os, "geteuid"):
        return None
    if found.st_uid not in (os.geteuid(), 0):
        return f"it belongs to the user {found.st_uid}"
    if found.st_mode & _OTHERS_WRITE:
        return "others can write to it (chmod go-w)"
    return None


def read_kept(key: str) -> bytes | None:
    """Return what was kept under a name; None if it is absent, damaged, or may be somebody else's.

    Examples
    --------
    >>> read_kept("of nobody") is None
    True
    """
    folder = cache_folder()
    if folder is None:
        return None
    path = folder / f"{key}{_ENDING}"
    try:
        with path.open("rb") as file:
            if _fault(os.fstat(file.fileno())) is not None:
                return None
            data = file.read(LARGEST_CACHE)
    except OSError:
        return None
    digest, content = data[:_DIGEST], data[_DIGEST:]
    if _digest(key, content) != digest:
        return None
    with suppress(OSError):
        os.utime(path)  # what was not used for long is left out first
    return content


@contextmanager
def made_once(key: str) -> Iterator[None]:
    """Wait, for some seconds, for another process that makes what is kept under a name.

    Inside it may be there by then. A process that was killed does not keep others waiting, and
    where files cannot be locked nobody waits.
    """
    folder = cache_folder()
    if folder is None:
        yield
        return
    path, file = folder / f"{key}.making", -1
    with suppress(OSError):
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        _lock(file)
    try:
        yield
    finally:
        if file != -1:
            with suppress(OSError):
                path.unlink()
            os.close(file)  # which unlocks it


def _lock(file: int) -> None:
    try:
        import fcntl
    except ImportError:  # on Windows
        return
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > end:
                return
            time.sleep(0.01)


def _digest(key: str, content: bytes) -> bytes:
    return hashlib.sha256(key.encode() + b"\0" + content).digest()


def keep(key: str, content: bytes) -> None:
    """Keep bytes under a name, if that can be done; what was not used for long makes room."""
    folder = cache_folder()
    if folder is None or len(content) + _DIGEST > LARGEST_CACHE:
        return
    with suppress(OSError):
        with whole_file(folder / f"{key}{_ENDING}") as young:
            young.write_bytes(_digest(key, content) + content)
            young.chmod(young.stat().st_mode & ~_OTHERS_WRITE)
        _make_room(folder)


def _make_room(folder: Path) -> None:
    """Remove the files that were not used for longest until the others are within the limit."""
    found = []
    for path in folder.glob(f"*{_ENDING}"):
        with suppress(OSError):  # another process was faster
            facts = path.stat()
            found.append((facts.st_mtime_ns, facts.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= LARGEST_CACHE:
            break
        with suppress(OSError):
            path.unlink()
        total -= size
