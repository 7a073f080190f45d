"""Generated source as modules on disk, so that machine code is kept from one process to the next.

Numba keeps the machine code of a function beside the file that defines it. Each generated source
gets a folder of its own, named by everything its machine code depends on; a list of digests is
written last. A folder whose files are not exactly those of the list (a crash, a full disk, another
version's leftovers) is thrown away and made again.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import Any

from sgdmem._version import __version__

ENVIRONMENT_VARIABLE = "SGDMEM_CACHE_DIR"
_SOURCE, _DIGESTS = "generated.py", "digests.json"
_lock = RLock()


def cache_folder() -> Path:
    """Return where generated modules are kept: $SGDMEM_CACHE_DIR, or the user's cache folder."""
    return _folder(os.environ.get(ENVIRONMENT_VARIABLE))


@lru_cache(maxsize=8)  # a boundary asks thousands of times
def _folder(chosen: str | None) -> Path:
    if chosen:
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("sgdmem")


def load_module(source: str) -> ModuleType:
    """Return the module with this source, whose compiled functions are kept on disk.

    The source must compile its functions when it is imported (with explicit signatures). Where the
    folder cannot be written to, a temporary one serves for this process.
    """
    with _lock:
        return _load(source, cache_folder())


@lru_cache(maxsize=256)
def _load(source: str, root: Path) -> ModuleType:
    key = _key(source)
    folder = root / key
    try:
        if not _is_intact(folder, source):
            _build(folder, source, key)
        return _import(folder, key)
    except OSError:
        scratch = Path(tempfile.mkdtemp(prefix="sgdmem-"))
        (scratch / _SOURCE).write_text(source, encoding="utf-8")
        return _import(scratch, key)


def _key(source: str) -> str:
    """Return a name that changes with everything the machine code depends on."""
    import llvmlite.binding
    import numba
    import numpy

    versions = [__version__, numba.__version__, llvmlite.__version__, numpy.__version__]
    processor = [llvmlite.binding.get_host_cpu_name(), llvmlite.binding.get_host_cpu_features()]
    facts = [source, sys.version, *versions, *map(str, processor)]
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:32]


def _build(folder: Path, source: str, key: str) -> None:
    """Compile in a folder beside, and put it in place when it is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
    try:
        (fresh / _SOURCE).write_text(source, encoding="utf-8")
        _import(fresh, key)
        (fresh / _DIGESTS).write_text(json.dumps(_digests(fresh)), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(fresh, folder)
    except OSError:
        if not _is_intact(folder, source):  # unless another process was faster
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _import(folder: Path, key: str) -> ModuleType:
    name = f"sgdmem_generated_{key}"
    spec = importlib.util.spec_from_file_location(name, folder / _SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # Numba looks for it by this name when it reads machine code
    config: Any = import_module("numba.core.config")
    # Numba's own setting would put the machine code where no digest sees it.
    elsewhere, config.CACHE_DIR = config.CACHE_DIR, ""
    try:
        spec.loader.exec_module(module)
    finally:
        config.CACHE_DIR = elsewhere
    return module


def _digests(folder: Path) -> dict[str, str]:
    """Return the digest of every file that matters: the source and Numba's, not Python's."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name != _DIGESTS and path.suffix != ".pyc"
    }


def _is_intact(folder: Path, source: str) -> bool:
    try:
        listed = json.loads((folder / _DIGESTS).read_text(encoding="utf-8"))
        same = (folder / _SOURCE).read_text(encoding="utf-8") == source
        return same and listed == _digests(folder)
    except (OSError, ValueError):
        return False
