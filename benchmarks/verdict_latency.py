"""How long an answer takes: whole commands in fresh processes, and verdicts in a running one.

``python -m benchmarks.verdict_latency`` prints two tables. Each time stands beside that of a
yardstick measured in the same run: a process that only imports NumPy, and LAPACK's eigenvalues of
the full second-moment operator.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import sgdmem
from tests import naive

PROCESSES = 7
SECONDS = 0.5  # for each measurement in a running process
COMMANDS = {
    "import numpy": ["-c", "import numpy"],
    "sgdmem --help": ["-m", "sgdmem", "--help"],
    "sgdmem stable": [
        *("-m", "sgdmem", "stable", "--algorithm", "heavy-ball", "--set", "learning_rate=0.1"),
        *("--set", "momentum=0.9", "--power-law", "1.5", "--batch-size", "8"),
    ],
}
METHOD = sgdmem.heavy_ball("0.1", "0.9")
RAW = naive.Raw(0.1, [0.9], [-0.1], [[0.9]], [0.0])
BATCH_SIZE = 8.0


def processes() -> dict[str, float]:
    """Return the median wall-clock seconds of every command, taken in turns."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(PROCESSES):
        for name, arguments in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
            times[name].append(time.perf_counter() - start)
    return {name: float(np.median(values)) for name, values in times.items()}


def seconds(call: Callable[[], Any]) -> float:
    """Return the median seconds of a call, after a first one that does not count."""
    call()
    times: list[float] = []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or not times:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def main() -> None:
    found = processes()
    print(f"| command | seconds | relative to `{next(iter(COMMANDS))}` |\n|---|---|---|")
    for name, value in found.items():
        print(f"| `{name}` | {value:.2f} | {value / found['import numpy']:.1f} |")
    print("\n| spectrum | verdict, ms | operator's eigenvalues, ms | ratio |\n|---|---|---|---|")
    for size in (3, 30, 300):
        eigenvalues = np.arange(1, size + 1) ** -1.5
        spectrum = sgdmem.Spectrum(eigenvalues)
        verdict = seconds(partial(sgdmem.stability, METHOD, spectrum, BATCH_SIZE))
        problem = (RAW, list(eigenvalues), BATCH_SIZE, 1, 0)
        peer = seconds(partial(naive.second_moment_radius, *problem))
        print(f"| {size} values | {verdict * 1e3:.1f} | {peer * 1e3:.1f} | {verdict / peer:.2g} |")
    law = sgdmem.Spectrum.power_law(1.5)
    verdict = seconds(lambda: sgdmem.stability(METHOD, law, BATCH_SIZE))
    print(f"| infinite power law | {verdict * 1e3:.1f} | | |")


if __name__ == "__main__":
    main()
