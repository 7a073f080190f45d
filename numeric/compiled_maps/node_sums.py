"""Noise sums and stability of many members of a family at once, with error bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.compilation.cuda import empty_on_device, flat_kernel, to_device, to_host
from sgdmem.numeric.compilation.object_code import load_code
from sgdmem.numeric.compilation.threads import pieces, work_in_threads
from sgdmem.numeric.compiled_maps.family_program import FamilyProgram
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import (
    LANES,
    NOISE,
    RADIUS,
    ROWS,
    SHARP,
    STATE,
    TOGETHER,
    judge_source,
)
from sgdmem.numeric.spectra.compressed import CompressedSpectrum

CHUNK = 63 * LANES  # members that go together; rows of a power of 2 would share cache lines
CHUNK_LOOPS = "sgdmem.numeric.compiled_maps.chunk_loops"
TASK = 16 * CHUNK  # members that a thread takes at a time
GPU_PART = 2**21  # the same on a GPU: about 1 GB of memory
Stage: TypeAlias = Callable[[Array], Array]


def space_of_chunk(parameters: int, count: int) -> Array:
    """Return the room that a thread needs for the numbers of a chunk."""
    return np.empty((2 * (parameters + count) + ROWS) * CHUNK)


_LARGEST_QUICK_MEMORY = 2  # up to which intervals of eigenvalues are worth a try


def evaluate_pieces(
    family: FamilyProgram,
    members: int,
    spectra: Sequence[CompressedSpectrum],
    damped: bool,
    device: Literal["cpu", "cuda"],
    read: Callable[[slice], Array],
    write: Callable[[slice, Array], None],
    advance: Callable[[int], None] = lambda count: None,
    threads: int | None = None,
) -> None:
    """Evaluate members piece by piece, so that what belongs to one stays in fast memory.

    Parameters
    ----------
    family : FamilyProgram
    spectra : sequence of CompressedSpectrum
        What stands for the spectrum; the last one only judges what those before it leave open.
    damped : bool
        Whether tau2 is not 0.
    device
        Where it runs, see `sgdmem.numeric.compilation.cuda`.
    members
        How many there are.
    read
        Returns parameters and bounds of their errors of some members, shape (2, K, p), or
        (2, K + 1, p) if damped, with tau2 / B in the last row; called by several threads.
    write
        Takes the rows of the kernels for these, shape (4, p).
    advance
        Called with the number of members done, for a progress bar.
    threads
        On a processor; by default as many as it has.
    """
    evaluate: Callable[[Array, Array], Array]
    if device == "cpu":
        evaluate = _OnThreads(family, spectra, damped)
    else:
        evaluate = OnGpu(family, spectra, damped, min(members, GPU_PART))

    step = CHUNK if device == "cpu" else GPU_PART

    def work(task: slice) -> None:
        for piece in pieces(task.start, task.stop, step):
            write(piece, evaluate(*read(piece)))

    if device == "cpu":
        work_in_threads(work, pieces(0, members, TASK), threads, advance)
    else:
        for piece in pieces(0, members, step):
            work(piece)
            advance(piece.stop - piece.start)


class _OnThreads:
    """Evaluates on a processor; called by several threads at once.

    What one stage leaves open goes to the next: first few nodes, and intervals of eigenvalues.
    """

    def __init__(
        self, family: FamilyProgram, spectra: Sequence[CompressedSpectrum], damped: bool
    ) -> None:
        self.coefficients = load_code(family.source(damped)).coefficients
        self.count = family.count(damped)
        by_nodes = partial(_judge_nodes, family, damped)
        self.stages = [by_nodes(*stage) for stage in node_stages(family, spectra)]

    def __call__(self, values: Array, radii: Array) -> Array:
        members = values.shape[1]
        numbers = np.empty((2, self.count, members))
        self.coefficients(values, radii, *numbers, 0, members)
        found = self.stages[0](numbers)
        for stage in self.stages[1:]:
            blurred = ~(found[RADIUS] <= SHARP * np.abs(found[NOISE]))
            again = np.flatnonzero((found[STATE] == 0) | ((found[STATE] == 1) & blurred))
            if again.size:
                found[:, again] = stage(np.ascontiguousarray(numbers[:, :, again]))
        return found


def _judge_nodes(
    family: FamilyProgram,
    damped: bool,
    spectrum: CompressedSpectrum,
    disks: tuple[Array, Array, Array],
) -> Stage:
    source = judge_source(family.memory, damped, decays=family.decays)
    nodes, kernel = padded(spectrum), load_code(source).judge

    def stage(numbers: Array) -> Array:
        members = numbers.shape[2]
        found = np.empty((ROWS, members))
        kernel(*numbers, *nodes, *disks, found, 0, members)
        found[RADIUS] += _rounding(spectrum) * np.abs(found[NOISE])
        return found

    return stage


def _rounding(spectrum: CompressedSpectrum) -> float:
    """Return one rounding of each partial sum of terms, nearly all of them positive."""
    return 1.2 * (len(spectrum) + 8) * UNIT


def node_stages(
    family: FamilyProgram, spectra: Sequence[CompressedSpectrum]
) -> list[tuple[CompressedSpectrum, tuple[Array, Array, Array]]]:
    """Return what is tried one after the other: nodes, and disks around eigenvalues."""
    tried = [(short, True) for short in dict.fromkeys(spectra)]
    if family.memory <= _LARGEST_QUICK_MEMORY:
        tried = [(spectra[0], False), (spectra[-1], True)]
    return [(short, short.disks(one_by_one)) for short, one_by_one in tried]


class OnGpu:
    """Evaluates on a GPU, one member a thread, in stages as on a processor.

    Arrays of all stages stay there, with room for so many members at once.
    """

    def __init__(
        self,
        family: FamilyProgram,
        spectra: Sequence[CompressedSpectrum],
        damped: bool,
        room: int,
    ) -> None:
        self.coefficients = flat_kernel(family.source(damped, cuda=True), "coefficients")
        source = judge_source(family.memory, damped, cuda=True, decays=family.decays)
        self.judge = flat_kernel(source, "judge")
        self.numbers = [empty_on_device((family.count(damped), room)) for _ in range(2)]
        self.found = empty_on_device((ROWS, room))
        self.left, self.many = empty_on_device((room,), np.int32), to_device(np.zeros(1, np.int32))
        self.stages = [
            [*map(to_device, (*padded(short), *disks)), _rounding(short)]
            for short, disks in node_stages(family, spectra)
        ]

    def __call__(self, values: Array, radii: Array) -> Array:
        """Return the rows of the kernels for members whose parameters are on this side."""
        members = values.shape[1]
        self.many.copy_to_device(np.zeros(1, np.int32))
        return to_host(self.rows(members, to_device(values), to_device(radii)))[:, :members]

    def rows(self, members: int, values: Any, radii: Any, stream: Any = 0) -> Any:
        """Return the rows of the kernels on the GPU, more of them than members, which come first.

        Nothing is left of others: ``many`` is 0.
        """
        self.coefficients(members, values, radii, *self.numbers, stream=stream)
        last = len(self.stages) - 1
        for k, stage in enumerate(self.stages):
            results = k == 0, k < last, self.found, self.left, self.many
            self.judge(members, *self.numbers, *stage, *results, stream=stream)
        return self.found


def padded(spectrum: CompressedSpectrum) -> tuple[Array, Array, float]:
    """Return nodes, weights and spread, with as many nodes as the kernels take in full steps."""
    nodes, weights = spectrum.nodes, spectrum.weights
    padding = -nodes.size % TOGETHER
    return (
        np.concatenate([nodes, np.repeat(nodes[-1:], padding)]),
        np.concatenate([weights, np.zeros(padding)]),
        spectrum.node_spread,
    )
