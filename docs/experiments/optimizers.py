"""Optimizers at equal tuning budget on six tasks.

For each task and optimizer nine constant rates are tried: seven, each four times the one before,
and then half and twice the best of them. The best of all, by the mean over validation seeds, runs
from test seeds. What counts is the training loss, averaged over the last fifth of a run. A
difference from Nesterov's method is one if its mean over test seeds, of logarithms and between runs
of one seed, exceeds its standard deviation between seeds; else it is called none.

    python docs/experiments/optimizers.py docs/data/optimizers.csv docs/images/optimizers.png

writes every run and draws those from test seeds; it takes half an hour on a busy core and needs
PyTorch and scikit-learn. What the file has is not run again; with ``--draw`` nothing is.

The first two tasks are in coordinates along the eigenvectors, which suit a diagonal preconditioner.
After the first run "AdamW, rotated" was added to it: AdamW in other coordinates.
"""

from __future__ import annotations

import csv
import math
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from optimizer_tasks import TASKS, Recurrent, RotatedKernel, RotatedPowerLaw, Task

from sgdmem import sgd, torch_sgd
from sgdmem.training import AM1, AM2, DANA, LinearMemory

COARSE = [4.0**k for k in range(-5, 2)]  # rates of all but AdamW
ADAMW = [4.0**k for k in range(-7, 0)]
VALIDATION, TEST = (100, 101), (0, 1, 2, 3, 4)  # seeds
LOOKS, WINDOW = 25, 5  # how often the loss is looked at, and how many of the last looks count
KAPPAS = (0.5, 0.7, 0.9)  # of DANA on text


class Optimizer(NamedTuple):
    """A name, how it is made of groups of parameters and the task's exponent, and rates."""

    name: str
    make: Callable[[Any, Any], Any]
    rates: list[float]


def adamw(groups: Any, exponent: Any) -> Any:
    return torch.optim.AdamW(groups, lr=1.0, weight_decay=0.0, foreach=True)


def accelerated(make: Any) -> Callable[[Any, Any], Any]:
    return lambda groups, nu: make(groups, 1.0, **({} if nu is None else {"exponent": nu}))


OPTIMIZERS = [
    Optimizer("SGD", lambda groups, _: LinearMemory(groups, sgd(1)), COARSE),
    Optimizer("heavy ball", lambda groups, _: LinearMemory(groups, torch_sgd(1, 0.9)), COARSE),
    Optimizer(
        "Nesterov", lambda groups, _: LinearMemory(groups, torch_sgd(1, 0.9, nesterov=True)), COARSE
    ),
    Optimizer("AM1", accelerated(AM1), COARSE),
    Optimizer("AM2", accelerated(AM2), COARSE),
    Optimizer("DANA", accelerated(DANA), COARSE),
    Optimizer("AdamW", adamw, ADAMW),
]


def of_kappa(kappa: float) -> Optimizer:
    make = lambda groups, _: DANA(groups, 1.0, exponent=1 / kappa)  # noqa: E731
    return Optimizer(f"DANA, kappa3 {kappa:g}", make, COARSE)


class Run(NamedTuple):
    """One run: what it was, the held-out loss at the end, and the training losses seen."""

    task: str
    optimizer: str
    stage: str
    rate: float
    seed: int
    held_out: float
    curve: tuple[float, ...]

    @property
    def score(self) -> float:
        last = self.curve[-WINDOW:]
        return float(np.mean(last)) if np.isfinite(last).all() else math.inf


def runs(
    task: Task, optimizer: Optimizer, stage: str, rates: list[float], seeds: Iterable[int]
) -> list[Run]:
    """Return the runs of some rates from some seeds, which are made at once."""
    seeds = list(seeds)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    starts = [torch.stack(tensors) for tensors in zip(*map(task.start, generators), strict=True)]
    tensors = [w.expand(len(rates), *w.shape).clone().requires_grad_() for w in starts]
    held = [[w.detach()[i] for w in tensors] for i in range(len(rates))]  # each rate's
    groups = [{"params": own, "lr": rate} for own, rate in zip(held, rates, strict=True)]
    made = optimizer.make(groups, task.exponent)
    curves, ends = [], torch.zeros(0)
    for step in range(task.steps):
        loss = task.loss(tensors, task.batch(generators)).sum()
        for i, gradient in enumerate(torch.autograd.grad(loss, tensors)):
            for own, part in zip(held, gradient, strict=True):
                own[i].grad = part
        made.step()
        if (step + 1) * LOOKS % task.steps < LOOKS:
            with torch.no_grad():
                seen, ends = task.losses(tensors)
            curves.append(seen.numpy())
    every = np.moveaxis(np.array(curves), 0, -1)
    return [
        Run(task.name, optimizer.name, stage, rate, seed, float(ends[i, j]), tuple(every[i, j]))
        for i, rate in enumerate(rates)
        for j, seed in enumerate(seeds)
    ]


def best_rate(found: list[Run]) -> float:
    """Return the rate with the least mean score."""
    return min({run.rate for run in found}, key=lambda rate: mean_score(found, rate))


def mean_score(found: list[Run], rate: float) -> float:
    return float(np.mean([run.score for run in found if run.rate == rate]))


def tuned(task: Task, optimizer: Optimizer) -> list[Run]:
    """Return all runs of an optimizer: coarse, fine and test."""
    found = runs(task, optimizer, "coarse", optimizer.rates, VALIDATION)
    best = best_rate(found)
    found += runs(task, optimizer, "fine", [best / 2, best * 2], VALIDATION)
    return found + runs(task, optimizer, "test", [best_rate(found)], TEST)


def jobs() -> list[tuple[Any, Optimizer]]:
    """Return all kinds of tasks and the optimizers that are tried on them."""
    found = [(make, optimizer) for make in TASKS for optimizer in OPTIMIZERS]
    found += [(Recurrent, of_kappa(kappa)) for kappa in KAPPAS]
    rotated = Optimizer("AdamW, rotated", adamw, ADAMW)
    return [*found, (RotatedPowerLaw, rotated), (RotatedKernel, rotated)]


def measure(path: Path, shorter: int) -> None:
    """Write every run that the file does not have."""
    begun = time.perf_counter()
    found = read(path) if path.exists() else []
    done = {(run.task, run.optimizer) for run in found}
    for make, optimizer in jobs():
        if (make.name, optimizer.name) in done:
            continue
        task = make()
        task.steps //= shorter
        found += tuned(task, optimizer)
        write(path, found)
        took = time.perf_counter() - begun
        print(f"{took:6.0f} s  {task.name}: {optimizer.name} {found[-1].rate:g}", flush=True)


def write(path: Path, found: list[Run]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        head = ["task", "optimizer", "stage", "rate", "seed", "held_out"]
        writer.writerow([*head, *(f"look_{i + 1}" for i in range(LOOKS))])
        for run in found:
            numbers = (f"{x:.4g}" for x in (run.held_out, *run.curve))
            writer.writerow([*run[:3], f"{run.rate:g}", run.seed, *numbers])


def read(path: Path) -> list[Run]:
    with path.open(newline="") as file:
        _, *rows = csv.reader(file)
    return [
        Run(
            row[0],
            row[1],
            row[2],
            float(row[3]),
            int(row[4]),
            float(row[5]),
            (*map(float, row[6:]),),
        )
        for row in rows
    ]


def scores(found: list[Run], task: str, optimizer: str) -> Any:
    """Return the logarithms of the scores of test seeds."""
    own = (run for run in found if run[:3] == (task, optimizer, "test"))
    return np.log([run.score for run in own])


def comparison(found: list[Run], task: str, optimizer: str) -> str:
    """Return the loss over that of Nesterov's method, and whether it differs."""
    one, other = scores(found, task, optimizer), scores(found, task, "Nesterov")
    if not one.size:
        return ""
    if not np.isfinite(one - other).all():
        return "diverged"
    mean, spread = (one - other).mean(), (one - other).std(ddof=1)
    ratio = f"{math.exp(mean):.3g}" + ("*" if at_an_edge(found, task, optimizer) else "")
    return ratio if abs(mean) > spread else f"none ({ratio})"


def at_an_edge(found: list[Run], task: str, optimizer: str) -> bool:
    """Whether the best rate is the least or the largest that was tried."""
    own = [run for run in found if (run.task, run.optimizer) == (task, optimizer)]
    tried = sorted({run.rate for run in own if run.stage != "test"})
    return next(run.rate for run in own if run.stage == "test") in (tried[0], tried[-1])


def report(found: list[Run]) -> None:
    """Print the tables of the documentation."""
    tasks = list(dict.fromkeys(run.task for run in found))
    names = list(dict.fromkeys(run.optimizer for run in found))
    print(f"| | {' | '.join(tasks)} |\n|---|{'---|' * len(tasks)}")
    losses = (f"{math.exp(scores(found, task, 'Nesterov').mean()):.2g}" for task in tasks)
    print(f"| Nesterov, the loss | {' | '.join(losses)} |")
    for name in [name for name in names if name != "Nesterov"]:
        print(f"| {name} | {' | '.join(comparison(found, task, name) for task in tasks)} |")


def draw(found: list[Run], path: Path) -> None:
    """Draw the runs from test seeds: geometric means, and the range of the seeds."""
    from matplotlib import pyplot as plt
    from matplotlib.ticker import LogLocator, NullFormatter
    from PIL import Image

    from sgdmem.phase_diagrams.pictures.palette import CURVES, GREY

    names = [*(optimizer.name for optimizer in OPTIMIZERS), "AdamW, rotated"]
    colours = dict(zip(names, [*CURVES[:6], GREY, GREY], strict=True))
    styles = {"AdamW": "--", "AdamW, rotated": ":"}
    tasks = {make.name: make.steps for make in TASKS}
    figure, axes = plt.subplots(2, 3, figsize=(10, 6.4), layout="constrained")
    for axis, (task, steps) in zip(axes.flat, tasks.items(), strict=True):
        shown: list[float] = []  # AdamW may leave the picture
        for name, colour in colours.items():
            own = [r for r in found if r[:3] == (task, name, "test")]
            if not own:
                continue
            curves = np.array([run.curve for run in own])
            t = steps * np.arange(1, curves.shape[1] + 1) / curves.shape[1]
            middle = np.exp(np.log(curves).mean(axis=0))
            axis.plot(t, middle, styles.get(name, "-"), color=colour, label=name, linewidth=1.6)
            ends = curves.min(axis=0), curves.max(axis=0)
            axis.fill_between(t, *ends, color=colour, alpha=0.12, linewidth=0)
            if name not in styles or middle.min() > min(shown) / 2:
                shown += [*middle]
        low, high = min(shown), max(shown)
        axis.set_ylim(low * (low / high) ** 0.06, high * (high / low) ** 0.06)
        axis.set(title=task, xscale="log", yscale="log", xlabel="step")
        for side, ends in ((axis.xaxis, axis.get_xlim()), (axis.yaxis, axis.get_ylim())):
            parts = (1, 1.5, 2, 3, 5) if ends[1] < 4 * ends[0] else (1, 2, 5)
            parts = parts if ends[1] < 150 * ends[0] else (1,)
            side.set_major_locator(LogLocator(subs=parts, numticks=20))
            side.set_major_formatter(lambda x, _: f"{x:g}")
            side.set_minor_formatter(NullFormatter())
    for row in axes:
        row[0].set_ylabel("training loss")
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=8, frameon=False)
    figure.savefig(path, dpi=120)
    with Image.open(path) as image:
        image.convert("RGB").quantize(256).save(path, optimize=True)  # a third of the size


def main() -> None:
    options = [x for x in sys.argv[1:] if x.startswith("--")]
    data, picture = map(Path, [x for x in sys.argv[1:] if not x.startswith("--")])
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    if "--draw" not in options:
        measure(data, 20 if "--quick" in options else 1)
    found = read(data)
    report(found)
    draw(found, picture)


if __name__ == "__main__":
    main()
