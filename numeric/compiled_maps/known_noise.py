"""Which noise machine code knows, and what becomes of its verdicts where tau2 > tau1."""

from __future__ import annotations

from fractions import Fraction

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compiled_maps.points import Outcomes
from sgdmem.numeric.problems.batch_noise import BatchNoise


def is_simple(noise: BatchNoise) -> bool:
    """Whether machine code knows a noise model."""
    physical = noise.is_physical or noise.is_quiet
    return not noise.mixes and physical and isinstance(noise.tau2, Fraction)


def is_bold(noise: BatchNoise) -> bool:
    """Whether machine code knows a noise model by bounds alone: tau2 > tau1."""
    return not (noise.mixes or is_simple(noise)) and isinstance(noise.tau2, Fraction)


def damps_modes(noise: BatchNoise) -> bool:
    """Whether no single mode's noise can feed on itself, tau2 not being negative."""
    return is_simple(noise) and noise.tau2 >= 0  # type: ignore[operator]


def decide_unphysical(found: Outcomes, cautious: Outcomes, bold: Array) -> Array:
    """Correct verdicts by the rule for tau2 > tau1, where noise is ``bold``; return those left.

    Given are the outcomes by the rule for all other noise, under the noise itself and under the
    cautious one. Sums that are too large prove that it is not stable. Where they are small it is
    stable if it is so under the cautious noise; what that leaves, and what is not stable without
    noise, is undecided for good.
    """
    stable, open_ = found.stable, (found.stable == 1) & (cautious.stable == -1)
    for_good = ((stable == 1) & (cautious.stable != 1)) | ((stable == 0) & ~found.is_summed)
    stable[bold & for_good] = -1
    left: Array = bold & open_
    return left
