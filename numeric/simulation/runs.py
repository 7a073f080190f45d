"""Independent simulated runs in several threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.object_code import load_code
from sgdmem.numeric.compilation.threads import pieces, work_in_threads
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.numeric.simulation.batches import Batches
from sgdmem.numeric.simulation.step_arguments import steps_of

_CHUNK = 2 * 10**7  # coordinates of gradients between reports of progress
_EACH = 256  # coordinates that take as long, or as much memory, as what a step has besides


class Runs:
    """Independent runs, each with generators of its own.

    NumPy's draw the start, and what there is one of for a sample or a step; those of
    `sgdmem.numeric.simulation.streams` normal numbers.

    Parameters
    ----------
    batches : Batches
    start : function
        Returns the start of a run, shape (R N,), that a generator draws.
    memory : int
    seeds : list of SeedSequence
        One for each run.
    recorded : ndarray of int
        After which steps losses are kept, rising.
    homogeneous : bool
        Without residuals, and rescaled by powers of two where the state nears the end of the range
        of floats: their ``exponents`` are added up.
    """

    def __init__(
        self,
        batches: Batches,
        start: Callable[[np.random.Generator], Array],
        memory: int,
        seeds: Sequence[np.random.SeedSequence],
        recorded: Array,
        homogeneous: bool = False,
    ) -> None:
        self.batches, self.recorded = batches, recorded
        self.generators = [np.random.Generator(np.random.SFC64(seed)) for seed in seeds]
        starts = np.array([start(generator) for generator in self.generators])
        sets = starts.shape[1] // batches.eigenvalues.size
        self.steps = steps_of(batches, sets, seeds, homogeneous)
        self.state = np.zeros((len(seeds), 1 + memory, self.steps.width))
        self.state[:, 0] = [self.steps.spread(x) for x in starts]
        self.overflowed = np.zeros(len(seeds), dtype=bool)
        self.exponents = np.zeros(len(seeds), dtype=np.int64)
        self.made = 0
        self.losses = np.full((len(seeds), recorded.size), np.inf)
        if recorded.size and recorded[0] == 0:
            with np.errstate(over="ignore"):
                self.losses[:, 0] = (starts**2).sum(axis=1) / 2
                if batches.pull is not None and not homogeneous:
                    self.losses[:, 0] -= starts @ batches.pull.ravel()

    def log_norms(self) -> Array:
        """Return the logarithms of the norms of the states."""
        with np.errstate(divide="ignore"):
            squares = (self.state**2).sum(axis=(1, 2))
            return np.asarray(self.exponents * np.log(2) + np.log(squares) / 2)

    def make_steps(
        self, schedule: Schedule, steps: int, threads: int | None, advance: Callable[[int], None]
    ) -> None:
        """Make all steps, in chunks after which progress is reported."""
        runs, cost = len(self.state), self.state.shape[2] * self.batches.vectors + _EACH
        for chunk in pieces(0, steps, max(1, _CHUNK // cost)):
            after = np.arange(chunk.start, chunk.stop) + 1  # numbers of steps
            kept = np.isin(after, self.recorded)
            place = slice(*np.searchsorted(self.recorded, [after[0], after[-1] + 1]))
            table = schedule.steps(chunk.start, chunk.stop).table
            nonzero = tuple((table != 0).any(axis=0).tolist())
            kernel = load_code(self.steps.source(schedule.memory, nonzero)).run
            work = partial(self._make_some, partial(kernel, table), kept, place)
            work_in_threads(work, pieces(0, runs, 1), threads)
            self.made += after.size
            advance(runs * after.size)

    def _make_some(
        self, kernel: Callable[..., None], kept: Array, place: slice, runs: slice
    ) -> None:
        """Make some steps of some runs; the losses that are kept have their place."""
        for k in range(runs.start, runs.stop):
            if self.overflowed[k]:
                continue
            ends = np.zeros(2, dtype=np.int64)
            given, room = self.steps.arguments(k, self.generators[k], self.made, kept.size)
            kernel(*given, self.state[k], room, kept.view(np.int8), self.losses[k, place], ends)
            self.exponents[k] += ends[1]
            if ends[0] < kept.size:
                self.overflowed[k], self.state[k, 0] = True, np.inf
