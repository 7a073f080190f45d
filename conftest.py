"""What holds before tests are collected: bytecode is kept, and some modules have no examples.

Rewriting the assertions of all tests takes longer than importing them, and each process that a test
starts would compile the package again: so bytecode is kept, also where PYTHONDONTWRITEBYTECODE is
set; PYTHONPYCACHEPREFIX says where. Modules of packages that are not installed are not looked at
for examples.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

_FOLDER = Path(__file__).parent / "sgdmem" / "numeric" / "training"
_NEEDED = {"import torch": "torch", "import optax": "optax"}
_PATHS = {path.stem: path for path in _FOLDER.glob("*/[!_]*.py")}
_LINES = {stem: path.read_text("utf-8").splitlines() for stem, path in _PATHS.items()}


def _absent(lines: list[str]) -> bool:
    """Whether they import what is not installed, by themselves, in an example or by a neighbour."""
    for line in lines:
        if find_spec(_NEEDED.get(line.strip().removeprefix(">>> "), "pathlib")) is None:
            return True
        if line.startswith("from sgdmem.numeric.training."):
            module = line.split()[1].rpartition(".")[2]
            if _absent([x for x in _LINES[module] if not x.lstrip().startswith(">>>")]):
                return True
    return False


collect_ignore = [
    str(_PATHS[stem].relative_to(Path(__file__).parent))
    for stem, lines in _LINES.items()
    if _absent(lines)
]
