"""Capacities of one step of SGD and of Muon in associative memory, by dimension and by batch size.

1. Dimensions: N = d^2 items with frequencies i^-alpha, the population's gradient; Muon's lambda is
   the frequency of item d, or 4 times as large or small.
2. Batches: as many samples, lambda as `AssociativeMemory.regularization` has it.
3. Several steps with thresholded gradients, whose exponents are heuristic: what was recovered once
   has no gradient any more, or has one again when it is lost.

Every one of N outputs is compared, for the first 32,768 items: beyond them less than one is
recovered, by chance. Rows that the file has already are not computed again, so that a run may be
stopped. Exponents between the last two dimensions are printed with standard errors, beside those of
the limit and of reduced scores:

    python docs/experiments/associative_memory.py docs/data/associative_memory.csv \
        docs/data/associative_memory_steps.csv docs/images/associative_memory_batches.png
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator
from functools import partial
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np

from sgdmem.numeric.compilation.progress import shown_progress
from sgdmem.systems import (
    AssociativeMemory,
    ReducedMuon,
    reduced_sgd,
    spectral_step,
    thresholded_exponents,
    thresholded_steps,
)

ALPHAS = ("1.25", "1.5", "2")
SEEDS = {16: 64, 32: 32, 64: 32, 128: 16, 256: 16, 512: 6}  # memories, by dimension
LARGE, LARGE_SEEDS = 1024, {"1.25": 3, "1.5": 6, "2": 3}  # two minutes each
FACTORS, SCALED_UP_TO = (0.25, 1, 4), 256  # of lambda
BATCH_DIMENSIONS, BATCH_SEEDS = (32, 64, 128), 8
BATCHES = [2**k for k in range(23)]
STEP_SEEDS, STEPS = {32: 16, 64: 16, 128: 8, 256: 4}, 6  # both ways of losing items
CANDIDATES = 2**15
STEP_COLUMNS = "alpha", "d", "seed", "relearn", "rule", "step", "recovered", "undecided"
COLUMNS = "alpha", "d", "batch", "seed", "rule", "factor", "recovered", "undecided"


def tasks() -> Iterator[tuple[str, int, float, int]]:
    """Yield exponents, dimensions, batch sizes and seeds, quick ones first."""
    for d, seeds in SEEDS.items():
        for alpha in ALPHAS:
            yield from ((alpha, d, math.inf, seed) for seed in range(seeds))
    for d in BATCH_DIMENSIONS:
        yield from (("1.5", d, size, seed) for size in BATCHES for seed in range(BATCH_SEEDS))
    for alpha, seeds in LARGE_SEEDS.items():
        yield from ((alpha, LARGE, math.inf, seed) for seed in range(seeds))


def measured(alpha: str, d: int, batch_size: float, seed: int) -> list[list[Any]]:
    """Return the rows of one memory."""
    memory = AssociativeMemory(d, alpha, seed=seed)
    G = memory.step(batch_size)
    scale = memory.regularization(batch_size)
    factors = FACTORS if batch_size == math.inf and d <= SCALED_UP_TO else (1,)
    steps = {("SGD", ""): G}
    steps |= {("Muon", factor): spectral_step(G, factor * scale) for factor in factors}
    rows = []
    for (rule, factor), W in steps.items():
        found = memory.recovery(W, CANDIDATES)
        counts = len(found.items), found.undecided
        rows.append([alpha, d, batch_size, seed, rule, factor, *counts])
    return rows


def step_rows(d: int, seed: int, relearn: bool) -> list[list[Any]]:
    """Return the rows of several steps of both rules."""
    memory = AssociativeMemory(d, "1.5", seed=seed)
    return [
        ["1.5", d, seed, relearn, rule, step, len(found.items), found.undecided]
        for rule in ("SGD", "Muon")
        for step, found in enumerate(thresholded_steps(memory, rule, STEPS, relearn=relearn), 1)
    ]


def complete(path: Path, columns: Any, key: int, work: Any) -> list[dict[str, str]]:
    """Add the rows of those tasks that a file has not; return all of it."""
    done = {tuple(row[name] for name in columns[:key]) for row in read(path)}
    left = [function for task, function in work if tuple(map(str, task)) not in done]
    with path.open("a", newline="") as file, shown_progress(path.stem, len(left), True) as advance:
        writer = csv.writer(file, lineterminator="\n")
        if not path.stat().st_size:
            writer.writerow(columns)
        for function in left:
            writer.writerows(function())
            file.flush()
            advance(1)
    return read(path)


def main() -> None:
    """Add what the files have not, print exponents, draw."""
    work = ((task, partial(measured, *task)) for task in tasks())
    rows = complete(Path(sys.argv[1]), COLUMNS, 4, work)
    work = (
        (("1.5", d, seed, relearn), partial(step_rows, d, seed, relearn))
        for d, seeds in STEP_SEEDS.items()
        for seed in range(seeds)
        for relearn in (True, False)
    )
    steps = complete(Path(sys.argv[2]), STEP_COLUMNS, 4, work)
    summary(rows, steps)
    picture(rows, Path(sys.argv[3]))


def summary(rows: Any, steps: Any) -> None:
    """Print fitted exponents beside predicted ones."""
    for alpha in ALPHAS:
        for rule, theory in (("SGD", 0), ("Muon", 1)):
            d, mean, error = means(rows, rule, alpha=alpha, batch="inf")
            predicted = theory + 1 / (2 * float(alpha))
            reduced = [reduced_number(rule, float(alpha), int(size)) for size in d[-2:]]
            print(
                f"alpha {alpha}, {rule}, to d = {d[-1]:.0f}: {predicted:.3f} predicted,",
                f"{slope(d[-2:], mean[-2:]):.3f} +- {slope_error(d, mean, error):.3f} found,",
                f"{slope(d[-2:], reduced):.3f} by reduced scores, {reduced[1]:.1f} items;",
                *(f"{x:.4g} +- {e:.2g}" for x, e in zip(mean, error, strict=True)),
            )
    print("undecided:", sum(int(row["undecided"]) for row in rows), "in", len(rows), "rows")
    for d in BATCH_DIMENSIONS:
        print(f"d = {d}, half of the population's at batches of", *half_batches(rows, d))
    for rule, relearn in product(("SGD", "Muon"), ("False", "True")):
        for step, power in enumerate(thresholded_exponents("1.5", rule, STEPS), 1):
            d, mean, error = means(steps, rule, step=str(step), relearn=relearn)
            found = f"{slope(d[-2:], mean[-2:]):.3f} +- {slope_error(d, mean, error):.3f}"
            print(
                f"{rule}, step {step}, relearn {relearn}: {power:.3f} heuristic, {found}:", end=" "
            )
            print(*(f"{x:.4g}" for x in mean))


def reduced_number(rule: str, alpha: float, d: int, batch_size: float = math.inf) -> float:
    """Return what one step recovers by reduced scores."""
    if rule == "SGD":
        return reduced_sgd(d, alpha, batch_size=batch_size)
    return ReducedMuon(d, alpha, batch_size=batch_size).recovered


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a file, none if there is no such file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def means(rows: Any, rule: str, x: str = "d", **chosen: str) -> tuple[Any, Any, Any]:
    """Return values of x, mean numbers of recovered items, and their standard errors."""
    groups: dict[float, list[float]] = {}
    for row in rows:
        if (
            row["rule"] == rule
            and row.get("factor", "") in ("", "1")
            and all(row[name] == value for name, value in chosen.items())
        ):
            groups.setdefault(float(row[x]), []).append(float(row["recovered"]))
    found = [
        (value, np.mean(counts), np.std(counts) / math.sqrt(max(len(counts) - 1, 1)))
        for value, counts in sorted(groups.items())
    ]
    values, mean, error = np.array(found).T
    return values, mean, error


def slope(x: Any, y: Any) -> float:
    """Return the exponent fitted to a curve."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def slope_error(x: Any, mean: Any, error: Any) -> float:
    """Return the standard error of the exponent between the last two values of x."""
    return float(np.hypot(*(error[-2:] / mean[-2:])) / math.log(x[-1] / x[-2]))


def half_batches(rows: Any, d: int) -> Iterator[str]:
    """Yield the batch sizes at which either rule recovers half of what the population's does."""
    for rule in ("SGD", "Muon"):
        sizes, mean, _ = (
            values[:-1] for values in means(rows, rule, "batch", alpha="1.5", d=str(d))
        )
        every = means(rows, rule, alpha="1.5", batch="inf")
        half = every[1][list(every[0]).index(d)] / 2
        for (low, below), (high, above) in pairwise(zip(sizes, mean, strict=True)):
            if below < half <= above:
                share = math.log(half / below) / math.log(above / below)
                yield f"{low * (high / low) ** share:.3g} ({rule})"
                break


def picture(rows: Any, path: Path) -> None:
    """Draw numbers of recovered items by dimension and by batch size."""
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D
    from PIL import Image

    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.4), layout="constrained")
    looks: Any = {"SGD": "--", "Muon": "-"}
    for rule, stroke in looks.items():
        for place, alpha in enumerate(ALPHAS):
            d, mean, error = means(rows, rule, alpha=alpha, batch="inf")
            style: Any = {"color": f"C{place}", "marker": "o", "markersize": 3}
            left.errorbar(d, mean, error, linestyle="none", **style)
            reduced = [reduced_number(rule, float(alpha), int(size)) for size in d]
            left.plot(d, reduced, stroke, color=style["color"])
            power = (rule == "Muon") + 1 / (2 * float(alpha))
            left.plot(d, mean[-1] * (d / d[-1]) ** power, ":", color="black", linewidth=1)
        for place, size in enumerate(BATCH_DIMENSIONS):
            B, mean, error = means(rows, rule, "batch", alpha="1.5", d=str(size))
            style = {"color": f"C{place + 3}", "marker": "o", "markersize": 3}
            finite = np.isfinite(B)
            right.errorbar(B[finite], mean[finite], error[finite], linestyle="none", **style)
            reduced = [reduced_number(rule, 1.5, size, batch) for batch in B[finite]]
            right.plot(B[finite], reduced, stroke, color=style["color"])
    ends = np.array([4, 1e4])
    right.plot(ends, 1.5 * ends ** (1 / 1.5), ":", color="black", linewidth=1)
    left.set(xlabel="dimension $d$, $N=d^2$", ylabel="items recovered", title="population")
    right.set(xlabel="batch size $B$", title=r"batches, $\alpha=1.5$")
    names = {
        left: [rf"$\alpha={alpha}$" for alpha in ALPHAS],
        right: [f"$d={size}$" for size in BATCH_DIMENSIONS],
    }
    predicted = {left: "predicted slopes", right: r"slope $1/\alpha$"}
    for axis, labels in names.items():
        first = 0 if axis is left else 3
        handles = [Line2D([], [], color=f"C{first + i}", label=t) for i, t in enumerate(labels)]
        handles += [
            Line2D([], [], color="grey", ls=s, label=f"{t}, reduced") for t, s in looks.items()
        ]
        handles.append(Line2D([], [], color="grey", ls="none", marker="o", ms=3, label="drawn"))
        handles.append(Line2D([], [], color="black", ls=":", lw=1, label=predicted[axis]))
        axis.set(xscale="log", yscale="log")
        axis.legend(handles=handles, fontsize="x-small", loc="upper left")
    left.set_xscale("log", base=2)
    left.set_ylim(top=3e4)  # legends
    right.set_ylim(top=2e4)
    figure.savefig(path, dpi=110)
    with Image.open(path) as image:
        image.convert("RGB").quantize(256).save(path, optimize=True)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
