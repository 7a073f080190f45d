"""The command ``sgdmem stable``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sgdmem.numeric.judges.reason import Reason
from tests.cli.running import HEAVY_BALL, LAW, imported_by, run


def test_stable_in_words_and_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, *HEAVY_BALL, *LAW)
    assert code == 0
    assert out.startswith("stable: the mean loss tends to 0")
    code, out, _ = run(capsys, *HEAVY_BALL, *LAW, "--json")
    verdict = json.loads(out)
    assert verdict["stable"] is True
    assert verdict["reason"] == "stable"
    assert verdict["effective_learning_rate"] == 1.0


@pytest.mark.parametrize("more", [[], ["--certify"], ["--set", "momentum=0.1:0.9"]])
def test_json_keys_are_the_documented_ones(
    more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = run(capsys, *HEAVY_BALL[: -2 if "--set" in more else None], *more, *LAW, "--json")
    page = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()
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


def test_the_page_shows_what_is_printed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()
    monkeypatch.chdir(tmp_path)
    examples = [text for part in page.split("```text\n")[1:] for text in part.split("```")[:1]]
    said = ""
    for command in [x for text in examples for x in text.split("$ ")[1:]]:
        line, _, shown = command.partition("\n")
        if line.startswith("cat "):
            Path(line.split()[1]).write_text(shown)
            continue
        _, said, _ = run(capsys, *line.split()[1:])
        assert said == shown
    assert said and len(examples) >= 3


def test_every_reason_is_on_the_page() -> None:
    page = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()
    for reason in Reason:
        assert f"`{reason.value}`" in page
        assert reason.explanation


def test_a_numeric_verdict_imports_what_it_needs() -> None:
    heavy = {"sympy", "numba", "llvmlite", "matplotlib", "scipy", "xarray", "pandas", "dask"}
    others = {"mpmath", "rich", "numpy.ma", "multiprocessing", "click.shell_completion"}
    found = imported_by(*HEAVY_BALL, *LAW)
    assert not found & (heavy | others)
    rooms = ("sampled_noise", "certificates", "regions", "periodic", "compiled_maps")
    modules = (
        "problems.samples",
        "problems.noise_estimate",
        "spectra.files",
        "spectra.compression",
    )
    for place in (
        *(f"sgdmem.numeric.{name}" for name in (*rooms, "moments", "losses", *modules)),
        *("sgdmem.symbolic.tracing", "sgdmem.symbolic.files", "sgdmem.symbolic.zoo.past_gradients"),
        *(
            f"sgdmem.cli.{name}"
            for name in ("arguments.own_methods", "arguments.outputs", "commands.plot")
        ),
    ):
        assert [name for name in found if name.startswith(place)] == []


@pytest.mark.parametrize("command", ["stable", "largest-learning-rate"])
def test_an_eigenvalue_too_far_from_the_largest_is_named(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "apart.csv"
    path.write_text("1e308\n1\n1e-308\n")
    settings = ["--set", "learning_rate=0.1"] if command == "stable" else []
    code, out, err = run(capsys, command, "sgd", *settings, "--spectrum", str(path))
    assert (code, out) == (2, "")
    assert "eigenvalue 1e-308 (number 3), times" in err
    assert "too far from the largest one, 1e+308" in err and "sgdmem stable --certify" in err


@pytest.mark.parametrize(
    ("numbers", "said", "expected"),
    [
        (["--set", "learning_rate=0.1:0.3", "--batch-size", "8:64"], "all: stable for all of", 0),
        (["--set", "learning_rate=0.1:3", "--batch-size", "8"], "some: stable for some", 3),
        (["--set", "learning_rate=3", "--tau1", "1:2", "--batch-size", "8"], "none: not stable", 1),
    ],
)
def test_intervals(
    numbers: list[str], said: str, expected: int, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["stable", "sgd", "--power-law", "1.5", *numbers]
    code, out, _ = run(capsys, *command, "--exit-code")
    assert code == expected and out.startswith(said)
    code, out, _ = run(capsys, *command, "--json")
    assert json.loads(out)["extent"] == said.partition(":")[0]


def test_measured_eigenvalues(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "measured.csv"
    command = ["stable", "sgd", "--set", "learning_rate=1/2", "--batch-size", "8"]
    for text, said in (
        ("# with errors: 2 of them\n1:2\n1/3\n", "all"),
        ("eigenvalue,weight\n2:4.1,1\n1,1/2\n", "some"),
        ("5:6\n", "none"),
    ):
        path.write_text(text)
        code, out, _ = run(capsys, *command, "--spectrum", str(path), "--json", "--exit-code")
        found = json.loads(out)
        assert (found["extent"], code) == (said, {"all": 0, "some": 3, "none": 1}[said])
    assert found["intervals"] == {"eigenvalues": [[5], [6]]}
    for text, why in (
        ("4:3\n", "measured.csv: eigenvalues[0] must have its low end first"),
        ("-1:3\n", "measured.csv: eigenvalues[0] must lie in an interval of positive numbers"),
        ("1:2:3\n", "line 1: '1:2:3' is not a number"),
        ("1:nan\n", "measured.csv: an eigenvalue must be finite"),
        ("1/0\n", "line 1: '1/0' is not a number"),
    ):
        path.write_text(text)
        code, _, err = run(capsys, *command, "--spectrum", str(path))
        assert code == 2 and why in err
    path.write_text("1:2\n")
    for other, why in (
        (["largest-learning-rate", "sgd"], "`sgdmem stable` alone takes intervals"),
        ([*command, "--positive-part"], "no use with intervals"),
        ([*command, "--certify"], "about single values"),
    ):
        code, _, err = run(capsys, *other, "--spectrum", str(path))
        assert code == 2 and why in err


def test_intervals_that_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    for setting, why in (("0.1:", "expects a number, or an interval LOW:HIGH"), ("2:1", "low end")):
        code, _, err = run(capsys, "stable", "sgd", "--set", f"learning_rate={setting}", *LAW)
        assert code == 2 and why in err


def test_data_without_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import numpy as np

    np.save(tmp_path / "none.npy", np.empty((0, 3)))
    command = ["stable", "sgd", "--set", "learning_rate=1", "--batch-size", "1", "--data"]
    code, out, err = run(capsys, *command, str(tmp_path / "none.npy"))
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_data_at_a_batch_size_far_below_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import numpy as np

    np.save(tmp_path / "rows.npy", np.arange(8.0).reshape(4, 2))
    method = ["stable", "aggmo", "--set", "learning_rate=0.1", "--set", "momenta=0.5,0.9"]
    command = [*method, "--batch-size", "1e-16", "--data", str(tmp_path / "rows.npy")]
    code, out, _ = run(capsys, *command)
    assert code == 0 and out.startswith("NOT stable")
