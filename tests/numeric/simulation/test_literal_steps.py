"""Simulated runs step by step in NumPy, with the random numbers that they draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sgdmem import Algorithm, Noise, Problem, Spectrum, aggmo, heavy_ball, nesterov, simulate
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.object_code import load_own_code
from sgdmem.numeric.simulation.streams import stream_states

METHODS = {
    "heavy ball": heavy_ball("0.1", "0.5"),
    "nesterov": nesterov("0.1", "0.5"),
    "aggmo": aggmo("0.1", ["0", "0.5", "0.8"]),
}
STEPS = 12


def generators() -> tuple[np.random.Generator, Array]:
    """Return NumPy's generator of the first run, and the states of its lanes."""
    (seed,) = np.random.SeedSequence(0).spawn(1)
    return np.random.Generator(np.random.SFC64(seed)), stream_states(seed.spawn(1))[0]


def points(method: Algorithm, w: Array, gradient: Callable[[Array, int], Array]) -> Array:
    """Return w after 0, 1, ... steps, eq. (3)."""
    alpha, b, c, D, a = (np.array(x, float) for x in (
        method.alpha, method.b, method.c, method.D, method.a
    ))  # fmt: skip
    u, found = np.zeros((b.size, w.size)), [w]
    for t in range(STEPS):
        g = gradient(w + a @ u, t)
        w, u = w - alpha * g + b @ u, np.outer(c, g) + D.reshape(b.size, b.size) @ u
        found.append(w)
    return np.array(found)


@pytest.mark.parametrize("modes", [1, 40, 600])
@pytest.mark.parametrize("name", METHODS)
def test_gaussian_features(name: str, modes: int, rng: np.random.Generator) -> None:
    """Normal numbers go to blocks of 512 modes, in halves."""
    lam, target, B, label = -np.sort(-rng.uniform(0.1, 1, modes)), rng.uniform(0, 1, modes), 5, 0.3
    problem = Problem(Spectrum(lam), Noise(tau2=-1, label_variance="0.3"), target)
    generator, streams = generators()
    squares, padded = generator.chisquare(B, STEPS), -(-modes // 32) * 32

    def gradient(y: Array, t: int) -> Array:
        blocks = [np.empty((2, (min(k + 512, padded) - k) // 2)) for k in range(0, padded, 512)]
        for block in blocks:
            load_own_code("sgdmem.numeric.simulation.machine_code_of_normals").draw(streams, block)
        xi = np.concatenate([block.ravel() for block in blocks])[:modes]
        size, chi = np.sqrt(y @ y + label), np.sqrt(squares[t])
        along = chi * (y @ xi) / (size + np.sqrt(label))
        return np.asarray(lam * ((squares[t] - along) * y + chi * size * xi) / B)

    found = points(METHODS[name], np.sqrt(lam * target), gradient)
    runs = simulate(METHODS[name], problem, B, STEPS, seeds=1)
    assert runs.losses[0] == pytest.approx((found**2).sum(axis=1) / 2, rel=1e-12)


def order_of(generator: np.random.Generator, order: Array, count: int) -> None:
    """Put random entries first, as Fisher and Yates do."""
    for j, place in enumerate(generator.integers(np.arange(count), order.size)):
        order[[place, j]] = order[[j, place]]


@pytest.mark.parametrize("features", [1, 5, 16, 21])
@pytest.mark.parametrize(
    "drawing", ["anew", "weights", "counts", "distinct", "shuffled", "smaller last"]
)
def test_samples(drawing: str, features: int, rng: np.random.Generator) -> None:
    n, B, method = 9, 60 if drawing == "counts" else 4, METHODS["nesterov"]
    X, y = rng.normal(size=(n, features)), rng.normal(size=n)
    weights = rng.uniform(1, 2, n) if drawing == "weights" else np.ones(n)
    weights /= weights.sum()
    options: dict[str, dict[str, Any]] = {
        "weights": {"weights": weights},
        "distinct": {"replacement": False},
        "shuffled": {"shuffle": True},
        "smaller last": {"shuffle": True, "drop_last": False},
    }
    problem = Problem.from_data(X / 3, y, **options.get(drawing, {}))
    generator, order = generators()[0], np.arange(n)
    sizes = {"shuffled": (4, 4), "smaller last": (4, 4, 1)}.get(drawing, (B,))

    def batch(t: int) -> Array:
        if drawing == "anew":
            return generator.integers(0, n, B)
        if drawing == "weights":
            return np.searchsorted(np.cumsum(weights), generator.random(B), side="right")
        if drawing == "counts":
            return np.repeat(np.arange(n), generator.multinomial(B, weights))
        turn = t % len(sizes)
        if turn == 0:
            order_of(generator, order, n - 1 if len(sizes) > 1 else B)
        return order[4 * turn : 4 * turn + sizes[turn]].copy()

    def gradient(v: Array, t: int) -> Array:
        some = batch(t)
        return np.asarray(X[some].T / 3 @ (X[some] / 3 @ v - y[some]) / some.size)

    root = np.sqrt(weights)[:, None]
    best = np.linalg.lstsq(root * X / 3, root[:, 0] * y, rcond=None)[0]
    found = points(method, np.zeros(features), gradient)
    above = ((found - best) @ (root * X / 3).T) ** 2
    runs = simulate(method, problem, B, STEPS, seeds=1)
    assert runs.losses[0] == pytest.approx(above.sum(axis=1) / 2, rel=1e-9)
