"""Critical batch sizes of many members of a family, each looked at by the kernel of maps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.rounding import UNIT
from sgdmem.numeric.compilation.object_code import load_code
from sgdmem.numeric.compiled_maps.family_program import FamilyProgram
from sgdmem.numeric.compiled_maps.judge_by_all_poles import judge_by_all_poles
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
    STEEPNESS,
    solver_source,
)
from sgdmem.numeric.compiled_maps.node_sums import evaluate_pieces, padded
from sgdmem.numeric.judges.float_problem import SMALLEST_BATCH
from sgdmem.numeric.spectra.compressed import CompressedSpectrum
from sgdmem.numeric.spectra.spectrum import Spectrum

_MOST_CORRECTIONS = 3
_FOUND, _ASKED = SOLVED, SOLVED + 1  # rows beside those of the solver
_TRIED = SOLVED + 2
_ACCURATE = 1e-10  # relative error that is accepted, of bounds
_LINEAR = 1e-3  # of the sum, 1 at the critical size: farther off, its slope may be another one
_ABOVE = 1e-8  # how far above the size bounds are asked for where a denominator is 0 at it


def critical_batch_sizes(
    family: FamilyProgram,
    members: int,
    spectrum: Spectrum,
    read: Callable[[Array], tuple[Array, Array]],
    read_pairs: Callable[[Array], Array],
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
    read_pairs
        Returns parameters of some members as `judge_by_all_poles` takes them.
    """
    tried = np.empty((_TRIED, members))
    left = np.arange(members)
    for kind in ("compressed", "deeply_compressed", "finely_compressed"):
        if left.size and (family.decays or kind != "deeply_compressed"):
            tried[:, left] = _solved(family, left, getattr(spectrum, kind), read)
            left = left[np.isnan(tried[_FOUND, left])]
    for _ in range(_MOST_CORRECTIONS):
        if not left.size or family.decays:
            break
        tried[:, left] = _corrected(family, left, tried[:, left], spectrum, read, read_pairs)
        left = left[np.isnan(tried[_FOUND, left])]
    found: Array = tried[_FOUND]
    return found


def _solved(
    family: FamilyProgram,
    places: Array,
    spectrum: CompressedSpectrum,
    read: Callable[[Array], tuple[Array, Array]],
) -> Array:
    """Solve on the nodes that stand for a spectrum, and ask for the bounds there."""
    coefficients = load_code(family.source(damped=False)).coefficients
    solve = load_code(solver_source(family.memory, family.decays)).solve
    nodes, weights, _ = padded(spectrum)
    count, tau1 = family.count(damped=False), np.empty(places.size)
    tried = np.empty((_TRIED, places.size))

    def read_at_solution(piece: slice) -> Array:
        given, taus = read(places[piece])
        size = piece.stop - piece.start
        numbers, some = np.empty((2, count, size)), np.empty((SOLVED, size))
        coefficients(*given, *numbers, 0, size)
        space = np.empty((TOGETHER, nodes.size // TOGETHER * LANES))
        solve(numbers[0], taus, nodes, weights, space, some, 0, size)
        tried[:SOLVED, piece], tau1[piece] = some, taus[0]
        return np.concatenate([given, _ask(tried[:, piece], *taus)[:, None]], axis=1)

    def write(piece: slice, rows: Array) -> None:
        _look(tried[:, piece], tau1[piece], rows)

    evaluate_pieces(family, places.size, [spectrum], True, "cpu", read_at_solution, write)
    return tried


def _corrected(
    family: FamilyProgram,
    places: Array,
    tried: Array,
    spectrum: Spectrum,
    read: Callable[[Array], tuple[Array, Array]],
    read_pairs: Callable[[Array], Array],
) -> Array:
    """Take a step of Newton's method with noise sums by all poles, and ask for bounds there."""
    _, (tau1, tau2) = read(places)
    share2 = _ask(tried, tau1, tau2)

    def read_at_solution(piece: slice) -> tuple[Array, Array]:
        return read_pairs(places[piece]), np.ascontiguousarray(share2[:, piece])

    def write(piece: slice, rows: Array) -> None:
        _look(tried[:, piece], tau1[piece], rows)

    judge_by_all_poles(family, places.size, spectrum, True, read_at_solution, write)
    return tried


def _ask(tried: Array, tau1: Array, tau2: Array) -> Array:
    """Fill in the batch sizes that bounds are asked for; return tau2 / B and their errors."""
    with np.errstate(all="ignore"):
        limited = (tau2 > 0) | ((tau2 == 0) & (tau1 == 0))  # sums have a limit for small batches
        least = np.where(limited, SMALLEST_BATCH * tried[LARGEST], 0.0)
        tried[_ASKED] = np.fmax(tried[SIZE], least) * np.where(tau1 == 0, 1 + _ABOVE, 1)
        share2 = tau2 / tried[_ASKED]
    return np.array([share2, 4 * UNIT * np.abs(share2)])  # tau2 is rounded, too


def _look(tried: Array, tau1: Array, rows: Array) -> None:
    """Fill in what bounds confirm, and move the others by a step of Newton's method.

    Those that a step cannot be trusted with are not looked at again.
    """
    size, asked, steep = tried[SIZE], tried[_ASKED], tried[STEEPNESS]
    alone = tau1 == 0  # modes feed themselves: just above the critical size all are damped
    always = (
        size < asked
    ) & ~alone  # all are stable, if the sum is at most 1 where it was asked for
    with np.errstate(all="ignore"):
        share = tau1 / asked
        excess, error = share * rows[NOISE] - 1, share * rows[RADIUS]
        off = np.where(always, excess, np.abs(excess) / steep)
        linear = always | (np.abs(excess) + error <= _LINEAR)
        near = alone | (linear & (off + error / np.where(always, 1, steep) <= _ACCURATE))
        sure = (rows[STATE] == 1) & near
        tried[_FOUND] = np.where(sure, np.where(always, 0.0, size), np.nan)
        moved = np.where(np.abs(excess) < 1, size * (1 + excess / steep), np.nan)
        tried[SIZE] = np.where(alone, size, moved)
        tried[STEEPNESS] = steep / np.fmax(1, 1 + excess)  # as beside a single pole
