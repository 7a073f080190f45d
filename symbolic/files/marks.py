"""How files say that sgdmem wrote them, and data that nobody changed them since.

A text begins with a comment, ``# written by sgdmem 0.1.0, sha256:…`` with the digest of what
follows; a .nc, a .svg and a page end with such a line, behind what their formats read. Other
pictures have the words among what they say of themselves.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from sgdmem._version import __version__
from sgdmem.symbolic.errors import InputError

MARK = "written by sgdmem"
SIGNATURE = f"{MARK} {__version__}"
_AT_THE_END = (".nc", ".svg", ".html")
_AT_THE_START = (".csv", ".bib")
_LINE = re.compile(rf"([#%]|<!--) {MARK} \S+, (sha256:[0-9a-f]{{32}})( -->)?\s*")
_NEAR = 2**16  # bytes of a file that is no data, from either end, that may have the mark
_LONGEST = 200  # bytes of a line with a mark
_PIECE = 2**20


def marked_text(text: str, comment: str = "#") -> str:
    r"""Return a text with a first line that says who wrote it.

    Examples
    --------
    >>> text = marked_text("eigenvalue\n1\n")
    >>> print(text[:19])
    # written by sgdmem
    >>> [*checked_lines("eigenvalues.csv", text.splitlines(keepends=True))][1:]
    ['eigenvalue\n', '1\n']
    """
    return f"{_line(_of_lines(text.splitlines()), comment)}\n{text}"


def checked_lines(path: str | os.PathLike[str], lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a text, all of them; at the end what has a digest must agree with it.

    Raises
    ------
    InputError
        If it does not, or if there is a mark that cannot be read.
    """
    rest = iter(lines)
    first = next(rest, "")
    yield first
    if not _is_mark(first):
        yield from rest
        return
    found = hashlib.sha256()
    for line in rest:
        found.update(_plain(line))
        yield line
    if not _agrees(first, found):
        raise InputError(_changed(path, "if that is meant, delete its first line"))


def append_mark(path: Path) -> None:
    """Add the last line to data whose format does not read it."""
    line = _line(_of_file(path, path.stat().st_size))
    with path.open("ab") as file:
        file.write(f"\n{line}\n".encode())


def marked_page(page: bytes) -> bytes:
    """Return a page of XML or HTML with the last line."""
    return page + f"\n{_line(hashlib.sha256(page), '<!--')} -->\n".encode()


def require_unchanged(path: Path) -> None:
    """Raise InputError if data that end with a mark are not what was written."""
    line, size = _last_line(path)
    if line and not _agrees(line, _of_file(path, size)):
        raise InputError(
            _changed(path, "delete it, since nothing writes over it, and compute it again")
        )


def is_unchanged(path: Path) -> bool:
    """Whether sgdmem wrote a file and, if it has a digest, nobody changed it since."""
    if path.suffix in _AT_THE_END:
        line, size = _last_line(path)
        return bool(line) and _agrees(line, _of_file(path, size))
    if path.suffix not in _AT_THE_START:
        return MARK.encode() in _ends(path)
    try:
        with path.open(encoding="utf-8-sig") as file:
            first = file.readline(_LONGEST)
            return _is_mark(first) and _agrees(first, _of_lines(file))
    except UnicodeDecodeError:
        return False


def _line(digest: hashlib._Hash, comment: str = "#") -> str:
    return f"{comment} {SIGNATURE}, {_text(digest)}"


def _text(digest: hashlib._Hash) -> str:
    return f"sha256:{digest.hexdigest()[:32]}"


def _is_mark(line: str) -> bool:
    return line[2:].startswith(MARK) and line[0] in "#%"


def _agrees(line: str, digest: hashlib._Hash) -> bool:
    match = _LINE.fullmatch(line)
    return match is not None and match[2] == _text(digest)


def _changed(path: str | os.PathLike[str], cure: str) -> str:
    return (
        f"{path} is not as sgdmem wrote it, its digest is another one: it was damaged or changed; "
        f"{cure}"
    )


def _plain(line: str) -> bytes:
    return line.rstrip("\r\n").encode() + b"\n"


def _of_lines(lines: Iterable[str]) -> hashlib._Hash:
    found = hashlib.sha256()
    for line in lines:
        found.update(_plain(line))
    return found


def _of_file(path: Path, size: int) -> hashlib._Hash:
    """Return the digest of the first bytes of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while size > 0 and (piece := file.read(min(size, _PIECE))):
            found.update(piece)
            size -= len(piece)
    return found


def _last_line(path: Path) -> tuple[str, int]:
    """Return the mark at the end of a file, empty if there is none, and how much is before it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _LONGEST))
        end = file.read()
    place = max(end.rfind(f"\n{comment} {MARK}".encode()) for comment in ("#", "<!--"))
    if place < 0:
        return "", size
    return end[place + 1 :].decode("latin-1"), size - len(end) + place


def _ends(path: Path) -> bytes:
    with path.open("rb") as file:
        start = file.read(_NEAR)
        file.seek(max(0, path.stat().st_size - _NEAR))
        return start + file.read()
