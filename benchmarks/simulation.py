"""Simulated runs beside the same loops in PyTorch, random numbers and copies of memory.

``python -m benchmarks.simulation``, where PyTorch is installed: heavy ball, batches of 16 Gaussian
features, one thread, seconds of processors. One loop in PyTorch draws the law that is drawn here,
one normal number for a mode and a step, whatever the batch size; another one draws every row. Both
make all runs at once. A step reads and writes two numbers of the state of a mode and a random one,
and reads its eigenvalue: it cannot be faster than a copy of so many bytes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from benchmarks import machine
from benchmarks.measuring import short, table
from sgdmem import Noise, Problem, Spectrum, heavy_ball, losses, simulate

RATE, MOMENTUM, BATCH, EXPONENT = 0.1, 0.9, 16, 1.5
CASES = (
    (100, 100, 200),
    (1000, 20, 100),
    (10_000, 4, 50),
    (1_000_000, 1, 10),
)  # modes, runs, steps
LONGER = 10  # as many steps here as in PyTorch
TURNS = 5
BYTES = 56  # of a mode, that a step reads or writes


def least(call: Callable[[], object]) -> float:
    """Return the least seconds of the processor that a call takes."""
    call()
    found = []
    for _ in range(TURNS):
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
    return min(found)


def start_in_torch(modes: int, runs: int, steps: int) -> tuple[torch.Tensor, ...]:
    """Return eigenvalues, w and the memory times their roots, and room for losses."""
    lam = torch.arange(1, modes + 1, dtype=torch.float64) ** -EXPONENT
    w = lam.sqrt().repeat(runs, 1)
    return lam, w, torch.zeros_like(w), torch.empty(steps, runs, dtype=torch.float64)


def whole_batches(modes: int, runs: int, steps: int) -> torch.Tensor:
    """Return the losses after each step, shape (steps, runs); every row is drawn."""
    lam, w, moving, found = start_in_torch(modes, runs, steps)
    for t in range(steps):
        X = torch.randn(runs, BATCH, modes, dtype=torch.float64)
        left = torch.einsum("rbn,rn->rb", X, w)
        g = torch.einsum("rbn,rb->rn", X, left).mul_(lam)
        moving.mul_(MOMENTUM).add_(g, alpha=1 / BATCH)
        w.sub_(moving, alpha=RATE)
        found[t] = (w * w).sum(dim=1) / 2
    return found


def same_law(modes: int, runs: int, steps: int) -> torch.Tensor:
    """Return the losses after each step, shape (steps, runs); drawn as `simulate` does."""
    lam, w, moving, found = start_in_torch(modes, runs, steps)
    square = (w * w).sum(dim=1)
    squares = torch.randn(steps, runs, BATCH, dtype=torch.float64).pow_(2).sum(dim=2)
    xi = torch.empty_like(w)
    for t in range(steps):
        xi.normal_()
        along = torch.einsum("rn,rn->r", xi, w)
        size, chi = square.sqrt(), squares[t].sqrt()
        xi.mul_((chi * size / BATCH)[:, None])
        xi.addcmul_(w, ((squares[t] - chi * along / size) / BATCH)[:, None]).mul_(lam)
        moving.mul_(MOMENTUM).add_(xi)
        w.sub_(moving, alpha=RATE)
        square = torch.einsum("rn,rn->r", w, w)
        found[t] = square / 2
    return found


def problem_of(modes: int) -> Problem:
    """Return the problem whose loops these are."""
    eigenvalues = np.arange(1.0, modes + 1) ** -EXPONENT
    return Problem(Spectrum(eigenvalues), Noise(tau1=1, tau2=-1), target=np.ones(modes))


def check() -> None:
    """Compare mean losses with the exact ones, or raise AssertionError."""
    modes, runs, steps = 20, 4000, 30
    torch.manual_seed(1)
    exact = losses(heavy_ball(RATE, MOMENTUM), problem_of(modes), BATCH, steps)
    for loop in (same_law, whole_batches):
        found = loop(modes, runs, steps).numpy()
        error = found.std(axis=1, ddof=1) / runs**0.5
        assert (abs(found.mean(axis=1) - exact[1:]) < 4.5 * error).all(), loop


def main() -> None:
    torch.set_num_threads(1)
    check()
    print(machine.description())
    print(f"- PyTorch {torch.__version__}\n")
    lines = []
    method = heavy_ball(RATE, MOMENTUM)
    generator = np.random.Generator(np.random.SFC64(1))
    for modes, runs, steps in CASES:
        problem = problem_of(modes)
        numbers = np.empty(max(modes, 10_000))
        here, there = np.ones((2, max(modes, 1000) * BYTES // 16))
        repeats = max(1, 10**7 // modes)
        calls: dict[str, tuple[int, Callable[[], object]]] = {
            "simulate": (
                LONGER * steps * runs * modes,
                partial(simulate, method, problem, BATCH, LONGER * steps, seeds=runs, threads=1),
            ),
            "copy": (
                repeats * here.size * 16 // BYTES,
                partial(repeated, repeats, np.copyto, there, here),
            ),
            "normal": (numbers.size, partial(generator.standard_normal, out=numbers)),
            "same": (steps * runs * modes, partial(same_law, modes, runs, steps)),
            "rows": (steps * runs * modes, partial(whole_batches, modes, runs, steps)),
        }
        found = {name: least(call) / count for name, (count, call) in calls.items()}
        cells = [short(x * 1e9) for x in found.values()]
        ratios = [short(found[name] / found["simulate"]) for name in ("same", "rows")]
        lines.append([f"{modes:,}", f"{runs}", *cells, *ratios])
    head = ["modes", "runs", "simulate, ns", f"a copy of {BYTES} bytes, ns"]
    head += ["a normal number by NumPy, ns", "PyTorch, the same law, ns", "every row, ns"]
    print(table([*head, "ratio", "ratio, every row"], lines))


def repeated(times: int, call: Callable[..., object], *arguments: object) -> None:
    """Call so many times."""
    for _ in range(times):
        call(*arguments)


if __name__ == "__main__":
    main()
