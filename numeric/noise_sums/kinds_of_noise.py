"""Which operator belongs to which noise; modules of samples are imported for them alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from sgdmem.numeric.noise_sums.noise_operator import MatrixOperator, NoiseOperator, ScalarOperator
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.spectra.spectrum import Spectrum

if TYPE_CHECKING:
    from sgdmem.numeric.noise_sums.epoch_operator import EpochOperator
    from sgdmem.numeric.noise_sums.sampled_operator import SampledOperator


def noise_operator(noise: BatchNoise, spectrum: Spectrum) -> NoiseOperator:
    """Return the operator of a noise on a spectrum."""
    if noise.samples is None:
        kind = ScalarOperator if noise.coupling is None else MatrixOperator
        return kind(noise, spectrum)
    if noise.epoch is None:
        from sgdmem.numeric.noise_sums.sampled_operator import SampledOperator

        return SampledOperator(noise, spectrum)
    from sgdmem.numeric.noise_sums.epoch_operator import EpochOperator

    return EpochOperator(noise, spectrum)


def is_sampled(operator: NoiseOperator) -> TypeGuard[SampledOperator]:
    """Whether it is that of samples."""
    return operator.noise.samples is not None


def has_epochs(operator: NoiseOperator) -> TypeGuard[EpochOperator]:
    """Whether it is that of samples whose epochs end with a smaller batch."""
    return operator.noise.epoch is not None
