"""A small network on images with random labels, which sharpens for as long as it is trained.

512 of scikit-learn's digits, scaled to about unit size, labels +-1 drawn at random, a tanh network
with two hidden layers of 32 units, PyTorch's mean squared error: shared by what is about edges.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sgdmem.errors import InputError
from sgdmem.training import TrainingRecord, Watch

DATA = Path(__file__).parent.parent / "data"
SAMPLES, WIDTH = 512, 32


def data() -> tuple[torch.Tensor, torch.Tensor]:
    """Return the inputs, shape (512, 64), and the labels, shape (512, 1)."""
    pixels = np.load(DATA / "digits.npz")["pixels"][:SAMPLES].astype(float)
    inputs = (pixels - pixels.mean(axis=0)) / 8
    labels = np.random.default_rng(0).choice([-1.0, 1.0], size=(SAMPLES, 1))
    return torch.tensor(inputs, dtype=torch.float32), torch.tensor(labels, dtype=torch.float32)


def network(seed: int = 0) -> torch.nn.Module:
    """Return the network as PyTorch starts it: 3,169 parameters."""
    torch.manual_seed(seed)
    parts: list[torch.nn.Module] = []
    for inputs, outputs in ((64, WIDTH), (WIDTH, WIDTH)):
        parts += [torch.nn.Linear(inputs, outputs), torch.nn.Tanh()]
    return torch.nn.Sequential(*parts, torch.nn.Linear(WIDTH, 1))


def train(
    make_optimizer: Any, batch_size: float, steps: int, every: int, seed: int = 0
) -> TrainingRecord:
    """Train with fresh batches, drawn with replacement, and return what was measured.

    It ends when the loss is no number, with a row that says so: its loss is infinite.
    """
    torch.set_num_threads(1)
    inputs, labels = data()
    model, loss = network(seed), torch.nn.MSELoss()
    optimizer = make_optimizer(model.parameters())
    watch = Watch(
        model, loss, (inputs, labels), optimizer, batch_size, every=every, at_once=SAMPLES
    )
    generator = torch.Generator().manual_seed(seed + 1)
    for _ in range(steps):
        x, y = inputs, labels
        if not math.isinf(batch_size):
            chosen = torch.randint(SAMPLES, (int(batch_size),), generator=generator)
            x, y = inputs[chosen], labels[chosen]
        optimizer.zero_grad()
        value = loss(model(x), y)
        if not torch.isfinite(value):
            watch.record.append(step=watch.steps, batch_size=batch_size, loss=math.inf)
            break
        value.backward()
        optimizer.step()
        try:
            watch.step()
        except InputError:  # diverged before its first measurement
            watch.record.append(step=watch.steps, batch_size=batch_size, loss=math.inf)
            break
    return watch.record
