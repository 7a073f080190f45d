"""Six small things to train, many runs at once: least squares, a kernel, and four networks.

Parameters have the shape (rates, seeds, ...), batches (seeds, ...): runs with the same seed see the
same batches and start from the same point, whatever their optimizer.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from pydoc_data.topics import topics
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch.nn import functional

import sgdmem

TRAINED, HELD_OUT = 1000, 300  # digits of 1,797


class Task(ABC):
    """What is trained. `exponent` is that of the spectrum, or None where nobody measured it."""

    name = ""
    steps = 0
    exponent: Any = None

    @abstractmethod
    def start(self, generator: torch.Generator) -> list[Any]:
        """Return the parameters of one run."""

    @abstractmethod
    def batch(self, generators: list[torch.Generator]) -> Any:
        """Return a batch for each seed."""

    @abstractmethod
    def loss(self, parameters: list[Any], batch: Any) -> Any:
        """Return the loss of each run on its batch."""

    @abstractmethod
    def losses(self, parameters: list[Any]) -> tuple[Any, Any]:
        """Return the loss of each run on all that it is trained on, and on what is held out."""


def drawn(count: int, size: int, generators: list[torch.Generator]) -> Any:
    return torch.stack([torch.randint(count, (size,), generator=g) for g in generators])


def uniform(generator: torch.Generator, fan_in: int, *shape: int) -> Any:
    """Return what PyTorch starts a layer with."""
    return (2 * torch.rand(shape, generator=generator) - 1) / math.sqrt(fan_in)


def of_classes(outputs: Any, labels: Any, squared: bool = False) -> Any:
    """Return mean losses of outputs (..., samples, classes)."""
    labels = labels.expand(outputs.shape[:-1])
    if squared:
        targets = functional.one_hot(labels, outputs.shape[-1]).to(outputs.dtype)
        return (outputs - targets).square().sum(-1).mean(-1) / 2
    flat = functional.cross_entropy(outputs.flatten(0, -2), labels.flatten(), reduction="none")
    return flat.view(labels.shape).mean(-1)


class PowerLaw(Task):
    """Gaussian inputs, eigenvalues k^-2, the loss in modes beyond k falls like k^-0.8."""

    name = "least squares, power law"
    steps, exponent = 6000, 2.0
    eigenvalues = torch.arange(1, 1001, dtype=torch.float32) ** -2
    batch_size = 10

    def start(self, generator: torch.Generator) -> list[Any]:
        k = torch.arange(1, 1001, dtype=torch.float32)
        return [(k**-1.8 / self.eigenvalues).sqrt()]

    def batch(self, generators: list[torch.Generator]) -> Any:
        size = self.batch_size, len(self.eigenvalues)
        z = torch.stack([torch.randn(size, generator=g) for g in generators])
        return z * self.eigenvalues.sqrt()

    def loss(self, parameters: list[Any], batch: Any) -> Any:
        return (batch @ parameters[0].unsqueeze(-1)).square().mean((-1, -2)) / 2

    def losses(self, parameters: list[Any]) -> tuple[Any, Any]:
        found = (self.eigenvalues * parameters[0].square()).sum(-1) / 2
        return found, found


class RotatedPowerLaw(PowerLaw):
    """The same in coordinates at random, which no linear method notices."""

    def __init__(self) -> None:
        drawn = torch.randn(1000, 1000, generator=torch.Generator().manual_seed(0))
        self.rotation = torch.linalg.qr(drawn).Q

    def start(self, generator: torch.Generator) -> list[Any]:
        return [super().start(generator)[0] @ self.rotation]

    def batch(self, generators: list[torch.Generator]) -> Any:
        return super().batch(generators) @ self.rotation

    def losses(self, parameters: list[Any]) -> tuple[Any, Any]:
        return super().losses([parameters[0] @ self.rotation.T])


class Digits(Task):
    """Handwritten digits, standardised by one number."""

    batch_size = 32

    def __init__(self) -> None:
        raw = load_digits()
        order = np.random.default_rng(0).permutation(len(raw.target))[: TRAINED + HELD_OUT]
        x = torch.tensor(raw.data[order] / 16, dtype=torch.float32)
        self.x = (x - x.mean()) / x.std()
        self.labels = torch.tensor(raw.target[order])

    def batch(self, generators: list[torch.Generator]) -> Any:
        chosen = drawn(TRAINED, self.batch_size, generators)
        return self.x[chosen], self.labels[chosen]


class Kernel(Digits):
    """Regression on the digit's number with a Matern kernel (3/2) whose largest eigenvalue is 1."""

    name = "kernel regression"
    steps = 3000

    def __init__(self) -> None:
        super().__init__()
        x = self.x.double()
        distances = torch.cdist(x, x[:TRAINED])
        scaled = math.sqrt(3) * distances / distances.median()
        kernel = (1 + scaled) * torch.exp(-scaled)
        values, vectors = torch.linalg.eigh(kernel[:TRAINED])
        values = values.clamp(min=1e-12 * values[-1])
        features = kernel @ vectors / values.sqrt() * math.sqrt(TRAINED / values[-1])
        self.features = self.coordinates(features, vectors).float()
        self.exponent = sgdmem.fit_power_law(
            sgdmem.Spectrum((values / values[-1]).flip(0).numpy())
        ).exponent
        y = self.labels.double()
        self.y = ((y - y.mean()) / y.std()).float()

    def coordinates(self, features: Any, vectors: Any) -> Any:
        return features

    def start(self, generator: torch.Generator) -> list[Any]:
        return [torch.zeros(TRAINED)]

    def batch(self, generators: list[torch.Generator]) -> Any:
        chosen = drawn(TRAINED, self.batch_size, generators)
        return self.features[chosen], self.y[chosen]

    def loss(self, parameters: list[Any], batch: Any) -> Any:
        features, y = batch
        outputs = (features @ parameters[0].unsqueeze(-1)).squeeze(-1)
        return (outputs - y).square().mean(-1) / 2

    def losses(self, parameters: list[Any]) -> tuple[Any, Any]:
        errors = (parameters[0] @ self.features.T - self.y).square() / 2
        return errors[..., :TRAINED].mean(-1), errors[..., TRAINED:].mean(-1)


class RotatedKernel(Kernel):
    """The same with the square root of the kernel's matrix: a weight for each sample."""

    def coordinates(self, features: Any, vectors: Any) -> Any:
        return features @ vectors.T


class Network(Digits):
    """A network of the digits, with the loss of classes."""

    squared = False

    @abstractmethod
    def outputs(self, parameters: list[Any], x: Any) -> Any:
        """Return the outputs of each run for its inputs."""

    def loss(self, parameters: list[Any], batch: Any) -> Any:
        x, labels = batch
        return of_classes(self.outputs(parameters, x), labels, self.squared)

    def losses(self, parameters: list[Any]) -> tuple[Any, Any]:
        outputs = self.outputs(parameters, self.x.unsqueeze(0))
        parts = (
            (outputs[..., :TRAINED, :], self.labels[:TRAINED]),
            (
                outputs[..., TRAINED:, :],
                self.labels[TRAINED:],
            ),
        )
        trained, held = (of_classes(*part, self.squared) for part in parts)
        return trained, held


class Perceptron(Network):
    """64-64-10 with ReLU."""

    name = "MLP, cross-entropy"
    steps = 1000

    def start(self, generator: torch.Generator) -> list[Any]:
        return [
            *(uniform(generator, 64, *shape) for shape in ((64, 64), (1, 64))),
            *(uniform(generator, 64, *shape) for shape in ((64, 10), (1, 10))),
        ]

    def outputs(self, parameters: list[Any], x: Any) -> Any:
        W, b, V, c = parameters
        return functional.relu(x @ W + b) @ V + c


class SquaredPerceptron(Perceptron):
    """The same with half the squared distance from the class."""

    name, squared = "MLP, squared loss", True


class Convolutions(Network):
    """Two 3 x 3 convolutions, 4 and 8 channels, the second with stride 2, and a linear layer."""

    name = "conv net, cross-entropy"
    steps, batch_size = 500, 16

    def start(self, generator: torch.Generator) -> list[Any]:
        return [
            *(uniform(generator, 9, *shape) for shape in ((4, 9), (4, 1))),
            *(uniform(generator, 36, *shape) for shape in ((8, 36), (8, 1))),
            *(uniform(generator, 128, *shape) for shape in ((128, 10), (1, 10))),
        ]

    def outputs(self, parameters: list[Any], x: Any) -> Any:
        W, b, V, c, U, d = parameters
        seeds, samples = x.shape[:2]
        rates, many = W.shape[:2]
        patches = functional.unfold(x.reshape(-1, 1, 8, 8), 3, padding=1)
        patches = patches.view(seeds, samples, 9, 64).transpose(1, 2).reshape(seeds, 9, -1)
        found = functional.relu(W @ patches + b).view(rates * many, 4, samples, 8, 8)
        images = found.transpose(1, 2).reshape(-1, 4, 8, 8)
        patches = functional.unfold(images, 3, padding=1, stride=2)
        patches = patches.view(rates, many, samples, 36, 16).transpose(2, 3)
        found = functional.relu(V @ patches.reshape(rates, many, 36, -1) + c)
        found = found.view(rates, many, 8, samples, 16).transpose(2, 3)
        return found.reshape(rates, many, samples, 128) @ U + d


class Recurrent(Task):
    """A GRU of 24 units that reads Python's own documentation, one of 32 characters at a time."""

    name = "GRU on text, cross-entropy"
    steps = 300
    characters = "abcdefghijklmnopqrstuvwxyz .,-'"  # and one for all others
    hidden, length, batch_size = 24, 16, 16

    def __init__(self) -> None:
        text = "\n".join(topics[key] for key in sorted(topics)).lower()
        text = " ".join(text.split())
        codes = {character: i for i, character in enumerate(self.characters)}
        found = torch.tensor([codes.get(character, 31) for character in text])
        cut = len(found) * 9 // 10
        self.text, rest = found[:cut], found[cut:]
        generator = torch.Generator().manual_seed(0)
        self.parts = [self.pieces(part, 64, [generator]) for part in (self.text, rest)]

    def pieces(self, text: Any, count: int, generators: list[torch.Generator]) -> Any:
        places = drawn(len(text) - self.length - 1, count, generators)
        return text[places.unsqueeze(-1) + torch.arange(self.length + 1)]

    def start(self, generator: torch.Generator) -> list[Any]:
        H = self.hidden
        shapes = (32, 3 * H), (1, 3 * H), (H, 3 * H), (1, 3 * H), (H, 32), (1, 32)
        return [uniform(generator, H, *shape) for shape in shapes]

    def batch(self, generators: list[torch.Generator]) -> Any:
        return self.pieces(self.text, self.batch_size, generators)

    def loss(self, parameters: list[Any], batch: Any) -> Any:
        W, b, U, c, V, d = parameters
        rates, many, H = *W.shape[:2], self.hidden
        seeds, size, length = batch.shape[0], batch.shape[1], self.length
        letters = functional.one_hot(batch[..., :-1].transpose(1, 2), 32).to(W.dtype)
        inputs = letters.reshape(seeds, -1, 32) @ W + b
        inputs = inputs.view(rates, many, length, size, 3 * H).unbind(2)
        h, states = torch.zeros(rates, many, size, H), []
        for step in inputs:
            own = h @ U + c
            gates = torch.sigmoid(step[..., : 2 * H] + own[..., : 2 * H])
            new = torch.tanh(step[..., 2 * H :] + gates[..., :H] * own[..., 2 * H :])
            h = torch.lerp(new, h, gates[..., H:])
            states.append(h)
        outputs = torch.stack(states, 2).flatten(2, 3) @ V + d
        return of_classes(outputs, batch[..., 1:].transpose(1, 2).reshape(seeds, -1))

    def losses(self, parameters: list[Any]) -> tuple[Any, Any]:
        trained, held = (self.loss(parameters, part) for part in self.parts)
        return trained, held


TASKS = (PowerLaw, Kernel, SquaredPerceptron, Perceptron, Convolutions, Recurrent)
