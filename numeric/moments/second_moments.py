"""Runs of second moments: one group of modes under a schedule, in chunks of steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.lane_loops import WIDE
from sgdmem.numeric.compilation.object_code import load_code
from sgdmem.numeric.moments.moment_program import moment_pairs, moment_source
from sgdmem.numeric.problems.coupling import Block, constant_block
from sgdmem.numeric.schedules.schedule import Schedule, Steps

_CHUNK = 20_000  # steps between reports of progress


@dataclass(frozen=True)
class Modes:
    """Modes of second moments.

    Attributes
    ----------
    eigenvalues, masses : ndarray, shape (n,)
        Masses weigh the modes in the sums that are read.
    drives : ndarray, shape (n,)
        How strongly the noise of a step drives each mode.
    damping : ndarray, shape (n,)
        tau2 / B.
    coupling : tuple of Block
        What mode k hears are the masses times <rr^T, M> of all modes, times the entries in row k,
        plus ``label``. Of all modes together, or none where they hear nothing.
    label : float
    """

    eigenvalues: Array
    masses: Array
    drives: Array
    damping: Array
    coupling: tuple[Block, ...] = ()
    label: float = 0.0

    def __len__(self) -> int:
        return int(self.eigenvalues.size)

    def joined(self, other: Modes) -> Modes:
        """Return both groups as one that hears the label of this one, and no coupling."""
        names = ("eigenvalues", "masses", "drives", "damping")
        eigenvalues, masses, drives, damping = (
            np.concatenate([getattr(x, name) for x in (self, other)]) for name in names
        )
        return Modes(eigenvalues, masses, drives, damping, label=self.label)

    @property
    def differ(self) -> bool:
        """Whether modes hear different noise: not that of one block with one value."""
        return len(self.coupling) > 1 or not all(block.is_constant for block in self.coupling)

    @property
    def entries(self) -> tuple[Array, Array, Array]:
        """Where the blocks of the coupling begin, where their entries do, and the entries.

        Rows of entries have zeros up to a multiple of 16.
        """
        blocks = self.coupling or (constant_block(len(self), 0),)
        given = [np.atleast_2d(block.entries.mid) for block in blocks]
        entries = [
            np.pad(x, ((0, 0), (0, -x.shape[1] % WIDE * (x.size > 1)))).ravel() for x in given
        ]
        starts, places = (
            np.cumsum([0, *sizes]) for sizes in ([x.size for x in blocks], map(len, entries))
        )
        return starts, places, np.concatenate(entries)


def run_moments(
    schedule: Schedule,
    modes: Modes,
    state: Array,
    steps: int,
    advance: Callable[[int], None] = lambda count: None,
) -> tuple[Array, Array]:
    """Return the sums of masses times (M)_00, and times <rr^T, M>, before steps 0 ... ``steps``.

    Both are infinite from the step on at which they leave the range of floats.

    Parameters
    ----------
    state : ndarray, shape (pairs, n)
        Moments at the start in the order of `moment_pairs`; overwritten.
    advance
        Called with numbers of steps done.
    """
    at_w, at_y = np.full(steps + 1, np.inf), np.full(steps + 1, np.inf)
    n, coupling = len(modes), modes.entries
    padded = -(-n // WIDE) * WIDE  # with modes that stay 0 and count for nothing
    each, moved = (np.zeros((rows, padded)) for rows in (4, len(state)))
    heard = np.zeros((2, padded + WIDE))
    each[:, :n] = modes.eigenvalues, modes.masses, modes.drives, modes.damping
    moved[:, :n] = state
    made = np.zeros(1, dtype=np.int64)
    for first in range(0, steps + 1, _CHUNK):
        last = min(first + _CHUNK, steps + 1)
        places = np.minimum(np.arange(float(first), float(last + 1)), max(steps - 1, 0))
        entries = schedule.some_steps(places).table  # no step beyond the last one is looked at
        nonzero = tuple((entries != 0).any(axis=0).tolist())
        run = load_code(moment_source(schedule.memory, nonzero, modes.differ)).run
        run(
            *(entries, *coupling, modes.label, each, moved, heard),
            *(at_w[first:last], at_y[first:last], made),
        )
        advance(last - first)
        if made[0] < last - first:
            at_w[first + made[0] :] = at_y[first + made[0] :] = np.inf
            break
    state[:] = moved[:, :n]
    return at_w, at_y


def starting_moments(memory: int, modes: int) -> Array:
    """Return the state of w = 1 and u = 0 in every mode."""
    state = np.zeros((len(moment_pairs(memory)), modes))
    state[0] = 1.0
    return state


def noise_moments(steps: Steps, modes: int) -> Array:
    """Return the state vv^T of the first step in every mode."""
    v = np.append(-steps.alpha[0], steps.c[0])
    pairs = moment_pairs(v.size - 1)
    return np.repeat(np.array([[v[i] * v[j]] for i, j in pairs]), modes, axis=1)
