"""What the mean loss on a power law has beside powers of the time, and loses exponentially."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems.target import PowerLawTarget
from sgdmem.numeric.schedules.schedule import Schedule
from sgdmem.numeric.spectra.power_law import PowerLaw, riemann_zeta
from sgdmem.symbolic.algebra.scalars import to_float
from sgdmem.symbolic.algorithms.algorithm import Algorithm


@dataclass(frozen=True)
class Transients:
    r"""What is not a power of t, and dies out exponentially.

    A sum over :math:`k^{-s}e^{-xk^{-\nu}}` is not quite the integral: by Poisson's formula and the
    saddle point of :math:`xk^{-\nu}-2\pi ik` the rest falls like
    :math:`\exp(-2\pi(1+1/\nu)\sin(\tfrac{\pi}{2(\nu+1)})(\nu x/2\pi)^{1/(\nu+1)})`.

    Attributes
    ----------
    exponent : float
        nu.
    speed : float
        x = speed * t, twice the effective learning rate times the largest eigenvalue.
    start : float
        The loss before the first step.
    roots : tuple of float
        Moduli of the slowest root of D, and of the slowest one at the largest eigenvalue.
    """

    exponent: float
    speed: float
    start: float
    roots: tuple[float, float]

    def ripple(self, t: Array) -> Array:
        """Return the relative size of what the gaps between eigenvalues make."""
        nu = self.exponent
        place = (nu * self.speed * t / (2 * np.pi)) ** (1 / (nu + 1))
        angle = np.sin(np.pi / (2 * (nu + 1)))
        return np.exp(-2 * np.pi * (1 + 1 / nu) * angle * place)  # type: ignore[no-any-return]

    def size(self, t: Array) -> Array:
        """Return the size of what is left of the start."""
        memory, top = self.roots
        return self.start * (memory**t + top ** (2 * t))


def transients(algorithm: Algorithm, law: PowerLaw, target: PowerLawTarget) -> Transients:
    """Return the transients of an algorithm on a power law."""
    still, push = (x[0] for x in Schedule.constant(algorithm).steps(0, 1).state_matrices)
    memory = np.abs(np.linalg.eigvals(still[1:, 1:])).max(initial=0.0)
    top = np.abs(np.linalg.eigvals(still + law.scale * push)).max()
    power = law.exponent * target.exponent + 1
    first = target.first_mass(law)
    return Transients(
        exponent=law.exponent,
        speed=2 * to_float(algorithm.effective_learning_rate) * law.scale,
        start=first * riemann_zeta(power) / 2,
        roots=(float(memory), float(top)),
    )
