"""What a chunk costs on a dask cluster, and what a diagram of 10^12 points costs before its chunks.

``python -m benchmarks.cluster_chunks`` prints Markdown. Seconds are those of all processors, of
workers, and of the process that asks with the scheduler in it. All of these do something while
nothing is asked of them, for as long as a chunk takes: that is told apart as waiting, and is more
where others use the processors. After a first run, a map of one row of chunks is asked for, and one
of all rows: seconds of a chunk are what these differ by, and the rest is once for all chunks.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
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

SIDE, COLUMNS, ROWS, LONG = 4096, 4, 3, 10**6  # points of a chunk, chunks, points of an axis
_IDLE = 4  # seconds
_kernel = [0.0]  # seconds


def main() -> None:
    print(description())
    head = ["family", "kept", "workers", "kernel, s", "worker, s", "asking, s"]
    head += ["both beside the kernel", "waiting, s", "once, s"]
    rows = []
    for memory in ("heavy-ball", "2"):
        for kept, workers in (("verdicts", 1), ("verdicts", 2), ("all", 2)):
            each = _run(memory, kept, workers)
            rows.append(
                [
                    f"memory {memory}" if memory.isdecimal() else memory,
                    *(kept, str(workers), short(each["kernel"]), short(each["worker"])),
                    short(each["asking"]),
                    f"{(each['worker'] + each['asking']) / each['kernel'] - 1:.1%}",
                    *(short(each["waiting"]), short(each["once"])),
                ]
            )
    print(table(head, rows))
    found = _run("question")
    print(", ".join(f"{key}: {short(value)}" for key, value in found.items()))


def _run(*arguments: Any) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.cluster_chunks", *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _timed(*arguments: Any) -> Any:
    begin = time.process_time()
    left = judge_compiled(*arguments)
    _kernel[0] += time.process_time() - begin
    return left


def watch() -> None:
    """Have a worker count the seconds of its kernels."""
    setattr(family_judge, "judge_compiled", _timed)  # noqa: B010 - a name that it imports


def spent() -> tuple[float, float]:
    """Return the seconds of a worker, and those of its kernels."""
    return time.process_time(), _kernel[0]


def of_workers(spent: dict[str, tuple[float, float]]) -> tuple[float, float]:
    """Return what `spent` says of all workers."""
    whole, kernel = map(sum, zip(*spent.values(), strict=True))
    return float(whole), float(kernel)


def _idle(seconds: Callable[[], tuple[float, float]]) -> tuple[float, float]:
    """Return seconds of processors for each second in which nothing is asked."""
    before = seconds()
    time.sleep(_IDLE)
    first, second = (now - then for now, then in zip(seconds(), before, strict=True))
    return first / _IDLE, second / _IDLE


def chunks_on_cluster(memory: str, kept: str, workers: int) -> dict[str, float]:
    """Compute chunks that lie side by side across the boundary of stability."""
    distributed: Any = import_module("dask.distributed")
    here: Any = import_module("benchmarks.cluster_chunks")  # of which a worker has one, too
    size = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
    with (
        tempfile.TemporaryDirectory() as folder,
        distributed.LocalCluster(**size) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.run(here.watch)
        rate, working = _idle(lambda: (time.process_time(), of_workers(client.run(here.spent))[0]))

        def seconds(rows: int) -> dict[str, float]:
            """Compute a map of so many rows of chunks."""
            store = Path(tempfile.mkdtemp(dir=folder)) / "map.zarr"
            before = client.run(here.spent)
            begin, started = time.process_time(), time.perf_counter()
            sgdmem.phase_diagram(
                family(memory),
                spectrum("law"),
                BATCH_SIZE,
                x=("learning_rate", np.linspace(0.01, 3.9, SIDE * COLUMNS)),
                y=("momentum", np.linspace(0, 0.99, SIDE * rows)),
                store=store,
                chunk=SIDE,
                client=client,
                verdicts_only=kept == "verdicts",
            )
            own, waited = time.process_time() - begin, time.perf_counter() - started
            after = client.run(here.spent)
            pairs = zip(of_workers(after), of_workers(before), strict=True)
            whole, kernel = (now - then for now, then in pairs)
            net = {"worker": whole - working * waited, "asking": own - rate * waited}
            return {"kernel": kernel, **net, "waiting": (rate + working) * waited}

        seconds(1)
        few, more = seconds(1), seconds(ROWS)
    each = {key: (more[key] - few[key]) / ((ROWS - 1) * COLUMNS) for key in few}
    return each | {"once": sum(few[x] - COLUMNS * each[x] for x in ("worker", "asking"))}


def question_of_all_points() -> dict[str, float]:
    """Ask for 10^12 points, and send the question, without computing a chunk."""
    sizes: dict[str, float] = {}

    def sent(question: Any, store: Any, missing: Any, advance: Any) -> None:
        data = import_module("cloudpickle").dumps((question, store))
        sizes.update({"chunks": len(missing), "MB sent": len(data) / 1e6})
        begin = time.process_time()
        import_module("pickle").loads(data)
        sizes["seconds to read it"] = time.process_time() - begin

    setattr(filling, "fill", sent)  # noqa: B010 - a name that is imported
    begin = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        sgdmem.phase_diagram(
            "heavy-ball",
            spectrum("law"),
            BATCH_SIZE,
            x=("learning_rate", np.linspace(0.01, 3.9, LONG)),
            y=("momentum", np.linspace(0, 0.99, LONG)),
            store=Path(folder) / "map.zarr",
            chunk=SIDE,
            verdicts_only=True,
        )
    return {**sizes, "seconds in all": time.process_time() - begin, "MB": peak_megabytes()}


if __name__ == "__main__":
    if sys.argv[1:] == ["question"]:
        print(json.dumps(question_of_all_points()))
    elif sys.argv[1:]:
        memory, kept, *counts = sys.argv[1:]
        print(json.dumps(chunks_on_cluster(memory, kept, *map(int, counts))))
    else:
        main()
