"""Where real optimizers become unstable near a minimum of a network, against the exact prediction.

A network is trained on handwritten digits: with a squared loss, whose targets are then replaced by
the network's own outputs, so that it interpolates; and with a smoothed cross-entropy.
From there real optimizers of PyTorch run in pairs that start close together and see the same
batches: below the limit the two come together, above it they part. Rates are multiples of the
mean-square limit of the linearised problem. Run with a path for all runs and another for the
picture:

    python docs/experiments/thresholds.py docs/data/thresholds.csv docs/images/thresholds.png
    python docs/experiments/thresholds.py --full-batch docs/data/thresholds_full_batch.csv

The second, with a finer grid for all samples together, was added after the first had been run.
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from networks import digits, mlp, one_hot
from torch import nn

import sgdmem
from sgdmem.training import LinearOptimizer, linearized

SAMPLES, HIDDEN = 512, 32
FACTORS = (0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)  # of the predicted limit
FINE = (0.97, 0.98, 0.99, 1.0, 1.01, 1.02, 1.03)
SEEDS, STEPS = 6, 600
TRAINED = 3000  # steps of Adam to the minimum
APART, GROWN = 1e-6, 10.0  # distance at the start, of all parameters; factor on that of outputs
MODES = 128
MOMENTUM, BETA2 = 0.9, 0.99


@dataclass(frozen=True, eq=False)
class Setting:
    """A network at a minimum of its loss on all samples."""

    name: str
    model: Any
    loss: Any
    x: Any
    y: Any


@dataclass(frozen=True, eq=False)
class Method:
    """An optimizer of PyTorch, and what it is here."""

    name: str
    options: dict[str, Any]
    adam: bool = False

    def read(self, setting: Setting, rate: float) -> LinearOptimizer:
        """Return the method at a rate, in the coordinates of the frozen second moment."""
        parameters = tuple(setting.model.parameters())
        if not self.adam:
            return LinearOptimizer(sgdmem.torch_sgd(rate, **self.options), self.name, parameters)
        method = sgdmem.qhm(rate, MOMENTUM, 1)
        inverse = tuple(1 / size for size in frozen_sizes(setting))
        return LinearOptimizer(method, self.name, parameters, inverse)

    def optimizer(self, parameters: list[Any], rate: float) -> Any:
        """Return the real one."""
        if self.adam:
            return torch.optim.Adam(parameters, rate, betas=(MOMENTUM, BETA2))
        return torch.optim.SGD(parameters, rate, **self.options)


METHODS = (
    Method("SGD", {}),
    Method("momentum .9", {"momentum": MOMENTUM}),
    Method("Nesterov .9", {"momentum": MOMENTUM, "nesterov": True}),
    Method("Adam, frozen", {}, adam=True),
)
BATCHES: tuple[tuple[int, bool], ...] = ((8, False), (8, True), (64, False), (SAMPLES, False))


def settings() -> Iterator[Setting]:
    """Train both networks."""
    x, classes = digits(SAMPLES)
    torch.manual_seed(0)
    model, y = mlp(64, (HIDDEN,)), one_hot(classes)
    minimise(model, nn.MSELoss(), x, y)
    yield Setting("squared loss", model, nn.MSELoss(), x, model(x).detach())
    torch.manual_seed(1)
    model, loss = mlp(64, (HIDDEN,)), nn.CrossEntropyLoss(label_smoothing=0.1)
    minimise(model, loss, x, classes)
    yield Setting("cross-entropy", model, loss, x, classes)


def minimise(model: Any, loss: Any, x: Any, y: Any) -> None:
    """Train on all samples together, slower and slower."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, TRAINED)
    for _ in range(TRAINED):
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        falling.step()
    size = torch.cat([p.grad.flatten() for p in model.parameters()]).norm()
    print(f"loss {float(value.detach()):.6g}, gradient {float(size):.2g}", flush=True)


def frozen_sizes(setting: Setting) -> list[Any]:
    """Return a second moment's root for each parameter: of gradients with other labels."""
    generator = torch.Generator().manual_seed(3)
    order = torch.randperm(SAMPLES, generator=generator)
    loss = setting.loss(setting.model(setting.x), setting.y[order])
    found = torch.autograd.grad(loss, list(setting.model.parameters()))
    floor = 0.1 * torch.cat([g.flatten() for g in found]).square().mean().sqrt()
    return [g.abs() + floor for g in found]


def predicted(setting: Setting, method: Method, batch: int) -> float:
    """Return the rate at which the linearised problem has the mean-square radius 1."""
    read = method.read(setting, 1e-3)
    problem = linearized(setting.model, setting.loss, (setting.x, setting.y), read, modes=MODES)
    size = math.inf if batch == SAMPLES else batch
    assert isinstance(read.method, sgdmem.Algorithm)
    return 1e-3 * sgdmem.stability(read.method, problem, size).critical_scale


def drawn(seed: int, batch: int, shuffled: bool) -> Iterator[Any]:
    """Yield the indices of one batch after another."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        if not shuffled:
            yield torch.randint(SAMPLES, (batch,), generator=generator)
            continue
        order = torch.randperm(SAMPLES, generator=generator)
        yield from order[: SAMPLES // batch * batch].split(batch)


def parted(
    setting: Setting, method: Method, batch: int, shuffled: bool, rate: float, seeds: int
) -> Any:
    """Return by which factor the outputs of each pair of runs moved apart.

    All runs are one network whose parameters have another first dimension, so that one real
    optimizer makes the steps of all.
    """
    generator = torch.Generator().manual_seed(7)
    parameters = []
    for p in setting.model.parameters():
        shaken = torch.randn(seeds, *p.shape, generator=generator) * APART
        start = p.detach().expand(seeds, *p.shape)
        parameters.append(nn.Parameter(torch.cat([start, start + shaken])))
    optimizer = method.optimizer(parameters, rate)
    sizes = [size.square() for size in frozen_sizes(setting)] if method.adam else []
    full = batch == SAMPLES
    streams = [drawn(seed, batch, shuffled) for seed in range(seeds)]
    begin = distance(parameters, setting, seeds)
    for step in range(STEPS):
        chosen = torch.arange(SAMPLES)[None] if full else torch.stack([next(s) for s in streams])
        chosen = chosen.expand(seeds, -1).repeat(2, 1)
        outputs = stacked(parameters, setting.x[chosen])
        labels = setting.y[chosen]
        value = 2 * seeds * setting.loss(outputs.flatten(0, 1), labels.flatten(0, 1))
        optimizer.zero_grad()
        value.backward()
        if method.adam:
            for p, v in zip(parameters, sizes, strict=True):
                freeze(optimizer, p, v)
        optimizer.step()
        if step % 100 == 99:
            now = distance(parameters, setting, seeds) / begin
            if not torch.isfinite(now).any() or (now > 1e5).all():
                break
    found = distance(parameters, setting, seeds) / begin
    return torch.where(torch.isfinite(found), found, torch.inf).numpy()


def freeze(optimizer: Any, p: Any, v: Any) -> None:
    """Make the next step of Adam end with this second moment, long after its bias corrections."""
    if not optimizer.state[p]:
        optimizer.state[p]["step"] = torch.tensor(1e6)
        optimizer.state[p]["exp_avg"] = torch.zeros_like(p)
        optimizer.state[p]["exp_avg_sq"] = torch.zeros_like(p)
    before = (v - (1 - BETA2) * p.grad.square()) / BETA2
    optimizer.state[p]["exp_avg_sq"].copy_(before)


def stacked(parameters: list[Any], x: Any) -> Any:
    """Return the outputs of all runs, shape (R, n, K), for inputs of shape (R, n, d)."""
    W, b, V, c = parameters
    return torch.tanh(x @ W.transpose(1, 2) + b[:, None]) @ V.transpose(1, 2) + c[:, None]


def distance(parameters: list[Any], setting: Setting, seeds: int) -> Any:
    """Return how far the outputs on all samples of each pair are apart."""
    with torch.no_grad():
        outputs = stacked(parameters, setting.x.expand(2 * seeds, -1, -1))
        return (outputs[:seeds] - outputs[seeds:]).square().mean((1, 2)).sqrt()


def threshold(shares: list[float]) -> float:
    """Return the factor at which half of the pairs part, between those that were tried."""
    above = [i for i, share in enumerate(shares) if share >= 0.5]
    if not above:
        return math.inf
    first = above[0]
    return FACTORS[0] if first == 0 else math.sqrt(FACTORS[first - 1] * FACTORS[first])


def full_batches(path: Path) -> None:
    """Write how far pairs part on all samples together, close to the limit."""
    rows = []
    for setting in settings():
        for method in METHODS:
            limit = predicted(setting, method, SAMPLES)
            found = [parted(setting, method, SAMPLES, False, f * limit, 1)[0] for f in FINE]
            rows.append([setting.name, method.name, f"{limit:.9g}", *(f"{g:.3g}" for g in found)])
            print(*rows[-1], flush=True)
    with path.open("w", newline="") as file:
        head = ["setting", "optimizer", "limit", *(f"growth at {factor}" for factor in FINE)]
        csv.writer(file, lineterminator="\n").writerows([head, *rows])


def main() -> None:
    """Run all, print a table, write every run and the picture."""
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    if sys.argv[1:2] == ["--full-batch"]:
        full_batches(Path(sys.argv[2]))
        return
    rows, found = [], {}
    for setting in settings():
        limits: dict[Any, float] = {}
        for method in METHODS:
            for batch, shuffled in BATCHES:
                if (method, batch) not in limits:
                    limits[method, batch] = predicted(setting, method, batch)
                limit = limits[method, batch]
                seeds = 1 if batch == SAMPLES else SEEDS
                shares = []
                for factor in FACTORS:
                    growth = parted(setting, method, batch, shuffled, factor * limit, seeds)
                    shares.append(float((growth > GROWN).mean()))
                    head = [setting.name, method.name, batch, shuffled, factor]
                    rows.append([*head, f"{factor * limit:.9g}", *(f"{g:.3g}" for g in growth)])
                key = setting.name, method.name, batch, shuffled
                found[key] = limit, threshold(shares), shares
                print(*key, f"limit {limit:.5g}, threshold / limit {found[key][1]:.3g}", flush=True)
    if len(sys.argv) > 1:
        with Path(sys.argv[1]).open("w", newline="") as file:
            writer = csv.writer(file)
            head = ["setting", "optimizer", "batch", "shuffled", "factor", "rate"]
            writer.writerow([*head, *(f"growth {seed}" for seed in range(SEEDS))])
            writer.writerows(rows)
    if len(sys.argv) > 2:
        picture(Path(sys.argv[1]), Path(sys.argv[2]))


def picture(data: Path, path: Path) -> None:
    """Draw the share of pairs that part over the rate, in units of the prediction."""
    import matplotlib.pyplot as plt

    with data.open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = list(dict.fromkeys(row["setting"] for row in rows))
    figure, axes = plt.subplots(
        len(names), len(METHODS), figsize=(7.2, 3.8), sharex=True, sharey=True, layout="constrained"
    )
    for line, name in zip(axes, names, strict=True):
        for axis, method in zip(line, METHODS, strict=True):
            for place, (batch, shuffled) in enumerate(BATCHES):
                key = name, method.name, str(batch), str(shuffled)
                kinds = ("setting", "optimizer", "batch", "shuffled")
                found = [row for row in rows if tuple(row[kind] for kind in kinds) == key]
                growths = [
                    [float(v) for k, v in row.items() if k.startswith("growth") and v]
                    for row in found
                ]
                shares = [sum(g > GROWN for g in row) / len(row) for row in growths]
                label = f"B = {batch}{', epochs' if shuffled else ''}"
                label = "all samples" if batch == SAMPLES else label
                shown = [share + 0.015 * (place - 1.5) for share in shares]  # none hides another
                axis.plot(FACTORS, shown, marker=".", linewidth=1, label=label)
            axis.axvline(1, color="0.6", linewidth=0.8, zorder=0)
            axis.set_title(f"{method.name}, {name}", fontsize=7)
    for axis in axes[-1]:
        axis.set_xlabel("rate / predicted limit", fontsize=7)
    for line in axes:
        line[0].set_ylabel("share of pairs that part", fontsize=7)
    for axis in axes.flat:
        axis.tick_params(labelsize=6)
    axes[0][0].legend(fontsize=6, frameon=False, loc="center right")
    figure.savefig(path, dpi=200)


if __name__ == "__main__":
    main()
