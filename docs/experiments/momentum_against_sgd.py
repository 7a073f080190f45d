"""SGD with momentum against SGD at equal effective rate, on a small convolutional network.

arXiv 2307.15196 (section 6) finds that with small batches both train alike, since gradient noise
limits the rate of either, and that momentum helps with large ones, where curvature does. SVAG tells
which it is: its steps are those of SGD at a rate l times smaller, with the noise of l times the
variance, so that what is due to noise alone stays and what is due to large steps on curvature goes.
The exact limits of the linearised network are computed beside. Run with paths for all runs and for
the picture:

    python docs/experiments/momentum_against_sgd.py docs/data/momentum_against_sgd.csv \
        docs/images/momentum_against_sgd.png
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from networks import convolutional, digits
from torch import nn

import sgdmem
from sgdmem.training import linearized

TRAIN, CHANNELS = 1200, 6
BATCHES = {16: (0.05, 0.2, 0.8), 400: (0.2, 0.8, 3.2)}  # effective rates of each size
STEPS = {16: 1200, 400: 120}  # 16 epochs, and 40
SEEDS, MOMENTUM, FINENESS = 5, 0.9, 2
METHODS = ("SGD", "momentum .9", "SVAG")
MODES = 60
LEAST = -(0.91 * math.log(0.91) + 9 * 0.01 * math.log(0.01))  # of targets smoothed by 0.1


def gradient(model: Any, x: Any, y: Any) -> Any:
    """Return the loss, with its gradients in the parameters."""
    model.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y, label_smoothing=0.1)
    loss.backward()
    return loss


def trained(method: str, batch: int, rate: float, seed: int, data: Any) -> tuple[Any, list[float]]:
    """Return a network, and the losses of its batches."""
    x, y, *_ = data
    torch.manual_seed(seed)
    model = convolutional(CHANNELS)
    fine = FINENESS if method == "SVAG" else 1
    own, momentum = (rate * (1 - MOMENTUM), MOMENTUM) if method == METHODS[1] else (rate, 0.0)
    optimizer = torch.optim.SGD(model.parameters(), own / fine, momentum=momentum)
    root = math.sqrt(2 * fine**2 - 1)
    losses = []
    stream = batches(batch, seed)
    for _ in range(STEPS[batch] * fine):
        chosen = next(stream)
        losses.append(float(gradient(model, x[chosen], y[chosen]).detach()))
        if method == "SVAG":  # g = (1 - root)/2 g_1 + (1 + root)/2 g_2
            first = [p.grad.clone() for p in model.parameters()]
            chosen = next(stream)
            gradient(model, x[chosen], y[chosen])
            for p, g in zip(model.parameters(), first, strict=True):
                p.grad.mul_((1 + root) / 2).add_(g, alpha=(1 - root) / 2)
        optimizer.step()
        if not math.isfinite(losses[-1]):
            break
    return model, losses


def batches(size: int, seed: int) -> Iterator[Any]:
    """Yield batches drawn anew."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        yield torch.randint(TRAIN, (size,), generator=generator)


def measured(model: Any, data: Any) -> tuple[float, float]:
    """Return the loss on the training set, and the accuracy on the rest."""
    x, y, held, classes = data
    with torch.no_grad():
        loss = nn.functional.cross_entropy(model(x), y, label_smoothing=0.1)
        right = (model(held).argmax(1) == classes).double().mean()
    return (float(loss), float(right)) if torch.isfinite(loss) else (math.inf, 0.1)


def limits(model: Any, batch: int, data: Any) -> dict[str, float]:
    """Return the largest effective rates of both methods at a network, in mean square."""
    x, y, *_ = data
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)
    problem = linearized(model, loss, (x, y), modes=MODES)
    found = {"SGD": sgdmem.largest_learning_rate("sgd", problem, batch)}
    found[METHODS[1]] = sgdmem.largest_learning_rate("sgdm", problem, batch, momentum=MOMENTUM)
    return found


def main() -> None:
    """Run all, print a table, write every run and the picture."""
    torch.set_num_threads(1)
    x, y = digits(1797, images=True)
    data = x[:TRAIN], y[:TRAIN], x[TRAIN:], y[TRAIN:]
    rows, found = [], {}
    for batch, rates in BATCHES.items():
        for rate in rates:
            for method in METHODS:
                ends = []
                for seed in range(SEEDS):
                    model, losses = trained(method, batch, rate, seed, data)
                    ends.append(measured(model, data))
                    rows.append([batch, rate, method, seed, *(f"{v:.6g}" for v in ends[-1])])
                    if seed == 0 and method == "SGD" and math.isfinite(losses[-1]):
                        told = limits(model, batch, data)
                        said = {name: f"{value:.3g}" for name, value in told.items()}
                        print(f"batch {batch}, rate {rate}: limits {said}", flush=True)
                found[batch, rate, method] = np.array(ends)
                loss, accuracy = found[batch, rate, method].mean(axis=0)
                print(f"  {method}: loss {loss:.4f}, accuracy {accuracy:.4f}", flush=True)
            compare(found, batch, rate)
    if len(sys.argv) > 1:
        with Path(sys.argv[1]).open("w", newline="") as file:
            head = ["batch", "effective rate", "method", "seed", "loss", "accuracy"]
            csv.writer(file).writerows([head, *rows])
    if len(sys.argv) > 2:
        picture(Path(sys.argv[1]), Path(sys.argv[2]))


def compare(found: dict[Any, Any], batch: int, rate: float) -> None:
    """Say which differences from SGD are above the spread of seeds."""
    base = found[batch, rate, "SGD"][:, 0]
    for method in METHODS[1:]:
        other = found[batch, rate, method][:, 0]
        with np.errstate(invalid="ignore"):
            difference, spread = (
                other.mean() - base.mean(),
                max(base.std(ddof=1), other.std(ddof=1)),
            )
        said = "none" if abs(difference) <= spread else f"{difference:+.4f} (spread {spread:.4f})"
        print(f"    {method} - SGD, loss: {said}", flush=True)


def picture(data: Path, path: Path) -> None:
    """Draw the final loss of every run over the effective rate."""
    import matplotlib.pyplot as plt

    with data.open(newline="") as file:
        rows = list(csv.DictReader(file))
    figure, axes = plt.subplots(1, len(BATCHES), figsize=(6.6, 2.8), layout="constrained")
    for axis, (batch, rates) in zip(axes, BATCHES.items(), strict=True):
        for place, method in enumerate(METHODS):
            means, shifted = [], [rate * 1.12 ** (place - 1) for rate in rates]
            for rate, at in zip(rates, shifted, strict=True):
                key = str(batch), str(rate), method
                kinds = ("batch", "effective rate", "method")
                found = [float(row["loss"]) for row in rows if tuple(row[k] for k in kinds) == key]
                above = np.array(found) - LEAST
                means.append(above.mean())
                axis.plot([at] * len(found), above, "o", markersize=3, color=f"C{place}", alpha=0.7)
            axis.plot(shifted, means, color=f"C{place}", linewidth=1, label=method)
        axis.set(xscale="log", yscale="log", xlabel="effective rate", title=f"batches of {batch}")
        axis.set_xticks(rates, [f"{rate:g}" for rate in rates])
        axis.minorticks_off()
        ticks = (0.03, 0.05, 0.1) if batch < TRAIN // 10 else (0.05, 0.1, 0.3, 1)
        axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes[0].set_ylabel("training loss above the least")
    axes[0].legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=200)


if __name__ == "__main__":
    main()
