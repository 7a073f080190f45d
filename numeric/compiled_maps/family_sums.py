"""Noise sums of many members of a family, enclosed, from arrays of parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.compilation.object_code import load_code, load_own_code
from sgdmem.numeric.compilation.threads import pieces, processors, work_in_threads
from sgdmem.numeric.compiled_maps.family_program import FamilyProgram
from sgdmem.numeric.compiled_maps.judge_by_all_poles import judge_by_all_poles
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import NOISE, RADIUS, STATE
from sgdmem.numeric.compiled_maps.machine_code_by_poles import LARGEST_MEMORY, pole_source
from sgdmem.numeric.compiled_maps.node_sums import (
    CHUNK,
    CHUNK_LOOPS,
    evaluate_pieces,
    space_of_chunk,
)
from sgdmem.numeric.compiled_maps.pole_table import pole_table
from sgdmem.numeric.noise_sums.mode_summands import no_pull
from sgdmem.numeric.noise_sums.noise_sum import noise_sums
from sgdmem.numeric.spectra.compressed import CompressedSpectrum
from sgdmem.numeric.spectra.compression import quickened
from sgdmem.numeric.spectra.spectrum import Spectrum

_PIECES = 2  # of the members, for each thread


def family_sums(
    family: FamilyProgram,
    values: Array,
    spectrum: Spectrum | CompressedSpectrum,
    device: Literal["cpu", "cuda"] = "cpu",
    threads: int | None = None,
) -> Ball:
    r"""Return :math:`\sum_k s_{\lambda_k}` of members whose parameters are floats.

    Inf where a mode is unstable by itself or the trace is infinite; NaN, with an infinite radius,
    where the bounds leave open which it is. What the machine code of maps leaves open, single
    verdicts' arithmetic decides; that needs the spectrum itself.

    Parameters
    ----------
    family : FamilyProgram
    values : ndarray
        Of shape (K, P): the parameters, one in a row.
    spectrum : Spectrum or CompressedSpectrum
    device
        Where machine code runs.
    threads
        On a processor; by default as many as it has.
    """
    members = values.shape[1]
    if isinstance(spectrum, Spectrum) and spectrum.diverges:
        return Ball(np.full(members, np.inf), np.zeros(members))
    found = np.empty((2, members))
    found[0], found[1] = np.nan, np.inf
    left = np.arange(members)
    for k, spectra in enumerate(_shorter(spectrum)):
        if k == 0 and device == "cpu" and family.memory <= LARGEST_MEMORY:
            _by_poles(family, values, spectra[-1], found, threads)
            left = np.flatnonzero(np.isnan(found[0]))
        if left.size:
            found[:, left] = _by_nodes(family, values[:, left], spectra, device, threads)
            left = left[np.isnan(found[0, left])]
        if not left.size:
            break
    if isinstance(spectrum, Spectrum) and left.size:
        found[:, left] = _by_all_poles(family, values[:, left], spectrum, threads)
        left = left[np.isnan(found[0, left])]
    if isinstance(spectrum, Spectrum) and left.size:
        found[:, left] = _one_by_one(family, values[:, left], spectrum)
    return Ball(*found)


def _shorter(spectrum: Spectrum | CompressedSpectrum) -> Iterator[list[CompressedSpectrum]]:
    """Make what stands for a spectrum, finer and finer, as `evaluate_pieces` takes it."""
    if isinstance(spectrum, CompressedSpectrum):
        yield [spectrum]
    elif not math.isinf(spectrum.trace):  # beyond the range of floats there is only the slow way
        yield [quickened(spectrum.compressed), spectrum.compressed]
        yield [spectrum.finely_compressed]


def _by_poles(
    family: FamilyProgram,
    values: Array,
    spectrum: CompressedSpectrum,
    found: Array,
    threads: int | None,
) -> None:
    sums_by_poles = load_own_code(CHUNK_LOOPS).sums_by_poles
    table, count = pole_table(spectrum), family.count(damped=False)
    kernels = (
        *(load_code(family.source(damped=False)).coefficients.address, count),
        *(load_code(pole_source(family.memory)).judge.address, table.rows, table.first),
        *(table.largest, table.spread),
    )

    def work(piece: slice) -> None:
        space = space_of_chunk(values.shape[0], count)
        sums_by_poles(*kernels, values, found, piece.start, piece.stop, space)

    # large pieces, as handing over functions takes time, and alike, so that no thread waits
    size = max(2 * CHUNK, -(-values.shape[1] // (_PIECES * (threads or processors()))))
    work_in_threads(work, pieces(0, values.shape[1], size), threads)


def _by_nodes(
    family: FamilyProgram,
    values: Array,
    spectra: Sequence[CompressedSpectrum],
    device: Literal["cpu", "cuda"],
    threads: int | None,
) -> Array:
    found = np.empty((2, values.shape[1]))

    def read(piece: slice) -> Array:
        some = values[:, piece]
        return np.array([some, np.zeros_like(some)])

    def write(piece: slice, rows: Array) -> None:
        found[:, piece] = _told(rows)

    arguments = (family, values.shape[1], spectra, False, device, read, write)
    evaluate_pieces(*arguments, threads=threads)
    return found


def _by_all_poles(
    family: FamilyProgram, values: Array, spectrum: Spectrum, threads: int | None
) -> Array:
    found = np.empty((2, values.shape[1]))

    def read(piece: slice) -> tuple[Array, Array]:
        some = values[:, piece]
        return np.array([some, *np.zeros((2, *some.shape))]), np.zeros((2, some.shape[1]))

    def write(piece: slice, rows: Array) -> None:
        found[:, piece] = _told(rows)

    judge_by_all_poles(family, values.shape[1], spectrum, False, read, write, threads=threads)
    return found


def _told(rows: Array) -> tuple[Array, Array]:
    """Return sums and bounds of their errors, as `family_sums` does, from the rows of kernels."""
    state, radius = rows[STATE], rows[RADIUS]
    sure, unstable = (state == 1) & (radius < np.inf), state == -1
    sums = np.where(sure, rows[NOISE], np.where(unstable, np.inf, np.nan))
    return sums, np.where(sure, radius, np.where(unstable, 0, np.inf))


def _one_by_one(family: FamilyProgram, values: Array, spectrum: Spectrum) -> tuple[Array, Array]:
    columns = {
        name: Ball(row[:, None]) for name, row in zip(family.parameters, values, strict=True)
    }
    form = family.form(columns, (values.shape[1], 1))
    sums = noise_sums(form, spectrum, Ball(np.array(0.0)))
    sure, unstable = sums.schur == 1, (sums.schur == -1) | no_pull(form)
    mid = np.where(sure, sums.noise.mid, np.where(unstable, np.inf, np.nan))
    return mid, np.where(sure, sums.noise.rad, np.where(unstable, 0, np.inf))
