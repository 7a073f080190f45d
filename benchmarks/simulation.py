"""Simulated runs beside the same loop in PyTorch, random numbers and copies of memory.

``python -m benchmarks.simulation``, where PyTorch is installed: heavy ball, batches of 16 Gaussian
features, one thread, seconds of processors. PyTorch draws every row, of all runs at once; a run
here draws one normal number for a mode and a step, whatever the batch size.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from benchmarks import machine
from benchmarks.measuring import short, table
from sgdmem import Problem, heavy_ball, simulate

RATE, MOMENTUM, BATCH, EXPONENT = 0.1, 0.9, 16, 1.5
CASES = ((100, 100, 200), (1000, 20, 100), (10_000, 4, 50), (1_000_000, 1, 5))  # modes, runs, steps
LONGER = 10  # as many steps here as in PyTorch
TURNS = 5


def least(call: Callable[[], None]) -> float:
    """Return the least seconds of the processor that a call takes."""
    call()
    found = []
    for _ in range(TURNS):
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
    return min(found)


def by_torch(modes: int, runs: int, steps: int) -> torch.Tensor:
    """Return the losses after each step, shape (steps, runs)."""
    root = torch.arange(1, modes + 1, dtype=torch.float64) ** (-EXPONENT / 2)
    w = torch.ones(runs, modes, dtype=torch.float64)
    moving, losses = torch.zeros_like(w), torch.empty(steps, runs, dtype=torch.float64)
    for t in range(steps):
        X = torch.randn(runs, BATCH, modes, dtype=torch.float64) * root
        left = torch.einsum("rbn,rn->rb", X, w)
        moving.mul_(MOMENTUM).add_(torch.einsum("rbn,rb->rn", X, left), alpha=1 / BATCH)
        w.sub_(moving, alpha=RATE)
        losses[t] = ((root * w) ** 2).sum(dim=1) / 2
    return losses


def main() -> None:
    torch.set_num_threads(1)
    print(machine.description())
    print(f"- PyTorch {torch.__version__}\n")
    lines = []
    method = heavy_ball(RATE, MOMENTUM)
    for modes, runs, steps in CASES:
        problem = Problem.power_law(str(EXPONENT), zeta=1, count=modes)

        def ours() -> None:
            simulate(method, problem, BATCH, LONGER * steps, seeds=runs, threads=1)  # noqa: B023

        generator = np.random.Generator(np.random.SFC64(1))
        a, b = np.ones((2, modes))
        repeats = max(1, 10**6 // modes)

        def numbers() -> None:
            for _ in range(repeats):  # noqa: B023
                generator.standard_normal(out=a)  # noqa: B023

        def copies() -> None:
            for _ in range(repeats):  # noqa: B023
                np.copyto(b, a)  # noqa: B023

        count = modes * runs * steps
        whole = least(ours) / LONGER / count
        other = least(lambda: by_torch(modes, runs, steps)) / count  # noqa: B023
        normal, copied = (least(call) / (repeats * modes) for call in (numbers, copies))
        cells = [short(x * 1e9) for x in (whole, normal, copied, other)]
        lines.append([f"{modes:,}", f"{runs}", *cells, short(other / whole)])
    head = ["modes", "runs", "simulate, ns", "a normal number by NumPy, ns", "a copy, ns"]
    print(table([*head, "PyTorch, ns", "ratio"], lines))


if __name__ == "__main__":
    main()
