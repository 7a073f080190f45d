"""`sgdmem stable --certify` and `sgdmem check`."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sgdmem.proofs import Proof
from tests.cli.running import HEAVY_BALL, LAW, run

SGD = ["stable", "sgd", "--set", "learning_rate=1/2"]


def test_a_proof_is_written_and_checked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = str(tmp_path / "proof.json")
    code, said, _ = run(capsys, *HEAVY_BALL, *LAW, "--certify", "-o", path)
    assert code == 0
    first, *question, file = said.splitlines()
    assert first.startswith(
        "proved stable: every mode is strictly Schur, and the noise sum, at most"
    )
    assert "k^-1.5; batch size 32" in question[-1]
    assert f"`sgdmem check {path}`" in file
    code, said, _ = run(capsys, "check", path)
    assert code == 0
    assert said.splitlines() == [
        first,
        *question,
    ]
    assert question == [
        "  heavy ball: alpha = 0.1, b = [0.9], c = [-0.1], D = [[0.9]], a = [0]",
        "  infinitely many eigenvalues k^-1.5; batch size 32, tau1 = 1, tau2 = 0",
    ]
    text = Path(path).read_text()
    assert '"made": "written by sgdmem' in text
    code, said, _ = run(capsys, "check", "--verbose", path)
    assert code == 0
    assert said.strip() == Proof.load(path).text
    code, said, _ = run(capsys, "check", "--json", path)
    assert (code, json.loads(said)) == (0, Proof.load(path).to_dict())
    assert run(capsys, "check", "--json", "--timeout", "9.5", path)[:2] == (0, said)
    for time in ("0", "nan", "-1", "2e6", "soon"):
        code, _, error = run(capsys, "check", "--timeout", time, path)
        assert code == 2 and f"positive number of seconds, at most 1,000,000, got '{time}'" in error


@pytest.mark.parametrize(
    ("batch_size", "code", "word"),
    [
        ("1/3", 1, "exactly on the boundary of stability:"),
        ("0.34", 0, "stable"),
        ("0.33", 1, "not stable"),
    ],
)
def test_exit_codes(
    batch_size: str, code: int, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.csv").write_text("1\n")
    asked = [*SGD, "--spectrum", str(tmp_path / "one.csv"), "--batch-size", batch_size]
    found, said, _ = run(capsys, *asked, "--certify")
    assert (found, word in said.splitlines()[0]) == (code, True)
    found, said, _ = run(capsys, *asked, "--certify", "--json")
    assert found == code
    assert json.loads(said)["stable"] is (code == 0)


def asked(text: str, capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """Return what a proof is about: a question is exactly what was typed."""
    path = Path(text)
    code, _, error = run(capsys, *SGD, "--batch-size", "4", *arguments, "--certify", "-o", text)
    assert code in (0, 1), error
    return Proof.load(path).record


def test_decimals_of_the_command_line_and_of_files_stand_for_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("eigenvalues.csv").write_text("eigenvalue,weight\n0.1,0.3\n1/3,2/7\n")
    Path("rows.csv").write_text("a,b,y\n0.1,0.2,9\n0.30000000000000000001,1e-2,9\n")
    Path("T.txt").write_text("0.1 0.2\n0.7 1\n")
    law = asked("p.json", capsys, "--power-law", "1.7", "--scale", "0.3", "--tau2", "0.1")
    assert law["problem"]["power_law"] == {"scale": "3/10", "exponent": "17/10", "count": None}
    assert law["noise"]["tau2"] == "1/10"
    file = ["--spectrum", "eigenvalues.csv", "--coupling", "T.txt", "--weight-decay", "0.1"]
    listed = asked("p.json", capsys, *file)
    assert listed["problem"]["eigenvalues"] == ["1/10", "1/3"]
    assert listed["problem"]["multiplicities"] == ["3/10", "2/7"]
    assert listed["problem"]["weight_decay"] == "1/10"
    assert listed["noise"]["coupling"] == [["1/10", "1/5"], ["7/10", "1"]]
    rows = asked("p.json", capsys, "--data", "rows.csv", "--target-column", "y")
    third = str(Fraction("0.30000000000000000001"))
    assert rows["problem"]["rows"] == [["1/10", "1/5"], [third, "1/100"]]
    cycle = ["--cycle", "learning_rate=0.1*2,0.7", "--power-law", "2", "--count", "3"]
    code, *_ = run(capsys, "stable", "sgd", *cycle, "--certify", "-o", "p.json")
    assert code == 0
    period = Proof.load("p.json").record
    assert [step["alpha"] for step in period["steps"]] == ["1/10", "1/10", "7/10"]
    assert period["problem"]["eigenvalues"] == ["1", "1/4", "1/9"]
    workers = ["--local-steps", "2", "--workers", "3", "--target-column", "y"]
    period = asked("p.json", capsys, "--data", "rows.csv", *workers)
    assert (len(period["steps"]), period["workers"]) == (2, 3)


def test_what_cannot_be_proved_is_said_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("0.1 0.2\n0.3 1\n1 1\n")
    data = ["--data", "rows.csv", "--batch-size", "2", "--certify"]
    monkeypatch.setattr("sgdmem.numeric.spectra.data_files.MOST_EXACT", 6)
    np.save("long.npy", np.ones((4, 2)))
    Path("long.csv").write_text("1 2\n3 4\n5 6\n7 8\n")
    many = "at most 6 numbers of data"
    for arguments, told in (
        (["--data", "long.npy", "--certify"], many),
        (["--data", "long.csv", "--certify"], many),
        (["--data", "rows.csv", "-o", "p.json"], "-o is the file of a proof"),
        ([*data, "--rate"], "--rate has no use with --certify"),
        ([*data, "--set", "learning_rate=0.1:0.2"], "about single values"),
        ([*data, "-o", "rows.csv"], "-o must end in .json"),
        ([*data, "--fit-noise"], "must be exact, not fitted"),
        ([*data, "--shuffle"], "not about shuffled epochs"),
        ([*data, "--tau1", "1", "--tau2", "0"], "takes the noise of its rows"),
        (["--power-law", "1.5", "--count", "3", "--lookahead", "2", "--certify"], "rational"),
        (["--power-law", "2000", "--certify"], "exponent must be at most 1,000"),
    ):  # fmt: skip
        code, said, error = run(capsys, *SGD, *arguments)
        assert (code, said) == (2, "")
        assert told in error.splitlines()[-1], error


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is no proof: it is empty"),
        (b"\x93NUMPY\x01", "is no proof: it is no text in UTF-8"),
        ('{"format": 1}'.encode("utf-16"), "is no proof: it is no text in UTF-8"),
        (b"eigenvalue\n1\n", "is no proof: it is no JSON, at line 1, column 1"),
        (b"[" * 10**5, "is no proof: its lists are nested too deeply"),
        (b"1" * 5000, "is no proof: a number in it is too long"),
        (b'{"a": 1, "a": 2}', "is no proof: a name stands twice"),
        (b"[1]", "is no proof: it holds [1]"),
        (
            b'{"format": "sgdmem proof", "version": "2\\u001b[2J"}',
            "and the checker is for version 1",
        ),
        (b'{"format": "sgdmem proof", "version": 1, "steps": 3}', "the proof has no"),
    ],
)
def test_whatever_is_checked_has_an_answer_in_a_line(
    content: bytes, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a file.json"
    path.write_bytes(content)
    code, said, error = run(capsys, "check", str(path))
    assert (code, said, error.count("\n")) == (1, "", 1)
    assert told in error
    assert "\x1b" not in error


def test_a_file_that_is_too_long_or_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sgdmem.symbolic.certificates.check.MOST_BYTES", 100)
    monkeypatch.setattr("sgdmem.numeric.certificates.proof.MOST_BYTES", 100)
    path = tmp_path / "long.json"
    path.write_text("1" * 101)
    for file in (str(path), "/dev/zero"):
        code, _, error = run(capsys, "check", file)
        assert (code, "is longer than 100 bytes, the limit of a proof" in error) == (1, True)
    code, _, error = run(capsys, *SGD, *LAW, "--certify", "-o", str(path))
    assert (code, "at most 100 bytes" in error) == (2, True)
    assert path.read_text() == "1" * 101
    code, _, error = run(capsys, "check", str(tmp_path / "none.json"))
    assert (code, "there is no file" in error) == (2, True)
