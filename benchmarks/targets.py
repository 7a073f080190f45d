"""Noise sums and kernels where machine code is made for AVX2 and for AVX-512, beside C.

``python -m benchmarks.targets`` prints the tables; it takes a C compiler. Each target is a process
of its own that is told one by ``NUMBA_CPU_NAME``, and one thread; seconds are those of processors.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.maps import PIXELS, SUMMED, c_sums
from benchmarks.measuring import short, table
from benchmarks.recurrences import columns, random_recurrence, recurrences
from sgdmem.numeric.compilation.object_code import load_code
from sgdmem.numeric.compiled_maps import node_sums
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import judge_source
from sgdmem.numeric.compiled_maps.machine_code_by_poles import pole_source
from sgdmem.numeric.compiled_maps.pole_table import pole_table
from sgdmem.numeric.exported_code.evaluator import evaluator
from sgdmem.numeric.spectra.spectrum import Spectrum

TARGETS = {"AVX2": "haswell", "AVX-512": "skylake-avx512"}
MEMBERS = 4032
FAMILIES: dict[str, dict[str, tuple[float, float]]] = {
    "heavy-ball": {"learning_rate": (0.01, 1.9), "momentum": (0, 0.95)},
    "qhm": {"learning_rate": (0.01, 1), "momentum": (0, 0.95), "nu": (0, 1)},
}
TURNS, TURN = 15, 0.02


def least(call: Callable[[], Any]) -> float:
    """Return the least seconds of the processor that a call takes."""
    call()
    found = []
    for _ in range(TURNS):
        start, count = time.process_time(), 0
        while time.process_time() - start < TURN:
            call()
            count += 1
        found.append((time.process_time() - start) / count)
    return min(found)


def sums(processor: str) -> dict[str, float]:
    """Return ns for an eigenvalue of a point, of 10,000 eigenvalues at 2,000 points."""
    rng, found = np.random.default_rng(5), {}
    eigenvalues = np.arange(1.0, SUMMED + 1) ** -1.5
    kept, each = Spectrum(eigenvalues), PIXELS * SUMMED
    for name, call in c_sums(5, processor).items():
        found[f"C, heavy ball, {name.replace('native', '…')}"] = least(call) / each
    for name, ends in FAMILIES.items():
        run = evaluator(name)
        values: dict[str, Any] = {k: rng.uniform(*v, PIXELS) for k, v in ends.items()}
        for text, spectrum in (("a new list", eigenvalues), ("the same `Spectrum`", kept)):
            call = partial(run.noise_sums, spectrum, threads=1, **values)
            found[f"{name}, {text}"] = least(call) / each
        few = {k: v[:20, None] for k, v in values.items()}
        dense = least(lambda run=run, few=few: run(eigenvalues, **few).sum(axis=1))  # type: ignore[misc]
        found[f"{name}, all summands by a call, added up"] = dense / (20 * SUMMED)
    return found


def kernels() -> dict[str, float]:
    """Return ns for a member."""
    rng, found = np.random.default_rng(1), {}
    spectrum = Spectrum.power_law("1.5").compressed
    nodes, disks = node_sums.padded(spectrum), spectrum.disks(one_by_one=True)
    for memory in range(1, 7):
        run, rows = recurrences(memory), np.empty((4, MEMBERS))
        values = columns([random_recurrence(memory, rng) for _ in range(MEMBERS)])
        given = np.array([values[name] for name in run.parameters])
        numbers = np.empty((2, run.forms.count(False), MEMBERS))
        some = given, np.zeros_like(given), *numbers, 0, MEMBERS
        code = load_code(run.forms.source(False)).coefficients
        found[f"coefficients, memory {memory}"] = least(lambda c=code, a=some: c(*a)) / MEMBERS  # type: ignore[misc]
        if memory == 1:
            at = pole_table(spectrum)
            looked = *numbers, at.rows, at.first, at.largest, at.spread, rows, 0, MEMBERS
            code = load_code(pole_source(1)).judge
            found["poles, memory 1"] = least(lambda c=code, a=looked: c(*a)) / MEMBERS  # type: ignore[misc]
        judged = *numbers, *nodes, *disks, rows, 0, MEMBERS
        code = load_code(judge_source(memory, False)).judge
        found[f"{len(spectrum)} nodes, memory {memory}"] = (
            least(lambda c=code, a=judged: c(*a)) / MEMBERS  # type: ignore[misc]
        )
    return found


def main() -> None:
    if len(sys.argv) == 2:
        print(json.dumps([sums(sys.argv[1]), kernels()]))
        return
    print(machine.description())
    results = []
    for processor in TARGETS.values():
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.targets", processor],
            env={**os.environ, "NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": ""},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        results.append(json.loads(done.stdout.splitlines()[-1]))
    for what, found in zip(("noise sums", "kernels"), zip(*results, strict=True), strict=True):
        lines = [[name, *(short(x[name] * 1e9) for x in found)] for name in found[0]]
        print("\n" + table([what, *(f"{name}, ns" for name in TARGETS)], lines))


if __name__ == "__main__":
    main()
