"""Files say that sgdmem wrote them, and no change of data goes unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sgdmem.errors import InputError
from sgdmem.symbolic.files.marks import (
    append_mark,
    checked_lines,
    is_unchanged,
    marked_page,
    marked_text,
    require_unchanged,
)

TEXT = marked_text("eigenvalue,weight\n1.0,1.0\n0.25,2.0\n")


def read(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig") as file:
        return [*checked_lines(path, file)]


def test_every_flipped_bit_and_every_shorter_text_is_noticed(tmp_path: Path) -> None:
    path, data = tmp_path / "x.csv", TEXT.encode()
    path.write_bytes(data)
    assert is_unchanged(path) and read(path) == TEXT.splitlines(keepends=True)
    words = data.index(b"0.1.0")  # before it the mark itself may be lost
    for place in range(words, len(data)):
        flipped = bytes([data[place] ^ 1 << place % 7])
        path.write_bytes(data[:place] + flipped + data[place + 1 :])
        assert place < data.index(b",") or not is_unchanged(path), place  # it is the version
    for length in range(words, len(data) - 1):  # all but the last end of a line
        path.write_bytes(data[:length])
        assert not is_unchanged(path)
        with pytest.raises(InputError, match=r"x\.csv is not as sgdmem wrote it"):
            read(path)


def test_other_ends_of_lines_are_no_change(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    for data in (
        TEXT.replace("\n", "\r\n").encode(),
        TEXT[:-1].encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
    ):
        path.write_bytes(data)
        assert is_unchanged(path) and read(path)


def test_data_in_a_binary_file(tmp_path: Path) -> None:
    path = tmp_path / "x.nc"
    path.write_bytes(bytes(range(256)) * 3)
    require_unchanged(path)  # nobody said what it should be
    assert not is_unchanged(path)
    append_mark(path)
    require_unchanged(path)
    data = path.read_bytes()
    assert is_unchanged(path) and data.startswith(bytes(range(256)) * 3)
    for place in range(0, 768, 37):
        path.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        with pytest.raises(InputError, match=r"x\.nc is not as sgdmem wrote it.*; delete it"):
            require_unchanged(path)
        assert not is_unchanged(path)
    path.write_bytes(data + b"x")
    assert not is_unchanged(path)


def test_what_has_no_mark_is_somebody_elses(tmp_path: Path) -> None:
    for name, data in {
        "empty.csv": b"",
        "plain.csv": b"1\n2\n",
        "latin.bib": "@book{a, author={Åström}}".encode("latin-1"),
        "short.nc": b"CDF",
        "photo.png": b"\x89PNG" + bytes(100),
    }.items():
        (tmp_path / name).write_bytes(data)
        assert not is_unchanged(tmp_path / name), name
    page = b"<html></html>\n"
    (tmp_path / "page.html").write_bytes(marked_page(page))
    assert is_unchanged(tmp_path / "page.html") and marked_page(page).startswith(page)
    (tmp_path / "page.html").write_bytes(marked_page(page).replace(b"<html>", b"<html >"))
    assert not is_unchanged(tmp_path / "page.html")
    (tmp_path / "ours.bib").write_text(marked_text("@misc{a}\n", "%"))
    assert is_unchanged(tmp_path / "ours.bib")
    (tmp_path / "ours.bib").write_text(marked_text("@misc{a}\n", "%") + "@misc{b}\n")
    assert not is_unchanged(tmp_path / "ours.bib")
