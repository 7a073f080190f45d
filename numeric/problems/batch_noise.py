"""The noise of mini-batches of one size: what it does, and whether anything is left of it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.arithmetic.shares import percent
from sgdmem.numeric.problems.batch_size import inverse_batch_size
from sgdmem.numeric.problems.drawing import Epoch
from sgdmem.numeric.problems.noise_parts import NoiseParts, value_text
from sgdmem.symbolic.algebra.scalars import to_float

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, init=False)
class BatchNoise(NoiseParts):
    """The noise of mini-batches of one size.

    Attributes
    ----------
    inverse_batch : Fraction
        1 / B; zero for the full batch.
    """

    inverse_batch: Fraction

    def __init__(
        self, *parts: Any, inverse_batch: Fraction = Fraction(0), **named_parts: Any
    ) -> None:
        super().__init__(*parts, **named_parts)
        vars(self).update(inverse_batch=inverse_batch)

    @property
    def batch_size(self) -> float:
        """B; inf for the full batch."""
        return to_float(1 / self.inverse_batch) if self.inverse_batch else math.inf

    @property
    def share(self) -> Fraction:
        """By which the noise of one sample is multiplied in the mean of a batch.

        Of batches of several sizes the mean over an epoch.
        """
        full, last = self.shares
        return full if self.epoch is None else full + (last - full) / self.epoch.steps

    @property
    def epoch(self) -> Epoch | None:
        """Which sizes the batches have; None where it is one."""
        if self.samples is None:
            return None
        return self.samples.drawing.epoch(len(self.samples), self.inverse_batch)

    @property
    def shares(self) -> tuple[Fraction, Fraction]:
        """The shares of all batches of an epoch but the last one, and of that."""
        if self.samples is None:
            return self.inverse_batch, self.inverse_batch
        drawing, n, epoch = self.samples.drawing, len(self.samples), self.epoch
        full = drawing.share(n, self.inverse_batch) / self.trace_share
        if epoch is None:
            return full, full
        return full, drawing.share(n, Fraction(1, epoch.last)) / self.trace_share

    @property
    def shares_in_order(self) -> Array:
        """The share of each batch of an epoch, shape (T,); one where they are all alike."""
        full, last = map(float, self.shares)
        return np.append(np.full(0 if self.epoch is None else self.epoch.steps - 1, full), last)

    def of_one_size(self, size: int) -> BatchNoise:
        """Return that of batches of one size, of the same samples."""
        assert self.samples is not None  # only they have epochs
        alike = replace(self.samples.drawing, drop_last=True)
        samples = replace(self.samples, drawing=alike)
        return BatchNoise(samples=samples, inverse_batch=inverse_batch_size(size))

    @property
    def trace_share(self) -> Fraction:
        """Of the trace of the samples' curvature that their modes have; the noise is divided by it.

        Leading modes alone make too little noise, and nearly this share of it.
        """
        return Fraction(1 if self.samples is None else self.samples.trace_share)

    @property
    def is_partial(self) -> bool:
        """Whether modes of the samples are left out, whose noise is estimated."""
        return self.trace_share < 1 and not self.is_quiet

    @property
    def is_reference(self) -> bool:
        """Whether it stands for that of shuffled epochs."""
        return self.samples is not None and self.samples.drawing.shuffle and not self.is_quiet

    @property
    def is_estimated(self) -> bool:
        """Whether what is said of it is estimated: it was fitted, is a reference or partial."""
        fitted = self.estimate is not None and not self.is_quiet
        return self.is_reference or self.is_partial or fitted

    @property
    def origin(self) -> str:
        """What an estimated noise stands for, as the end of a sentence; otherwise empty."""
        parts = []
        if self.is_partial:
            parts.append(
                f"of modes with {percent(float(self.trace_share))} of the trace, the noise of "
                "the others in proportion"
            )
        if self.is_reference:
            parts.append("of batches drawn anew, the reference for shuffled epochs")
        if parts:
            return ", ".join(parts)
        return self.estimate.origin if self.estimate is not None and self.is_estimated else ""

    @property
    def is_quiet(self) -> bool:
        """Whether nothing of it is left: full batches."""
        return self.share == 0

    @property
    def is_none(self) -> bool:
        """Whether no mode has any: full batches, or tau1 (or the coupling) and tau2 are 0."""
        if self.is_quiet or self.samples is not None:
            return self.is_quiet
        feeds = [self.tau1]
        if self.coupling is not None:
            feeds = [x for block in self.coupling for line in block.exact() for x in line]
        return not any(feeds) and not any(
            self.tau2 if isinstance(self.tau2, tuple) else [self.tau2]
        )

    @property
    def spreads(self) -> bool:
        """Whether the noise of one mode reaches the others: tau1 / B, or a coupling, is not 0."""
        return not self.is_quiet and (self.coupling is not None or self.tau1 > 0)

    @property
    def stirs(self) -> bool:
        """Whether it moves what rests at the minimum: noise of labels, or residuals of samples."""
        own = self.samples is not None and self.samples.has_residuals
        return not self.is_quiet and (own or self.label_variance > 0)

    @property
    def least_loss(self) -> float:
        """The loss at the minimum that is due to labels."""
        if self.samples is not None:
            return self.samples.least_loss if self.samples.has_residuals else 0.0
        return to_float(self.label_variance / 2)

    @property
    def share1(self) -> Ball:
        """tau1 / B."""
        return Ball.exactly([self.tau1 * self.inverse_batch])[0]

    @cached_property
    def share2(self) -> Ball:
        """tau2 / B, one ball or one for each eigenvalue."""
        if isinstance(self.tau2, Fraction):
            return Ball.exactly([self.tau2 * self.inverse_batch])[0]
        return Ball.exactly([value * self.inverse_batch for value in self.tau2])

    @property
    def cautious(self) -> BatchNoise:
        """The noise with -abs(tau2): whatever is stable under it is stable (theory page)."""
        tau2 = self.tau2
        negative = tuple(-abs(v) for v in tau2) if isinstance(tau2, tuple) else -abs(tau2)
        return replace(self, tau2=negative)

    def __str__(self) -> str:
        if self.is_quiet:
            return "full batches, no noise"
        size = (
            f"batch size {value_text(1 / self.inverse_batch)}" if self.epoch is None else self.epoch
        )
        if self.samples is None:
            return f"{size}, {super().__str__()}"
        return f"{size}, {self._number_of_samples}, {self.samples.drawing.way}"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; an infinite batch size becomes None."""
        batch_size = None if self.is_quiet else self.batch_size
        epoch = None if self.epoch is None else asdict(self.epoch)
        return {"batch_size": batch_size, "epoch": epoch, **super().to_dict()}
