"""Independent simulated runs in several threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.compiled_modules import load_own
from sgdmem.numeric.compilation.object_code import load_code
from sgdmem.numeric.compilation.threads import pieces, work_in_threads
from sgdmem.numeric.schedules.schedule import Schedule, Steps
from sgdmem.numeric.simulation.batches import Batches
from sgdmem.numeric.simulation.gaussian_steps import MODES, gaussian_source
from sgdmem.numeric.simulation.streams import stream_states

STEPS = "sgdmem.numeric.simulation.steps"  # in machine code
_CHUNK = 4 * 10**6  # coordinates of gradients between reports of progress
_EACH = 64  # coordinates that take as long as what a step takes besides


class Runs:
    """Independent runs, each with generators of its own.

    The machine code for samples draws from NumPy's generator, that for Gaussian features takes
    normal numbers from its own, see `sgdmem.numeric.simulation.streams`.

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
        self.generators = [np.random.Generator(np.random.SFC64(seed)) for seed in seeds]
        starts = np.array([start(generator) for generator in self.generators])
        if batches.samples is None:
            modes = batches.eigenvalues.size
            self.streams = stream_states([seed.spawn(1)[0] for seed in seeds])
            self.eigenvalues = np.zeros((1, -(-modes // MODES) * MODES))
            self.eigenvalues[0, :modes] = batches.eigenvalues
            self.overflowed = np.zeros(len(seeds), dtype=bool)
        width = self.eigenvalues.size if batches.samples is None else starts.shape[1]
        self.state = np.zeros((len(seeds), 1 + memory, width))  # beyond the modes it stays 0
        self.state[:, 0, : starts.shape[1]] = starts
        self.orders = np.tile(np.arange(batches.numbers), (len(seeds), 1))
        self.made = 0
        self.scale = np.zeros((len(seeds), int(homogeneous)))
        self.losses = np.full((len(seeds), recorded.size), np.inf)
        if recorded.size and recorded[0] == 0:
            with np.errstate(over="ignore"):
                self.losses[:, 0] = (starts**2).sum(axis=1) / 2
                if self.pull.size:
                    self.losses[:, 0] -= starts @ self.pull.ravel()

    def log_norms(self) -> Array:
        """Return the logarithms of the norms of the states."""
        with np.errstate(divide="ignore"):
            squares = (self.state**2).sum(axis=(1, 2))
            return np.asarray(self.scale[:, 0] + np.log(squares) / 2)

    def make_steps(
        self, schedule: Schedule, steps: int, threads: int | None, advance: Callable[[int], None]
    ) -> None:
        """Make all steps, in chunks after which progress is reported."""
        runs, cost = len(self.state), self.state.shape[2] * self.batches.vectors + _EACH
        for chunk in pieces(0, steps, max(1, _CHUNK // cost)):
            after = np.arange(chunk.start, chunk.stop) + 1  # numbers of steps
            kept = np.isin(after, self.recorded)
            place = slice(*np.searchsorted(self.recorded, [after[0], after[-1] + 1]))
            entries = schedule.steps(chunk.start, chunk.stop)
            if self.batches.samples is None:
                work = partial(self._make_gaussian, self._kernel(entries), kept, place)
            else:
                work = partial(self._make_some, entries, kept, place)
            work_in_threads(work, pieces(0, runs, 1), threads)
            self.made += after.size
            advance(runs * after.size)

    def _kernel(self, entries: Steps) -> Callable[..., None]:
        """Return what makes some steps on Gaussian features."""
        table, decay = entries.table, self.batches.weight_decay
        nonzero = tuple((table != 0).any(axis=0).tolist())
        homogeneous = self.scale.size > 0
        source = gaussian_source(entries.b.shape[1], nonzero, decay != 0, homogeneous)
        return partial(load_code(source).run, table)

    def _make_gaussian(
        self, kernel: Callable[..., None], kept: Array, place: slice, runs: slice
    ) -> None:
        """Make some steps of some runs on Gaussian features."""
        batches = self.batches
        numbers = np.empty_like(self.eigenvalues)
        for k in range(runs.start, runs.stop):
            if self.overflowed[k]:
                continue
            made = np.zeros(2, dtype=np.int64)
            kernel(
                self.generators[k].chisquare(batches.size, kept.size),
                *(float(batches.size), self.label_variance, batches.weight_decay),
                *(self.eigenvalues, self.streams[k], self.state[k], numbers),
                *(kept.view(np.int8), self.losses[k, place], made),
            )
            if made[0] < kept.size:
                self.overflowed[k], self.state[k, 0] = True, np.inf
            if self.scale.size:
                self.scale[k, 0] += made[1] * np.log(2)

    def _make_some(self, entries: Steps, kept: Array, place: slice, runs: slice) -> None:
        """Make some steps of some runs on samples; the losses that are kept have their place."""
        batches = self.batches
        for k in range(runs.start, runs.stop):
            generator = self.generators[k]
            load_own(STEPS).run(
                *(generator, batches.sizes, self.made),
                batches.counts(generator, len(entries)),
                *(self.cumulative, self.orders[k], batches.shuffled),
                *(batches.outputs, self.columns, self.residuals, batches.eigenvalues),
                *(batches.weight_decay, self.pull, self.minimum),
                *(entries.alpha, entries.b, entries.c, entries.D, entries.a, entries.shrink),
                *(self.state[k, 0], self.state[k, 1:], self.scale[k], kept, self.losses[k, place]),
            )
