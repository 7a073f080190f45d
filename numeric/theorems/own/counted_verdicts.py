"""Wrong verdicts, counted: those of a claim against the spectral radius of the whole map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from sgdmem.numeric.theorems.check import Statement
from sgdmem.numeric.theorems.instances import (
    Array,
    Dynamics,
    random_algorithm,
    second_moment_matrix,
    spectral_radius,
    stable_algorithm,
)

_NEAR = 1e-4
_STABLE_SHARE = 0.75  # of the algorithms


def counting_statement(name: str) -> Statement:
    """Return a statement of the theory page of which wrong verdicts are counted."""
    return Statement(
        name,
        "sgdmem, theory page on the exact condition",
        tolerance=0.0,
        reason="verdicts are counted; the radii are more than 1e-7 from 1 and computed to 1e-13",
    )


@dataclass(frozen=True)
class Question:
    """An algorithm on a spectrum with noise, and the batch sizes at which it is stable."""

    eigenvalues: Array
    dynamics: Dynamics
    stable: bool  # without noise, as it was made
    coupling: Array
    tau2: ArrayLike

    @cached_property
    def answers(self) -> dict[float, bool]:
        """Batch sizes, and whether the radius of the whole map is below 1 there."""
        critical = None
        if self.stable:
            summand = self.dynamics.noise_summand(self.eigenvalues)
            critical = _critical_batch_size(summand, self.coupling, np.asarray(self.tau2))
        if critical is None:  # unstable, or stable, at every batch size
            sizes = [1e-3, 1.0, 1e3, 1e9]
        else:
            sizes = [critical * factor for factor in (1 - _NEAR, 1 + _NEAR, 0.1, 0.5, 2.0)]
        parts = self.dynamics, self.eigenvalues, self.coupling, self.tau2
        radii = spectral_radius(np.array([second_moment_matrix(*parts, B) for B in sizes]))
        return dict(zip(sizes, (radii < 1).tolist(), strict=True))

    def wrong(self, claim: Callable[[float], bool]) -> int:
        """Count disagreements of a claim about a batch size."""
        return sum(claim(B) != stable for B, stable in self.answers.items())


def random_dynamics(
    rng: np.random.Generator, memory: int, modes: int
) -> tuple[Array, Dynamics, bool]:
    """Draw eigenvalues and an algorithm; say whether it was made stable without noise there."""
    eigenvalues = 10 ** rng.uniform(-1.5, 0, modes)
    stable = rng.random() < _STABLE_SHARE
    algorithm = (
        stable_algorithm(rng, memory, eigenvalues) if stable else random_algorithm(rng, memory)
    )
    return eigenvalues, Dynamics.of(algorithm), stable


def _critical_batch_size(s: Array, coupling: Array, tau2: Array) -> float | None:
    """Return where the radius is 1: it falls from infinity, or from a floor, as B grows."""
    floor = max(0.0, float((-tau2 * s).max()))

    def excess(batch_size: float) -> float:
        return float(spectral_radius((s / (batch_size + tau2 * s))[:, None] * coupling)) - 1

    low, high = floor + 1e-6 * s.min(), floor + s.max() * coupling.sum()
    if excess(low) <= 0:  # the floor itself is critical, if there is one
        return floor or None
    return float(brentq(excess, low, 2 * high, xtol=1e-300))
