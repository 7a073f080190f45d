"""Independent simulated runs in several threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.threads import pieces, work_in_threads
from sgdmem.numeric.losses.schedule import Schedule, Steps
from sgdmem.numeric.simulation.samples import SimulatedFeatures
from sgdmem.numeric.simulation.steps import run

_CHUNK = 10**6  # coordinates of gradients between reports of progress
COUNTED = 3  # batches of more than so many times the rows are drawn as counts, which is faster


class Runs:
    """Independent runs, each with a generator of its own."""

    def __init__(
        self,
        features: SimulatedFeatures,
        memory: int,
        batch: int,
        seeds: Sequence[np.random.SeedSequence],
        recorded: Array,
    ) -> None:
        self.features, self.batch, self.recorded = features, batch, recorded
        rows = len(features.rows)
        self.counts_rows = bool(rows) and batch > COUNTED * rows
        # SFC64 is the fastest of NumPy's generators, and normal numbers take most of the time
        self.generators = [np.random.Generator(np.random.SFC64(seed)) for seed in seeds]
        self.w = np.array([features.start_of(generator) for generator in self.generators])
        self.u = np.zeros((len(seeds), memory, self.w.shape[1]))
        self.losses = np.full((len(seeds), recorded.size), np.inf)
        if recorded[0] == 0:
            with np.errstate(over="ignore"):
                self.losses[:, 0] = (self.w**2).sum(axis=1) / 2

    def make_steps(
        self, schedule: Schedule, steps: int, threads: int | None, advance: Callable[[int], None]
    ) -> None:
        """Make all steps, in chunks after which progress is reported."""
        features, runs = self.features, len(self.generators)
        vectors = min(self.batch, COUNTED * len(features.rows)) if features.rows.size else 1
        cost = features.eigenvalues.size * vectors
        for chunk in pieces(0, steps, max(1, _CHUNK // cost)):
            after = np.arange(chunk.start, chunk.stop) + 1  # numbers of steps
            kept = np.isin(after, self.recorded)
            place = slice(*np.searchsorted(self.recorded, [after[0], after[-1] + 1]))
            entries = schedule.steps(chunk.start, chunk.stop)
            work = partial(self._make_some, entries, kept, place)
            work_in_threads(work, pieces(0, runs, 1), threads)
            advance(runs * after.size)

    def _make_some(self, entries: Steps, kept: Array, place: slice, runs: slice) -> None:
        """Make some steps of some runs; the losses that are kept have their place."""
        for k in range(runs.start, runs.stop):
            generator, counts = self.generators[k], self._counts(self.generators[k], len(entries))
            run(
                *(generator, self.batch, counts, self.features.rows, self.features.eigenvalues),
                *(entries.alpha, entries.b, entries.c, entries.D, entries.a),
                *(self.w[k], self.u[k], kept, self.losses[k, place]),
            )

    def _counts(self, generator: np.random.Generator, steps: int) -> Array:
        """Return how often each row is in the batch of each step, or nothing for small batches."""
        rows = len(self.features.rows)
        if not self.counts_rows:
            return np.empty((0, rows), dtype=np.int64)
        return generator.multinomial(self.batch, np.full(rows, 1 / rows), size=steps)
