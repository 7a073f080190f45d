"""How batches are drawn from samples, and how noisy that makes their mean."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.symbolic.errors import InputError, shown


@dataclass(frozen=True)
class Epoch:
    """Batches that go through n samples: some of one size, and a smaller last one.

    Attributes
    ----------
    size : int
        Of all batches but the last one.
    last : int
        That of the last one, below ``size``.
    steps : int
        How many batches there are, the last one included.
    """

    size: int
    last: int
    steps: int

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of every batch, in order.

        >>> Epoch(3, 1, 4).sizes
        (3, 3, 3, 1)
        """
        return (self.size,) * (self.steps - 1) + (self.last,)

    def __str__(self) -> str:
        full = f"{self.steps - 1:,} batch{'es' if self.steps > 2 else ''} of {self.size:,}"
        return f"epochs of {full} and one of {self.last:,}"


@dataclass(frozen=True)
class Drawing:
    """How batches are drawn.

    Attributes
    ----------
    replacement : bool
        Whether one sample may be in a batch twice.
    drop_last : bool
        Whether all batches have one size. If not, an epoch ends with what is left of n samples.
    shuffle : bool
        Whether an epoch's batches are those of a random order of all samples, in place of batches
        that are drawn afresh.
    """

    replacement: bool = True
    drop_last: bool = True
    shuffle: bool = False

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not isinstance(value, bool | np.bool_):
                raise InputError(f"{name} must be True or False, got {shown(value)}")
        if self.shuffle and not self.replacement:
            raise InputError(
                "replacement=False and shuffle=True exclude each other: batches of shuffled epochs "
                "have no sample twice, and their noise is nearest to that with replacement"
            )

    @property
    def weighted(self) -> bool:
        """Whether samples may have weights."""
        return self.replacement and not self.shuffle

    def epoch(self, count: int, inverse_batch: Fraction) -> Epoch | None:
        """Return what an epoch of so many samples is; None where all batches have one size.

        Raises
        ------
        InputError
            Of epochs, for a batch that is no integer, or of more than all samples.
        """
        if inverse_batch == 0 or (self.drop_last and not self.shuffle):
            return None
        size = batch_of_epoch(1 / inverse_batch, count)
        left = count % size
        return None if self.drop_last or left == 0 else Epoch(size, left, count // size + 1)

    def share(self, count: int, inverse_batch: Fraction) -> Fraction:
        """Return by which the covariance of one sample is multiplied in the mean of a batch.

        That is 1 / B with replacement, and (n - B) / (B (n - 1)) without. For shuffled epochs it is
        that of their reference: 1 / B, or 0 for a batch of all samples.

        Raises
        ------
        InputError
            For a batch of more than all samples without replacement.
        """
        if inverse_batch == 0 or (self.shuffle and inverse_batch * count == 1):
            return Fraction(0)
        if self.replacement:
            return inverse_batch
        if inverse_batch * count < 1:
            raise InputError(
                f"batch_size must be at most the number of samples, {count}, without replacement, "
                f"got {float(1 / inverse_batch):g}"
            )
        return (count * inverse_batch - 1) / (count - 1) if count > 1 else Fraction(0)

    @property
    def way(self) -> str:
        """How samples come into a batch, in words."""
        if self.shuffle:
            return "shuffled for each epoch, judged as if drawn anew for each batch"
        return f"drawn anew for each batch, {'with' if self.replacement else 'without'} replacement"

    def __str__(self) -> str:
        return self.way if self.drop_last else f"{self.way}; an epoch ends with what is left"


def batch_of_epoch(size: Any, count: int) -> int:
    """Return a batch size of epochs of so many samples; InputError for none."""
    if size != int(size) or not 1 <= size <= count:
        raise InputError(
            f"batch_size must be an integer up to the number of samples, {count:,}, in epochs, "
            f"got {float(size):g}"
        )
    return int(size)
