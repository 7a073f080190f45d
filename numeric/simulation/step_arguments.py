"""What the machine code of steps is given, on Gaussian features and on samples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.simulation.batches import Batches
from sgdmem.numeric.simulation.gaussian_steps import MODES, gaussian_source
from sgdmem.numeric.simulation.sampled_steps import WIDTH, sampled_source
from sgdmem.numeric.simulation.streams import stream_states


def steps_of(
    batches: Batches, sets: int, seeds: Sequence[np.random.SeedSequence], homogeneous: bool
) -> StepArguments:
    """Return the arguments of steps of a run for each seed."""
    if batches.samples is None:
        return GaussianSteps(batches, seeds, homogeneous)
    return SampledSteps(batches, sets, len(seeds), homogeneous)


class StepArguments(ABC):
    """The arguments of a kernel of steps.

    Attributes
    ----------
    width : int
        Columns of a state: of R problems side by side, with zeros between and after them.
    """

    def __init__(self, batches: Batches, sets: int, size: int, width: int) -> None:
        self._batches, self._sets, self._size, self.width = batches, sets, size, width

    def spread(self, values: Array) -> Array:
        """Return the columns of R times N values."""
        found, given = np.zeros(self.width), np.reshape(values, (self._sets, -1))
        columns = found[: self._sets * self._size].reshape(self._sets, -1)
        columns[:, : given.shape[1]] = given
        return found

    @abstractmethod
    def source(self, memory: int, nonzero: tuple[bool, ...]) -> str:
        """Return the source of the kernel."""

    @abstractmethod
    def arguments(
        self, run: int, generator: np.random.Generator, made: int, steps: int
    ) -> tuple[tuple[Any, ...], Array]:
        """Return what comes between the entries and the state, for some steps, and the room."""


class GaussianSteps(StepArguments):
    """Those of `gaussian_source`."""

    def __init__(
        self, batches: Batches, seeds: Sequence[np.random.SeedSequence], homogeneous: bool
    ) -> None:
        width = -(-batches.eigenvalues.size // MODES) * MODES
        super().__init__(batches, 1, width, width)
        self._homogeneous = homogeneous
        self._label = 0.0 if homogeneous else batches.label_variance
        self._streams = stream_states([seed.spawn(1)[0] for seed in seeds])
        self._eigenvalues = self.spread(batches.eigenvalues)[None]

    def source(self, memory: int, nonzero: tuple[bool, ...]) -> str:
        """Return the source of the kernel."""
        decays = self._batches.weight_decay != 0
        return gaussian_source(memory, nonzero, decays, self._homogeneous)

    def arguments(
        self, run: int, generator: np.random.Generator, made: int, steps: int
    ) -> tuple[tuple[Any, ...], Array]:
        """Return what comes between the entries and the state, for some steps, and the room."""
        size = self._batches.size
        given = (
            *(generator.chisquare(size, steps), float(size), self._label),
            *(self._batches.weight_decay, self._eigenvalues, self._streams[run]),
        )
        return given, np.empty((1, self.width))


class SampledSteps(StepArguments):
    """Those of `sampled_source`."""

    def __init__(self, batches: Batches, sets: int, runs: int, homogeneous: bool) -> None:
        assert batches.samples is not None
        modes = batches.eigenvalues.size
        size = modes if modes < WIDTH else -(-modes // WIDTH) * WIDTH
        super().__init__(batches, sets, size, -(-sets * size // WIDTH) * WIDTH)
        self._homogeneous = homogeneous
        rows = np.ascontiguousarray(batches.samples.columns[:]).reshape(-1, 1, modes)
        self._columns = rows if size == modes else np.zeros((len(rows), 1, size))
        self._columns[:, :, :modes] = rows
        self._residuals = np.empty((0, 0)) if homogeneous else batches.residuals
        self._moves = not homogeneous and (batches.pull is not None or batches.minimum is not None)
        self._each = np.zeros((3, self.width))
        self._each[0] = self.spread(np.tile(batches.eigenvalues, sets))
        for row, values in enumerate((batches.pull, batches.minimum), 1):
            if values is not None and not homogeneous:
                self._each[row] = self.spread(values)
        self._orders = np.tile(np.arange(batches.numbers), (runs, 1))

    def source(self, memory: int, nonzero: tuple[bool, ...]) -> str:
        """Return the source of the kernel."""
        decays = self._batches.weight_decay != 0
        return sampled_source(memory, nonzero, decays, self._moves, self._homogeneous)

    def arguments(
        self, run: int, generator: np.random.Generator, made: int, steps: int
    ) -> tuple[tuple[Any, ...], Array]:
        """Return what comes between the entries and the state, for some steps, and the room."""
        batches = self._batches
        given = (
            *(batches.sizes, made, *batches.draw(generator, made, steps), self._orders[run]),
            *(batches.shuffled, self._sets, batches.outputs, self._columns, self._residuals),
            *(batches.weight_decay, self._each),
        )
        return given, np.empty((2, self.width))
