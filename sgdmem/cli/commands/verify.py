"""The command ``sgdmem verify``: numbered statements, checked by machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from sgdmem.cli.arguments.algorithm import json_option, print_json

if TYPE_CHECKING:
    from sgdmem.numeric.theorems.check import CheckResult

_FAILED = 1


@click.command("verify")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--system", metavar="NAME", help="All statements of one paper, by its name here.")
@click.option("--perturbed", is_flag=True, help="Check false claims: each must be rejected.")
@click.option("--list", "listed", is_flag=True, help="List the statements.")
@json_option
def verify_command(
    names: tuple[str, ...], system: str | None, perturbed: bool, listed: bool, as_json: bool
) -> int:
    """Check statements of arXiv 2410.04228, of other papers, and the library's own.

    Each is compared with independent numbers in a sweep of cases. With --perturbed the claims are
    changed (a wrong exponent, a dropped factor, a swapped sign), and the checks must reject them.
    All of them together take some two minutes; --list names them. Papers: sgd-with-memory,
    larger-memory, stochastic-edge, marginal-momentum, sparse-momentum, mem-sgd, kaczmarz, dana,
    associative-memory, adaptive-methods, deep-linear; and own, the library's.
    Exit code 1 if something is not as it should be.

    \b
      sgdmem verify
      sgdmem verify "Theorem 3" "Equation (25)" --json
      sgdmem verify --system stochastic-edge
    """
    from sgdmem.numeric.theorems.registry import (
        find_statements,
        perturbed_results,
        statement_summary,
        verify,
    )

    chosen = find_statements(names or None, system)
    if listed:
        summaries = {name: statement_summary(name) for name in chosen}
        if as_json:
            rows = [{"name": name, "summary": text} for name, text in summaries.items()]
            print_json({"statements": rows})
        else:
            for name, text in summaries.items():
                click.echo(f"{name}: {text}")
        return 0
    results = []
    false_claims: list[tuple[str, CheckResult]] = []
    for name in chosen:
        if sys.stderr.isatty():
            click.echo(f"\r\033[Kchecking {name} ...", err=True, nl=False)
        if perturbed:
            false_claims += perturbed_results(name)
        else:
            results += verify(name)
    if sys.stderr.isatty():
        click.echo("\r\033[K", err=True, nl=False)
    if perturbed:
        _show_perturbed(false_claims, as_json)
        return _FAILED if any(result.passed for _, result in false_claims) else 0
    if as_json:
        print_json({"results": [result.to_dict() for result in results]})
    else:
        _show(results)
    return 0 if all(result.passed for result in results) else _FAILED


def _show(results: list[CheckResult]) -> None:
    click.echo(f"{'statement':<33}{'':<8}{'cases':>6}{'largest error':>15}{'tolerance':>11}")
    for result in results:
        verdict = "passed" if result.passed else "FAILED"
        statement = result.statement
        click.echo(
            f"{statement.name:<33}{verdict:<8}{len(result.cases):>6}{result.error:>15.1e}"
            f"{statement.tolerance:>11.2g}"
        )
        if not result.passed:
            worst = result.worst
            click.echo(
                f"    {worst.label}: computed {worst.computed:.12g}, claimed {worst.theory:.12g}"
            )
    passed = sum(result.passed for result in results)
    click.echo(f"{passed} of {len(results)} statements passed")


def _show_perturbed(false_claims: list[tuple[str, CheckResult]], as_json: bool) -> None:
    rows = [
        {
            "name": result.statement.name,
            "perturbation": text,
            "rejected": not result.passed,
            "error": result.to_dict()["error"],
            "tolerance": result.statement.tolerance,
        }
        for text, result in false_claims
    ]
    if as_json:
        print_json({"perturbations": rows})
        return
    for row in rows:
        verdict = "rejected" if row["rejected"] else "NOT REJECTED"
        click.echo(f"{row['name']:<33}{verdict:<14}{row['perturbation']}")
    rejected = sum(bool(row["rejected"]) for row in rows)
    click.echo(f"{rejected} of {len(rows)} false claims rejected")
