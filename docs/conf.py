"""Sphinx configuration. Build with `python -m sphinx -W docs docs/_build/html`."""

from __future__ import annotations

import re
import shutil
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from sphinx.ext.autodoc.mock import mock

sys.path.insert(0, str(Path(__file__).parent))  # mathml

import sgdmem
from sgdmem._version import __version__
from sgdmem.symbolic.algorithms.family import Family

project = "sgdmem"
author = "The sgdmem authors"
copyright = f"2026, {author}"
release = version = __version__

extensions = [
    "mathml",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_math_renderer = "mathml"
html_title = f"sgdmem {release}"
html_static_path = ["static"]
html_css_files = ["narrow.css"]

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

default_role = "py:obj"  # `Name` in a docstring is a link where there is something to link to
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
# of sgdmem.training: large, and not needed to tell what is there
autodoc_mock_imports = ["jax", "optax", "torch"]
# "array of shape (n,)" would link to the attributes of that name, "(low, high)" likewise
autodoc_default_options = {"exclude-members": "shape, low, high, names"}
napoleon_google_docstring = False
napoleon_use_ivar = True  # attributes documented twice would be duplicate targets
suppress_warnings = ["ref.python"]  # names of dimensions are no references to attributes so called

ROOT = Path(__file__).parents[1]
DERIVED = ("sgd", "heavy-ball", "nesterov", "qhm", "two-rate")
# Copied to the root of the site as it is.
html_extra_path = ["_build/published"]
DERIVATIONS = Path(__file__).parent / "_build" / "published" / "derivations"
DERIVATIONS.mkdir(parents=True, exist_ok=True)


def api_pages(*_: Any) -> list[str]:
    folder = Path(__file__).parent / "api"
    paths = [*folder.glob("*.md"), *folder.glob("*/*.md")]
    return sorted(f"api/{path.relative_to(folder).with_suffix('').as_posix()}" for path in paths)


def list_modules(app: Any, page: str, source: list[str]) -> None:
    """Give docs/api/LAYER/ROOM.md a section for each module of the room, so that none is forgotten.

    The page of a layer has the modules that are in no room.
    """
    if page not in api_pages() or page == "api/public":
        return
    parts = page.removeprefix("api/").split("/")
    folder = ROOT / "sgdmem" / Path(*parts)
    room = import_module(".".join(["sgdmem", *parts]))
    source[0] += f"\n{room.__doc__}\n" if len(parts) > 1 else ""
    for path in sorted(folder.glob("**/[!_]*.py" if len(parts) > 1 else "[!_]*.py")):
        names = [*parts, *path.relative_to(folder).with_suffix("").parts]
        module = ".".join(["sgdmem", *names])
        with mock(autodoc_mock_imports):
            found = vars(import_module(module)).items()
        own = [name for name, x in found if isinstance(x, Family) and x.__module__ == module]
        families = "".join(f"\n.. autofunction:: {module}.{name}" for name in own)
        text = f"```{{eval-rst}}\n.. automodule:: {module}\n   :members:\n{families}\n```"
        source[0] += f"\n## {'.'.join(names[len(parts) :])}\n\n{text}\n"


def public_names(app: Any, page: str, source: list[str]) -> None:
    """Give docs/api/public.md a table of the names of sgdmem and of each of its rooms."""
    if page != "api/public":
        return
    rooms = ("methods", "pictures", "proofs", "systems", "training", "errors")
    for door in (sgdmem, *(getattr(sgdmem, room) for room in rooms)):
        rows = ["| name | |", "|---|---|"]
        for name in door.__all__:
            with mock(autodoc_mock_imports):
                value = getattr(door, name)
            summary = (value.__doc__ or "").split("\n")[0]
            code = re.sub(r"``(.*?)``", r"`\1`", summary)
            if not isinstance(value, ModuleType):
                link = f"{door.__name__}.{name} <{value.__module__}.{name}>"
                rows.append(f"| {{py:obj}}`{link}` | {code} |")
        source[0] += f"\n## {door.__name__}\n\n" + "\n".join(rows) + "\n"


def public_links() -> dict[str, str]:
    """Return what a public name in a text links to: itself, and as sgdmem.name or methods.name."""
    rooms = ("sgdmem", "sgdmem.methods", "sgdmem.pictures", "sgdmem.proofs", "sgdmem.systems")
    links: dict[str, str] = {}
    for room in rooms:
        door = import_module(room)
        for name in door.__all__:
            value = getattr(door, name)
            if not isinstance(value, ModuleType):
                link = f"{value.__module__}.{name}"
                links.setdefault(name, link)
                links[f"{room}.{name}".removeprefix("sgdmem.")] = link
    return links


def link_names(app: Any, page: str, source: list[str]) -> None:
    """Link the first mention of each public name in the pages of papers to its description."""
    if not page.startswith("systems/"):
        return
    links, seen = public_links(), set[str]()

    def linked(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None or name not in links or name in seen:
            return found[0]  # code, a role, or no public name
        seen.add(name)
        return f"{{py:obj}}`{name} <{links[name]}>`"

    code = r"^```.*?^```|\{[\w:]+\}`[^`]*`|`(?P<name>[^`\n]+)`"
    source[0] = re.sub(code, linked, source[0], flags=re.MULTILINE | re.DOTALL)


def join_names(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Make ``:ivar a, b:`` one name, or Sphinx takes all words but the last for a type."""
    for index, line in enumerate(lines):
        if line.startswith((":ivar ", ":vartype ")):
            field, colon, text = line[1:].partition(":")
            lines[index] = f":{field.replace(', ', ',')}{colon}{text}"


def write_derivations(app: Any) -> None:
    """Derive the methods that docs/derivations.md names, for the pages beside it."""
    from sgdmem.symbolic.derivations.derive import derive
    from sgdmem.symbolic.zoo.general_algorithm import general

    if app.builder.name != "html":
        return
    methods: dict[str, Any] = {name: name for name in DERIVED}
    methods |= {f"general-{memory}": general(memory) for memory in (1, 2)}
    formats = [".html", ".tex", *([".pdf"] if shutil.which("latexmk") else [])]
    for name, algorithm in methods.items():
        derivation = derive(algorithm)
        for suffix in formats:
            derivation.save(DERIVATIONS / f"{name}{suffix}")
        derive(algorithm, form="full").save(DERIVATIONS / f"{name}-full.html")


def setup(app: Any) -> None:
    app.connect("builder-inited", write_derivations)
    app.connect("autodoc-process-docstring", join_names, priority=900)  # after Napoleon
    app.connect("source-read", list_modules)
    app.connect("source-read", public_names)
    app.connect("source-read", link_names)
    app.connect("env-get-outdated", api_pages)  # a new module changes a page but not its file
