"""What a verdict on a network in place costs: a small MLP, and a ResNet of 11 million parameters.

python -m benchmarks.training_verdicts [mlp] [resnet]
"""

from __future__ import annotations

import sys
import time
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import nn

import sgdmem
import sgdmem.training


def digits(count: int) -> tuple[Any, Any]:
    """Return handwritten digits of 8 x 8 pixels, and their classes."""
    found = load_digits()
    x = torch.as_tensor(found.data[:count] / 8 - 1, dtype=torch.float32)
    return x, torch.as_tensor(found.target[:count])


class Block(nn.Module):
    """Two convolutions beside a shortcut, as in ResNet-18, with GroupNorm."""

    def __init__(self, inner: int, outer: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inner, outer, 3, stride, 1, bias=False),
            nn.GroupNorm(8, outer),
            nn.ReLU(),
            nn.Conv2d(outer, outer, 3, 1, 1, bias=False),
            nn.GroupNorm(8, outer),
        )
        straight = nn.Conv2d(inner, outer, 1, stride, bias=False)
        self.shortcut = nn.Identity() if inner == outer and stride == 1 else straight

    def forward(self, x: Any) -> Any:
        return torch.relu(self.body(x) + self.shortcut(x))


def resnet18() -> Any:
    """Return ResNet-18 for small images of one channel."""
    layers: list[Any] = [nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 64, 3, 1, 1, bias=False)]
    inner = 64
    for outer, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(inner, outer, stride), Block(outer, outer, 1)]
        inner = outer
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def mlp() -> Any:
    """Return an MLP of 5,046 parameters."""
    layers = nn.Linear(64, 60), nn.Tanh(), nn.Linear(60, 16), nn.Tanh(), nn.Linear(16, 10)
    return nn.Sequential(*layers)


CASES = {"mlp": (mlp, 600, 0.1, 400), "resnet": (resnet18, 1000, 0.005, 150)}


def measure(name: str) -> None:
    """Train a little, and print the verdict and what it took."""
    make, count, rate, steps = CASES[name]
    torch.manual_seed(0)
    model, (x, y) = make(), digits(count)
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    for _ in range(steps):
        chosen = torch.randint(count, (32,))
        optimizer.zero_grad()
        loss(model(x[chosen]), y[chosen]).backward()
        optimizer.step()
    size = sum(p.numel() for p in model.parameters())
    with torch.no_grad():
        right = float((model(x).argmax(1) == y).float().mean())
    print(f"{name}: trained to {100 * right:.3g}% of its samples", flush=True)
    begin, used = time.perf_counter(), time.process_time()
    found = sgdmem.training.verdict(model, loss, (x, y), optimizer, 32)
    text = str(found)
    wall, used = time.perf_counter() - begin, time.process_time() - used
    print(
        f"{name}: {size:,} parameters, {count:,} samples: {wall:.1f} s, {used:.1f} s of processors"
    )
    print(text, flush=True)


def main() -> None:
    """Measure the networks that are named, by default the MLP."""
    problem = sgdmem.Problem.from_data([[1.0], [2.0]])
    sgdmem.stability(sgdmem.sgd(0.1), problem, 2)  # what is imported and compiled once
    for name in sys.argv[1:] or ["mlp"]:
        measure(name)


if __name__ == "__main__":
    main()
