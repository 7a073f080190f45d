"""The least and the most noise that intervals, or an estimate, leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sgdmem.numeric.judges.fitted_noise import extreme_noises
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.batch_size import is_infinite
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.noise_estimate import NoiseEstimate
from sgdmem.numeric.regions.intervals import Interval
from sgdmem.numeric.regions.uncertain import require_physical
from sgdmem.symbolic.errors import InputError

_UNBOUNDED = 10**100  # tau1 where an estimate says nothing


@dataclass(frozen=True)
class NoiseExtremes:
    """The least and the most noise, each with what a witness says of it.

    Attributes
    ----------
    least, most
        The same object where nothing of the noise is uncertain.
    most_is_known : bool
        False where an estimate has no upper end.
    """

    least: tuple[BatchNoise, Mapping[str, Any]]
    most: tuple[BatchNoise, Mapping[str, Any]]
    most_is_known: bool = True

    @property
    def known(self) -> list[tuple[BatchNoise, Mapping[str, Any]]]:
        """Those that are possible noises."""
        if self.least is self.most:
            return [self.least]
        return [self.least, self.most] if self.most_is_known else [self.least]


def noise_extremes(noise: Noise, batch_size: Any, read: Mapping[str, Interval]) -> NoiseExtremes:
    """Return the extremes of a noise, of which some parameters, or the batch size, are intervals.

    Of an estimate those that two standard errors and its misfit leave.

    Raises
    ------
    InputError
        If some of it is what data cannot have, tau2 > tau1.
    """
    fewest, largest = read.get("batch_size", (None, None))
    if fewest is None:
        fewest = largest = batch_size
    sizes = (largest, fewest)
    said_sizes = [{"batch_size": x} if "batch_size" in read else {} for x in sizes]
    named = {"tau1", "tau2"} & {*read}
    if isinstance(noise.estimate, NoiseEstimate) and not named:
        return _of_estimate(noise, noise.estimate, sizes, said_sizes)
    tau1 = read.get("tau1", (noise.tau1, noise.tau1))
    if not named:
        quiet = "batch_size" not in read and is_infinite(batch_size)
        if not quiet:
            require_physical("problem", noise.tau1, noise.largest_tau2)
        ends = [noise, noise]
    else:
        tau2 = read.get("tau2")
        if tau2 is None and isinstance(noise.tau2, tuple):
            raise InputError("tau1 cannot be an interval where tau2 is given mode by mode")
        low, high = tau2 or (noise.tau2, noise.tau2)
        require_physical("intervals", tau1[0], high)
        ends = [Noise(tau1[0], high), Noise(tau1[1], low)]
    least, most = ends[0].at(largest), ends[1].at(fewest)
    said = [
        {**size, **{x: getattr(end, x) for x in sorted(named)}}
        for end, size in zip(ends, said_sizes, strict=True)
    ]
    if said[0] == said[1]:
        only = most, said[1]
        return NoiseExtremes(only, only)
    return NoiseExtremes((least, said[0]), (most, said[1]))


def _of_estimate(
    noise: Noise, estimate: NoiseEstimate, sizes: tuple[Any, Any], said: Sequence[Mapping[str, Any]]
) -> NoiseExtremes:
    """Return the extremes that an estimate leaves, at the largest and the smallest batch."""
    least, most = (extreme_noises(noise.at(size), estimate)[end] for end, size in enumerate(sizes))
    pair = (
        Noise(0).at(sizes[0]) if least is None else least,
        Noise(_UNBOUNDED).at(sizes[1]) if most is None else most,
    )
    first, second = (
        (x, {**size, "tau1": x.tau1, "tau2": x.tau2}) for x, size in zip(pair, said, strict=True)
    )
    return NoiseExtremes(first, second, most is not None)
