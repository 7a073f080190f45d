"""Machine code that runs without Numba."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from sgdmem.numeric.compilation import cache_folder, code_keys, object_code
from sgdmem.numeric.compilation.cache_folder import keep, made_once, read_kept
from sgdmem.numeric.compilation.code_keys import key_of, own_source
from sgdmem.numeric.compilation.object_code import load_code
from sgdmem.numeric.compiled_maps.node_sums import CHUNK_LOOPS
from sgdmem.symbolic.files.versions import versions_of

SOURCE = """\
from sgdmem.numeric.compilation.kernel_words import calling, machine_code, on_stack, shaped


@machine_code("f8[:,::1], f8, i8, b1, f8[::1]")
def add(table, factor, first, twice, out):
    room = on_stack(3)
    for k in range(table.shape[1]):
        room[k % 3] = factor * table[first, k]
        out[k] = room[k % 3] * (2.0 if twice else 1.0)


call = calling("f8[:,::1], f8, i8, b1, f8[::1]")


@machine_code("i8, f8[::1], f8[::1]")
def reach(address, flat, out):
    call(address, (shaped(flat, (2, 3)), 10.0, 1, True, out))
"""
RUN = f"""\
import sys
import numpy as np
from sgdmem.numeric.compilation.object_code import load_code
code, out = load_code({SOURCE!r}), np.empty(3)
code.reach(code.add.address, np.arange(6.0), out)
print(out.tolist() == [60, 80, 100], "numba" in sys.modules)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "cache"
    monkeypatch.setenv("SGDMEM_CACHE_DIR", str(found))
    return found


def test_kernels_are_compiled_and_linked_without_numba(folder: Path) -> None:
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", RUN], capture_output=True, text=True, check=True
        )
        assert done.stdout.split() == ["True", "False"]
    assert len(list(folder.iterdir())) == 1


def test_arrays_and_numbers_are_handed_over(folder: Path) -> None:
    code, out = load_code(SOURCE), np.empty(3)
    code.add(np.arange(6.0).reshape(2, 3), 0.5, 1, False, out)
    assert out.tolist() == [1.5, 2, 2.5]
    for wrong in (np.arange(6.0), np.arange(6).reshape(2, 3), np.arange(6.0).reshape(3, 2).T):
        with pytest.raises(TypeError, match="contiguous array of float64, 2-d"):
            code.add(wrong, 0.5, 1, False, out)
    with pytest.raises(TypeError, match="5 arguments, got 1"):
        code.add(out)
    with pytest.raises(TypeError, match="contiguous array of float64, 1-d"):
        code.add(np.ones((1, 3)), 0.5, 1, False, np.empty(6)[::2])


def test_arrays_are_handed_over_alike_in_both_ways(folder: Path) -> None:
    """Of those that may not be written to, and of empty ones, NumPy tells the place."""
    code, table, out = load_code(SOURCE), np.arange(6.0).reshape(2, 3), np.empty(3)
    arguments = table, -0.5, np.int64(1), True, out
    assert code.add._words(arguments) == code.add._pack(*code.add._flat(arguments))
    table.flags.writeable = False
    with pytest.raises(TypeError):
        code.add._words(arguments)
    code.add(*arguments)
    assert out.tolist() == [-3, -4, -5]
    code.add(np.empty((2, 0)), -0.5, 0, True, out[:0])
    assert out.tolist() == [-3, -4, -5]


@pytest.mark.parametrize("damage", ["cut off", "empty", "a bit", "of another one"])
def test_damaged_code_is_made_again(damage: str, folder: Path) -> None:
    load_code(SOURCE)
    (kept,) = folder.iterdir()
    data = kept.read_bytes()
    other = read_kept(kept.stem)
    assert other is not None
    keep("other", other)
    changed = {
        "cut off": data[: len(data) // 2],
        "empty": b"",
        "a bit": data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
        "of another one": (folder / kept.name.replace(kept.stem, "other")).read_bytes(),
    }
    kept.write_bytes(changed[damage])
    object_code._load.cache_clear()
    out = np.empty(3)
    load_code(SOURCE).add(np.ones((1, 3)), 2.0, 0, True, out)
    assert out.tolist() == [4, 4, 4] and kept.read_bytes() == data


# compiling takes long enough for the others to ask, and is noted
NOTED = """\
import time
from sgdmem.numeric.compilation import kernel_compiler
compiled = kernel_compiler.compiled_kernels
def noted(source):
    with open({log!r}, "a") as file:
        file.write("compiled ")
    time.sleep(1)
    return compiled(source)
kernel_compiler.compiled_kernels = noted
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="files are not locked there")
def test_one_of_the_processes_that_begin_at_once_compiles(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "compiled.txt"
    code = NOTED.format(log=str(log)) + RUN
    runs = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [run.communicate()[0].split() for run in runs] == [["True", "False"]] * 3
    assert log.read_text().split() == ["compiled"]
    (kept,) = folder.iterdir()
    assert read_kept(kept.stem) is not None


def test_nobody_waits_for_a_process_that_was_killed(folder: Path) -> None:
    folder.mkdir()
    (folder / f"{key_of(SOURCE, object_code._COMPILER)}.making").touch()
    begin = time.monotonic()
    load_code(SOURCE)
    assert time.monotonic() - begin < 5 and len(list(folder.iterdir())) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="files are not locked there")
def test_patience_has_an_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_folder, "_PATIENCE", 0.1)
    begin = time.monotonic()
    with made_once("a"), made_once("b"):
        assert time.monotonic() - begin < 0.1
        with made_once("a"):
            assert time.monotonic() - begin >= 0.1


def test_threads_that_ask_at_once_compile_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, compiled = [], object_code._compiled

    def slowly(source: str) -> bytes:
        asked.append(source)
        time.sleep(0.1)  # the others are there by now
        return compiled(source)

    monkeypatch.setattr(object_code, "_compiled", slowly)
    object_code._load.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(load_code, [SOURCE] * 4))
    assert asked == [SOURCE] and all(code is found[0] for code in found)


def test_all_of_the_compiler_is_part_of_the_key() -> None:
    """What the compiler imports of its own folder, and what that imports, and so on."""
    found: list[str] = []
    left = ["sgdmem.numeric.compilation.kernel_compiler"]
    while left:
        name = left.pop()
        if name.startswith("sgdmem.numeric.compilation.") and name not in found:
            found.append(name)
            left += re.findall(r"^from (sgdmem[\w.]+) import", own_source(name), re.MULTILINE)
    assert sorted(found) == sorted(object_code._COMPILER)


def test_the_key_changes_with_what_a_source_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes of chunks are constants of machine code and of those who make room for it."""
    source = own_source(CHUNK_LOOPS)
    before = key_of(source)

    def changed(name: str) -> str:
        return own_source(name).replace("\nCHUNK = ", "\nCHUNK = 2 * ")

    monkeypatch.setattr(code_keys, "own_source", changed)
    assert key_of(source) != before


def test_the_key_changes_with_the_compiler(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_code(SOURCE)
    monkeypatch.setattr(code_keys, "own_source", lambda name: own_source(name) + "#")
    object_code._load.cache_clear()
    load_code(SOURCE)
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("what", ["numba", "llvmlite", "numpy"])
def test_the_key_names_the_versions(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before, version = key_of(SOURCE), metadata.version
    monkeypatch.setattr(metadata, "version", lambda x: "0.0" if x == what else version(x))
    versions_of.cache_clear()
    assert key_of(SOURCE) != before
    versions_of.cache_clear()


def test_the_key_names_what_code_is_made_for(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of(SOURCE)
    monkeypatch.setenv("NUMBA_CPU_NAME", "haswell")
    assert key_of(SOURCE) != before
