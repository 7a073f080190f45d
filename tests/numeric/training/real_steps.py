"""Steps of real torch optimizers, and of what was read of them, on one noisy nonlinear loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sgdmem.methods import trajectory
from sgdmem.numeric.training.optimizers.linear_optimizer import LinearOptimizer

torch = pytest.importorskip("torch")

SIZE = 7
_A = np.random.default_rng(1).standard_normal((SIZE, SIZE)) / 3
_NOISE = np.random.default_rng(3).standard_normal((500, SIZE))
START = np.random.default_rng(2).standard_normal(SIZE)


def gradient(w: Any, step: int) -> Any:
    """Of a loss with sigmoids, and noise that depends on w, too."""
    return _A.T @ np.tanh(_A @ w) + 0.2 * w + 0.3 * _NOISE[step] * (1 + np.sin(w))


def parameters() -> list[Any]:
    first = torch.tensor(START[:4].reshape(2, 2).copy(), requires_grad=True)
    return [first, torch.tensor(START[4:].copy(), requires_grad=True)]


def flat(tensors: Any) -> Any:
    return np.concatenate([np.asarray(x.detach()).ravel() for x in tensors])


def real(
    optimizer: Any,
    steps: int,
    schedulers: Any = (),
    *,
    first: int = 0,
    every: int = 1,
    before: Callable[[int], None] | None = None,
) -> Any:
    """Return the points of so many steps, the first of which is number ``first``."""
    moved = [p for group in optimizer.param_groups for p in group["params"]]
    ends = np.cumsum([p.numel() for p in moved])[:-1]
    points = [flat(moved)]
    for t in range(steps):
        g = gradient(points[-1], first + t)
        for p, part in zip(moved, np.split(g, ends), strict=True):
            p.grad = torch.tensor(part.reshape(p.shape))
        if before is not None:
            before(t)
        optimizer.step()
        if (t + 1) % every == 0:
            for scheduler in schedulers:
                scheduler.step()
        points.append(flat(moved))
    return np.array(points)


def read_points(
    read: LinearOptimizer, w0: Any, steps: int, u0: Any = None, *, first: int = 0
) -> Any:
    """Return the points that the method which was read makes with the same gradients.

    ``u0`` is in the coordinates of w.
    """
    scale = np.ones(SIZE)
    if read.preconditioner:
        parts = zip(read.preconditioner, read.parameters, strict=True)
        full = [np.broadcast_to(np.asarray(d), tuple(p.shape)).ravel() for d, p in parts]
        scale = np.sqrt(np.concatenate(full))
    sign = -1 if read.maximize else 1

    def scaled(y: Any, t: int) -> Any:
        w = scale * y
        return scale * (sign * gradient(w, first + t) + read.weight_decay * w)

    u0 = None if u0 is None else np.asarray(u0) * scale
    return trajectory(read.method, scaled, w0 / scale, steps, u0) * scale
