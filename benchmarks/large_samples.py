"""The largest data that are promised: seconds and memory of reading them and of questions.

``python -m benchmarks.large_samples [--part 4]`` writes random rows of a falling spectrum, with
lengths of their own, into a memory map, judges the heavy ball on them and searches its largest
rate: 10^7 x 50 short floats and 2*10^5 x 2,000 doubles, which take 2 and 3 GB of disk and minutes.
With ``--part`` one over it are all rows there are. Seconds are those of all cores together; memory
is that of the process without the pages of the file.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

import sgdmem

SHAPES = [(10**7, 50, "float32"), (2 * 10**5, 2000, "float64")]
BATCH_SIZE, METHOD = 64, sgdmem.heavy_ball("0.01", "0.9")
_NUMBERS = 10**7  # written at once


def written(path: Path, samples: int, columns: int, kind: str) -> np.ndarray:
    """Write random rows into a file and return them as a memory map."""
    rng = np.random.default_rng(0)
    rows = np.lib.format.open_memmap(path, "w+", dtype=kind, shape=(samples, columns))
    scale = 1 / np.sqrt(np.arange(1, columns + 1))
    for start in range(0, samples, _NUMBERS // columns):
        part = rows[start : start + _NUMBERS // columns]
        part[:] = rng.normal(size=part.shape) * rng.lognormal(0, 0.5, size=(len(part), 1)) * scale
    rows.flush()
    found: np.ndarray = np.load(path, mmap_mode="r")
    return found


def own_memory() -> float:
    """Return the GB that the process holds now, on Linux."""
    status = Path("/proc/self/status").read_text().split("RssAnon:")[1]
    return int(status.split()[0]) / 1e6


def main() -> None:
    """Print what reading and a verdict take."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", type=int, default=1, help="one over the part of the rows")
    part = parser.parse_args().part
    for every, columns, kind in SHAPES:
        samples = every // part
        with tempfile.TemporaryDirectory() as folder:
            rows = written(Path(folder) / "rows.npy", samples, columns, kind)
            start = time.process_time()
            problem = sgdmem.Problem.from_data(rows)
            read = time.process_time()
            verdict = sgdmem.stability(METHOD, problem, BATCH_SIZE)
            judged = time.process_time()
            sgdmem.largest_learning_rate("heavy-ball", problem, BATCH_SIZE, momentum=0.9)
            searched = time.process_time()
            print(
                f"{samples:,} x {columns:,} {kind}: read in {read - start:.0f} s, judged in "
                f"{judged - read:.0f} s ({verdict.detail}), then searched in "
                f"{searched - judged:.0f} s, {own_memory():.1f} GB",
                flush=True,
            )


if __name__ == "__main__":
    main()
