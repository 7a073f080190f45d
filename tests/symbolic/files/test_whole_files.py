"""What existed survives whatever goes wrong while a file is written."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sgdmem.symbolic.files.whole_files import whole_file, write_bytes, write_text

OLD = "what was there\n"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.txt"
    path.write_text(OLD)
    return path


@contextmanager
def small_files(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond some bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("failure", [KeyboardInterrupt, SystemExit, ValueError, MemoryError])
def test_nothing_happens_to_a_file_unless_all_was_written(
    failure: type[BaseException], old: Path
) -> None:
    with pytest.raises(failure), whole_file(old) as young:
        young.write_text("half of")
        assert old.read_text() == OLD
        raise failure
    assert [*old.parent.iterdir()] == [old] and old.read_text() == OLD


def test_a_full_disk_is_told_of_the_file_that_is_meant(old: Path) -> None:
    with small_files(10_000), pytest.raises(OSError, match="File too large") as caught:
        write_bytes(old, bytes(100_000))
    assert caught.value.filename == str(old)
    assert [*old.parent.iterdir()] == [old] and old.read_text() == OLD
    for error in (OSError("no number"), OSError(28, "No space left on device")):
        with pytest.raises(OSError, match=r"no number|No space left") as caught, whole_file(old):
            raise error
        assert caught.value.filename == str(old)
    with pytest.raises(FileNotFoundError) as caught, whole_file(old):
        (old.parent / "another").read_text()  # keeps its name
    assert caught.value.filename == str(old.parent / "another")
    with pytest.raises(FileNotFoundError) as caught:
        write_text(old.parent / "nowhere" / "x.txt", "text")
    assert caught.value.filename == str(old.parent / "nowhere" / "x.txt")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is full")
def test_devices_are_written_to_as_they_are() -> None:
    write_text("/dev/null", "text")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        write_text("/dev/full", "text")
    with pytest.raises(IsADirectoryError):
        write_text("/dev", "text")


def test_links_are_followed_and_permissions_stay(old: Path) -> None:
    old.chmod(0o640)
    link = old.parent / "folder" / "link.csv"
    link.parent.mkdir()
    link.symlink_to("../old.txt")
    with whole_file(link) as young:
        assert young.suffix == ".csv"  # by which libraries tell formats
        young.write_text("new")
    assert link.is_symlink() and old.read_text() == "new"
    assert old.stat().st_mode & 0o777 == 0o640
    dangling = old.parent / "dangling"
    dangling.symlink_to("made.txt")
    write_text(dangling, "new")
    assert dangling.is_symlink() and (old.parent / "made.txt").read_text() == "new"
    (old.parent / "plain").touch()
    assert (old.parent / "made.txt").stat().st_mode == (old.parent / "plain").stat().st_mode


def test_of_two_writers_the_last_one_has_the_name(old: Path) -> None:
    with whole_file(old) as first:
        with whole_file(old) as second:
            first.write_text("first" * 1000)
            second.write_text("second")
        assert old.read_text() == "second"
    assert old.read_text() == "first" * 1000
    assert [*old.parent.iterdir()] == [old]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_what_may_not_be_written_stays(old: Path) -> None:
    old.chmod(0o444)
    with pytest.raises(PermissionError) as caught:
        write_text(old, "new")
    assert caught.value.filename == str(old) and old.read_text() == OLD
