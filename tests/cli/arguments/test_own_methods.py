"""Methods of one's own, named as FILE.py:FUNCTION."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sgdmem.phase_diagrams.maps.map_file import read_map_file
from tests.cli.running import LAW, NUMBERS, run


def test_a_method_of_a_file(own_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "stable", f"{own_file}:nag", *NUMBERS, *LAW)
    assert code == 0 and "nag(learning_rate=0.1, momentum=0.9)" in out
    _, known, _ = run(capsys, "stable", "nesterov", *NUMBERS, *LAW)
    assert out == known.replace("nesterov(", "nag(")
    code, out, _ = run(capsys, "stable", "own_methods_here:plain", *NUMBERS, *LAW)
    assert code == 0 and out.startswith("stable")
    code, out, _ = run(capsys, "derive", f"{own_file}:nag", "--set", "momentum=9/10")
    assert code == 0 and "learning_rate" in out
    _, out, _ = run(capsys, "translate", f"{own_file}:nag", "--set", "momentum=0.5", "--json")
    assert json.loads(out)["family"] == "nesterov"
    assert json.loads(out)["parameters"]["momentum"] == "1/2"


@pytest.mark.slow
def test_pictures_of_a_method_of_a_file(own_file: str, capsys: pytest.CaptureFixture[str]) -> None:
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


def test_what_a_file_prints_goes_to_stderr(
    own_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Path(own_file).open("a") as file:
        file.write(
            "print('loaded')\n@sgdmem.method\ndef loud(w, gradient, learning_rate):\n"
            "    print('at', learning_rate)\n    return w - learning_rate * gradient(w)\n"
        )
    code, out, err = run(capsys, "stable", f"{own_file}:loud", *NUMBERS[:2], *LAW, "--json")
    assert code == 0 and json.loads(out)["stable"] is True
    assert err.startswith("loaded\nat learning_rate\n") and err.endswith("at 1/10\n")


def test_a_map_that_is_slow_says_why(
    own_file: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with (tmp_path / own_file).open("a") as file:
        file.write(
            "\ndef jumping(learning_rate, momentum):\n"
            "    return nag(learning_rate=min(learning_rate, 1), momentum=momentum)\n"
        )
    axes = ["--x", "learning_rate=0.1:3:10", "--y", "momentum=0:0.9:10", "--no-edges"]
    code, _, err = run(capsys, "phase-diagram", f"{own_file}:jumping", *axes, *LAW)
    assert code == 0
    assert err.startswith("note: jumping is judged point by point") and err.count("\n") == 1


@pytest.mark.parametrize(
    ("code", "name", "message"),
    [
        ("x = 1\ndef f(:\n", "f", "wrong.py, line 2: invalid syntax"),
        ("x = 1\ny = z\n", "f", "wrong.py, line 2: NameError: name 'z' is not defined"),
        ("import sgdmem\nx = 1\n", "f", "wrong.py has no function called 'f'"),
        ("import sys\nsys.exit(0)\n", "f", "wrong.py exits when it is run"),
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
    ("command", "body", "message"),
    [
        ("stable", "raise KeyError(3)", "made.py, line 2: KeyError: 3"),
        ("stable", "raise SystemExit(0)", "made.py, line 2: it exits"),
        ("derive", "raise SystemExit(0)", "made.py, line 2: it exits"),
    ],
)
def test_what_fails_when_a_member_is_made_is_one_line(
    command: str, body: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "made.py").write_text(f"def f(a):\n    {body}\n")
    given = ("--set", "a=1", *LAW) if command == "stable" else ()
    code, out, err = run(capsys, command, f"{tmp_path}/made.py:f", *given)
    sys.modules.pop("made", None)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_a_method_that_names_no_parameters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("odd.py").write_text("def odd(*rates, **more):\n    return 'an algorithm'\n")
    code, out, err = run(capsys, "largest-learning-rate", "odd.py:odd", "--lookahead", "1", *LAW)
    assert (code, out) == (2, "") and "odd names no parameter that could be pushed" in err


def test_a_file_may_be_called_like_a_package(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "antigravity.py").write_text("import sgdmem\ndef f(a): return sgdmem.sgd(a)\n")
    code, out, _ = run(capsys, "stable", f"{tmp_path}/antigravity.py:f", "--set", "a=0.1", *LAW)
    assert code == 0 and out.startswith("stable")
    assert "antigravity" not in sys.modules
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/__init__.py").touch()
    (tmp_path / "parts/one.py").write_text("from . import two\n")
    code, _, err = run(capsys, "stable", f"{tmp_path}/parts/one.py:f", *LAW)
    assert code == 2 and "name parts.one:FUNCTION" in err


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


def test_a_map_of_parameters_in_greek_letters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    code = "import sgdmem\ndef greek(\u03b7, \u03b2): return sgdmem.heavy_ball(\u03b7, \u03b2)\n"
    (tmp_path / "greek.py").write_text(code, encoding="utf-8")
    axes = ("--x", "\u03b7=0.1:2:3", "--y", "\u03b2=0:0.9:3", "--no-edges")
    picture = f"{tmp_path}/map.png"
    status, _, _ = run(
        capsys, "phase-diagram", f"{tmp_path}/greek.py:greek", *axes, *LAW, "-o", picture
    )
    sys.modules.pop("greek", None)
    assert status == 0
    found = read_map_file(f"{tmp_path}/map.nc")
    assert {*found.stable.dims} == {"\u03b7", "\u03b2"} and "\u03b7" in found.attrs["definition"]
    assert run(capsys, "draw", f"{tmp_path}/map.nc", "-o", picture)[0] == 0
