"""A network with one hidden layer on scikit-learn's digits, its training and its linearisation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

import sgdmem

DIVERGED = 20.0  # training stops at this loss; it starts at 1/2


@dataclass(frozen=True)
class Network:
    """f(x) = A^T relu(W^T x) sqrt(2 / width) on images x of norm 1, one output a class."""

    x: Any
    labels: Any  # one-hot
    width: int

    @classmethod
    def of_digits(cls, images: int, width: int) -> Network:
        from sklearn.datasets import load_digits

        pixels, digits = load_digits(return_X_y=True)
        x = pixels - pixels.mean(axis=0)
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        return cls(x[:images], np.eye(10)[digits[:images]], width)

    @cached_property
    def start(self) -> Any:
        size = self.x.shape[1] + self.labels.shape[1]
        return np.random.default_rng(0).standard_normal(size * self.width)

    @cached_property
    def wanted(self) -> Any:
        """The labels, shifted by the outputs at the start so that training begins at zero."""
        return self.labels + self._pass(self.start, self.x)[2]

    def _pass(self, point: Any, x: Any) -> tuple[Any, Any, Any]:
        W, A = np.split(point, [x.shape[1] * self.width])
        W, A = W.reshape(-1, self.width), A.reshape(self.width, -1)
        hidden = np.maximum(x @ W, 0) * (2 / self.width) ** 0.5
        return hidden, A, hidden @ A

    def loss(self, point: Any) -> float:
        return float(((self._pass(point, self.x)[2] - self.wanted) ** 2).sum() / len(self.x) / 2)

    def gradient(self, point: Any, batch: Any) -> Any:
        x = self.x[batch]
        hidden, A, outputs = self._pass(point, x)
        errors = (outputs - self.wanted[batch]) / len(batch)
        back = (errors @ A.T) * (hidden > 0) * (2 / self.width) ** 0.5
        return np.concatenate([(x.T @ back).ravel(), (hidden.T @ errors).ravel()])

    def linearised(self) -> sgdmem.Problem:
        """Return the problem of the tangent kernel, averaged over outputs."""
        hidden, A, _ = self._pass(self.start, self.x)
        moving = (hidden > 0) @ ((hidden > 0) * (A**2).mean(axis=1)).T * 2 / self.width
        kernel = hidden @ hidden.T + (self.x @ self.x.T) * moving
        values, axes = np.linalg.eigh(kernel / len(self.x))
        energies = ((axes.T @ self.labels) ** 2).sum(axis=1) / len(self.x)
        order = np.argsort(-values)
        values, energies = values[order], energies[order]
        features = axes[:, order] * (len(self.x) * values) ** 0.5
        noise = sgdmem.Noise.fit(features)
        return sgdmem.Problem(sgdmem.Spectrum(values), noise, energies / values)


def train(network: Network, rule: Any, batch_size: int, record: Any, seed: int) -> Any:
    """Return the loss on all images after some steps, eq. (3) with the gradients of batches."""
    random = np.random.default_rng(seed)
    entries = rule.steps(0, int(record[-1]))
    w, u = network.start, np.zeros((rule.memory, network.start.size))
    found = dict.fromkeys(record.tolist(), np.inf)
    with np.errstate(over="ignore", invalid="ignore"):  # some runs diverge
        for t in range(len(entries)):
            g = network.gradient(w, random.integers(len(network.x), size=batch_size))
            w = w - entries.alpha[t] * g + entries.b[t] @ u
            u = entries.c[t][:, None] * g + entries.D[t] @ u
            if t + 1 in found:
                found[t + 1] = network.loss(w)
                if not found[t + 1] < DIVERGED:
                    break
    return np.array(list(found.values()))
