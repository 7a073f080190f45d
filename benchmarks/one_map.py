"""One map in a process of its own: its times and the memory it takes, printed as JSON.

``python -m benchmarks.one_map MEMORY SPECTRUM SIDE`` with "heavy-ball" or M, the number of
eigenvalues k^-1.5 or "law" for all of them, and the number of values of each parameter.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

import sgdmem
from sgdmem.numeric.compiled_maps import family_judge
from sgdmem.numeric.compiled_maps.compiled_judge import judge_compiled

EXPONENT, BATCH_SIZE, REPEATS = 1.5, 64, 6
DECAYS = [Fraction(9, 10), Fraction(1, 2), Fraction(-1, 3), Fraction(3, 4), Fraction(1, 5)]


def family(memory: str) -> Callable[..., sgdmem.Algorithm]:
    """Return heavy ball, or a recurrence of that memory of two parameters.

    D has one root at the momentum and others at fixed decays, and all coefficients of Q count. The
    effective learning rate is about the learning rate; with memory 0 the momentum only lowers it.
    """
    if memory == "heavy-ball":
        return sgdmem.heavy_ball
    size = int(memory)

    def recurrence(learning_rate: Any, momentum: Any) -> sgdmem.Algorithm:
        roots = [1, momentum, *DECAYS][: size + 1]
        P: list[Any] = [1]  # highest power first
        for root in roots:
            P = [a - root * b for a, b in zip([*P, 0], [0, *P], strict=True)]
        p = [-coefficient for coefficient in reversed(P[1:])]
        step = -learning_rate * prod(1 - root for root in [momentum, *roots[2:]])
        q = [step / 4 ** (size - m) for m in range(size + 1)]
        return sgdmem.Algorithm.from_recurrence(p, q)

    return recurrence


def spectrum(name: str) -> sgdmem.Spectrum:
    if name == "law":
        return sgdmem.Spectrum.power_law(EXPONENT)
    return sgdmem.Spectrum(np.arange(1, int(name) + 1) ** -EXPONENT)


def axes(side: int) -> tuple[list[Fraction], ...]:
    """Return learning rates and momenta."""
    ends = ((0.01, 3.9), (0.0, 0.99))
    return tuple([Fraction(x) for x in np.linspace(*pair, side).tolist()] for pair in ends)


def main() -> None:
    memory, name, side = sys.argv[1], sys.argv[2], int(sys.argv[3])
    build, (rates, momenta) = family(memory), axes(side)
    start = time.perf_counter()
    given = spectrum(name)
    read = time.perf_counter()
    nodes = given.compressed
    compressed = time.perf_counter()

    def diagram() -> Any:
        return sgdmem.phase_diagram(
            build, given, BATCH_SIZE, x=("learning_rate", rates), y=("momentum", momenta)
        )

    inside: list[float] = []

    def timed(*arguments: Any) -> Any:
        left, seconds = _timed(lambda: judge_compiled(*arguments))
        inside.append(seconds)
        return left

    setattr(family_judge, "judge_compiled", timed)  # noqa: B010 - a name that it imports
    spent = time.process_time()
    found, first = _timed(diagram)
    spent = time.process_time() - spent
    again = min(_timed(diagram)[1] for _ in range(REPEATS - 1))
    stable = found.stable.values
    print(
        json.dumps(
            {
                "nodes": len(nodes),
                "read": read - start,
                "compress": compressed - read,
                "first": first,
                "first on a processor": spent,
                "again": again,
                "code": min(inside),
                "stable": float((stable == 1).mean()),
                "undecided": int((stable == -1).sum()),
                "megabytes": peak_megabytes(),
            }
        )
    )


def peak_megabytes() -> float:
    """Return the most memory that this process ever had.

    On Linux, getrusage begins with what the parent process had.
    """
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _timed(call: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    found = call()
    return found, time.perf_counter() - start


if __name__ == "__main__":
    main()
