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
from collections.abc import Callable
from concurrent.futures import Future
from itertools import product
from pathlib import Path
from typing import Any, Self

import numpy as np

import sgdmem
from benchmarks.machine import description
from benchmarks.measuring import short, table
from benchmarks.one_map import BATCH_SIZE, family, peak_megabytes, spectrum
from sgdmem.numeric.compiled_maps import family_judge
from sgdmem.numeric.compiled_maps.compiled_judge import judge_compiled
from sgdmem.phase_diagrams.stores import filling, frames
from sgdmem.phase_diagrams.stores.chunk_store import ChunkStore
from sgdmem.phase_diagrams.stores.frames import Frame

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
    print(bare_writes(SIDES[0]))


def bare_writes(side: int) -> str:
    """Write a float a point and nothing else: what no store can be quicker than."""
    frame, told = Frame((side, side)), []
    frame.values[:] = np.random.default_rng(1).random((side, side))
    ways = {"past the system's memory": vars(frames)["_DIRECTLY"], "through it": 0}
    with tempfile.TemporaryDirectory() as folder:
        for way, flag in ways.items():
            setattr(frames, "_DIRECTLY", flag)  # noqa: B010 - a name of another module
            each = []
            for number in range(CHUNKS):
                begin, started = time.process_time(), time.perf_counter()
                frame.write(Path(folder) / f"{number} {way}")
                each.append((time.process_time() - begin, time.perf_counter() - started))
            least, most = min(each), max(each)
            told.append(
                f"{way} {short(least[0])} to {short(most[0])} s, {short(least[1])} s passed"
            )
    return f"a float a point, checked and written {'; '.join(told)}"


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


class _AtOnce:
    """Does in this thread what another one would, so that seconds are told apart."""

    def __init__(self, threads: int) -> None:
        assert threads == 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(function(*arguments))
        return done


def one(memory: str, side: int, verdicts_only: bool) -> dict[str, Any]:
    """Compute a few chunks that lie across the boundary of stability."""
    whole = side * CHUNKS
    seconds: dict[str, list[float]] = {"kernel": [], "compute": [], "write": []}

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            begin = time.process_time()
            found = function(*arguments)
            seconds[name].append(time.process_time() - begin)
            return found

        return call

    # names of other modules
    setattr(family_judge, "judge_compiled", timed("kernel", judge_compiled))  # noqa: B010
    filling.compute_chunk = timed("compute", filling.compute_chunk)
    setattr(ChunkStore, "write", timed("write", ChunkStore.write))  # noqa: B010
    setattr(filling, "ThreadPoolExecutor", _AtOnce)  # noqa: B010
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
