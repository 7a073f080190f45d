"""What existed survives whatever goes wrong while a file is written."""

from __future__ import annotations

import ast
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


def test_a_pipe_gets_all_at_once_or_nobody_reads_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="nobody reads this pipe"):
        write_text(pipe, "text")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with whole_file(pipe) as young:
        assert young.suffix == ".txt"
        with young.open("wb") as file:  # as formats do whose length comes first
            file.write(b"....body")
            file.seek(0)
            file.write(b"head")
    assert os.read(reader, 100) == b"headbody"
    os.close(reader)


def test_a_link_to_itself_is_no_file(tmp_path: Path) -> None:
    link = tmp_path / "x.txt"
    link.symlink_to("x.txt")
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        write_text(link, "text")
    assert link.is_symlink()


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


# writes of anything else: to memory, to what `whole_file` gives, or to folders of their own
OTHERS = {
    ("numeric/compilation", "write_bytes"),
    ("numeric/compilation", "write_text"),
    ("phase_diagrams/stores/chunk_files.py", "open"),  # renamed too; checked by their sums
    ("phase_diagrams/stores/frames.py", "open"),
    ("phase_diagrams/stores/groups.py", "rename"),
    ("phase_diagrams/stores/filling.py", "write_bytes"),  # for workers, until they are done
    ("phase_diagrams/maps/map_file.py", "rename"),  # of variables
    ("phase_diagrams/maps/map_file.py", "open"),
    ("phase_diagrams/pictures/picture_file.py", "savefig"),
    ("phase_diagrams/systems/named_diagram_data.py", "rename"),
    ("sgdmem/cli/process/exits.py", "open"),  # in the place of closed streams
    ("symbolic/derivations/documents/pdf.py", "write_text"),
    ("symbolic/files", "open"),
    ("symbolic/files", "write_bytes"),
}
WRITES = {"write_text", "write_bytes", "to_netcdf", "to_csv", "to_zarr", "savefig", "savez"}
WRITES |= {"rename", "save", "savetxt", "dump", "print_figure", "tofile"}


def written_by(code: str) -> set[str]:
    """Return the methods called that write files, `open` with another mode than reading too."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            method = isinstance(node.func, ast.Attribute)
            name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
            given = [*node.args[not method :], *(x.value for x in node.keywords if x.arg == "mode")]
            modes = [x.value for x in given if isinstance(x, ast.Constant)]
            mode = next((str(x) for x in modes if str(x).strip("rwaxbt+") == ""), "r")
            owner = getattr(getattr(node.func, "value", None), "id", "")
            is_ours = name == "save" and owner not in {"np", "numpy"}  # of our objects
            if (name in WRITES and method and not is_ours) or (name == "open" and "r" not in mode):
                found.add(name)
    return found


def test_everything_is_written_in_the_one_way() -> None:
    root = Path(__file__).parents[3]
    folders = ("symbolic", "numeric", "phase_diagrams", "sgdmem/cli")
    found = set()
    for path in (path for folder in folders for path in (root / folder).rglob("*.py")):
        code = path.read_text(encoding="utf-8")
        if any(f"{word}(" in code for word in (*WRITES, "open")):
            name = path.relative_to(root).as_posix()
            found |= {(name, call) for call in written_by(code)}
    known = {(n, c) for n, c in found if any(n.startswith(a) and c == b for a, b in OTHERS)}
    assert found - known == set()
    said = written_by('open("x", "w"); p.open("ab"); np.save(p, x); p.open(); open(p, "rb")')
    assert said == {"open", "save"} and written_by('p.open(); open("x", "rb"); a.save(p)') == set()
