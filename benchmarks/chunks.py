"""What a chunk of a large diagram costs, and from it what 10^12 points would.

``python -m benchmarks.chunks`` prints Markdown. Each size runs in a process of its own; the chunks
that are measured are those after the first one, which also derives the family. Seconds are those of
all processors together. The kernel is all that goes from the axes to verdicts in machine code.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

import sgdmem
from benchmarks.machine import description
from benchmarks.measuring import short, table
from benchmarks.one_map import BATCH_SIZE, family, peak_megabytes, spectrum
from sgdmem.numeric.compiled_maps import family_judge
from sgdmem.numeric.compiled_maps.compiled_judge import judge_compiled
from sgdmem.phase_diagrams.stores import filling

MEMORIES, SIDES, CHUNKS, ALL = ("heavy-ball", "0", "1", "2", "3"), (4096,), 5, 10**12
KEPT = ("verdicts", "all")  # of what a diagram has


def main() -> None:
    print(description())
    head = [
        "family",
        "chunk",
        "kept",
        "kernel, s",
        "computing, s",
        "writing, s",
        "beside the kernel",
    ]
    head += ["ns a point", "bytes a point"]
    head += ["memory, MB", f"days for {ALL:.0e} points", "TB"]
    rows = []
    for memory in MEMORIES:
        for side, kept in product(SIDES, KEPT):
            command = [sys.executable, "-m", "benchmarks.chunks", memory, str(side), kept]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            rows.append(_row(memory, side, kept, json.loads(done.stdout)))
    print(table(head, rows))


def _row(memory: str, side: int, kept: str, found: dict[str, float]) -> list[str]:
    whole, points = found["compute"] + found["write"], side**2
    return [
        f"memory {memory}" if memory.isdecimal() else memory,
        f"{side} × {side}",
        kept,
        *(short(found[key]) for key in ("kernel", "compute", "write")),
        f"{whole / found['kernel'] - 1:.0%}",
        short(whole / points * 1e9),
        short(found["bytes"] / points),
        short(found["megabytes"]),
        short(whole / points * ALL / 86400),
        short(found["bytes"] / points * ALL / 1e12),
    ]


def one(memory: str, side: int, verdicts_only: bool) -> dict[str, Any]:
    """Compute a few chunks that lie across the boundary of stability."""
    whole = side * CHUNKS
    seconds: dict[str, list[float]] = {"kernel": [], "compute": [], "write": []}

    def judged(*arguments: Any) -> None:
        begin = time.process_time()
        judge_compiled(*arguments)
        seconds["kernel"].append(time.process_time() - begin)

    setattr(family_judge, "judge_compiled", judged)  # noqa: B010 - a name that it imports

    def compute(question: Any, store: Any, chunk: Any) -> None:
        slices = store.slices(chunk)
        begin = time.process_time()
        part = {name: x[slices[name]] for name, x in question.axes.items()}
        found = question.values(part, names=store.variables)
        computed = time.process_time()
        store.write(chunk, found)
        seconds["compute"].append(computed - begin)
        seconds["write"].append(time.process_time() - computed)

    filling.compute_chunk = compute
    with tempfile.TemporaryDirectory() as folder:
        sgdmem.phase_diagram(
            family(memory),
            spectrum("law"),
            BATCH_SIZE,
            x=("learning_rate", np.linspace(0.01, 3.9, whole)),
            y=("momentum", np.linspace(0, 0.99, side)),
            store=Path(folder) / "map.zarr",
            chunk=side,
            verdicts_only=verdicts_only,
        )
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    middle = {key: float(np.median(values[1:])) for key, values in seconds.items()}
    return {**middle, "bytes": size / CHUNKS, "megabytes": peak_megabytes()}


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(one(sys.argv[1], int(sys.argv[2]), sys.argv[3] == KEPT[0])))
    else:
        main()
