"""Verdicts on data as they are, beside those under a noise model fitted to them.

``python -m benchmarks.samples`` prints tables: largest learning rates, the passes over the data and
the seconds that verdicts and searches take, for real data, random ones of many rows and as many
random pictures as MNIST has, and what a map takes. The references are those of other codes.
``--quick`` leaves out the large data and the map. Seconds are those of all cores together.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import sgdmem
from benchmarks.measuring import table

BATCH_SIZE = 64
REFERENCES = {  # data, family, replacement: the largest rate by two other codes
    ("digits", "heavy-ball", True): 0.006557234,
    ("digits", "heavy-ball", False): 0.006803866,
    ("digits", "sgd", True): 0.0606078408,
    ("diabetes", "heavy-ball", True): 0.599758312,
}
OTHERS = [(name, "heavy-ball", True) for name in ("breast_cancer", "wine", "iris")]
MAP_POINTS, COMPARED = 200, 500
FITTED = 10_000  # samples up to which a noise model is fitted


def standardised(rows: np.ndarray) -> np.ndarray:
    """Return columns of mean 0 and variance 1, without constant ones."""
    spread = rows.std(axis=0)
    return np.asarray((rows - rows.mean(axis=0))[:, spread > 0] / spread[spread > 0])


def real(name: str) -> np.ndarray:
    """Return one of scikit-learn's data sets, standardised."""
    from sklearn import datasets

    return standardised(getattr(datasets, f"load_{name}")().data)


def pictures(samples: int) -> np.ndarray:
    """Return random pictures of the size of MNIST's, standardised: smooth strokes, blank borders.

    Pixels near the border are dark in a few pictures only. Standardising blows these up, so that
    some rows are very heavy, as in the real ones.
    """
    rng, side = np.random.default_rng(0), 28
    x, y = np.meshgrid(*[np.arange(side) - (side - 1) / 2] * 2)
    centres = rng.uniform(-side / 2, side / 2, (60, 2, 1, 1))
    strokes = np.exp(-((x - centres[:, 0]) ** 2 + (y - centres[:, 1]) ** 2) / 10).reshape(60, -1)
    fall = ((x**2 + y**2) / 118).ravel() ** 1.5
    found = np.empty((samples, side * side), np.float32)
    for start in range(0, samples, 5000):
        count = min(5000, samples - start)
        dark = rng.normal(size=(count, 60)) @ strokes + 0.35 * rng.normal(size=(count, side**2))
        found[start : start + count] = np.round(255 * np.clip(0.8 * (dark - 0.2 - fall), 0, 1))
    return standardised(found.astype(float))


def heavy_tailed(samples: int, modes: int) -> np.ndarray:
    """Return random rows of very different lengths, with a falling spectrum, in short floats."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((samples, modes), np.float32)
    rows *= np.arange(1, modes + 1, dtype=np.float32) ** np.float32(-0.5)
    return np.asarray(rows * (rng.pareto(3, size=(samples, 1)) + 0.3).astype(np.float32))


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """Return a result and the seconds of processors that it took."""
    start = time.process_time()
    found = call()
    return found, time.process_time() - start


def counted(problem: sgdmem.Problem) -> list[int]:
    """Return a list that will hold one entry for each pass but the first."""
    assert problem.samples is not None  # it is one of data
    images, passes = problem.samples.images, list[int]()
    covariance = images.covariance

    def noted(matrix: np.ndarray) -> np.ndarray:
        passes.append(1)
        return covariance(matrix)

    images.covariance = noted
    return passes


def fixed(family: str) -> dict[str, Any]:
    """Return the parameters beside the learning rate."""
    return {"momentum": 0.9} if family == "heavy-ball" else {}


def row(name: str, data: np.ndarray, family: str, replacement: bool) -> Iterator[str]:
    """Measure one problem: the search, then the verdict at 0.9 of its rate, on a fresh problem."""
    problem, reading = timed(lambda: sgdmem.Problem.from_data(data, replacement=replacement))
    passes, first = timed(lambda: counted(problem))
    rate, search = timed(
        lambda: sgdmem.largest_learning_rate(family, problem, BATCH_SIZE, **fixed(family))
    )
    member = sgdmem.heavy_ball(0.9 * rate, 0.9) if fixed(family) else sgdmem.sgd(0.9 * rate)
    searched, fresh = len(passes), sgdmem.Problem.from_data(data, replacement=replacement)
    passes = counted(fresh)
    verdict, seconds = timed(lambda: sgdmem.stability(member, fresh, BATCH_SIZE))
    low, high = verdict.noise_sum_interval
    reference, allowed = REFERENCES.get((name, family, replacement)), ""
    if len(data) < FITTED:
        model = sgdmem.Problem.from_data(data, noise=sgdmem.Noise.fit(data))
        fitted = sgdmem.largest_learning_rate(family, model, BATCH_SIZE, **fixed(family))
        allowed = f"{fitted / rate:.3g}"
    yield f"{name} {data.shape[0]:,} × {data.shape[1]}"
    yield f"{family}{'' if replacement else ', without replacement'}"
    yield f"{rate:.9g}"
    yield "" if reference is None else f"{abs(rate / reference - 1):.1g}"
    yield allowed
    yield f"{reading:.2g}"
    yield f"{first:.2g}"
    yield f"{len(passes)}"
    yield f"{seconds:.2g}"
    yield f"{high / low - 1:.1g}"
    yield f"{searched}"
    yield f"{search:.2g}"


def mapped(folder: str, data: np.ndarray) -> np.ndarray:
    """Return the same data as a memory map of a file."""
    path = Path(folder) / f"{data.shape[1]}.npy"
    np.save(path, data)
    return np.asanyarray(np.load(path, mmap_mode="r"))


def measure_map(data: np.ndarray) -> None:
    """Print what a map on the digits takes, and how many points differ from single verdicts."""
    problem = sgdmem.Problem.from_data(data)
    axes: dict[str, Any] = {
        "x": ("learning_rate", np.geomspace(1e-4, 1, MAP_POINTS)),
        "y": ("momentum", np.linspace(0, 0.995, MAP_POINTS)),
    }
    diagram, seconds = timed(
        lambda: sgdmem.phase_diagram("heavy-ball", problem, BATCH_SIZE, **axes)
    )
    rng, different = np.random.default_rng(1), 0
    for i, k in rng.integers(0, MAP_POINTS, (COMPARED, 2)).tolist():
        method = sgdmem.heavy_ball(axes["x"][1][k], axes["y"][1][i])
        stable = sgdmem.stability(method, problem, BATCH_SIZE).stable
        different += int(diagram.stable[i, k]) != {True: 1, False: 0, None: -1}[stable]
    undecided = int((diagram.stable == -1).sum())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3  # of Linux, in kB
    print(
        f"\nA map of {MAP_POINTS} × {MAP_POINTS} points on the digits took {seconds:.0f} s; "
        f"{undecided} undecided; {different} of {COMPARED} differ from single verdicts; "
        f"the peak memory of this process was {peak:.0f} MB."
    )


def main() -> None:
    """Print the table."""
    quick = "--quick" in sys.argv
    head = "data, question, largest rate, error, fitted / exact, read s, first pass s, passes, "
    head += "verdict s, width, passes, search s"
    if not quick:
        measure_map(real("digits"))
    asked = [*REFERENCES, *OTHERS]
    rows = [row(name, real(name), family, drawn) for name, family, drawn in asked]
    with tempfile.TemporaryDirectory() as folder:
        if not quick:
            rows += [
                row("random", heavy_tailed(10**6, 50), "heavy-ball", True),
                row("mapped", mapped(folder, heavy_tailed(3 * 10**6, 20)), "heavy-ball", True),
                row("pictures", pictures(60_000), "heavy-ball", True),
            ]
        print(table(head.split(", "), map(list, rows)))


if __name__ == "__main__":
    main()
