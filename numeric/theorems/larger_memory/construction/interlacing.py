"""Methods whose poles and zeros alternate on a line: theorem D's, and random ones."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple

import numpy as np

from sgdmem.numeric.acceleration.real_root_algorithms import real_root_entries
from sgdmem.numeric.theorems.instances import Array
from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algorithms.algorithm import Algorithm

FIRST, EVERY = "constants 1", "every T"  # the two choices of the theorem


class PartialFractions(NamedTuple):
    r"""Parts of a method: :math:`\alpha`, residues of its auxiliary vectors, and their dampings.

    The other ones are :math:`g`, :math:`\beta_i^2` and their sum F in "Energy identities". All are
    numbers, or arrays of many methods.
    """

    alpha: Any
    residues: list[Any]
    dampings: list[Any]

    @property
    def squares(self) -> list[Any]:
        r"""All :math:`\beta_i^2`."""
        return [x / (1 - d) for x, d in zip(self.residues, self.dampings, strict=True)]

    @property
    def pull(self) -> Any:
        """F."""
        return sum(self.squares)

    @property
    def g(self) -> Any:
        """What a step takes of w by itself."""
        return self.alpha - self.pull


class Interlacing(NamedTuple):
    """Poles and zeros in w = 2 (x - 1) / (x + 1), those of index 1 first, and the gain."""

    poles: tuple[Any, ...]
    zeros: tuple[Any, ...]
    gain: Any

    @property
    def algorithm(self) -> Algorithm:
        """The method, exact: a float is its binary value."""
        poles, zeros = ([Fraction(x) for x in roots] for roots in (self.poles, self.zeros))
        entries = real_root_entries(poles, zeros, Fraction(self.gain))
        return Algorithm(*Blocks.of_row(entries, len(poles)), floats=True)

    @property
    def rate(self) -> Any:
        """The effective learning rate."""
        return self.gain * prod(z / p for z, p in zip(self.zeros, self.poles, strict=True))

    @property
    def memory_time(self) -> Any:
        """The sum of all 1 / (1 - d)."""
        return sum(1 / x for x in self.partial_fractions.dampings)

    @property
    def partial_fractions(self) -> PartialFractions:
        """What the method is made of; of arrays, too."""
        M = len(self.poles)
        alpha, *rest = real_root_entries(self.poles, self.zeros, self.gain)
        residues = [-x for x in rest[M : 2 * M]]
        return PartialFractions(alpha, residues, [p / (1 + p / 2) for p in self.poles])

    def modulus(self, y: Array) -> Array:
        r"""Return the polygon :math:`\Phi`, which :math:`|\varphi|` is close to at w = iy."""
        roots = zip(self.zeros, self.poles, strict=True)
        factors = [np.maximum(y, float(z)) / np.maximum(y, float(p)) for z, p in roots]
        return np.asarray(float(self.gain) / y * np.prod(factors, axis=0))

    def crossing(self, lam: Array) -> Array:
        r"""Return y at which :math:`\lambda\Phi(y)=1`."""
        breaks = np.sort(np.array([*self.poles, *self.zeros], float))
        breaks = np.concatenate([breaks[:1] * 1e-300**0.5, breaks, breaks[-1:] * 1e150])
        levels = -np.log(self.modulus(breaks))  # ascending, linear in between
        return np.asarray(np.exp(np.interp(np.log(lam), levels, np.log(breaks))))

    def phase(self, y: Array) -> Array:
        r"""Return :math:`\vartheta`, which is 1 but on the stretches from a pole to its zero."""
        found = np.minimum(1.0, 1 / y)
        for p, z in zip(map(float, self.poles), map(float, self.zeros), strict=True):
            found = np.where((p <= y) & (y <= z), np.maximum(p / y, y / z), found)
        return found

    def symbol(self, y: Array) -> Array:
        """Return phi at w = iy, from the polynomials P and Q of the algorithm."""
        form = self.algorithm.half_plane_form.map(float)
        z = 0.5j * y
        Q, twice_D = (np.polyval(np.array(x, float), z) for x in (form.Q, form.fixed))
        return np.asarray((1 - z) * Q / (z * twice_D))


def fast_method(powers: Sequence[Any], rho: Any, gain: Any, kind: str = FIRST) -> Interlacing:
    """Return theorem D's method, of the T^e_0, ..., T^e_M; exact if all numbers are."""
    inverse = [1 / power for power in powers]
    if kind == FIRST:
        poles = inverse[1:]
        first = inverse[0]
    else:
        first, poles = inverse[0] / 8, []
        for before, here in pairwise(inverse):
            zero = rho * poles[-1] if poles else first
            poles.append(zero * (here / before) * 9 / 20)
    return Interlacing(tuple(poles), (first, *(rho * p for p in poles[:-1])), gain)


def random_interlacing(rng: np.random.Generator, memory: int, decades: float = 4) -> Interlacing:
    """Draw a spaced interlacing method: z_1 <= 1, zeros at most half of the pole above them.

    A pole is at most so many decades below its zero.
    """
    edge, poles, zeros = 1.0, list[float](), list[float]()
    for _ in range(memory):
        edge *= 10 ** -rng.uniform(0, 2) if not poles else 0.5 * 10 ** -rng.uniform(0, 2)
        zeros.append(edge)
        edge *= 10 ** -rng.uniform(0.01, decades)
        poles.append(edge)
    return Interlacing(tuple(poles), tuple(zeros), 10 ** -rng.uniform(0, 2))
