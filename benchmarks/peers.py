"""Noise sums, maps and single summands beside what one would write instead.

``python -m benchmarks.peers`` prints the tables in Markdown; it takes a C compiler. Peers that are
not installed (JAX, PyTorch, python-control) are left out, and named. All get one thread, and all
seconds are those of processors.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from shutil import which
from typing import Any

os.environ.update(OMP_NUM_THREADS="1", XLA_FLAGS="--xla_cpu_multi_thread_eigen=false")
os.environ.update(JAX_PLATFORMS="cpu")

import numpy as np

import sgdmem
from benchmarks import machine
from benchmarks.eigenvalue_sums import Array, Sums, eigenvalue_sums
from benchmarks.measuring import least_seconds, short, table
from sgdmem.numeric.exported_code.evaluator import evaluator

POINTS, EIGENVALUES, SIDE = 2000, 10_000, 1000
BLOCK = 8192  # numbers of an array that NumPy and PyTorch go through at once: it fits the caches
AGREEMENT = 1e-12
ENDS = {"learning_rate": (0.01, 1.9), "momentum": (0, 0.95)}  # of axes: all sums are finite
# the family, what else is fixed, and a batch size that is enough for some of the points
FAMILIES: dict[str, tuple[Any, dict[str, Any], int]] = {
    "heavy ball": (sgdmem.heavy_ball, {}, 8),
    "QHM": (sgdmem.qhm, {"nu": 0.75}, 1),
}
NEW, KEPT = "sgdmem, a new list", "sgdmem, the same `Spectrum`"


def in_blocks(summand: Callable[..., Any], numbers: Any, x: Any) -> list[Any]:
    """Return sums by whole arrays of NumPy or PyTorch, some eigenvalues at a time."""
    found = []
    for K, *others in numbers.T:
        parts = (x[k : k + BLOCK] for k in range(0, len(x), BLOCK))
        found.append(K * sum(summand(part, *others).sum() for part in parts))
    return found


def at_once(summand: Callable[..., Any], numbers: Any, x: Any) -> Any:
    """Return sums by one array of all points and eigenvalues, which compilers never store."""
    K, *others = (row[:, None] for row in numbers)
    return K[:, 0] * summand(x, *others).sum(1)


def of_jax(sums: Sums, numbers: Array, x: Array) -> dict[str, Callable[[], Any]]:
    import jax

    jax.config.update("jax_enable_x64", True)
    compiled = jax.jit(partial(at_once, sums.summand))
    given = [jax.numpy.asarray(array) for array in (numbers, x)]
    return {"JAX, `jit`": lambda: compiled(*given).block_until_ready()}


def of_torch(sums: Sums, numbers: Array, x: Array) -> dict[str, Callable[[], Any]]:
    import torch

    torch.set_num_threads(1)
    given = [torch.from_numpy(array) for array in (numbers, x)]
    calls: dict[str, Callable[[], Any]] = {"PyTorch": partial(in_blocks, sums.summand, *given)}
    if which("g++"):  # which PyTorch compiles with
        compiled = torch.compile(partial(at_once, sums.summand))
        calls["PyTorch, `compile`"] = lambda: compiled(*given)
    return calls


PEERS = {"jax": of_jax, "torch": of_torch}


def sums_and_map(name: str, quick: bool) -> str:
    """Return the table of a family; all sums and verdicts agree, or there is none."""
    family, fixed, batch_size = FAMILIES[name]
    axes = {key: np.linspace(*pair, SIDE) for key, pair in ENDS.items()}
    eigenvalues = np.arange(1.0, EIGENVALUES + 1) ** -1.5
    kept, (x, y) = sgdmem.Spectrum(eigenvalues), axes.items()

    def diagram() -> Any:
        return sgdmem.phase_diagram(family, kept, batch_size, x=x, y=y, **fixed)

    found = diagram()
    rng = np.random.default_rng(5)
    places = {key: rng.integers(SIDE, size=POINTS) for key in axes}
    values: dict[str, Any] = {key: axis[places[key]] for key, axis in axes.items()}
    values |= {key: np.full(POINTS, value) for key, value in fixed.items()}
    run, sums = evaluator(family, [*values]), eigenvalue_sums(family)
    numbers = sums.numbers_at(values)
    calls: dict[str, Callable[[], Any]] = {
        NEW: partial(run.noise_sums, eigenvalues, threads=1, **values),
        KEPT: partial(run.noise_sums, kept, threads=1, **values),
        **{f"C, {key}": call for key, call in sums.in_c(numbers, eigenvalues).items()},
        f"NumPy, blocks of {BLOCK:,}": partial(in_blocks, sums.summand, numbers, eigenvalues),
    }
    for package, peer in PEERS.items():
        if find_spec(package):
            calls |= peer(sums, numbers, eigenvalues)
    _compare(calls, found.isel({key: ("p", at) for key, at in places.items()}), batch_size)
    calls["map"] = diagram
    seconds = least_seconds(calls, 3 if quick else 9, time.process_time)
    of_map = seconds.pop("map")
    scale = SIDE**2 / POINTS
    head = ["sums", "ns", "over a new list", "over the same `Spectrum`", "a map, s", "over ours"]
    rows = [
        [
            key,
            short(x / (POINTS * EIGENVALUES) * 1e9),
            *(short(x / seconds[ours]) for ours in (NEW, KEPT)),
            *(() if key in (NEW, KEPT) else (short(x * scale), short(x * scale / of_map))),
        ]
        for key, x in seconds.items()
    ]
    rows = [[*row, *[""] * (len(head) - len(row))] for row in rows]
    rows.append(["sgdmem, `phase_diagram`", "", "", "", short(of_map), "1"])
    return table(head, rows)


def _compare(calls: dict[str, Callable[[], Any]], found: Any, batch_size: int) -> None:
    """Hold everyone's sums against the map, which has verdicts with proven bounds."""
    expected, stable = found.noise_sum.values * batch_size, found.stable.values
    for name, call in calls.items():
        got = np.asarray(call())
        error = float(np.abs(got / expected - 1).max())
        if not error < AGREEMENT:
            raise AssertionError(f"{name} differs by {error:.1e}")
        if ((got < batch_size) != stable)[stable >= 0].any():
            raise AssertionError(f"{name} has other verdicts")
    if not {0, 1} <= {*stable.tolist()}:
        raise AssertionError("the points do not have both verdicts")


def main() -> None:
    if not {*sys.argv[1:]} <= {"--quick"}:
        sys.exit("usage: python -m benchmarks.peers [--quick]")
    quick = "--quick" in sys.argv
    print(machine.description())
    missing = [name for name in (*PEERS, "control") if not find_spec(name)]
    if missing:
        print(f"- Left out, since not installed: {', '.join(missing)}")
    for name in FAMILIES:
        print(f"\n### {name}\n\n{sums_and_map(name, quick)}", flush=True)
    if "control" not in missing:
        from benchmarks import summands

        print(f"\n### One summand of any algorithm\n\n{summands.report(quick)}")


if __name__ == "__main__":
    main()
