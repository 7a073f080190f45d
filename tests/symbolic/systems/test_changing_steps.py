"""Exact runs of algorithms whose parameters change, and Proposition 1 of arXiv 2410.04228."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.systems.changing_steps import (
    counterexamples,
    exact_trajectory,
    step_recurrence,
)
from sgdmem.symbolic.zoo import named_algorithms as named
from sgdmem.symbolic.zoo.general_algorithm import general
from tests import naive
from tests.strategies import EIGENVALUES, raw_algorithms


def test_proposition_1_counterexamples() -> None:
    shifted, unshifted = counterexamples()
    lam = sympy.Symbol("lambda", positive=True)
    w1, w2 = (sympy.Poly(w, lam) for w in shifted[1:])
    assert w1 == 1 and w2.degree() == 2
    symbols = [sympy.Symbol(name, real=True) for name in ("alpha_1", "a_1", "c_0")]
    assert sympy.expand(w2.LC() + sympy.prod(symbols)) == 0  # the degree is 2 iff it is not 0
    assert unshifted[:3] == [1, 0, 0]
    alpha, c, D, b = sympy.symbols("alpha_0 c_0 D_1 b_2", real=True)
    assert sympy.cancel(unshifted[3] - D * b * c / alpha) == 0


@given(st.lists(raw_algorithms(1, 1), min_size=1, max_size=5), EIGENVALUES)
def test_trajectory_is_eq_3(steps: list[naive.Raw], lam: Fraction) -> None:
    w, u = Fraction(1), Fraction(0)
    expected = [w]
    for step in steps:
        g = lam * (w + step.a[0] * u)
        w, u = w - step.alpha * g + step.b[0] * u, step.c[0] * g + step.D[0][0] * u
        expected.append(w)
    algorithms = [Algorithm(*step) for step in steps]
    assert exact_trajectory(algorithms, lam) == expected
    assert exact_trajectory(algorithms, lam, w0=3) == [3 * x for x in expected]


@given(st.lists(raw_algorithms(1, 1, shifted=False), min_size=4, max_size=4), EIGENVALUES)
def test_recurrence_of_changing_steps(raws: list[naive.Raw], lam: Fraction) -> None:
    steps = [Algorithm(*(raw if any(raw.b) else raw._replace(b=[1]))) for raw in raws]
    path = exact_trajectory(steps, lam)
    g = [lam * w for w in path]
    for t in range(3):
        kappa, q1, q0 = step_recurrence(steps[t], steps[t + 1])
        expected = (1 + kappa) * path[t + 1] - kappa * path[t] + q1 * g[t + 1] + q0 * g[t]
        assert path[t + 2] == expected


def test_recurrence_of_changing_steps_in_symbols() -> None:
    names = sympy.symbols("alpha0 b0 c0 D0 alpha1 b1 c1 D1")
    α, b, c, D, next_α, next_b, *_ = names
    kappa, q1, q0 = step_recurrence(Algorithm(*names[:4]), Algorithm(*names[4:]))
    assert sympy.cancel(kappa - next_b * D / b) == 0  # theory sheet, section 2
    assert q1 == -next_α
    assert sympy.cancel(q0 - (kappa * α + next_b * c)) == 0
    # Constant steps: the recurrence of Theorem 1.
    algorithm = general(1)
    kappa, q1, q0 = step_recurrence(algorithm, algorithm)
    p, q = algorithm.to_recurrence()
    for found, expected in ((-kappa, p[0]), (1 + kappa, p[1]), (q0, q[0]), (q1, q[1])):
        assert sympy.cancel(found - expected) == 0


def test_bad_steps() -> None:
    plain = Algorithm(1, 1, 1, 1)
    with pytest.raises(InputError, match="one memory"):
        exact_trajectory([plain, named.sgd(1)], 1)
    with pytest.raises(InputError, match="b = 0"):
        step_recurrence(Algorithm(1, 0, 1, 1), plain)
    with pytest.raises(InputError, match="a = 0"):
        step_recurrence(plain, Algorithm(1, 1, 1, 1, 1))
    with pytest.raises(InputError, match="memory 1"):
        step_recurrence(named.sgd(1), named.sgd(1))
