"""Independent simulated runs in several threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.compiled_modules import load_own
from sgdmem.numeric.compilation.threads import pieces, work_in_threads
from sgdmem.numeric.schedules.schedule import Schedule, Steps
from sgdmem.numeric.simulation.batches import Batches

STEPS = "sgdmem.numeric.simulation.steps"  # in machine code
_CHUNK = 10**6  # coordinates of gradients between reports of progress


class Runs:
    """Independent runs, each with a generator of its own.

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
        Without residuals, and rescaled where the state leaves the range of floats: the logarithms
        of the factors are added up in ``scale``.
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
        self.residuals = np.empty((0, 0)) if homogeneous else batches.residuals
        self.label_variance = 0.0 if homogeneous else batches.label_variance
        self.pull = np.empty((0, 0)) if homogeneous else batches.pull
        self.minimum = np.empty(0) if homogeneous else batches.minimum
        self.columns, self.cumulative = batches.columns, batches.cumulative
        # SFC64 is the fastest of NumPy's generators, and normal numbers take most of the time
        self.generators = [np.random.Generator(np.random.SFC64(seed)) for seed in seeds]
        self.w = np.array([start(generator) for generator in self.generators])
        self.u = np.zeros((len(seeds), memory, self.w.shape[1]))
        self.orders = np.tile(np.arange(batches.numbers), (len(seeds), 1))
        self.made = 0
        self.scale = np.zeros((len(seeds), int(homogeneous)))
        self.losses = np.full((len(seeds), recorded.size), np.inf)
        if recorded.size and recorded[0] == 0:
            with np.errstate(over="ignore"):
                self.losses[:, 0] = (self.w**2).sum(axis=1) / 2
                if self.pull.size:
                    self.losses[:, 0] -= self.w @ self.pull.ravel()

    def make_steps(
        self, schedule: Schedule, steps: int, threads: int | None, advance: Callable[[int], None]
    ) -> None:
        """Make all steps, in chunks after which progress is reported."""
        runs, cost = self.w.shape[0], self.w.shape[1] * self.batches.vectors
        for chunk in pieces(0, steps, max(1, _CHUNK // cost)):
            after = np.arange(chunk.start, chunk.stop) + 1  # numbers of steps
            kept = np.isin(after, self.recorded)
            place = slice(*np.searchsorted(self.recorded, [after[0], after[-1] + 1]))
            entries = schedule.steps(chunk.start, chunk.stop)
            work = partial(self._make_some, entries, kept, place)
            work_in_threads(work, pieces(0, runs, 1), threads)
            self.made += after.size
            advance(runs * after.size)

    def _make_some(self, entries: Steps, kept: Array, place: slice, runs: slice) -> None:
        """Make some steps of some runs; the losses that are kept have their place."""
        batches = self.batches
        for k in range(runs.start, runs.stop):
            generator = self.generators[k]
            load_own(STEPS).run(
                *(generator, batches.sizes, self.made, self.label_variance),
                batches.counts(generator, len(entries)),
                *(self.cumulative, self.orders[k], batches.shuffled),
                *(batches.outputs, self.columns, self.residuals, batches.eigenvalues),
                *(batches.weight_decay, self.pull, self.minimum),
                *(entries.alpha, entries.b, entries.c, entries.D, entries.a, entries.shrink),
                *(self.w[k], self.u[k], self.scale[k], kept, self.losses[k, place]),
            )
