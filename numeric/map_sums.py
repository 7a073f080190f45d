"""Noise sums and stability of many members of a family at once, with error bounds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sgdmem.numeric.ball import Array
from sgdmem.numeric.compiled_modules import load_module
from sgdmem.numeric.compressed import CompressedSpectrum
from sgdmem.numeric.cuda import empty_on_device, flat_kernel, to_device, to_host
from sgdmem.numeric.family_program import FamilyProgram
from sgdmem.numeric.map_kernel import (
    LANES,
    NOISE,
    PEAK,
    RADIUS,
    ROWS,
    STATE,
    TOGETHER,
    judge_source,
)
from sgdmem.numeric.quadrature import UNIT

_CHUNK = 128 * LANES  # members that go through both kernels together
_GPU_CHUNK = 2**20  # the same on a GPU: below 1 GB of memory
_LARGEST_QUICK_MEMORY = 2  # up to which intervals of eigenvalues are worth a try


@dataclass(frozen=True)
class MapSums:
    """Outcome for P members; arrays of shape (P,).

    Attributes
    ----------
    noise, radius : ndarray
        The noise sum without the factor tau1 / B, and a bound of its error; meaningful where
        ``state`` is 1.
    peak : ndarray
        The largest s / (1 + (tau2/B) s) of a mode; 0 where tau2 is 0.
    state : ndarray of int8
        1 where every mode is certainly strictly Schur and damped, -1 where the largest eigenvalue
        certainly is not, 0 where it is open.
    """

    noise: Array
    radius: Array
    peak: Array
    state: Array


def map_sums(
    family: FamilyProgram,
    values: Array,
    radii: Array,
    spectrum: CompressedSpectrum,
    damped: bool = False,
    device: Literal["cpu", "cuda"] = "cpu",
    advance: Callable[[int], None] = lambda count: None,
) -> MapSums:
    """Evaluate members of a family.

    Parameters
    ----------
    family : FamilyProgram
    values, radii : shape (K, P), or (K + 1, P) if damped
        The parameters, and bounds of their errors; if ``damped``, tau2 / B in the last row.
    spectrum : CompressedSpectrum
    damped : bool
        Whether tau2 is not 0.
    device
        Where it runs, see `sgdmem.numeric.cuda`.
    advance
        Called with the number of members done, for a progress bar.
    """
    members = values.shape[1]
    out = np.empty((ROWS, members))
    evaluate = (_OnThreads if device == "cpu" else _OnGpu)(family, spectrum, damped)

    def work(piece: slice) -> int:
        inputs = [np.ascontiguousarray(array[:, piece]) for array in (values, radii)]
        out[:, piece] = evaluate(*inputs)
        return int(piece.stop - piece.start)

    if device == "cpu":
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for done in pool.map(work, _pieces(members, _CHUNK)):
                advance(done)
    else:
        for piece in _pieces(members, _GPU_CHUNK):
            advance(work(piece))
    # one rounding of each partial sum of terms, nearly all of them positive
    radius = out[RADIUS] + 1.2 * (len(spectrum) + 8) * UNIT * np.abs(out[NOISE])
    state = np.where(np.isfinite(radius), out[STATE], np.minimum(out[STATE], 0))
    return MapSums(out[NOISE], radius, out[PEAK], state.astype(np.int8))


class _OnThreads:
    """Evaluates on a processor; called by several threads at once."""

    def __init__(self, family: FamilyProgram, spectrum: CompressedSpectrum, damped: bool) -> None:
        self.coefficients = load_module(family.source(damped)).coefficients
        self.judge = load_module(judge_source(family.memory, damped)).judge
        self.count, self.nodes = family.count(damped), _padded(spectrum)
        self.careful = spectrum.disks(one_by_one=True)
        hasty = family.memory <= _LARGEST_QUICK_MEMORY
        self.quick = spectrum.disks(one_by_one=False) if hasty else None

    def __call__(self, values: Array, radii: Array) -> Array:
        members = values.shape[1]
        numbers = np.empty((2, self.count, members))
        self.coefficients(values, radii, *numbers, 0, members)
        if self.quick is None:
            return self.run(numbers, self.careful)
        found = self.run(numbers, self.quick)
        again = np.flatnonzero(found[STATE] == 0)
        if again.size:
            found[:, again] = self.run(np.ascontiguousarray(numbers[:, :, again]), self.careful)
        return found

    def run(self, numbers: Array, disks: tuple[Array, Array, Array]) -> Array:
        members = numbers.shape[2]
        found = np.empty((ROWS, members))
        self.judge(*numbers, *self.nodes, *disks, found, 0, members)
        return found


class _OnGpu:
    """Evaluates on a GPU, one member a thread."""

    def __init__(self, family: FamilyProgram, spectrum: CompressedSpectrum, damped: bool) -> None:
        self.coefficients = flat_kernel(family.source(damped, cuda=True), "coefficients")
        self.judge = flat_kernel(judge_source(family.memory, damped, cuda=True), "judge")
        self.count = family.count(damped)
        parts = (*_padded(spectrum), *spectrum.disks(one_by_one=True))
        self.rule = [to_device(part) for part in parts]

    def __call__(self, values: Array, radii: Array) -> Array:
        members = values.shape[1]
        numbers = [empty_on_device((self.count, members)) for _ in range(2)]
        self.coefficients(members, to_device(values), to_device(radii), *numbers)
        found = empty_on_device((ROWS, members))
        self.judge(members, *numbers, *self.rule, found)
        return to_host(found)


def _padded(spectrum: CompressedSpectrum) -> tuple[Array, Array, float]:
    """Return nodes, weights and spread, with as many nodes as the kernels take in full steps."""
    nodes, weights = spectrum.nodes, spectrum.weights
    padding = -nodes.size % TOGETHER
    return (
        np.concatenate([nodes, np.repeat(nodes[-1:], padding)]),
        np.concatenate([weights, np.zeros(padding)]),
        spectrum.node_spread,
    )


def _pieces(members: int, size: int) -> Iterator[slice]:
    for start in range(0, members, size):
        yield slice(start, min(start + size, members))
