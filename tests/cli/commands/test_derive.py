"""The command line's derivations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sgdmem
from tests.cli.running import assert_refused, run


def test_the_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "derive", "heavy-ball")
    assert code == 0
    assert "\n  learning_rate/(1 - momentum)\n" in out
    assert "\n  2*(1 + momentum) - lambda*learning_rate\n" in out
    target = tmp_path / "one.txt"
    assert run(capsys, "derive", "--memory", "1", "-o", str(target))[0] == 0
    assert "gamma g[t] + delta u[t]" in target.read_text()


@pytest.mark.parametrize(
    "ending",
    [
        ".tex",
        pytest.param(".md", marks=pytest.mark.slow),
        pytest.param(".html", marks=pytest.mark.slow),
    ],
)
def test_documents(ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / f"ball{ending}"
    code, out, _ = run(capsys, "derive", "heavy-ball", "-o", str(target))
    assert code == 0
    assert f"wrote {target}" in out
    assert "56 equalities and conditions checked" in out
    assert target.stat().st_size > 4000
    assert (tmp_path / "ball.bib").exists() is (ending == ".tex")


@pytest.mark.slow
def test_letters_values_and_fragments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "part.tex"
    command = ["derive", "nesterov", "--set", "momentum=9/10", "-o", str(target), "--fragment"]
    code, _, _ = run(capsys, *command, "--symbol", r"learning_rate=\epsilon")
    assert code == 0
    text = target.read_text()
    assert r"\documentclass" not in text
    assert r"\frac{9}{10}" in text and r"\epsilon" in text


@pytest.mark.parametrize("language", ["python", "c", "julia", "matlab", "javascript"])
def test_code(language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "derive", "heavy-ball", "--as", language)
    assert code == 0 and "noise_summand" in out
    target = tmp_path / "code"
    code, _, _ = run(capsys, "derive", "heavy-ball", "--as", language, "-o", str(target))
    assert code == 0
    assert target.read_text() == out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["heavy-ball", "-o", "x.doc"], "-o writes .tex, .pdf, .md, .html or .txt; got 'x.doc'"),
        (["heavy-ball", "-o", "x.pdf", "--fragment"], "--fragment needs -o FILE.tex"),
        (
            ["heavy-ball", "--symbol", r"momentum=\mu"],
            "--form, --columns, --symbol, --notation and --label need -o",
        ),
        (
            ["heavy-ball", "--as", "c", "--notation", "pytorch"],
            "--form, --columns, --symbol, --notation and --label",
        ),
        (["heavy-ball", "-o", "x.tex", "--symbol", "momentum"], "must be NAME=LATEX"),
        (["heavy-ball", "-o", "x.tex", "--symbol", "speed=v"], "no symbol 'speed'"),
        (["heavy-ball", "-o", "x.tex", "--form", "short"], "form must be 'proposition' or 'full'"),
        (["heavy-ball", "-o", "x.tex", "--notation", "greek"], "notation must be one of"),
        (["sgd", "-o", "x.tex", "--label", r"a}\input{/etc/passwd}"], "label must be of letters"),
        (["sgd", "-o", "x.tex", "--label", "a\n"], "label must be of letters"),
        (["sgd", "-o", r"a}\input{b.tex"], "LaTeX cannot read a BibTeX file called"),
        (["sgd", "-o", "a b.tex"], "LaTeX cannot read a BibTeX file called"),
        (["heavy-ball", "--as", "basic"], "language must be one of"),
        (["heavy-ball", "-o", "nowhere/x.tex"], "-o: there is no folder nowhere"),
        (["heavy-ball", "-o", "."], "-o: . is a folder"),
        (
            ["sgd", "-o", "x.tex", "--bibliography", "nowhere/x.bib"],
            "--bibliography: there is no folder nowhere",
        ),
        (["heavy-ball", "-o", "x.tex", "--level", "section"], "--level needs --fragment"),
        (["heavy-ball", "-o", "x.md", "--bibliography", "x.bib"], "--bibliography needs -o"),
        (["heavy-ball", "-o", "x.tex", "--columns", "3"], "columns must be 1 or 2"),
        (["sgd", "--power-law", "2"], "numbers on a problem need --at learning_rate=VALUE"),
        (["sgd", "--batch-size", "2"], "--batch-size belongs to --data"),
        (["sgd", "--at", "learning_rate=1"], "--at belongs to --data"),
        (["--memory", "1", "--power-law", "2"], "numbers on a problem need an ALGORITHM"),
    ],
)
def test_bad_arguments(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_refused(capsys, message, "derive", *arguments)
    assert not list(tmp_path.iterdir())


def test_numbers_on_one_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rng: np.random.Generator
) -> None:
    """The formulas stay symbols; at the end stands what ``sgdmem stable`` says."""
    features, target = tmp_path / "X.npy", tmp_path / "sgd.md"
    rows = rng.normal(size=(30, 3))
    np.save(features, np.column_stack([rows, rows[:, 0]]))
    problem = ["--data", str(features), "--batch-size", "4"]
    given = ["derive", "sgd", "--at", "learning_rate=0.1", *problem]
    verdict = run(capsys, "stable", "sgd", "--set", "learning_rate=0.1", *problem)[1]
    text = run(capsys, *given)[1]
    assert text.startswith("sgd(learning_rate=learning_rate)")
    assert text.endswith(f"In numbers, on one problem\n  {verdict}")
    code, out, _ = run(capsys, *given, "-o", str(target), "--form", "full")
    assert code == 0 and "56 equalities and conditions checked" in out
    numbers = target.read_text().partition("## In numbers")[2]
    assert "The verdict, proved for these numbers, is stable: the mean loss" in numbers
    assert "Modes: 3 in 4 directions" in numbers
    radius = verdict.partition("noise radius")[2].partition(" < 1")[0].strip()
    assert f"Noise radius: {radius}; stable below 1." in numbers
    code, _, err = run(capsys, *given, "--as", "c")
    assert (code, "--as writes code for any problem" in err) == (2, True)


def test_titles_are_plain_text_everywhere() -> None:
    title = r"a_b* [x](y) <i> `c` $d$ \input{e} %" + "\nf"
    found = sgdmem.derive("sgd", title=title)
    assert r"# a\_b\* \[x\](y) \<i\> \`c\` \$d\$ \\input\{e\} % f" in found.markdown().splitlines()
    assert "<h1>a_b* [x](y) &lt;i&gt; `c` $d$ \\input{e} % f</h1>" in found.html()
    latex = found.latex(fragment=True).splitlines()
    assert latex[0].startswith("% ") and not latex[1].startswith("f")
    said = "\n".join(line for line in latex if not line.startswith("%"))
    assert r"\input" not in said and r"\textbackslash{}input\{e\}" in said


def test_only_verdicts_on_the_method_are_numbers() -> None:
    verdict = sgdmem.stability(sgdmem.sgd("0.1"), sgdmem.Spectrum([1]), 2)
    with pytest.raises(sgdmem.InputError, match="verdict must be about heavy ball, got one on SGD"):
        sgdmem.derive("heavy-ball", verdict=verdict)
    with pytest.raises(sgdmem.InputError, match="verdict must be what stability"):
        sgdmem.derive("sgd", verdict=True)
