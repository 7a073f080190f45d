"""Noise sums of many members of a family, enclosed, from arrays of parameters."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.compiled_maps.family_program import FamilyProgram
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import NOISE, RADIUS, STATE
from sgdmem.numeric.compiled_maps.node_sums import evaluate_pieces
from sgdmem.numeric.spectra.compressed import CompressedSpectrum
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.mode_summands import no_pull
from sgdmem.numeric.verdicts.noise_sum import noise_sums


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
    values : ndarray, shape (K, P)
        The parameters, one in a row.
    spectrum : Spectrum or CompressedSpectrum
    device
        Where machine code runs.
    threads
        On a processor; by default as many as it has.
    """
    members = values.shape[1]
    found = Ball(np.full(members, np.nan), np.full(members, np.inf))
    if isinstance(spectrum, Spectrum) and spectrum.diverges:
        return Ball(np.full(members, np.inf), np.zeros(members))

    def read(piece: slice) -> Array:
        some = values[:, piece]
        return np.array([some, np.zeros_like(some)])

    def write(piece: slice, rows: Array) -> None:
        state, radius = rows[STATE], rows[RADIUS]
        sure = (state == 1) & (radius < np.inf)
        unstable = state == -1
        found.mid[piece] = np.where(sure, rows[NOISE], np.where(unstable, np.inf, np.nan))
        found.rad[piece] = np.where(sure, radius, np.where(unstable, 0, np.inf))

    # beyond the range of floats there is only the slow way
    if isinstance(spectrum, CompressedSpectrum) or not math.isinf(spectrum.trace):
        short = spectrum if isinstance(spectrum, CompressedSpectrum) else spectrum.compressed
        arguments = (family, members, short, False, device, read, write)
        evaluate_pieces(*arguments, threads=threads, by_poles=True)
    left = np.flatnonzero(np.isnan(found.mid))
    if isinstance(spectrum, Spectrum) and left.size:
        found.mid[left], found.rad[left] = _one_by_one(family, values[:, left], spectrum)
    return found


def _one_by_one(family: FamilyProgram, values: Array, spectrum: Spectrum) -> tuple[Array, Array]:
    columns = {
        name: Ball(row[:, None]) for name, row in zip(family.parameters, values, strict=True)
    }
    form = family.form(columns, (values.shape[1], 1))
    sums = noise_sums(form, spectrum, Ball(np.array(0.0)))
    sure, unstable = sums.schur == 1, (sums.schur == -1) | no_pull(form)
    mid = np.where(sure, sums.noise.mid, np.where(unstable, np.inf, np.nan))
    return mid, np.where(sure, sums.noise.rad, np.where(unstable, 0, np.inf))
