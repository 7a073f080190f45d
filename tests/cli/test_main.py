"""The command line as a whole: help, start, completion, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sgdmem.cli import command_table
from sgdmem.cli.command_table import SHORT_HELP
from sgdmem.cli.main import cli
from tests.cli.running import HEAVY_BALL, LAW, imported_by, run

BAD = {
    "no spectrum": HEAVY_BALL,
    "two algorithms": ["stable", "sgd", "--algorithm", "sgd", "--power-law", "2"],
    "given twice": [*HEAVY_BALL, "--set", "momentum=0.5", "--power-law", "2"],
    "two kinds of noise": [*HEAVY_BALL, *LAW, "--tau1", "1", "--coupling", "T.npy"],
    "data and scale": [*HEAVY_BALL, "--data", "X.npy", "--scale", "2"],
    "axis with a fixed value": [
        *["phase-diagram", "heavy-ball", "--x", "learning_rate=1:2:3"],
        *["--y", "batch_size=1:9:3", "--set", "momentum=0.9", *LAW],
    ],
    "spectrum of nothing": ["spectrum"],
    "spectrum to a picture": ["spectrum", "--spectrum", "x.csv", "-o", "x.png"],
    "two spectra": [*HEAVY_BALL, "--power-law", "1.5", "--spectrum", "x.csv"],
    "missing file": [*HEAVY_BALL, "--spectrum", "missing.csv"],
    "folder": [*HEAVY_BALL, "--spectrum", "."],
    "batch size 0": [*HEAVY_BALL, "--power-law", "1.5", "--batch-size", "0"],
    "batch size nan": [*HEAVY_BALL, "--power-law", "1.5", "--batch-size", "nan"],
    "exponent 0": [*HEAVY_BALL, "--power-law", "0"],
    "exponent beyond all": [*HEAVY_BALL, "--power-law", "1e100"],
    "exponent text": [*HEAVY_BALL, "--power-law", "steep"],
    "count 0": [*HEAVY_BALL, "--power-law", "1.5", "--count", "0"],
    "negative scale": [*HEAVY_BALL, "--power-law", "1.5", "--scale", "-1"],
    "unknown algorithm": ["stable", "--algorithm", "light-ball", "--power-law", "2"],
    "unknown parameter": [*HEAVY_BALL, "--set", "speed=1", "--power-law", "2"],
    "missing parameter": ["stable", "--algorithm", "sgd", "--power-law", "2"],
    "no value": [*HEAVY_BALL, "--set", "momentum", "--power-law", "2"],
    "not a number": ["stable", "--algorithm", "sgd", "--set", "learning_rate=big", *LAW],
    "infinite rate": ["stable", "--algorithm", "sgd", "--set", "learning_rate=inf", *LAW],
    "half a matrix": ["stable", "--alpha", "1", "--power-law", "2"],
    "both forms": [*HEAVY_BALL, "--alpha", "1", "--power-law", "2"],
    "unknown command": ["stabel"],
    "unknown option": [*HEAVY_BALL, "--batchsize", "3"],
    "negative tau1": [*HEAVY_BALL, *LAW, "--tau1", "-1"],
    "axis": ["phase-diagram", "sgd", "--x", "learning_rate", "--y", "batch_size=1:2:3", *LAW],
    "axis order": [
        *["phase-diagram", "heavy-ball", "--x", "learning_rate=2:1:3"],
        *["--y", "momentum=0:0.9:3", *LAW],
    ],
    "axis beyond floats": [
        *["phase-diagram", "heavy-ball", "--x", "learning_rate=0.1:1e400:3"],
        *["--y", "momentum=0:0.9:3", *LAW],
    ],
    "axis count": [
        *["phase-diagram", "heavy-ball", "--x", "learning_rate=0.1:1:²"],
        *["--y", "momentum=0:0.9:3", *LAW],
    ],
    "huge axis": [
        *["phase-diagram", "heavy-ball", "--x", f"learning_rate=0.1:1:{10**15}"],
        *["--y", "momentum=0:0.9:3", *LAW],
    ],
    "huge diagram": [
        *["phase-diagram", "heavy-ball", "--x", "learning_rate=0.1:1:4000"],
        *["--y", "momentum=0:0.9:4000", *LAW],
    ],
    "huge count": [*HEAVY_BALL, "--power-law", "1.5", "--count", str(10**20)],
    "huge rate": ["stable", "--algorithm", "sgd", "--set", "learning_rate=1e99999999", *LAW],
    "huge general memory": ["derive", "--memory", "6"],
    "same axis": [
        *["phase-diagram", "heavy-ball", "--x", "momentum=0:1:3", "--y", "momentum=0:1:3", *LAW]
    ],
    "device": [
        *["phase-diagram", "heavy-ball", "--x", "learning_rate=1:2:3"],
        *["--y", "momentum=0:0.9:3", *LAW, "--device", "gpu"],
    ],
    "picture format": [
        *["phase-diagram", "heavy-ball", "--x", "learning_rate=1:2:3"],
        *["--y", "momentum=0:0.9:3", *LAW, "-o", "x.gif"],
    ],
    "picture into no folder": ["plot", "losses", "sgd", *LAW, "--zeta", "1", "-o", "nowhere/x.png"],
    "table into no folder": ["simulate", "sgd", *LAW, "-o", "nowhere/x.csv"],
    "eigenvalues into no folder": ["spectrum", "--spectrum", "x.csv", "-o", "nowhere/x.csv"],
    "nothing to derive": ["derive"],
    "negative memory": ["derive", "--memory", "-1"],
    "pushed and fixed": [
        *["largest-learning-rate", "sgd", "--set", "learning_rate=1"],
        *["--parameter", "learning_rate", *LAW],
    ],
}


def helps(command: click.Command, *path: str) -> Iterator[str]:
    """Yield the help of a command and of those below it, in a terminal of the usual width."""
    arguments = [*path, "--help"]
    yield CliRunner().invoke(cli, arguments, terminal_width=80, prog_name="sgdmem").output
    for name, below in getattr(command, "commands", {}).items():
        yield from helps(below, *path, name)


def test_help_fits_into_a_terminal() -> None:
    shown = list(helps(cli))
    assert len(shown) > 15
    assert [line for text in shown for line in text.splitlines() if len(line) > 80] == []


def test_no_arguments_print_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys)
    assert code == 2
    assert out.count("\n") > 20


def test_help_imports_little() -> None:
    found = imported_by("--help")
    assert not found & {"numpy", "sympy", "numba", "matplotlib", "scipy", "xarray", "flint", "rich"}
    ours = {name.removeprefix("sgdmem.") for name in found if name.startswith("sgdmem.")}
    modules = ("main", "command_table", "process", "process.exits", "process.interrupts")
    of_cli = {"cli", *(f"cli.{name}" for name in modules)}
    assert ours == {"_version", *of_cli}


def test_every_command_is_in_the_table() -> None:
    assert list(cli.commands) == sorted(SHORT_HELP)
    written = {
        f"{name}_command"
        for path in Path(command_table.__file__).parent.glob("commands/*.py")
        for name in [path.stem]
        if f"\ndef {name}_command(" in path.read_text()
    }
    assert written == {f"{command.replace('-', '_')}_command" for command in SHORT_HELP}
    for name, command in cli.commands.items():
        assert command.name == name
        assert command.get_short_help_str() == SHORT_HELP[name]
    assert "stabel" not in cli.commands and cli.commands.get("stabel") is None


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("sgdmem derive hea", "heavy-ball"),
        ("sgdmem stable heavy-ball --set mo", "momentum="),
    ],
)
def test_the_shell_completes_names(words: str, expected: str) -> None:
    environment = {
        **os.environ,
        "_SGDMEM_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    command = [sys.executable, "-m", "sgdmem"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0 and done.stderr == ""
    assert expected in done.stdout


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_line_and_code_2(
    arguments: list[str],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("sgdmem: ")
