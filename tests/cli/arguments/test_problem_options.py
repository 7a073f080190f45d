"""How a spectrum and its noise are given on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.running import HEAVY_BALL, run


@pytest.mark.parametrize(
    "content",
    ["", "1\n-1\n", "1\nnan\n", "1\n0\n", "a,b\nc,d\n", "1,2,3\n4,5,6\n", "0,5\n0,25\n", "x" * 999],
)
def test_bad_files_are_one_line_and_code_2(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "spectrum.csv"
    path.write_text(content)
    code, _, err = run(capsys, *HEAVY_BALL, "--spectrum", str(path))
    assert code == 2
    assert err.count("\n") == 1
    assert "spectrum.csv" in err


def test_the_positive_part_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "spectrum.tsv"
    path.write_text("eigenvalue\tweight\n2\t1\n-0.5\t3\n1\t1\n0.5\t1\n")
    given = ["--spectrum", str(path)]
    for command in (HEAVY_BALL, ["spectrum"]):
        code, _, err = run(capsys, *command, *given)
        assert (code, "negative curvature" in err) == (2, True)
        assert "1 more left out, 3 modes" in run(capsys, *command, *given, "--positive-part")[1]
    for other in (["--power-law", "2"], ["--data", str(path)]):
        code, _, err = run(capsys, *HEAVY_BALL, *other, "--positive-part")
        assert (code, "--positive-part belongs to --spectrum" in err) == (2, True)


@pytest.mark.parametrize("option", ["--power-law", "--zeta"])
def test_options_are_called_as_they_are_given(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    law = [] if option == "--power-law" else ["--power-law", "1.5", "--count", "9"]
    command = ["simulate", "heavy-ball", *HEAVY_BALL[3:], *law, "--batch-size", "8", "--steps", "3"]
    zeta = ["--zeta", "1"] if option == "--power-law" else []
    code, _, err = run(capsys, *command, *zeta, option, "x")
    assert (code, f"{option} must be a number" in err) == (2, True)


def test_noise_by_mode(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    eigenvalues, coupling = tmp_path / "eigenvalues.csv", tmp_path / "T.csv"
    eigenvalues.write_text("2\n1\n")
    coupling.write_text("1,0.5\n0.5,1\n")
    given = ["--spectrum", str(eigenvalues), "--batch-size", "8", "--tau2", "-1,0.5", "--json"]
    plain = json.loads(run(capsys, *HEAVY_BALL, *given)[1])
    coupled = json.loads(run(capsys, *HEAVY_BALL, *given, "--coupling", str(coupling))[1])
    assert plain["problem"]["tau2"] == coupled["problem"]["tau2"] == [-1, 0.5]
    assert coupled["noise_sum"] < plain["noise_sum"]


def test_noise_of_the_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rng: np.random.Generator
) -> None:
    given = ["--power-law", "2", "--batch-size", "8", "--label-variance", "0.1"]
    said = json.loads(run(capsys, *HEAVY_BALL, *given, "--json")[1])
    assert said["problem"]["label_variance"] == 0.1
    assert said["loss_floor"] > 0
    shown = run(capsys, *HEAVY_BALL, *given)[1]
    assert f"comes to rest at {said['loss_floor']:.6g} above the least one, 0.05," in shown
    features = tmp_path / "X.npy"
    np.save(features, rng.normal(size=(500, 4)))
    given = ["--data", str(features), "--batch-size", "8", "--label-variance", "0.1"]
    code, _, err = run(capsys, *HEAVY_BALL, *given)
    assert (code, "give --fit-noise with --data" in err) == (2, True)
    said = json.loads(run(capsys, *HEAVY_BALL, *given, "--fit-noise", "--json")[1])
    assert (said["estimated"], said["problem"]["label_variance"]) == (True, 0.1)
    code, _, err = run(capsys, *HEAVY_BALL, "--power-law", "2", "--label-variance", "-1")
    assert (code, "label_variance must be >= 0" in err) == (2, True)


def test_weight_decay(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    given = ["--power-law", "0.8", "--batch-size", "32", "--weight-decay", "0.01"]
    said = json.loads(run(capsys, *HEAVY_BALL, *given, "--json")[1])
    assert (said["stable"], said["problem"]["weight_decay"]) == (True, 0.01)
    assert "weight decay 0.01" in run(capsys, *HEAVY_BALL, *given)[1]
    rate = ["largest-learning-rate", "sgd", "--power-law", "2", "--weight-decay", "1", "--json"]
    assert json.loads(run(capsys, *rate)[1])["largest"] == pytest.approx(1, rel=1e-12)
    rng = np.random.default_rng(0)
    rows, labels = tmp_path / "X.npy", tmp_path / "y.npy"
    np.save(rows, rng.normal(size=(50, 2)))
    np.save(labels, rng.normal(size=50))
    data = ["--data", str(rows), "--labels", str(labels), "--batch-size", "4"]
    floors = [
        json.loads(run(capsys, *HEAVY_BALL, *data, *more, "--json")[1])["loss_floor"]
        for more in ([], ["--weight-decay", "0.5"])
    ]
    assert floors[1] < floors[0]
    for command, said_so in (
        (["explore", "--weight-decay", "1", "-o", str(tmp_path / "x.html")], "weight_decay"),
        (["plot", "diagram", "regimes", "--weight-decay", "1"], "--weight-decay"),
        (["plot", "root-locus", "sgd", "--power-law", "2", "--weight-decay", "1"], "has no use"),
        ([*HEAVY_BALL, "--power-law", "2", "--weight-decay", "-1"], "weight_decay must be"),
    ):
        code, _, err = run(capsys, *command)
        assert code == 2
        assert said_so in err


@pytest.mark.parametrize(
    "option", ["--spectrum", "--data", "--labels", "--coupling", "--output", "PROOF", "FILE"]
)
def test_the_name_of_a_file_is_not_empty(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = {"PROOF": ["check", ""], "FILE": ["draw", ""]}.get(option)
    code, out, err = run(capsys, *(arguments or [*HEAVY_BALL, option, ""]))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert option in err and "the name of a file is empty" in err


@pytest.mark.parametrize("options", [["--tau1", "x"], ["--count", "3"], ["--labels", "no.csv"]])
def test_options_of_a_problem_that_is_not_given(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "derive", "sgd", *options)
    assert (code, out) == (2, "")
    assert f"{options[0]} is of a problem" in err


def test_numbers_beyond_what_is_made(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    simulated = ["simulate", "sgd", "--set", "learning_rate=0.1", "--power-law", "1.5"]
    simulated += ["--count", "5", "--zeta", "1", "--batch-size", "4"]
    for option in (["--steps", "9" * 20], ["--steps", "5", "--points", "9" * 20]):
        code, out, err = run(capsys, *simulated, *option)
        assert (code, out) == (2, "") and "must be an integer from 1 to" in err
    np.save(tmp_path / "huge.npy", np.full((4, 2), 1e308))
    code, _, err = run(capsys, *HEAVY_BALL, "--data", str(tmp_path / "huge.npy"))
    assert code == 2 and "must have eigenvalues within the range of floats" in err


@pytest.mark.slow
def test_pictures_at_the_ends_of_the_range_of_floats(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    start = ["sgd", "--set", "learning_rate=0.1", "--count", "5", "--batch-size", "4"]
    losses = ["plot", "losses", *start, "--steps", "5", "--power-law", "1.5", "--zeta"]
    for command in (
        [*losses, "1", "--tau1", "1e-308"],
        ["plot", "noise-summand", *start, "--power-law", "1e-308"],
        ["boundary", "sgd", "--x", "learning_rate=0.1:2", "--y", "batch_size=1:9", "--count", "5",
         "--power-law", "1.5", "--scale", "1e308", "--resolution", "8"],
    ):  # fmt: skip
        code, _, err = run(capsys, *command)
        assert (code, err) == (0, ""), command
    code, _, err = run(
        capsys, "boundary", "two-rate", "--x", "velocity_rate=0.1:1", "--y", "batch_size=1:9",
        "--set", "gradient_rate=0.1", "--set", "momentum=1e320", "--power-law", "2", "-o", "b.png",
    )  # fmt: skip
    assert code == 2 and "numbers of a method must stay within the range of floats" in err
    code, _, err = run(capsys, *losses, "1e308")
    assert code == 2 and "exponent must be at most 1,000,000" in err
