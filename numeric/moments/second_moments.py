"""Runs of second moments: one group of modes under a schedule, in chunks of steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.compiled_modules import load_module
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
        """Where the blocks of the coupling begin, where their entries do, and the entries."""
        blocks = self.coupling or (constant_block(len(self), 0),)
        entries = [np.ravel(block.entries.mid) for block in blocks]
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
    arrays = [
        np.array(x, dtype=float)  # writable, as the machine code is typed
        for x in (modes.eigenvalues, modes.masses, modes.drives, modes.damping)
    ]
    coupling = modes.entries
    for first in range(0, steps + 1, _CHUNK):
        last = min(first + _CHUNK, steps + 1)
        places = np.minimum(np.arange(float(first), float(last + 1)), max(steps - 1, 0))
        taken = schedule.some_steps(places)  # no step beyond the last one is looked at
        entries = taken.table
        nonzero = tuple((entries != 0).any(axis=0).tolist())
        run = load_module(moment_source(schedule.memory, nonzero, modes.differ)).run
        following = np.ascontiguousarray(taken.a[-1])
        made = run(
            *(entries[:-1], following, *coupling, modes.label, *arrays),
            *(state, at_w[first:last], at_y[first:last]),
        )
        advance(last - first)
        if made < last - first:
            at_w[first + made :] = at_y[first + made :] = np.inf
            break
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
