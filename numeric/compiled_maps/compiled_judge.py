"""A map in machine code: from the axes to verdicts, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.compilation.object_code import load_code, load_own_code
from sgdmem.numeric.compilation.threads import pieces, work_in_threads
from sgdmem.numeric.compiled_maps.family_program import FamilyProgram
from sgdmem.numeric.compiled_maps.judge_by_all_poles import judge_by_all_poles, pairs
from sgdmem.numeric.compiled_maps.judge_on_gpu import judge_on_gpu
from sgdmem.numeric.compiled_maps.machine_code_by_poles import LARGEST_MEMORY, pole_source
from sgdmem.numeric.compiled_maps.machine_code_of_verdicts import finish_source
from sgdmem.numeric.compiled_maps.node_sums import (
    CHUNK_LOOPS,
    TASK,
    evaluate_pieces,
    space_of_chunk,
)
from sgdmem.numeric.compiled_maps.outcomes_on_gpu import OutcomesOnGpu
from sgdmem.numeric.compiled_maps.points import AnyPoints, Outcomes
from sgdmem.numeric.compiled_maps.pole_table import pole_table
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.spectra.compressed import CompressedSpectrum
from sgdmem.numeric.spectra.compression import quickened
from sgdmem.numeric.spectra.spectrum import Spectrum


def judge_compiled(
    program: FamilyProgram,
    points: AnyPoints,
    spectrum: Spectrum,
    noises: Mapping[tuple[Any, ...], BatchNoise],
    found: Outcomes | OutcomesOnGpu,
    device: Literal["cpu", "cuda"],
    advance: Callable[[int], None],
) -> None:
    """Judge all points, and fill in ``found``; what the error bounds leave open stays undecided.

    Where they decide, and do not tell the noise sum closely, this one is NaN.

    Parameters
    ----------
    program
        Of the family.
    noises
        For each combination of the axes that belong to the problem.
    """
    spread = load_own_code(CHUNK_LOOPS).spread

    finish = load_code(finish_source()).finish
    shares = _shares(points, noises)
    # by what is asked, not by the values at hand: a part of a map is judged as the whole one is
    damped = "tau2" in points.axes or any(noise.tau2 != 0 for noise in noises.values())
    own = own_axes(points, program.parameters, shares if damped else None)
    diverges = spectrum.diverges
    left: Array | None = None
    by_poles = not (damped or program.decays) and program.memory <= LARGEST_MEMORY
    if by_poles and device == "cpu" and isinstance(found, Outcomes):
        _judge_by_poles(program, spectrum.compressed, own, shares, diverges, found, advance)
        left = found.unsettled

    def read(piece: slice) -> Array:
        if left is not None:
            return own.at(left[piece])
        numbers = np.empty((2, len(own.sizes), piece.stop - piece.start))
        spread(own.numbers, own.sizes, own.strides, piece.start, numbers)
        return numbers

    def write(piece: slice, rows: Array) -> None:
        if left is None:
            sums, *whole = found.results
            results = [array[piece] for array in whole]
            finish(rows, shares.numbers, shares.stride, piece.start, diverges, sums, *results)
            return
        places = left[piece]
        sums, margins = found.noise_sum.size > 0, found.margin.size > 0
        some = Outcomes.empty(places.size, sums=sums, margins=margins)
        finish(rows, shares.at(places), 1, 0, diverges, *some.results)
        found.put(places, some)

    @cache
    def in_pairs() -> Callable[[Array], Array]:
        return parameters_in_pairs(points, program.parameters)

    def read_pairs(piece: slice) -> tuple[Array, Array]:
        assert left is not None
        return in_pairs()(left[piece]), shares.at(left[piece])[2:]

    def by_nodes(size: int, spectra: list[CompressedSpectrum]) -> None:
        evaluate_pieces(program, size, spectra, damped, device, read, write, advance)

    def fewer() -> list[CompressedSpectrum]:
        short = spectrum.compressed
        return [short if spectrum.has_squares_alone else quickened(short), short]

    def by_few_nodes(size: int) -> None:
        by_nodes(size, fewer())

    def by_more_nodes(size: int) -> None:
        by_nodes(size, [spectrum.finely_compressed])

    def by_deep_nodes(size: int) -> None:
        by_nodes(size, [spectrum.deeply_compressed])

    def by_all_poles(size: int) -> None:
        judge_by_all_poles(program, size, spectrum, damped, read_pairs, write, advance)

    def on_gpu(_: int) -> None:
        axes, noise = (own.numbers, own.sizes, own.strides), (shares.numbers, shares.stride)
        judge_on_gpu(program, fewer(), damped, axes, noise, diverges, found, advance)

    stages: list[Callable[[int], None]] = [
        on_gpu if device == "cuda" else by_few_nodes,
        by_all_poles,
        by_more_nodes,
    ]
    if program.decays:  # of which a pole is on the other side of 0, as near as the decay is small
        stages[1:] = [by_deep_nodes, by_more_nodes]
    for stage in stages:
        if left is not None:
            if left.size == 0:
                return
            advance(-left.size)
        stage(len(points) if left is None else left.size)
        left = found.unsettled


def _judge_by_poles(
    program: FamilyProgram,
    compressed: CompressedSpectrum,
    own: OwnAxes,
    shares: _Shares,
    diverges: bool,
    found: Outcomes,
    advance: Callable[[int], None],
) -> None:
    """Judge all points of a family of memory 0 or 1 without tau2."""
    judge_by_poles = load_own_code(CHUNK_LOOPS).judge_by_poles

    table = pole_table(compressed)
    coefficients = load_code(program.source(damped=False)).coefficients.address
    judge = load_code(pole_source(program.memory)).judge.address
    finish = load_code(finish_source()).finish.address
    count, parameters = program.count(damped=False), len(program.parameters)
    sums, *results = found.results

    def work(piece: slice) -> None:
        judge_by_poles(
            *(coefficients, count, judge, finish),
            *(table.rows, table.first, table.largest, table.spread),
            *(own.numbers, own.sizes, own.strides, shares.numbers, shares.stride, diverges),
            *(sums, *(whole[piece] for whole in results), piece.start),
            space_of_chunk(parameters, count),
        )

    work_in_threads(work, pieces(0, found.stable.size, TASK), advance=advance)


@dataclass(frozen=True)
class _Shares:
    """An axis of the noise: rows tau1 / B, its radius, tau2 / B, its radius; and its stride."""

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


def _shares(points: AnyPoints, noises: Mapping[tuple[Any, ...], BatchNoise]) -> _Shares:
    every = [noises[key] for key in points.noise_keys()]  # an axis may hold a value twice
    exact = [(n.tau1 * n.inverse_batch, n.tau2 * n.inverse_batch) for n in every]  # type: ignore[operator]
    first, second = (Ball.exactly(column) for column in zip(*exact, strict=True))
    # if both axes belong to the problem, there is a noise for every point
    stride = min((points.stride(name) for name in points.of_problem), default=1)
    return _Shares(np.array([first.mid, first.rad, second.mid, second.rad]), stride)


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


def own_axes(points: AnyPoints, names: Sequence[str], damping: _Shares | None = None) -> OwnAxes:
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
