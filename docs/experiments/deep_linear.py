"""Real SGD of deep linear networks against the diffusion of their modes, and from random starts.

1. Aligned, balanced starts, 10,000 runs each: means, spreads and whole laws of strengths where
   gradient flow has a quarter, a half and 90% of a mode's target, against the law of the SDE, and
   against the expansion to first order in the rate; times of jumps over half of the target.
2. Random starts, neither aligned nor balanced: gradient descent and SGD from the same ones; where
   noise along a mode is largest, when the mode jumps, and has 90%, and the plateau in between.

Rows that the files have already are not computed again: a run may be stopped. All takes three
minutes:

    python docs/experiments/deep_linear.py docs/data/deep_linear.csv \
        docs/data/deep_linear_starts.csv docs/images/deep_linear_runs.png
"""

from __future__ import annotations

import csv
import math
import sys
from dataclasses import replace
from itertools import chain, product
from pathlib import Path
from typing import Any

import numpy as np

from sgdmem.numeric.systems.deep_linear.evolution import mode_law
from sgdmem.numeric.systems.deep_linear.flow import mode_flow_time
from sgdmem.numeric.systems.deep_linear.passages import mode_passage
from sgdmem.systems import DeepLinearMode, DeepLinearNetwork, deep_linear_run, small_rates

DEPTHS, VARIANCES, RATES = (2, 3, 5), ("0", "0.5"), ("0.02", "0.01")
TARGETS = {"one": (2.0,), "three": (2.0, 1.5, 1.0)}
SHARES = (0.25, 0.5, 0.9)
START, BATCH, RUNS = 0.1, 4, 10_000
COLUMNS = (
    *("modes", "depth", "label_variance", "learning_rate", "target", "share", "time"),
    *("mean", "standard_error", "spread", "sde_mean", "sde_spread", "distance", "first_order"),
    *("jump", "jump_spread", "sde_jump", "sde_jump_spread", "flow_jump"),
)
STARTS = {2: (0.02, 3000), 3: (0.1, 6000), 5: (0.08, 10_000)}  # scale and steps, by depth
SEEDS, HIDDEN, RANDOM_TARGETS, RANDOM_RATE, RANDOM_BATCH = 50, 10, (4.0, 2.0), 0.005, 4
START_COLUMNS = (
    *("depth", "rule", "seed", "target", "peak_share", "peak", "jump", "learned"),
    *("alignment_defect", "balance_defect", "plateau"),
)


def aligned(modes: str, depth: int, variance: str, rate: str) -> list[list[Any]]:
    """Return the rows of one network."""
    eta, sigma2, targets = float(rate), float(variance), TARGETS[modes]
    network = DeepLinearNetwork(targets, depth, label_variance=sigma2)
    single = [DeepLinearMode(depth, s, 1, eta, BATCH, sigma2) for s in targets]
    when = [
        [round(mode_flow_time(m, START, share * m.target) / 0.02) * 0.02 for share in SHARES]
        for m in single
    ]
    last = round(1.6 * max(map(max, when)) / 0.02) * 0.02
    grid = sorted({round(t / 0.02) for t in [*np.arange(0, last + 0.01, 0.02), *chain(*when)]})
    every = round(0.02 / eta)
    record = [step * every for step in grid]
    start = network.aligned_start(START)
    run = deep_linear_run(
        network,
        [np.repeat(W, RUNS, axis=0) for W in start],
        eta,
        BATCH,
        record[-1],
        record=record,
        seed=depth,
    )
    expansion = small_rates(network, start, BATCH, sorted({t for row in when for t in row}))
    at = sorted({t for row in when for t in row})
    rows = []
    for place, (mode, times) in enumerate(zip(single, when, strict=True)):
        s = run.strengths[:, :, place]
        law = mode_law(mode, START, times, tolerance="1/500")
        jumps = crossings(run.times, s, mode.target / 2)
        passage = mode_passage(mode, START, mode.target / 2)
        for number, (share, t) in enumerate(zip(SHARES, times, strict=True)):
            values = np.sort(s[grid.index(round(t / 0.02))])
            below = law.cdf(np.maximum(values, 1e-12))[number]
            ranks = np.arange(RUNS + 1) / RUNS
            distance = max((ranks[1:] - below).max(), (below - ranks[:-1]).max())
            masses, middle = np.diff(law.values[number]), (law.s[1:] + law.s[:-1]) / 2
            mean = masses @ middle / masses.sum()
            spread = math.sqrt(masses @ (middle - mean) ** 2 / masses.sum())
            moved = (expansion.finite_steps + expansion.noise)[at.index(t), place]
            first = expansion.flow[at.index(t), place] + eta * moved
            rows.append(
                [
                    *(modes, depth, variance, rate, mode.target, share, t, values.mean()),
                    *(values.std() / math.sqrt(RUNS), values.std(), mean, spread, distance, first),
                    *(jumps.mean(), jumps.std()),
                    *(passage.mean, passage.deviation, passage.flow_time),
                ]
            )
    return rows


def crossings(times: Any, s: Any, level: float) -> Any:
    """Return when each run first is above a level, between two records by a straight line."""
    above = s > level
    reached = above.any(axis=0)
    after = above.argmax(axis=0)[reached]
    runs = np.flatnonzero(reached)
    low, high = s[after - 1, runs], s[after, runs]
    return times[after - 1] + (level - low) / (high - low) * (times[after] - times[after - 1])


def random_starts(depth: int, rule: str) -> list[list[Any]]:
    """Return the rows of all seeds."""
    scale, steps = STARTS[depth]
    network = DeepLinearNetwork(RANDOM_TARGETS, depth, HIDDEN)
    start = network.random_start(scale, SEEDS, seed=depth)
    batch = math.inf if rule == "gradient descent" else RANDOM_BATCH
    run = deep_linear_run(
        network, start, RANDOM_RATE, batch, steps, record=range(0, steps + 1, depth), seed=1
    )
    shares = run.strengths / network.target_strengths
    noise = replace(run, batch_size=1.0).diffusions
    defects = run.alignment_defects, run.balance_defects
    losses, rows = run.losses, []
    for seed, place in product(range(SEEDS), range(len(RANDOM_TARGETS))):
        s = shares[:, seed, place]
        peak = int(noise[:, seed, place].argmax())
        times = [
            run.times[int((s > level).argmax())] if (s > level).any() else math.inf
            for level in (0.5, 0.9)
        ]
        jumps = (shares[:, seed] > 0.5).argmax(axis=0)
        between = int(jumps.mean())  # the plateau, if long: half of the second target's square
        rows.append(
            [depth, rule, seed, RANDOM_TARGETS[place], s[peak], run.times[peak], *times]
            + [defect[peak, seed] for defect in defects]
            + [losses[between, seed]]
        )
    return rows


def complete(path: Path, columns: Any, key: Any, work: Any) -> list[dict[str, str]]:
    """Add the rows of those tasks that a file has not; return all of it."""
    done = {tuple(row[name] for name in key) for row in read(path)}
    with path.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if not path.stat().st_size:
            writer.writerow(columns)
        for task, function in work:
            if tuple(map(str, task)) not in done:
                for row in function(*task):
                    writer.writerow([f"{x:.6g}" if isinstance(x, float) else x for x in row])
                file.flush()
                print(*task, flush=True)
    return read(path)


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a file, none if there is no such file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Add what the files have not, print a summary, draw."""
    work: Any = ((task, aligned) for task in product(TARGETS, DEPTHS, VARIANCES, RATES))
    rows = complete(Path(sys.argv[1]), COLUMNS, COLUMNS[:4], work)
    work = ((task, random_starts) for task in product(STARTS, ("gradient descent", "SGD")))
    starts = complete(Path(sys.argv[2]), START_COLUMNS, START_COLUMNS[:2], work)
    summary(rows, starts)
    picture(rows, starts, Path(sys.argv[3]))


def numbers(rows: Any, *names: str, **chosen: str) -> list[Any]:
    """Return columns of those rows that have the values chosen."""
    found = [row for row in rows if all(row[name] == value for name, value in chosen.items())]
    return [np.array([float(row[name]) for row in found]) for name in names]


def summary(rows: Any, starts: Any) -> None:
    """Print how far runs are from theory."""
    names = "mean", "standard_error", "spread", "sde_mean", "sde_spread", "distance", "first_order"
    for modes, rate in product(TARGETS, RATES):
        for depth in DEPTHS:
            chosen = {"modes": modes, "learning_rate": rate, "depth": str(depth)}
            mean, error, spread, sde, width, distance, first = numbers(rows, *names, **chosen)
            jump, jumped, theory, deviation, flow = numbers(rows, *COLUMNS[-5:], **chosen)
            print(
                f"{modes}, L = {depth}, rate {rate}: KS {distance.max():.3f};",
                f"|E s - E sde| <= {np.abs(mean - sde).max():.4f}, first order",
                f"{np.abs(mean - first).max():.4f}, errors {error.max():.4f};",
                f"spread {np.abs(spread / width - 1).max():.3f};",
                f"jumps {np.abs(jump / theory - 1).max():.4f}, their spreads",
                f"{np.abs(jumped / deviation - 1).max():.3f}, from flow",
                f"{np.abs(jump / flow - 1).max():.4f}",
            )
    for depth, target in product(STARTS, RANDOM_TARGETS):
        for rule in ("gradient descent", "SGD"):
            chosen = {"depth": str(depth), "rule": rule, "target": f"{target:g}"}
            share, peak, learned, alignment, plateau = numbers(
                starts, "peak_share", "peak", "learned", "alignment_defect", "plateau", **chosen
            )
            theory = (2 - 2 / depth) / (3 - 2 / depth)
            print(
                f"L = {depth}, s* = {target:g}, {rule}: noise largest before 90% in",
                f"{(peak < learned).sum()} of {len(peak)}, at {share.mean():.3f} +-",
                f"{share.std():.3f} of s* ({theory:.3f}); alignment defect {alignment.mean():.2f};",
                f"loss between jumps {plateau.mean():.3f} +- {plateau.std():.3f}",
            )
        quotients = jump_quotients(starts, depth, target)
        print(f"    jumps of SGD / GD: {quotients.mean():.4f} +- {quotients.std():.4f}")


def jump_quotients(starts: Any, depth: int, target: float) -> Any:
    """Return times of jumps of SGD over those of gradient descent, seed by seed."""
    chosen = {"depth": str(depth), "target": f"{target:g}"}
    descent, sgd = (
        numbers(starts, "jump", rule=rule, **chosen)[0] for rule in ("gradient descent", "SGD")
    )
    return sgd / descent


def picture(rows: Any, starts: Any, path: Path) -> None:
    """Draw distances to the law by rate, and jumps of SGD by those of gradient descent."""
    import matplotlib.pyplot as plt
    from PIL import Image

    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.4), layout="constrained")
    for place, depth in enumerate(DEPTHS):
        for modes, mark in (("one", "o"), ("three", "s")):
            mean, error, sde, rate, first = numbers(
                rows,
                *("mean", "standard_error", "sde_mean", "learning_rate", "first_order"),
                modes=modes,
                depth=str(depth),
                learning_rate="0.01",
            )
            style: Any = {"color": f"C{place}", "marker": mark, "markersize": 4, "ls": "none"}
            label = f"$L={depth}$, {modes}" + (" mode" if modes == "one" else " modes")
            left.errorbar(
                (first - sde) / rate, (mean - sde) / rate, error / rate, **style, label=label
            )
    ends = np.array(left.get_xlim())
    left.plot(ends, ends, ":", color="black", linewidth=1)
    left.axhline(0, color="grey", linewidth=0.6)
    left.set(xlabel=r"first order $-$ SDE, over $\eta$", ylabel=r"real SGD $-$ SDE, over $\eta$")
    left.set_title("means of strengths", fontsize="medium")
    left.legend(fontsize="x-small")
    for place, (depth, target) in enumerate(product(STARTS, RANDOM_TARGETS)):
        chosen = {"depth": str(depth), "target": f"{target:g}"}
        descent, sgd = (
            numbers(starts, "jump", rule=rule, **chosen)[0] for rule in ("gradient descent", "SGD")
        )
        look = {"color": f"C{place // 2}", "markerfacecolor": "none" if place % 2 else None}
        label = f"$L={depth}$, $s^*={target:g}$"
        right.plot(descent, sgd, "os"[place % 2], markersize=4, **look, label=label)
    ends = np.array([*right.get_xlim()])
    right.plot(ends, ends, ":", color="black", linewidth=1)
    right.set(xscale="log", yscale="log", xlabel="jump of gradient descent", ylabel="jump of SGD")
    right.set_title("random starts", fontsize="medium")
    right.legend(fontsize="x-small")
    figure.savefig(path, dpi=110)
    with Image.open(path) as image:
        image.convert("RGB").quantize(256).save(path, optimize=True)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
