"""Maps and data on a GPU beside the processor of the same machine: parity, times and counts.

``python -m benchmarks.gpu`` prints Markdown, in four minutes or less: rows that would begin later
are left out. ``--side``, ``--large`` and ``--rows`` set the points of maps along an axis, those of
the large map, and a part of the rows of data (1 is all), to try it out where Numba's simulator and
NumPy take a GPU's place. ``--counted`` prints only what needs no GPU.
"""

from __future__ import annotations

import argparse
import ast
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from typing import Any, Literal

import numpy as np

import sgdmem
from benchmarks.machine import description
from benchmarks.measuring import short, table
from benchmarks.one_map import BATCH_SIZE, axes, family, spectrum
from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.compilation.cuda import to_device
from sgdmem.numeric.compilation.object_code import load_code
from sgdmem.numeric.compiled_maps.family_judge import FamilyJudge
from sgdmem.numeric.compiled_maps.family_program import family_program
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import (
    NOISE,
    RADIUS,
    ROWS,
    SHARP,
    STATE,
    TOGETHER,
    judge_source,
)
from sgdmem.numeric.compiled_maps.node_sums import GPU_PART, OnGpu, node_stages, padded
from sgdmem.numeric.compiled_maps.points import Points
from sgdmem.numeric.problems.problem import on_gpu
from sgdmem.numeric.spectra.compressed import CompressedSpectrum
from sgdmem.numeric.spectra.compression import quickened

SECONDS, REPEATS = 190, 4  # of which the last row takes some more
CASES = [(memory, 0) for memory in ("heavy-ball", "1", "2", "3", "4")]
CASES += [("heavy-ball", -1), ("2", -1)]
DATA = [(1_000_000, 50), (60_000, 730)]
DIVISION = 8  # operations that a division counts as
Disks = tuple[Array, Array, Array]
_Device = Literal["cpu", "cuda"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu")
    parser.add_argument("--side", type=int, default=1000)
    parser.add_argument("--large", type=int, default=16384)
    parser.add_argument("--rows", type=float, default=1.0)
    parser.add_argument("--counted", action="store_true")
    asked, end = parser.parse_args(), time.monotonic() + SECONDS
    print(description())
    _show("Operations of a point, counted", COUNTED, _counted(asked.side), end)
    if asked.counted:
        return
    print(f"- GPU: {_gpu()}")
    rows = (_map_row(*case, asked.side) for case in CASES)
    _show(f"Maps of {asked.side} × {asked.side} points, infinite power law", MAP, rows, end)
    large = (_large_row(memory, asked.large) for memory in ("heavy-ball", "1"))
    _show(f"Verdicts of {asked.large} × {asked.large} points that stay there", LARGE, large, end)
    data = (_data_row(max(100, int(asked.rows * n)), d) for n, d in DATA)
    _show("Passes over heavy-tailed data", PASSES, data, end)


def _show(title: str, head: Sequence[str], rows: Iterator[Sequence[str]], end: float) -> None:
    """Print a table row by row, as long as there is time."""
    print(f"\n### {title}\n\n{table(head, [])}", flush=True)
    while time.monotonic() < end:
        row = next(rows, None)
        if row is None:
            return
        print(f"| {' | '.join(row)} |", flush=True)
    print("\nOther rows are left out: the time was up.")


def _gpu() -> str:
    current = getattr(import_module("numba.cuda"), "get_current_device", None)
    if current is None:
        return "Numba's simulator"
    device = current()
    major, minor = device.compute_capability
    name = device.name if isinstance(device.name, str) else device.name.decode()
    return f"{name}, compute capability {major}.{minor}"


# Maps --------------------------------------------------------------------------------------------

MAP = ["family", "kernels, points/s", "verdicts that stay", "verdicts that come back"]
MAP += ["with noise sums and margins", "the same on the processor", "verdicts that differ"]
MAP += ["undecided", "largest relative difference of sums"]
LARGE = ["family", "points", "s", "points/s", "undecided", "unstable", "stable"]


def _map_row(memory: str, tau2: int, side: int) -> list[str]:
    judges = {device: _judge(memory, tau2, side, device) for device in ("cuda", "cpu")}
    there, points = judges["cuda"]
    here, _ = judges["cpu"]
    expected, found = here.judge(points), there.judge(points)
    both = np.isfinite(found.noise_sum) & np.isfinite(expected.noise_sum)
    differences = np.abs(found.noise_sum[both] / expected.noise_sum[both] - 1)
    calls: list[Callable[[], Any]] = [
        _kernels(there, points, tau2),
        lambda: there.judge_on_gpu(points, sums=False),
        lambda: there.judge(points, sums=False),
        lambda: there.judge(points),
        lambda: here.judge(points),
    ]
    return [
        _name(memory, tau2),
        *(f"{len(points) / _least(call):.2g}" for call in calls),
        str(int((found.stable != expected.stable).sum())),
        str((found.stable == -1).sum()),
        f"{differences.max(initial=0.0):.1e}",
    ]


def _large_row(memory: str, side: int) -> list[str]:
    judge, points = _judge(memory, 0, side, "cuda")
    outcome = judge.judge_on_gpu(points, sums=False)
    seconds = _least(lambda: judge.judge_on_gpu(points, sums=False), 2)
    counts = map(str, outcome.counts)
    return [_name(memory, 0), f"{len(points):,}", short(seconds),
            f"{len(points) / seconds:.2g}", *counts]  # fmt: skip


def _name(memory: str, tau2: int) -> str:
    return f"{f'memory {memory}' if memory.isdecimal() else memory}, tau2 = {tau2}"


def _judge(memory: str, tau2: int, side: int, device: _Device) -> tuple[FamilyJudge, Points]:
    build, (rates, momenta) = family(memory), axes(side)
    values = {"momentum": momenta, "learning_rate": rates}
    problem = sgdmem.Problem(spectrum("law"), sgdmem.Noise(tau2=tau2))
    judge = FamilyJudge(build, family_program(build, values), problem, BATCH_SIZE, device)
    return judge, Points(values, [*values])


def _kernels(judge: FamilyJudge, points: Points, tau2: int) -> Callable[[], None]:
    """Return a call of the kernels that sum over the spectrum, on parameters that are there."""
    assert judge.compiled is not None
    program, short_one = judge.compiled[0], judge.problem.spectrum.compressed
    members = min(len(points), GPU_PART)
    found = OnGpu(program, [quickened(short_one), short_one], tau2 != 0, members)
    values, radii = (to_device(x) for x in _parameters(judge, points, tau2, members))
    synchronize = import_module("numba.cuda").synchronize

    def call() -> None:
        for _ in range(-(-len(points) // members)):
            found.many.copy_to_device(np.zeros(1, np.int32))
            found.rows(members, values, radii)
        synchronize()

    return call


def _parameters(judge: FamilyJudge, points: Points, tau2: int, members: int) -> Any:
    """Return values and bounds of their errors of the first points."""
    assert judge.compiled is not None
    places, rows = np.arange(members), []
    for name in judge.compiled[0].parameters:
        balls = Ball.exactly(points.axes[name])
        chosen = places // points.stride(name) % len(points.axes[name])
        rows.append((balls.mid[chosen], balls.rad[chosen]))
    if tau2:
        rows.append((np.full(members, tau2 / BATCH_SIZE), np.zeros(members)))
    return np.ascontiguousarray(np.array(rows).transpose(1, 0, 2))


# Data --------------------------------------------------------------------------------------------

PASSES = ["rows × columns", "first pass, s", "on the processor", "a pass, s", "on the processor"]
PASSES += ["ratio", "difference, over the bound", "stability, s", "on the processor", "reading, s"]


def _data_row(n: int, d: int) -> list[str]:
    rows = np.random.default_rng(d).standard_t(5, size=(n, d)) * np.arange(1, d + 1) ** -0.5
    start = time.perf_counter()
    problems = {"cpu": sgdmem.Problem.from_data(rows)}
    reading = time.perf_counter() - start
    problems["cuda"] = on_gpu(problems["cpu"])
    modes = len(problems["cpu"].spectrum)
    root = np.random.default_rng(1).standard_normal((modes, modes))
    N = root @ root.T / modes
    firsts, passes, questions, images = [], [], [], []
    for device in ("cuda", "cpu"):
        samples = problems[device].noise.samples
        assert samples is not None
        if samples.on_gpu is not None:
            images.append(samples.covariance(N))  # rows are sent
        start = time.perf_counter()
        bound = samples.rounding * np.linalg.norm(N)
        firsts.append(time.perf_counter() - start)
        images.append(samples.covariance(N))
        passes.append(_least(partial(samples.covariance, N), 2))
        method = sgdmem.heavy_ball(0.5 / float(samples.eigenvalues.sum()), 0.9)
        start = time.perf_counter()
        verdict = sgdmem.stability(method, problems[device], 16)
        questions.append(time.perf_counter() - start)
        assert verdict.stable is not None
    difference = np.linalg.norm(images[0] - images[-1]) / bound
    return [f"{n:,} × {d}", *map(short, firsts), *map(short, passes), short(passes[1] / passes[0]),
            f"{difference:.1e}", *map(short, questions), short(reading)]  # fmt: skip


# Counts ------------------------------------------------------------------------------------------

COUNTED = ["family", "all nodes and disks", "operations", "first nodes and disks", "operations"]
COUNTED += ["left for all nodes", "operations in the mean", "ratio"]


def _counted(side: int) -> Iterator[list[str]]:
    """Yield what a thread does if all modes are stable, and how many do it for all nodes, too."""
    for memory, tau2 in CASES:
        judge, points = _judge(memory, tau2, side, "cpu")
        assert judge.compiled is not None
        program, every = judge.compiled[0], judge.problem.spectrum.compressed
        source = judge_source(program.memory, tau2 != 0, cuda=True)
        first, *_ = node_stages(program, [quickened(every), every])
        tried = [(every, every.disks(one_by_one=True)), first]
        costs = [_cost(source, stage) for stage in tried]
        sizes = [f"{len(nodes)}, {centers.size}" for nodes, (centers, *_) in tried]
        left = _left(judge, points, tau2)
        mean = costs[1] + left * costs[0]
        yield [_name(memory, tau2), sizes[0], f"{costs[0]:,}", sizes[1], f"{costs[1]:,}",
               f"{left:.2%}", f"{mean:,.0f}", f"{costs[0] / mean:.2f}"]  # fmt: skip


def _cost(source: str, stage: tuple[CompressedSpectrum, Disks]) -> int:
    """Return how many operations on floats a member takes, one that is stable in every mode."""
    (function,) = (x for x in ast.parse(source).body if isinstance(x, ast.FunctionDef))
    (members,) = (x for x in function.body if isinstance(x, ast.For))
    over_disks, over_nodes = [x for x in ast.walk(members) if isinstance(x, ast.For)][1:]
    branches = [x for x in over_disks.body if isinstance(x, ast.If) and x.orelse]
    told, (_, _, errors) = stage
    disk = _operations(over_disks)
    total = _operations(members) - disk - _operations(over_nodes)
    for branch in branches:  # most disks have no part in the error
        with_error, without = (sum(map(_operations, x)) for x in (branch.body, branch.orelse))
        disk -= with_error + without
        total += int((errors > 0).sum()) * with_error + int((errors == 0).sum()) * without
    total += errors.size * disk
    step = TOGETHER if ast.unparse(over_nodes.iter).count(",") else 1
    return total + _operations(over_nodes) * -(-len(told) // step)


def _operations(tree: ast.AST) -> int:
    """Return the operations on floats in a text; a division takes several."""
    if isinstance(tree, ast.Subscript):  # places
        return 0
    own = 0
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
        own = DIVISION if isinstance(tree.op, ast.Div) else 1
    return own + sum(map(_operations, ast.iter_child_nodes(tree)))


def _left(judge: FamilyJudge, points: Points, tau2: int) -> float:
    """Return the share of points that the first stage leaves to the second."""
    assert judge.compiled is not None
    program, every = judge.compiled[0], judge.problem.spectrum.compressed
    stages = node_stages(program, [quickened(every), every])
    if len(stages) == 1:
        return 0.0
    short_one, disks = stages[0]
    members = len(points)
    numbers = np.empty((2, program.count(tau2 != 0), members))
    given = _parameters(judge, points, tau2, members)
    load_code(program.source(tau2 != 0)).coefficients(*given, *numbers, 0, members)
    found = np.empty((ROWS, members))
    kernel = load_code(judge_source(program.memory, tau2 != 0)).judge
    kernel(*numbers, *padded(short_one), *disks, found, 0, members)
    blurred = ~(found[RADIUS] <= SHARP * np.abs(found[NOISE]))
    return float(((found[STATE] == 0) | ((found[STATE] == 1) & blurred)).mean())


def _least(call: Callable[[], Any], repeats: int = REPEATS) -> float:
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
