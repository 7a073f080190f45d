"""Search for the systems on which Kaczmarz loses most from its worst start, of several sizes.

Each search climbs from a random system, by `search_slow_system`, and takes seconds; a run that was
stopped goes on after the last one that is in the table. Run with paths for the table and for the
rows of the slowest system, which are written at the end:

    cd docs && python experiments/slow_kaczmarz.py data/kaczmarz_search.csv data/slow_kaczmarz.csv
"""

from __future__ import annotations

import csv
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from sgdmem.systems import kaczmarz, search_slow_system, worst_losses

SIZES = ((3, 4), (6, 8), (10, 20), (20, 40), (30, 60))  # of dimensions and rows
STEPS, SEEDS, ITERATIONS = 100, range(5), 1000
COLUMNS = "dimension", "rows", "steps", "seed", "steps_times_eigenvalue"


def found(size: tuple[int, int], seed: int) -> Any:
    """Return a system."""
    return search_slow_system(*size, STEPS, seed=seed, iterations=ITERATIONS)


def main(table: str, rows: str) -> None:
    """Search, and write both files."""
    path = Path(table)
    if not path.exists():
        path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    with path.open(newline="", encoding="utf-8") as file:
        done = {tuple(int(row[name]) for name in COLUMNS[:4]) for row in csv.DictReader(file)}
    for size, seed in product(SIZES, SEEDS):
        if (*size, STEPS, seed) in done:
            continue
        slow = found(size, seed)
        problem = kaczmarz(slow.A, probabilities=slow.probabilities)
        loss = worst_losses(problem, [STEPS]).losses[0]
        with path.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerow(
                [*size, STEPS, seed, f"{2 * STEPS * loss:.8f}"]
            )
        print(*size, seed, f"{2 * STEPS * loss:.6f}")
    values = np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)
    d, n, _, seed = values[values[:, -1].argmax(), :4].astype(int).tolist()
    slow = found((d, n), seed)
    names = ["probability", *(f"x{i + 1}" for i in range(d))]
    numbers = np.column_stack([slow.probabilities, slow.A])
    np.savetxt(rows, numbers, "%.10g", ",", header=",".join(names), comments="")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
