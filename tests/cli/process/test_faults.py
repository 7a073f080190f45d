"""Faults injected while commands write: the table in docs/files.md is of these."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sgdmem import Spectrum, phase_diagram
from sgdmem.phase_diagrams.maps.map_file import read_map_file, write_map_file
from tests.cli.running import heeds_interrupts, run

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
LAW = ["--power-law", "2", "--count", "5"]
MAP = ["--x", "learning_rate=0.1:2:30", "--y", "batch_size=1:8:20"]
COMMANDS = {
    "x.csv": ["spectrum", "--spectrum", "given.csv", "-o", "x.csv"],
    "map.nc": ["phase-diagram", "sgd", *MAP, *LAW, "-o", "map.png"],
    "x.png": ["draw", "given.nc", "-o", "x.png"],
    "x.pdf": ["draw", "given.nc", "-o", "x.pdf"],
    "x.svg": ["draw", "given.nc", "-o", "x.svg"],
    "x.tex": ["derive", "sgd", "-o", "x.tex"],
    "x.txt": ["derive", "sgd", "-o", "x.txt"],
    "x.html": ["explore", "sgd", "--no-derivations", "-o", "x.html"],
}
OLD = "what was there"
NEEDS_A_DISK = pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode != 0,
    reason="needs a name space in which a disk may be mounted",
)
# a process that says when it is about to rename what it has written, and waits
WAITING = """
import sys, time
from sgdmem.symbolic.files import whole_files
def waiting(path):
    print("written", file=sys.__stdout__, flush=True)  # others are held until all is done
    time.sleep(60)
whole_files.to_disk = waiting
from sgdmem.cli.main import main
main(sys.argv[1:])
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    Spectrum([3, 2, 1, 0.5, 0.2, 0.1]).save("given.csv")
    x, y = ("learning_rate", np.linspace(0.1, 2, 9)), ("batch_size", [1, 2, 4])
    write_map_file(phase_diagram("sgd", Spectrum([1, 0.5]), x=x, y=y), "given.nc")
    return tmp_path


def young(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".sgdmem-")]


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", ["x.csv", "x.png", "x.tex"])
def test_a_process_that_ends_in_the_middle_of_writing(
    name: str, sent: signal.Signals, here: Path
) -> None:
    Path(name).write_text(OLD)
    command = [sys.executable, "-c", WAITING, *COMMANDS[name]]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, preexec_fn=heeds_interrupts, **pipes) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == "written\n"
        assert Path(name).read_text() == OLD and len(young(here)) == 1
        process.send_signal(sent)
        code, err = process.wait(), process.stderr.read()
    assert Path(name).read_text() == OLD
    if sent == signal.SIGINT:
        assert (code, err.strip()) == (130, "interrupted") and young(here) == []
    else:
        assert code == -sent and len(young(here)) == 1


# on a small disk of its own, which ends with the shell
DISK = """
mount -t tmpfs -o size=400k none disk
cp given.* disk; cd disk
for name in {names}; do printf '%s' '{old}' > $name; done
cp given.nc map.nc
{fault}
{commands}
for name in {names}; do echo "$name: $(cat $name)"; done
cmp given.nc map.nc && echo same
ls -A | grep -c '^.sgdmem-'
"""


@NEEDS_A_DISK
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("head -c 400000 /dev/zero > filling 2>/dev/null", "No space left on device"),
        ("mount -o remount,ro .", "may not be written"),
    ],
    ids=["full", "read-only"],
)
def test_a_disk_that_takes_nothing(fault: str, told: str, here: Path) -> None:
    Path("disk").mkdir()
    lines = [
        f"{sys.executable} -m sgdmem {' '.join(command)} 2>&1 >/dev/null; echo rc=$?"
        for command in COMMANDS.values()
    ]
    names = [name for name in COMMANDS if name != "map.nc"]
    script = DISK.format(names=" ".join(names), old=OLD, fault=fault, commands="\n".join(lines))
    done = subprocess.run(["unshare", "-rm", "bash", "-c", script], capture_output=True, text=True)
    out = done.stdout.splitlines()
    answers, after = out[: 2 * len(COMMANDS)], out[2 * len(COMMANDS) :]
    for name, line, code in zip(COMMANDS, answers[::2], answers[1::2], strict=True):
        assert code == "rc=2" and told in line, done.stdout
        # what is written first, or asked first
        assert line.startswith("sgdmem: ") and (Path(name).stem in line), line
    assert after == [*(f"{name}: {OLD}" for name in names), "same", "0"], done.stdout


@pytest.mark.parametrize("name", ["map.png", "l.png", "b.png"])
def test_the_second_of_two_files_finds_the_disk_full(name: str, here: Path) -> None:
    commands = {
        "map.png": COMMANDS["map.nc"],
        "l.png": ["plot", "noise-summand", "sgd", "--set", "learning_rate=0.1", *LAW],
        "b.png": ["boundary", "sgd", "--x", "learning_rate=0.1:2", "--y", "batch_size=1:8", *LAW],
    }
    command = [sys.executable, "-m", "sgdmem", *commands[name], "-o", name]
    data = Path(name).with_suffix(".nc")

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (24_000, 24_000))  # the picture has more

    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limited)
    told = [f"note: {data} is written", f"sgdmem: {name}: File too large"]
    assert (done.returncode, done.stderr.splitlines()) == (2, told)
    assert not Path(name).exists() and young(here) == []
    assert read_map_file(data).sizes


# a store on a disk that becomes read-only
STORE = """
mount -t tmpfs -o size=4m none disk
cd disk
{command} --zarr --chunk 8 -o map.png
rm -r map.zarr/stable/c/0
mount -o remount,ro .
{command} --zarr -o map.png 2>&1 ; echo rc=$?
"""


@NEEDS_A_DISK
def test_a_store_on_a_read_only_disk_is_refused_before_the_work(here: Path) -> None:
    Path("disk").mkdir()
    pytest.importorskip("zarr")
    command = f"{sys.executable} -m sgdmem {' '.join(COMMANDS['map.nc'][:-2])}"
    script = STORE.format(command=command)
    done = subprocess.run(["unshare", "-rm", "bash", "-c", script], capture_output=True, text=True)
    *_, line, code = done.stdout.splitlines()
    assert code == "rc=2" and "may not be written" in line, done.stdout + done.stderr


def test_two_writers_at_once(here: Path) -> None:
    commands = [
        [sys.executable, "-m", "sgdmem", "derive", method, "-o", "x.html"]
        for method in ("sgd", "heavy-ball", "sgd", "heavy-ball")
    ]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for command in commands]
    assert [process.wait() for process in running] == [0] * len(commands)
    text = Path("x.html").read_text()
    assert text.startswith("<!DOCTYPE html>") and text.endswith("</html>\n")
    assert text.count("<title>") == 1 and young(here) == []


@pytest.mark.parametrize("home", [None, "/nowhere"])
def test_no_home(home: str | None, here: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "HOME"}
    environment |= {} if home is None else {"HOME": home}
    for name in ("x.png", "x.csv"):
        command = [sys.executable, "-m", "sgdmem", *COMMANDS[name]]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
        assert Path(name).exists()


def test_maps_that_are_cut_off_or_have_a_flipped_bit(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = Path("given.nc").read_bytes()
    end = data.index(b"\n# written by sgdmem")
    for place in range(0, end, 41):
        changes = {"flipped": data[:place] + bytes([data[place] ^ 16]) + data[place + 1 :]}
        for change, changed in {**changes, "cut off": data[:place]}.items():
            Path("bad.nc").write_bytes(changed)
            code, out, err = run(capsys, "draw", "bad.nc")
            assert (code, out) == (2, ""), (change, place)
            assert err.startswith("sgdmem: bad.nc ") and err.count("\n") == 1, (change, place)
    assert not Path("bad.png").exists()


def test_two_writers_of_one_store(here: Path) -> None:
    pytest.importorskip("zarr")
    command = [sys.executable, "-m", "sgdmem", *COMMANDS["map.nc"], "--zarr", "--chunk", "4"]
    running = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], told
    assert all(not err or err.startswith("note: store") for err in told), told
    x, y = ("learning_rate", np.linspace(0.1, 2, 30)), ("batch_size", np.linspace(1, 8, 20))
    whole = phase_diagram("sgd", Spectrum.power_law(2, count=5), x=x, y=y)
    found = read_map_file("map.zarr").load()
    for name in whole.data_vars:
        np.testing.assert_array_equal(found[name], whole[name])
