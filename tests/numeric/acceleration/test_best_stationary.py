"""The fastest stationary algorithms at bounded noise, and their growth law."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgdmem.numeric.acceleration.best_stationary import best_stationary, fastest_roots
from sgdmem.numeric.acceleration.bounded_noise import (
    INSIDE,
    bounded_power_law,
    resolved_problem,
)
from sgdmem.numeric.acceleration.real_root_algorithms import (
    RealRoots,
    Shape,
    chain_entries,
    partial_sum,
    real_root_entries,
)
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.numeric.verdicts.stability import stability
from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.stability.interlacing import interlacing_edge
from tests.figures import report

LAW = Spectrum.power_law(2)
INTERLACE = "poles and zeros interlace"


def long(*values: Any) -> Any:
    """Return values that take long, and repeat what others show."""
    return pytest.param(*values, marks=pytest.mark.exhaustive)


ROOTS = st.lists(st.integers(1, 40), min_size=1, max_size=3, unique=True)


@given(poles=ROOTS, numbers=st.lists(st.integers(1, 40), min_size=4, max_size=4))
def test_roots_and_entries_describe_the_same_algorithm(
    poles: list[int], numbers: list[int]
) -> None:
    p = [Fraction(x, 20) for x in poles]
    z = [Fraction(x, 20) for x in numbers[: len(p)]]
    gain = Fraction(numbers[-1], 10)
    found = Algorithm(*Blocks.of_row(real_root_entries(p, z, gain), len(p)))
    roots = RealRoots(np.array([p], dtype=float), np.array([z], dtype=float))
    exact, form = found.half_plane_form, roots.form(np.array([float(gain)]))
    factor = form.fixed[0].item() / float(exact.fixed[0])  # the form is known up to one
    for mine, theirs in zip(form, exact, strict=True):
        if theirs is None:  # nothing decays
            assert mine is None
            continue
        expected = np.ravel([float(x) for x in np.ravel(theirs)])
        assert np.allclose(np.ravel(mine), factor * expected, rtol=1e-12, atol=1e-12)
    chain = Algorithm(*Blocks.of_row(chain_entries(p, z, gain), len(p)))
    assert chain.polynomials == found.polynomials
    rate = math.exp(roots.log_rates(np.array([float(gain)]))[0])
    assert rate == pytest.approx(float(found.effective_learning_rate))


@cache
def best(nu: float, memory: int) -> tuple[Problem, Algorithm]:
    problem = Problem.power_law(nu, scale=2, noise=Noise(tau2=-1))
    found = best_stationary(problem, 10, memory=memory, horizon=1000, noise_level=0.4)
    return problem, found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("nu", "memory"),
    [(1.5, 1), (1.5, 2), long(1.5, 3), (2, 1), (2, 2), (2, 3), (3, 1), (3, 2), long(3, 3)],
)
def test_noise_and_slowest_root(nu: float, memory: int) -> None:
    problem, found = best(nu, memory)
    verdict = stability(found, problem, 10)
    assert verdict.stable and 0.39 < verdict.noise_sum <= 0.4
    assert max(found.D[i][i] for i in range(memory)) == 1 - Fraction(1, 1000)
    if memory > 1:
        _, simpler = best(nu, memory - 1)
        assert found.effective_learning_rate > simpler.effective_learning_rate


@pytest.mark.parametrize(("nu", "memory"), [(2, 1), (3, 2), (1.5, 3), (2, 4), (3, 5), (1.5, 6)])
def test_shapes_at_1e15_are_proved(nu: float, memory: int) -> None:
    # of the kind from which the search starts
    law = Spectrum.power_law(nu)
    roots = Shape(nu, memory, log_rho=-0.2).roots(np.array([1e15]))
    problem = resolved_problem(law, bounded_power_law(law, 0.5)[0].noise.at(10), 1e15)
    gain = Fraction(float(roots.largest_gains(problem)[0]) * INSIDE)
    poles, zeros = (list(map(Fraction, x[0].tolist())) for x in (roots.poles, roots.zeros))
    found = Algorithm(*Blocks.of_row(real_root_entries(poles, zeros, gain), memory))
    assert interlacing_edge(found) == 2 / gain > 1
    verdict = stability(found, law, 10)
    assert verdict.stable and 0.49 < verdict.noise_sum <= 0.5
    assert f"below {float(2 / gain):.6g}; proved: {INTERLACE}" in str(verdict)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("nu", "memory"), [(3, 2), long(3, 3), (2, 3), long(2, 6), long(1.5, 4), long(3, 6)]
)
def test_horizons_of_1e15_are_proved(nu: float, memory: int) -> None:
    # resonances are narrow there, and the eigenvalues between them many
    first, last = (
        best_stationary(Spectrum.power_law(nu), 10, memory=memory, horizon=T) for T in (1e12, 1e15)
    )
    assert max(last.D[i][i] for i in range(memory)) == 1 - Fraction(1, 10**15)
    verdict = stability(last, Spectrum.power_law(nu), 10)
    assert verdict.stable and 0.49 < verdict.noise_sum <= 0.5
    assert verdict.noiseless_proof == INTERLACE
    growth = math.log(last.effective_learning_rate / first.effective_learning_rate)
    assert growth / math.log(1e3) == pytest.approx(1 - 1 / partial_sum(nu, memory + 1), abs=0.02)


def test_memory_one_has_the_best_q0() -> None:
    # memory 1 has one free number besides the gain: nothing beside the optimum is better
    spectrum = Spectrum.power_law(2)
    noise = bounded_power_law(spectrum, 0.5)[0].noise.at(10)
    problem = resolved_problem(spectrum, noise, 1000)
    roots, gain = fastest_roots(2, 1, problem, 1000)
    best = roots.log_rates(np.array([gain]))[0]
    zeros = roots.zeros * np.geomspace(0.2, 5, 40)[:, None]
    others = RealRoots(np.repeat(roots.poles, 40, axis=0), zeros)
    assert (others.log_rates(others.largest_gains(problem)) <= best + 1e-4).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("nu", "memory", "measured"),
    [(2, 1, 0.5), (2, 2, 0.6667), long(2, 3, 0.75), long(2, 4, 0.7996), long(2, 5, 0.8318),
     (3, 1, 0.6667), (3, 2, 0.8582), long(3, 3, 0.9375), (1.5, 1, 0.3333), (1.5, 2, 0.4284)],
)  # fmt: skip
def test_growth_law(nu: float, memory: int, measured: float) -> None:
    spectrum = Spectrum.power_law(nu)
    noise = bounded_power_law(spectrum, 0.5)[0].noise.at(10)
    rates = []
    for horizon in (1e15, 1e18):  # without proof
        problem = resolved_problem(spectrum, noise, horizon)
        roots, gain = fastest_roots(nu, memory, problem, horizon)
        rates.append(roots.log_rates(np.array([gain]))[0])
        # so it is stable for all eigenvalues in (0, 2 / g): docs, larger-memory-construction
        poles, zeros = (-np.sort(-x[0]) for x in (roots.poles, roots.zeros))
        assert zeros[0] < 2 and (poles < zeros).all() and (zeros[1:] < poles[:-1]).all()
    exponent = (rates[1] - rates[0]) / math.log(1e3)
    report(f"nu {nu}, M {memory}: {exponent:.4f}")
    assert exponent == pytest.approx(measured, abs=0.001)
    assert exponent == pytest.approx(1 - 1 / partial_sum(nu, memory + 1), abs=0.01)


@pytest.mark.parametrize(
    ("problem", "options", "message"),
    [
        (LAW, {"memory": 0}, "memory"),
        (LAW, {"memory": 7}, "memory"),
        (Spectrum([1]), {}, "power-law"),
        (Spectrum.power_law(1), {}, "above 1"),
        (LAW, {"batch_size": math.inf}, "finite"),
        (LAW, {"horizon": 2}, "horizon"),
        (LAW, {"noise_level": 1}, "noise_level"),
        (Problem.power_law(2, count=2, noise=Noise(tau2=[1, 1])), {}, "tau2"),
        (Problem.power_law(2, count=2, noise=Noise.coupled([[2, 1], [1, 2]])), {}, "coupling"),
    ],
)
def test_what_is_refused(problem: Any, options: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        best_stationary(problem, **{"batch_size": 1, "memory": 1, "horizon": 100, **options})
