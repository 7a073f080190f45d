"""What is known to lie in intervals: parameters of a family, and those of the noise."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array, Ball
from sgdmem.numeric.compiled_maps.family_program import FamilyProgram, family_program
from sgdmem.numeric.problems.batch_noise import BatchNoise
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.regions.boxes import BoxJudge, Modes, NoiseShares
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.branching_values import branches
from sgdmem.symbolic.algorithms.family import Family
from sgdmem.symbolic.errors import InputError

OF_NOISE = ("batch_size", "tau1", "tau2")
Ends = tuple[Array, Array]


@dataclass(frozen=True)
class BoxQuestion:
    """A family on a problem, to be judged on boxes of some of its parameters.

    Attributes
    ----------
    judge : BoxJudge
    least, most : BatchNoise
        The noise where nothing of it varies; two where an estimate leaves room.
    names : tuple of str
        The parameters that vary, `OF_NOISE` among them.
    exceptions : mapping of str to list of Fraction
        Values of the family's parameters at which it is another method, or none: what is said of a
        box is not said of these.
    """

    judge: BoxJudge
    least: BatchNoise
    most: BatchNoise
    names: tuple[str, ...]
    exceptions: Mapping[str, Sequence[Fraction]]

    def verdicts(self, low: Array, high: Array) -> Array:
        """Return 1 for boxes all stable, 0 for those all unstable, -1 otherwise.

        Parameters
        ----------
        low, high : ndarray, shape (A, K)
            Ends of the intervals of the K parameters that vary; a batch size may be infinite.
        """
        ends = {name: (low[:, [k]], high[:, [k]]) for k, name in enumerate(self.names)}
        own = {name: _ball(*x) for name, x in ends.items() if name not in OF_NOISE}
        noise = {name: x for name, x in ends.items() if name in OF_NOISE}
        least, most = self._shares(noise)
        return self.judge.verdicts(own, least, most, len(low))

    def _shares(self, ends: Mapping[str, Ends]) -> tuple[NoiseShares, NoiseShares]:
        """Return the least and the most noise of boxes."""
        sizes = ends.get("batch_size", (None, None))
        if self.least is self.most and not ends:
            both = _shares(self.most, None, None, None)
            return both, both
        tau1, tau2 = ends.get("tau1", (None, None)), ends.get("tau2", (None, None))
        return (
            _shares(self.least, sizes[1], tau1[0], tau2[1]),
            _shares(self.most, sizes[0], tau1[1], tau2[0]),
        )


def _shares(
    noise: BatchNoise, batch_size: Array | None, tau1: Array | None, tau2: Array | None
) -> NoiseShares:
    if batch_size is None:
        inverse = Ball.exactly([noise.inverse_batch])[:, None]
    else:
        finite = np.isfinite(batch_size)
        inverse = Ball(np.where(finite, 1.0, 0.0)) / Ball(np.where(finite, batch_size, 1.0))
    given = noise.tau2 if isinstance(noise.tau2, tuple) else [noise.tau2]
    first = Ball.exactly([noise.tau1])[:, None] if tau1 is None else Ball(tau1)
    second = Ball.exactly(given)[None, :] if tau2 is None else Ball(tau2)
    return NoiseShares(first * inverse, second * inverse)


def _ball(low: Array, high: Array) -> Ball:
    """Return a ball around an interval of floats."""
    middle = low / 2 + high / 2
    radius = np.maximum(high - middle, middle - low)
    return Ball(middle, np.where(radius > 0, np.nextafter(radius, np.inf), 0.0))


def read_family(
    family: Family[...], ends: Mapping[str, tuple[float, float]]
) -> tuple[FamilyProgram, dict[str, list[Fraction]]]:
    """Return a family of parameters that all vary as a program, and where it does not hold.

    Raises
    ------
    InputError
        If it is not one rational function of them.
    """
    telling = branches(family, list(ends)).values
    samples = {}
    for name, (low, high) in ends.items():
        inner = {low + (high - low) * share for share in (0.382, 0.5, 0.618)}
        exact = {Fraction(value) for value in (low, high, *inner)}
        samples[name] = sorted(exact | {value for value in telling[name] if low <= value <= high})
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = family_program(family, samples)
    if found is None:
        why = str(said[-1].message).rpartition(": ")[2] if said else "it is no formula"
        raise InputError(f"no box of parameters of {family.name} can be judged as one: {why}")
    return found


def box_judge(program: FamilyProgram, problem: Problem, modes: Modes | None = None) -> BoxJudge:
    """Return what judges boxes on a problem, with other eigenvalues than its own if given."""
    spectrum = problem.spectrum.held() if program.decays else problem.spectrum
    if modes is None:
        modes = Modes.of(spectrum, listed=isinstance(problem.noise.tau2, tuple))
    return BoxJudge(program, modes, problem.weight_decay, spectrum.diverges)


def require_two_parameters(noise: Noise) -> None:
    """Raise InputError unless a noise is one of two parameters."""
    if noise.mixes:
        kind = "samples" if noise.samples is not None else "a coupling matrix"
        raise InputError(
            f"the noise must be that of tau1 and tau2 for whole boxes of parameters, got {kind}; "
            "Noise.fit(X) estimates them"
        )


def require_physical(name: str, tau1: Any, tau2: Any) -> None:
    """Raise InputError where tau2 > tau1, somewhere in an interval, which no data have."""
    if tau2 > tau1:
        raise InputError(
            f"{name}: tau2 must be at most tau1 everywhere, got tau2 = {to_float(tau2):g} with "
            f"tau1 = {to_float(tau1):g}: no data have such noise"
        )
