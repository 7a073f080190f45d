"""Which operator a noise has."""

from __future__ import annotations

from sgdmem.numeric.problems.noise import BatchNoise
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.epoch_operator import EpochOperator
from sgdmem.numeric.verdicts.noise_operator import MatrixOperator, NoiseOperator, ScalarOperator
from sgdmem.numeric.verdicts.sampled_operator import SampledOperator


def noise_operator(noise: BatchNoise, spectrum: Spectrum) -> NoiseOperator:
    """Return the operator of a noise on a spectrum."""
    if noise.samples is not None:
        sampled = SampledOperator if noise.epoch is None else EpochOperator
        return sampled(noise, spectrum)
    kind = ScalarOperator if noise.coupling is None else MatrixOperator
    return kind(noise, spectrum)
