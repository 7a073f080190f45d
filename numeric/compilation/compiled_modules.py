"""Modules with machine code, which is kept from one process to the next.

Numba keeps the machine code of a function beside the file that defines it. Here that file is in a
private temporary folder, removed as soon as the functions are loaded; what Numba wrote there is
kept in one file, named by everything the machine code depends on, see
`sgdmem.numeric.compilation.cache_folder`. Where no file can be written, nothing is kept.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import zipfile
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import Any

from sgdmem.numeric.compilation.cache_folder import cache_folder, keep, read_kept
from sgdmem.numeric.compilation.code_keys import key_of

_SOURCE = "generated.py"
_lock = RLock()


def load_module(source: str) -> ModuleType:
    """Return the module with this source, whose compiled functions are kept on disk.

    The source must compile its functions when it is imported (with explicit signatures).
    """
    with _lock:
        return _load(source, cache_folder())


@lru_cache(maxsize=256)
def _load(source: str, root: Path | None) -> ModuleType:
    key = key_of(source)
    kept = read_kept(key)
    try:
        with tempfile.TemporaryDirectory(prefix="sgdmem-") as place:
            folder = Path(place)
            if kept is not None:
                _unpack(kept, folder)
            module = _import(folder / _SOURCE, source, key)
            if kept is None:
                keep(key, _packed(folder))
            return module
    except OSError:  # no folder for temporary files, or it is full
        return run_source(source.replace("cache=True", "cache=False"), f"<{key}>", key)


def _import(path: Path, source: str, key: str) -> ModuleType:
    """Run a source as that of a file; Numba reads and writes machine code beside it."""
    path.write_text(source, encoding="utf-8")
    os.utime(path, (0, 0))  # Numba may compare times
    config: Any = import_module("numba.core.config")
    # Numba's own setting would put the machine code where it is not found.
    elsewhere, config.CACHE_DIR = config.CACHE_DIR, ""
    try:
        return run_source(source, str(path), key)
    finally:
        config.CACHE_DIR = elsewhere


def run_source(source: str, path: str, key: str) -> ModuleType:
    """Return the module with a source, which Numba finds by its name and its path."""
    module = ModuleType(f"sgdmem_generated_{key}")
    module.__file__ = path
    sys.modules[module.__name__] = module
    exec(compile(source, path, "exec"), vars(module))
    return module


def _packed(folder: Path) -> bytes:
    """Return Numba's files in a folder as one archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".nbi", ".nbc"):
                archive.writestr(str(path.relative_to(folder)), path.read_bytes())
    return packed.getvalue()


def _unpack(kept: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(kept)) as archive:
        archive.extractall(folder)
