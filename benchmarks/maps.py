"""Whole maps: lists of any length and infinite power laws, memories 0 to 5, with error bounds.

Each map is made in a process of its own by ``benchmarks.one_map``. Machine code is kept in a
temporary folder, which is empty at first.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

import sgdmem
from benchmarks.eigenvalue_sums import eigenvalue_sums
from benchmarks.measuring import least_seconds, short, table
from benchmarks.one_map import EXPONENT
from sgdmem.numeric.compilation.cache_folder import ENVIRONMENT_VARIABLE
from sgdmem.numeric.exported_code.evaluator import evaluator

SPECTRA = {
    "100": "10^2 eigenvalues",
    "10000": "10^4 eigenvalues",
    "1000000": "10^6 eigenvalues",
    "law": "all of them",
}
LONGEST = 10**6  # of the lists
PIXELS, SUMMED, AGREEMENT = 2000, 10_000, 1e-12  # of the sums in C


def one_map(
    memory: str, spectrum: str, side: int, cache: str, one_core: bool = False
) -> dict[str, Any]:
    """Return what a process prints about its map."""
    found = subprocess.run(
        [
            *(["taskset", "-c", "0"] if one_core else []),
            sys.executable,
            "-m",
            "benchmarks.one_map",
            memory,
            spectrum,
            str(side),
        ],
        env={**os.environ, ENVIRONMENT_VARIABLE: cache},
        check=True,
        capture_output=True,
        text=True,
    )
    return dict(json.loads(found.stdout))


def report(quick: bool) -> str:
    """Return the tables."""
    side = 300 if quick else 1000
    memories = range(3) if quick else range(6)
    with tempfile.TemporaryDirectory() as cache:
        cold = {str(memory): one_map(str(memory), "law", side, cache) for memory in memories}
        warm = {memory: one_map(memory, "law", side, cache) for memory in cold}
        one_map("heavy-ball", "100", 50, cache)
        lengths = {name: one_map("heavy-ball", name, side, cache) for name in SPECTRA}
        alone = one_map("heavy-ball", str(LONGEST), side, cache, one_core=True)
    parts = [
        f"### Heavy ball, {side} × {side} points, eigenvalues k^-1.5",
        "Machine code is on disk. Reading and compressing are done once for a spectrum. The first "
        "map of a process also imports what it needs and loads the machine code.",
        _lengths(lengths),
        _c_ratio(alone, side),
        f"### Recurrences of each memory, {side} × {side} points, infinite power law",
        _memories(cold, warm),
    ]
    return "\n\n".join(parts)


def _lengths(found: dict[str, dict[str, Any]]) -> str:
    head = ["spectrum", "nodes", "reading, s", "compressing, s", "first map, s"]
    head += ["next map, s", "its machine code, s", "undecided", "peak memory, MB"]
    return table(
        head,
        [
            [
                SPECTRA[name],
                str(x["nodes"]),
                *(short(x[key]) for key in ("read", "compress", "first", "again", "code")),
                str(x["undecided"]),
                short(x["megabytes"]),
            ]
            for name, x in found.items()
        ],
    )


def c_sums(seed: int, processor: str = "native") -> dict[str, Callable[[], Any]]:
    """Return sums of random heavy balls over all eigenvalues in C, which agree with the library's.

    C is handed the numbers of each pixel; the library derives them.
    """
    rng = np.random.default_rng(seed)
    values: dict[str, Any] = {
        "learning_rate": rng.uniform(0.01, 1.9, PIXELS),
        "momentum": rng.uniform(0, 0.95, PIXELS),
    }
    eigenvalues = np.arange(1.0, SUMMED + 1) ** -EXPONENT
    expected = evaluator("heavy-ball").noise_sums(eigenvalues, **values)
    sums = eigenvalue_sums(sgdmem.heavy_ball)
    calls = sums.in_c(sums.numbers_at(values), eigenvalues, processor)
    for name, call in calls.items():
        if not np.allclose(call(), expected, rtol=AGREEMENT, atol=0):
            raise AssertionError(f"{name} differs from the library")
    return calls


def _c_ratio(longest: dict[str, Any], side: int) -> str:
    """Compare the map of the longest list with sums without compression in C, on one core."""
    scale = side**2 * LONGEST / (PIXELS * SUMMED)
    seconds = {name: x * scale for name, x in least_seconds(c_sums(5), 9).items()}
    rows = [
        [name, short(time), *(short(time / longest[key]) for key in ("again", "code"))]
        for name, time in seconds.items()
    ]
    return "\n\n".join(
        [
            f"On one core the map of {LONGEST:,} eigenvalues takes {short(longest['again'])} s, "
            f"{short(longest['code'])} s of it in machine code. In C the sums alone, in floats "
            f"without error bounds, would take (measured on {PIXELS:,} pixels and {SUMMED:,} "
            f"eigenvalues, and scaled):",
            table(["C", "s", "over the next map", "over its machine code"], rows),
        ]
    )


def _memories(cold: dict[str, dict[str, Any]], warm: dict[str, dict[str, Any]]) -> str:
    # of the processors for first maps: those of other processes would make it longer
    head = ["M", "first map, compiling, CPU s", "first map, code on disk, CPU s", "next map, s"]
    head += ["its machine code, s", "stable", "undecided", "peak memory, MB"]
    return table(
        head,
        [
            [
                memory,
                *(short(some["first on a processor"]) for some in (x, y)),
                *map(short, (y["again"], y["code"])),
                f"{y['stable']:.0%}",
                str(y["undecided"]),
                short(y["megabytes"]),
            ]
            for memory, x, y in ((name, cold[name], warm[name]) for name in cold)
        ],
    )
