"""What a person waits for, before and now: two checkouts of sgdmem in turns, in fresh processes.

``python -m benchmarks.waiting OLD NEW [--only TEXT] [--rounds 3]`` prints a table: seconds, seconds
of processors and the most memory of each row, the least of some rounds. Each row and checkout has a
cache of its own, filled by a first run that does not count, or is a row "ever" by itself; Python's
bytecode is there before, as that of installed packages is. What the rows do is in
``benchmarks.waiting_tasks``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import machine
from benchmarks.measuring import short, table
from benchmarks.waiting_tasks import TASKS
from sgdmem.numeric.compilation.cache_folder import ENVIRONMENT_VARIABLE

HEAVY_BALL = "heavy-ball --power-law 1.5 --batch-size 64"
AXES = "--x learning_rate=0.01:3.9:200 --y momentum=0:0.99:200"
COMMANDS = {
    "sgdmem stable": f"stable {HEAVY_BALL} --set learning_rate=0.1 --set momentum=0.9",
    "sgdmem phase-diagram, 200 x 200": f"phase-diagram {HEAVY_BALL} {AXES} -o map.png",
    "sgdmem boundary": f"boundary {HEAVY_BALL} --x learning_rate=0.01:3.9 --y momentum=0:0.99 "
    "-o edge.png",
    "sgdmem boundary, damping to 1e-6": f"boundary {HEAVY_BALL} --x learning_rate=0.01:3.9 "
    "--y momentum=0.5:0.999999:log1m -o edge.png",
    "sgdmem --help": "--help",
}
TARGETS = {"avx2": ("haswell", ""), "avx512": ("skylake-avx512", "")}


@dataclass(frozen=True)
class Row:
    """A process: its arguments, what it is timed by, and how its cache is found."""

    name: str
    arguments: list[str]
    inside: bool = False  # the process says the seconds itself
    environment: dict[str, str] = field(default_factory=dict)


def rows() -> list[Row]:
    """Return all rows, in the order of the table."""
    tasks = str(Path(__file__).with_name("waiting_tasks.py"))
    found = [Row(name, ["-m", "sgdmem", *words.split()]) for name, words in COMMANDS.items()]
    for name in TASKS:
        row = Row(name, [tasks, name], inside=True)
        if name.startswith("map of memory"):
            found.append(Row(f"first {name}", [tasks, name], inside=True))
        elif name.startswith("noise sums"):
            for target, (cpu, features) in TARGETS.items():
                known = {"NUMBA_CPU_NAME": cpu, "NUMBA_CPU_FEATURES": features}
                found.append(
                    Row(f"{name}, {target}", [tasks, name], inside=True, environment=known)
                )
        else:
            found.append(row)
    return found


@dataclass
class Cost:
    """Seconds, seconds of processors, and megabytes."""

    seconds: float
    cpu: float
    megabytes: float


def run(row: Row, checkout: Path, cache: Path) -> Cost:
    """Run a row in a process."""
    known = {key: x for key, x in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment = {
        **known,
        **row.environment,
        ENVIRONMENT_VARIABLE: str(cache),
        "PYTHONPATH": os.pathsep.join([str(checkout), str(Path(__file__).parents[1])]),
    }
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "printed"
        with out.open("wb") as printed:
            start = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, *row.arguments], env=environment, cwd=folder, stdout=printed
            )
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{row.name} ended with {process.returncode} in {checkout}")
        cpu = usage.ru_utime + usage.ru_stime
        if row.inside:
            seconds = json.loads(out.read_text().splitlines()[-1])["seconds"]
    return Cost(seconds, cpu, usage.ru_maxrss / 1024)


def compile_sources(checkout: Path) -> None:
    """Keep bytecode of a checkout, as an installed package has it."""
    folders = [path for path in (checkout / "sgdmem").iterdir() if path.is_dir()]
    compiler = [sys.executable, "-m", "compileall", "-q"]
    subprocess.run([*compiler, checkout / "sgdmem", *folders], check=True)


def compare(row: Row, checkouts: list[Path], rounds: int) -> tuple[list[Cost], list[Cost]]:
    """Return the costs of a row's first run for each checkout, and the least of rounds after it."""
    with tempfile.TemporaryDirectory() as caches:
        folders = [Path(caches) / str(k) for k in range(len(checkouts))]
        found = [
            [run(row, *place) for place in zip(checkouts, folders, strict=True)]
            for _ in range(1 + rounds)
        ]
    return found[0], [
        Cost(*(min(getattr(x, name) for x in costs) for name in ("seconds", "cpu", "megabytes")))
        for costs in zip(*found[1:], strict=True)
    ]


def line(name: str, costs: list[Cost]) -> list[str]:
    """Return the row of a table, which is shown at once."""
    cells = [
        [short(getattr(cost, key)) for cost in costs] for key in ("seconds", "cpu", "megabytes")
    ]
    found = [name, *(" → ".join(cell) for cell in cells)]
    print(*found, sep=" | ", file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkouts", nargs="+", type=Path, metavar="CHECKOUT")
    parser.add_argument("--only", default="", help="rows whose name has this text")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    checkouts = [path.resolve() for path in options.checkouts]
    print(machine.description() + "\n", flush=True)
    for checkout in checkouts:
        compile_sources(checkout)
    lines = []
    for row in rows():
        if options.only in row.name:
            first, later = compare(row, checkouts, options.rounds)
            if row.name.startswith("first map"):
                lines.append(line(f"{row.name} ever", first))
            lines.append(line(row.name, later))
    print(table(["row", "s", "s of processors, with start", "MB"], lines))


if __name__ == "__main__":
    main()
