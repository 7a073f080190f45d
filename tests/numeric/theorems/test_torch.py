"""Trajectories against PyTorch's own optimizer: pip install sgdmem[torch]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sgdmem import nesterov, torch_sgd
from sgdmem.methods import schedule
from sgdmem.numeric.simulation.trajectory import trajectory

torch = pytest.importorskip("torch")

Array = np.ndarray[Any, np.dtype[Any]]
Gradient = Callable[[Array, int], Array]
START, STEPS = np.array([1.0, -2.0, 0.5]), 200


def quadratic(w: Any) -> Any:
    """Return a loss with correlated coordinates, for tensors."""
    H = torch.tensor([[2.0, 0.3, 0.0], [0.3, 1.0, 0.2], [0.0, 0.2, 0.5]], dtype=torch.float64)
    return w @ H @ w / 2


def nonlinear(w: Any) -> Any:
    """Return a loss that is not convex."""
    return torch.sin(3 * w).sum() + torch.log(torch.cosh(w.sum())) + (w**4).sum() / 10


LOSSES = {"quadratic": quadratic, "nonlinear": nonlinear}


def gradient_of(loss: Callable[[Any], Any], rng: np.random.Generator) -> Gradient:
    """Return a gradient with noise of its own at every step, as of mini-batches."""
    noise = rng.normal(scale=0.1, size=(STEPS, START.size))

    def gradient(point: Array, step: int) -> Array:
        w = torch.tensor(point, requires_grad=True)
        (loss(w) + torch.tensor(noise[step]) @ w).backward()
        return np.array(w.grad.numpy())

    return gradient


def steps_of_torch(
    gradient: Gradient, learning_rates: float | Array = 0.05, **options: Any
) -> Array:
    """Return the parameters before and after every step of torch.optim.SGD."""
    rates = np.broadcast_to(learning_rates, STEPS)
    w = torch.nn.Parameter(torch.tensor(START))
    optimizer = torch.optim.SGD([w], lr=float(rates[0]), **options)
    points = [START]
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = float(rates[step])
        w.grad = torch.tensor(gradient(points[-1], step))
        optimizer.step()
        points.append(w.detach().numpy().copy())
    return np.array(points)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"momentum": 0.9},
        {"momentum": 0.9, "nesterov": True},
        {"momentum": 0.9, "dampening": 0.9},
        {"momentum": 0.5, "dampening": -0.5},
        {"dampening": 0.5},  # ignored without momentum
    ],
)
def test_sgd(loss: str, options: dict[str, Any], rng: np.random.Generator) -> None:
    gradient = gradient_of(LOSSES[loss], rng)
    method = torch_sgd(0.05, **options)
    first = options.get("dampening", 0) * gradient(START, 0)
    u0 = [first / options["momentum"]] if method.memory else None
    found = trajectory(method, gradient, START, STEPS, u0)
    assert found == pytest.approx(steps_of_torch(gradient, **options), abs=1e-12)


def test_only_the_first_gradient_is_not_damped(rng: np.random.Generator) -> None:
    gradient = gradient_of(quadratic, rng)
    expected = steps_of_torch(gradient, momentum=0.9, dampening=0.9)
    damped = trajectory(torch_sgd(0.05, 0.9, 0.9), gradient, START, STEPS)
    assert np.abs(damped - expected).max() > 1e-2


@pytest.mark.parametrize("loss", LOSSES)
def test_nesterov_follows_the_point_of_the_gradient(loss: str, rng: np.random.Generator) -> None:
    gradient, points = gradient_of(LOSSES[loss], rng), []

    def recorded(point: Array, step: int) -> Array:
        points.append(point)
        return gradient(point, step)

    trajectory(nesterov(0.05, 0.9), recorded, START, STEPS)
    expected = steps_of_torch(gradient, momentum=0.9, nesterov=True)
    assert np.array(points) == pytest.approx(expected[:-1], abs=1e-12)


@pytest.mark.parametrize("ahead", [False, True])
def test_schedules_of_the_learning_rate(ahead: bool, rng: np.random.Generator) -> None:
    gradient = gradient_of(nonlinear, rng)

    def rate(t: Array) -> Array:
        return np.asarray(0.05 / np.sqrt(1 + t / 10))

    method = schedule("torch-sgd", learning_rate=rate, momentum=0.9, nesterov=ahead)
    options = {"momentum": 0.9, "nesterov": ahead}
    expected = steps_of_torch(gradient, rate(np.arange(STEPS)), **options)
    assert trajectory(method, gradient, START, STEPS) == pytest.approx(expected, abs=1e-12)
