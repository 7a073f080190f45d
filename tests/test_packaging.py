"""The package is put together as intended: links, version, light imports, layers."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

import sgdmem

ROOT = Path(__file__).parents[1]
LAYERS = ["symbolic", "numeric", "phase_diagrams"]
HEAVY = ["matplotlib", "numba", "scipy", "sympy", "xarray"]

# What the modules of each layer may not import, besides anything relative.
FORBIDDEN = {
    "symbolic": {"sgdmem.numeric", "sgdmem.phase_diagrams", "matplotlib"},
    "numeric": {"sgdmem.phase_diagrams", "matplotlib"},
    "phase_diagrams": set[str](),
}


@pytest.mark.parametrize("layer", LAYERS)
def test_package_folder_is_the_top_level_folder(layer: str) -> None:
    folder, link = ROOT / layer, ROOT / "sgdmem" / layer
    assert link.is_dir(), f"sgdmem/{layer} is not a folder: clone with core.symlinks=true"
    if folder.exists():  # a source distribution has the code in sgdmem/ only
        assert link.samefile(folder), f"sgdmem/{layer} is a copy: clone with core.symlinks=true"


def test_version_is_the_same_everywhere() -> None:
    with suppress(PackageNotFoundError):  # run from a checkout that is not installed
        assert version("sgdmem") == sgdmem.__version__
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.*)$", citation, re.M) == [sgdmem.__version__]


def test_importing_the_package_is_light() -> None:
    code = f"import sys, sgdmem; print(*(name for name in {HEAVY} if name in sys.modules))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_point_one_way(layer: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in sorted((ROOT / "sgdmem" / layer).rglob("*.py"))
        for line, name in forbidden_imports(path.read_text(encoding="utf-8"), FORBIDDEN[layer])
    ]
    assert wrong == []


def forbidden_imports(code: str, forbidden: set[str]) -> Iterator[tuple[int, str]]:
    """Yield imports of what is forbidden, and those of our own that are not `from sgdmem.…`."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            own = node.level > 0 or source in {"sgdmem", *LAYERS}
            names = [f"{source}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            own = any(name.split(".")[0] in {"sgdmem", *LAYERS} for name in names)
        else:
            continue
        for name in names:
            if own or any(f"{name}.".startswith(f"{prefix}.") for prefix in forbidden):
                yield node.lineno, name


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("from sgdmem.symbolic.errors import InputError", []),
        (
            "from sgdmem.numeric.arithmetic.ball import Ball",
            ["sgdmem.numeric.arithmetic.ball.Ball"],
        ),
        ("def f():\n    import matplotlib.pyplot as plt", ["matplotlib.pyplot"]),
        ("from sgdmem import numeric", ["sgdmem.numeric"]),
        ("import sgdmem.symbolic", ["sgdmem.symbolic"]),
        ("from .errors import InputError", [".errors.InputError"]),
        ("from symbolic import errors", ["symbolic.errors"]),
    ],
)
def test_forbidden_imports_are_found(code: str, found: list[str]) -> None:
    assert [name for _, name in forbidden_imports(code, FORBIDDEN["symbolic"])] == found
