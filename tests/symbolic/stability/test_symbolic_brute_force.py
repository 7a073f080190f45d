"""What is derived from an algorithm equals brute force, by exact rational substitution.

The oracles are `tests.naive`: determinants of x - S at points, and the Lyapunov equation solved in
fractions. They share no formula with the library.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import given

from sgdmem.symbolic.algebra.routh import summands
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import UndefinedError
from sgdmem.symbolic.zoo import named_algorithms as named
from sgdmem.symbolic.zoo.general_algorithm import general
from tests import naive
from tests.draws import KINDS, random_algorithm
from tests.strategies import EIGENVALUES, raw_algorithms

LAM = sympy.Symbol("lambda", positive=True)
MEMORIES = pytest.mark.parametrize("memory", range(6))
SYMBOLIC_MEMORIES = pytest.mark.parametrize(
    "memory", [*range(4), pytest.param(4, marks=pytest.mark.exhaustive)]
)


def rational(value: Any) -> Any:
    exact = Fraction(value)
    return sympy.Rational(exact.numerator, exact.denominator)


def stable_eigenvalue(raw: naive.Raw, rng: Any) -> Fraction | None:
    """Return an eigenvalue at which the algorithm is stable, if a few attempts find one."""
    for exponent in rng.uniform(-3, 1.5, size=12):
        lam = Fraction(10.0**exponent).limit_denominator(500) + Fraction(1, 499)
        if naive.is_schur(raw, lam):
            return lam
    return None


@pytest.mark.slow
@MEMORIES
def test_numbers_of_every_kind(memory: int, rng: Any) -> None:
    compared = 0
    for kind in KINDS:
        raw = random_algorithm(rng, memory, kind)
        algorithm = Algorithm(*raw)
        P, Q = naive.P_and_Q(raw)
        assert list(algorithm.polynomials.P) == P
        assert list(algorithm.polynomials.Q) == Q
        unshifted = raw._replace(a=[0 * x for x in raw.a])
        assert list(algorithm.polynomials.Q_output) == naive.P_and_Q(unshifted)[1]
        try:
            rate = Algorithm(*naive.mapped(raw, Fraction)).effective_learning_rate
        except UndefinedError:
            rate = float("inf")
        assert rate == naive.effective_learning_rate(raw)
        lam = stable_eigenvalue(raw, rng)
        if lam is not None:
            compared += 1
            sums = naive.impulse_response_sums(naive.mapped(raw, Fraction), lam)
            found = summands(algorithm.half_plane_form, lam)
            assert lam * found.noise == lam**2 * sums.h == naive.noise_summand_exact(raw, lam)
            assert lam * found.output_noise == lam**2 * sums.h_w
    assert compared >= 3


@pytest.mark.slow
@given(raw_algorithms(), EIGENVALUES)
def test_small_fractions(raw: naive.Raw, lam: Fraction) -> None:
    algorithm = Algorithm(*raw)
    P, Q = naive.P_and_Q(raw)
    assert (list(algorithm.polynomials.P), list(algorithm.polynomials.Q)) == (P, Q)
    chi = naive.characteristic_polynomial(raw, lam)
    value = sum(c * Fraction(3, 2) ** n for n, c in enumerate(chi))
    assert algorithm.characteristic_polynomial("3/2", lam) == value
    if naive.is_schur(raw, lam):
        assert algorithm.noise_summand(lam) == naive.noise_summand_exact(raw, lam)


@SYMBOLIC_MEMORIES
def test_symbolic_entries(memory: int, rng: Any) -> None:
    algorithm = general(memory, shifted=True)
    found = algorithm.polynomials
    rate = sympy.sympify(algorithm.effective_learning_rate)
    for _ in range(2):
        raw = random_algorithm(rng, memory, "generic", "fraction")
        entries = map(rational, Algorithm(*raw).entries)
        values = dict(zip(algorithm.entries, entries, strict=True))
        P, Q = naive.P_and_Q(raw)
        assert [sympy.sympify(x).subs(values) for x in found.P] == list(map(rational, P))
        assert [sympy.sympify(x).subs(values) for x in found.Q] == list(map(rational, Q))
        assert rate.subs(values) == rational(naive.effective_learning_rate(raw))


@SYMBOLIC_MEMORIES
def test_symbolic_noise_summand(memory: int, rng: Any) -> None:
    # s as one expression in all entries and the eigenvalue (nested beyond memory 2).
    algorithm = general(memory, shifted=True)
    letters = [*algorithm.entries, LAM]
    s = sympy.lambdify(letters, algorithm.noise_summand(LAM), "math", cse=True)
    compared = 0
    while compared < 3:
        raw = random_algorithm(rng, memory, numbers="fraction")
        lam = stable_eigenvalue(raw, rng)
        if lam is not None:
            compared += 1
            assert s(*Algorithm(*raw).entries, lam) == naive.noise_summand_exact(raw, lam)


@pytest.mark.slow
@MEMORIES
def test_noise_summand_of_a_symbolic_eigenvalue(memory: int, rng: Any) -> None:
    compared = 0
    while compared < 2:
        raw = random_algorithm(rng, memory, "complex", "fraction")
        lam = stable_eigenvalue(raw, rng)
        if lam is None:
            continue
        compared += 1
        s = Algorithm(*raw).noise_summand(LAM)
        assert s.subs(LAM, rational(lam)) == rational(naive.noise_summand_exact(raw, lam))
        numerator, denominator = sympy.fraction(sympy.cancel(s / LAM))
        assert sympy.degree(numerator, LAM) <= memory
        assert sympy.degree(denominator, LAM) <= memory + 1


def test_where_the_noise_summand_does_not_exist() -> None:
    with pytest.raises(UndefinedError, match="does not exist at eigenvalue 20"):
        named.sgd("0.1").noise_summand(20)
    with pytest.raises(UndefinedError):
        Algorithm("0.1", b=1, c="0.05", D="0.5").noise_summand(1)  # Q(1) = 0
