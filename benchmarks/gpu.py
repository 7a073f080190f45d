"""Maps and summands on a GPU beside the processor of the same machine: parity and times.

``python -m benchmarks.gpu`` prints Markdown. The kernel's time is that of one launch on data that
is on the GPU already, the map's that of a whole `phase_diagram`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any

import numpy as np

import sgdmem
from benchmarks.machine import description
from benchmarks.measuring import short, table
from benchmarks.one_map import BATCH_SIZE, axes, family, spectrum
from sgdmem.numeric.family_program import family_program
from sgdmem.numeric.map_sums import _OnGpu

MEMORIES, SIDE, POINTS = ("heavy-ball", "1", "2", "3", "4", "5"), 1000, 10**6
EVALUATORS = ("heavy-ball", "qhm", "two-rate")


def main() -> None:
    print(description(), f"- GPU: {_gpu()}", sep="\n")
    print(f"\n### Maps of {SIDE} × {SIDE} points, infinite power law\n")
    head = ["family", "kernel, s", "map on the GPU, s", "map on the processor, s", "ratio"]
    head += ["verdicts that differ", "undecided", "largest relative difference of noise sums"]
    _show(head, (_row(memory, tau2) for tau2 in (0, -1) for memory in MEMORIES))
    print(f"\n### Summands of {POINTS:,} points\n")
    head = ["algorithm", "GPU, s", "processor, s", "largest relative difference"]
    _show([*head, "edges that differ"], map(_summands, EVALUATORS))


def _show(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table row by row: the longest kernels take minutes to compile."""
    print(table(head, []))
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def _gpu() -> str:
    current = getattr(import_module("numba.cuda"), "get_current_device", None)
    if current is None:
        return "Numba's simulator"
    device = current()
    major, minor = device.compute_capability
    return f"{device.name.decode()}, compute capability {major}.{minor}"


def _row(memory: str, tau2: int) -> list[str]:
    build, (rates, momenta) = family(memory), axes(SIDE)

    def diagram(device: Any) -> Any:
        return sgdmem.phase_diagram(
            build,
            ("learning_rate", rates),
            ("momentum", momenta),
            spectrum=spectrum("law"),
            batch_size=BATCH_SIZE,
            tau2=tau2,
            device=device,
        )

    found, expected = diagram("cuda"), diagram("cpu")
    times = [_least(lambda: diagram("cuda")), _least(lambda: diagram("cpu"))]
    first, second = found.noise_sum.values, expected.noise_sum.values
    both = np.isfinite(first) & np.isfinite(second)
    difference = np.abs(first[both] / second[both] - 1).max()
    name = f"memory {memory}" if memory.isdecimal() else memory
    return [
        f"{name}, tau2 = {tau2}",
        short(_kernel_seconds(build, rates, momenta, tau2)),
        *map(short, times),
        short(times[1] / times[0]),
        str(int((found.stable.values != expected.stable.values).sum())),
        str(int((found.stable.values == -1).sum())),
        f"{difference:.1e}",
    ]


def _kernel_seconds(build: Any, rates: Any, momenta: Any, tau2: int) -> float:
    """Return the time of the kernel that sums over the spectrum, for all points of the map."""
    program = family_program(build, {"learning_rate": rates, "momentum": momenta})
    assert program is not None
    cuda = import_module("numba.cuda")
    on_gpu = _OnGpu(program[0], spectrum("law").compressed, tau2 != 0)
    grid = np.meshgrid(*[np.array(x, dtype=float) for x in (momenta, rates)], indexing="ij")
    named = {"momentum": grid[0].ravel(), "learning_rate": grid[1].ravel()}
    values = np.array([named[name] for name in program[0].parameters])
    if tau2:
        values = np.vstack([values, np.full(values.shape[1], tau2 / BATCH_SIZE)])
    members = values.shape[1]
    sent = [cuda.to_device(x) for x in (values, np.zeros_like(values))]
    numbers = [cuda.device_array((on_gpu.count, members)) for _ in range(2)]
    found = cuda.device_array((4, members))
    on_gpu.coefficients(members, *sent, *numbers)

    def call() -> None:
        on_gpu.judge(members, *numbers, *on_gpu.rule, found)
        cuda.synchronize()

    return _least(call)


def _summands(name: str) -> list[str]:
    rng = np.random.default_rng(7)
    run = sgdmem.evaluator(name)
    points: dict[str, Any] = {key: rng.uniform(0.02, 1.1, POINTS) for key in run.parameters}
    lam = 10 ** rng.uniform(-3, 1, POINTS)

    def call(target: Any) -> Any:
        return run(lam, target=target, **points)

    found, expected = call("cuda"), call("numba")
    inside = np.isfinite(expected) & np.isfinite(found)
    difference = np.abs(found[inside] / expected[inside] - 1).max()
    times = [short(_least(lambda: call("cuda"))), short(_least(lambda: call("numba")))]
    edges = int((np.isfinite(found) != np.isfinite(expected)).sum())
    return [name, *times, f"{difference:.1e}", str(edges)]


def _least(call: Callable[[], Any], repeats: int = 4) -> float:
    """Return the least seconds of some calls, after a first one."""
    call()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


if __name__ == "__main__":
    main()
