"""The exact condition applied to many algorithms of one memory on one problem."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.judges.reason import Reason
from sgdmem.numeric.judges.stability_rule import (
    NOTHING,
    REASONS,
    RESOLVED,
    ROUGHLY_RESOLVED,
    decide,
    decide_unphysical,
)
from sgdmem.numeric.noise_sums.kinds_of_noise import is_sampled, noise_operator
from sgdmem.numeric.noise_sums.listed_noise_sum import NoiseSums
from sgdmem.numeric.noise_sums.mode_summands import ModeForm, no_pull
from sgdmem.numeric.noise_sums.noise_operator import Bounds, NoiseOperator
from sgdmem.numeric.noise_sums.noise_sum import noise_sums
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.spectra.spectrum import Spectrum

_UNSUMMED = [  # places of the reasons for which the radius is infinite or may be
    REASONS.index(reason)
    for reason in (
        Reason.NO_PULL,
        Reason.NOISELESS,
        Reason.MODE_NOISE,
        Reason.TRACE_DIVERGES,
        Reason.SQUARES_DIVERGE,
        Reason.UNDECIDED_NOISELESS,
        Reason.UNDECIDED_MODE_NOISE,
    )
]


@dataclass(frozen=True)
class JointJudge:
    """What the one rule needs to know, with error bounds; arrays of shape (A,).

    Attributes
    ----------
    form : HalfPlaneForm or LongForm
        Of the algorithms, from `ball_form`.
    spectrum
        A list where the noise is given mode by mode; its squares stay in the range of floats.
    noise : BatchNoise
    sharp : bool
        Whether the radius is wanted closely. Otherwise its bounds only decide, if they can.
    """

    form: ModeForm
    spectrum: Spectrum
    noise: BatchNoise
    sharp: bool = True

    @cached_property
    def sums(self) -> NoiseSums:
        """What the recursion says about all modes."""
        spreads = not self.noise.is_quiet
        return noise_sums(self.form, self.spectrum, self.noise.share2, spreads=spreads)

    @cached_property
    def whole_sums(self) -> NoiseSums:
        """The same, summed even where nothing adds up: under full batches."""
        if not self.noise.is_quiet:
            return self.sums
        return noise_sums(self.form, self.spectrum, self.noise.share2)

    @cached_property
    def cautious_sums(self) -> NoiseSums:
        """The sums of the small-gain condition for tau2 > tau1."""
        return noise_sums(self.form, self.spectrum, self.noise.cautious.share2)

    @cached_property
    def operator(self) -> NoiseOperator:
        """What the noise of one step does to that of the next ones."""
        return noise_operator(self.noise, self.spectrum)

    @cached_property
    def has_no_pull(self) -> Array:
        """Whether Q(1) is exactly 0."""
        return no_pull(self.form)

    @property
    def is_unphysical(self) -> bool:
        """Whether there is noise, with tau2 > tau1."""
        return not (self.noise.is_physical or self.noise.is_quiet)

    @cached_property
    def radius(self) -> Bounds:
        """Bounds of the radius of the noise operator, where every mode is certain; else 0, inf."""
        return self.operator.enclose(self.form, self.sums, self._is_certain, self.sharp)

    @property
    def _is_certain(self) -> Array:
        """Where every mode is certainly strictly Schur and damped."""
        return np.asarray((self.sums.schur == 1) & (self.sums.damped == 1))

    @cached_property
    def estimate(self) -> Array:
        """The radius between its bounds, estimated where these only decide: on samples."""
        if is_sampled(self.operator):
            from sgdmem.numeric.noise_sums.smooth_radius import smooth_radius

            return smooth_radius(self.operator, self.form, self.radius, self._is_certain)
        low, high = self.radius
        return (low + high) / 2

    @cached_property
    def codes(self) -> Array:
        """Which condition decides: places in ``REASONS``."""
        pull, schur, damped = ~self.has_no_pull, self.sums.schur, self.sums.damped
        if self.is_unphysical:
            low = np.where(damped == 1, self.radius[0], 0.0)
            cautious = self.cautious_sums
            wanted = (schur == 1) & (low < 1) & (cautious.damped == 1)
            high = self.operator.enclose(self.form, cautious, wanted)[1]
            high = np.where(wanted, high, np.inf)
            return decide_unphysical(pull=pull, schur=schur, proved_low=low, cautious_high=high)
        low, high = self.radius
        return decide(
            pull=pull,
            schur=schur,
            trace=trace_kind(self.noise, self.spectrum),
            noise=int(not self.noise.is_quiet),
            damped=damped,
            low=low,
            high=high,
        )

    @cached_property
    def is_summed(self) -> Array:
        """Whether the radius is known to be finite, or is of the modes that are certain."""
        return np.asarray(~np.isin(self.codes, _UNSUMMED) & (self.sums.schur == 1))

    @property
    def is_resolved(self) -> Array:
        """Where the middle of the bounds is as good as the radius, or it is infinite or may be."""
        sharply = (self.codes == REASONS.index(Reason.STABLE)) | (not self.sharp)
        within = np.where(sharply, RESOLVED, ROUGHLY_RESOLVED)
        low, high = self.radius
        known = ~(low < np.inf) | (high <= low * (1 + within) + NOTHING)
        return np.asarray(known | ~self.is_summed)

    @cached_property
    def noise_sum(self) -> Array:
        """The radius, in the middle of its bounds; inf where it is infinite or may be."""
        low, high = self.radius
        middle = np.where(np.isinf(high), high, (low + high) / 2)
        return np.where(self.is_summed, middle, np.inf)


def trace_kind(noise: BatchNoise, spectrum: Spectrum) -> int:
    """Return 1 where there is noise and the eigenvalues have no finite sum, 2 if nor their squares.

    0 otherwise: ``trace`` of the rule.
    """
    law = spectrum.law
    if law is None or not spectrum.diverges or not noise.spreads:
        return 0
    return 1 if 2 * law.exponent > 1 else 2
