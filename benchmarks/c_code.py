"""C sources beside this module, compiled for this machine and called through ctypes."""

from __future__ import annotations

import ctypes
import os
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

COMPILER = os.environ.get("CC", "cc")
PLAIN = "-O3 -march=native"
FAST = "-Ofast -march=native -fopenmp"


@lru_cache
def library(source: str, flags: str) -> ctypes.CDLL:
    """Compile a source file and load it."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "library.so"
        path = Path(__file__).with_name(source)
        command = [COMPILER, *flags.split(), "-w", "-shared", "-fPIC", str(path), "-o", str(target)]
        subprocess.run(command, check=True)
        return ctypes.CDLL(str(target))
