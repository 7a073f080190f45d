"""Noise sums and stability of many members of a family at once, with error bounds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.ball import Array
from sgdmem.numeric.compiled_modules import load_module
from sgdmem.numeric.family_program import FamilyProgram
from sgdmem.numeric.map_kernel import LANES, NOISE, PEAK, RADIUS, ROWS, STATE, judge_source
from sgdmem.numeric.map_rule import MapRule
from sgdmem.numeric.quadrature import UNIT

_CHUNK = 128 * LANES  # members that go through both kernels together
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
    rule: MapRule,
    tau2_share: tuple[Array, Array] | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> MapSums:
    """Evaluate members of a family.

    Parameters
    ----------
    family : FamilyProgram
    values, radii : shape (K, P)
        The parameters, and bounds of their errors.
    rule : MapRule
        Of the spectrum.
    tau2_share : pair of arrays of shape (P,), optional
        tau2 / B and bounds of its errors; 0 if omitted.
    advance
        Called with the number of members done, for a progress bar.
    """
    damped = tau2_share is not None
    judge = load_module(judge_source(family.memory, damped)).judge
    quick, careful = rule.disks(one_by_one=False), rule.disks(one_by_one=True)
    members = values.shape[1]
    out = np.empty((ROWS, members))

    def run(numbers: list[Array], disks: tuple[Array, Array, Array]) -> Array:
        count = numbers[0].shape[1]
        found = np.empty((ROWS, count))
        judge(*numbers, rule.nodes, rule.weights, rule.node_spread, *disks, found, 0, count)
        return found

    def work(piece: slice) -> int:
        inputs = (np.ascontiguousarray(array[:, piece]) for array in (values, radii))
        numbers = list(family.evaluate(*inputs))
        if tau2_share is not None:
            shares = zip(numbers, tau2_share, strict=True)
            numbers = [np.vstack([rows, share[piece]]) for rows, share in shares]
        hasty = family.memory <= _LARGEST_QUICK_MEMORY
        found = run(numbers, quick if hasty else careful)
        again = np.flatnonzero(found[STATE] == 0) if hasty else np.empty(0, dtype=int)
        if again.size:
            found[:, again] = run([np.ascontiguousarray(x[:, again]) for x in numbers], careful)
        out[:, piece] = found
        return int(piece.stop - piece.start)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in pool.map(work, _pieces(members)):
            advance(done)
    # one rounding of each partial sum of terms, nearly all of them positive
    radius = out[RADIUS] + 1.2 * (len(rule.nodes) + 8) * UNIT * np.abs(out[NOISE])
    state = np.where(np.isfinite(radius), out[STATE], np.minimum(out[STATE], 0))
    return MapSums(out[NOISE], radius, out[PEAK], state.astype(np.int8))


def _pieces(members: int) -> Iterator[slice]:
    for start in range(0, members, _CHUNK):
        yield slice(start, min(start + _CHUNK, members))
