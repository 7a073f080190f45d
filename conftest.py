"""Which modules are not looked at for examples: those of packages that are not installed."""

from importlib.util import find_spec
from pathlib import Path

_FOLDER = Path(__file__).parent / "sgdmem" / "numeric" / "training"
_NEEDED = {"import torch": "torch", "import optax": "optax"}

collect_ignore = [
    str(path.relative_to(Path(__file__).parent))
    for path in _FOLDER.glob("*.py")
    if any(
        find_spec(package) is None
        and {line, f">>> {line}"} & {x.strip() for x in path.read_text("utf-8").splitlines()}
        for line, package in _NEEDED.items()
    )
]
