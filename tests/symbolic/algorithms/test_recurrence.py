"""Theorem 1 of arXiv 2410.04228: matrix iterations and multistep recurrences, both ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from sgdmem.symbolic.algorithms.algorithm import Algorithm
from sgdmem.symbolic.errors import InputError
from sgdmem.symbolic.zoo import named_algorithms as named
from tests import naive
from tests.strategies import EIGENVALUES, ENTRIES, raw_algorithms

Gradient = Callable[[Fraction], Fraction]


def cubic(y: Fraction) -> Fraction:
    """Return the gradient of a loss that is not quadratic."""
    return y**2 / 3 - y / 2 + 1


def run(
    raw: naive.Raw, gradient: Gradient, state: Sequence[Fraction], steps: int
) -> tuple[list[Fraction], list[Fraction]]:
    """Step eq. (3) literally; return w_t and the points y_t of the gradient."""
    w, *u = state
    ws, ys = [w], []
    for _ in range(steps):
        ys.append(w + sum(x * y for x, y in zip(raw.a, u, strict=True)))
        g = gradient(ys[-1])
        w, u = (
            w - raw.alpha * g + sum(x * y for x, y in zip(raw.b, u, strict=True)),
            [
                c * g + sum(x * y for x, y in zip(row, u, strict=True))
                for c, row in zip(raw.c, raw.D, strict=True)
            ],
        )
        ws.append(w)
    return ws, ys


def obeys(
    p: Sequence[Fraction], q: Sequence[Fraction], path: Sequence[Fraction], gradient: Gradient
) -> bool:
    size = len(p)
    return all(
        path[t + size]
        == sum(p[m] * path[t + m] + q[m] * gradient(path[t + m]) for m in range(size))
        for t in range(len(path) - size)
    )


@given(raw_algorithms(most=3), EIGENVALUES, st.lists(ENTRIES, min_size=4, max_size=4))
def test_matrix_to_recurrence_on_quadratics(
    raw: naive.Raw, lam: Fraction, start: list[Fraction]
) -> None:
    p, q = Algorithm(*raw).to_recurrence()
    assert sum(p) == 1 and len(p) == len(q) == len(raw.b) + 1
    ws, ys = run(raw, lambda y: lam * y, start[: len(p)], len(p) + 3)
    assert obeys(p, q, ws, lambda w: lam * w)
    assert obeys(p, q, ys, lambda y: lam * y)


@given(raw_algorithms(most=2), st.lists(ENTRIES, min_size=3, max_size=3))
def test_matrix_to_recurrence_for_every_loss(raw: naive.Raw, start: list[Fraction]) -> None:
    # P(E) y = Q(E) grad L(y) for the points y of the gradient, which are w when a = 0.
    p, q = Algorithm(*raw).to_recurrence()
    ws, ys = run(raw, cubic, start[: len(p)], len(p) + 2)
    assert obeys(p, q, ys, cubic)
    if not any(raw.a):
        assert ys == ws[:-1]


def test_shifted_gradients_do_not_give_a_recurrence_of_w() -> None:
    raw = naive.Raw(Fraction(1, 2), [1], [1], [[1]], [1])
    p, q = Algorithm(*raw).to_recurrence()
    ws, _ = run(raw, cubic, [Fraction(1), Fraction(1)], 4)
    assert not obeys(p, q, ws, cubic)


@given(st.data(), st.integers(1, 4))
def test_recurrence_to_matrix(data: st.DataObject, size: int) -> None:
    several = st.lists(ENTRIES, min_size=size, max_size=size)
    *p, _ = data.draw(several)
    p = [Fraction(1) - sum(p), *p]
    q = data.draw(several)
    algorithm = Algorithm.from_recurrence(p, q)
    assert algorithm.memory == size - 1 and not any(algorithm.a)
    assert algorithm.to_recurrence() == (tuple(p), tuple(q))
    raw = naive.Raw(*(getattr(algorithm, key) for key in ("alpha", "b", "c", "D", "a")))
    P, Q = naive.P_and_Q(raw)
    assert [*(-x for x in p), 1] == P and q == Q
    # Any start w_0 ... w_M can be reached: choose u_0 so that each step lands where it should.
    wanted = data.draw(several)
    u: list[Fraction] = []
    for _ in range(algorithm.memory):  # w after the steps is linear in the next entry of u_0
        ends = []
        for guess in (Fraction(0), Fraction(1)):
            padded = [*u, guess, *[Fraction(0)] * algorithm.memory][: algorithm.memory]
            ends.append(run(raw, cubic, [wanted[0], *padded], len(u) + 1)[0][-1])
        u.append((wanted[len(u) + 1] - ends[0]) / (ends[1] - ends[0]))
    ws, _ = run(raw, cubic, [wanted[0], *u], size + 1)
    assert ws[:size] == wanted
    assert obeys(p, q, ws, cubic)


@given(raw_algorithms(most=3))
def test_there_and_back(raw: naive.Raw) -> None:
    algorithm = Algorithm(*raw)
    again = Algorithm.from_recurrence(*algorithm.to_recurrence())
    assert again.polynomials.P == algorithm.polynomials.P
    assert again.polynomials.Q == algorithm.polynomials.Q == again.polynomials.Q_output


def test_converse_symbolically() -> None:
    # The explicit form: D[i,0] = -d_(M-1-i), alpha = -q_M, c_i = q_(M-1-i) - q_M d_(M-1-i).
    p1, p2, *q = sympy.symbols("p1 p2 q0 q1 q2")
    algorithm = Algorithm.from_recurrence([1 - p1 - p2, p1, p2], q)
    d = [1 - p1 - p2, 1 - p2]  # (x^3 - p2 x^2 - p1 x - p0)/(x - 1) = x^2 + d1 x + d0
    zero = [sympy.expand(p1 + d[0] - d[1]), sympy.expand(p2 - 1 + d[1])]
    assert zero == [0, 0]

    def same(x: Any, y: Any) -> bool:
        return bool(sympy.expand(sympy.sympify(x) - y) == 0)

    assert same(algorithm.alpha, -q[2])
    assert algorithm.b == (1, 0) and algorithm.a == (0, 0)
    for i in range(2):
        assert same(algorithm.D[i][0], -d[1 - i])
        assert same(algorithm.D[i][1], int(i == 0))
        assert same(algorithm.c[i], q[1 - i] - q[2] * d[1 - i])


def test_numbers_stay_what_they_were() -> None:
    assert named.heavy_ball(0.5, 0.25).to_recurrence() == ((-0.25, 1.25), (0.0, -0.5))
    assert isinstance(named.heavy_ball(0.5, 0.25).to_recurrence()[0][0], float)
    p, _ = named.heavy_ball("0.1", "0.9").to_recurrence()
    assert p == (Fraction(-9, 10), Fraction(19, 10))


def test_bad_recurrences() -> None:
    with pytest.raises(InputError, match="sum to exactly 1"):
        Algorithm.from_recurrence([1, 1], [0, 1])
    with pytest.raises(InputError, match="the same length >= 1, got 2 and 1"):
        Algorithm.from_recurrence([0, 1], [1])
    with pytest.raises(InputError, match="the same length >= 1"):
        Algorithm.from_recurrence([], [])
    with pytest.raises(InputError, match=r"q\[0\]"):
        Algorithm.from_recurrence([1], ["fast"])


def test_floats_are_forgiven_their_rounding() -> None:
    method = named.heavy_ball(0.1, 0.9)
    back = Algorithm.from_recurrence(*method.to_recurrence())
    assert back.effective_learning_rate == pytest.approx(1, rel=1e-12)
    with pytest.raises(InputError, match="sum to exactly 1"):
        Algorithm.from_recurrence((-0.9, 1.9001), (0, -0.1))
    root = sympy.sqrt(2)
    assert Algorithm.from_recurrence([-root, 1 + root], [0, -1]).memory == 1
