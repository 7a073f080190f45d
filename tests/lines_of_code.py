"""How many lines each paper needs: ``python -m tests.lines_of_code``.

Lines of code without docstrings, comments and blank lines; and, without their formatting, as
`ast.unparse` writes them, one for each statement.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from sgdmem.numeric.theorems.registry import SYSTEMS

ROOT = Path(__file__).parents[1]
PLACES = {  # of a system's model, its pictures and its statements
    "model": ("symbolic/systems", "numeric/systems"),
    "pictures": ("phase_diagrams/systems",),
}
FILES = {  # beside those that begin with the paper's stem, and its folder
    "sparse-momentum": ("rare_class", "spectral_conflict", "sparse_phases"),
    "adaptive-methods": ("adaptive_errors", "adaptive_steps"),
    "dana": ("compute_optimal", "random_features", "deterministic_features", "mean_features"),
    "sgd-with-memory": ("memory_one", "changing_steps", "diagram_parts", "named_diagram_picture"),
}


def docstrings(tree: ast.Module) -> list[ast.Expr]:
    """Return the statements that are docstrings."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef
    owners = [node for node in ast.walk(tree) if isinstance(node, documented)]
    first = [node.body[0] for node in owners if node.body and ast.get_docstring(node) is not None]
    return [node for node in first if isinstance(node, ast.Expr)]


def count(path: Path) -> tuple[int, int]:
    """Return lines of code, and those without formatting."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    removed = docstrings(tree)
    left = set(range(1, len(text.splitlines()) + 1))
    for node in removed:
        left -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = text.splitlines()
    code = [n for n in left if lines[n - 1].strip()[:1] not in ("", "#")]
    for node in removed:
        node.value = ast.Constant(...)  # one line each
    plain = [line for line in ast.unparse(tree).splitlines() if line.strip()]
    return len(code), len(plain) - len(removed)


def of_system(name: str) -> dict[str, tuple[int, int]]:
    """Return the counts of each part of a system."""
    stems = (name.replace("-", "_"), *FILES.get(name, ()))
    parts = {
        part: [
            path
            for folder in folders
            for stem in stems
            for pattern in (f"{stem}*.py", f"{stem}/*.py")
            for path in (ROOT / folder).glob(pattern)
        ]
        for part, folders in PLACES.items()
    }
    parts["statements"] = sorted((ROOT / "numeric/theorems" / stems[0]).rglob("*.py"))
    counted = {part: [count(path) for path in paths] for part, paths in parts.items()}
    return {
        part: (sum(a for a, _ in pairs), sum(b for _, b in pairs))
        for part, pairs in counted.items()
    }


def main() -> None:
    """Print the table."""
    sys.stdout.write(f"{'system':<20}{'model':>12}{'pictures':>12}{'statements':>14}\n")
    for name in SYSTEMS:
        if name != "own":
            model, pictures, statements = (f"{a} ({b})" for a, b in of_system(name).values())
            sys.stdout.write(f"{name:<20}{model:>12}{pictures:>12}{statements:>14}\n")


if __name__ == "__main__":
    main()
