"""Steps on samples: source of machine code, written for the entries of a method."""

from __future__ import annotations

from functools import lru_cache

from sgdmem.numeric.simulation.steps import (
    entry_places,
    filled,
    moved_lines,
    read_lines,
    rescaled_lines,
)

WIDTH = 16  # modes are padded to multiples if they are as many; fewer are gone through one by one
_RUN = """\
from math import inf

from sgdmem.numeric.compilation.kernel_words import bits_of, float_of, fma, lanes, machine_code


@machine_code(
    "f8[:,::1], i8[::1], i8, i8[:,::1], i8[:,::1], i8[:,::1], i8[::1], b1, i8, i8, f8[:,:,::1], "
    "f8[:,::1], f8, f8[:,::1], f8[:,::1], f8[:,::1], i1[::1], f8[::1], i8[::1]"
)
def run(
    entries, sizes, made, counts, picks, swaps, order, shuffled, sets, outputs, columns,
    residuals, decay, each, state, room, kept, losses, ends
):
    parts, size, place, epoch = each.shape[1] // 16, columns.shape[2], 0, 0
    whole, counted, ordered = size // 16, counts.size > 0, order.size > 0
    labelled = residuals.size > 0
    ends[0] = 0
    for t in range(kept.size):
        {entries}
        turn = (made + t) % sizes.size
        batch = sizes[turn]
        first, share = turn * sizes[0] if shuffled else 0, 1.0 / batch
        if turn == 0 or not shuffled:
            for j in range(swaps.shape[1]):
                other = swaps[epoch, j]
                sample = order[other]
                order[other] = order[j]
                order[j] = sample
            epoch = epoch + 1
        for p in lanes(16 * parts):
            y = state[0, p]
            {read}
            room[0, p], room[1, p] = y, 0.0
        for j in range(counts.shape[1] if counted else batch):
            sample, times = j, 1.0
            if counted:
                times = 0.0 + counts[t, j]
            elif ordered:
                sample = order[first + j]
            else:
                sample = picks[t, j]
            if times > 0.0:
                for i in range(sample * outputs, (sample + 1) * outputs):
                    row = columns[i]
                    for r in range(sets):
                        start, left = r * size, 0.0
                        for p in lanes(16 * whole):
                            left = left + row[0, p] * room[0, start + p]
                        for k in range(16 * whole, size):
                            left = fma(row[0, k], room[0, start + k], left)
                        if labelled:
                            left = left - residuals[r, i]
                        left = left * times
                        for p in lanes(16 * whole):
                            room[1, start + p] = fma(left, row[0, p], room[1, start + p])
                        for k in range(16 * whole, size):
                            room[1, start + k] = fma(left, row[0, k], room[1, start + k])
        squared, others, pulled = 0.0, 0.0, 0.0
        for p in lanes(16 * parts):
            w, lam = state[0, p], each[0, p]
            {moved}
        {rescaled}
        loss = 0.5 * squared - pulled
        if loss < inf:
            ends[0] = t + 1
            if kept[t]:
                losses[place] = loss
                place = place + 1
        else:
            break
"""


@lru_cache(maxsize=64)
def sampled_source(
    memory: int,
    nonzero: tuple[bool, ...],
    decays: bool = False,
    moves: bool = False,
    homogeneous: bool = False,
) -> str:
    """Return the source of a kernel ``run`` that makes steps of one run.

    Batches have the ``sizes`` one after the other, again and again; ``made`` steps were made. With
    ``counts``, shape (T, n), a step's batch holds each sample so many times. Otherwise samples are
    those of ``picks``, shape (T, B), or of an ``order``, which is overwritten: its places 0, 1, ...
    change with the places in the next row of ``swaps``, at each step, or if it is ``shuffled``
    whenever the sizes begin again.

    R = ``sets`` problems share their batches, side by side in the columns of the ``state``, shape
    (1 + memory, R N) with zeros up to a multiple of 16, overwritten, as in those of ``each``:
    eigenvalues, pulls and minima. A sample has so many ``outputs``, each one of the ``columns``,
    shape (n K, 1, N), with ``residuals`` of shape (R, n K) or (0, 0). There is ``room`` for two
    rows. ``kept``, ``losses`` and ``ends`` are those of `gaussian_source`.

    Parameters
    ----------
    memory, nonzero, decays, homogeneous
        As in `gaussian_source`.
    moves : bool
        Whether there are pulls and minima.
    """
    places = entry_places(memory, nonzero)
    gradient = ["g = lam * (share * room[1, p])"]
    gradient += ["g = fma(lam, each[1, p], g)"] if moves else []
    gradient += ["g = fma(decay, y, g)"] if decays else []
    minimum = "each[2, p]" if moves else ""
    parts = {
        "entries": [f"{name} = entries[t, {at}]" for name, at in places.items()],
        "read": read_lines(places),
        "moved": [
            *moved_lines(memory, places, gradient, homogeneous, minimum),
            *(["pulled = pulled + each[1, p] * w"] if moves else []),
        ],
        "rescaled": rescaled_lines(memory) if homogeneous else [],
    }
    return filled(_RUN, parts)
