"""Heavy ball on the schedule of Jacobi polynomials."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import eval_jacobi

from sgdmem.numeric.acceleration.jacobi_heavy_ball import jacobi_heavy_ball
from sgdmem.numeric.losses.loss_recursion import losses
from sgdmem.numeric.problems.noise import Noise
from sgdmem.numeric.problems.problem import Problem
from sgdmem.symbolic.errors import InputError
from tests.numeric.acceleration.test_accelerated import last_exponent


@given(a=st.floats(-0.45, 3), b=st.floats(-0.95, 3), top=st.floats(0.1, 10))
def test_residual_polynomials_are_jacobi_polynomials(a: float, b: float, top: float) -> None:
    _check_residuals(a, b, top)


@pytest.mark.parametrize(("a", "b"), [(0, 0), (-0.25, -0.75), (0.5, -0.5)])
def test_residual_polynomials_where_the_formula_is_zero_over_zero(a: float, b: float) -> None:
    _check_residuals(a, b, 2.0)


def _check_residuals(a: float, b: float, top: float) -> None:
    steps = jacobi_heavy_ball(a, b, top).steps(0, 40)
    lam = np.linspace(0, top, 9)
    w, v = np.ones(9), np.zeros(9)
    for n in range(40):
        g = lam * w
        w = w - steps.alpha[n] * g + steps.b[n, 0] * v
        v = steps.c[n, 0] * g + steps.D[n, 0, 0] * v
        scale = eval_jacobi(n + 1, a, b, 1)
        expected = eval_jacobi(n + 1, a, b, 1 - 2 * lam / top) / scale
        assert np.allclose(w, expected, rtol=0, atol=1e-10 * max(1, np.abs(expected).max()))


def test_jacobi_is_fast_without_noise_and_diverges_with_it() -> None:
    problem = Problem.power_law(2, 0.5, noise=Noise(tau2=-1))
    rule = jacobi_heavy_ball(0.75, -0.5, 1)
    assert last_exponent(losses(rule, problem, math.inf, 10**4)) == pytest.approx(1, abs=0.01)
    times = [int(losses(rule, problem, size, 1000).argmin()) for size in (10, 100, 1000)]
    assert times == sorted(set(times)) and times[-1] < 100
    assert losses(rule, problem, 1000, 1000)[-1] > 1e3


@pytest.mark.parametrize(("a", "b", "message"), [(-0.5, 0, "a must exceed"), (1, -1, "b must")])
def test_jacobi_refuses(a: float, b: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        jacobi_heavy_ball(a, b, 1)
