"""The boundary polynomial, the intervals of noiseless stability and the partial fractions."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

import pytest
import sympy
from hypothesis import assume, given

from sgdmem.symbolic.algebra.polynomials import derivative, evaluate
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError, UndefinedError
from sgdmem.symbolic.stability.poles import (
    boundary_polynomial,
    noiseless_intervals,
    partial_fractions,
)
from sgdmem.symbolic.stability.schur import is_schur
from sgdmem.symbolic.zoo import named_algorithms as named
from sgdmem.symbolic.zoo.averaging import averaged_sgd
from sgdmem.symbolic.zoo.general_algorithm import general
from tests import naive
from tests.draws import KINDS, random_algorithm
from tests.strategies import EIGENVALUES, ENTRIES, Factored, factored_polynomials, raw_algorithms

Exact = tuple[Fraction, Fraction]  # a complex number


def times(x: Exact, y: Exact) -> Exact:
    return x[0] * y[0] - x[1] * y[1], x[0] * y[1] + x[1] * y[0]


@given(factored_polynomials())
def test_boundary_polynomial_is_a_product_over_the_roots(polynomial: Factored) -> None:
    found = boundary_polynomial(polynomial.algorithm)
    assert len(found) == len(polynomial.roots) + 1  # degree <= M + 1
    product = (Fraction(1), Fraction(0))
    for x, y in polynomial.roots:
        product = times(product, (-1 - x, -y))
    for left, right in combinations(polynomial.roots, 2):
        real, imaginary = times(left, right)
        product = times(product, (1 - real, -imaginary))
    assert product == (evaluate(found, Fraction(1)), Fraction(0))


@pytest.mark.parametrize("memory", range(4))
def test_symbolic_boundary_polynomial(memory: int, rng: Any) -> None:
    q = sympy.symbols(f"q:{memory + 1}")
    p = sympy.symbols(f"p1:{memory + 1}")
    general = Algorithm.from_recurrence([1 - sum(p), *p], q)
    found = boundary_polynomial(general)
    for _ in range(5):
        values = {x: sympy.Rational(int(rng.integers(-9, 10)), 7) for x in (*p, *q)}
        numeric = boundary_polynomial(general.substitute(values))
        assert [sympy.sympify(x).subs(values) for x in found] == list(numeric)


def test_of_irrational_and_float_entries() -> None:
    root = sympy.sqrt(2)
    constant, slope = boundary_polynomial(named.sgd(root))
    assert sympy.simplify(-constant / slope - root) == 0
    assert boundary_polynomial(named.sgd(0.1))[1] == Fraction(0.1)
    with pytest.raises(InputError, match="rational"):
        noiseless_intervals(named.sgd(root))


@pytest.mark.slow
@given(raw_algorithms())
def test_it_is_the_denominator_of_the_summand(raw: naive.Raw) -> None:
    # boundary * s / lambda has degree <= M: M + 1 values determine the next two.
    algorithm = Algorithm(*raw)
    boundary = boundary_polynomial(algorithm)
    M = algorithm.memory
    points: list[tuple[Fraction, Fraction]] = []
    lam = Fraction(1, 7)
    for _ in range(20):
        lam += Fraction(1, 3)
        try:
            s = algorithm.noise_summand(lam)
        except UndefinedError:  # a zero pivot
            continue
        points.append((lam, evaluate(boundary, lam) * s / lam))
    assume(len(points) >= M + 3)
    for x, value in points[M + 1 : M + 3]:
        predicted = Fraction(0)
        for i in range(M + 1):
            term = points[i][1]
            for j in range(M + 1):
                if i != j:
                    term *= (x - points[j][0]) / (points[i][0] - points[j][0])
            predicted += term
        assert value == predicted


# Intervals


def check_intervals(algorithm: Algorithm) -> list[Any]:
    """Check what can be checked of every list of intervals, and return it."""
    boundary = boundary_polynomial(algorithm)
    slope = derivative(boundary)
    intervals = noiseless_intervals(algorithm)
    ends = [end for interval in intervals for end in interval]
    for low, high in ends:
        assert 0 <= low <= high
        assert (high - low) * 10**30 <= low
        holds_root = (evaluate(f, low) * evaluate(f, high) <= 0 for f in (boundary, slope))
        assert low == 0 or any(holds_root)  # the slope's for an even multiplicity
        assert low < high or not is_schur(algorithm, low)
    for lower, upper in intervals:
        assert lower[1] < upper[0]
    for left, right in pairwise(intervals):
        assert left[1] == right[0] or left[1][1] < right[0][0]
    return intervals


def inside(intervals: list[Any], lam: Fraction) -> bool:
    return any(lower[1] < lam < upper[0] for lower, upper in intervals)


def floats(intervals: list[Any]) -> list[tuple[float, float]]:
    return [(float(lower[0]), float(upper[1])) for lower, upper in intervals]


@pytest.mark.slow
@given(raw_algorithms(), EIGENVALUES)
def test_intervals_of_small_fractions(raw: naive.Raw, lam: Fraction) -> None:
    intervals = check_intervals(Algorithm(*raw))
    for point in (lam, lam / 100, 10 * lam):
        assert inside(intervals, point) == naive.is_schur(raw, point)


@pytest.mark.parametrize("memory", range(6))
def test_intervals_of_random_algorithms(memory: int, rng: Any) -> None:
    some = 0
    for kind in KINDS:
        raw = random_algorithm(rng, memory, kind)
        intervals = check_intervals(Algorithm(*raw))
        some += bool(intervals)
        for lower, upper in intervals:  # just inside and just outside both ends
            width = upper[0] - lower[1]
            step = width / 10**6
            assert naive.is_schur(raw, lower[1] + step)
            assert naive.is_schur(raw, upper[0] - step)
            assert not naive.is_schur(raw, upper[1]) or upper[0] < upper[1]
        for exponent in rng.uniform(-3, 2, size=3):
            lam = Fraction(10.0**exponent).limit_denominator(1000) + Fraction(1, 997)
            assert inside(intervals, lam) == naive.is_schur(raw, lam)
    assert some


def is_strictly_stable(D: Any) -> bool:
    """Whether the roots of D lie inside the circle, with those of x - 1/2 beside them."""
    zeros = [Fraction(0)] * len(D)
    return naive.is_schur(naive.Raw(Fraction(1, 2), zeros, zeros, D, zeros), 1)


@pytest.mark.slow
@given(raw_algorithms())
def test_first_positive_pole_ends_noiseless_stability(raw: naive.Raw) -> None:
    while not is_strictly_stable(raw.D):
        raw = raw._replace(D=[[x / 2 for x in row] for row in raw.D])
    algorithm = Algorithm(*raw)
    assume(algorithm.effective_learning_rate != 0)
    if algorithm.effective_learning_rate < 0:
        algorithm = algorithm.scaled(-1)
    (lower, upper), *_ = check_intervals(algorithm)
    assert lower == (0, 0)
    # No root of the boundary polynomial below: it keeps its sign at sampled points.
    boundary = boundary_polynomial(algorithm)
    signs = {evaluate(boundary, upper[0] * n / 50) > 0 for n in range(1, 50)}
    assert len(signs) == 1
    # And it is a pole of the summand itself, not only a root: s grows without bound.
    near = algorithm.noise_summand(upper[0] * (1 - Fraction(1, 10**12)))
    nearer = algorithm.noise_summand(upper[0] * (1 - Fraction(1, 10**15)))
    assert nearer > 100 * near > 0


def test_two_intervals() -> None:
    # chi-hat = (1 - .6 lam) z^3 + (1 - .2 lam) z^2 + (1 - .4 lam) z + 1.2 lam, up to a factor: its
    # second Hurwitz determinant is (1 - lam)(1 - .8 lam).
    p = ("1/3", "-1/3", 1)
    algorithm = Algorithm.from_recurrence(p, ("-2/3", "-4/5", "-26/15"))
    assert floats(check_intervals(algorithm)) == [(0, 1), (1.25, pytest.approx(5 / 3))]
    # The same with (1 - lam)^2: a pair of roots touches the circle at 1 and turns back.
    algorithm = Algorithm.from_recurrence(p, ("-2/3", "-8/9", -2))
    touching = check_intervals(algorithm)
    assert floats(touching) == [(0, 1), (1, 1.5)]
    assert touching[0][1] == touching[1][0]


def test_unstable_memory_with_a_stable_interval() -> None:
    algorithm = named.memory_one(-1, 1, "-0.1")  # D = 1.1
    ((lower, upper),) = check_intervals(algorithm)
    assert lower[0] <= Fraction(1, 10) <= lower[1]
    assert float(upper[0]) == pytest.approx(2, rel=1e-15)


def test_marginal_memory() -> None:
    assert noiseless_intervals(named.heavy_ball("0.1", 1)) == []  # always on the circle
    assert not any(boundary_polynomial(named.heavy_ball("0.1", 1)))
    ((lower, upper),) = check_intervals(named.nesterov("0.1", 1))  # D = 1, pulled inside
    assert lower == (0, 0) and upper[0] <= Fraction(40, 3) <= upper[1]
    ((lower, upper),) = check_intervals(named.memory_one("0.1", "-0.5", 2))  # D = -1
    assert lower == (0, 0) and upper[0] <= 4 <= upper[1]


def test_never_stable() -> None:
    assert noiseless_intervals(Algorithm(0)) == []
    assert noiseless_intervals(named.sgd("-0.1")) == []
    assert noiseless_intervals(Algorithm("0.1", b=1, c="0.05", D="0.5")) == []  # Q(1) = 0
    idle = Algorithm("0.1", b=0, c=0, D=-1)  # a root -1 that no gradient moves
    assert not any(boundary_polynomial(idle))
    assert noiseless_intervals(idle) == []
    pair = Algorithm("0.1", b=[0, 0], c=[0, 0], D=[[2, 0], [0, "0.5"]])  # reciprocal
    assert not any(boundary_polynomial(pair))
    assert noiseless_intervals(pair) == []


def test_extreme_sizes() -> None:
    for exponent in (-300, 300):
        factor = Fraction(10) ** exponent
        ((_, upper),) = check_intervals(named.heavy_ball(factor, "0.5"))
        assert upper[0] <= 3 / factor <= upper[1]
    # Ends that agree to 90 digits: the enclosures must not overlap.
    hair = Fraction(1, 10**90)
    delta, q0 = Fraction(-1, 10), Fraction(1)  # stable from -delta/q0 on
    rate = (4 - 2 * delta) / (Fraction(1, 10) * (1 + hair))  # up to (4 - 2 delta)/(2 q0 + ...)
    ((lower, upper),) = check_intervals(named.memory_one((rate - 2 * q0) / delta, q0, delta))
    assert lower[0] <= Fraction(1, 10) <= lower[1] < upper[0]
    assert upper[0] <= Fraction(1, 10) * (1 + hair) <= upper[1]


def test_numbers_need_no_sympy() -> None:
    code = (
        "import sys; from sgdmem.symbolic.zoo.named_algorithms import aggmo;"
        "from sgdmem.symbolic.stability.poles import *;"
        "from sgdmem.symbolic.stability.schur import is_schur;"
        "a = aggmo('0.1', ['0.5', '0.9']);"
        "boundary_polynomial(a), noiseless_intervals(a), is_schur(a, 1);"
        "partial_fractions(aggmo('0.1', ['0.5']));"
        "sys.exit('sympy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Partial fractions


def test_poles_of_memory_one_as_in_equation_25() -> None:
    α, q, δ, lam = sympy.symbols("alpha_eff q_0 delta lambda")
    algorithm = named.memory_one(α, q, δ)
    found = partial_fractions(algorithm)
    for expected in (-δ / q, (4 - 2 * δ) / (2 * q + δ * α)):
        assert sum(sympy.cancel(pole - expected) == 0 for pole, _ in found) == 1
    total = sum(residue / (lam - pole) for pole, residue in found)
    assert sympy.cancel(total - algorithm.noise_summand(lam) / lam) == 0


@given(raw_algorithms(most=1), EIGENVALUES)
def test_partial_fractions_add_up(raw: naive.Raw, lam: Fraction) -> None:
    algorithm = Algorithm(*raw)
    try:
        found = partial_fractions(algorithm)
        s = algorithm.noise_summand(lam)
    except UndefinedError:
        return
    assert len(found) <= algorithm.memory + 1
    assert all(residue != 0 for _, residue in found)
    assert sum(residue / (lam - pole) for pole, residue in found) == s / lam


@pytest.mark.slow
@given(ENTRIES, ENTRIES, ENTRIES)
def test_noise_sum_from_one_function_of_the_spectrum(
    rate: Fraction, q0: Fraction, damping: Fraction
) -> None:
    algorithm = named.memory_one(rate, q0, damping)
    spectrum = [Fraction(1, k**2) for k in range(1, 6)]
    try:
        found = partial_fractions(algorithm)
        total = sum(map(algorithm.noise_summand, spectrum))
    except UndefinedError:
        return
    assume(all(pole != 0 for pole, _ in found))

    def T(ω: Fraction) -> Any:
        return sum(lam / (1 + ω * lam) for lam in spectrum)

    assert sum(-residue / pole * T(-1 / pole) for pole, residue in found) == total


def test_poles_that_are_missing() -> None:
    assert partial_fractions(named.heavy_ball("0.1", "0.9")) == [(38, -19)]  # the other at infinity
    assert partial_fractions(averaged_sgd("0.5", "0.1")) == [(4, -1)]  # the other cancels
    with pytest.raises(UndefinedError, match="coincide"):
        partial_fractions(named.memory_one(-1, "0.25", 1))  # -delta/q0 = -4 = 2/(2 q0 - 1)
    with pytest.raises(UndefinedError, match="Q\\(1\\) = 0"):
        partial_fractions(Algorithm("0.1", b=1, c="0.05", D="0.5"))
    with pytest.raises(UndefinedError, match="any eigenvalue"):
        partial_fractions(named.heavy_ball("0.1", 1))
    with pytest.raises(InputError, match="memory 0 and 1 only"):
        partial_fractions(general(2))
