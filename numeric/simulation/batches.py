"""Where simulated mini-batches come from: samples, or a Gaussian distribution of features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.arithmetic.inputs import number
from sgdmem.numeric.problems.batch_size import is_infinite
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.problems.samples import Samples
from sgdmem.numeric.problems.whitened import WhitenedRows
from sgdmem.symbolic.errors import InputError

MOST_MODES = 10**6
_LARGEST_BATCH = 10**15
COUNTED = 3  # batches of more than so many times the samples are drawn as counts, which is faster


@dataclass(frozen=True, eq=False)
class Batches:
    """Mini-batches, in the coordinates of `sgdmem.numeric.simulation.steps`.

    Attributes
    ----------
    sizes : ndarray of int, shape (T,)
        B; or those of the batches of an epoch, in order.
    eigenvalues : ndarray, shape (N,)
    samples : Samples or None
        What is drawn; None for Gaussian features.
    label_variance : float
        Of the residuals of Gaussian features.
    weight_decay : float
        In the gradient.
    """

    sizes: Array
    eigenvalues: Array
    samples: Samples | None = None
    label_variance: float = 0.0
    weight_decay: float = 0.0

    @classmethod
    def of(cls, problem: Problem, batch_size: Any) -> Batches:
        """Read a batch size: of samples where the problem has them, whatever its noise."""
        size, samples = _read_size(batch_size), problem.samples
        decay = float(problem.weight_decay)
        if samples is None:
            if problem.noise.coupling is not None:
                raise InputError(
                    "noise of a coupling cannot be simulated: no features that have it are known; "
                    "Problem.from_data draws rows, and other noise stands for Gaussian features"
                )
            copies = multiplicities(problem)  # refuses a spectrum that is too long to be listed
            label = float(problem.noise.label_variance)
            eigenvalues = np.repeat(problem.spectrum.eigenvalues, copies)
            return cls(np.array([size]), eigenvalues, None, label, decay)
        epoch = Noise(samples=samples).at(size).epoch  # refuses a batch of more than all samples
        if isinstance(samples.columns, WhitenedRows):
            raise InputError(samples.columns.refusal)
        sizes = (size,) * (len(samples) // size if samples.drawing.shuffle else 1)
        sizes = sizes if epoch is None else epoch.sizes
        return cls(np.array(sizes), samples.eigenvalues, samples, weight_decay=decay)

    @property
    def size(self) -> int:
        """B."""
        return int(self.sizes[0])

    @property
    def outputs(self) -> int:
        """K."""
        return 1 if self.samples is None else self.samples.outputs

    @property
    def residuals(self) -> Array:
        """What the best fit leaves, shape (R, n K); none where labels are fitted, or not given."""
        if self.samples is None or self.samples.residuals is None:
            return np.empty((0, 0))
        found = np.ascontiguousarray(self.samples.residuals)
        return found.reshape(len(found), -1)

    @property
    def pull(self) -> Array | None:
        """The mean of the whitened gradients at rest, shape (R, N); None where it is 0."""
        return None if self.samples is None else self.samples.pull

    @property
    def minimum(self) -> Array | None:
        """The whitened minimum, shape (R, N); None where w is relative to 0."""
        return None if self.samples is None else self.samples.minimum

    @property
    def shuffled(self) -> bool:
        """Whether an epoch goes through all samples in a random order."""
        return self.samples is not None and self.samples.drawing.shuffle

    @property
    def has_order(self) -> bool:
        """Whether the samples of a batch are distinct."""
        return self.shuffled or (self.samples is not None and not self.samples.drawing.replacement)

    @property
    def numbers(self) -> int:
        """How many a run keeps beside its state."""
        return len(self.samples) if self.samples is not None and self.has_order else 0

    @property
    def vectors(self) -> int:
        """How many vectors a step goes through."""
        if self.samples is None:
            return 1
        return min(self.size, COUNTED * len(self.samples)) * self.outputs

    def draw(self, generator: np.random.Generator, made: int, steps: int) -> tuple[Array, ...]:
        """Return what decides the samples of some steps, after so many: `sampled_source` has it.

        How often each sample is in a batch, shape (T, n); or which one is where in the batch, shape
        (T, B); or with which place each one of an order changes, a row for each new order.
        """
        assert self.samples is not None
        counts, picks, swaps = np.empty((3, 0, 0), dtype=np.int64)
        n, weights = len(self.samples), self.samples.weights
        if self.has_order:
            period = self.sizes.size if self.shuffled else 1
            orders = len(range(-made % period, steps, period))
            placed = n if self.shuffled else self.size if self.size < n else 0
            places = np.arange(min(placed, n - 1))
            swaps = generator.integers(places, n, (orders, places.size))
        elif self.size > COUNTED * n:
            counts = generator.multinomial(self.size, weights, steps)
        elif np.ptp(weights) == 0:
            picks = generator.integers(0, n, (steps, self.size))
        else:
            sums = np.cumsum(weights)
            uniform = generator.random((steps, self.size))
            picks = np.searchsorted(sums / sums[-1], uniform, side="right")
        return counts, picks, swaps


def multiplicities(problem: Problem) -> Array:
    """Return the multiplicities of the eigenvalues of Gaussian features.

    Raises
    ------
    InputError
        If they are no integers, or the modes too many.
    """
    spectrum = problem.spectrum
    if spectrum.is_infinite or spectrum.count > MOST_MODES:
        raise InputError(
            f"spectrum must have at most {MOST_MODES:,} modes to be simulated, got {spectrum!r}"
            f"{': give a count' if spectrum.law is not None else ''}"
        )
    weights = spectrum.weights
    whole = weights == np.round(weights)
    if not whole.all():
        bad = float(weights[~whole][0])
        raise InputError(f"spectrum must have integer multiplicities to be simulated, got {bad}")
    return weights.astype(int)


def _read_size(batch_size: Any) -> int:
    if is_infinite(batch_size):
        raise InputError("batch_size must be finite: a full batch has no noise, see losses()")
    value = number(batch_size, "batch_size")
    if value.denominator != 1 or not 1 <= value <= _LARGEST_BATCH:
        raise InputError(
            f"batch_size must be an integer from 1 to {_LARGEST_BATCH:,}, got {batch_size}"
        )
    return int(value)
