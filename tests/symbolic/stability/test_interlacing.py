"""Whether poles and zeros interlace, against their roots, residues and single eigenvalues."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from sgdmem.numeric.acceleration.real_root_algorithms import real_root_entries, root_exponents
from sgdmem.numeric.theorems.larger_memory.construction.interlacing import (
    EVERY,
    fast_method,
)
from sgdmem.symbolic.algebra.blocks import Blocks
from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.stability.interlacing import interlacing_edge
from sgdmem.symbolic.stability.poles import intervals_of_form, noiseless_intervals
from sgdmem.symbolic.stability.schur import is_schur
from sgdmem.symbolic.zoo import named_algorithms as named
from sgdmem.symbolic.zoo.averaging import averaging

CLOSE = Fraction(1, 10**12)
NOTHING = (Fraction(0), Fraction(0))
TWENTIETHS = st.integers(-19, 19).map(lambda k: Fraction(k, 20))


def with_roots(poles: Sequence[Any], zeros: Sequence[Any], alpha: Any = 1) -> Algorithm:
    """Return the method whose D and Q have these roots x, double ones included."""
    p: list[Any] = [1]  # highest power first
    q = [-alpha]
    for x in (1, *poles):
        p = [a - x * b for a, b in zip([*p, 0], [0, *p], strict=True)]
    for x in zeros:
        q = [a - x * b for a, b in zip([*q, 0], [0, *q], strict=True)]
    return Algorithm.from_recurrence([-x for x in p[:0:-1]], q[::-1])


def mixture(momenta: Sequence[Fraction], weights: Sequence[Fraction], rest: Fraction) -> Algorithm:
    """Return the method whose gradient of k steps ago has the weight sum_i w_i d_i^k.

    That of this step is heavier by ``rest``.
    """
    size = len(momenta)
    D = [[x if i == j else Fraction(0) for j in range(size)] for i, x in enumerate(momenta)]
    c = [-w * d for w, d in zip(weights, momenta, strict=True)]
    return Algorithm(sum(weights, rest), [1] * size, c, D)


def stable_exactly_below(edge: Fraction, algorithm: Algorithm, seed: int = 0) -> None:
    rng = random.Random(seed)
    inside = [Fraction(10.0 ** rng.uniform(-30, 0)) for _ in range(3)]
    for share in (*inside, 1 - CLOSE):
        assert is_schur(algorithm, share * edge)
    for share in (Fraction(1), 1 + CLOSE, 1 + inside[0], 1 / inside[1] + 1, -inside[2]):
        assert not is_schur(algorithm, share * edge)


def by_isolation(algorithm: Algorithm) -> Any:
    """Return the noiseless intervals without the certificate."""
    _, P, Q, _ = algorithm.polynomials
    return intervals_of_form(P, Q, algorithm.half_plane_form)


@given(st.integers(0, 4), st.lists(TWENTIETHS, min_size=8, max_size=8), st.booleans())
def test_it_is_that_roots_alternate(memory: int, roots: list[Fraction], in_order: bool) -> None:
    roots = roots[: 2 * memory]
    roots = sorted(roots, key=abs) if in_order else roots
    zeros, poles = roots[::2], roots[1::2]
    algorithm = with_roots(poles, zeros, Fraction(3, 7))
    upper, lower = [*poles, Fraction(0)], list(zeros)
    for x in set(upper) & set(lower):  # what cancels
        for _ in range(min(upper.count(x), lower.count(x))):
            upper.remove(x)
            lower.remove(x)
    upper, lower = sorted(upper), sorted(lower)
    chain = [x for pair in zip(upper, [*lower, Fraction(1)], strict=True) for x in pair]
    edge = interlacing_edge(algorithm)
    assert (edge is not None) == all(a < b for a, b in pairwise(chain))
    if edge is not None:
        stable_exactly_below(edge, algorithm)


@given(
    st.lists(TWENTIETHS, min_size=0, max_size=6, unique=True),
    st.lists(st.integers(-1, 12), min_size=6, max_size=6),
    st.integers(-1, 3),
)
def test_it_is_a_positive_mixture_of_heavy_balls(
    momenta: list[Fraction], numbers: list[int], rest: int
) -> None:
    momenta = [x for x in momenta if x != 0]
    weights = [Fraction(k, 7) for k in numbers[: len(momenta)]]
    algorithm = mixture(momenta, weights, Fraction(rest, 5))
    total = [*weights, Fraction(rest)]
    positive = min(total) >= 0 and any(total)  # a weight 0: cancels
    edge = interlacing_edge(algorithm)
    assert (edge is not None) == positive
    if edge is not None:
        gain = Fraction(rest, 5) + sum(w / (1 + d) for w, d in zip(weights, momenta, strict=True))
        assert edge == 2 / gain
        stable_exactly_below(edge, algorithm, rest)
        ((low, high),) = by_isolation(algorithm)
        assert low == NOTHING and high[0] <= edge <= high[1]


def _after(x: float, count: int = 1) -> float:
    for _ in range(count):
        x = math.nextafter(x, math.inf)
    return x


@pytest.mark.parametrize("p", [1e-15, 1e-8, 0.001, 0.5, 1.9])
def test_roots_that_are_one_unit_in_the_last_place_apart(p: float) -> None:
    def found(poles: Sequence[float], zeros: Sequence[float]) -> Fraction | None:
        p, z = (list(map(Fraction, x)) for x in (poles, zeros))
        row = real_root_entries(p, z, Fraction(0.9))
        algorithm = Algorithm(*Blocks.of_row(row, len(poles)))
        edge = interlacing_edge(algorithm)
        if edge is not None:
            stable_exactly_below(edge, algorithm)
        return edge

    edge = 2 / Fraction(0.9)
    one, two, three = (_after(p, k) for k in (1, 2, 3))
    assert found([p, two], [one, three]) == edge
    assert found([p, one], [two, three]) is None  # two poles side by side
    assert found([p, three], [one, two]) is None
    assert found([one, three], [p, two]) is None  # the slowest one a zero
    assert found([p, two], [two, three]) == edge  # a pole and a zero coincide
    assert found([p, two], [p, two]) == edge  # all do: SGD
    assert found([p], [_after(2.0)]) is None
    assert found([p], [2.0]) == edge  # the heavy ball
    assert found([p], [math.nextafter(2.0, 0)]) == edge


@pytest.mark.parametrize("memory", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("nu", [1.5, 2.0, 3.0])
def test_fast_methods_of_long_horizons_have_it(nu: float, memory: int) -> None:
    for horizon in (1e3, 1e6, 1e9, 1e12, 1e15):
        powers = [horizon**e for e in root_exponents(nu, memory)]
        algorithm = fast_method(powers, 0.5, 0.9, EVERY).algorithm
        edge = interlacing_edge(algorithm)
        assert edge == 2 / Fraction(0.9)
        assert noiseless_intervals(algorithm) == [(NOTHING, (edge, edge))]


def test_hidden_modes_count() -> None:
    sgd = named.sgd("0.5")
    assert interlacing_edge(averaging(sgd, "0.1")) == 4
    assert interlacing_edge(averaging(sgd, "2.5")) is None  # one of modulus 1.5
    half = Fraction(1, 2)
    assert interlacing_edge(with_roots([half, 2], [half, 2])) is None
    assert interlacing_edge(with_roots([half, half], [half, half])) == 2
    assert interlacing_edge(with_roots([half, half], [0, half])) == 3  # a heavy ball is left
    assert interlacing_edge(with_roots([half, half], [0, 0])) is None  # a double pole


def test_what_has_no_edge() -> None:
    heavy_ball = named.heavy_ball
    for algorithm in (
        Algorithm(0),
        Algorithm("-0.1"),
        heavy_ball("0.1", 1),  # D is not stable
        heavy_ball("0.1", -1),
        heavy_ball("-0.1", "0.5"),
        Algorithm("0.1", b=1, c="0.05", D="0.5"),  # Q(1) = 0
        Algorithm(1, b=1, c=0, D=1),
        Algorithm("0.1", shrink="0.01"),
        with_roots([Fraction(1, 2)], [Fraction(2, 3)]),  # the zero is the slower one
    ):
        assert interlacing_edge(algorithm) is None
    assert interlacing_edge(heavy_ball("0.1", "-0.9")) == 2
    with pytest.raises(InputError, match="rational"):
        interlacing_edge(named.sgd(sympy.Symbol("x")))


def test_common_methods_have_it() -> None:
    momenta = [Fraction(k, 20) for k in range(0, 20, 3)]
    for x in momenta:
        methods = [named.heavy_ball(1, x), named.nesterov(1, x), named.qhm(1, x, "0.3")]
        methods += [named.aggmo(1, [x, y, y]) for y in momenta]
        for method in methods:
            edge = interlacing_edge(method)
            assert edge is not None
            ((low, high),) = by_isolation(method)
            assert low == NOTHING and high[0] <= edge <= high[1]
    assert interlacing_edge(named.nesterov(1, "-0.5")) is None


def test_where_the_gradient_is_taken_does_not_matter() -> None:
    # Nesterov's method, its gradient ahead of w: the same P and Q
    ahead = Algorithm("0.1", b="0.9", c="-0.1", D="0.9", a="0.9")
    edge = interlacing_edge(ahead)
    assert edge is not None
    stable_exactly_below(edge, ahead)
    assert [(low[0], high[0]) for low, high in by_isolation(ahead)] == [(0, edge)]


def test_weight_decay_takes_its_share() -> None:
    ball, decay = named.heavy_ball("0.1", "0.9"), Fraction(3, 2)
    assert noiseless_intervals(ball, decay) == [(NOTHING, (38 - decay,) * 2)]
    assert noiseless_intervals(ball, Fraction(38)) == []
