"""The command that checks theorems, as a person uses it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from sgdmem.cli.commands.verify import verify_command
from sgdmem.numeric.theorems import registry
from sgdmem.numeric.theorems.check import Case, CheckResult, Statement
from sgdmem.numeric.theorems.registry import STATEMENTS

QUICK = ["Theorem 4", "Lemma 1", "equation 25"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(verify_command, arguments, standalone_mode=False)


def test_a_table() -> None:
    done = run(*QUICK)
    lines = done.output.splitlines()
    assert lines[0].split()[:2] == ["statement", "cases"]
    assert [line.split()[:3] for line in lines[1:4]] == [
        ["Theorem", "4", "passed"],
        ["Lemma", "1", "passed"],
        ["Equation", "(25)", "passed"],
    ]
    assert lines[-1] == "3 of 3 statements passed"
    assert done.return_value == 0


@pytest.mark.slow
def test_json() -> None:
    found = json.loads(run(*QUICK, "--json").output)["results"]
    assert [row["name"] for row in found] == ["Theorem 4", "Lemma 1", "Equation (25)"]
    for row in found:
        assert row["passed"] is True
        assert row["cases"] >= 5
        assert row["error"] <= row["tolerance"]
        assert {"computed", "theory"} <= row.keys()


@pytest.mark.slow
def test_false_claims() -> None:
    done = run("Lemma 1", "--perturbed")
    assert "NOT REJECTED" not in done.output
    assert done.output.splitlines()[-1].endswith("false claims rejected")
    assert done.return_value == 0
    rows = json.loads(run("Lemma 1", "--perturbed", "--json").output)["perturbations"]
    assert all(row["rejected"] for row in rows)


def test_the_list_has_every_statement() -> None:
    lines = run("--list").output.splitlines()
    assert [line.split(":")[0] for line in lines] == list(registry.STATEMENTS)
    assert all(len(line) > 30 for line in lines)
    assert not any(mark in line for line in lines for mark in ("`", "\\", ":math"))
    found = json.loads(run("--list", "--json").output)["statements"]
    assert [f"{row['name']}: {row['summary']}" for row in found] == lines


def test_the_help_says_how_long_it_takes() -> None:
    shown = CliRunner().invoke(verify_command, ["--help"]).output
    assert "some two minutes" in " ".join(shown.split())


def test_a_failure_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    statement = Statement("Theorem 4", "nowhere", 0.1, "none")
    broken = CheckResult(statement, tuple(Case(f"case {k}", k, 2.0) for k in range(6)))
    monkeypatch.setattr(registry, "verify", lambda name: [broken])
    monkeypatch.setattr(registry, "perturbed_results", lambda name: [("half", broken)] * 2)
    done = run("Theorem 4")
    assert "FAILED" in done.output
    assert "case 5: computed 5, claimed 2" in done.output
    assert done.return_value == 1
    assert run("Theorem 4", "--perturbed").return_value == 0


def test_an_unknown_name() -> None:
    done = run("Theorem 12")
    assert "unknown statement 'Theorem 12'" in str(done.exception)


def test_too_few_cases_or_no_number_do_not_pass() -> None:
    statement = Statement("Theorem 4", "nowhere", 0.1, "none")
    good = Case("good", 1.0, 1.0)
    assert CheckResult(statement, (good,) * 5).passed
    assert not CheckResult(statement, (good,) * 4).passed
    lost = CheckResult(statement, (good,) * 5 + (Case("lost", float("nan"), 1.0),))
    assert not lost.passed
    assert lost.to_dict()["computed"] is None
    json.dumps(lost.to_dict(), allow_nan=False)


def test_names_fit_their_column() -> None:
    assert max(map(len, STATEMENTS)) < 33
