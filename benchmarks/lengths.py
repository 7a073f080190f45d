"""Maps of lists of a hundred and of a million eigenvalues, in turns in one process.

``python -m benchmarks.lengths`` prints seconds of processors, the least of many, as other work on
the machine only adds to them.
"""

from __future__ import annotations

import time

from benchmarks.measuring import least_seconds, short, table
from benchmarks.waiting_tasks import length_of_lists

ROUNDS = 15
LENGTHS = {"10^2": 10**2, "10^6": 10**6}


def report() -> str:
    """Return the table."""
    head = ["map", *(f"{name} eigenvalues, s" for name in LENGTHS), "ratio"]
    asked = [(M, tau2) for tau2 in (0, 1) for M in range(1, 4 if tau2 else 6)]
    return table(head, [_row(M, tau2) for M, tau2 in asked])


def _row(memory: int, tau2: int) -> list[str]:
    calls = {name: length_of_lists(memory, length, tau2) for name, length in LENGTHS.items()}
    few, many = least_seconds(calls, ROUNDS, time.process_time).values()
    name = f"memory {memory}, tau2 = {tau2}"
    return [name, short(few), short(many), f"{many / few:.2f}"]


if __name__ == "__main__":
    print(report())
