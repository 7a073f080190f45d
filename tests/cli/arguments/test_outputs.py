"""No command writes over what it reads, or what is somebody else's: asked before work starts."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest

from sgdmem.cli.main import cli
from sgdmem.symbolic.files.marks import marked_text
from tests.cli.running import run

RATE = ["--set", "learning_rate=0.1"]
EDGE = ["--x", "learning_rate=0.1:2", "--y", "batch_size=1:8", "--resolution", "8"]
MAP = ["--x", "learning_rate=0.1:2:3", "--y", "batch_size=1:8:2"]
MINE = "1\n0.5\n"
OWN = "import sgdmem\ndef plain(learning_rate):\n    return sgdmem.Algorithm(learning_rate)\n"

# what is written over, and the words that say as what it is read
READ: dict[str, tuple[list[str], str, str]] = {
    "root locus": (["plot", "root-locus", "sgd", "-o", "mine.png"], "mine.csv", "--spectrum"),
    "losses": (
        ["plot", "losses", "sgd", *RATE, "--zeta", "1", "--batch-size", "4", "-o", "mine.pdf"],
        "mine.csv",
        "--spectrum",
    ),
    "spectrum": (["spectrum", "-o", "mine.csv"], "mine.csv", "--spectrum"),
    "by a link": (["spectrum", "-o", "link.csv"], "mine.csv", "--spectrum"),
    "by another path": (["spectrum", "-o", "folder/../mine.csv"], "mine.csv", "--spectrum"),
    "simulate": (
        ["simulate", "sgd", *RATE, "--zeta", "1", "--batch-size", "4", "-o", "mine.csv"],
        "mine.csv",
        "--spectrum",
    ),
    "boundary": (["boundary", "sgd", *EDGE, "-o", "mine.csv"], "mine.csv", "--spectrum"),
    "cusps": (["boundary", "sgd", *EDGE, "-o", "x.csv"], "x.cusps.csv", "--spectrum"),
    "derive": (
        ["derive", "sgd", "--at", "learning_rate=0.1", "-o", "mine.txt"],
        "mine.txt",
        "--spectrum",
    ),
    "a method of one's own": (
        ["derive", "own.py:plain", "--as", "python", "-o", "own.py"],
        "own.py",
        "ALGORITHM",
    ),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    for name in ("mine.csv", "mine.txt", "x.cusps.csv"):
        Path(name).write_text(MINE)
    Path("own.py").write_text(OWN)
    Path("link.csv").symlink_to("mine.csv")
    return tmp_path


@pytest.mark.parametrize("name", READ)
def test_what_is_read_stays(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command, file, read = READ[name]
    given = ["--spectrum", file] if read == "--spectrum" else []
    before = (here / file).read_text()
    code, out, err = run(capsys, *command, *given)
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert f"would be written over, which is read as {read}" in err
    assert (here / file).read_text() == before


FOREIGN = {
    "bib": (["derive", "sgd", "-o", "refs.tex"], "refs.bib"),
    "numbers": (["plot", "root-locus", "sgd", *RATE, "--power-law", "2", "-o", "a.png"], "a.csv"),
    "a map's": (["phase-diagram", "sgd", *MAP, "--power-law", "2", "-o", "a.png"], "a.nc"),
    "a boundary's": (["boundary", "sgd", *EDGE, "--power-law", "2", "-o", "a.svg"], "a.nc"),
    "cusps": (["boundary", "sgd", *EDGE, "--power-law", "2", "-o", "a.csv"], "a.cusps.csv"),
    "a usual name": (["phase-diagram", "sgd", *MAP, "--power-law", "2"], "sgd.png"),
    "a page": (["explore", "sgd", "--no-derivations"], "explorer.html"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_somebody_else_wrote_stays(
    name: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command, file = FOREIGN[name]
    changed = marked_text("@misc{a}\n", "%") + "@misc{mine}\n"
    Path(file).write_text(changed if file.endswith(".bib") else "somebody's")
    before = {path.name: path.read_bytes() for path in here.iterdir() if path.is_file()}
    code, out, err = run(capsys, *command)
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert f"{file} would be written over, which sgdmem did not write" in err
    assert ("--bibliography refs.bib" in err) is (name == "bib")
    assert {path.name: path.read_bytes() for path in here.iterdir() if path.is_file()} == before


@pytest.mark.slow
def test_what_sgdmem_wrote_is_written_again(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command, file in FOREIGN.values():
        assert run(capsys, *command)[0] == 0, command
        first = Path(file).read_bytes()
        assert b"written by sgdmem" in first, file
        assert run(capsys, *command)[0] == 0, command
        assert b"written by sgdmem" in Path(file).read_bytes()


def test_two_outputs_in_one_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.tex").touch()
    Path("a.bib").symlink_to("a.tex")
    code, _, err = run(capsys, "derive", "sgd", "-o", "a.tex")
    assert code == 2 and "a.tex and a.bib are the same file, and both are written" in err


def test_changed_data_are_not_read(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("X.npy", np.random.default_rng(0).normal(size=(20, 4)))
    assert run(capsys, "spectrum", "--data", "X.npy", "-o", "new.csv")[0] == 0
    text = Path("new.csv").read_text()
    assert run(capsys, "spectrum", "--spectrum", "new.csv")[0] == 0
    Path("new.csv").write_text(text[: text.rindex("\n", 0, -1)])  # a line less
    code, out, err = run(capsys, "spectrum", "--spectrum", "new.csv")
    assert (code, out) == (2, "")
    assert "new.csv is not as sgdmem wrote it" in err and "delete its first line" in err
    Path("new.csv").write_text(text.partition("\n")[2])
    assert run(capsys, "spectrum", "--spectrum", "new.csv")[0] == 0


def every_command(group: click.Group) -> Iterator[click.Command]:
    for command in group.commands.values():
        yield from every_command(command) if isinstance(command, click.Group) else [command]


def test_every_file_that_a_command_takes_is_known_as_one() -> None:
    """What is no `click.Path` is not looked at: FILE in a help text must be one."""
    unknown = {
        (command.name, parameter.name)
        for command in every_command(cli)
        for parameter in command.params
        if "FILE" in (parameter.metavar or "") or parameter.name == "file"
        if not isinstance(parameter.type, click.Path)
    }
    assert unknown == {("derive", "bibliography")}  # which is read and written


def test_pipes_and_links_that_lead_nowhere(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("data.nc")
    Path("loop.png").symlink_to("loop.png")
    boundary = ["boundary", "sgd", "--x", "learning_rate=0.1:1", "--y", "batch_size=1:9"]
    for name, told in (("data.png", "data.nc would be written over"), ("loop.png", "is a link")):
        code, out, err = run(capsys, *boundary, "--power-law", "2", "-o", name)
        assert (code, out, err.count("\n")) == (2, "", 1) and told in err


def test_commands_that_are_shown_are_quoted(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "my b'$HOME.json"
    code, out, _ = run(
        capsys, "stable", "sgd", "--set", "learning_rate=0.1", "--power-law", "2", "--count", "2",
        "--batch-size", "4", "--certify", "-o", name,
    )  # fmt: skip
    command = shlex.split(out.split("`")[1])
    assert code == 0 and command == ["sgdmem", "check", name]
    assert run(capsys, *command[1:])[0] == 0
