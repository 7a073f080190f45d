"""The command that simulates, as a person uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from sgdmem.cli.commands.simulate import simulate_command
from tests.cli.running import imported_by

COMMAND = ["heavy-ball", "--set", "learning_rate=0.1", "--set", "momentum=0.5"]
LAW = ["--power-law", "1.5", "--count", "20", "--steps", "100", "--batch-size", "8"]


def test_the_command_prints_a_table(tmp_path: Path) -> None:
    file = tmp_path / "losses.csv"
    done = CliRunner().invoke(simulate_command, [*COMMAND, *LAW, "--zeta", "0.5", "-o", str(file)])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == "16 runs; the expected loss is exact"
    assert lines[1].split() == ["steps", "mean", "loss", "standard", "error", "expected", "z"]
    assert (lines[2].split()[0], lines[-1].split()[0]) == ("0", "100")
    mark, *rows = file.read_text().splitlines()
    assert (
        mark.startswith("# written by sgdmem") and rows[0] == "steps,mean,standard_error,expected,z"
    )
    assert len(rows) == len(lines) - 1


def test_the_command_prints_json() -> None:
    options = ["--zeta", "0.5", "--json", "--seeds", "400", "--points", "3"]
    found = json.loads(CliRunner().invoke(simulate_command, [*COMMAND, *LAW, *options]).output)
    assert found["steps"] == [0, 1, 10, 100]
    assert found["z"][0] is None
    assert max(map(abs, found["z"][1:])) < 4.5
    assert found["seeds"] == 400


def invoked(*arguments: str) -> str:
    done = CliRunner().invoke(simulate_command, arguments)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("noise", [["--tau2=-1"], ["--tau1", "1", "--tau2=-1.0"]])
def test_the_noise_of_gaussian_features_may_be_said(noise: list[str]) -> None:
    question = [*COMMAND, *LAW, "--zeta", "0.5", "--seeds", "2"]
    assert invoked(*question, *noise) == invoked(*question)
    assert "is approximate" in invoked(*question, "--tau2=-0.5")
    assert "is approximate" in invoked(*question, "--tau1=2")


def test_noise_of_the_labels(tmp_path: Path) -> None:
    question = [*COMMAND, *LAW, "--zeta", "0.5", "--seeds", "400", "--label-variance", "2"]
    assert "is exact" in invoked(*question)
    found = json.loads(invoked(*question, "--json"))
    assert max(map(abs, found["z"][1:])) < 4.5
    silent = json.loads(invoked(*question[:-1], "0", "--json"))
    assert found["expected"][-1] > 2 * silent["expected"][-1]
    data = ["--data", str(tmp_path / "X.npy"), "--batch-size", "8", "--label-variance", "2"]
    done = CliRunner().invoke(simulate_command, [*COMMAND, *data, "--fit-noise"])
    assert (done.exit_code, "give --labels" in done.output) == (2, True)


def test_the_help_says_where_the_noise_comes_from() -> None:
    shown = " ".join(invoked("--help").split())
    assert "[by the data: Gaussian -1]" in shown and "[0]" not in shown.split("--zeta")[0]


def test_runs_that_diverge() -> None:
    law = ["--power-law", "1.5", "--count", "20", "--zeta", "0.5", "--batch-size", "4"]
    lines = invoked("sgd", "--set", "learning_rate=3", *law, "--steps", "300").splitlines()
    assert lines[-1].startswith("the run diverges: z says nothing")
    assert max(map(len, lines)) < 80
    lines = invoked("sgd", "--set", "learning_rate=0.3", *law, "--steps", "30").splitlines()
    assert lines[-1].split()[0] == "30"


def test_an_infinite_law_needs_a_count() -> None:
    law = ["--power-law", "1.5", "--zeta", "0.5", "--batch-size", "32"]
    for count in ([], ["--count", "2000000"]):
        done = CliRunner().invoke(simulate_command, [*COMMAND, *law, *count])
        assert done.exit_code == 2
        assert "add --count N, up to 1,000,000" in done.output


def test_the_command_takes_data(tmp_path: Path) -> None:
    matrix, squares = tmp_path / "X.csv", tmp_path / "squares.txt"
    matrix.write_text("a,b\n1,1\n1,-1\n-1,1\n-1,-1\n2,0\n0,1\n")
    squares.write_text("1\n2\n")
    data = ["--data", str(matrix), "--target", str(squares), "--batch-size", "8"]
    done = CliRunner().invoke(simulate_command, [*COMMAND, *data, "--steps", "10"])
    assert done.exit_code == 0, done.output
    assert "the expected loss is exact" in done.output
    done = CliRunner().invoke(simulate_command, [*COMMAND, *data, "--steps", "10", "--fit-noise"])
    assert "the expected loss is approximate" in done.output
    done = CliRunner().invoke(simulate_command, [*COMMAND, *data[:2], "--zeta", "1", *data[4:]])
    assert "--zeta belongs to --power-law: give --target FILE" in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give one of --zeta Z and --target FILE, or --labels"),
        (["--zeta", "1", "--coupling", "x.npy"], "--coupling cannot be simulated"),
        (["--zeta", "1", "-o", "losses.png"], "-o must end in .csv"),
        (["--zeta", "1", "--set", "nu=1"], "unknown parameter 'nu'"),
        (["--zeta", "-1"], "--zeta must be positive"),
    ],
)
def test_the_command_explains(arguments: list[str], message: str) -> None:
    done = CliRunner().invoke(simulate_command, [*COMMAND, *LAW, *arguments])
    assert done.exit_code != 0
    assert message in f"{done.output} {done.exception}"


def test_what_it_imports() -> None:
    """Neither the exact losses nor the runs beside them need what takes half a second to import."""
    found = imported_by("simulate", *COMMAND, *LAW, "--zeta", "0.5")
    assert not found & {"numba", "sympy", "scipy.special", "matplotlib", "xarray"}
