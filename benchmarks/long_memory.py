"""Verdicts on gradients that are many steps old: a shift register as long as the delay.

``python -m benchmarks.long_memory`` prints a table: seconds of the processor for a verdict, for
printing it, and for the largest learning rate, each of another rate than any before.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

import sgdmem
from benchmarks.measuring import table

DELAYS = (10, 20, 30, 40, 60, 100)
SPECTRA = {
    "4 eigenvalues": sgdmem.Spectrum([1, 0.5, 0.25, 0.1]),
    "all k^-1.5": sgdmem.Spectrum.power_law(1.5),
}


def delayed(learning_rate: Any, delay: int) -> sgdmem.Algorithm:
    """Return SGD with gradients that are so many steps old."""
    D = np.diag(np.ones(delay - 1, dtype=int), -1).tolist()
    b = [0] * (delay - 1) + [-Fraction(learning_rate)]
    return sgdmem.Algorithm(0, b=b, c=[1] + [0] * (delay - 1), D=D)


def seconds(call: Callable[[], Any]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def row(delay: int, spectrum: sgdmem.Spectrum) -> list[str]:
    """Return what is measured for a delay."""
    edge = 2 * np.sin(np.pi / (2 * (2 * delay + 1)))
    found: list[sgdmem.Verdict] = []
    times = [
        seconds(lambda: found.append(sgdmem.stability(delayed(edge / 3, delay), spectrum, 8))),
        seconds(lambda: str(found[0])),
        seconds(lambda: sgdmem.largest_learning_rate(partial(delayed, delay=delay), spectrum, 8)),
    ]
    low, high = found[0].noise_sum_interval
    return [
        str(delay),
        str(found[0].stable),
        *(f"{x:.3f}" for x in times),
        f"{high / low - 1:.0e}",
    ]


def main() -> None:
    head = ["delay", "stable", "verdict, s", "printing, s", "largest rate, s", "width of U'"]
    for name, spectrum in SPECTRA.items():
        str(sgdmem.stability(delayed("0.01", 9), spectrum, 8))  # what has to be imported
        rows = [row(delay, spectrum) for delay in DELAYS]
        print(f"### {name}\n\n{table(head, rows)}\n")


if __name__ == "__main__":
    main()
