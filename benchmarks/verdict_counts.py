"""Verdicts against exact arithmetic, counted: right, undecided, wrong.

``python -m benchmarks.verdict_counts random --seeds 0:20 -o counts.jsonl`` appends a line for each
seed, and goes on where the file ends; ``adversarial`` asks at relative distances of 1e-6 to 1e-16
of the boundary, ``boundary`` on it. ``report`` adds up what a file has. The oracle is
``tests.exact_verdicts``, in rational numbers, and on infinite power laws ``tests.naive``, to 40
digits.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.boundary_verdicts import (
    adversarial_laws,
    adversarial_lists,
    adversarial_maps,
    adversarial_rows,
    boundary_lists,
)
from benchmarks.measuring import table
from benchmarks.random_verdicts import random_laws, random_lists, random_maps, random_rows
from benchmarks.verdict_tally import RIGHT, UNDECIDED, WRONG, Counts, Tally

PARTS: dict[str, tuple[tuple[Callable[[np.random.Generator, Counts], None], int], ...]] = {
    "random": ((random_lists, 1), (random_maps, 1), (random_rows, 10), (random_laws, 4)),
    "adversarial": (
        (adversarial_lists, 1),
        (adversarial_maps, 1),
        (adversarial_laws, 1),
        (adversarial_rows, 2),
    ),
    "boundary": ((boundary_lists, 6),),
}
_START = {"random": 10**6, "adversarial": 2 * 10**6, "boundary": 3 * 10**6}


def count(what: str, seed: int) -> Counts:
    """Return the counts of one seed."""
    rng, counts = np.random.default_rng(_START[what] + seed), Counts()
    for part, times in PARTS[what]:
        for _ in range(times):
            part(rng, counts)
    return counts


def run(what: str, seeds: range, path: Path) -> None:
    """Append a line for each seed that the file has not."""
    lines = path.read_text().splitlines() if path.exists() else []
    known = {(x["what"], x["seed"]) for x in map(json.loads, lines)}
    for seed in seeds:
        if (what, seed) not in known:
            counts = count(what, seed)
            tally = [[*key, number] for key, number in counts.tally.items()]
            line = {"what": what, "seed": seed, "counts": tally, "cases": counts.cases}
            with path.open("a") as file:
                file.write(json.dumps(line) + "\n")


def report(path: Path) -> str:
    """Return tables of what a file has."""
    records = [json.loads(line) for line in path.read_text().splitlines()]
    parts = []
    for what in PARTS:
        total: Tally = Counter()
        mine = [record for record in records if record["what"] == what]
        for record in mine:
            for kind, judge, result, number in record["counts"]:
                for key in ((kind, judge), ("all", "")):
                    total[*key, result] += number
        names = sorted({key[:2] for key in total}, key=lambda x: (x[0] == "all", x))
        rows = [
            [*name, *(f"{total[*name, result]:,}" for result in (RIGHT, UNDECIDED, WRONG))]
            for name in names
        ]
        head = ["kind", "judge", RIGHT, UNDECIDED, WRONG]
        seeds = sorted(record["seed"] for record in mine)
        parts.append(f"{what}, {len(seeds)} seeds\n\n{table(head, rows)}")
        parts += [case for record in mine for case in record["cases"] if case.startswith(WRONG)]
    return "\n\n".join(parts)


def main() -> None:
    """Run, or report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=[*PARTS, "report"])
    parser.add_argument("--seeds", default="0:1")
    parser.add_argument("-o", "--output", type=Path, default=Path("verdict_counts.jsonl"))
    options = parser.parse_args()
    if options.what == "report":
        print(report(options.output))
    else:
        run(options.what, range(*map(int, options.seeds.split(":"))), options.output)


if __name__ == "__main__":
    main()
