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
def library(source: str, flags: str, headers: tuple[tuple[str, str], ...] = ()) -> ctypes.CDLL:
    """Compile a source file and load it; ``headers`` are names and texts of what it includes."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "library.so"
        for name, text in headers:
            (Path(folder) / name).write_text(text)
        path = Path(__file__).with_name(source)
        command = [COMPILER, *flags.split(), "-w", "-shared", "-fPIC", "-I", folder]
        subprocess.run([*command, str(path), "-o", str(target)], check=True)
        return ctypes.CDLL(str(target))
