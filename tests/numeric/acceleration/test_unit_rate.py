"""Accelerated schedules in units of their rate, against those made for a problem."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest

from sgdmem import Problem
from sgdmem.methods import accelerated, am1, am2, dana
from sgdmem.numeric.acceleration.unit_rate import read_exponent
from sgdmem.numeric.spectra.spectrum import Spectrum
from sgdmem.symbolic.errors import InputError


@pytest.mark.parametrize(("memory", "make"), [(1, am1), (2, am2)])
def test_is_the_schedule_of_a_problem_times_a_number(memory: int, make: Any) -> None:
    """Which is one whose eigenvalues are times that number."""
    given = accelerated(Problem.power_law(1.8), 10, memory=memory).steps(0, 500)
    unit = make(1.8).steps(0, 500)
    factor = given.alpha[0]
    assert unit.alpha[0] == pytest.approx(1)
    np.testing.assert_allclose(unit.alpha * factor, given.alpha, rtol=1e-13)
    np.testing.assert_allclose(unit.D, given.D, rtol=1e-14)
    np.testing.assert_allclose(unit.b * unit.c * factor, given.b * given.c, rtol=1e-13)


def test_dana_takes_the_steps_of_its_paper() -> None:
    nu, delta, gamma = 1.6, 3.0, 0.3
    steps = dana(nu, damping_scale=delta, velocity_scale=gamma).steps(0, 20)
    rng = np.random.default_rng(0)
    w, y, ours, u = 0.0, 0.0, 0.0, np.zeros(1)
    for t in range(20):
        g = rng.normal()
        y = (1 - min(1.0, delta / (1 + t))) * y + g
        w = w - g - gamma * (1 + t) ** (-1 / nu) * y
        ours = ours - steps.alpha[t] * g + float(steps.b[t] @ u)
        u = steps.c[t] * g + steps.D[t] @ u
        assert ours == pytest.approx(w, abs=1e-12)


@pytest.mark.parametrize("nu", [1.5, 2.0, 3.0])
def test_dana_and_am1_grow_alike(nu: float) -> None:
    """Their effective rates are proportional to t^(1 - 1/nu)."""
    for rule in (dana(nu), am1(nu, damping_exponent=1)):
        early, late = rule.some_steps(np.array([1e7, 1e8])).effective_learning_rates
        assert math.log10(late / early) == pytest.approx(1 - 1 / nu, abs=0.01)
        assert rule.acceleration == pytest.approx(2 - 1 / nu)


def test_exponents_of_anything() -> None:
    eigenvalues = [k**-1.7 for k in range(1, 200)]
    given: Any
    for given in (1.7, np.float64(1.7), Spectrum.power_law(1.7), Problem.power_law(1.7)):
        assert read_exponent(given) == pytest.approx(1.7)
    for given in (eigenvalues, np.array(eigenvalues), Spectrum(eigenvalues)):
        assert read_exponent(given) == pytest.approx(1.7)
    for bad, message in [(1, "must be above 1, got 1"), ("steep", "exponent"), (None, "exponent")]:
        with pytest.raises(InputError, match=message):
            am1(bad)


def test_other_bad_input_and_pickles() -> None:
    bad: list[Any] = [(am1, {"damping_exponent": 2}), (dana, {"velocity_scale": 0})]
    for make, values in bad:
        with pytest.raises(InputError, match=next(iter(values))):
            make(2, **values)
    for rule in (am1(2), am2(2), dana(2)):
        again = pickle.loads(pickle.dumps(rule))
        assert np.array_equal(again.steps(0, 9).table, rule.steps(0, 9).table)
