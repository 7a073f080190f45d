"""Stationary methods on which bounds are tried: random ones, and some that nearly attain them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import pairwise, product
from math import comb

import numpy as np

from sgdmem.numeric.acceleration.bounded_noise import bounded_power_law, resolved_problem
from sgdmem.numeric.acceleration.real_root_algorithms import Shape
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.theorems.instances import Dynamics, random_algorithm
from sgdmem.numeric.theorems.larger_memory.construction.interlacing import Interlacing
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.stability.poles import boundary_polynomial, noiseless_intervals

NOISE_SUM = 0.5  # of the fast methods
HORIZONS = (1e3, 1e6, 1e15)  # of those that several statements try, which are found once


def random_methods(
    rng: np.random.Generator, count: int, memories: tuple[int, ...] = (0, 1, 2, 3, 4, 6)
) -> Iterator[Algorithm]:
    """Draw methods that are strictly stable for all eigenvalues in (0, 1], with any roots."""
    for draw in range(count):
        memory = memories[draw % len(memories)]
        algorithm = random_algorithm(rng, memory, radius=float(rng.choice([0.5, 0.9, 0.999])))
        if algorithm.effective_learning_rate < 0:
            algorithm = algorithm.scaled(-1)
        poles = np.roots(np.array(boundary_polynomial(algorithm)[::-1], float))
        real = poles.real[(abs(poles.imag) <= 1e-9 * abs(poles)) & (poles.real > 0)]
        if real.size == 0:
            continue  # a double pole that rounding has made complex
        share = float(rng.choice([0.1, 0.5, 0.9, 0.999]))
        yield algorithm.scaled(Fraction(float(real.min()) * share))


def clustered_methods(
    rng: np.random.Generator, count: int, memories: tuple[int, ...] = (1, 2, 3, 4)
) -> Iterator[Algorithm]:
    """Draw methods, stable on (0, 1], whose roots are anywhere around 1, at distances from 1e-6."""
    zero = Fraction(0)
    for draw in range(count):
        memory = memories[draw % len(memories)]
        P, Q = (_in_powers_of_x(_clustered(rng, memory, poles)) for poles in (True, False))
        P = [before - here for before, here in pairwise([zero, *P, zero])]  # times x - 1
        sign = -1 if sum(Q) > 0 else 1
        algorithm = Algorithm.from_recurrence([-x for x in P[:-1]], [sign * x for x in Q])
        ((low, _), (end, _)), *_ = noiseless_intervals(algorithm)
        share = float(rng.choice([0.5, 0.9, 0.999]))
        if low == 0:
            yield algorithm.scaled(end * Fraction(share))


def _clustered(rng: np.random.Generator, count: int, stable: bool) -> list[Fraction]:
    """Return a polynomial in x - 1 of real roots and pairs, in the unit disk of x if stable."""
    found = [Fraction(1)]
    while len(found) <= count:
        angle = rng.uniform(0, np.pi / 2 if stable else np.pi)  # from the negative axis
        modulus = 10 ** rng.uniform(-6, 0) * (np.cos(angle) if stable else 1)
        factor = [modulus, 1.0] if angle < np.pi / 2 else [-modulus, 1.0]
        if len(found) < count and rng.random() < 0.5:
            factor = [modulus**2, 2 * modulus * np.cos(angle), 1.0]
        longer = [Fraction(0)] * (len(found) + len(factor) - 1)
        for (i, x), (j, y) in product(enumerate(found), enumerate(factor)):
            longer[i + j] += x * Fraction(y)
        found = longer
    return found


def _in_powers_of_x(polynomial: list[Fraction]) -> list[Fraction]:
    """Return the coefficients of powers of x of a polynomial in x - 1, lowest first."""
    found = [Fraction(0)] * len(polynomial)
    for k, x in enumerate(polynomial):
        for i in range(k + 1):
            found[i] += (-1) ** (k - i) * comb(k, i) * x
    return found


def heavy_balls() -> Iterator[Algorithm]:
    """Return heavy balls that are barely stable at 1, with longer and longer memory."""
    for damping in (1e-1, 1e-2, 1e-3, 1e-5):
        rate = 2 * (2 - damping) * (1 - 1e-6)
        yield Algorithm(rate, [1 - damping], [-rate], [[1 - damping]], floats=True)


@cache
def fast_methods(
    exponent: float, memories: tuple[int, ...], horizons: tuple[float, ...]
) -> tuple[Interlacing, ...]:
    """Return theorem D's kind of methods, for each memory one for each horizon.

    Their shapes are optimised, and their gains the largest with a noise sum of `NOISE_SUM`.
    """
    problem, _ = bounded_power_law(Problem.power_law(exponent), NOISE_SUM)
    resolved = resolved_problem(problem.spectrum, problem.noise.at(1), horizons[-1])
    found = []
    for memory in memories:
        shape = Shape(exponent, memory).fitted(resolved, np.array([horizons[-1]]))
        roots = shape.roots(np.array(horizons))
        rows = (array.tolist() for array in (roots.poles, roots.zeros))
        gains = roots.largest_gains(resolved).tolist()
        found += [Interlacing(tuple(p), tuple(z), g) for p, z, g in zip(*rows, gains, strict=True)]
    return tuple(found)


def symbol_at(algorithm: Algorithm, x: Array) -> Array:
    """Return Q / P, the answer of the point of the gradient to gradients, at points x."""
    dynamics = Dynamics.of(algorithm)
    matrices = x[..., None, None] * np.eye(len(dynamics.v)) - dynamics.still
    start = np.broadcast_to(dynamics.v[:, None], (*x.shape, len(dynamics.v), 1))
    found: Array = np.linalg.solve(matrices, start)[..., 0] @ dynamics.r
    return found


def law_noise_sum(algorithm: Algorithm, exponent: float) -> float:
    """Return the sum of s of any method over the power law without end: its middle, no bound."""
    return float(stability(algorithm, Spectrum.power_law(exponent), 1).noise_sum)


def memory_time(algorithm: Algorithm) -> float:
    """Return the sum of inverse distances of the eigenvalues of D from 1."""
    M = algorithm.memory
    d = np.linalg.eigvals(np.array(algorithm.D, float).reshape(M, M))
    return float((1 / abs(1 - d)).sum())
