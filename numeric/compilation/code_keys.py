"""What machine code is kept by: its source, and everything else that it depends on."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from sgdmem.symbolic.files.versions import computed_by

_IMPORTED = re.compile(r"^from (sgdmem\.[\w.]+) import ", re.MULTILINE)


@lru_cache(maxsize=16)
def own_source(name: str) -> str:
    """Return the text of a module of sgdmem without importing it."""
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).read_text(encoding="utf-8")


def key_of(source: str, compilers: Sequence[str] = ()) -> str:
    """Return a name that changes with everything the machine code depends on.

    Modules from which the source takes constants, or compilers, are part of it, and ``compilers``,
    modules of sgdmem.
    """
    imported = [own_source(name) for name in (*_IMPORTED.findall(source), *compilers)]
    facts = [source, *imported, computed_by("numba", "llvmlite", "numpy"), *_processor()]
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:32]


def _processor() -> list[str]:
    """Return what code is made for: Numba's settings, or else this processor."""
    import llvmlite.binding as llvm

    settings = [os.environ.get(f"NUMBA_CPU_{x}", "") for x in ("NAME", "FEATURES")]
    linked = [llvm.get_process_triple(), str(llvm.llvm_version_info)]  # of one llvmlite, even
    return [*linked, llvm.get_host_cpu_name(), str(llvm.get_host_cpu_features()), *settings]
