"""How data are given on the command line, and what is said of their rows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.running import HEAVY_BALL, LAW, run


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


def test_a_single_column_is_not_a_data_matrix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "eigenvalues.csv"
    path.write_text("2\n1\n")
    code, _, err = run(capsys, *HEAVY_BALL, "--data", str(path))
    assert code == 2
    assert "given with --spectrum" in err


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
