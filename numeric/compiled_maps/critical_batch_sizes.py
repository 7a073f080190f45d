"""Critical batch sizes of many members of a family, each looked at by the kernel of maps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.compilation.object_code import load_code
from sgdmem.numeric.compiled_maps.family_program import FamilyProgram
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import (
    LANES,
    NOISE,
    RADIUS,
    STATE,
    TOGETHER,
)
from sgdmem.numeric.compiled_maps.machine_code_of_batch_sizes import (
    LARGEST,
    SIZE,
    SOLVED,
    solver_source,
)
from sgdmem.numeric.compiled_maps.node_sums import evaluate_pieces, padded
from sgdmem.numeric.judges.float_problem import SMALLEST_BATCH
from sgdmem.numeric.spectra.compressed import CompressedSpectrum
from sgdmem.numeric.spectra.spectrum import Spectrum

_ACCURATE = 1e-10  # relative error that is accepted, of bounds


def critical_batch_sizes(
    family: FamilyProgram,
    members: int,
    spectrum: Spectrum,
    read: Callable[[Array], tuple[Array, Array]],
) -> Array:
    """Return the critical batch sizes of members that are stable without noise; NaN if left open.

    Left open is what the error bounds of the noise sum there do not confirm.

    Parameters
    ----------
    family : FamilyProgram
    members
        How many there are.
    spectrum : Spectrum
        Of finite trace.
    read
        Returns parameters and bounds of their errors, shape (2, K, p), and tau1 and tau2, shape
        (2, p), of some members; called by several threads.
    """
    found = np.full(members, np.nan)
    for finely in (False, True):
        left = np.flatnonzero(np.isnan(found))
        if left.size:
            short = spectrum.finely_compressed if finely else spectrum.compressed
            found[left] = _solved(family, left, short, read)
    return found


def _solved(
    family: FamilyProgram,
    places: Array,
    spectrum: CompressedSpectrum,
    read: Callable[[Array], tuple[Array, Array]],
) -> Array:
    coefficients = load_code(family.source(damped=False)).coefficients
    solve = load_code(solver_source(family.memory)).solve
    nodes, weights, _ = padded(spectrum)
    count, tau1 = family.count(damped=False), np.empty(places.size)
    solved, asked = np.empty((SOLVED, places.size)), np.empty(places.size)
    found = np.full(places.size, np.nan)

    def read_at_solution(piece: slice) -> Array:
        given, taus = read(places[piece])
        size = piece.stop - piece.start
        numbers, some = np.empty((2, count, size)), np.empty((SOLVED, size))
        coefficients(*given, *numbers, 0, size)
        space = np.empty((TOGETHER, nodes.size // TOGETHER * LANES))
        solve(numbers[0], taus, nodes, weights, space, some, 0, size)
        solved[:, piece], tau1[piece] = some, taus[0]
        least = np.where(taus[1] < 0, 0.0, SMALLEST_BATCH * some[LARGEST])
        asked[piece] = np.fmax(some[SIZE], least)
        with np.errstate(all="ignore"):
            share2 = taus[1] / asked[piece]
        last = np.array([share2, 4 * UNIT * np.abs(share2)])  # tau2 is rounded, too
        return np.concatenate([given, last[:, None]], axis=1)

    def write(piece: slice, rows: Array) -> None:
        size, _, steep = solved[:, piece]
        with np.errstate(all="ignore"):
            share = tau1[piece] / asked[piece]
            excess, error = share * rows[NOISE] - 1, share * rows[RADIUS]
            known = np.where(
                size < asked[piece],  # or all are stable: then it is at most 1 where it was asked
                excess + error <= _ACCURATE,
                np.abs(excess) + error <= _ACCURATE * steep,
            )
        size = np.where(size < asked[piece], 0.0, size)
        found[piece] = np.where((rows[STATE] == 1) & known, size, np.nan)

    evaluate_pieces(family, places.size, [spectrum], True, "cpu", read_at_solution, write)
    return found
