"""The axes of points, as machine code takes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.compiled_maps.judge_by_all_poles import pairs
from sgdmem.numeric.compiled_maps.points import AnyPoints
from sgdmem.numeric.problems.batch_noise import BatchNoise


@dataclass(frozen=True)
class NoiseAxis:
    """An axis of the noise.

    Attributes
    ----------
    numbers : ndarray, shape (4, n)
        tau1 / B, its radius, tau2 / B, its radius.
    stride : int
        For how many points in a row a value holds.
    """

    numbers: Array
    stride: int

    def at(self, places: Array) -> Array:
        """Return the rows at some points."""
        return np.ascontiguousarray(self.numbers[:, places // self.stride % self.numbers.shape[1]])


@dataclass(frozen=True)
class OwnAxes:
    """Values and radii, shape (2, K, longest), and sizes and strides as `spread` takes them."""

    numbers: Array
    sizes: Array
    strides: Array

    def at(self, places: Array) -> Array:
        """Return values and radii at some points, shape (2, K, p)."""
        rows = np.arange(self.sizes.size)[:, None]
        indices = places // self.strides[:, None] % self.sizes[:, None]
        return np.ascontiguousarray(self.numbers[:, rows, indices])


def noise_axis(points: AnyPoints, noises: Mapping[tuple[Any, ...], BatchNoise]) -> NoiseAxis:
    """Return the axis of the noise."""
    every = [noises[key] for key in points.noise_keys()]  # an axis may hold a value twice
    exact = [(n.tau1 * n.inverse_batch, n.tau2 * n.inverse_batch) for n in every]  # type: ignore[operator]
    first, second = (Ball.exactly(column) for column in zip(*exact, strict=True))
    # if both axes belong to the problem, there is a noise for every point
    stride = min((points.stride(name) for name in points.of_problem), default=1)
    return NoiseAxis(np.array([first.mid, first.rad, second.mid, second.rad]), stride)


def parameters_in_pairs(points: AnyPoints, names: Sequence[str]) -> Callable[[Array], Array]:
    """Return a function of places: parameters there as `judge_by_all_poles` takes them."""
    in_pairs = [pairs(points.axes[name]) for name in names]

    def at(places: Array) -> Array:
        columns = [
            column[:, places // points.stride(name) % column.shape[1]]
            for name, column in zip(names, in_pairs, strict=True)
        ]
        values = np.array(columns).reshape(-1, 3, places.size)
        return np.ascontiguousarray(values.transpose(1, 0, 2))

    return at


def own_axes(points: AnyPoints, names: Sequence[str], damping: NoiseAxis | None = None) -> OwnAxes:
    """Return the axes of the parameters, and that of tau2 / B if there is damping."""
    balls = [Ball.exactly(points.axes[name]) for name in names]
    columns = [np.array([ball.mid, ball.rad]) for ball in balls]
    strides = [points.stride(name) for name in names]
    if damping is not None:
        columns.append(damping.numbers[2:])
        strides.append(damping.stride)
    sizes = [column.shape[1] for column in columns]
    numbers = np.zeros((2, len(columns), max(sizes, default=0)))
    for k, column in enumerate(columns):
        numbers[:, k, : sizes[k]] = column
    return OwnAxes(numbers, np.array(sizes, dtype=int), np.array(strides, dtype=int))
