"""Write theorems.md and a page for each paper: every checked statement, and its false versions.

``python docs/theorem_page.py [SYSTEM ...]`` runs the checks, of all papers by default: minutes.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sgdmem.numeric.theorems.registry import (
    SYSTEMS,
    perturbed_results,
    statement_module,
    verify,
)

FOLDER = Path(__file__).with_name("theorems")
TITLES = {
    "sgd-with-memory": "SGD with memory (arXiv 2410.04228)",
    "larger-memory": "Larger memory",
    "own": "The library's own",
    "stochastic-edge": "Edge of stochastic stability (arXiv 2604.14108)",
    "marginal-momentum": "Marginal value of momentum (arXiv 2307.15196)",
    "sparse-momentum": "Sparse momentum (arXiv 2605.28961)",
    "mem-sgd": "Sparsified SGD with memory (arXiv 1809.07599)",
    "kaczmarz": "Randomized Kaczmarz (arXiv 2604.09909)",
    "adaptive-methods": "Marginal value of adaptive methods (arXiv 1705.08292)",
    "deep-linear": "SGD in deep linear networks (arXiv 2604.06366)",
    "dana": "DANA (arXiv 2505.16098)",
    "associative-memory": "Muon and SGD in associative memory (arXiv 2603.26554)",
}
INTRODUCTION = """# Theorems, checked by machine

`sgdmem verify` compares statements of papers, and the library's own, with numbers that do not use
them: `sgdmem verify NAME` one of them, `--system SYSTEM` those of one paper; `--json` prints the
same for programs. A check must fail when the claim is false: `sgdmem verify --perturbed` changes
the claims, and all changed ones are rejected. `docs/theorem_page.py` writes these pages by the
same functions.

| system | statements | false versions, all rejected |
|---|---|---|
"""


def main(systems: list[str]) -> None:
    """Write the pages of systems, and the first one."""
    FOLDER.mkdir(exist_ok=True)
    for system in systems:
        print(system)
        (FOLDER / f"{system}.md").write_text(page(system), encoding="utf-8")
    rows = [
        f"| [{TITLES[system]}](theorems/{system}.md) | {len(statements)} | "
        f"{sum(len(statement_module(name).PERTURBED) for name in statements)} |"
        for system, statements in SYSTEMS.items()
    ]
    toc = ["", "```{toctree}", ":hidden:", "", *(f"theorems/{name}" for name in SYSTEMS), "```", ""]
    first = INTRODUCTION + "\n".join([*rows, *toc])
    FOLDER.with_suffix(".md").write_text(first, encoding="utf-8")


def page(system: str) -> str:
    """Return the page of a system."""
    results = {result.statement.name: result for result in verify(system=system)}
    rows = [
        f"| [{name}](#{anchor(name)}) | {'yes' if x.passed else '**no**'} | {len(x.cases)} | "
        f"{size(x.error)} | {size(x.statement.tolerance)} |"
        for name, x in results.items()
    ]
    head = ["| statement | passed | cases | largest error | tolerance |", "|---|---|---|---|---|"]
    parts = [f"# {TITLES[system]}", "\n".join([*head, *rows])]
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
    return "\n\n".join(parts) + "\n"


def anchor(name: str) -> str:
    return "check-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def size(value: float) -> str:
    return f"{value:.1e}" if value else "0"


if __name__ == "__main__":
    main(sys.argv[1:] or list(SYSTEMS))
