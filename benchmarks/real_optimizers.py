"""PyTorch's own optimizer beside what the library says of the same data.

``python -m benchmarks.real_optimizers [FILE.csv]`` needs ``torch``. For five data sets and four
ways of training it finds the largest rate of the mean square (exact) and that of typical runs (from
simulated Lyapunov exponents), and lets ``torch.optim.SGD`` run from 50 seeds at .9 and 1.1 of both;
FILE gets every run. Then it compares the mean loss of 200 runs with the exact one.
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn import datasets

import sgdmem
from benchmarks.measuring import table
from benchmarks.samples import standardised

BATCH_SIZE, MOMENTUM = 64, 0.9
SEEDS, CURVES = 50, 200
DIVERGED = 1e6  # times the first loss
TIMES = np.unique(np.geomspace(1, 1000, 12).astype(int))


class Training(NamedTuple):
    """A way of training that PyTorch offers, and the library's word for it."""

    name: str
    momentum: float = 0.0
    nesterov: bool = False
    shuffled: bool = False

    def method(self, rate: float) -> sgdmem.Algorithm:
        """Return the library's description of the optimizer."""
        return sgdmem.torch_sgd(rate, self.momentum, nesterov=self.nesterov)

    def mean_square_limit(self, problem: sgdmem.Problem) -> float:
        """Return the largest rate below which the mean square converges."""
        fixed: dict[str, Any] = (
            {"momentum": self.momentum, "nesterov": self.nesterov} if self.momentum else {}
        )
        return float(sgdmem.largest_learning_rate("torch_sgd", problem, BATCH_SIZE, **fixed))

    def typical_limit(self, problem: sgdmem.Problem, start: float) -> float:
        """Return the rate at which the simulated Lyapunov exponent changes its sign."""

        def grows(rate: float, steps: int) -> bool:
            # slow modes neither grow nor fall within the steps
            return self.exponent(problem, rate, steps) > 1e-4

        low, high = start, start * 1.25
        while grows(high, 4000):
            low, high = low * 0.8, high * 0.8
        while not grows(high, 4000):
            low, high = high, high * 1.25
        while high > 1.02 * low:
            middle = math.sqrt(low * high)
            low, high = (low, middle) if grows(middle, 6_000) else (middle, high)
        return math.sqrt(low * high)

    def steps_to_watch(self, problem: sgdmem.Problem, rate: float) -> int:
        """Return how many steps tell whether a run diverges."""
        growth = self.exponent(problem, rate, 6_000)
        return int(np.clip(16 / max(growth, 1e-4), 2_000, 20_000)) if growth > 0 else 4_000

    def exponent(self, problem: sgdmem.Problem, rate: float, steps: int) -> float:
        """Return the rate of growth of typical runs."""
        return sgdmem.methods.lyapunov_exponent(
            self.method(rate), problem, BATCH_SIZE, steps, seeds=16
        ).value


TRAININGS = [
    Training("SGD"),
    Training("momentum .9", MOMENTUM),
    Training("Nesterov .9", MOMENTUM, nesterov=True),
    Training("momentum .9, shuffled epochs", MOMENTUM, shuffled=True),
]


def data_sets() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Return names, rows and labels, standardised or as they are."""
    for name, raw in [("diabetes", False), ("digits", True), ("digits", False)]:
        yield _data_set(name, raw)
    for raw in (True, False):
        yield _data_set("breast_cancer", raw)


def _data_set(name: str, raw: bool) -> tuple[str, np.ndarray, np.ndarray]:
    found = getattr(datasets, f"load_{name}")()
    labels = (found.target - found.target.mean()) / found.target.std()
    rows = found.data[:, found.data.std(axis=0) > 0] if raw else standardised(found.data)
    return f"{name}, {'raw' if raw else 'standardised'}", rows, labels


def drawn(samples: int, seed: int, shuffled: bool) -> Iterator[torch.Tensor]:
    """Return the indices of one batch after another."""
    generator = torch.Generator().manual_seed(seed)
    if not shuffled:
        while True:
            yield from torch.randint(samples, (200, BATCH_SIZE), generator=generator)
    order = torch.utils.data.RandomSampler(range(samples), generator=generator)
    batches = torch.utils.data.BatchSampler(order, BATCH_SIZE, drop_last=True)
    indices = torch.utils.data.TensorDataset(torch.arange(samples))
    loader = torch.utils.data.DataLoader(indices, sampler=batches, batch_size=None)
    while True:
        for (chosen,) in loader:
            yield chosen


def train(
    rows: np.ndarray, labels: np.ndarray, training: Training, rate: float, steps: int, seeds: int
) -> Iterator[np.ndarray]:
    """Return the losses of all runs after each step: each run has its own weights and batches."""
    x, y = torch.as_tensor(rows), torch.as_tensor(labels)
    w = torch.nn.Parameter(torch.zeros(seeds, x.shape[1], dtype=x.dtype))
    optimizer = torch.optim.SGD(
        [w], lr=rate, momentum=training.momentum, nesterov=training.nesterov
    )
    batches = [drawn(x.shape[0], seed, training.shuffled) for seed in range(seeds)]
    for _ in range(steps):
        chosen = torch.stack([next(batch) for batch in batches])
        residuals = torch.bmm(x[chosen], w.unsqueeze(2)).squeeze(2) - y[chosen]
        optimizer.zero_grad()
        (residuals.square().mean(1).sum() / 2).backward()
        optimizer.step()
        yield w.detach().numpy()


def losses_of(w: np.ndarray, rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the loss on all samples of each run."""
    return np.asarray(((w @ rows.T - labels) ** 2).mean(axis=1) / 2)


def final_losses(
    rows: np.ndarray, labels: np.ndarray, training: Training, rate: float, steps: int
) -> np.ndarray:
    """Return the loss of each run at the end, over the first one; inf where it overflowed."""
    w = np.zeros((SEEDS, rows.shape[1]))
    for done, w in enumerate(train(rows, labels, training, rate, steps, SEEDS)):
        if done % 500 == 0 and not np.isfinite(w).any():
            break
    with np.errstate(over="ignore", invalid="ignore"):
        losses = losses_of(w, rows, labels) / losses_of(np.zeros_like(w), rows, labels)
    return np.where(np.isfinite(losses), losses, np.inf)


def curve_scores(
    rows: np.ndarray, labels: np.ndarray, training: Training, rate: float, exact: np.ndarray
) -> np.ndarray:
    """Return how many standard errors the mean loss of real runs is from the exact one."""
    scores = []
    for time, w in enumerate(train(rows, labels, training, rate, int(TIMES[-1]), CURVES), start=1):
        if time in TIMES:
            losses = losses_of(w, rows, labels)
            error = losses.std(ddof=1) / math.sqrt(CURVES)
            scores.append((losses.mean() - exact[time]) / error)
    return np.array(scores)


def main() -> None:
    """Print both tables and write all runs."""
    torch.set_num_threads(1)
    listed, limits, scores = [], [], []
    for name, rows, labels in data_sets():
        problem = sgdmem.Problem.from_data(rows, labels)
        assert problem.samples is not None  # it is made of them
        known: dict[Training, tuple[float, float]] = {}
        for training in TRAININGS:
            fresh = training._replace(name="", shuffled=False)  # shuffled epochs have no own limits
            if fresh not in known:
                mean_square = fresh.mean_square_limit(problem)
                known[fresh] = mean_square, fresh.typical_limit(problem, mean_square)
            mean_square, typical = known[fresh]
            counts = []
            for word, limit in (("mean-square", mean_square), ("typical", typical)):
                for factor in (0.9, 1.1):
                    rate = factor * limit
                    steps = training.steps_to_watch(problem, rate)
                    ends = final_losses(rows, labels, training, rate, steps)
                    counts.append(str((ends > DIVERGED).sum()))
                    asked = [name, training.name, word, factor, f"{rate:.9g}", steps]
                    listed.append([*asked, *(f"{v:.3g}" for v in ends)])
            found = f"{mean_square:.4g}", f"{typical / mean_square:.3g}"
            limits.append([name, training.name, *found, *counts])
            print(limits[-1], flush=True)
            if not training.shuffled:
                rate = 0.5 * mean_square
                above = sgdmem.losses(training.method(rate), problem, BATCH_SIZE, int(TIMES[-1]))
                curve = problem.samples.least_loss + above
                scores.append(curve_scores(rows, labels, training, rate, curve))
                print(np.round(scores[-1], 2), flush=True)
    head = ["data", "optimizer", "mean square", "typical / it", ".9", "1.1", ".9 typical", "1.1"]
    print(table(head, limits))
    every = np.concatenate(scores)
    print(
        f"\n{every.size} means of {CURVES} runs: {(abs(every) > 3).sum()} beyond 3 standard errors,"
        f" root mean square {np.sqrt((every**2).mean()):.3g}"
    )
    if sys.argv[1:]:
        with Path(sys.argv[1]).open("w", newline="") as file:
            head = ["data", "optimizer", "limit", "factor", "rate", "steps"]
            csv.writer(file).writerows([[*head, *range(SEEDS)], *listed])


if __name__ == "__main__":
    main()
