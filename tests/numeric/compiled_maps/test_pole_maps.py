"""Maps through the poles of the noise summand, against exact sums and the table's own bounds."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

from sgdmem import Algorithm, Spectrum
from sgdmem.numeric.arithmetic.ball import Array
from sgdmem.numeric.compilation.object_code import load_code
from sgdmem.numeric.compiled_maps.family_program import FamilyProgram, family_program
from sgdmem.numeric.compiled_maps.machine_code_by_nodes import NOISE, RADIUS, ROWS, STATE
from sgdmem.numeric.compiled_maps.machine_code_by_poles import LARGEST_MEMORY, pole_source
from sgdmem.numeric.compiled_maps.pole_table import (
    CENTER,
    DEGREE,
    ERROR,
    HALF,
    HIGHEST,
    LOWEST,
    QUADRATURE,
    SHIFT,
    SLOPE_ERROR,
    pole_table,
)
from sgdmem.symbolic.programs.summand_program import EIGENVALUE, coefficient_names, summand_program
from tests import naive

EIGENVALUES = [4.0, 2.5, 2.5, 1.0, 0.25, 0.001]


def judged(memory: int, spectrum: Spectrum, numbers: Array) -> Array:
    """Return the kernel's rows for numbers of half-plane forms and their radii."""
    table = pole_table(spectrum.compressed)
    judge = load_code(pole_source(memory)).judge
    found = np.empty((ROWS, numbers.shape[2]))
    rule = (table.rows, table.first, table.largest, table.spread)
    judge(*numbers, *rule, found, 0, numbers.shape[2])
    return found


def exact_sum(memory: int, row: list[float]) -> tuple[bool, Fraction]:
    """Return whether all modes are stable, and the noise sum, by the recursion itself."""
    program = summand_program(memory)
    numbers = dict(zip(coefficient_names(memory), map(Fraction, row), strict=True))
    total = Fraction(0)
    for lam in map(Fraction, EIGENVALUES):
        share, *pivots = program.run({EIGENVALUE: lam, **numbers})
        if not all(pivot > 0 for pivot in pivots):
            return False, Fraction(0)
        total += lam * share
    return True, total


def random_rows(memory: int, count: int, rng: np.random.Generator) -> Array:
    """Draw numbers of half-plane forms; some with poles close to each other or to an eigenvalue."""
    n = memory + 1
    fixed = 10 ** rng.uniform(-1, 1, (count, n))
    poles = rng.choice([-1.0, 1.0], (count, n)) * 10 ** rng.uniform(-2, 2, (count, n))
    close = rng.random(count) < 0.3
    poles[close, 0] = 4 * (1 + 10 ** rng.uniform(-5, -1, close.sum()))
    if memory:
        twins = rng.random(count) < 0.4
        poles[twins, 1] = poles[twins, 0] * (1 + 10 ** rng.uniform(-17, -1, twins.sum()))
    moving = fixed / poles
    moving[rng.random((count, n)) < 0.1] = 0
    pull = 10 ** rng.uniform(-1, 1, (count, 1)) * rng.choice([1, 1, 1, 1, -1], (count, 1))
    q = rng.normal(size=(count, n))
    return np.hstack([fixed, moving, pull, q])


@pytest.mark.parametrize("memory", range(LARGEST_MEMORY + 1))
def test_sums_are_exact_within_their_radii(memory: int, rng: np.random.Generator) -> None:
    rows = random_rows(memory, 1500, rng)
    numbers = np.array([rows.T, np.zeros_like(rows.T)])
    found = judged(memory, Spectrum(EIGENVALUES), numbers)
    good = []
    for row, column in zip(rows.tolist(), found.T, strict=True):
        stable, total = exact_sum(memory, row)
        if column[STATE] == 1:
            assert stable
            assert abs(Fraction(column[NOISE]) - total) <= Fraction(column[RADIUS])
            good.append(column[RADIUS] / column[NOISE])
        elif column[STATE] == -1:
            assert not stable
    assert len(good) > 300
    assert np.median(good) < 1e-13
    assert np.quantile(good, 0.99) < 1e-8  # close to the boundary
    assert (found[STATE] == 0).mean() < 0.25  # beyond the table, or too close to the boundary


@pytest.mark.parametrize("spectrum", [Spectrum(EIGENVALUES), Spectrum.power_law(1.2, count=5000)])
def test_the_table(spectrum: Spectrum) -> None:
    table = pole_table(spectrum.compressed)
    lams = [mpf(float(x)) for x in spectrum.eigenvalues]
    for v in (LOWEST, 0.01, 0.3, 1.0, 1.7, 60.0, HIGHEST * (1 - 1e-9)):
        row = table.rows[(int(np.float64(v).view(np.int64)) >> SHIFT) - table.first]
        assert abs(v - row[CENTER]) <= row[HALF]
        with mp.workdps(40):
            z = (mpf(v) - 1) / lams[0]
            exact = mp.fsum(lam / (1 + z * lam) for lam in lams)
            slope = mp.fsum(-lam * (lam / lams[0]) / (1 + z * lam) ** 2 for lam in lams)
        u = v - row[CENTER]
        value = sum(row[k] * u**k for k in range(DEGREE + 1))
        derivative = sum(k * row[k] * u ** (k - 1) for k in range(1, DEGREE + 1))
        room = float(row[QUADRATURE]) * max(1.0, v)
        assert abs(value - exact) <= row[ERROR] * exact + room
        assert abs(derivative - slope) <= row[SLOPE_ERROR] * abs(slope) + room
        assert row[ERROR] < 1e-11 or v == LOWEST


def program_of(build: Any, **samples: list[Fraction]) -> FamilyProgram:
    found = family_program(build, samples)
    assert found is not None
    return found[0]


def test_a_family_agrees_with_the_oracle(rng: np.random.Generator) -> None:
    """From parameters on: the half-plane form is that of the algorithm."""

    def build(a: Any, b: Any) -> Algorithm:
        return Algorithm(a, [-b / 10], [Fraction(1, 3) + a], [[b]], [0])

    halves = [Fraction(1, 2), Fraction(3, 4)]
    program = program_of(build, a=halves, b=halves)
    assert program.memory == 1
    points = np.array([rng.uniform(0.01, 3, 400), rng.uniform(-0.99, 0.99, 400)])
    numbers = np.empty((2, program.count(damped=False), 400))
    coefficients = load_code(program.source(damped=False)).coefficients
    coefficients(points, np.zeros_like(points), *numbers, 0, 400)
    found = judged(1, Spectrum([1.0, 0.5]), numbers)
    for a, b, noise, radius, state in zip(
        *points.tolist(), found[NOISE], found[RADIUS], found[STATE], strict=True
    ):
        raw = naive.Raw(Fraction(a), [-Fraction(b) / 10], [Fraction(1, 3) + Fraction(a)],
                        [[Fraction(b)]], [0])  # fmt: skip
        stable = all(naive.is_schur(raw, lam) for lam in (1, Fraction(1, 2)))
        assert state in (0, 1 if stable else -1)
        if state == 1:
            exact = sum(naive.noise_summand_exact(raw, lam) for lam in (1, Fraction(1, 2)))
            assert abs(Fraction(noise) - exact) <= Fraction(radius)
