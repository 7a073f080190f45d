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
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
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


def run(row: Row, checkout: Path, cache: Path, limit: float) -> Cost:
    """Run a row in a process; a cost is infinite if it was stopped."""
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
            stopping = threading.Timer(limit, process.kill)
            stopping.start()
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            stopping.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode == -signal.SIGKILL and seconds > limit:
            return Cost(math.inf, math.inf, usage.ru_maxrss / 1024)
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


def compare(
    row: Row, checkouts: list[Path], rounds: int, limit: float
) -> tuple[list[Cost], list[Cost]]:
    """Return the costs of a row's first run for each checkout, and the least of rounds after it."""
    with tempfile.TemporaryDirectory() as caches:
        places = [(checkout, Path(caches) / str(k)) for k, checkout in enumerate(checkouts)]
        found = [[run(row, *place, limit) for place in places]]
        for _ in range(rounds):
            pairs = zip(places, found[0], strict=True)
            found.append([
                run(row, *place, limit) if math.isfinite(first.cpu) else first
                for place, first in pairs
            ])  # fmt: skip
    return found[0], [
        Cost(*(min(getattr(x, name) for x in costs) for name in ("seconds", "cpu", "megabytes")))
        for costs in zip(*found[1:], strict=True)
    ]


def line(name: str, costs: list[Cost], limit: float) -> list[str]:
    """Return the row of a table, which is shown at once."""
    found = [[getattr(cost, key) for cost in costs] for key in ("seconds", "cpu", "megabytes")]
    cells = [
        [short(x) if math.isfinite(x) else f"over {limit:.0f}" for x in numbers]
        for numbers in found
    ]
    texts = [name, *(" → ".join(cell) for cell in cells)]
    print(*texts, sep=" | ", file=sys.stderr, flush=True)
    return texts


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkouts", nargs="+", type=Path, metavar="CHECKOUT")
    parser.add_argument("--only", default="", help="rows whose names have one of these, by |")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=100, help="seconds after which a run ends")
    options = parser.parse_args()
    checkouts = [path.resolve() for path in options.checkouts]
    print(machine.description() + "\n", flush=True)
    for checkout in checkouts:
        compile_sources(checkout)
    lines = []
    for row in rows():
        if any(text in row.name for text in options.only.split("|")):
            first, later = compare(row, checkouts, options.rounds, options.limit)
            if row.name.startswith("first map"):
                lines.append(line(f"{row.name} ever", first, options.limit))
            lines.append(line(row.name, later, options.limit))
    print(table(["row", "s", "s of processors, with start", "MB"], lines))


if __name__ == "__main__":
    main()
