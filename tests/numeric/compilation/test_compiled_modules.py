"""Machine code on disk: kept, and never trusted when it is not what was written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sgdmem.numeric.compilation import compiled_modules
from sgdmem.numeric.compilation.compiled_modules import cache_folder, load_module

SOURCE = """\
from numba import njit


@njit("f8(f8)", cache=True)
def double(x):
    return 2.0 * x
"""
RUN = f"""\
from sgdmem.numeric.compilation.compiled_modules import load_module
print(load_module({SOURCE!r}).double(3.0))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SGDMEM_CACHE_DIR", str(tmp_path))
    return tmp_path


def in_new_process() -> float:
    """Return 2 * 3 by a module that is loaded in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", RUN], capture_output=True, text=True, check=True, env=os.environ
    )
    return float(done.stdout)


def files(folder: Path) -> dict[Path, bytes]:
    kept = (path for path in folder.rglob("*") if path.suffix in (".nbi", ".nbc", ".json"))
    return {path: path.read_bytes() for path in kept}


@pytest.mark.slow
def test_the_code_is_kept(folder: Path) -> None:
    assert in_new_process() == 6
    first = files(folder)
    assert len(first) == 3  # an index, the machine code and the digests
    stamps = {path: path.stat().st_mtime_ns for path in first}
    assert in_new_process() == 6
    assert {path: path.stat().st_mtime_ns for path in files(folder)} == stamps


@pytest.mark.parametrize("suffix", [".nbi", ".nbc", ".json", ".py"])
@pytest.mark.parametrize("harm", ["flip", "cut", "remove"])
def test_damaged_files_are_made_again(folder: Path, suffix: str, harm: str) -> None:
    load_module(SOURCE)
    (victim,) = folder.rglob(f"*{suffix}")
    data = victim.read_bytes()
    middle = len(data) // 2
    if harm == "remove":
        victim.unlink()
    else:
        flipped = bytes([data[middle] ^ 1]) + data[middle + 1 :]
        victim.write_bytes(data[:middle] + (flipped if harm == "flip" else b""))
    compiled_modules._load.cache_clear()
    assert load_module(SOURCE).double(3.0) == 6
    (found,) = folder.rglob(f"*{suffix}")
    if suffix == ".py":
        assert found.read_bytes() == data
    key = next(folder.iterdir())
    assert compiled_modules._is_intact(key, SOURCE)


@pytest.mark.slow
def test_foreign_code_under_the_right_name_is_not_run(folder: Path) -> None:
    """The machine code of another function, with an index that fits, is noticed."""
    load_module(SOURCE)
    key = next(folder.iterdir())
    other = SOURCE.replace("2.0 * x", "5.0 * x")
    load_module(other)
    (other_key,) = set(folder.iterdir()) - {key}
    for name in (".nbi", ".nbc"):
        (mine,), (theirs,) = key.rglob(f"*{name}"), other_key.rglob(f"*{name}")
        mine.write_bytes(theirs.read_bytes())
    assert in_new_process() == 6


def test_the_key_names_the_versions(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    before = compiled_modules._key(SOURCE)
    monkeypatch.setattr(numba, "__version__", "0.0")
    assert compiled_modules._key(SOURCE) != before


def test_a_folder_that_cannot_be_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("SGDMEM_CACHE_DIR", str(blocked / "cache"))
    assert load_module(SOURCE.replace("double", "twice")).twice(3.0) == 6
    assert cache_folder() == blocked / "cache"
    assert blocked.read_text() == "in the way"


@pytest.mark.slow
def test_two_processes_at_once(folder: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", RUN], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [float(process.communicate()[0]) for process in running] == [6] * 4
    assert len([path for path in folder.iterdir() if "-" not in path.name]) == 1
    assert len(list(folder.iterdir())) == 1  # nothing half-made is left
