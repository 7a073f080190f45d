"""A map in machine code: from the axes to verdicts, piece by piece."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from sgdmem.numeric.ball import Array, Ball
from sgdmem.numeric.family_program import FamilyProgram
from sgdmem.numeric.map_points import BatchOutcome, Points
from sgdmem.numeric.map_sums import evaluate_pieces
from sgdmem.numeric.problem import Noise
from sgdmem.numeric.spectrum import Spectrum


def judge_compiled(
    program: FamilyProgram,
    points: Points,
    spectrum: Spectrum,
    noises: Mapping[tuple[Any, ...], Noise],
    found: BatchOutcome,
    device: Literal["cpu", "cuda"],
    advance: Callable[[int], None],
) -> None:
    """Judge all points, and fill in ``found``; what the error bounds leave open stays undecided.

    Parameters
    ----------
    program
        Of the family.
    noises
        For each combination of the axes that belong to the problem, in their order.
    """
    from sgdmem.numeric.grid_kernel import finish, spread  # they are compiled when imported

    shares = _shares(points, noises)
    damped = bool(shares.numbers[2].any())
    own = _own_axes(points, program.parameters, shares if damped else None)
    diverges = math.isinf(spectrum.trace)

    def read(piece: slice) -> Array:
        numbers = np.empty((2, len(own.sizes), piece.stop - piece.start))
        spread(own.numbers, own.sizes, own.strides, piece.start, numbers)
        return numbers

    def write(piece: slice, rows: Array) -> None:
        results = (found.stable[piece], found.noise_sum[piece], found.margin[piece])
        finish(rows, shares.numbers, shares.stride, piece.start, diverges, *results)

    size, compressed = len(points), spectrum.compressed
    evaluate_pieces(program, size, compressed, damped, device, read, write, advance)


@dataclass(frozen=True)
class _Shares:
    """An axis of the noise: rows tau1 / B, its radius, tau2 / B, its radius; and its stride."""

    numbers: Array
    stride: int


@dataclass(frozen=True)
class _Axes:
    """Values and radii, shape (2, K, longest), and sizes and strides as `spread` takes them."""

    numbers: Array
    sizes: Array
    strides: Array


def _shares(points: Points, noises: Mapping[tuple[Any, ...], Noise]) -> _Shares:
    exact = [(n.tau1 * n.inverse_batch, n.tau2 * n.inverse_batch) for n in noises.values()]  # type: ignore[operator]
    first, second = (Ball.exactly(column) for column in zip(*exact, strict=True))
    # if both axes belong to the problem, there is a noise for every point
    stride = min((points.stride(name) for name in points.of_problem), default=1)
    return _Shares(np.array([first.mid, first.rad, second.mid, second.rad]), stride)


def _own_axes(points: Points, names: Sequence[str], damping: _Shares | None) -> _Axes:
    """Return the axes of the parameters, and that of tau2 / B if there is damping."""
    balls = [Ball.exactly(points.axes[name]) for name in names]
    columns = [np.array([ball.mid, ball.rad]) for ball in balls]
    strides = [points.stride(name) for name in names]
    if damping is not None:
        columns.append(damping.numbers[2:])
        strides.append(damping.stride)
    sizes = [column.shape[1] for column in columns]
    numbers = np.zeros((2, len(columns), max(sizes)))
    for k, column in enumerate(columns):
        numbers[:, k, : sizes[k]] = column
    return _Axes(numbers, np.array(sizes), np.array(strides))
