"""Sphinx configuration. Build with `python -m sphinx -W docs docs/_build/html`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import sgdmem
from sgdmem._version import __version__

project = "sgdmem"
author = "The sgdmem authors"
copyright = f"2026, {author}"
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"sgdmem {release}"

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

default_role = "py:obj"  # `Name` in a docstring is a link where there is something to link to
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = False
napoleon_use_ivar = True  # attributes documented twice would be duplicate targets

ROOT = Path(__file__).parents[1]


def api_pages(*_: Any) -> list[str]:
    pages = sorted(Path(__file__).parent.glob("api/*.md"))
    return [f"api/{path.stem}" for path in pages if path.stem != "public"]


def list_modules(app: Any, page: str, source: list[str]) -> None:
    """Give docs/api/NAME.md a section for each module of sgdmem.NAME, so that none is forgotten."""
    if page not in api_pages():
        return
    package = page.removeprefix("api/")
    for path in sorted((ROOT / "sgdmem" / package).glob("[!_]*.py")):
        module = f"sgdmem.{package}.{path.stem}"
        source[0] += (
            f"\n## {path.stem}\n\n```{{eval-rst}}\n.. automodule:: {module}\n   :members:\n```\n"
        )


def public_names(app: Any, page: str, source: list[str]) -> None:
    """Give docs/api/public.md a row for every public name, grouped as in sgdmem/__init__.py."""
    if page != "api/public":
        return
    rows = ["| name | |", "|---|---|"]
    for name, module in sgdmem._HOME.items():
        summary = (getattr(sgdmem, name).__doc__ or "").split("\n")[0]
        code = re.sub(r"``(.*?)``", r"`\1`", summary)
        rows.append(f"| {{py:obj}}`sgdmem.{name} <sgdmem.{module}.{name}>` | {code} |")
    source[0] += "\n" + "\n".join(rows) + "\n"


def join_names(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Make ``:ivar a, b:`` one name, or Sphinx takes all words but the last for a type."""
    for index, line in enumerate(lines):
        if line.startswith((":ivar ", ":vartype ")):
            field, colon, text = line[1:].partition(":")
            lines[index] = f":{field.replace(', ', ',')}{colon}{text}"


def setup(app: Any) -> None:
    app.connect("autodoc-process-docstring", join_names, priority=900)  # after Napoleon
    app.connect("source-read", list_modules)
    app.connect("source-read", public_names)
    app.connect("env-get-outdated", api_pages)  # a new module changes a page but not its file
