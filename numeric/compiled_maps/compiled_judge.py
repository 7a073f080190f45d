"""A map in machine code: from the axes to verdicts, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.object_code import load_code, load_own_code
from sgdmem.numeric.compilation.threads import pieces, work_in_threads
from sgdmem.numeric.compiled_maps.axes_of_points import noise_axis, own_axes, parameters_in_pairs
from sgdmem.numeric.compiled_maps.family_program import FamilyProgram
from sgdmem.numeric.compiled_maps.judge_by_all_poles import judge_by_all_poles
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
) -> Array:
    """Judge all points, and fill in ``found``; what the error bounds leave open stays undecided.

    Where they decide, and do not tell the noise sum closely, this one is NaN. The places of both
    are returned, in order.

    Parameters
    ----------
    program
        Of the family.
    noises
        For each combination of the axes that belong to the problem.
    """
    judge = _CompiledJudge(program, points, spectrum, noises, found, device, advance)
    if device == "cuda":
        stages = [judge.on_gpu]
    elif judge.has_few_poles:
        stages = [judge.by_few_poles, judge.by_few_nodes]
    else:
        stages = [judge.by_few_nodes]
    if program.decays:  # of which a pole is on the other side of 0, as near as the decay is small
        stages += [judge.by_deep_nodes, judge.by_more_nodes]
    else:
        stages += [judge.by_all_poles, judge.by_more_nodes]
    for stage in stages:
        if judge.left is not None:
            if judge.left.size == 0:
                break
            advance(-judge.left.size)
        stage()
        judge.left = judge.unsettled
    assert judge.left is not None
    return judge.left


class _CompiledJudge:
    """Judges points stage by stage: each one takes what those before it left."""

    def __init__(
        self,
        program: FamilyProgram,
        points: AnyPoints,
        spectrum: Spectrum,
        noises: Mapping[tuple[Any, ...], BatchNoise],
        found: Outcomes | OutcomesOnGpu,
        device: Literal["cpu", "cuda"],
        advance: Callable[[int], None],
    ) -> None:
        self.program, self.points, self.spectrum = program, points, spectrum
        self.found, self.device, self.advance = found, device, advance
        self.left: Array | None = None  # all
        self._unsettled: list[slice] = []  # pieces of all points in which some are left
        self.noise = noise_axis(points, noises)
        # by what is asked, not by the values at hand: a part of a map is judged as the whole one is
        self.damped = "tau2" in points.axes or any(noise.tau2 != 0 for noise in noises.values())
        damping = self.noise if self.damped else None
        self.own = own_axes(points, program.parameters, damping)

    # Stages ------------------------------------------------------------------------------------

    @property
    def has_few_poles(self) -> bool:
        """Whether `by_few_poles` knows the family and the noise."""
        return not (self.damped or self.program.decays) and self.program.memory <= LARGEST_MEMORY

    def by_few_poles(self) -> None:
        """Judge all points of a family of memory 0 or 1 without tau2."""
        judge_by_poles = load_own_code(CHUNK_LOOPS).judge_by_poles

        program, own, noise = self.program, self.own, self.noise
        table = pole_table(self.spectrum.compressed)
        coefficients = load_code(program.source(damped=False)).coefficients.address
        judge = load_code(pole_source(program.memory)).judge.address
        finish = load_code(finish_source()).finish.address
        count, parameters = program.count(damped=False), len(program.parameters)
        sums, *results = self.found.results

        def work(piece: slice) -> None:
            left = np.zeros(1, dtype=np.int64)
            judge_by_poles(
                *(coefficients, count, judge, finish),
                *(table.rows, table.first, table.largest, table.spread),
                *(own.numbers, own.sizes, own.strides, noise.numbers, noise.stride),
                self.spectrum.diverges,
                *(sums, *(whole[piece] for whole in results), piece.start),
                *(left, space_of_chunk(parameters, count)),
            )
            self._note(piece, left)

        work_in_threads(work, pieces(0, len(self.found), TASK), advance=self.advance)

    def by_few_nodes(self) -> None:
        """Judge by few nodes, and what these leave open by all of a coarse rule."""
        self._by_nodes(self._few_nodes)

    def by_deep_nodes(self) -> None:
        """Judge by nodes of panels that go on to eigenvalues near 0."""
        self._by_nodes([self.spectrum.deeply_compressed])

    def by_more_nodes(self) -> None:
        """Judge by more of the largest eigenvalues."""
        self._by_nodes([self.spectrum.finely_compressed])

    def by_all_poles(self) -> None:
        """Judge in 106 bits."""
        in_pairs = parameters_in_pairs(self.points, self.program.parameters)

        def read(piece: slice) -> tuple[Array, Array]:
            assert self.left is not None
            places = self.left[piece]
            return in_pairs(places), self.noise.at(places)[2:]

        asked = self.program, self._size, self.spectrum, self.damped
        judge_by_all_poles(*asked, read, self._write, self.advance)

    def on_gpu(self) -> None:
        """Judge all points by few nodes on a GPU."""
        own, noise = self.own, self.noise
        axes, shares = (own.numbers, own.sizes, own.strides), (noise.numbers, noise.stride)
        some, diverges = self._few_nodes, self.spectrum.diverges
        asked = self.program, some, self.damped, axes, shares, diverges
        judge_on_gpu(*asked, self.found, self.advance)

    # What they have in common ------------------------------------------------------------------

    @property
    def unsettled(self) -> Array:
        """What is left after a stage, without a look at what was settled."""
        found = self.found
        if isinstance(found, OutcomesOnGpu) or (self.left is None and self.device == "cuda"):
            return found.unsettled
        if self.left is None:
            return found.unsettled_in(sorted(self._unsettled, key=lambda piece: int(piece.start)))
        return np.asarray(self.left[found.is_unsettled(self.left)])

    def _note(self, piece: slice, left: Array) -> None:
        """Keep a piece in which some points are left; called by several threads."""
        if left[0]:
            self._unsettled.append(piece)

    @property
    def _size(self) -> int:
        return len(self.found) if self.left is None else self.left.size

    @property
    def _few_nodes(self) -> list[CompressedSpectrum]:
        short = self.spectrum.compressed
        return [short if self.spectrum.has_squares_alone else quickened(short), short]

    def _by_nodes(self, spectra: Sequence[CompressedSpectrum]) -> None:
        asked = self.program, self._size, spectra, self.damped, self.device
        evaluate_pieces(*asked, self._read, self._write, self.advance)

    def _read(self, piece: slice) -> Array:
        """Return parameters, and tau2 / B if damped, with bounds of errors."""
        own = self.own
        if self.left is not None:
            return own.at(self.left[piece])
        numbers = np.empty((2, len(own.sizes), piece.stop - piece.start))
        spread = load_own_code(CHUNK_LOOPS).spread
        spread(own.numbers, own.sizes, own.strides, piece.start, numbers)
        return numbers

    def _write(self, piece: slice, rows: Array) -> None:
        """Fill in what the rows of kernels say."""
        finish, found, noise = load_code(finish_source()).finish, self.found, self.noise
        diverges, left = self.spectrum.diverges, np.zeros(1, dtype=np.int64)
        if self.left is None:
            sums, *whole = found.results
            results = [array[piece] for array in whole]
            finish(rows, noise.numbers, noise.stride, piece.start, diverges, sums, *results, left)
            self._note(piece, left)
            return
        places = self.left[piece]
        sums, margins = found.noise_sum.size > 0, found.margin.size > 0
        some = Outcomes.empty(places.size, sums=sums, margins=margins)
        finish(rows, noise.at(places), 1, 0, diverges, *some.results, left)
        found.put(places, some)
