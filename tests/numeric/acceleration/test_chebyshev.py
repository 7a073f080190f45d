"""Chebyshev semi-iteration against Chebyshev polynomials and the three-term recursion."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.polynomial.chebyshev import Chebyshev

from sgdmem import InputError, Problem, Spectrum, losses
from sgdmem.methods import chebyshev


def test_residual_polynomials() -> None:
    low, high, steps = 0.3, 5.0, 12
    centre, half = (high + low) / 2, (high - low) / 2
    rule = chebyshev(low, high)
    for lam in (0.3, 0.7, 2.65, 5.0):
        w, v = 1.0, 0.0
        for n in range(steps):
            T = Chebyshev.basis(n)
            assert w == pytest.approx(T((centre - lam) / half) / T(centre / half), abs=1e-12)
            member = rule.at(n)
            v = float(member.D[0][0]) * v - float(member.alpha) * lam * w
            w += v


def test_the_recursion_of_the_ratios() -> None:
    low, high = 1.0, 1000.0
    sigma, half = (high + low) / (high - low), (high - low) / 2
    rule, rho = chebyshev(low, high), 1 / sigma
    for n in range(1, 200):
        before, rho = rho, 1 / (2 * sigma - rho)
        member = rule.at(n)
        assert float(member.alpha) == pytest.approx(2 * rho / half, rel=1e-12)
        assert float(member.D[0][0]) == pytest.approx(rho * before, rel=1e-12)


def test_it_is_the_best_at_every_step() -> None:
    """The largest share left on the interval is 1 / T_n(sigma)."""
    eigenvalues = np.linspace(1, 50, 300)
    problem = Problem(Spectrum(eigenvalues), target=np.ones(300))
    found = losses(chebyshev(1, 50), problem, math.inf, 20)
    bound = 1 / Chebyshev.basis(20)(51 / 49) ** 2
    assert 0 < found[20] <= bound * found[0]


@pytest.mark.parametrize(("low", "high"), [(0, 1), (2, 1), (1, 1), (-1, 2)])
def test_bad_intervals(low: float, high: float) -> None:
    with pytest.raises(InputError, match="smallest_eigenvalue must be"):
        chebyshev(low, high)
