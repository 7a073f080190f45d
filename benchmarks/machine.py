"""What a run was measured on: processor, compiler and libraries, without the machine's name."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.c_code import COMPILER

PACKAGES = ("sgdmem", "numpy", "numba", "llvmlite", "scipy", "control", "mpmath", "jax", "torch")


def processors() -> int:
    """Return how many threads this process may run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def description() -> str:
    """Return lines of Markdown."""
    versions = ", ".join(f"{name} {installed(name)}" for name in PACKAGES)
    return "\n".join(
        [
            f"- Processor: {_processor()}; {processors()} of its cores",
            f"- System: {platform.system()} on {platform.machine()}",
            f"- Compiler: {_first_line([COMPILER, '--version'])}",
            f"- Load average before the run: {os.getloadavg()[0]:.1f}",
            f"- Python {platform.python_version()}; {versions}",
        ]
    )


def installed(package: str) -> str:
    """Return a package's version."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    except OSError:
        return platform.processor() or "unknown"
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    facts = {key.strip(): value.strip() for key, value in pairs}
    name = facts.get("model name", platform.machine())
    if "cpu family" in facts:
        name += f" (family {facts['cpu family']}, model {facts.get('model', '?')})"
    vectors = [
        flag for flag in ("avx512f", "avx2", "fma") if flag in facts.get("flags", "").split()
    ]
    return f"{name}, {' '.join(vectors)}" if vectors else name


def _first_line(command: list[str]) -> str:
    try:
        found = subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return found.stdout.splitlines()[0]
