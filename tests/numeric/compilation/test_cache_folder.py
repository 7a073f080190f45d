"""Machine code on disk: kept, and never trusted when it is not what was written."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sgdmem.numeric.compilation import cache_folder as cache
from sgdmem.numeric.compilation.cache_folder import keep, read_kept
from sgdmem.numeric.compilation.object_code import load_code

SOURCE = """\
from sgdmem.numeric.compilation.kernel_words import machine_code


@machine_code("f8, f8[::1]")
def double(x, out):
    out[0] = 2.0 * x
"""
RUN = f"""\
import numpy as np
from sgdmem.numeric.compilation import object_code
made, compiled, out = [], object_code._compiled, np.empty(1)
object_code._compiled = lambda source: made.append(source) or compiled(source)
object_code.load_code({SOURCE!r}).double(3.0, out)
print(not made, out[0])
"""
SIMULATE = (
    *("-m", "sgdmem", "simulate", "sgd", "--set", "learning_rate=0.1", "--power-law", "1.5"),
    *("--count", "3", "--zeta", "1", "--batch-size", "2", "--steps", "5", "--json"),
)
NOBODY = 65534


def obey_permissions() -> None:
    """Let them hold for the superuser, too, in a process that begins."""
    if os.geteuid() == 0:
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "cache"
    monkeypatch.setenv("SGDMEM_CACHE_DIR", str(found))
    return found


def in_new_process(**options: Any) -> tuple[bool, float]:
    """Return whether code was kept, and 2 * 3 by a module that is loaded in a process of its own.

    Nothing else may be printed.
    """
    command = [sys.executable, "-c", RUN]
    done = subprocess.run(command, capture_output=True, text=True, check=True, **options)
    assert done.stderr == ""
    kept, number = done.stdout.split()
    return kept == "True", float(number)


@pytest.mark.slow
def test_the_code_is_kept(folder: Path) -> None:
    assert in_new_process() == (False, 6)
    (first,) = folder.iterdir()  # no .pyc, nothing temporary
    before = first.stat()
    assert in_new_process() == (True, 6)
    assert [path.stat().st_ino for path in folder.iterdir()] == [before.st_ino]
    assert not (folder.stat().st_mode | before.st_mode) & 0o22


def test_where_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("SGDMEM_CACHE_DIR", str(blocked / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(blocked / "temporary"))
    out = np.empty(1)
    load_code(SOURCE.replace("double", "twice")).twice(3.0, out)
    assert out == 6
    assert blocked.read_text() == "in the way"


@pytest.mark.parametrize("harm", ["folder of another", "folder for all", "file for all"])
def test_what_others_can_write_is_not_read(
    folder: Path, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache._folder.cache_clear()
    keep("key", b"content")
    assert read_kept("key") == b"content"
    cache._folder.cache_clear()
    if harm == "file for all":
        (folder / "key.kept").chmod(0o666)
        assert read_kept("key") is None
        return
    if harm == "folder for all":
        folder.chmod(0o777)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
        if os.getuid() == 0:  # whose folders everybody trusts
            os.chown(folder, NOBODY - 1, -1)
    with pytest.warns(UserWarning, match="is not used, for others could put code there"):
        assert read_kept("key") is None
    keep("other", b"content")
    assert [path.name for path in folder.iterdir()] == ["key.kept"]


def test_its_size_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LARGEST_CACHE", 1000)
    for number in range(5):
        keep(f"key{number}", bytes(300))
        os.utime(folder / f"key{number}.kept", (number, number))
        if number == 2:
            assert read_kept("key0") is not None  # used: now the youngest
    assert sorted(path.stem for path in folder.iterdir()) == ["key0", "key3", "key4"]
    keep("large", bytes(1000))
    assert read_kept("large") is None


def test_a_home_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    cache._folder.cache_clear()
    monkeypatch.setenv("SGDMEM_CACHE_DIR", "~nobody-of-this-name/cache")
    assert cache.cache_folder() is None


@pytest.mark.slow
@pytest.mark.parametrize("built", [False, True])
def test_a_cache_that_may_only_be_read(folder: Path, built: bool) -> None:
    """As in a container: the cache is part of the image, and there is no home."""
    cache._folder.cache_clear()
    folder.mkdir(mode=0o755)
    if built:
        assert in_new_process() == (False, 6)
    folder.chmod(0o555)
    for path in folder.iterdir():
        path.chmod(0o444)
    options: dict[str, Any] = {
        "env": {**os.environ, "HOME": "/nonexistent"},
        "preexec_fn": obey_permissions,
    }
    assert in_new_process(**options) == (built, 6)
    if built:
        return
    command = [sys.executable, *SIMULATE]
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(folder.iterdir()) == []


@pytest.mark.slow
def test_two_processes_at_once(folder: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", RUN], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [process.communicate()[0].split()[1] for process in running] == ["6.0"] * 4
    assert len(list(folder.iterdir())) == 1  # nothing half-made is left
