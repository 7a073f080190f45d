"""The command line, as a person uses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from sgdmem.cli.main import cli, main
from sgdmem.numeric.compilation import cuda
from sgdmem.numeric.judges.reason import Reason

HEAVY_BALL = [
    *["stable", "--algorithm", "heavy-ball", "--set", "learning_rate=0.1"],
    *["--set", "momentum=0.9"],
]
LAW = ["--power-law", "1.5", "--batch-size", "32"]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    captured = capsys.readouterr()
    assert isinstance(stopped.value.code, int)
    return stopped.value.code, captured.out, captured.err


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


def test_stable_in_words_and_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, *HEAVY_BALL, *LAW)
    assert code == 0
    assert out.startswith("stable: the mean loss tends to 0")
    code, out, _ = run(capsys, *HEAVY_BALL, *LAW, "--json")
    verdict = json.loads(out)
    assert verdict["stable"] is True
    assert verdict["reason"] == "stable"
    assert verdict["effective_learning_rate"] == 1.0


def test_json_keys_are_the_documented_ones(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, *HEAVY_BALL, *LAW, "--json")
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    for key in json.loads(out):
        assert f"`{key}`" in page


def test_rates(capsys: pytest.CaptureFixture[str]) -> None:
    problem = (*HEAVY_BALL, "--power-law", "1.5", "--count", "4", "--batch-size", "8")
    code, found, _ = run(capsys, *problem, "--rate")
    assert code == 0 and "a tenth in" in found.splitlines()[-1]
    rate = json.loads(run(capsys, *problem, "--rate", "--json")[1])["rate"]
    assert rate["noiseless"] ** 2 < rate["mean_square"] < 1


def test_matrix_form_is_the_named_one(capsys: pytest.CaptureFixture[str]) -> None:
    matrix = ["stable", "--alpha", "0.1", "--beta", "0.9", "--gamma", "-0.1", "--delta", "0.9"]
    first, second = (json.loads(run(capsys, *x, *LAW, "--json")[1]) for x in (matrix, HEAVY_BALL))
    assert first.pop("problem") != second.pop("problem")  # the name of the algorithm
    assert first == second


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--power-law", "1.5", "--batch-size", "32"], 0),
        (["--power-law", "0.8", "--batch-size", "32"], 1),
        (["--power-law", "1.5", "--scale", "38"], 1),
        (["--power-law", "1.5", "--scale", "37.99999999999999"], 3),
    ],
)
def test_exit_codes(arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    # At eigenvalue 38 = 2 (1 + 0.9) / 0.1 the decisive pivot is exactly zero.
    found, _, _ = run(capsys, *HEAVY_BALL, *arguments, "--exit-code")
    assert found == code


def test_infinite_values_are_null(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, *HEAVY_BALL, "--power-law", "0.8", "--batch-size", "2", "--json")
    verdict = json.loads(out)
    assert verdict["noise_sum"] is None
    assert verdict["reason"] == "trace_diverges"


def test_the_page_shows_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    command, _, shown = page.partition("$ sgdmem ")[2].partition("\n")
    _, out, _ = run(capsys, *command.split())
    assert out == shown.partition("```")[0]


def test_every_reason_is_on_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    for reason in Reason:
        assert f"`{reason.value}`" in page
        assert reason.explanation


def test_the_spectrum_of_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rng: np.random.Generator
) -> None:
    features, eigenvalues = tmp_path / "X.npy", tmp_path / "eigenvalues.csv"
    np.save(features, rng.normal(size=(500, 4)) * [4, 2, 1, 0.5])
    _, out, _ = run(capsys, "spectrum", "--data", str(features), "-o", str(eigenvalues))
    assert "tau1 = " in out
    assert "power law" in out
    described = json.loads(run(capsys, "spectrum", "--data", str(features), "--json")[1])
    assert described["noise"]["samples"] == 500
    bare = json.loads(run(capsys, "spectrum", "--spectrum", str(eigenvalues), "--json")[1])
    assert bare["noise"] is None
    assert bare["trace"] == described["trace"]
    two = tmp_path / "two.csv"
    two.write_text("2\n1\n")
    assert "power law" not in run(capsys, "spectrum", "--spectrum", str(two))[1]  # too few


def test_data_in_place_of_a_spectrum(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rng: np.random.Generator
) -> None:
    features = tmp_path / "X.npy"
    np.save(features, rng.normal(size=(500, 4)))
    given = ["--data", str(features), "--batch-size", "8"]
    said = json.loads(run(capsys, *HEAVY_BALL, *given, "--json")[1])
    assert (said["estimated"], said["problem"]["samples"]) == (False, 500)
    assert "500 samples" in run(capsys, *HEAVY_BALL, *given)[1]
    labels = tmp_path / "y.npy"
    np.save(labels, rng.normal(size=500))
    said = json.loads(run(capsys, *HEAVY_BALL, *given, "--labels", str(labels), "--json")[1])
    assert said["loss_floor"] > 0
    drawn = run(capsys, *HEAVY_BALL, *given, "--without-replacement")[1]
    assert "without replacement" in drawn
    said = json.loads(run(capsys, *HEAVY_BALL, *given, "--keep-last", "--json")[1])
    assert said["problem"]["epoch"] == {"size": 8, "last": 4, "steps": 63}
    assert run(capsys, *HEAVY_BALL, *given, "--shuffle")[1].startswith("estimated stable: ")
    pushed = "largest-learning-rate", "sgd", *given, "--shuffle"
    assert run(capsys, *pushed)[1].startswith("estimated largest stable learning_rate: ")
    assert json.loads(run(capsys, *pushed, "--json")[1])["estimated"] is True
    code, _, err = run(capsys, *HEAVY_BALL, *given, "--shuffle", "--without-replacement")
    assert (code, "--without-replacement and --shuffle exclude each other" in err) == (2, True)
    said = json.loads(run(capsys, *HEAVY_BALL, *given, "--fit-noise", "--json")[1])
    assert said["estimated"] is True
    assert said["problem"]["tau2"] < -0.5
    assert said["problem"]["estimate"]["tau2_error"] > 0
    fitted = run(capsys, *HEAVY_BALL, *given, "--fit-noise")[1]
    assert fitted.startswith("estimated stable: ")
    code, _, err = run(capsys, *HEAVY_BALL, *given, "--tau1", "1/3")
    assert (code, "give both" in err) == (2, True)
    code, _, err = run(capsys, *HEAVY_BALL, *given, "--tau1", "1", "--tau2", "0", "--fit-noise")
    assert (code, "--fit-noise and --tau1 exclude each other" in err) == (2, True)
    code, _, err = run(capsys, *HEAVY_BALL, "--power-law", "2", "--fit-noise")
    assert (code, "--fit-noise belongs to --data" in err) == (2, True)
    given += ["--tau1", "1/3", "--tau2", "-1"]
    said = json.loads(run(capsys, *HEAVY_BALL, *given, "--json")[1])
    assert (said["estimated"], said["problem"]["tau1"]) == (False, 1 / 3)
    command = ["largest-learning-rate", "heavy-ball", "--set", "momentum=0.9", *given]
    assert "tau1 = 0.333333" in run(capsys, *command)[1]
    assert json.loads(run(capsys, *command, "--json")[1])["tau1"] == 1 / 3


def test_the_rows_that_limit_the_rate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """99 rows of length 1 and one of length 5: the rate is 2/25 with it, and 2 without."""
    features = tmp_path / "X.npy"
    np.save(features, [[1.0, 0.0]] * 99 + [[0.0, 5.0]])
    given = ["--data", str(features), "--batch-size", "1"]
    judged = ["stable", "sgd", "--set", "learning_rate=0.05", *given]
    said = run(capsys, *judged, "--without-heaviest", "1")[1]
    assert "  99 (100%), … of 100, counted from 0; as if 1 had equal shares\n" in said
    assert "without the 1 rows" not in said
    assert "without the row that limits it most the learning rate may be multiplied by" in said
    assert said.endswith("up to 40\n")
    found = json.loads(run(capsys, *judged, "--without-heaviest", "1", "--json")[1])
    assert found["critical_scale_without_heaviest"] == pytest.approx(40)
    assert found["limiting_rows"]["indices"][0] == 99
    assert found["limiting_rows"]["effective"] == pytest.approx(1)
    assert len(found["limiting_rows"]["shares"]) == 20
    full = json.loads(run(capsys, *judged[:-1], "inf", "--json")[1])
    assert full["limiting_rows"] is None
    pushed = ["largest-learning-rate", "sgd", *given]
    assert "limiting rows: 99 (100%), " in run(capsys, *pushed)[1]
    said = run(capsys, *pushed, "--without-heaviest", "1")[1]
    assert said.endswith("without the row that limits it most: learning_rate below 2\n")
    found = json.loads(run(capsys, *pushed, "--without-heaviest", "1", "--json")[1])
    assert found["largest_without_heaviest"] == pytest.approx(2)
    assert found["limiting_rows"]["indices"][0] == 99
    code, _, err = run(capsys, "largest-learning-rate", "sgd", *LAW, "--without-heaviest", "1")
    assert (code, "--without-heaviest needs --data with noise" in err) == (2, True)
    code, _, err = run(capsys, *judged, "--without-heaviest", "100")
    assert (code, "--without-heaviest: count must be an integer from 0 to 99" in err) == (2, True)
    code, _, err = run(capsys, *HEAVY_BALL, *LAW, "--without-heaviest", "1")
    assert (code, "--without-heaviest belongs to --data" in err) == (2, True)
    assert ", by the fit alone\n" in run(capsys, *judged, "--fit-noise")[1]
    assert "by the fit" not in run(capsys, *judged)[1]


def test_rows_that_are_drawn_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rng: np.random.Generator
) -> None:
    jacobians = rng.normal(size=(30, 2, 3))
    np.save(tmp_path / "J.npy", jacobians)
    np.savetxt(tmp_path / "rows.csv", jacobians.reshape(60, 3), delimiter=",", fmt="%.17g")
    size = ["--batch-size", "8"]
    expected = run(capsys, *HEAVY_BALL, "--data", str(tmp_path / "J.npy"), *size)[1]
    given = [*HEAVY_BALL, "--data", str(tmp_path / "rows.csv"), *size, "--outputs", "2"]
    assert run(capsys, *given)[1] == expected
    assert "30 samples" in expected and "limiting samples" in expected
    code, _, err = run(capsys, *given, "--fit-noise")
    assert (code, "one output, not --outputs" in err) == (2, True)
    code, _, err = run(capsys, *HEAVY_BALL, *LAW, "--outputs", "2")
    assert (code, "--outputs belongs to --data" in err) == (2, True)


def test_labels_that_are_a_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rng: np.random.Generator
) -> None:
    rows, y = rng.normal(size=(20, 2)) * [1, 1000], rng.normal(size=20)
    whole = tmp_path / "whole.csv"
    lines = [
        f"{k},{a!r},{b!r},{label!r}"
        for k, (a, b), label in zip(range(20), rows.tolist(), y.tolist(), strict=True)
    ]
    whole.write_text("\n".join([",first one,b,label", *lines]))
    np.save(tmp_path / "X.npy", rows)
    np.save(tmp_path / "y.npy", y)
    asked = ["stable", "sgd", "--set", "learning_rate=1e-7", "--batch-size", "4", "--json"]
    apart = ["--data", str(tmp_path / "X.npy"), "--labels", str(tmp_path / "y.npy")]
    _, expected, said = run(capsys, *asked, *apart)
    given = [*asked, "--data", str(whole), "--drop-column", "0", "--target-column", "label"]
    code, found, err = run(capsys, *given)
    assert (code, found) == (0, expected)
    assert err.startswith("note: scales differ by a factor of ") and "first one" in err
    assert len(said.splitlines()) == 1 and "column 1, column 0" in said
    err = run(capsys, *asked, "--data", str(whole))[2]
    assert err.startswith("note: column 0 numbers the rows: --drop-column 0; scales differ")
    code, _, err = run(capsys, *given, "--labels", str(tmp_path / "y.npy"))
    assert (code, "--labels and --target-column exclude each other" in err) == (2, True)
    code, _, err = run(capsys, *HEAVY_BALL, *LAW, "--target-column", "1")
    assert (code, "--target-column belongs to --data" in err) == (2, True)
    losses = ["simulate", "sgd", "--set", "learning_rate=1e-7", "--steps", "3"]
    assert run(capsys, *losses, *given[-6:], "--batch-size", "4")[0] == 0
    said = run(capsys, "spectrum", "--data", str(whole), "--drop-column", "0")[1]
    assert "ranks 1 to 3" in said  # two columns and the labels
    bare = run(capsys, *asked[:-1], "--data", str(tmp_path / "X.npy"))[1]
    assert bare.startswith("stable: the mean loss tends to 0 from every start if some w fits the")


def test_noise_by_mode(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    eigenvalues, coupling = tmp_path / "eigenvalues.csv", tmp_path / "T.csv"
    eigenvalues.write_text("2\n1\n")
    coupling.write_text("1,0.5\n0.5,1\n")
    given = ["--spectrum", str(eigenvalues), "--batch-size", "8", "--tau2", "-1,0.5", "--json"]
    plain = json.loads(run(capsys, *HEAVY_BALL, *given)[1])
    coupled = json.loads(run(capsys, *HEAVY_BALL, *given, "--coupling", str(coupling))[1])
    assert plain["problem"]["tau2"] == coupled["problem"]["tau2"] == [-1, 0.5]
    assert coupled["noise_sum"] < plain["noise_sum"]


def test_nothing_is_stable_for_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["largest-learning-rate", "sgd", "--batch-size", "4"]
    assert "infinite sum" in run(capsys, *command, "--power-law", "0.8")[1]
    _, out, _ = run(
        capsys,
        *["largest-learning-rate", "heavy-ball", "--set", "learning_rate=0.1", *LAW],
        *["--parameter", "momentum", "--search", "0:0.5"],
    )
    assert "(where the search ended)" in out


def test_no_arguments_print_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys)
    assert code == 2
    assert out.count("\n") > 20


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
    code = "from sgdmem.cli.main import cli; cli(prog_name='sgdmem')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert expected in done.stdout


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
    "nothing to derive": ["derive"],
    "negative memory": ["derive", "--memory", "-1"],
    "pushed and fixed": [
        *["largest-learning-rate", "sgd", "--set", "learning_rate=1"],
        *["--parameter", "learning_rate", *LAW],
    ],
}


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


def test_a_single_column_is_not_a_data_matrix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "eigenvalues.csv"
    path.write_text("2\n1\n")
    code, _, err = run(capsys, *HEAVY_BALL, "--data", str(path))
    assert code == 2
    assert "given with --spectrum" in err


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


def test_largest_learning_rate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rng: np.random.Generator
) -> None:
    command = ["largest-learning-rate", "heavy-ball", "--set", "momentum=0.9"]
    _, out, _ = run(capsys, *command, "--power-law", "2", "--json")
    assert json.loads(out)["largest"] == pytest.approx(3.8, rel=1e-12)
    features = tmp_path / "features.npy"
    np.save(features, rng.normal(size=(200, 5)))
    given = ["--data", str(features), "--batch-size", "8"]
    assert "tau2 = -0.83" in run(capsys, *command, *given, "--fit-noise")[1]
    assert "200 samples" in run(capsys, *command, *given)[1]


def test_derive_and_algorithms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "derive", "heavy-ball")
    assert code == 0
    assert "\n  learning_rate/(1 - momentum)\n" in out
    assert "\n  2*(1 + momentum) - lambda*learning_rate\n" in out
    target = tmp_path / "two.txt"
    code, _, _ = run(capsys, "derive", "--memory", "2", "-o", str(target))
    assert code == 0
    assert "D_11" in target.read_text()
    _, out, _ = run(capsys, "algorithms")
    assert "torch-sgd(learning_rate, momentum=0, dampening=0, nesterov=False)" in out
    assert "J. Ma and D. Yarats, arXiv 1810.06801 (2018)" in out


def test_phase_diagram_writes_picture_and_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import xarray

    picture = tmp_path / "map.svg"
    code, out, _ = run(
        capsys,
        *["phase-diagram", "heavy-ball", "--x", "learning_rate=0.01:4:8:log"],
        *["--y", "momentum=0:0.99:5", "--power-law", "1.5", "--batch-size", "4"],
        *["-o", str(picture)],
    )
    assert code == 0
    assert "points are stable" in out
    assert picture.read_text().startswith("<?xml")
    with xarray.open_dataset(tmp_path / "map.nc", engine="scipy") as data:
        assert data.stable.dims == ("momentum", "learning_rate")
        assert set(np.unique(data.stable)) == {0, 1}
        assert data.attrs["batch_size"] == "4"


def test_phase_diagram_on_another_device(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuda, "is_available", lambda: False)
    command = [
        *["phase-diagram", "heavy-ball", "--x", "learning_rate=0.01:4:8"],
        *["--y", "momentum=0:0.99:5", *LAW, "-o", str(tmp_path / "map.svg"), "--device"],
    ]
    code, out, err = run(capsys, *command, "cuda")
    assert (code, out) == (2, "")
    assert err.startswith("sgdmem: device 'cuda': Numba finds no GPU")
    assert not list(tmp_path.iterdir())
    assert run(capsys, *command, "auto")[1] == run(capsys, *command, "cpu")[1]


def test_help_and_version_start_fast_and_import_little() -> None:
    code = (
        "import sys\n"
        "from sgdmem.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'sympy', 'numba', 'matplotlib', 'scipy', 'xarray', 'flint', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_numeric_verdict_needs_neither_sympy_nor_numba_nor_matplotlib() -> None:
    code = (
        "import sys\n"
        "from sgdmem.cli.main import main\n"
        f"try: main({[*HEAVY_BALL, *LAW]})\n"
        "except SystemExit: pass\n"
        "heavy = {'sympy', 'numba', 'matplotlib', 'scipy', 'xarray', 'mpmath', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


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


# Methods of one's own -----------------------------------------------------------------------------

OWN = """
import sgdmem

@sgdmem.method
def nag(w, v, gradient, *, learning_rate, momentum):
    v = momentum * v - learning_rate * gradient(w + momentum * v)
    return w + v, v

def plain(learning_rate, momentum):
    return sgdmem.Algorithm(learning_rate * (1 - momentum), b=1 - momentum, c=-1, D=momentum)
"""
NUMBERS = ["--set", "learning_rate=0.1", "--set", "momentum=0.9"]


@pytest.fixture
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "own_methods_here.py").write_text(OWN)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    yield "own_methods_here.py"
    sys.modules.pop("own_methods_here", None)


def test_a_method_of_a_file(own_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "stable", f"{own_file}:nag", *NUMBERS, *LAW)
    assert code == 0 and "nag(learning_rate=0.1, momentum=0.9)" in out
    _, known, _ = run(capsys, "stable", "nesterov", *NUMBERS, *LAW)
    assert out == known.replace("nesterov(", "nag(")
    code, out, _ = run(capsys, "stable", "own_methods_here:plain", *NUMBERS, *LAW)
    assert code == 0 and out.startswith("stable")
    code, out, _ = run(capsys, "derive", f"{own_file}:nag", "--set", "momentum=9/10")
    assert code == 0 and "learning_rate" in out
    axes = ["--x", "learning_rate=0.1:3:12", "--y", "momentum=0:0.9:12"]
    code, out, err = run(capsys, "phase-diagram", f"{own_file}:nag", *axes, *LAW)
    assert (code, err) == (0, "") and Path("nag.nc").exists()
    code, out, _ = run(
        capsys, "plot", "losses", f"{own_file}:nag", "sgd", *NUMBERS, *LAW, "--zeta", "0.5",
        "--steps", "5",
    )  # fmt: skip
    assert code == 0 and Path("losses.png").exists()
    code, out, _ = run(capsys, "explore", f"{own_file}:nag")
    assert code == 0 and "1 method" in out


def test_a_map_that_is_slow_says_why(
    own_file: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with (tmp_path / own_file).open("a") as file:
        file.write(
            "\ndef jumping(learning_rate, momentum):\n"
            "    return nag(learning_rate=min(learning_rate, 1), momentum=momentum)\n"
        )
    axes = ["--x", "learning_rate=0.1:3:10", "--y", "momentum=0:0.9:10"]
    code, _, err = run(capsys, "phase-diagram", f"{own_file}:jumping", *axes, *LAW)
    assert code == 0
    assert err.startswith("note: jumping is judged point by point") and err.count("\n") == 1


@pytest.mark.parametrize(
    ("code", "name", "message"),
    [
        ("x = 1\ndef f(:\n", "f", "wrong.py, line 2: invalid syntax"),
        ("x = 1\ny = z\n", "f", "wrong.py, line 2: NameError: name 'z' is not defined"),
        ("import sgdmem\nx = 1\n", "f", "wrong.py has no function called 'f'"),
        ("f = 3\n", "f", "wrong.py has something, but no function, called 'f'"),
        ("def f(w, gradient, *, a):\n    pass\n", "f", "write @sgdmem.method above it"),
        (
            "import sgdmem\n@sgdmem.method\ndef f(w, gradient, *, a):\n    return w + 1\n", "f",
            "wrong.py: f, line 4: the number 1 is added to a vector",
        ),
    ],
)  # fmt: skip
def test_wrong_files_are_one_line(
    code: str,
    name: str,
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "wrong.py").write_text(code)
    status, out, err = run(capsys, "stable", f"{tmp_path}/wrong.py:{name}", *LAW)
    sys.modules.pop("wrong", None)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.py:f", "there is no file nowhere.py"),
        ("nowhere.py", "there is no file nowhere.py"),
        ("nowhere_at_all:f", "No module named 'nowhere_at_all'"),
        ("a b:c", "a b is neither a file that ends in .py nor a module"),
    ],
)
def test_there_is_no_such_place(
    name: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "derive", name)
    assert code == 2 and message in err and err.count("\n") == 1


def test_translations(own_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "translate", "nesterov", "--to", "qhm")
    assert code == 0
    assert out.splitlines() == [
        "nesterov is qhm with",
        "  learning_rate = learning_rate/(1 - momentum)",
        "  momentum      = momentum",
        "  nu            = momentum",
    ]
    _, out, _ = run(capsys, "translate", f"{own_file}:nag", "--set", "momentum=0.5", "--json")
    assert json.loads(out)["family"] == "nesterov"
    assert json.loads(out)["parameters"]["momentum"] == "1/2"
    for arguments, message in (
        (["nesterov", "--to", "heavy-ball"], "no heavy-ball has the recurrence"),
        (["ademamix"], "ademamix is none of sgd"),
        (["sgd", "--fix", "momentum=0"], "--fix belongs to --to"),
    ):
        code, _, err = run(capsys, "translate", *arguments)
        assert code == 2 and message in err
