"""Maps on a GPU beside the processor of the same machine: parity and times.

``python -m benchmarks.gpu`` prints Markdown. The kernel's time is that of one launch on data that
is on the GPU already; judging goes from the axes to verdicts, with all transfers; the map is a
whole `phase_diagram`, which derives the family's program first.
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
from sgdmem.numeric.compiled_maps import family_judge
from sgdmem.numeric.compiled_maps.compiled_judge import judge_compiled
from sgdmem.numeric.compiled_maps.family_program import family_program
from sgdmem.numeric.compiled_maps.node_sums import OnGpu

MEMORIES, SIDE = ("heavy-ball", "1", "2", "3", "4", "5"), 1000


def main() -> None:
    print(description(), f"- GPU: {_gpu()}", sep="\n")
    print(f"\n### Maps of {SIDE} × {SIDE} points, infinite power law\n")
    head = ["family", "kernel, s", "judging on the GPU, s", "on the processor, s", "ratio"]
    head += ["map on the GPU, s", "on the processor, s", "verdicts that differ", "undecided"]
    head += ["finite noise sums", "of these equal", "largest relative difference"]
    _show(head, (_row(memory, tau2) for tau2 in (0, -1) for memory in MEMORIES))


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
    name = device.name if isinstance(device.name, str) else device.name.decode()
    return f"{name}, compute capability {major}.{minor}"


def _row(memory: str, tau2: int) -> list[str]:
    build, (rates, momenta) = family(memory), axes(SIDE)

    def diagram(device: Any) -> Any:
        return sgdmem.phase_diagram(
            build,
            sgdmem.Problem(spectrum("law"), sgdmem.Noise(tau2=tau2)),
            BATCH_SIZE,
            x=("learning_rate", rates),
            y=("momentum", momenta),
            device=device,
        )

    judging: dict[str, float] = {}

    def timed(device: str) -> float:
        """Return the least seconds of a map; what is spent beside the axes goes to judging."""
        seconds: list[float] = []
        setattr(family_judge, "judge_compiled", _timed(seconds))  # noqa: B010 - a name that it imports
        whole = _least(lambda: diagram(device))
        setattr(family_judge, "judge_compiled", judge_compiled)  # noqa: B010
        judging[device] = min(seconds)
        return whole

    found, expected = diagram("cuda"), diagram("cpu")
    times = [timed("cuda"), timed("cpu")]
    first, second = found.noise_sum.values, expected.noise_sum.values
    both = np.isfinite(first) & np.isfinite(second)
    differences = np.abs(first[both] / second[both] - 1)
    name = f"memory {memory}" if memory.isdecimal() else memory
    return [
        f"{name}, tau2 = {tau2}",
        short(_kernel_seconds(build, rates, momenta, tau2)),
        *map(short, judging.values()),
        short(judging["cpu"] / judging["cuda"]),
        *map(short, times),
        str(int((found.stable.values != expected.stable.values).sum())),
        str(int((found.stable.values == -1).sum())),
        f"{both.mean():.1%}",
        f"{(differences == 0).mean():.1%}",
        f"{differences.max():.1e}",
    ]


def _timed(seconds: list[float]) -> Callable[..., None]:
    def call(*arguments: Any) -> None:
        start = time.perf_counter()
        judge_compiled(*arguments)
        seconds.append(time.perf_counter() - start)

    return call


def _kernel_seconds(build: Any, rates: Any, momenta: Any, tau2: int) -> float:
    """Return the time of the kernel that sums over the spectrum, for all points of the map."""
    program = family_program(build, {"learning_rate": rates, "momentum": momenta})
    assert program is not None
    cuda = import_module("numba.cuda")
    on_gpu = OnGpu(program[0], spectrum("law").compressed, tau2 != 0)
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
