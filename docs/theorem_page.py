"""Write theorems.md: every checked statement, its numbers and its rejected perturbations.

``python docs/theorem_page.py`` runs all checks, some minutes.
"""

from __future__ import annotations

import re
from pathlib import Path

from sgdmem.numeric.theorems.registry import (
    perturbed_results,
    statement_module,
    verify,
)

PAGE = Path(__file__).with_name("theorems.md")
INTRODUCTION = """# Theorems, checked by machine

`sgdmem verify` compares every numbered statement of arXiv 2410.04228, and the library's own, with
numbers that do not use it; `sgdmem verify NAME` one of them, `--json` prints the same for programs.
A check must fail when the claim is false: `sgdmem verify --perturbed` changes the claims, and all
changed ones are rejected. This page is written by `docs/theorem_page.py` from the same functions.
"""


def main() -> None:
    """Write the page."""
    results = {result.statement.name: result for result in verify()}
    rows = [
        f"| [{name}](#{anchor(name)}) | {'yes' if x.passed else '**no**'} | {len(x.cases)} | "
        f"{size(x.error)} | {size(x.statement.tolerance)} |"
        for name, x in results.items()
    ]
    head = ["| statement | passed | cases | largest error | tolerance |", "|---|---|---|---|---|"]
    parts = [INTRODUCTION, "\n".join([*head, *rows])]
    for name, result in results.items():
        parts += [
            f"({anchor(name)})=",
            f"## {name}",
            f"```{{eval-rst}}\n{(statement_module(name).__doc__ or '').strip()}\n```",
        ]
        worst, statement = result.worst, result.statement
        parts.append(
            f"*{len(result.cases)} cases; the largest error, {size(result.error)}, is that of "
            f"“{worst.label}”: computed {worst.computed:.8g}, claimed {worst.theory:.8g}. "
            f"Tolerance {size(statement.tolerance)}: {statement.reason}. "
            f"Source: {statement.source}.*"
        )
        false_claims = [
            f"{text} ({'not ' if x.passed else ''}rejected)" for text, x in perturbed_results(name)
        ]
        parts.append(f"False claims: {'; '.join(false_claims)}.")
    PAGE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def anchor(name: str) -> str:
    return "check-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def size(value: float) -> str:
    return f"{value:.1e}" if value else "0"


if __name__ == "__main__":
    main()
