"""The rooms of the house: folders import one way, and no modules import each other in a circle.

Every import counts, also inside functions and under TYPE_CHECKING.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "sgdmem"

# Lower ones first; a module belongs to the longest name that fits. Each may import the ones before
# it and itself. A system (a paper) may be imported by what is said about it: sections of
# derivations, pictures.
LAYERS = {
    "symbolic": (
        *(
            "errors",
            "files",
            "certificates",
            "algebra",
            "expressions",
            "algorithms",
            "tracing",
            "zoo",
            "stability",
            "programs",
            "systems",
        ),
        *(f"derivations.{x}" for x in ("typesetting", "statements", "checks", "sections")),
        *("derivations.documents", "derivations"),
    ),
    "numeric": (
        *(
            "arithmetic",
            "compilation",
            "poles",
            "spectra",
            "problems",
            "sampled_noise",
            "noise_sums",
            "judges",
            "verdicts",
            "compiled_maps",
            "schedules",
            "moments",
            "losses",
            "periodic",
            "certificates",
            "regions",
        ),
        *("simulation", "exported_code", "acceleration"),
        *(f"training.{x}" for x in ("methods", "optimizers", "networks", "watching")),
        *("systems", "systems.associative_memory", "systems.deep_linear", "theorems"),
    ),
    "phase_diagrams": ("stores", "maps", "pictures", "systems", "explorer"),
}
ROOMS = (
    "_version",
    *(f"{layer}.{room}" for layer, rooms in LAYERS.items() for room in rooms),
    *("errors", "methods", "pictures", "proofs", "systems", "training"),
    *("cli.arguments", "cli.process", "cli.commands", "cli", "__main__"),
)
# What the folders of a layer may not import, however lazily.
FOREIGN = {"symbolic": {"matplotlib"}, "numeric": {"matplotlib"}, "phase_diagrams": set[str]()}


@cache
def modules() -> dict[str, str]:
    """Return the code of every module of the package, by name, the door and the folders aside."""
    found = {}
    for top in (PACKAGE, *(PACKAGE / layer for layer in LAYERS), PACKAGE / "cli"):
        for path in top.glob("*.py") if top == PACKAGE else top.rglob("*.py"):
            if path.name != "__init__.py":
                name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
                found[name] = path.read_text(encoding="utf-8")
    return found


@cache
def imports(code: str) -> list[tuple[int, str, str]]:
    """Return the line of every import, the module, and the name that is taken from it."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            found += [(node.lineno, source, alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [(node.lineno, alias.name, "") for alias in node.names]
    return found


def arrows(code: Mapping[str, str]) -> dict[str, set[str]]:
    """Return which modules of the package each of some modules imports."""
    found: dict[str, set[str]] = {}
    for name, text in code.items():
        pairs = [(module, part) for _, module, part in imports(text)]
        names = {n for module, part in pairs for n in (module, f"{module}.{part}")}
        ours = {n.removeprefix("sgdmem.") for n in names if n.startswith("sgdmem.")}
        found[name] = ours & code.keys()
    return found


def room(module: str, rooms: Sequence[str]) -> str:
    """Return the room of a module, "" if it has none."""
    fitting = [r for r in rooms if f"{module}.".startswith(f"{r}.")]
    return max(fitting, key=len, default="")


def wrong(graph: Mapping[str, Iterable[str]], rooms: Sequence[str] = ROOMS) -> set[tuple[str, str]]:
    """Return the arrows that lead to a later room."""
    place = {name: rooms.index(room(name, rooms)) for name in graph}
    return {(a, b) for a, targets in graph.items() for b in targets if place[b] > place[a]}


def circle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the modules of a circle, the first one again at the end; nothing if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def misspelt(code: str, foreign: Iterable[str]) -> list[str]:
    """Return imports of what is foreign, and those of our own that are not `from sgdmem.…`."""
    found = []
    for line, module, part in imports(code):
        top = module.split(".")[0]
        own = module.startswith(".") or top in {"sgdmem", *LAYERS}
        whole = not part or module == "sgdmem" or top in LAYERS or module.startswith(".")
        if (own and whole) or top in foreign:
            found.append(f"line {line} imports {module} {part}".rstrip())
    return found


def test_every_module_has_a_room_and_every_room_a_module() -> None:
    found = {name: room(name, ROOMS) for name in modules()}
    assert {name for name, where in found.items() if not where} == set()
    assert set(ROOMS) - set(found.values()) == set()


def test_rooms_are_imported_one_way() -> None:
    assert wrong(arrows(modules())) == set()


def test_a_folder_is_no_module() -> None:
    inits = [path for layer in LAYERS for path in (PACKAGE / layer).rglob("__init__.py")]
    assert len(inits) > len(LAYERS)
    assert [p for p in inits if [*imports(p.read_text(encoding="utf-8"))]] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle(arrows(modules())) == []


def test_imports_are_spelt_one_way() -> None:
    layers = {name: name.split(".")[0] for name in modules()}
    found = {x: misspelt(text, FOREIGN.get(layers[x], ())) for x, text in modules().items()}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "line",
    [
        "from sgdmem.numeric.compiled_maps.points import Points",
        "from sgdmem.numeric.compiled_maps import points",
        "def f():\n    from sgdmem.numeric.compiled_maps.points import Points",
        "if TYPE_CHECKING:\n    import sgdmem.numeric.compiled_maps.points as points",
    ],
)
def test_a_wrong_import_is_found(line: str) -> None:
    code = {"numeric.spectra.spectrum": line, "numeric.compiled_maps.points": "x = 1"}
    graph = arrows(code)
    assert wrong(graph) == {("numeric.spectra.spectrum", "numeric.compiled_maps.points")}
    assert circle(graph) == []
    upward = "from sgdmem.numeric.spectra.spectrum import Spectrum"
    assert len(circle(arrows({**code, "numeric.compiled_maps.points": upward}))) == 3
    right = {"numeric.spectra.spectrum": "", "numeric.compiled_maps.points": upward}
    assert wrong(arrows(right)) == set()


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("from sgdmem.symbolic.errors import InputError", 0),
        ("from sgdmem.symbolic.algebra import polynomials as poly", 0),
        ("import sympy", 0),
        ("def f():\n    import matplotlib.pyplot as plt", 1),
        ("from sgdmem import numeric", 1),
        ("import sgdmem.symbolic", 1),
        ("from .errors import InputError", 1),
        ("from symbolic import errors", 1),
    ],
)
def test_a_misspelt_import_is_found(code: str, found: int) -> None:
    assert len(misspelt(code, FOREIGN["symbolic"])) == found
