"""Networks and data of the experiments: small enough for a CPU, real enough to have sharpening."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn


def digits(count: int, images: bool = False, seed: int = 0) -> tuple[Any, Any]:
    """Return so many of the 1,797 handwritten digits, as rows or as images, and their classes."""
    found = load_digits()
    chosen = np.random.default_rng(seed).permutation(len(found.data))[:count]
    x = torch.as_tensor(found.data[chosen] / 16, dtype=torch.get_default_dtype())
    x = (x - x.mean()) / x.std()
    return (x.reshape(-1, 1, 8, 8) if images else x), torch.as_tensor(found.target[chosen])


def one_hot(classes: Any) -> Any:
    """Return targets for a squared loss."""
    return nn.functional.one_hot(classes, 10).to(torch.get_default_dtype())


def mlp(inputs: int = 64, hidden: tuple[int, ...] = (32,), outputs: int = 10) -> Any:
    """Return a network with tanh layers."""
    layers: list[Any] = []
    for size in hidden:
        layers += [nn.Linear(inputs, size), nn.Tanh()]
        inputs = size
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


def convolutional(channels: int = 8) -> Any:
    """Return a small convolutional network for 8 x 8 images, normalised in groups."""
    return nn.Sequential(
        nn.Conv2d(1, channels, 3, padding=1),
        nn.GroupNorm(2, channels),
        nn.GELU(),
        nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1),
        nn.GroupNorm(2, 2 * channels),
        nn.GELU(),
        nn.Flatten(),
        nn.Linear(2 * channels * 16, 10),
    )
